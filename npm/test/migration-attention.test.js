'use strict';
// docs/migration.md, "From @ruvector/attention": where results or behaviour are not those of the published package 0.1.4.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, relative, rows, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

const { DualSpaceAttention, EdgeFeaturedAttention, FlashAttention, GraphRoPeAttention, HyperbolicAttention, LocalGlobalAttention, MoEAttention } = attention;
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

test('HyperbolicAttention: `adaptive` has no effect, as there; curvature 0 and wrong widths are refused', async () => {
  const q = vector(4, 1, 0.3), k = rows(5, 4, 2, 0.3);
  const [yes, no] = [true, false].map((adaptive) => HyperbolicAttention.withConfig(4, -1, adaptive, 0.5));
  assert.strictEqual(bits(yes.compute(q, k, k)), bits(no.compute(q, k, k)));
  assert.strictEqual(yes.frechet, true);
  await fails(() => new HyperbolicAttention(4, 0), 'ERR_INVALID_CONFIG', 'NaN there');
  await fails(() => yes.compute(q, k, rows(5, 3, 3, 0.3)), 'ERR_DIMENSION_MISMATCH', 'the end of the process there');
});

test('HyperbolicAttention: unit vectors, which all lie beyond the rim, give points inside the ball', () => {
  const unit = rows(6, 8, 1).map((x) => { const size = Math.sqrt(dot(x, x)); return x.map((y) => y / size); });
  const { data } = new HyperbolicAttention(8, 1).computeBatch(unit, unit, unit);
  for (let i = 0; i < 6; i++) assert.ok(dot(data.subarray(8 * i, 8 * i + 8), data.subarray(8 * i, 8 * i + 8)) < 1);
});

test('HyperbolicAttention: distances are those of the formula, without a floor of 1e-7 under its denominator', () => {
  const near = [0.9999, 0, 0, 0], other = [0.9998, 0.001, 0, 0], far = [0.5, 0.5, 0, 0], one = new HyperbolicAttention(4, 1);
  const d = [other, far].map((x) => attention.poincareDistance(near, x, 1)), { data } = one.attentionWeights(near, [other, far]);
  assert.ok(Math.abs(data[0] / data[1] / Math.exp(d[1] - d[0]) - 1) < 5e-2, `${data[0] / data[1]}, ${Math.exp(d[1] - d[0])}`);
});

test('GraphRoPeAttention: the last coordinate of an odd width is not turned, and counts', () => {
  const one = new GraphRoPeAttention({ dim: 7, maxPosition: 16 }), v = Float32Array.of(1, 2, 3, 4, 5, 6, 7);
  assert.deepStrictEqual(Array.from(one.applyRotary(v, 0)), [1, 2, 3, 4, 5, 6, 7], '0 at the end there');
  assert.strictEqual(one.applyRotary(v, 5)[6], 7);
  const narrow = new GraphRoPeAttention({ dim: 1, maxPosition: 16 }), { data } = narrow.attentionWeights([1], [[0], [3]]);
  assert.ok(Math.abs(data[1] / data[0] / Math.exp(3) - 1) < 1e-4, 'a half each there');
});

/** The orders of keys that several queries see. */
function orders(version) {
  const one = new EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 2, version, seed: 3 }), k = rows(8, 4, 5, 2), q = rows(12, 4, 6, 2);
  const { data } = one.attentionWeights(q, k);
  return new Set(q.map((_, i) => Array.from(k.keys()).sort((a, b) => data[8 * i + b] - data[8 * i + a]).join()));
}

test('EdgeFeaturedAttention: GATv2, whose order of keys depends on the query; the form there, GAT, has one for all', () => {
  assert.strictEqual(orders('v1').size, 1);
  assert.ok(orders('v2').size > 1);
});

test('EdgeFeaturedAttention: self-loops count, weights are drawn from a seed, learned, set and saved', () => {
  const make = (more) => new EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 2, numHeads: 2, seed: 1, ...more }), q = vector(4, 1), k = rows(5, 4, 2), edges = rows(5, 2, 3);
  assert.notStrictEqual(bits(make({ addSelfLoops: true }).computeWithEdges(q, k, k, edges)), bits(make().computeWithEdges(q, k, k, edges)));
  assert.notDeepStrictEqual(make({ seed: 2 }).getWeights(), make().getWeights());
  assert.deepStrictEqual(EdgeFeaturedAttention.simple(4, 2, 2).getWeights(), EdgeFeaturedAttention.simple(4, 2, 2).getWeights());
  const one = make(), { parameters, edges: slope } = one.backward(q, k, k, vector(4, 4), { edges });
  assert.ok(parameters.some((x) => x !== 0) && slope.some((x) => x !== 0));
  one.setWeights(one.getWeights().map((w, i) => w - parameters[i]));
  assert.deepStrictEqual(EdgeFeaturedAttention.fromJson(one.toJson()).getWeights(), one.getWeights());
});

test('DualSpaceAttention: maps are drawn from a seed, set and learned; the two scores are those of the formula', () => {
  const one = DualSpaceAttention.withWeights(4, 1, 0.5, 0.5), q = vector(4, 1, 0.3), k = rows(5, 4, 2, 0.3), eye = Array.from({ length: 48 }, (_, i) => (i % 16 % 5 === 0 ? 1 : 0));
  assert.ok(one.backward(q, k, k, vector(4, 3)).parameters.some((x) => x !== 0));
  one.setWeights(eye);
  const { euclideanScores, hyperbolicScores } = one.getSpaceContributions(q, k);
  assert.ok(relative(euclideanScores, k.map((x) => dot(q, x) / 2)) < 1e-5);
  assert.ok(relative(hyperbolicScores, k.map((x) => -attention.poincareDistance(q, x, 1))) < 1e-5);
  assert.notDeepStrictEqual(new DualSpaceAttention({ dim: 4, seed: 1 }).getWeights(), new DualSpaceAttention({ dim: 4, seed: 2 }).getWeights());
});

test('LocalGlobalAttention: one query stands at n/2, as there; in a batch each at its own place', () => {
  const one = new LocalGlobalAttention(4, 2, 1), x = rows(9, 4, 1), seen = (data) => Array.from(data, (p) => p > 0);
  assert.deepStrictEqual(seen(one.attentionWeights(x[0], x).data), [0, 1, 2, 3, 4, 5, 6, 7, 8].map((j) => j === 0 || Math.abs(j - 4) <= 1));
  const { data } = one.attentionWeights(x, x);
  assert.deepStrictEqual(seen(data.subarray(2 * 9, 3 * 9)), [0, 1, 2, 3, 4, 5, 6, 7, 8].map((j) => j === 0 || Math.abs(j - 2) <= 1));
});

test('FlashAttention: `causal` goes by the place of the query, not by 0', () => {
  const x = rows(5, 4, 1), { data } = new FlashAttention({ dim: 4, causal: true }).attentionWeights(x, x);
  for (let i = 0; i < 5; i++) for (let j = 0; j < 5; j++) assert.strictEqual(data[5 * i + j] > 0, j <= i);
});

test('MoEAttention: four different experts, a capacity, a gate that learns', () => {
  const one = MoEAttention.simple(8, 4, 2), q = rows(20, 8, 1, 0.3);
  assert.strictEqual(new Set(one.experts.map((x) => JSON.stringify(x))).size, 4);
  const counts = [0, 1, 2, 3].map((e) => one.getRouting(q).experts.filter((x) => x === e).length);
  assert.ok(counts.every((x) => x <= Math.ceil(1.25 * 2 * 20 / 4)), `${counts}`);
  assert.ok(one.backward(q, q, q, vector(160, 3)).parameters.subarray(0, 36).some((x) => x !== 0));
});

test('MoEAttention, DualSpaceAttention: arguments one by one count, those of `simple` and `withWeights`', () => {
  const moe = new MoEAttention(8, 3, 1), dual = new DualSpaceAttention(4, 2, 0.75, 0.25);
  assert.deepStrictEqual([moe.numExperts, moe.topK, moe.experts.length], [3, 1, 3]);
  assert.deepStrictEqual([dual.curvature, dual.euclideanWeight, dual.hyperbolicWeight], [2, 0.75, 0.25]);
  assert.deepStrictEqual([new MoEAttention(8).numExperts, new MoEAttention(8, 1).topK, new DualSpaceAttention(4, 2).euclideanWeight], [4, 1, 0.5]);
});

test('options without effect there have none here; others that are not known are refused', async () => {
  const given = { dim: 8, numExperts: 4, topK: 2, seed: 3 }, q = rows(3, 8, 1), one = new MoEAttention({ ...given, expertDim: 32, noiseStd: 0.1 });
  assert.strictEqual(bits(one.computeBatch(q, q, q)), bits(new MoEAttention(given).computeBatch(q, q, q)));
  assert.deepStrictEqual(MoEAttention.fromJson(one.toJson()).getWeights(), one.getWeights());
  for (const name of ['num__experts', 'numexperts', 'Num_Experts', 'dropout', 'expertdim']) await fails(() => new MoEAttention({ ...given, [name]: 1 }), 'ERR_INVALID_CONFIG', name);
  await fails(() => new GraphRoPeAttention({ dim: 8, maxPosition: 16, expertDim: 1 }), 'ERR_INVALID_CONFIG', 'of another class');
});

/** Options of each class that has one of several words. */
const OPTIONS = {
  MultiHeadAttention: { dim: 8, numHeads: 4 }, FlashAttention: { dim: 8, blockSize: 32, numHeads: 2 }, LinearAttention: { dim: 8, numFeatures: 12 },
  LocalGlobalAttention: { dim: 8, localWindow: 3, globalTokens: 2, numHeads: 2 }, ManifoldAttention: { dim: 8, numHeads: 2 },
  LorentzCascadeAttention: { dim: 8, numHeads: 2, curvatureFrom: -0.5, curvatureTo: -2 },
  MixedCurvatureAttention: { euclideanDim: 4, hyperbolicDim: 3, sphericalDim: 2, hyperbolicCurvature: -2, sphericalCurvature: 0.5 },
  EdgeFeaturedAttention: { nodeDim: 8, edgeDim: 3, numHeads: 2, concatHeads: false, addSelfLoops: true, negativeSlope: 0.1, outputHeadDim: 5 },
  GraphRoPEAttention: { dim: 8, numHeads: 2, maxPosition: 64, scalingFactor: 2, levelScale: 0.5 },
  DualSpaceAttention: { dim: 8, euclideanWeight: 0.25, hyperbolicWeight: 0.75 }, GraphLatentAttention: { dim: 8, numHeads: 2 }, HNSWAwareAttention: { dim: 8, numHeads: 2, levels: 3 },
  StructuralAttention: { dim: 8, numHeads: 2, numFeatures: 3 }, GraphAttentionPipeline: { dim: 8, edgeDim: 3, numHeads: 2, maxPosition: 64 },
  MoEAttention: { dim: 8, numExperts: 3, topK: 1, expertCapacity: 2 }, LearnedRoutingAttention: { dim: 8, numExperts: 3 }, DynamicHeadsAttention: { dim: 8, numHeads: 2 },
};

test('options in snake_case, as the package ruvector passes them, are understood by every class', async () => {
  const snake = (name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  for (const [name, options] of Object.entries(OPTIONS)) {
    const one = new attention[name](Object.fromEntries(Object.entries(options).map(([key, value]) => [snake(key), value])));
    for (const [key, value] of Object.entries(options)) assert.strictEqual(one[key], value, `${name}.${key}`);
    for (const key of Object.keys(options).filter((x) => snake(x) !== x)) {
      await fails(() => new attention[name]({ ...options, [key]: undefined, [snake(key)]: 'x' }), 'ERR_INVALID_ARG', `${name}.${snake(key)}`);
      const both = new attention[name]({ ...options, [snake(key)]: 1e9 });
      assert.strictEqual(both[key], options[key], `${name}: ${key} beside ${snake(key)}`);
    }
  }
  const given = { dim: 8, num_experts: 4, top_k: 2, expert_capacity: 1.25, seed: 3 }, q = rows(3, 8, 1); // MoEAttention of the wrapper
  const one = new MoEAttention({ ...given, expert_dim: 32, noise_std: 0.1 });
  assert.strictEqual(bits(one.computeBatch(q, q, q)), bits(new MoEAttention({ dim: 8, numExperts: 4, topK: 2, expertCapacity: 1.25, seed: 3 }).computeBatch(q, q, q)));
  assert.deepStrictEqual(new MoEAttention({ dim: 8, experts: [{ class: 'MultiHeadAttention', options: { dim: 8, num_heads: 2 } }] }).experts[0].options.numHeads, 2);
  const [list, config] = [[vector(4, 1)], { attention_type: 'LocalGlobal', dim: 4, local_window: 2, global_tokens: 1 }];
  const { outputs } = await attention.parallelAttentionCompute(config, list, [rows(9, 4, 1)], [rows(9, 4, 2)]);
  assert.deepStrictEqual(outputs[0], new LocalGlobalAttention(4, 2, 1).compute(list[0], rows(9, 4, 1), rows(9, 4, 2)));
});

test('MoEAttention: outputs are averages of the values where all its experts average, as those of `simple`, which repeats itself', () => {
  const q = rows(20, 8, 1, 3), value = [vector(8, 2, 3)], away = (one) => Math.max(...q.map((x) => relative(one.compute(x, value, value), value[0])));
  for (const one of [MoEAttention.simple(8, 4, 2), new MoEAttention(8), new MoEAttention(8, 7, 3)]) assert.ok(away(one) < 1e-6);
  assert.ok(away(new MoEAttention({ dim: 8, seed: 0 })) > 0.1, 'hierarchical and structural');
  assert.ok(away(new MoEAttention({ dim: 8, experts: ['local', 'global', { class: 'MultiHeadAttention', options: { dim: 8, numHeads: 2, projections: false } }], seed: 0 })) < 1e-6);
  assert.deepStrictEqual(MoEAttention.simple(8, 4, 2).getWeights(), MoEAttention.simple(8, 4, 2).getWeights());
  assert.notDeepStrictEqual(new MoEAttention({ dim: 8 }).getWeights(), new MoEAttention({ dim: 8 }).getWeights());
});

test('functions that give promises reject wrong arguments, and never throw', async () => {
  const q = vector(4, 1), k = rows(3, 4, 2);
  await fails(() => attention.computeAttentionAsync(undefined, k, k), 'ERR_INVALID_ARG', 'no query, no dim', true);
  await fails(() => attention.computeFlashAttentionAsync(q, k, k, () => {}), 'ERR_INVALID_ARG', 'a callback', true);
  await fails(() => attention.computeHyperbolicAttentionAsync(q, k, k, 1), 'ERR_DIMENSION_MISMATCH', 'curvature in the place of dim', true);
  await fails(() => attention.batchAttentionCompute([q], [k], [k]), 'ERR_INVALID_ARG', 'no dim', true);
  await fails(() => attention.parallelAttentionCompute([q], k, k, 'flash'), 'ERR_INVALID_CONFIG', 'no config', true);
  await fails(() => attention.benchmarkAttention(4, 8, 2), 'ERR_INVALID_CONFIG', 'no type', true);
});

test('names and forms of older versions: computeRaw, asynchronous functions without dim', async () => {
  const q = vector(4, 1), k = rows(3, 4, 2, 0.3), v = rows(3, 4, 3, 0.3);
  for (const one of [new attention.DotProductAttention(4), new HyperbolicAttention(4, 1), MoEAttention.simple(4, 4, 2)]) assert.strictEqual(bits(one.computeRaw(q, k, v)), bits(one.compute(q, k, v)));
  assert.strictEqual(bits(await attention.computeAttentionAsync(q, k, v)), bits(await attention.computeAttentionAsync(q, k, v, 4)));
  assert.strictEqual(bits(await attention.computeFlashAttentionAsync(q, k, v)), bits(await attention.computeFlashAttentionAsync(q, k, v, 4)));
  assert.strictEqual(bits(await attention.computeHyperbolicAttentionAsync([...q], k, v)), bits(await attention.computeHyperbolicAttentionAsync(q, k, v, 4)));
});

test('what ended the process: heads 0, no positions, few values, short vectors', async () => {
  const k = rows(3, 4, 1), [q, short] = [vector(4, 2), vector(3, 2)];
  await fails(() => EdgeFeaturedAttention.simple(4, 2, 0), 'ERR_INVALID_CONFIG', 'heads 0');
  await fails(() => GraphRoPeAttention.simple(4, 0), 'ERR_INVALID_CONFIG', 'maxPosition 0');
  await fails(() => MoEAttention.simple(4, 0, 1), 'ERR_INVALID_CONFIG', 'no experts: zeros there');
  const rope = new GraphRoPeAttention({ dim: 4, maxPosition: 16 });
  await fails(() => rope.applyRotary(short, 1), 'ERR_DIMENSION_MISMATCH', 'short');
  for (const one of [EdgeFeaturedAttention.simple(4, 2, 2), rope, DualSpaceAttention.simple(4, 1), new HyperbolicAttention(4, 1), MoEAttention.simple(4, 4, 2)]) {
    await fails(() => one.compute(short, k, k), 'ERR_DIMENSION_MISMATCH', 'short query');
    await fails(() => one.compute(q, k, k.slice(1)), 'ERR_DIMENSION_MISMATCH', 'few values');
    await fails(() => one.compute(q, rows(3, 5, 1), k), 'ERR_DIMENSION_MISMATCH', 'long keys');
  }
});

test('names that only its README has', async () => {
  const q = vector(4, 1, 0.3), k = rows(3, 4, 2, 0.3);
  assert.strictEqual(bits(attention.scaledDotAttention(q, k, k)), bits(new attention.DotProductAttention(4).compute(q, k, k)));
  for (const one of [new attention.DotProductAttention(4), new HyperbolicAttention(4, 1), EdgeFeaturedAttention.simple(4, 2, 2), MoEAttention.simple(4, 4, 2)]) {
    assert.strictEqual(bits(await one.computeAsync(q, k, k)), bits(one.compute(q, k, k)));
  }
  assert.strictEqual(MoEAttention.simple(4, 4, 2).getExpertUsage(k).shares.length, 4);
});
