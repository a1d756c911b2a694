'use strict';
// One good call of every export, argument by argument, with the code that each kind of bad value must give.
const { rows, ruvector, vector } = require('./index.js');
const { Graph, HNSWIndex, RuvectorLayer, TensorCompress, VectorSet } = ruvector;

const { A, C, D, E, K, M, N, NEGATIVE, CURVATURE, PROJECTION, R, SIGNAL, T, TEMPERATURE, THREADS, V, argument, candidates, dim, number, options, scalar } = require('./arguments.js');

const layer = new RuvectorLayer(dim, dim, 2, 0.1, 7);
const json = layer.toJson();
const tensor = new TensorCompress();
const index = new HNSWIndex({ dim }), edges = new Graph({ offsets: [0, 1, 2], indices: [1, 0] });
index.add(1, vector(dim, 1));

const calls = [];
function add(name, args, run = (...list) => ruvector[name](...list)) {
  calls.push({ name, args, run, isAsync: /Async$/.test(name) });
}

const query = V(1, { empty: E });
add('differentiableSearch', [query, candidates(), K, T]);
add('differentiableSearchHyperbolic', [query, candidates(), K, CURVATURE, options({ ...TEMPERATURE, ...PROJECTION })]);
add('differentiableSearchAsync', [query, candidates({ emptyRow: E }), K, T, options({ ...THREADS, ...SIGNAL })]);
add('differentiableSearchHyperbolicAsync', [query, candidates({ emptyRow: E }), K, CURVATURE,
  options({ ...TEMPERATURE, ...PROJECTION, ...THREADS, ...SIGNAL })]);
for (const suffix of ['', 'Async']) {
  const extra = suffix ? { ...THREADS, ...SIGNAL } : THREADS;
  add(`differentiableSearchBatch${suffix}`, [M(), candidates({ emptyRow: E }), K, options({ ...TEMPERATURE, ...extra })]);
  add(`differentiableSearchHyperbolicBatch${suffix}`, [M(), candidates({ emptyRow: E }), K, CURVATURE,
    options({ ...TEMPERATURE, ...PROJECTION, ...extra })]);
}

add('VectorSet', [M({ width: null })], (vectors) => new VectorSet(vectors));
add('VectorSet.get', [number({ good: 1, range: [-1, 0.5, NaN, 6, 2 ** 32, 2 ** 53], code: R }, {}, false)], (index) => {
  const set = new VectorSet(rows(6, dim, 9));
  try {
    return set.get(index);
  } finally {
    set.close();
  }
});

add('Graph', [argument('graph', () => ({ offsets: [0, 2, 2, 3], indices: Uint32Array.of(1, 1, 4), columns: 5 }))], (arrays) => {
  const graph = new Graph(arrays), copy = [graph.nodes, graph.columns, graph.edges, graph.offsets, graph.indices];
  graph.close();
  return copy;
});
add('Graph.fromEdges', [argument('edges', () => ({ sources: [3, 1, 0, 1], targets: [1, 0, 1, 1] })), argument('nodes', () => ({ nodes: 2, columns: 4 }))],
  (...list) => {
    const graph = Graph.fromEdges(...list), copy = [graph.columns, graph.offsets, graph.indices];
    graph.close();
    return copy;
  });
add('Graph.open', [argument('token', () => edges.token)], (token) => {
  const opened = Graph.open(token), copy = [opened.nodes, opened.indices];
  opened.close();
  return copy;
});

const size = (good, range) => number({ good, range, code: C }, {}, false);
const SIZES = [0, -1, 1.5, NaN, Infinity, 2 ** 32, 1e300, 65537];
add('RuvectorLayer', [size(4, SIZES), size(4, SIZES), size(2, [...SIZES, 3]),
  number({ good: 0.1, range: [-0.1, 1.1, NaN, Infinity], code: C }, {}),
  argument('seed', () => 7)],
(...list) => new RuvectorLayer(...list));
add('RuvectorLayer.forward', [V(1, {}), M({ emptyRow: D, optional: true }),
  argument('vector', () => vector(6, 3).map(Math.abs), { empty: null, length: null, nonFinite: N, optional: true })],
(...list) => layer.forward(...list));
add('RuvectorLayer.backward', [V(1, {}), M({ emptyRow: D, optional: true }),
  argument('vector', () => vector(6, 3).map((x) => Math.abs(x) + 0.1), { empty: null, length: null, nonFinite: N, optional: true }), V(5, {})],
(...list) => layer.backward(...list));
add('RuvectorLayer.setWeights', [argument('vector', () => layer.getWeights(), { empty: D, length: D, nonFinite: N })], (weights) => {
  layer.setWeights(weights);
  return layer.getWeights();
});
add('RuvectorLayer.fromJson', [argument('text', () => json)], RuvectorLayer.fromJson);

add('hierarchicalForward', [query,
  argument('levels', () => [rows(6, dim, 4), rows(7, dim, 5)]),
  argument('layers', () => [json, layer])]);

for (const suffix of ['', 'Async']) {
  add(`hierarchicalForwardV2${suffix}`, [query,
    argument('levels', () => [rows(6, dim, 4), rows(7, dim, 5)], { emptyRow: E }),
    argument('layers', () => [json, layer], { count: D, optional: true }),
    argument('config', () => ({ mode: 'dual_space' }), {
      fields: {
        temperature: { ...T, codes: { ...T.codes, code: C } }, curvature: CURVATURE, k: number({ good: 2, range: [0, -1, 1.5, NaN, Infinity, 2 ** 32], code: C }, {}),
        euclideanWeight: number({ good: 0.5, range: [-0.1, 1.1, NaN], code: C }, {}), explain: argument('flag', () => false),
      },
    }), ...(suffix ? [options({ ...THREADS, ...SIGNAL })] : [])]);
}

add('TensorCompress.compress', [argument('vector', () => vector(16, 1), { empty: E, length: null, nonFinite: N }),
  number({ good: 0.9, range: [], code: R }, {}, false)], (...list) => tensor.compress(...list));
add('TensorCompress.compressWithLevel', [argument('vector', () => vector(16, 1), { empty: E, length: null, nonFinite: N }),
  argument('level', () => ({ levelType: 'none' }))], (...list) => tensor.compressWithLevel(...list));
add('TensorCompress.decompress', [argument('text', () => '{"Full":{"data":[1,2]}}')], (...list) => tensor.decompress(...list));
add('getCompressionLevel', [number({ good: 0.5, range: [], code: R }, {}, false)]);
add('VectorSet.open', [argument('token', () => VectorSet.kept.token)], (token) => {
  const set = VectorSet.open(token);
  const copy = [set.size, set.dim, set.get(0)];
  set.close();
  return copy;
});
add('HNSWIndex.open', [argument('token', () => index.token)], (token) => {
  const opened = HNSWIndex.open(token);
  const copy = [opened.size, opened.readOnly, opened.get(1)];
  opened.close();
  return copy;
});
Object.defineProperty(VectorSet, 'kept', { value: new VectorSet(rows(3, 2, 1)), configurable: true, enumerable: false });

const first = (seed) => V(seed, { empty: E, length: D }), only = V(1, { empty: E, length: null });
const geometry = {
  mobiusAdd: [first(1), V(2)], mobiusSub: [first(1), V(2)], mobiusScalarMul: [scalar, only],
  mobiusMatvec: [argument('matrix', () => rows(3, dim, 9, 0.3), { empty: null, width: D, nonFinite: N, emptyRow: E }), first(1)],
  gyration: [first(1), V(2), V(3)], expMap: [first(1), V(2)], expMap0: [only], logMap: [first(1), V(2)], logMap0: [only],
  dist: [first(1), V(2)], dist0: [only], poincareDistance: [first(1), V(2)], projx: [only], egrad2rgrad: [first(1), V(2)],
  lambdaX: [only], transp: [first(1), V(2), V(3)], geodesic: [scalar, first(1), V(2)],
  weightedMidpoint: [M({ empty: E, width: null }), argument('vector', () => vector(6, 3).map(Math.abs), { empty: D, length: D, nonFinite: N, optional: true })],
  frechetMean: [M({ empty: E, width: null }), argument('vector', () => vector(6, 3).map(Math.abs), { empty: D, length: D, nonFinite: N, optional: true })],
  toLorentz: [only],
  toPoincare: [argument('vector', () => ruvector.toLorentz(vector(dim, 1, 0.3)), { empty: E, length: null, nonFinite: N })],
};
for (const [name, args] of Object.entries(geometry)) add(name, [...args, NEGATIVE]);

/** Exports that take nothing, and the class whose constructor does. */
const withoutArguments = ['init', 'simdLevel', 'version', 'TensorCompress', 'RuvectorError'];

module.exports = { calls, dim, json, layer, tensor, withoutArguments };
