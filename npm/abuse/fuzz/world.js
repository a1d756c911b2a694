'use strict';
// What lives from call to call (sets, layers, JSON), and what callers' code may do in the middle of a call.
const { ruvector } = require('../../test/support/index.js');
const { Attention } = require('../../entries/attention.js');
const { Member } = require('../../lib/members/member.js');
const { BruteForceIndex, Graph, HNSWIndex, PoincareEmbedding, PreparedFilter, RuvectorLayer, TaxonomyHead, TensorCompress, VectorSet, VectorStore } = ruvector;

/** Objects kept of a kind; mechanisms of attention are of many classes. */
const MOST = 12, MECHANISMS = 48;

function isReadable(value) {
  try {
    return !(value instanceof Promise);
  } catch {
    return false;
  }
}

class World {
  sets = [];
  graphs = [];
  layers = [];
  indexes = [];
  tokens = [];
  indexTokens = [];
  graphTokens = [];
  mechanisms = [];
  members = [];
  models = [];
  stores = [];
  filters = [];
  /** Filter -> the index or store that prepared it. */
  makers = new WeakMap();
  mechanismJson = [];
  layerJson = [];
  compressed = [];
  tensor = new TensorCompress();
  /** What callers' getters have thrown: it may come through as it is. */
  bombs = new Set();

  /** `nest()` makes another random call in the middle of one. */
  constructor(chance, nest) {
    this.chance = chance;
    this.nest = nest;
  }

  /** Takes in what a call of `self` has made; when there is much, something is closed or forgotten. */
  keep(value, self) {
    if (!isReadable(value)) return value; // what a caller passed and got back: a proxy that is revoked
    const list = value instanceof VectorSet ? this.sets : value instanceof Graph ? this.graphs : value instanceof RuvectorLayer ? this.layers : value instanceof Attention ? this.mechanisms
      : value instanceof Member ? this.members
      : value instanceof PoincareEmbedding || value instanceof TaxonomyHead ? this.models
      : value instanceof HNSWIndex || value instanceof BruteForceIndex ? this.indexes
      : value instanceof VectorStore ? this.stores : value instanceof PreparedFilter ? this.filters : undefined;
    if (list) {
      list.push(value);
      if (list === this.filters) this.makers.set(value, self);
      const tokens = list === this.sets ? this.tokens : list === this.indexes ? this.indexTokens : list === this.graphs ? this.graphTokens : undefined;
      if (tokens && !value.closed && this.chance.of(0.5)) tokens.push(value.token);
    } else if (typeof value === 'string' && value.startsWith('{"w_msg"')) this.layerJson.push(value);
    else if (typeof value === 'string' && value.startsWith('{"version":1,"class"')) this.mechanismJson.push(value);
    else if (typeof value === 'string' && value.startsWith('{')) this.compressed.push(value);
    for (const full of [this.sets, this.graphs, this.layers, this.mechanisms, this.members, this.models, this.indexes, this.stores, this.filters]) {
      if (full.length <= (full === this.mechanisms || full === this.members ? MECHANISMS : MOST)) continue;
      const [one] = full.splice(this.chance.below(full.length), 1);
      if (this.chance.of(0.7)) one.close();
    }
    for (const full of [this.tokens, this.indexTokens, this.graphTokens, this.layerJson, this.compressed, this.mechanismJson]) {
      if (full.length > (full === this.mechanismJson ? MECHANISMS : MOST)) full.splice(this.chance.below(full.length), 1);
    }
    return value;
  }

  bomb() {
    const error = new Error('thrown by a caller');
    this.bombs.add(error);
    throw error;
  }

  /** Does something unfriendly; `buffers` are those of the call under way. */
  interfere(buffers) {
    const { chance } = this;
    switch (chance.below(12)) {
      case 0: return this.bomb();
      case 1: return chance.pick(this.sets)?.close();
      case 2: return chance.pick(this.layers)?.close();
      case 3: return detach(chance.pick(buffers));
      case 4: return spoil(chance.pick(buffers), chance.pick([NaN, Infinity, 0.5, -1]));
      case 6: return chance.pick(chance.of(0.5) ? this.mechanisms : this.members)?.close();
      case 7: return chance.pick(this.indexes)?.close();
      case 8: return chance.pick(this.stores)?.close();
      case 9: return chance.pick(this.filters)?.close();
      case 10: return chance.pick(this.graphs)?.close();
      case 5: return resize(chance.pick(buffers), chance);
      default: return this.nest();
    }
  }
}

function detach(buffer) {
  if (buffer instanceof ArrayBuffer) structuredClone(buffer, { transfer: [buffer] });
}

function spoil(buffer, value) {
  if (buffer && buffer.byteLength >= 4) new Float32Array(buffer, 0, 1)[0] = value;
}

function resize(buffer, chance) {
  if (buffer?.resizable && buffer.maxByteLength > 0) buffer.resize(chance.below(buffer.maxByteLength + 1) & ~3); // a detached one has 0
}

module.exports = { World, detach, resize };
