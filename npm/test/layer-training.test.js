'use strict';
// RuvectorLayer: gradients, weights to get and set, a few steps of training.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, pack, relative, rows, ruvector, vector } = require('./support/index.js');

const { RuvectorLayer } = ruvector;
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

for (const n of [0, 3, 12]) {
  test(`backward = central differences, ${n} neighbours`, () => {
    const layer = new RuvectorLayer(5, 6, 2, 0.1, 3), node = vector(5, 1), neighbors = n ? pack(rows(n, 5, 2)) : [];
    const edges = vector(n, 3).map((x) => Math.abs(x) + 0.2), g = vector(6, 4), weights = layer.getWeights().map((x, i) => x + 0.1 * Math.sin(i));
    layer.setWeights(weights);
    const gradients = layer.backward(node, neighbors, edges, g), h = 2 ** -9;
    assert.deepStrictEqual(Object.values(gradients).map(({ length }) => length), [5, 5 * n, n, weights.length]);
    const places = [[node, 'node'], [n ? neighbors.data : [], 'neighbors'], [edges, 'edgeWeights'], [weights, 'parameters']];
    for (const [array, name] of places) {
      if (array.length === 0) continue;
      const differences = Float64Array.from(array, (x, i) => {
        const [up, down] = [h, -h].map((step) => {
          array[i] = x + step;
          layer.setWeights(weights);
          return dot(layer.forward(node, neighbors, edges), g);
        });
        array[i] = x;
        return (up - down) / (2 * h);
      });
      layer.setWeights(weights);
      assert.ok(relative(differences, gradients[name]) < 5e-3, `${name}: ${relative(differences, gradients[name])}`);
    }
  });
}

test('forms of arguments, default edge weights', () => {
  const layer = new RuvectorLayer(4, 4, 2, 0, 1), node = vector(4, 1), list = rows(5, 4, 2), g = vector(4, 3);
  const expected = bits(layer.backward(node, list, [1, 1, 1, 1, 1], g));
  for (const [x, neighbors, gradient] of [[Array.from(node), pack(list), Array.from(g)], [Float64Array.from(node), list.map((y) => Array.from(y)), Float64Array.from(g)]]) {
    assert.strictEqual(bits(layer.backward(x, neighbors, undefined, gradient)), expected);
  }
  assert.strictEqual(layer.backward(node, undefined, undefined, g).neighbors.length, 0);
});

test('weights: names and shapes, JSON, closed', async () => {
  const layer = new RuvectorLayer(3, 4, 2, 0.1, 1), weights = layer.getWeights();
  assert.strictEqual(layer.parameters.length, 26);
  assert.deepStrictEqual(layer.parameters[0], { name: 'w_msg.weights', shape: [4, 3] });
  assert.strictEqual(layer.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b), 0), weights.length);
  layer.setWeights(weights.map((x) => x / 2));
  assert.deepStrictEqual(RuvectorLayer.fromJson(layer.toJson()).getWeights(), weights.map((x) => x / 2));
  await fails(() => layer.setWeights(weights.slice(1)), 'ERR_DIMENSION_MISMATCH', 'one less');
  layer.close();
  for (const run of [() => layer.getWeights(), () => layer.setWeights(weights), () => layer.backward([1, 2, 3], [], [], [1, 2, 3, 4])]) await fails(run, 'ERR_CLOSED', 'closed');
  assert.strictEqual(layer.parameters.length, 26);
  await fails(() => RuvectorLayer.prototype.backward.call({}, [1], [], [], [1]), 'ERR_WRONG_HANDLE', 'another object');
});

test('gradient descent learns a target', () => {
  const layer = new RuvectorLayer(6, 8, 2, 0, 5), node = vector(6, 1), list = rows(7, 6, 2), target = layer.forward(vector(6, 9), rows(3, 6, 10)), losses = [];
  for (let step = 0; step < 60; step++) {
    const difference = layer.forward(node, list).map((x, i) => x - target[i]);
    losses.push(dot(difference, difference));
    const { parameters } = layer.backward(node, list, undefined, difference.map((x) => 2 * x));
    layer.setWeights(layer.getWeights().map((x, i) => x - 0.02 * parameters[i]));
  }
  assert.ok(losses.at(-1) < losses[0] / 50, `${losses[0]} -> ${losses.at(-1)}`);
});
