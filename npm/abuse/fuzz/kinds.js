'use strict';
// One generator a kind of argument: good values mostly (`c.bad()` says when not), in every form.
const { ruvector } = require('../../test/support/index.js');
const { form, matrix, numbers, strangers, vector } = require('./vectors.js');
const { signal } = require('./signals.js');
const { kinds: embeddingKinds, model } = require('./embeddings.js');
const { kinds: graphKinds } = require('./graphs.js');
const { kinds: indexKinds } = require('./indexes.js');
const { kinds: memberKinds, member } = require('./members.js');
const { addExtras, kinds: attentionKinds, mechanism } = require('./attention.js');
const { kinds: storeKinds, store } = require('./stores.js');
const { kinds: rankingKinds, reranker } = require('./ranking.js');
const { kinds: trainingKinds, trained } = require('./training.js');

const { RuvectorLayer, TensorCompress, VectorSet } = ruvector;
const LEVELS = ['none', 'half', 'pq8', 'pq4', 'binary'];
const CODES = ['ERR_IO', 'ERR_CORRUPT', 'ERR_ABORTED'];

/** A number out of `good` (called), or a value that is none of its kind. */
const number = (good, bad) => (c) => (c.bad() ? c.chance.pick([...bad, ...strangers(), { valueOf: () => c.interfere() }]) : good(c));
const anyNumber = (c) => (c.chance.of(0.8) ? c.chance.unit() * 2 : c.chance.pick([0, -0, 1e-45, 1e300, -1e300, 5e-324, 1e-300, Number.MAX_VALUE, -1]));

/** JSON with a character, a number or a piece changed. */
function damaged(c, json) {
  const { chance } = c, at = chance.below(json.length);
  const cut = (length, put) => json.slice(0, at) + put + json.slice(at + length);
  switch (chance.below(6)) {
    case 0: return json.slice(0, at);
    case 1: return cut(1, chance.pick(['9', '-', 'e', '"', ']', '{', 'null', '', '0']));
    case 2: return cut(0, chance.pick(['9', '1e300', ',', 'null,']));
    case 3: return json.replace(/-?\d+(\.\d+)?(e-?\d+)?/g, (x) => (chance.of(0.05) ? chance.pick(['0', '-1', '1e39', '4294967296', '1e-300', '3.4e38', '0.5']) : x));
    case 4: return json.replace(/"[a-zA-Z_]\w*"/, () => `"${chance.pick(['Full', 'Half', 'PQ8', 'PQ4', 'Binary', 'HalfV2', 'PQ8V2', 'PQ4V2', '__proto__', 'toString'])}"`);
    default: return chance.pick(['', '{}', '[]', 'null', '5', '"x"', '{"Full":{}}', '{"Full":{"data":[1e39]}}', '{"PQ8V2":{"dim":4,"data":"AAAA"}}', '{"__proto__":1}']);
  }
}
const text = (stock) => (c) => {
  const json = c.chance.pick(stock(c)) ?? '{}';
  if (!c.bad()) return json;
  return c.chance.of(0.7) ? damaged(c, json) : c.chance.pick([...strangers(), new String(json), Buffer.from(json)]);
};

/** An options object with some of `fields` ('field' or 'kind:field') and those of `always`, and what `more` adds; sometimes misspelt, behind getters, or no object at all. */
function options(c, fields, always = [], more = undefined) {
  const { chance } = c;
  if (chance.of(always.length > 0 ? 0.02 : 0.3)) return undefined;
  if (chance.of(0.04)) return chance.pick(strangers());
  const o = chance.of(0.1) ? Object.create(null) : {};
  for (const named of fields) {
    const [kind, field = kind] = named.split(':');
    if (chance.of(always.includes(field) ? 0.01 : 0.5)) continue;
    const value = kinds[kind](c);
    if (chance.of(0.05)) Object.defineProperty(o, field, { enumerable: true, get: () => { c.interfere(); return value; } });
    else o[field] = value;
  }
  more?.(o);
  if (chance.of(0.02)) o[chance.pick(['temprature', 'K', 'constructor'])] = 1;
  return chance.of(0.03) ? new Proxy(o, { get: (t, key) => { c.interfere(); return t[key]; } }) : o;
}

function level(c) {
  const { chance } = c, levelType = chance.pick(LEVELS), o = chance.of(0.2) ? { level_type: levelType } : { levelType };
  const values = {
    scale: [1, 100, 1e-3, -2, 1e30], subvectors: [1, 2, 4, 8], centroids: [2, 16, 256, 100], outlierThreshold: [3, 1, 0.1, 10], threshold: [0, 0.3, -1, 1e30],
  };
  for (const [key, list] of Object.entries(values)) if (chance.of(0.4)) o[key] = chance.pick(list);
  if (!c.bad()) return o;
  if (chance.of(0.3)) return chance.pick(strangers());
  o[chance.pick([...Object.keys(values), 'levelType', 'outlier_threshold', 'wrong'])] =
    chance.pick([0, -1, NaN, Infinity, 1.5, 257, 2 ** 32, 1e300, 1e-45, 5e-324, ...strangers()]);
  return o;
}

function candidates(c) {
  const { chance, world } = c;
  if (chance.of(0.35)) {
    const fitting = world.sets.filter((set) => !set.closed && set.dim === c.dim);
    if (fitting.length > 0) return chance.pick(fitting);
  }
  if (c.bad() && chance.of(0.3)) return chance.pick([...world.sets, ...world.layers, Object.create(VectorSet.prototype)]);
  return matrix(c);
}

/** As many levels as layers, of the right widths: the layers of the world that follow each other. */
const levels = (c) => (c.bad() ? c.chance.pick([...strangers(), [matrix(c), c.chance.pick(strangers())]]) : c.chain().map((layer) => {
  c.fit(layer);
  return candidates(c);
}));
const layers = (c) => (c.bad() ? c.chance.pick([...strangers(), [c.chance.pick(c.world.layers)], ['{'], [c.chance.pick(strangers())], [c.chance.pick(c.world.sets)]])
  : c.chain().map((layer) => (c.chance.of(0.3) && !layer.closed ? layer.toJson() : layer)));

const kinds = {
  ...trainingKinds, ...rankingKinds,
  ...attentionKinds,
  ...embeddingKinds,
  ...graphKinds,
  ...indexKinds,
  ...memberKinds,
  ...storeKinds,
  callOptions: (c, { fields }) => options(c, fields, [], (o) => addExtras(c, o)),
  mechanismJson: (c, row) => text(() => [attentionKinds.mechanismJson(c, row)])(c),
  vector, matrix, candidates, levels, layers, signal, level,
  weights: (c) => (c.chance.of(0.4) ? undefined : c.chance.of(0.8) ? form(c, numbers(c, c.rows).map(Math.abs)) : vector(c)),
  hidden: (c) => (c.bad() || !c.layer ? vector(c) : form(c, numbers(c, c.layer.hiddenDim))),
  layerWeights(c) {
    const count = c.layer?.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0) ?? 0;
    return c.bad() || count > 1e5 ? vector(c) : form(c, numbers(c, count));
  },
  k: number((c) => c.chance.pick([0, 1, 2, 3, 5, 10, 600, 2 ** 32 - 1]), [-1, 1.5, NaN, 2 ** 32, 2 ** 53, Infinity, -Infinity]),
  temperature: number((c) => c.chance.pick([undefined, 1, 0.1, 0.001, 5, 1e-300, 5e-324, 1e300, 1e-20]), [0, -0, -1, NaN, Infinity]),
  curvature: number((c) => c.chance.pick([undefined, undefined, -1, -0.5, -2, -1, -100, -1e-3, -1e-80, -1e80, -5e-324, -1e300]), [0, 1, 1e300, NaN, Infinity, -Infinity]),
  scalar: number(anyNumber, [NaN, Infinity, -Infinity]),
  share: number(anyNumber, [NaN, Infinity, -Infinity]),
  projection: (c) => (c.bad() ? c.chance.pick(['Clip', ...strangers()]) : c.chance.pick(['clip', 'expmap'])),
  threads: number((c) => c.chance.pick([1, 2, 2, 3, 256]), [0, -1, 1.5, NaN, 257, 2 ** 32]),
  index: number((c) => c.chance.below(4), [-1, 0.5, NaN, 99, 2 ** 32, 2 ** 53]),
  size: number((c) => c.chance.pick([1, 2, 3, 4, 4, 8, 8, 12, 16]), [0, -1, 1.5, NaN, Infinity, 65537, 2 ** 32, 1e300, 65536]),
  heads: number((c) => c.chance.pick([1, 1, 2, 4]), [0, -1, 3, 1.5, NaN, 2 ** 32]),
  seed: (c) => (c.bad() ? c.chance.pick([0.5, NaN, 2 ** 60, { seed: '1' }, ...strangers()]) : c.chance.pick([undefined, 7, -7, 2n ** 64n, { seed: 3 }, { seed: 5n }, {}])),
  token: (c) => (c.bad() ? c.chance.pick([{ vectorSet: c.chance.pick([-1, 0, 0.5, 2 ** 52, NaN, 1n, '1']) }, ...c.world.indexTokens, ...c.world.graphTokens, ...strangers()]) : c.chance.pick(c.world.tokens)),
  layerJson: text((c) => (c.world.layerJson.length > 0 ? c.world.layerJson : [new RuvectorLayer(2, 2, 1).toJson()])),
  compressedJson: text((c) => c.world.compressed),
  options: (c, { fields, always }) => options(c, fields, always),
  mode: (c) => (c.bad() ? c.chance.pick(['Standard', 'toString', '__proto__', ...strangers()]) : c.chance.pick(['standard', 'hyperbolic', 'dual_space', 'edge_featured', 'moe'])),
  explain: (c) => (c.bad() ? c.chance.pick(strangers()) : c.chance.of(0.5)),
  stack: (c) => (c.chance.of(0.2) ? undefined : c.bad() ? layers(c) : c.chain().map((layer) => (c.chance.of(0.1) ? 'identity' : layer))),
  code: (c) => c.chance.pick(CODES),
  message: (c) => c.chance.pick(['', 'what happened']),
};

/** An object to call a method of `name`'s class on: one of that class, sometimes another. */
function receiver(c, name) {
  const { chance, world } = c;
  if (c.bad()) return chance.pick([...world.sets, ...world.graphs, ...world.layers, ...world.mechanisms, ...world.members, ...world.models, ...world.indexes, ...world.stores, ...world.filters, world.tensor, ...strangers(), VectorSet.prototype, RuvectorLayer.prototype]);
  const [type] = name.split('#');
  if (type.startsWith('attention:')) return trained(c, type.slice('attention:'.length), true) ?? mechanism(c, type.slice('attention:'.length));
  const open = (list) => chance.pick(chance.of(0.8) ? list.filter((one) => !one.closed) : list);
  if (type === 'VectorSet') return open(world.sets);
  if (type === 'Graph' || type === 'CSRGraph') return open(world.graphs);
  if (type === 'GraphSAGE') return new ruvector.GraphSAGE({ inputDim: 3, seed: 1 });
  if (type === 'NeighborSampler') return new ruvector.NeighborSampler({ sizes: [2], seed: 1 });
  if (type === 'GNNEmbedder' || type === 'MessagePassing') return new ruvector[type]({ ...(type === 'GNNEmbedder' && { inputDim: 3, seed: 1 }) });
  const made = trained(c, type) ?? reranker(c, type) ?? member(c, type) ?? model(c, type);
  if (made) return made;
  if (type === 'PreparedFilter') return open(world.filters);
  if (type === 'VectorStore') return store(c, open(world.stores));
  if (type === 'RuvectorLayer') {
    const layer = open(world.layers);
    if (layer) c.fit(layer); // what `forward` wants
    return layer;
  }
  if (type === 'HNSWIndex' || type === 'BruteForceIndex') {
    const index = open(world.indexes.filter((one) => one.constructor.name === type));
    if (index && !index.closed) c.fitIndex(index);
    return index;
  }
  return type === 'TensorCompress' ? chance.of(0.1) ? new TensorCompress() : world.tensor : undefined;
}

module.exports = { kinds, receiver };
