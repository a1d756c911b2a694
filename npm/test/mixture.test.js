'use strict';
// Mechanisms made of others: MoEAttention.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, relative, rows, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

const { Attention, FlashAttention, MoEAttention, MultiHeadAttention } = attention;
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const softmax = (logits) => {
  const top = Math.max(...logits), p = logits.map((l) => Math.exp(l - top)), sum = p.reduce((a, b) => a + b);
  return p.map((x) => x / sum);
};

test('MoEAttention: forms, defaults, getters', async () => {
  const one = new MoEAttention({ dim: 8, numExperts: 6, topK: 3, expertCapacity: 1.5 });
  assert.deepStrictEqual([one.dim, one.numExperts, one.topK, one.expertCapacity, one.balance], [8, 6, 3, 1.5, 0]);
  assert.ok(Number.isInteger(one.seed) && one instanceof Attention);
  assert.strictEqual(new Set(one.experts.map((x) => JSON.stringify(x))).size, 6, 'no two alike');
  assert.deepStrictEqual([new MoEAttention(8).numExperts, new MoEAttention({ dim: 8 }).topK, new MoEAttention({ dim: 8, numExperts: 1 }).topK], [4, 2, 1]);
  const simple = MoEAttention.simple(8, 4, 2), q = rows(5, 8, 1);
  assert.deepStrictEqual([simple.numExperts, simple.topK, simple.seed], [4, 2, 0]);
  assert.strictEqual(bits(simple.computeBatch(q, q, q)), bits(MoEAttention.simple(8, 4, 2).computeBatch(q, q, q)));
  await fails(() => MoEAttention.simple(8, 4, 5), 'ERR_INVALID_CONFIG', 'more choices than experts');
  await fails(() => new MoEAttention({ dim: 8, numExperts: 3, experts: ['local'] }), 'ERR_INVALID_CONFIG', 'another number');
  const eight = new MoEAttention({ dim: 8, numExperts: 64, topK: 64, expertCapacity: 0 });
  assert.ok(eight.compute(q[0], q, q).every(Number.isFinite));
});

test('MoEAttention: gates, choices and outputs by the formula', () => {
  const experts = [new FlashAttention(4), new attention.ScaledDotProductAttention({ dim: 4, temperature: 0.1 }), new MultiHeadAttention({ dim: 4, seed: 3 })];
  const one = new MoEAttention({ dim: 4, experts, topK: 2, expertCapacity: 0, seed: 9 }), q = rows(12, 4, 1, 3), k = rows(6, 4, 2), v = rows(6, 4, 3);
  const w = one.getWeights(), { experts: chosen, probabilities, queries, k: count } = one.getRouting(q), { data } = one.computeBatch(q, k, v);
  assert.deepStrictEqual([queries, count, chosen.length], [12, 2, 24]);
  const sums = [0, 0, 0];
  q.forEach((query, i) => {
    const logits = [0, 1, 2].map((e) => dot(query, w.subarray(4 * e, 4 * e + 4)) + w[12 + e]);
    const best = [0, 1, 2].sort((a, b) => logits[b] - logits[a]).slice(0, 2), g = softmax(best.map((e) => logits[e]));
    assert.deepStrictEqual(Array.from(chosen.subarray(2 * i, 2 * i + 2)), best);
    assert.ok(relative(probabilities.subarray(2 * i, 2 * i + 2), g) < 1e-5);
    const outs = best.map((e) => experts[e].compute(query, k, v));
    assert.ok(relative(data.subarray(4 * i, 4 * i + 4), outs[0].map((x, c) => g[0] * x + g[1] * outs[1][c])) < 1e-5, `query ${i}`);
    best.forEach((e) => { sums[e]++; });
  });
  const usage = one.getExpertUsage(q);
  assert.ok(relative(usage.shares, sums.map((x) => x / 12)) < 1e-6 && Math.abs(usage.probabilities.reduce((a, b) => a + b) - 1) < 1e-5 && usage.balanceLoss > 0);
  const weights = one.attentionWeights(q, k);
  assert.strictEqual(weights.heads, 1);
  for (let i = 0; i < 12; i++) assert.ok(Math.abs(weights.data.subarray(6 * i, 6 * i + 6).reduce((a, b) => a + b) - 1) < 1e-5);
});

test('MoEAttention: nobody has more than the capacity', () => {
  const q = rows(40, 8, 1), one = new MoEAttention({ dim: 8, numExperts: 4, topK: 2, expertCapacity: 1, seed: 1 });
  one.setWeights(one.getWeights().map((x, i) => (i === 32 ? 100 : x))); // the bias of expert 0
  const { experts } = one.getRouting(q), counts = [0, 1, 2, 3].map((e) => experts.filter((x) => x === e).length);
  assert.deepStrictEqual(counts[0], 20);
  assert.ok(counts.every((x) => x <= 20));
  assert.ok(one.getExpertUsage(q).balanceLoss > 1.2, 'all want the same one');
});

test('MoEAttention: experts are copies; closed ones are refused', async () => {
  const expert = new MultiHeadAttention({ dim: 4, seed: 1 }), one = new MoEAttention({ dim: 4, experts: [expert], seed: 1 }), q = rows(3, 4, 1), k = rows(5, 4, 2);
  const before = bits(expert.computeBatch(q, k, k));
  assert.strictEqual(bits(one.computeBatch(q, k, k)), before);
  expert.setWeights(new Float32Array(80));
  assert.strictEqual(bits(one.computeBatch(q, k, k)), before);
  expert.close();
  assert.strictEqual(bits(one.computeBatch(q, k, k)), before);
  await fails(() => new MoEAttention({ dim: 4, experts: [expert] }), 'ERR_CLOSED', 'a closed expert');
  assert.deepStrictEqual(one.parameters.slice(0, 3).map(({ name }) => name), ['gate.weight', 'gate.bias', 'experts.0.query.weight']);
  let deep = one;
  for (let i = 0; i < 6; i++) deep = new MoEAttention({ dim: 4, experts: [deep] });
  assert.strictEqual(bits(deep.computeBatch(q, k, k)), before);
  const again = MoEAttention.fromJson(deep.toJson());
  assert.strictEqual(bits(again.computeBatch(q, k, k)), before);
  assert.strictEqual(again.toJson(), deep.toJson());
  await fails(() => new MoEAttention({ dim: 4, experts: [deep] }), 'ERR_INVALID_CONFIG', 'nine levels');
});

test('MoEAttention: backward adds the gradient of the balance loss', () => {
  const make = (balance) => new MoEAttention({ dim: 4, numExperts: 3, topK: 1, expertCapacity: 0, balance, seed: 4 }), q = rows(9, 4, 1), k = rows(5, 4, 2), g = vector(36, 3);
  const one = make(0.5), with_ = one.backward(q, k, k, g).parameters, without = make(0).backward(q, k, k, g).parameters, w = one.getWeights(), h = 2 ** -9;
  for (let i = 0; i < 15; i++) {
    const [up, down] = [h, -h].map((step) => {
      one.setWeights(w.map((x, j) => (j === i ? x + step : x)));
      return 0.5 * one.getExpertUsage(q).balanceLoss;
    });
    assert.ok(Math.abs((up - down) / (2 * h) - (with_[i] - without[i])) < 2e-4, `${i}: ${(up - down) / (2 * h)}, ${with_[i] - without[i]}`);
  }
});

test('MoEAttention: seeds of 64 bits survive JSON', () => {
  const seed = 2n ** 63n + 5n, experts = [{ class: 'LinearAttention', options: { dim: 4, numFeatures: 8, seed } }, 'global'];
  const one = new MoEAttention({ dim: 4, experts, seed }), again = MoEAttention.fromJson(one.toJson()), q = rows(3, 4, 1);
  assert.deepStrictEqual([again.seed, again.experts], [seed, one.experts]);
  assert.strictEqual(bits(again.computeBatch(q, q, q)), bits(one.computeBatch(q, q, q)));
});

test('methods of one kind of mechanism refuse the others', async () => {
  const { DynamicHeadsAttention, FlashAttention, LearnedRoutingAttention } = attention, q = rows(2, 4, 1);
  const kinds = [new MoEAttention(4), new LearnedRoutingAttention(4), new DynamicHeadsAttention(4), new FlashAttention(4)];
  const { getRouting, getExpertUsage } = MoEAttention.prototype, { getGates } = DynamicHeadsAttention.prototype;
  for (const [name, method, fits] of [['getRouting', getRouting, [0, 1]], ['getExpertUsage', getExpertUsage, [0, 1]], ['getGates', getGates, [2]]]) {
    for (const [i, one] of kinds.entries()) {
      if (fits.includes(i)) method.call(one, q);
      else await fails(() => method.call(one, q), 'ERR_WRONG_HANDLE', `${name} of ${one.constructor.name}`);
    }
  }
});

test('experts in experts: no more than 8 levels and 1,024 in all, and soon said', async () => {
  const { MoEAttention } = attention, nest = (inner, count) => ({ class: 'MoEAttention', options: { dim: 1, experts: Array(count).fill(inner) } });
  let many = { class: 'DotProductAttention', options: { dim: 1 } };
  for (let i = 0; i < 3; i++) many = nest(many, 64);
  await fails(() => new MoEAttention({ dim: 1, experts: [many] }), 'ERR_INVALID_CONFIG', 'too many');
  const round = { class: 'MoEAttention', options: { dim: 4 } };
  round.options.experts = [round];
  await fails(() => new MoEAttention({ dim: 4, experts: [round] }), 'ERR_INVALID_CONFIG', 'a circle');
  let deep = { class: 'DotProductAttention', options: { dim: 1 } };
  for (let i = 0; i < 5000; i++) deep = nest(deep, 1);
  await fails(() => new MoEAttention({ dim: 1, experts: [deep] }), 'ERR_INVALID_CONFIG', 'deep');
  new MoEAttention({ dim: 1, experts: [nest({ class: 'DotProductAttention', options: { dim: 1 } }, 3)] }).close();
});

test('experts of a text share its weights: they are refused before more than those are taken', () => {
  const child = { class: 'MultiHeadAttention', options: { dim: 8, numHeads: 1, projections: true, causal: false, seed: 1 } }; // 288 floats
  const text = JSON.parse(new (require('@ruvector/gnn/attention').MoEAttention)({ dim: 8, experts: [child, child, child], seed: 1 }).toJson());
  text.weights = [{ name: 'x', shape: [300], data: Array(300).fill(0) }];
  assert.throws(() => require('@ruvector/gnn/attention').MoEAttention.fromJson(JSON.stringify(text)), { code: 'ERR_CORRUPT', message: 'expected 288 numbers for weights, received 12' });
});
