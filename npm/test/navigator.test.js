'use strict';
// RLNavigator: walks over a neighbour graph by a policy that is learned.
const assert = require('node:assert');
const test = require('node:test');
const { fails, ruvector } = require('./support/index.js');
const { generator } = require('../lib/random.js');

const { Graph, HNSWIndex, RLNavigator } = ruvector;
const DIM = 24, N = 600;

function world() {
  const next = generator(1), row = () => Float32Array.from({ length: DIM }, () => next() - 0.5), vectors = Array.from({ length: N }, row);
  const index = new HNSWIndex({ dim: DIM, metric: 'cosine', M: 6, seed: 1 });
  index.addBatch(vectors.map((_, i) => i), vectors);
  const { graph, keys } = Graph.fromIndex(index), rows = Array.from(keys, (key) => vectors[key]);
  return { graph, rows, queries: Array.from({ length: 60 }, row), others: Array.from({ length: 60 }, row) };
}
const cosine = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.hypot(...a) / Math.hypot(...b);
const nearest = (rows, q) => rows.reduce((best, row, i) => {
  const s = cosine(row, q);
  return s > best.s ? { i, s } : best;
}, { i: -1, s: -2 }).i;

test('what it finds are the best of where it went; all nodes: the nearest of all', () => {
  const { graph, rows, queries } = world(), one = new RLNavigator({ graph, vectors: rows, seed: 1 });
  assert.deepStrictEqual([one.nodes, one.dim, one.seed], [N, DIM, 1]);
  for (const q of queries.slice(0, 10)) {
    const { indices, similarities, evaluations } = one.search(q, { k: 5, hops: N });
    assert.strictEqual(indices[0], nearest(rows, q));
    assert.ok(evaluations <= N && new Set(indices).size === 5);
    similarities.forEach((s, i) => assert.ok(Math.abs(s - cosine(rows[indices[i]], q)) < 1e-6 && (i === 0 || s <= similarities[i - 1])));
  }
  assert.deepStrictEqual(one.search(queries[0], { k: 0 }).indices, []);
  assert.strictEqual(one.search(queries[0], { hops: 7 }).evaluations, 7);
});

test('it learns to get there in fewer hops, for queries it has not seen; the same seed, the same weights', async () => {
  const { graph, rows, queries, others } = world(), wanted = others.map((q) => nearest(rows, q));
  const quality = (one) => others.filter((q, i) => one.search(q, { k: 1, hops: 40 }).indices[0] === wanted[i]).length;
  const make = () => {
    const one = new RLNavigator({ graph, vectors: rows, sketch: 6, seed: 3 });
    one.setWeights([1, 0, 0]); // a policy that hardly prefers anything when it draws
    return one;
  };
  const one = make(), before = quality(one), { rewards } = await one.train(queries, { episodes: 40, hops: 80, learningRate: 20 });
  assert.ok(quality(one) >= before && rewards.length === 40, `${before} -> ${quality(one)}`);
  const mean = (list) => list.reduce((a, b) => a + b) / list.length;
  assert.ok(mean(rewards.slice(-10)) > mean(rewards.slice(0, 10)) + 0.1, `${rewards}`);
  const weights = [];
  for (const again of [make(), make()]) {
    const { rewards: first } = await again.train(queries, { episodes: 3, hops: 80, learningRate: 20 });
    assert.deepStrictEqual(first, rewards.slice(0, 3));
    weights.push(again.getWeights());
  }
  assert.deepStrictEqual(weights[0], weights[1]);
  assert.notDeepStrictEqual(weights[0], make().getWeights());
});

test('what is wrong is refused; an abort leaves the weights', async () => {
  const { graph, rows, queries } = world(), one = new RLNavigator({ graph, vectors: rows, seed: 1 }), before = one.getWeights();
  for (const [code, options] of [['ERR_WRONG_HANDLE', { graph: {}, vectors: rows }], ['ERR_DIMENSION_MISMATCH', { graph, vectors: rows.slice(1) }], ['ERR_OUT_OF_RANGE', { graph, vectors: rows, sketch: 0 }], ['ERR_OUT_OF_RANGE', { graph, vectors: rows, start: N }],
    ['ERR_INVALID_CONFIG', { graph, vectors: rows, seed: 'x' }], ['ERR_NON_FINITE', { graph, vectors: rows.map((row, i) => (i === 5 ? row.map(() => NaN) : row)) }], ['ERR_INVALID_CONFIG', { graph, vectors: rows, x: 1 }]]) assert.throws(() => new RLNavigator(options), { code }, JSON.stringify(Object.keys(options)));
  for (const [code, call] of [['ERR_DIMENSION_MISMATCH', () => one.search([1])], ['ERR_NON_FINITE', () => one.search(queries[0].map(() => Infinity))], ['ERR_OUT_OF_RANGE', () => one.search(queries[0], { hops: 0 })], ['ERR_DIMENSION_MISMATCH', () => one.setWeights([1])], ['ERR_NON_FINITE', () => one.setWeights([1, NaN, 1])]]) assert.throws(call, { code });
  for (const [code, call] of [['ERR_EMPTY_INPUT', () => one.train([])], ['ERR_DIMENSION_MISMATCH', () => one.train([[1]])], ['ERR_OUT_OF_RANGE', () => one.train(queries, { learningRate: 0 })], ['ERR_OUT_OF_RANGE', () => one.train(queries, { episodes: 0 })]]) await fails(call, code, code, true);
  const controller = new AbortController();
  await fails(() => one.train(queries, { episodes: 1000, signal: controller.signal, onProgress: () => controller.abort() }), 'ERR_ABORTED', 'abort', true);
  assert.deepStrictEqual(one.getWeights(), before);
  assert.throws(() => RLNavigator.prototype.search.call({}, queries[0]), { code: 'ERR_WRONG_HANDLE' });
});
