'use strict';
// What the specification asks of attention beside the methods of all: whole-graph forms, latent neighbours, rotation, heads one by one,
// mixtures that grow, normalized scores, dropout.
const assert = require('node:assert');
const test = require('node:test');
const attention = require('@ruvector/gnn/attention');
const { bits, fails, pack, random, relative, rows, ruvector, vector } = require('./support/index.js');
const { EdgeFeaturedAttention, FlashAttention, GraphAttentionPipeline, GraphLatentAttention, GraphRoPEAttention, MoEAttention, MultiHeadAttention, ScaledDotProductAttention, SparseGraphAttention, SparsityPattern } = attention;
const { Graph, HNSWIndex, MSELoss, Trainer } = ruvector;

const dim = 4, x = rows(7, dim, 3), lists = [[1, 2], [], [0, 0, 5], [2, 6, 1], [4], [6, 3], [0]], graph = Graph.fromAdjacency(lists), entries = lists.flat().length;
const row = ({ data, dim: width }, i) => data.subarray(i * width, (i + 1) * width);

test('EdgeFeaturedAttention over a graph is a call a node, repetitions included', async () => {
  const one = new EdgeFeaturedAttention({ nodeDim: dim, edgeDim: 2, numHeads: 2, seed: 1 }), edgeFeatures = rows(entries, 2, 5), all = one.forward(x, graph, { edgeFeatures });
  let at = 0;
  lists.forEach((list, i) => {
    const keys = list.map((j) => x[j]), own = edgeFeatures.slice(at, at += list.length);
    if (list.length > 0) assert.strictEqual(bits(row(all, i)), bits(one.computeWithEdges(x[i], keys, keys, own)));
    else assert.strictEqual(bits(row(all, i)), bits(one.computeBatch([x[i]], [], []).data));
  });
  for (const form of [lists, { offsets: graph.offsets, indices: graph.indices }]) assert.strictEqual(bits(one.forward(pack(x), form, { edgeFeatures, threads: 2 })), bits(all));
  await fails(() => one.forward(x.slice(1), graph), 'ERR_DIMENSION_MISMATCH', 'too few rows');
  await fails(() => one.forward(x, graph, { edgeFeatures: edgeFeatures.slice(1) }), 'ERR_DIMENSION_MISMATCH', 'too few edges');
  await fails(() => one.forward(x, {}), 'ERR_INVALID_ARG', 'no graph');
});

test('a long list of neighbours goes in parts: the same', () => {
  const n = 300, many = rows(n, dim, 8), full = Array.from({ length: n }, () => Array.from({ length: n }, (_, j) => j)), one = new EdgeFeaturedAttention({ nodeDim: dim, edgeDim: 2, seed: 1 });
  const all = one.forward(many, full);
  for (const i of [0, 200, 299]) assert.strictEqual(bits(row(all, i)), bits(one.computeBatch([many[i]], many, many).data));
});

test('latent neighbours: the nearest that are no sources; forward, forwardBatch', async () => {
  const index = new HNSWIndex({ dim, metric: 'l2', keys: 'string', seed: 1 }), keys = x.map((_, i) => `n${i}`), one = new GraphLatentAttention({ dim, seed: 1 });
  index.addBatch(keys, x);
  const all = one.forward(x, graph, { index, keys, kLatent: 2 });
  lists.forEach((list, i) => {
    const near = x.map((y, j) => [j, y.reduce((sum, v, c) => sum + (v - x[i][c]) ** 2, 0)]).filter(([j]) => j !== i && !list.includes(j)).sort((a, b) => a[1] - b[1]).slice(0, 2).map(([j]) => j);
    assert.deepStrictEqual([...one.findLatentNeighbors(index, x[i], 2, 0, { deny: [...new Set([i, ...list])].map((j) => keys[j]) }).keys], near.map((j) => keys[j]));
    const own = [...list, ...near].map((j) => x[j]);
    assert.strictEqual(bits(row(all, i)), bits(one.computeBatch([x[i]], own, own, { keyKinds: [...list.map(() => 0), 1, 1] }).data));
  });
  assert.strictEqual(bits(one.forwardBatch(x, lists, index, 0, { keys, kLatent: 2 })), bits(all));
  assert.notStrictEqual(bits(one.forward(x, graph)), bits(all));
  assert.ok(one.findLatentNeighbors(index, x[0], 3, index.maxLevel).keys.length >= 1);
  await fails(() => one.findLatentNeighbors({}, x[0], 3), 'ERR_WRONG_HANDLE', 'no index');
  await fails(() => one.forward(x, graph, { index, keys: keys.slice(1) }), 'ERR_DIMENSION_MISMATCH', 'too few keys');
});

test('the pipeline over a graph: steps from a node, levels, edges, latent ones', () => {
  const one = new GraphAttentionPipeline({ dim, edgeDim: 2, seed: 1 }), edgeFeatures = rows(entries, 2, 5), all = one.forward(x, graph, { edgeFeatures, reference: 5 });
  // Steps along the sources of rows: 5 sees 6 and 3, those see 0, 2, 1.
  const steps = [2, 2, 2, 1, one.maxPosition - 1, 0, 1];
  let at = 0;
  lists.forEach((list, i) => {
    const keys = list.map((j) => x[j]), edges = edgeFeatures.slice(at, at += list.length);
    const options = { queryPositions: [steps[i]], keyPositions: list.map((j) => steps[j]), ...(list.length > 0 && { edges }) };
    assert.strictEqual(bits(row(all, i)), bits(one.computeBatch([x[i]], keys, keys, options).data), `node ${i}`);
  });
  const index = new HNSWIndex({ dim, metric: 'l2', seed: 1 });
  index.addBatch(x.map((_, i) => i), x);
  const own = new GraphAttentionPipeline({ dim, edgeDim: 4, seed: 1 });
  assert.notStrictEqual(bits(own.forward(x, graph, { index, kLatent: 2 })), bits(own.forward(x, graph)));
});

test('SparseGraphAttention: the pairs of its mask', () => {
  assert.strictEqual(new SparseGraphAttention({ dim, num_heads: 2, local_window: 2, global_tokens: 1 }).localWindow, 2); // as the wrappers of the existing packages pass them
  const one = new SparseGraphAttention({ dim, numHeads: 2, localWindow: 2, globalTokens: 1 }), mask = one.attentionMask(7, graph), flags = mask.toMask();
  for (let i = 0; i < 7; i++) for (let j = 0; j < 7; j++) assert.strictEqual(flags[7 * i + j], Number(Math.abs(i - j) <= 1 || j === 0 || i === 0 || lists[i].includes(j)), `${i} ${j}`);
  assert.strictEqual(mask.count, flags.reduce((a, b) => a + b, 0));
  const dense = new FlashAttention({ dim, numHeads: 2 });
  assert.ok(relative(one.forward(x, graph).data, dense.computeBatch(x, x, x, { mask: Array.from({ length: 7 }, (_, i) => flags.subarray(7 * i, 7 * i + 7)) }).data) < 1e-6);
});

test('rotation: rows, levels, relative, sinusoidal', async () => {
  const one = new GraphRoPEAttention({ dim, numHeads: 1, base: 100, levelScale: 0.5, maxPosition: 64 }), omega = [1, 1 / 10];
  const turned = (v, p) => { const out = [...v]; omega.forEach((w, i) => { const [c, s] = [Math.cos(p * w), Math.sin(p * w)]; out[i] = v[i] * c - v[i + 2] * s; out[i + 2] = v[i] * s + v[i + 2] * c; }); return out; };
  const positions = [0, 1, 2.5, 3, 70, 5, 6], levels = [0, 1, 0, 2, 0, 0, 3], all = one.applyRotation(x, positions, levels);
  x.forEach((v, i) => {
    const expected = turned(v, Math.min(positions[i], 63) * 0.5 ** levels[i]);
    assert.ok(relative(row(all, i), expected) < 2e-6);
    assert.strictEqual(bits(one.applyRotation(v, positions[i], levels[i])), bits(row(all, i)));
    if (levels[i] === 0) assert.strictEqual(bits(one.applyRotary(v, positions[i])), bits(row(all, i)));
  });
  const { query, key } = one.applyRelativeRotation(x[0], x[1], 3, 1), dot = (a, b) => a.reduce((sum, v, c) => sum + v * b[c], 0);
  assert.ok(Math.abs(dot(query, key) - dot(one.applyRotation(x[0], 4, 1), one.applyRotation(x[1], 7, 1))) < 1e-5, 'only the distance counts');
  const code = (p, l) => one.encodeDistance(p, l);
  assert.ok(relative(code(3, 0), [Math.cos(3), Math.cos(0.3), Math.sin(3), Math.sin(0.3)]) < 1e-6);
  assert.ok(Math.abs(dot(code(9), code(4)) - dot(code(25), code(20))) < 1e-5);
  assert.strictEqual(GraphRoPEAttention.encodeDistance(9, 16), 12, 'the static one is that of @ruvector/attention');
  await fails(() => one.applyRotation(x, [1]), 'ERR_DIMENSION_MISMATCH', 'too few distances');
  assert.match((await fails(() => one.applyRotation(x, [0, 0, 0, -1, 0, 0, 0]), 'ERR_OUT_OF_RANGE', 'before the start')).message, /for distances\[3\]/);
  await fails(() => one.encodeDistance(1, 0.5), 'ERR_OUT_OF_RANGE', 'half a level');
});

test('headOutput: all heads through W_o are the output', async () => {
  for (const options of [{ projections: true, seed: 2 }, { projections: false }]) {
    const one = new MultiHeadAttention({ dim, numHeads: 2, ...options }), all = one.getWeights(), values = rows(7, dim, 9);
    if (all.length > 0) one.setWeights(all.map((w, i) => w + Math.sin(i) / 8));
    const joined = [0, 1].flatMap((head) => [...one.headOutput(x[0], x, values, head)]), start = one.getWeights().length - dim * dim - dim, w = one.getWeights().subarray(start);
    const out = all.length > 0 ? Array.from({ length: dim }, (_, o) => w[dim * dim + o] + joined.reduce((sum, v, c) => sum + w[o * dim + c] * v, 0)) : joined;
    assert.ok(relative(one.compute(x[0], x, values), out) < 2e-6);
    await fails(() => one.headOutput(x[0], x, values, 2), 'ERR_OUT_OF_RANGE', 'a head that there is not');
    await fails(() => one.headOutput(x[0], x, values.slice(1), 0), 'ERR_DIMENSION_MISMATCH', 'too few values');
  }
});

test('addExpert keeps what the mixture has learned; the builder', () => {
  const one = new MoEAttention({ dim, topK: 1, experts: ['global', { class: 'MultiHeadAttention', options: { dim, seed: 3 } }], seed: 2 });
  one.setWeights(one.getWeights().map((w, i) => w + Math.cos(i)));
  const more = one.addExpert('local'), names = (m) => new Map(m.parameters.map(({ name, shape }, i) => [name, [shape, i]]));
  assert.deepStrictEqual([one.numExperts, more.numExperts, more.topK], [2, 3, 1]);
  const slices = (m) => { let at = 0; return m.parameters.map(({ shape }) => m.getWeights().subarray(at, (at += shape.reduce((a, b) => a * b, 1)))); };
  for (const [name, [, i]] of names(one)) {
    const [before, after] = [slices(one)[i], slices(more)[names(more).get(name)[1]]];
    assert.deepStrictEqual(after.slice(0, before.length), before, name);
  }
  assert.strictEqual(bits(more.compute(x[0], x, x)) === bits(one.compute(x[0], x, x)), more.getRouting([x[0]]).experts[0] !== 2, 'unless the new one answers');
  const built = MoEAttention.builder({ dim, topK: 2, seed: 1 }).addExpert('global').addLocalExpert(4).addHyperbolicExpert(-2).addSparseExpert(4, 1).addLinearExpert(16).build();
  assert.deepStrictEqual(built.experts.map(({ class: type }) => type), ['ScaledDotProductAttention', 'LocalGlobalAttention', 'HyperbolicAttention', 'LocalGlobalAttention', 'LinearAttention']);
});

test('normalize: scores are cosines over T', () => {
  const one = new ScaledDotProductAttention({ dim, normalize: true, temperature: 0.5 }), keys = rows(5, dim, 4, 3), values = rows(5, 3, 5), q = rows(2, dim, 6, 2);
  const unit = (v) => { const n = Math.hypot(...v); return Array.from(v, (a) => a / n); };
  const expected = q.flatMap((query) => {
    const s = keys.map((key) => Math.exp(unit(query).reduce((sum, v, c) => sum + v * unit(key)[c], 0) / 0.5)), total = s.reduce((a, b) => a + b, 0);
    return [0, 1, 2].map((c) => s.reduce((sum, v, j) => sum + v / total * values[j][c], 0));
  });
  assert.ok(relative(one.computeBatch(q, keys, values).data, expected) < 1e-6);
  assert.ok(relative(one.computeBatch(q.map((v) => v.map((a) => a * 1e15)), keys, values).data, expected) < 1e-5, 'lengths do not count');
  assert.ok(one.compute(new Float32Array(dim), keys, values).every(Number.isFinite), 'a row of zeros');
  assert.strictEqual(new ScaledDotProductAttention(dim).normalize, false);
});

test('dropout: in training only, by seed and step', async () => {
  const fit = async (dropout, threads = 1) => {
    const model = new MultiHeadAttention({ dim, numHeads: 2, dropout, seed: 1 }), trainer = new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'adam', learningRate: 0.01 }, seed: 2 });
    const { loss } = await trainer.fit({ inputs: { queries: x, keys: x, values: x }, targets: rows(7, dim, 8) }, { epochs: 40, threads });
    return { model, loss, weights: model.getWeights() };
  };
  const [none, some, again] = [await fit(0), await fit(0.4), await fit(0.4, 2)];
  assert.strictEqual(bits(some.weights), bits(again.weights));
  assert.notStrictEqual(bits(some.weights), bits(none.weights));
  assert.ok(some.loss.at(-1) < some.loss[0] && some.loss.at(-1) > none.loss.at(-1), 'it learns, against noise');
  const plain = new MultiHeadAttention({ dim, numHeads: 2, seed: 1 });
  plain.setWeights(some.weights);
  assert.strictEqual(bits(plain.computeBatch(x, x, x)), bits(some.model.computeBatch(x, x, x)), 'not outside of training');
});

test('describe', () => {
  const { options, ...rest } = new attention.LocalGlobalAttention(dim, 4, 1).describe();
  assert.deepStrictEqual(rest, { class: 'LocalGlobalAttention', mechanism: 'local_global', hiddenDim: 4, supportsVariableLength: true, complexity: 'linear', parameters: 0 });
  assert.strictEqual(options.localWindow, 4);
  assert.strictEqual(new MultiHeadAttention({ dim, seed: 1 }).describe().parameters, 4 * (dim * dim + dim));
});

test('forwardWithMetadata: what each mechanism reads', () => {
  const rope = new GraphRoPEAttention({ dim, numHeads: 1 }), distances = [0, 1, 2, 3, 4, 5, 6];
  assert.strictEqual(bits(rope.forwardWithMetadata(x[0], x, x, { distances, edgeWeights: distances })), bits(rope.computeWithPositions(x[0], x, x, 0, distances)));
  const edge = new EdgeFeaturedAttention({ nodeDim: dim, edgeDim: 4, seed: 1 }), { data } = new attention.HNSWEdgeFeatureExtractor().extract({ distances, levels: [0, 0, 0, 0, 0, 1, 1] });
  assert.strictEqual(bits(edge.forwardWithMetadata(x[0], x, x, { distances, hnswLayers: [0, 0, 0, 0, 0, 1, 1] })), bits(edge.computeWithEdges(x[0], x, x, { data, rows: 7, dim: 4 })));
  const plain = new FlashAttention(dim);
  assert.strictEqual(bits(plain.forwardWithMetadata(x[0], x, x, { distances })), bits(plain.compute(x[0], x, x)));
});
