'use strict';
// graphStatistics, structuralFeatures, recommendMechanism; what the patterns' test does not refuse already.
const assert = require('node:assert');
const test = require('node:test');
const { fails } = require('./support/index.js');
const { SparsityPattern, graphStatistics, recommendMechanism, structuralFeatures } = require('@ruvector/gnn/attention');

/** Both rows of every edge. */
function graph(n, pairs) {
  const rows = Array.from({ length: n }, () => []), offsets = [0];
  for (const [a, b] of pairs) rows[a].push(b), rows[b].push(a);
  rows.forEach((row) => offsets.push(offsets.at(-1) + row.length));
  return { offsets, indices: rows.flat() };
}
const range = (n) => Array.from({ length: n }, (_, i) => i);
const tree = (n) => graph(n, range(n - 1).map((i) => [i + 1, i >> 1]));
const cycle = (n) => graph(n, range(n).map((i) => [i, (i + 1) % n]));

test('statistics of known graphs', () => {
  assert.deepStrictEqual(graphStatistics(tree(127)), {
    nodes: 127, edges: 252, meanDegree: 252 / 127, maxDegree: 3, degreeSkew: graphStatistics(tree(127)).degreeSkew, depth: 12, hyperbolicity: 0, clustering: 0,
    relativeHyperbolicity: 0,
  });
  const { depth, hyperbolicity, relativeHyperbolicity, degreeSkew } = graphStatistics(cycle(32));
  assert.deepStrictEqual([depth, hyperbolicity, relativeHyperbolicity, degreeSkew], [16, 8, 1, 0]);
  const dense = graphStatistics(SparsityPattern.local(9, 9, 100));
  assert.deepStrictEqual([dense.edges, dense.depth, dense.clustering], [72, 1, 1], 'loops do not count');
  assert.strictEqual(graphStatistics({ offsets: [0], indices: [] }).nodes, 0);
  assert.deepStrictEqual(graphStatistics(cycle(200), { sources: 8, seed: 3 }), graphStatistics(cycle(200), { sources: 8, seed: 3 }));
});

test('structural features', () => {
  const { data, rows, dim } = structuralFeatures(graph(5, [[0, 1], [0, 2], [0, 3], [1, 2]]));
  assert.deepStrictEqual([rows, dim], [5, 4]);
  const column = (c) => range(5).map((i) => data[4 * i + c]);
  assert.deepStrictEqual(column(0), [3, 2, 2, 1, 0]);
  assert.ok(column(1).every((x, i) => Math.abs(x - Math.log1p(data[4 * i])) < 1e-6));
  assert.deepStrictEqual(column(2), [Math.fround(1 / 3), 1, 1, 0, 0]);
  assert.ok(Math.abs(column(3).reduce((a, b) => a + b) - 5) < 1e-5 && column(3)[0] > column(3)[1] && column(3)[1] > column(3)[3]);
  assert.ok(structuralFeatures(cycle(7), { damping: 0.5, tolerance: 1e-6 }).data.every((x, i) => i % 4 !== 3 || Math.abs(x - 1) < 1e-6));
});

test('recommendations say why', () => {
  const task = { queries: 10, keys: 10, dim: 64 }, deep = recommendMechanism(graphStatistics(tree(200)), task);
  assert.strictEqual(deep.mechanism, 'hyperbolic');
  assert.ok(deep.reasons.some((reason) => reason.includes('tree')) && deep.alternatives.length >= 2 && deep.alternatives.every(({ reasons }) => reasons.length > 0));
  assert.deepStrictEqual([recommendMechanism(undefined, task).mechanism, recommendMechanism(undefined, task).class], ['multi_head', 'MultiHeadAttention']);
  assert.strictEqual(recommendMechanism(undefined, { ...task, hasEdgeFeatures: true }).mechanism, 'edge_featured');
  const large = { queries: 1e5, keys: 1e5, dim: 64 };
  assert.deepStrictEqual([recommendMechanism(undefined, { ...large, normBound: 4 }).mechanism, recommendMechanism(undefined, { ...large, normBound: 4 }).class], ['linear', 'LinearAttention']);
  for (const normBound of [undefined, 4.1, Infinity]) {
    const { mechanism, alternatives } = recommendMechanism(undefined, { ...large, normBound });
    assert.ok(mechanism === 'local_global' && alternatives.every((one) => one.mechanism !== 'linear'));
  }
});

test('what is refused', async () => {
  const A = 'ERR_INVALID_ARG', R = 'ERR_OUT_OF_RANGE', good = cycle(4), task = { queries: 1, keys: 1, dim: 1 }, statistics = graphStatistics(good);
  for (const run of [graphStatistics, structuralFeatures]) {
    for (const bad of [undefined, null, 5, 'x', {}, { offsets: [0] }, { offsets: [0, 1], indices: [1] }, { offsets: [1, 1], indices: [0] }, { offsets: [0, 3, 1], indices: [0] },
      { offsets: '0', indices: [] }, { offsets: [0, 0.5], indices: [0] }, { offsets: new Float32Array(1), indices: [] }]) await fails(() => run(bad), A, JSON.stringify(bad) ?? 'undefined');
    await fails(() => run({ offsets: [], indices: [] }), 'ERR_EMPTY_INPUT', 'no offsets');
    await fails(() => run(good, { x: 1 }), 'ERR_INVALID_CONFIG', 'unknown option');
    await fails(() => run(good, 5), A, 'options');
  }
  for (const sources of [3, 1025, 4.5, NaN, -1]) await fails(() => graphStatistics(good, { sources }), R, `sources ${sources}`);
  await fails(() => graphStatistics(good, { sources: '8' }), A, 'sources');
  for (const seed of [-1, 0.5, '1', NaN, null]) await fails(() => graphStatistics(good, { seed }), 'ERR_INVALID_CONFIG', `seed ${seed}`);
  for (const damping of [1, -0.1, NaN, Infinity]) await fails(() => structuralFeatures(good, { damping }), R, `damping ${damping}`);
  for (const tolerance of [0, -1, NaN, Infinity]) await fails(() => structuralFeatures(good, { tolerance }), R, `tolerance ${tolerance}`);
  await fails(() => structuralFeatures(good, { damping: '1' }), A, 'damping');
  for (const bad of [undefined, null, 5, {}]) await fails(() => recommendMechanism(statistics, bad), A, 'task');
  for (const bad of [null, 5, {}, { ...statistics, depth: '1' }, { ...statistics, nodes: NaN }, { ...statistics, depth: -1 }]) await fails(() => recommendMechanism(bad, task), A, 'statistics');
  for (const key of ['queries', 'keys', 'dim']) {
    for (const value of [-1, 1.5, NaN, 2 ** 53]) await fails(() => recommendMechanism(statistics, { ...task, [key]: value }), R, `${key} ${value}`);
    await fails(() => recommendMechanism(statistics, { ...task, [key]: '1' }), A, key);
  }
  await fails(() => recommendMechanism(statistics, { ...task, normBound: -1 }), R, 'normBound');
  await fails(() => recommendMechanism(statistics, { ...task, hasEdgeFeatures: 1 }), A, 'hasEdgeFeatures');
  await fails(() => recommendMechanism(statistics, { ...task, x: 1 }), 'ERR_INVALID_CONFIG', 'unknown');
});
