'use strict';
// RuvectorLayerV2: its formula in doubles over the mechanism's own outputs, in walks beside V1 layers, as text, trained. (Gradients:
// members.test.js.)
const assert = require('node:assert');
const test = require('node:test');
const attention = require('@ruvector/gnn/attention');
const { bits, fails, random, relative, rows, ruvector, vector } = require('./support/index.js');
const { EdgeFeaturedAttention } = require('@ruvector/gnn/attention');
const { MSELoss, RuvectorLayer, RuvectorLayerV2, Trainer, hierarchicalForwardV2, hierarchicalForwardV2Async } = ruvector;

const D = 3, H = 4, node = vector(D, 1), neighbors = rows(5, D, 2), weights = [1, 2, 0.5, 1, 3];
const WAYS = {
  withHyperbolic: [{ seed: 1, curvature: -0.5 }, (o) => new attention.HyperbolicAttention({ dim: H, ...o }), { ball: 0.5 }],
  withEdgeFeatured: [{ seed: 1, numHeads: 2 }, ({ seed, ...o }) => new attention.EdgeFeaturedAttention({ nodeDim: H, edgeDim: 4, seed, ...o }), { edges: 4 }],
  withDualSpace: [{ seed: 1 }, (o) => new attention.DualSpaceAttention({ dim: H, ...o }), {}],
  withMoE: [{ seed: 1 }, (o) => new attention.MoEAttention({ dim: H, experts: ['global', 'local'], topK: 1, ...o }), {}],
  withMultiHead: [{ seed: 1, numHeads: 2 }, (o) => new attention.MultiHeadAttention({ dim: H, ...o }), {}],
  withAttention: [{ seed: 1, attention: { class: 'FlashAttention', options: { dim: H } } }, () => new attention.FlashAttention(H), {}],
};

const length = (row) => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
const scaled = (row, f) => { const r = length(row); return r === 0 ? Array.from(row) : Array.from(row, (v) => f(r) / r * v); };
const sigma = (v) => 1 / (1 + Math.exp(-v));

/** The layer in doubles; the mechanism's part by the mechanism. */
function oracle(layer, mechanism, { ball, edges }, w = weights) {
  const parameters = {}, all = layer.getWeights();
  let at = 0;
  for (const { name, shape } of layer.parameters) parameters[name] = all.subarray(at, (at += shape.reduce((a, b) => a * b, 1)));
  const apply = (name, x) => Array.from(parameters[`${name}.bias`], (b, o) => b + Array.from(x).reduce((sum, v, i) => sum + v * parameters[`${name}.weights`][o * x.length + i], 0));
  const h = apply('w_msg', node), m = neighbors.map((row) => apply('w_msg', row)), s = Math.sqrt(ball ?? 1);
  const into = (row) => (ball ? scaled(row, (r) => Math.min(Math.tanh(s * r), 1 - 1e-5) / s) : row), back = (row) => (ball ? scaled(row, (r) => Math.atanh(s * r) / s) : Array.from(row));
  const sum = w.reduce((a, b) => a + b, 0), shares = w.map((v) => v / sum), keys = m.map(into);
  const options = edges ? { edges: shares.map((share) => [share, 0, Math.log(1 + m.length), 1]) } : {};
  const a = back(mechanism.computeBatch([into(h)], keys, keys, options).data), mixed = a.map((v, c) => v + m.reduce((total, row, i) => total + shares[i] * row[c], 0)), u = apply('w_agg', mixed);
  const gate = (input, hidden, x) => apply(`w_update.${input}`, u).map((v, i) => v + apply(`w_update.${hidden}`, x)[i]);
  const z = gate('w_z', 'u_z', h).map(sigma), r = gate('w_r', 'u_r', h).map(sigma), c = gate('w_h', 'u_h', r.map((v, i) => v * h[i])).map(Math.tanh);
  const y = z.map((v, i) => (1 - v) * h[i] + v * c[i]), mean = y.reduce((x, v) => x + v, 0) / H, variance = y.reduce((x, v) => x + (v - mean) ** 2, 0) / H;
  return y.map((v, i) => (v - mean) / Math.sqrt(variance + 1e-5) * parameters['norm.gamma'][i] + parameters['norm.beta'][i]);
}

for (const [way, [options, make, how]] of Object.entries(WAYS)) {
  test(`${way}: the formula, text, one neighbour, none`, () => {
    const layer = RuvectorLayerV2[way](D, H, options), { seed, attention: _, ...rest } = options, mechanism = make(way === 'withHyperbolic' ? rest : { seed, ...rest });
    const next = random(7), all = layer.getWeights().map((w) => w + 0.1 * next());
    layer.setWeights(all);
    mechanism.setWeights(all.subarray(all.length - mechanism.getWeights().length));
    assert.ok(relative(layer.forward(node, neighbors, weights), oracle(layer, mechanism, how)) < 2e-5);
    assert.ok(relative(layer.forward(node, neighbors), oracle(layer, mechanism, how, [1, 1, 1, 1, 1])) < 2e-5, 'equal weights where they are left out');
    const again = RuvectorLayerV2.fromJson(layer.toJson());
    assert.strictEqual(bits(again.forward(node, neighbors, weights)), bits(layer.forward(node, neighbors, weights)));
    assert.strictEqual(JSON.parse(layer.toJson()).version, 1);
    assert.strictEqual(layer.forward(node, neighbors.slice(0, 1)).length, H);
    const alone = layer.forward(node, { data: new Float32Array(0), rows: 0, dim: D });
    assert.ok(Math.abs(alone.reduce((x, v) => x + v, 0)) < 1 && alone.every(Number.isFinite));
  });
}

test('in a walk beside a V1 layer, as objects and as text, in every mode', async () => {
  const query = vector(D, 5, 0.5), levels = [rows(6, D, 3, 0.5), rows(9, H, 4, 0.5), rows(9, H, 6, 0.5)];
  const layers = [RuvectorLayerV2.withHyperbolic(D, H, { seed: 1 }), new RuvectorLayer(H, H, 2, 0, 2), RuvectorLayerV2.withEdgeFeatured(H, H, { seed: 3 })];
  const outputs = new Set();
  for (const mode of ['standard', 'hyperbolic', 'dual_space', 'edge_featured', 'moe']) {
    const out = hierarchicalForwardV2(query, levels, layers, { mode, useFlash: true });
    assert.deepStrictEqual([out.length, out.every(Number.isFinite)], [H, true]);
    if (mode === 'hyperbolic') assert.ok(length(out) < 1, 'in the ball');
    assert.strictEqual(bits(hierarchicalForwardV2(query, levels, layers.map((layer) => layer.toJson()), { mode })), bits(out));
    assert.strictEqual(bits(await ruvector.hierarchicalForwardV2Async(query, levels, layers, { mode })), bits(out));
    outputs.add(bits(out));
  }
  assert.strictEqual(outputs.size, 5);
  // By hand: one level, all its nodes kept.
  const [level] = levels, { levels: [kept], embedding } = hierarchicalForwardV2(query, [level], [layers[0]], { mode: 'standard', k: 6, explain: true });
  const near = [...kept.indices].map((i) => level[i]), combined = query.map((q, c) => (q + near.reduce((sum, row, i) => sum + kept.weights[i] * row[c], 0)) / 2);
  assert.ok(relative(embedding, layers[0].forward(combined, near, kept.weights)) < 1e-5);
  await fails(() => ruvector.hierarchicalForward(query, [level], [layers[0]]), 'ERR_WRONG_HANDLE', 'V1 walks take V1 layers');
  layers[0].close();
  await fails(() => hierarchicalForwardV2(query, [level], [layers[0]], { mode: 'standard' }), 'ERR_CLOSED', 'closed');
});

test('the Trainer trains it, its mechanism too', async () => {
  for (const [way, options] of [['withMultiHead', { numHeads: 2, seed: 1 }], ['withHyperbolic', { maps: true, seed: 1 }], ['withEdgeFeatured', { seed: 1 }]]) {
    const layer = RuvectorLayerV2[way](D, H, options), before = layer.getWeights(), own = layer.parameters.findIndex(({ name }) => name.startsWith('attention.'));
    const inputs = { node: rows(12, D, 3), neighbors: Array.from({ length: 12 }, (_, i) => rows(2 + (i % 3), D, 20 + i)) }, targets = rows(12, H, 9);
    const trainer = new Trainer({ model: layer, loss: new MSELoss(), optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 4, seed: 1 });
    const { loss } = await trainer.fit({ inputs, targets }, { epochs: 120 });
    assert.ok(loss.at(-1) < 0.6 * loss[0], `${way}: ${loss[0]} to ${loss.at(-1)}`);
    const start = layer.parameters.slice(0, own).reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    assert.ok(relative(layer.getWeights().subarray(start), before.subarray(start)) > 1e-3, `${way}: the mechanism's weights move`);
  }
});

test('its text written again by others, and of another version', () => {
  const text = RuvectorLayerV2.withMultiHead(2, 2, { seed: 1 }).toJson(), { version, class: name, ...rest } = JSON.parse(text), walk = (one) => hierarchicalForwardV2([1, 0], [[[0, 1]]], [one], { mode: 'standard' });
  for (const again of [JSON.stringify(JSON.parse(text), null, 2), ` ${text}`, JSON.stringify({ ...rest, class: name, version })]) assert.deepStrictEqual(walk(again), walk(text));
  assert.throws(() => walk(text.replace('"version":1', '"version":2')), { code: 'ERR_CORRUPT', message: /expected 1 for version, received 2/ });
});

test('weights of layers in an asynchronous walk cannot be set before it ends', async () => {
  const layer = RuvectorLayerV2.withMultiHead(4, 4, { seed: 1 }), old = new ruvector.RuvectorLayer(4, 4, 1, 0, { seed: 2 }), edges = new EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 1, seed: 3 });
  const levels = [[[0, 1, 0, 0], [1, 0, 0, 0]], [[0, 0, 1, 0], [0, 0, 0, 1]]], later = hierarchicalForwardV2Async([1, 0, 0, 0], levels, [layer, old], { mode: 'standard', k: 2 });
  for (const one of [layer, old]) assert.throws(() => one.setWeights(one.getWeights()), { code: 'ERR_BUSY' });
  await later;
  for (const one of [layer, old]) one.setWeights(one.getWeights());
  const other = hierarchicalForwardV2Async([1, 0, 0, 0], levels, undefined, { mode: 'edge_featured', k: 2, edgeAttention: edges }).then(() => undefined, (error) => error);
  assert.throws(() => edges.setWeights(edges.getWeights()), { code: 'ERR_BUSY' });
  await other;
  edges.setWeights(edges.getWeights());
  const walk = hierarchicalForwardV2Async([1, 0], levels, [layer, old], { mode: 'standard' });
  await assert.rejects(walk, (error) => error.code.startsWith('ERR_'));
  layer.setWeights(layer.getWeights());
});

test('what it may not be made of', async () => {
  const make = (more) => () => new RuvectorLayerV2({ inputDim: D, hiddenDim: H, attention: 'global', ...more });
  make({})().close();
  await fails(make({ attention: undefined }), 'ERR_INVALID_CONFIG', 'no mechanism');
  await fails(make({ attention: { class: 'FlashAttention', options: { dim: 5 } } }), 'ERR_INVALID_CONFIG', 'another width');
  await fails(make({ attention: { class: 'EdgeFeaturedAttention', options: { nodeDim: H, edgeDim: 2, outputHeadDim: 3 } } }), 'ERR_INVALID_CONFIG', 'another width of outputs');
  await fails(make({ attention: new RuvectorLayer(D, H, 1) }), 'ERR_WRONG_HANDLE', 'a layer');
  await fails(make({ curvature: 1 }), 'ERR_INVALID_CONFIG', 'a curvature that is none');
  await fails(() => RuvectorLayerV2.withMultiHead(D, H, { curvature: 1 }), 'ERR_INVALID_CONFIG', 'an option of another mechanism');
  await fails(() => make({})().forward(node, neighbors, [1, 2]), 'ERR_DIMENSION_MISMATCH', 'too few weights');
});
