'use strict';
// Every export of @ruvector/gnn in every documented form, as its users' tests call it: with Float32Arrays (what the
// published binary takes), with number[] (what its README shows), with arguments left out, with snake_case keys.
const assert = require('node:assert');
const test = require('node:test');
const { ruvector, rows } = require('./support/index.js');

const { RuvectorLayer, TensorCompress, differentiableSearch, getCompressionLevel, hierarchicalForward, init } = ruvector;
const close = (a, b, tolerance = 1e-5) => assert.ok(Math.abs(a - b) <= tolerance, `${a} is not ${b}`);
const isFinite = (list) => list.every((x) => Number.isFinite(x));

test('init', () => assert.strictEqual(init(), 'Ruvector GNN Node.js bindings initialized'));

test('RuvectorLayer: constructor', () => {
  for (const args of [[4, 8, 2, 0.1], [4, 8, 2], [128, 256, 4, 0], [4, 8, 2, 1]]) {
    assert.ok(new RuvectorLayer(...args) instanceof RuvectorLayer);
  }
  assert.throws(() => new RuvectorLayer(4, 8, 2, -0.1), Error);
  assert.throws(() => new RuvectorLayer(4, 8, 2, 1.1), Error);
  assert.throws(() => new RuvectorLayer(4, 8, 3, 0.1), Error);
  assert.throws(() => new RuvectorLayer(4, 8, 0, 0.1), Error);
  assert.strictEqual(new RuvectorLayer(4, 8, 2).dropout, 0.1);
});

const forms = {
  Float32Array: { vector: (x) => Float32Array.from(x), isResult: (x) => x instanceof Float32Array },
  'number[]': { vector: (x) => Array.from(x), isResult: (x) => Array.isArray(x) },
  Float64Array: { vector: (x) => Float64Array.from(x), isResult: (x) => x instanceof Float32Array },
};

for (const [name, { vector, isResult }] of Object.entries(forms)) {
  test(`RuvectorLayer.forward: ${name}`, () => {
    const layer = new RuvectorLayer(4, 8, 2, 0.1);
    const node = vector([1, 2, 3, 4]), neighbors = [vector([0.5, 1, 1.5, 2]), vector([2, 3, 4, 5])];
    for (const output of [layer.forward(node, neighbors, vector([0.3, 0.7])), layer.forward(node, neighbors), layer.forward(node, [], vector([])),
      layer.forward(node, []), layer.forward(node), layer.forward(node, neighbors, vector([])), layer.forward(node, neighbors, vector([1])),
      layer.forward(node, neighbors, vector([1, 2, 3]))]) {
      assert.ok(isResult(output) && output.length === 8 && isFinite(output));
      close(output.reduce((a, b) => a + b), 0, 1e-4); // layer norm
      close(output.reduce((a, b) => a + b * b, 0) / 8, 1, 1e-2);
    }
    assert.notDeepStrictEqual(layer.forward(node, neighbors), layer.forward(node));
    assert.deepStrictEqual(layer.forward(node, neighbors), layer.forward(node, neighbors, vector([1, 1])), 'equal weights');
    assert.deepStrictEqual(layer.forward(node, neighbors), layer.forward(node, neighbors), 'deterministic');
  });

  test(`differentiableSearch: ${name}`, () => {
    const query = vector([1, 0, 0]), candidates = [[1, 0, 0], [0.9, 0.1, 0], [0, 1, 0]].map(vector);
    const result = differentiableSearch(query, candidates, 2, 1.0);
    assert.deepStrictEqual(Object.keys(result).sort(), ['indices', 'weights']);
    assert.ok(Array.isArray(result.indices) && Array.isArray(result.weights));
    assert.deepStrictEqual(result.indices, [0, 1]);
    close(result.weights[0], 0.4234091341495514);
    close(result.weights[1], 0.42082735896110535);
    assert.deepStrictEqual(differentiableSearch(query, candidates, 2), result, 'temperature defaults to 1');
    assert.strictEqual(differentiableSearch(query, candidates, 10, 1).indices.length, 3);
    close(differentiableSearch(query, candidates, 3, 1).weights.reduce((a, b) => a + b), 1);
    assert.deepStrictEqual(differentiableSearch(query, [], 5, 1), { indices: [], weights: [] });
    assert.deepStrictEqual(differentiableSearch(query, candidates, 0, 1), { indices: [], weights: [] });
    assert.ok(differentiableSearch(query, candidates, 1, 0.1).weights[0] > result.weights[0], 'lower temperature is sharper');
    assert.throws(() => differentiableSearch(vector([1, 0]), candidates, 2, 1), Error); // ended the process there
  });

  test(`hierarchicalForward: ${name}`, () => {
    const first = new RuvectorLayer(3, 4, 2, 0), second = new RuvectorLayer(4, 6, 2, 0);
    const query = vector([1, 0.5, -1]);
    const levels = [rows(7, 3, 1).map(vector), rows(9, 4, 2).map(vector)], json = [first.toJson(), second.toJson()];
    const result = hierarchicalForward(query, levels, json);
    assert.ok(isResult(result) && result.length === 6 && isFinite(result));
    assert.deepStrictEqual(hierarchicalForward(query, levels, [first, second]), result, 'layers themselves');
    assert.strictEqual(hierarchicalForward(query, levels, json.slice(0, 1)).length, 4, 'as many levels as both lists have');
    assert.strictEqual(hierarchicalForward(query, levels.slice(0, 1), json).length, 4);
    assert.deepStrictEqual(Array.from(hierarchicalForward(query, [[], levels[1]], json.slice(0, 1))), Array.from(query), 'an empty level');
    for (const nothing of [hierarchicalForward(query, [], []), hierarchicalForward(query, levels, []), hierarchicalForward(query, [], json)]) {
      assert.ok(isResult(nothing));
      assert.deepStrictEqual(Array.from(nothing), Array.from(query));
      assert.notStrictEqual(nothing, query);
    }
    assert.throws(() => hierarchicalForward(query, levels, ['not json']), Error);
    assert.throws(() => hierarchicalForward(vector([1, 2]), levels, json), Error);
  });

  test(`TensorCompress: ${name}`, () => {
    const tensor = new TensorCompress();
    const numbers = Array.from({ length: 64 }, (_, i) => Math.sin(i) * 2), v = vector(numbers);
    const cosine = (x) => {
      const dot = (a, b) => a.reduce((sum, y, i) => sum + y * b[i], 0);
      return dot(x, numbers) / Math.sqrt(dot(x, x) * dot(numbers, numbers));
    };
    const least = { none: 1 - 1e-7, half: 1 - 1e-6, pq8: 0.9, pq4: 0.9, binary: 0.75 };
    for (const [levelType, bound] of Object.entries(least)) {
      for (const level of [{ levelType }, { level_type: levelType }]) {
        const json = tensor.compressWithLevel(v, level);
        assert.strictEqual(typeof json, 'string');
        assert.strictEqual(typeof JSON.parse(json), 'object');
        const back = tensor.decompress(json);
        assert.ok(back instanceof Float32Array && back.length === 64, levelType);
        assert.ok(cosine(back) >= bound, `${levelType}: ${cosine(back)}`);
      }
    }
    for (const [freq, levelType] of [[0.9, 'none'], [0.5, 'half'], [0.2, 'pq8'], [0.05, 'pq4'], [0.001, 'binary']]) {
      assert.strictEqual(getCompressionLevel(freq), levelType);
      assert.strictEqual(tensor.compress(v, freq), tensor.compressWithLevel(v, { levelType }));
    }
    assert.deepStrictEqual(tensor.decompress(tensor.compress(v, 1)), Float32Array.from(numbers));
    assert.deepStrictEqual(Array.from(tensor.decompress(tensor.compressWithLevel(v, { levelType: 'binary', threshold: 1 }))), numbers.map((x) => (x > 1 ? 1 : -1)));
    const options = [{ levelType: 'half', scale: 2 }, { levelType: 'pq8', subvectors: 4, centroids: 32 }, { levelType: 'pq4', subvectors: 4, outlierThreshold: 2 },
      { levelType: 'pq8', subvectors: 8, centroids: 16, scale: 1, outlierThreshold: 3, threshold: 0 }];
    for (const level of options) {
      const snake = Object.fromEntries(Object.entries(level).map(([key, value]) => [key.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`), value]));
      assert.strictEqual(tensor.compressWithLevel(v, snake), tensor.compressWithLevel(v, level));
      assert.strictEqual(tensor.decompress(tensor.compressWithLevel(v, level)).length, 64);
    }
    assert.throws(() => tensor.compress(vector([]), 1), Error);
    assert.throws(() => tensor.compressWithLevel(v, { levelType: 'lz4' }), Error);
    assert.throws(() => tensor.compress(vector([1, 2, 3]), 0.2), Error);
    assert.throws(() => tensor.decompress('not json'), Error);
  });
}

test('toJson and fromJson', () => {
  const layer = new RuvectorLayer(4, 8, 2, 0.25), json = layer.toJson();
  const copy = RuvectorLayer.fromJson(json);
  assert.ok(copy instanceof RuvectorLayer);
  assert.strictEqual(copy.toJson(), json);
  const node = new Float32Array([1, 2, 3, 4]);
  assert.deepStrictEqual(copy.forward(node, [node], new Float32Array([1])), layer.forward(node, [node], new Float32Array([1])));
  const object = JSON.parse(json);
  assert.deepStrictEqual(Object.keys(object).sort(), ['attention', 'dropout', 'norm', 'w_agg', 'w_msg', 'w_update']);
  assert.deepStrictEqual(object.w_msg.weights.dim, [8, 4]);
  assert.deepStrictEqual([object.attention.num_heads, object.attention.head_dim, object.dropout], [2, 4, 0.25]);
  assert.throws(() => RuvectorLayer.fromJson('{}'), Error);
  assert.throws(() => RuvectorLayer.fromJson('nothing'), Error);
});

test('weights: Xavier-normal, different each time, the same for one seed', () => {
  const weights = (...args) => JSON.parse(new RuvectorLayer(32, 64, 4, 0.1, ...args).toJson()).w_msg.weights.data;
  const w = weights();
  const std = Math.sqrt(w.reduce((sum, x) => sum + x * x, 0) / w.length);
  close(std, Math.sqrt(2 / 96), 0.02);
  assert.notDeepStrictEqual(weights(), w);
  for (const seed of [0, 7, 2 ** 53 - 1, 12345678901234567890n]) {
    assert.deepStrictEqual(weights(seed), weights(seed));
    assert.deepStrictEqual(weights({ seed }), weights(seed));
    assert.strictEqual(new RuvectorLayer(4, 4, 1, 0, seed).seed, seed);
  }
  assert.deepStrictEqual(weights(7), weights(7n));
  assert.notDeepStrictEqual(weights(7), weights(8));
  const entropy = new RuvectorLayer(4, 4, 1);
  assert.strictEqual(new RuvectorLayer(4, 4, 1, 0.1, entropy.seed).toJson(), entropy.toJson());
});

test('getCompressionLevel', () => {
  for (const [freq, level] of [[1, 'none'], [0.81, 'none'], [0.8, 'half'], [0.4, 'pq8'], [0.1, 'pq4'], [0.01, 'binary'], [0, 'binary'], [NaN, 'binary']]) {
    assert.strictEqual(getCompressionLevel(freq), level);
  }
});
