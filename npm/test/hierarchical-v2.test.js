'use strict';
// hierarchicalForwardV2 from JavaScript: forms of its arguments, laws against the other exports, the Promise form.
// (Its numbers are tested against an oracle in Tests/RuvectorGraphTests.)
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, pack, rows, ruvector, vector } = require('./support/index.js');

const { RuvectorLayer, VectorSet, hierarchicalForward, hierarchicalForwardV2, hierarchicalForwardV2Async } = ruvector;
const MODES = ['standard', 'hyperbolic', 'dual_space', 'edge_featured', 'moe'];
const query = vector(6, 1, 0.3), levels = [rows(40, 6, 2, 0.3), rows(600, 8, 3, 0.3)];
const layers = [new RuvectorLayer(6, 8, 2, 0.1, 1), new RuvectorLayer(8, 4, 1, 0.1, 2)];

const close = (a, b, bound) => {
  assert.strictEqual(a.length, b.length);
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]) <= bound, `${x} and ${b[i]} at ${i}`));
};

for (const mode of MODES) {
  test(`${mode}: all forms of levels and layers agree`, async () => {
    const expected = hierarchicalForwardV2(query, levels, layers, { mode });
    assert.ok(expected instanceof Float32Array && expected.length === 4);
    const json = layers.map((layer) => layer.toJson());
    assert.strictEqual(bits(hierarchicalForwardV2(query, levels, json, { mode })), bits(expected));
    assert.strictEqual(bits(hierarchicalForwardV2(Array.from(query), [levels[0].map((row) => Array.from(row)), pack(levels[1])], layers, { mode })), bits(expected));
    const { data, rows: n, dim } = pack(levels[0]);
    assert.strictEqual(bits(hierarchicalForwardV2(query, [{ data, dims: [n, dim] }, levels[1]], layers, { mode })), bits(expected));
    assert.strictEqual(bits(await hierarchicalForwardV2Async(query, levels, layers, { mode })), bits(expected));
    const sets = levels.map((level) => new VectorSet(level));
    close(hierarchicalForwardV2(query, sets, layers, { mode }), expected, 1e-5);
    assert.strictEqual(
      bits(await hierarchicalForwardV2Async(query, sets, layers, { mode }, { threads: 2 })), bits(hierarchicalForwardV2(query, sets, layers, { mode })));
    for (const set of sets) set.close();
  });

  test(`${mode}: identity layers, empty levels, no levels`, () => {
    const two = [rows(20, 6, 4, 0.3), rows(30, 6, 5, 0.3)], config = { mode, k: 3, temperature: 0.5 };
    const expected = hierarchicalForwardV2(query, two, ['identity', 'identity'], config);
    assert.strictEqual(bits(hierarchicalForwardV2(query, two, undefined, config)), bits(expected));
    assert.strictEqual(bits(hierarchicalForwardV2(query, [[], two[0], [], two[1]], ['identity', 'identity', layers[1], 'identity'], config)), bits(expected));
    close(hierarchicalForwardV2(query, [], [], { mode }), query, 0);
    const { embedding, levels: kept } = hierarchicalForwardV2(query, [two[0], []], undefined, { ...config, explain: true });
    assert.strictEqual(bits(embedding), bits(hierarchicalForwardV2(query, two.slice(0, 1), undefined, config)));
    assert.deepStrictEqual(kept.map(({ indices, weights }) => [indices.length, weights.length]), [[3, 3], [0, 0]]);
    close([kept[0].weights.reduce((a, b) => a + b, 0)], [1], 1e-6);
    assert.ok(kept[0].weights[0] >= kept[0].weights[1] && kept[0].weights[1] >= kept[0].weights[2]);
  });
}

test('standard with small levels is hierarchicalForward', () => {
  const small = [rows(5, 6, 6), rows(3, 8, 7)];
  close(hierarchicalForwardV2(query, small, layers, { mode: 'standard' }), hierarchicalForward(query, small, layers), 2e-6);
});

test('hyperbolic with the identity is search, midpoint and geodesic', () => {
  const level = levels[0], K = -0.5, k = 4;
  const { indices } = ruvector.differentiableSearchHyperbolic(query, level, k, K);
  const nodes = indices.map((i) => level[i]);
  const terms = nodes.map((node) => Math.exp(-ruvector.dist(query, node, K)));
  const middle = ruvector.weightedMidpoint(nodes, terms, K);
  for (const curvature of [K, -K]) {
    const walk = hierarchicalForwardV2(query, [level], undefined, { mode: 'hyperbolic', curvature, k, explain: true });
    assert.deepStrictEqual(Array.from(walk.levels[0].indices), indices);
    close(walk.embedding, ruvector.geodesic(0.5, query, middle, K), 1e-6);
  }
});

test('a layer keeps the depth: only the direction is its own', () => {
  const layer = new RuvectorLayer(6, 9, 3, 0, 5);
  const before = hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'hyperbolic' });
  const after = hierarchicalForwardV2(query, [levels[0]], [layer], { mode: 'hyperbolic' });
  close([ruvector.dist0(after)], [ruvector.dist0(before)], 1e-5);
});

test('moe: the router, its statistics, a router of one\'s own', async () => {
  const explain = (config) => hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'moe', explain: true, ...config }).levels[0];
  const { experts, statistics } = explain({}).routing, norms = levels[0].map((x) => Math.min(1, Math.hypot(...x)));
  close([experts.reduce((a, b) => a + b)], [1], 1e-6);
  assert.strictEqual(experts.filter((x) => x > 0).length, 2);
  const cosines = levels[0].map((x) => x.reduce((sum, y, i) => sum + y * query[i], 0) / Math.hypot(...x) / Math.hypot(...query));
  const mean = (x) => x.reduce((a, b) => a + b) / x.length, spread = (x) => Math.sqrt(mean(x.map((y) => (y - mean(x)) ** 2)));
  close(statistics, [1, Math.hypot(...query), mean(norms), spread(norms), mean(cosines), spread(cosines), Math.max(...cosines), Math.log(40) / 10], 1e-6);
  const only = (e) => Array.from({ length: 4 }, (_, i) => Float32Array.from({ length: 8 }, (_, c) => (i === e && c === 0 ? 99 : 0)));
  for (const [e, mode] of [[0, 'standard'], [1, 'hyperbolic']]) {
    const got = hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'moe', topK: 1, router: only(e), k: 40 });
    close(got, hierarchicalForwardV2(query, [levels[0]], undefined, { mode, k: 40 }), 1e-6);
    assert.deepStrictEqual(Array.from(explain({ topK: 1, router: only(e).flatMap((row) => [...row]) }).routing.experts), [0, 1, 2, 3].map((i) => Number(i === e)));
  }
  assert.strictEqual(explain({ numExperts: 1 }).routing.experts[0], 1);
  for (const [config, code] of [[{ router: [1, 2] }, 'ERR_DIMENSION_MISMATCH'], [{ router: only(0).map((row) => row.map(() => NaN)) }, 'ERR_NON_FINITE'], [{ router: 'x' }, 'ERR_INVALID_ARG'],
    [{ numExperts: 5 }, 'ERR_INVALID_CONFIG'], [{ topK: 0 }, 'ERR_INVALID_CONFIG'], [{ topK: 'x' }, 'ERR_INVALID_ARG']]) await fails(() => explain(config), code, JSON.stringify(config));
  assert.strictEqual(hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'standard', explain: true }).levels[0].routing, undefined);
});

test('edge_featured: weights by distance, or by an attention of one\'s own', async () => {
  const { EdgeFeaturedAttention, FlashAttention } = require('@ruvector/gnn/attention');
  const edgeAttention = new EdgeFeaturedAttention({ nodeDim: 6, edgeDim: 4, numHeads: 2, seed: 3 });
  const run = (config) => hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'edge_featured', explain: true, ...config }).levels[0];
  const plain = run({}), own = run({ edgeAttention }), { indices } = hierarchicalForwardV2(query, [levels[0]], undefined, { mode: 'standard', explain: true }).levels[0];
  assert.deepStrictEqual(plain.indices, indices);
  assert.deepStrictEqual(own.indices, indices);
  assert.ok(bits(own.weights) !== bits(plain.weights));
  close([own.weights.reduce((a, b) => a + b)], [1], 1e-6);
  const flash = new FlashAttention(6);
  for (const [value, code] of [[flash, 'ERR_INVALID_CONFIG'], [new EdgeFeaturedAttention({ nodeDim: 6, edgeDim: 3 }), 'ERR_INVALID_CONFIG'], [new EdgeFeaturedAttention({ nodeDim: 5, edgeDim: 4 }), 'ERR_DIMENSION_MISMATCH'],
    [{}, 'ERR_WRONG_HANDLE'], [layers[0], 'ERR_WRONG_HANDLE']]) await fails(() => run({ edgeAttention: value }), code, 'edgeAttention');
  edgeAttention.close();
  await fails(() => run({ edgeAttention }), 'ERR_CLOSED', 'closed');
});

test('an abort, and handles closed while it runs', async () => {
  const set = new VectorSet(rows(30000, 64, 8)), layer = new RuvectorLayer(64, 64, 4, 0, 1), q = vector(64, 9);
  const controller = new AbortController();
  const aborted = hierarchicalForwardV2Async(q, [set, set], undefined, { mode: 'dual_space' }, { signal: controller.signal });
  controller.abort();
  await fails(() => aborted, 'ERR_ABORTED', 'abort');
  const expected = hierarchicalForwardV2(q, [set, set], [layer, layer], { mode: 'dual_space' });
  const running = hierarchicalForwardV2Async(q, [set, set], [layer, layer], { mode: 'dual_space' });
  set.close();
  layer.close();
  assert.strictEqual(bits(await running), bits(expected));
  await fails(() => hierarchicalForwardV2(q, [set], undefined, { mode: 'standard' }), 'ERR_CLOSED', 'set');
  await fails(() => hierarchicalForwardV2(q, [rows(3, 64, 1)], [layer], { mode: 'standard' }), 'ERR_CLOSED', 'layer');
  await fails(() => hierarchicalForwardV2(q, [layer], undefined, { mode: 'standard' }), 'ERR_WRONG_HANDLE', 'a layer for a level');
});
