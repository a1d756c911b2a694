'use strict';
// Searches by more than one geometry, and searches whose candidates a layer over their graph ranks anew.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, notInWasm, random, relative, rows, ruvector, vector } = require('./support/index.js');
const { GraphLatentAttention } = require('@ruvector/gnn/attention');
const { BruteForceIndex, GATLayer, GNNEmbedder, Graph, HNSWIndex, MessagePassing, VectorDB, VectorSet, VectorStore, adaptiveSearch, differentiableSearchDualSpace, dist, hierarchicalForwardV2, searchWithGnn } = ruvector;

const query = vector(4, 1, 0.4), list = rows(30, 4, 2, 0.45);
const cosine = (a, b) => a.reduce((sum, v, c) => sum + v * b[c], 0) / Math.hypot(...a) / Math.hypot(...b);
const standard = (scores) => { const mean = scores.reduce((a, b) => a + b, 0) / scores.length, deviation = Math.sqrt(scores.reduce((sum, v) => sum + (v - mean) ** 2, 0) / scores.length); return scores.map((v) => (v - mean) / deviation); };
const order = (scores) => scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);

test('differentiableSearchDualSpace: both scores standardised, weighed as told or by the query', () => {
  const euclidean = standard(list.map((row) => cosine(query, row))), ball = standard(list.map((row) => -dist(query, row, -1)));
  for (const [w, temperature] of [[0.3, 1], [0, 0.5], [1, 2], [undefined, 1]]) {
    const found = differentiableSearchDualSpace(query, list, 5, { temperature, ...(w !== undefined && { euclideanWeight: w }) });
    const stand = (scores) => order(scores).slice(0, 5).reduce((sum, i) => sum + scores[i], 0), share = w ?? stand(euclidean) / (stand(euclidean) + stand(ball));
    assert.ok(Math.abs(found.euclideanWeight - share) < 1e-5);
    const scores = euclidean.map((x, i) => share * x + (1 - share) * ball[i]), terms = scores.map((s) => Math.exp(s / temperature)), sum = terms.reduce((a, b) => a + b, 0);
    assert.deepStrictEqual(found.indices, order(scores).slice(0, 5));
    assert.ok(relative(found.weights, found.indices.map((i) => terms[i] / sum)) < 1e-4);
  }
  const set = new VectorSet(list);
  const [a, b] = [set, list].map((candidates) => differentiableSearchDualSpace(query, candidates, 5));
  assert.deepStrictEqual(a.indices, b.indices);
  assert.ok(relative(a.weights, b.weights) < 1e-6);
});

test('differentiableSearchDualSpace: as many as there are, and scores that differ by their last bits only', () => {
  const all = [[-0.3, 0.2], [-0.2, 0.4], [0, 0.2]], found = differentiableSearchDualSpace([0.3, -0.5], all, 3);
  assert.deepStrictEqual([found.indices, found.euclideanWeight], [[2, 0, 1], 0.5]);
  for (let seed = 0; seed < 200; seed++) {
    const candidates = rows(5, 3, seed, 0.45), { euclideanWeight: w } = differentiableSearchDualSpace(vector(3, 1000 + seed, 0.4), candidates, 1 + (seed % 7));
    assert.ok(w >= 0 && w <= 1, `${w}`);
  }
  // One direction: all cosines are 1, whatever their last bit says.
  for (let seed = 0; seed < 50; seed++) {
    const v = vector(4, seed), length = Math.hypot(...v), at = (s) => v.map((x) => x / length * s), candidates = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8].map(at);
    assert.deepStrictEqual(differentiableSearchDualSpace(at(0.41), candidates, 1).indices, [3]);
    const index = new BruteForceIndex({ dim: 4, metric: 'l2' });
    index.addBatch(candidates.map((_, i) => i), candidates);
    assert.deepStrictEqual(searchWithGnn(index, at(0.41), { forward: (x) => x }, 8, { gnnWeight: 0.5 }).map(({ key }) => key).slice(0, 2), [3, 4]);
    index.close();
  }
});

test('adaptiveSearch: a level of the walk in mode moe, with its routing', () => {
  const found = adaptiveSearch(query, list, 6, { topK: 2, temperature: 0.7 }), { levels: [level] } = hierarchicalForwardV2(query, [list], undefined, { mode: 'moe', k: 6, topK: 2, temperature: 0.7, explain: true });
  assert.deepStrictEqual([found.indices, bits(found.weights)], [[...level.indices], bits(level.weights)]);
  assert.deepStrictEqual(found.routing.map(({ expert }) => expert), ['local', 'hierarchical', 'global', 'structural']);
  assert.strictEqual(found.routing.filter(({ probability }) => probability > 0).length, 2);
  assert.ok(Math.abs(found.routing.reduce((sum, { probability }) => sum + probability, 0) - 1) < 1e-6);
  const only = (at) => Array.from({ length: 4 }, (_, e) => Array.from({ length: 8 }, (_, s) => (s === 0 && e === at ? 100 : 0)));
  assert.deepStrictEqual(adaptiveSearch(query, list, 4, { topK: 1, router: only(0) }).indices, order(list.map((row) => cosine(query, row))).slice(0, 4), 'local: the cosine');
  assert.deepStrictEqual(adaptiveSearch(query, list, 4, { topK: 1, router: only(1) }).indices, order(list.map((row) => -dist(query, row, -1))).slice(0, 4), 'hierarchical: the distance');
});

test('edge cases of both: nothing, none wanted, more than there are, bad input', async () => {
  for (const search of [differentiableSearchDualSpace, adaptiveSearch]) {
    for (const [candidates, k] of [[[], 3], [list, 0]]) assert.deepStrictEqual([search(query, candidates, k).indices, search(query, candidates, k).weights.length], [[], 0]);
    assert.strictEqual(search(query, list, 100).indices.length, 30);
    assert.strictEqual(search(query, [list[0]], 1).weights[0], 1);
    assert.strictEqual(search(query, Array(4).fill(list[0]), 4).indices.length, 4);
    await fails(() => search(query, list, -1), 'ERR_OUT_OF_RANGE', 'k');
    await fails(() => search([1], list, 1), 'ERR_DIMENSION_MISMATCH', 'width');
    await fails(() => search([NaN, 0, 0, 0], list, 1), 'ERR_NON_FINITE', 'NaN');
    await fails(() => search(query, list, 1, { temperature: 0 }), search === adaptiveSearch ? 'ERR_INVALID_CONFIG' : 'ERR_OUT_OF_RANGE', 'temperature');
    await fails(() => search(query, list, 1, { temprature: 1 }), 'ERR_INVALID_CONFIG', 'an unknown option');
  }
  await fails(() => differentiableSearchDualSpace(query, list, 1, { euclideanWeight: 2 }), 'ERR_OUT_OF_RANGE', 'a share above 1');
});

/** A graph layer without weights: a node's mean with its sources. */
class Mean extends MessagePassing {
  constructor() { super({ aggr: 'mean' }); }

  update(means, x) { return { ...means, data: means.data.map((value, i) => (value + x.data[i]) / 2) }; }
}

test('searchWithGnn: candidates by the cosine of embeddings, the query linked to its nearest', async () => {
  const index = new BruteForceIndex({ dim: 4, metric: 'cosine' }), gnn = new Mean(), unit = (row) => Array.from(row, (v) => v / Math.hypot(...row)), units = list.map(unit); // as the index has them
  index.addBatch(list.map((_, i) => 100 + i), list);
  // Edges of the caller's: node i has the sources i + 1 and i + 2 (mod 30).
  const graph = Graph.fromAdjacency(list.map((_, i) => [(i + 1) % 30, (i + 2) % 30])), keys = list.map((_, i) => 100 + i);
  const found = searchWithGnn(index, query, gnn, 4, { candidates: 10, graph, keys, queryLinks: 3, temperature: 0.5 });
  const near = order(list.map((row) => cosine(query, row))).slice(0, 10), mean = (many) => many[0].map((_, c) => many.reduce((sum, row) => sum + row[c], 0) / many.length);
  const half = (a, b) => Array.from(a, (v, c) => (v + b[c]) / 2), e = half(unit(query), mean(near.slice(0, 3).map((i) => units[i])));
  const scores = near.map((i) => cosine(e, half(units[i], mean([units[(i + 1) % 30], units[(i + 2) % 30]])))), terms = scores.map((s) => Math.exp(s / 0.5)), sum = terms.reduce((a, b) => a + b, 0), best = order(scores).slice(0, 4);
  assert.deepStrictEqual(found.map(({ key }) => key), best.map((at) => 100 + near[at]));
  found.forEach(({ score, weight, distance }, rank) => {
    assert.ok(Math.abs(score - scores[best[rank]]) < 1e-5 && Math.abs(weight - terms[best[rank]] / sum) < 1e-5);
    assert.ok(Math.abs(distance - (1 - cosine(query, list[near[best[rank]]]))) < 1e-5);
  });
  // With a weight of 0 the layer has no say.
  assert.deepStrictEqual(searchWithGnn(index, query, gnn, 4, { candidates: 10, gnnWeight: 0 }).map(({ key }) => key), near.slice(0, 4).map((i) => 100 + i));
  assert.deepStrictEqual(searchWithGnn(index, query, gnn, 0), []);
  for (const bad of [{}, null, 'gnn']) await fails(() => searchWithGnn(index, query, bad, 3), 'ERR_INVALID_ARG', 'no layer');
  await fails(() => searchWithGnn(index, query, { encode: () => [[1]] }, 3), 'ERR_DIMENSION_MISMATCH', 'rows of nobody');
  await fails(() => searchWithGnn(list, query, gnn, 3), 'ERR_WRONG_HANDLE', 'no index');
  await fails(() => searchWithGnn(index, query, gnn, 3, { gnnWeight: 2 }), 'ERR_OUT_OF_RANGE', 'a share above 1');
  await fails(() => searchWithGnn(index, query, gnn, 3, { graph, keys: [1] }), 'ERR_DIMENSION_MISMATCH', 'too few keys');
});

test('searchWithGnn: weights of the graph, keys as ids, many candidates, models that read no edges', async () => {
  const index = new HNSWIndex({ dim: 4, metric: 'l2', seed: 1 }), x = rows(3, 4, 1), layer = new ruvector.GCNLayer({ inChannels: 4, outChannels: 4, seed: 1 }), csr = { offsets: [0, 1, 2, 3], indices: [1, 2, 0] };
  index.addBatch([0, 1, 2], x);
  const [plain, ones, weighted] = [{}, { weights: [1, 1, 1] }, { weights: [0.1, 5, 2] }].map((more) => searchWithGnn(index, x[0], layer, 3, { graph: new Graph({ ...csr, ...more }) }));
  assert.deepStrictEqual(ones, plain);
  assert.ok(weighted.some(({ key, score }) => Math.abs(score - plain.find((one) => one.key === key).score) > 1e-3));
  // By hand: the query first, linked to all three; then the graph.
  const all = [x[0], ...plain.map(({ key }) => x[key])], place = new Map(plain.map(({ key }, i) => [key, i + 1])), lists = [[1, 2, 3], ...plain.map(({ key }) => [place.get(csr.indices[key])])];
  const rowsOf = layer.forward(all, Graph.fromAdjacency(lists, { weights: [1, 1, 1, ...plain.map(({ key }) => [0.1, 5, 2][key])] })), row = (i) => Array.from(rowsOf.data.subarray(4 * i, 4 * i + 4));
  for (const { key, score } of weighted) assert.ok(Math.abs(score - cosine(row(0), row(place.get(key)))) < 1e-5);
  assert.strictEqual(searchWithGnn(index, x[0], new ruvector.Aggregation({ aggr: 'mean' }), 2).length, 2);
  for (const keys of [5, 'abc', {}, null, new Set(), true]) {
    await fails(() => searchWithGnn(index, x[0], layer, 2, { graph: new Graph(csr), keys }), 'ERR_INVALID_ARG', 'keys');
    await fails(() => new GraphLatentAttention(4).forward(x, new Graph(csr), { index, keys }), 'ERR_INVALID_ARG', 'keys of latent nodes');
  }
  await fails(() => searchWithGnn(index, x[0], layer, 2, { graph: new Graph(csr), keys: [0, 1, {}] }), 'ERR_INVALID_ARG', 'a key');
  assert.throws(() => searchWithGnn(index, x[0], { forward: (m) => ({ ...m, data: m.data.map(() => NaN) }) }, 2), { code: 'ERR_NON_FINITE', message: /for gnn\(…\)\[0\]/ });
  const many = new BruteForceIndex({ dim: 1, metric: 'l2' }), n = 130000;
  many.addBatch(Array.from({ length: n }, (_, i) => i), { data: Float32Array.from({ length: n }, (_, i) => i), rows: n, dim: 1 });
  assert.strictEqual(searchWithGnn(many, [1], new ruvector.GCNLayer({ inChannels: 1, outChannels: 1, seed: 1 }), 3, { candidates: n }).length, 3);
  assert.strictEqual(searchWithGnn(many, [1], new ruvector.GCNLayer({ inChannels: 1, outChannels: 1, seed: 1 }), 2 ** 31, { candidates: 5 }).length, n);
});

test('a layer with weights of edges says what a candidate got from whom', () => {
  const index = new HNSWIndex({ dim: 4, metric: 'l2', seed: 1, keys: 'string' });
  index.addBatch(list.map((_, i) => `v${i}`), list);
  const found = searchWithGnn(index, query, new GATLayer({ inChannels: 4, outChannels: 3, heads: 2, addSelfLoops: false, seed: 1 }), 5);
  for (const { key, attention } of found) {
    assert.ok(attention.length > 0 && Math.abs(attention.reduce((sum, { weight }) => sum + weight, 0) - 1) < 1e-5);
    attention.forEach((one) => assert.ok(index.neighbors(key).includes(one.key)));
    attention.slice(1).forEach(({ weight }, i) => assert.ok(weight <= attention[i].weight));
  }
});

test('a store with a graph of its own: nodes by their ids', { skip: notInWasm('no databases') }, async () => {
  const store = VectorStore.open(':memory:', { dim: 2 }), layer = new ruvector.TransformerLayer({ inChannels: 2, outChannels: 2, seed: 1 }), graph = Graph.fromAdjacency([[1], [2], [0]]);
  for (const [id, v] of [['a', [1, 0]], ['b', [0, 1]], ['c', [1, 1]]]) store.insert({ id, vector: v });
  const found = Object.fromEntries(store.searchWithGnn([1, 0], layer, 3, { graph, keys: ['a', 'b', 'c'] }).map(({ id, attention }) => [id, attention.map((one) => one.id)]));
  assert.deepStrictEqual(found, { a: ['b'], b: ['c'], c: ['a'] });
  store.delete('c');
  assert.deepStrictEqual(store.searchWithGnn([1, 0], layer, 3, { graph, keys: ['a', 'b', 'c'] }).map(({ id }) => id).sort(), ['a', 'b'], 'an entry that is gone');
  await fails(() => store.searchWithGnn([1, 0], layer, 3, { graph, keys: ['a', 'b', {}] }), 'ERR_INVALID_ARG', 'keys');
  store.close();
});

test('VectorDB: a store that searches with a layer', { skip: notInWasm('no databases') }, async () => {
  assert.strictEqual(VectorDB, VectorStore);
  const db = VectorDB.open(':memory:', { dim: 4, metric: 'cosine' }), gnn = new GNNEmbedder({ inputDim: 4, outputDim: 4, numLayers: 1, seed: 1 });
  db.insertBatch(list.map((row, i) => ({ id: `e${i}`, vector: row, metadata: { even: i % 2 === 0 } })));
  assert.strictEqual(db.dimensions, 4);
  const found = db.searchWithGnn(query, gnn, 3), index = searchWithGnn(db.getHnswGraph(), query, gnn, 3);
  assert.deepStrictEqual(found.map(({ id }) => db.keyOf(id)), index.map(({ key }) => key));
  assert.deepStrictEqual(found, searchWithGnn(db, query, gnn, 3));
  assert.deepStrictEqual(Object.keys(found[0]).sort(), ['distance', 'id', 'metadata', 'score', 'weight']);
  assert.ok(db.searchWithGnn(query, gnn, 3, { where: { even: true } }).every(({ metadata }) => metadata.even));
  await fails(() => db.searchWithGnn([1], gnn, 3), 'ERR_DIMENSION_MISMATCH', 'width');
  db.close();
  await fails(() => db.searchWithGnn(query, gnn, 3), 'ERR_CLOSED', 'closed');
});

test('a layer that has learned the relation finds what plain search does not', async () => {
  // Items in pairs that look nothing alike; edges join them. What is asked for is the partner of the query's item.
  const next = random(2), n = 60, points = Array.from({ length: n }, () => Float32Array.from({ length: 8 }, next)), index = new BruteForceIndex({ dim: 8, metric: 'cosine' });
  index.addBatch(points.map((_, i) => i), points);
  const graph = Graph.fromAdjacency(points.map((_, i) => [i ^ 1])), asked = points.map((row) => row.map((v) => v + 0.05 * next()));
  const hits = (search) => asked.filter((q, i) => search(q, i).includes(i ^ 1)).length;
  const sum = new MessagePassing({ aggr: 'sum' }), plain = hits((q) => [...index.search(q, 2).keys]), ranked = hits((q) => searchWithGnn(index, q, sum, 2, { candidates: n, graph, queryLinks: 1 }).map(({ key }) => key));
  // A node's embedding is its partner's row; that of the query its item's row.
  assert.ok(plain < 12 && ranked > 55, `${plain} and ${ranked} of ${n}`);
});
