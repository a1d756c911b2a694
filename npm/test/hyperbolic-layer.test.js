'use strict';
// HyperbolicGNNLayer: a convolution of the tangent space between log₀ and exp₀, held to doubles of the test's own. (Golden vectors of
// geoopt and PyTorch Geometric: graph-golden.test.js; gradients: members.test.js.)
const assert = require('node:assert');
const test = require('node:test');
const { relative, rows, ruvector } = require('./support/index.js');
const { GATLayer, GCNLayer, Graph, HyperbolicGNNLayer, Sequential, Trainer, dist } = ruvector;

const graph = Graph.fromAdjacency([[1, 2], [0, 2, 2], [], [3, 0], [4, 1, 3]]), x = rows(5, 3, 4, 0.4);
const length = (row) => Math.sqrt(row.reduce((sum, v) => sum + v * v, 0)), split = ({ data, dim }) => Array.from({ length: data.length / dim }, (_, i) => Array.from(data.subarray(i * dim, (i + 1) * dim)));
const exp0 = (v, c) => { const s = Math.sqrt(c), r = length(v); return r === 0 ? v : v.map((a) => Math.min(Math.tanh(s * r), 1 - 1e-5) / (s * r) * a); };
const log0 = (y, c) => { const s = Math.sqrt(c), r = length(y); return r === 0 ? y : Array.from(y, (a) => Math.atanh(Math.min(s * r, 1 - 1e-5)) / (s * r) * a); };

test('each aggregation is its layer in the tangent space: outputs of doubles', () => {
  for (const c of [1, 0.3, 4]) {
    for (const aggregation of ['symmetric', 'mean', 'attention']) {
      const layer = new HyperbolicGNNLayer({ inChannels: 3, outChannels: 4, curvature: -c, aggregation, input: 'ball', activation: 'tanh', seed: 3 });
      const inner = aggregation === 'attention' ? new GATLayer({ inChannels: 3, outChannels: 4, seed: 3 }) : new GCNLayer({ inChannels: 3, outChannels: 4, normalization: aggregation === 'mean' ? 'row' : 'symmetric', seed: 3 });
      assert.deepStrictEqual(layer.getWeights(), inner.getWeights());
      const expected = split(inner.forward(x.map((row) => log0(row, c)), graph)).map((a) => exp0(a.map(Math.tanh), c));
      assert.ok(relative(layer.forward(x, graph).data, expected.flat()) < 2e-6, `${c} ${aggregation}`);
    }
  }
});

test('with one curvature a stack is a GCN of the tangent space: exp₀ and log₀ between layers cancel', () => {
  const one = (input, output, inChannels, outChannels, seed) => ({ class: 'HyperbolicGNNLayer', options: { inChannels, outChannels, input, output, curvature: -0.7, activation: 'tanh', seed } });
  const left = new Sequential({ layers: [one('tangent', 'tangent', 3, 4, 1), one('tangent', 'ball', 4, 2, 2)] }).forward(x, graph);
  const kept = new Sequential({ layers: [one('tangent', 'ball', 3, 4, 1), one('ball', 'ball', 4, 2, 2)] }).forward(x, graph);
  assert.ok(relative(left.data, kept.data) < 5e-6);
  const layer = (inChannels, outChannels, seed) => [{ class: 'GCNLayer', options: { inChannels, outChannels, seed } }, { class: 'Activation', options: { function: 'tanh' } }];
  const flat = new Sequential({ layers: [...layer(3, 4, 1), ...layer(4, 2, 2)] }).forward(x, graph);
  assert.ok(relative(left.data, split(flat).flatMap((row) => exp0(row, 0.7))) < 5e-6);
});

test('points beyond the rim count as drawn back to it; results lie inside', () => {
  const layer = new HyperbolicGNNLayer({ inChannels: 3, outChannels: 4, input: 'ball', seed: 3 }), far = x.map((row) => row.map((v) => v / length(row) * 3));
  const near = far.map((row) => row.map((v) => v / 3 * (1 - 1e-5)));
  assert.ok(relative(layer.forward(far, graph).data, layer.forward(near, graph).data) < 1e-3);
  for (const scale of [1, 1e3, 1e6]) for (const row of split(new HyperbolicGNNLayer({ inChannels: 3, outChannels: 4, seed: 3 }).forward(x.map((one) => one.map((v) => v * scale)), graph))) assert.ok(length(row) < 1);
  assert.deepStrictEqual(split(layer.forward(Array(5).fill([0, 0, 0]), graph)), Array(5).fill([0, 0, 0, 0]));
});

test('a curvature that is learned moves, and stays what softplus makes of it', async () => {
  const layer = new HyperbolicGNNLayer({ inChannels: 3, outChannels: 2, curvature: -2, learnCurvature: true, seed: 5 }), at = layer.getWeights().length - 1, softplus = (t) => Math.log1p(Math.exp(t));
  assert.ok(Math.abs(softplus(layer.getWeights()[at]) - 2) < 1e-6);
  // Two nodes shall be a distance apart that the ball of curvature −2 does not begin with.
  const loss = ({ data }) => {
    const want = 0.3, gradient = new Float32Array(data.length), value = (d) => (dist([d[0], d[1]], [d[2], d[3]], -1) - want) ** 2, step = 1e-3;
    for (let i = 0; i < 4; i++) {
      const [up, down] = [step, -step].map((h) => value(data.map((v, k) => (k === i ? v + h : v))));
      gradient[i] = (up - down) / (2 * step);
    }
    return { loss: value(data), gradient };
  };
  const trainer = new Trainer({ model: layer, loss, optimizer: { type: 'adam', learningRate: 0.05 }, shuffle: false, seed: 1 }), before = layer.getWeights()[at];
  const { loss: history } = await trainer.fit({ inputs: { x, graph } }, { epochs: 60 });
  assert.ok(history.at(-1) < 0.05 * history[0] + 1e-6, `${history[0]} to ${history.at(-1)}`);
  assert.notStrictEqual(layer.getWeights()[at], before);
  for (const theta of [-1e30, -100, 0, 100, 1e30]) {
    const weights = layer.getWeights();
    weights[at] = theta;
    layer.setWeights(weights);
    const { data } = layer.forward(x, graph);
    assert.ok(data.every(Number.isFinite), `${theta}`);
    assert.ok(layer.backward(x, graph, undefined, { data, rows: 5, dim: 2 }).parameters.every(Number.isFinite), `${theta}`);
  }
});
