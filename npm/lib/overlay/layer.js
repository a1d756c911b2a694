'use strict';

// RuvectorLayer by the names, forms and JSON of @ruvector/gnn.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { withBudget } = require('../members/create.js');
const { Member, handleOf, stateOf } = require('../members/member.js');
const { memberOf, rowOf } = require('../members/rows.js');
const { packNeighbors } = require('../neighbors.js');
const { MOST_SAVED, fromObject, toObject } = require('./layer-json.js');
const { isList, lengthOf, mismatch, RuvectorError, unexpected } = require('../errors.js');

/** Edge weights are all alike where they are left out, in training as in `forward`. */
function complete(values) {
  const { neighbors, edgeWeights } = values;
  if (edgeWeights === undefined && isList(neighbors)) values.edgeWeights = neighbors.map((rows) => new Float32Array(isList(rows) ? rows.length : rows?.rows ?? 0).fill(1));
}

const ROW = rowOf(memberOf('layer', 'ruvector'), undefined, { complete });
const MADE = Symbol('made');

/** The graph layer of @ruvector/gnn: attention over messages, weighted aggregation, GRU, layer norm. */
class RuvectorLayer extends Member {
  /** Whether its JSON told the weights: they come from no seed then. */
  #isRead = false;

  constructor(inputDim, hiddenDim, heads, dropout, options) {
    if (inputDim === MADE) {
      super(ROW, [hiddenDim], RuvectorLayer);
      this.#isRead = true;
      return;
    }
    const config = {
      inputDim: inputs.number(inputDim, 'inputDim'), hiddenDim: inputs.number(hiddenDim, 'hiddenDim'), heads: inputs.number(heads, 'heads'),
      dropout: inputs.number(dropout, 'dropout', 0.1), seed: seedOf(options),
    };
    super(ROW, [config], RuvectorLayer);
  }

  /** What both passes read, the neighbours last: from then on no caller's getter runs. */
  static #read({ config }, node, neighbors, edgeWeights) {
    const x = inputs.vector(node, 'node');
    const given = edgeWeights === undefined ? undefined : inputs.vector(edgeWeights, 'edgeWeights');
    const packed = packNeighbors(neighbors, config.inputDim);
    return { x, w: given ?? inputs.allocate(packed.rows, 'edgeWeights').fill(1), ...packed };
  }

  /** One node with its neighbours; larger edge weights count more (default: all alike). */
  forward(node, neighbors = [], edgeWeights) {
    const state = stateOf(this, ROW), handle = handleOf(this);
    const { x, w, data, rows, dim } = RuvectorLayer.#read(state, node, neighbors, edgeWeights);
    const out = new Float32Array(state.config.hiddenDim);
    native.layerForward(handle, x, data, rows, dim, w, out);
    return isList(node) ? Array.from(out) : out;
  }

  /** The gradients that `outputGradient` = d(loss)/d(output) of `forward` gives. */
  backward(node, neighbors = [], edgeWeights, outputGradient) {
    const state = stateOf(this, ROW), handle = handleOf(this), { inputDim } = state.config;
    const g = inputs.vector(outputGradient, 'outputGradient');
    const { x, w, data, rows, dim } = RuvectorLayer.#read(state, node, neighbors, edgeWeights);
    const ends = [inputDim, rows * inputDim, lengthOf(w), state.floats];
    for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
    const all = inputs.allocate(ends[3], 'result');
    native.run(handle, 'backward', [x, data, w, g, all], Float64Array.of(-1, -1, rows, dim, -1, -1, -1, -1, -1, -1), 1, undefined);
    return {
      node: all.subarray(0, ends[0]), neighbors: all.subarray(ends[0], ends[1]), edgeWeights: all.subarray(ends[1], ends[2]),
      parameters: all.subarray(ends[2]),
    };
  }

  /** The weights and settings as JSON, in the format of @ruvector/gnn. */
  toJson() {
    const state = stateOf(this, ROW), handle = handleOf(this);
    if (state.floats > MOST_SAVED) throw mismatch('ERR_OUT_OF_MEMORY', `at most ${MOST_SAVED} parameters for a text`, 'this', state.floats);
    const weights = new Float32Array(state.floats);
    native.weightsGet(handle, '', weights);
    return JSON.stringify(toObject(state, weights));
  }

  /** A layer from `toJson` of this or the package it replaces. ERR_CORRUPT for anything else. */
  static fromJson(json) {
    if (typeof json !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string of JSON', 'json', json);
    let object, made;
    try {
      object = JSON.parse(json);
    } catch (cause) {
      throw new RuvectorError('ERR_CORRUPT', `expected the JSON of a layer, received malformed JSON: ${cause.message}`, { cause });
    }
    const { config, floats, read } = fromObject(object);
    try {
      made = withBudget(floats, () => new RuvectorLayer(MADE, config));
      const state = stateOf(made, ROW);
      native.weightsSet(state.handle, '', read(state.parameters));
      return made;
    } catch (cause) {
      made?.close();
      if (cause.code === 'ERR_OUT_OF_MEMORY' || cause.code === 'ERR_CORRUPT') throw cause;
      throw new RuvectorError('ERR_CORRUPT', `expected the JSON of a layer: ${cause.message}`, { cause });
    }
  }

  get inputDim() { return stateOf(this, ROW).config.inputDim; }
  get hiddenDim() { return stateOf(this, ROW).config.hiddenDim; }
  get heads() { return stateOf(this, ROW).config.heads; }
  get dropout() { return stateOf(this, ROW).config.dropout; }
  /** The seed of the initial weights; undefined for a layer read from JSON. */
  get seed() { return stateOf(this, ROW) && this.#isRead ? undefined : stateOf(this, ROW).config.seed; }
}

/** A seed or {seed}; left out: a random one, readable as `layer.seed`. */
function seedOf(options) {
  const isObject = typeof options === 'object' && options !== null && !isList(options);
  return isObject ? inputs.options(options, ['seed']).seed : options;
}

/** A layer of options as the registry has them. */
const layerOfOptions = (options) => new RuvectorLayer(MADE, options);

module.exports = { RuvectorLayer, layerOfOptions };
