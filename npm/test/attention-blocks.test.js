'use strict';
// One query over long lists of vectors: made block by block, the same as at once.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, rows, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

const N = 1100, D = 128; // more than two blocks, and enough floats
const { DotProductAttention, FlashAttention, GraphRoPEAttention, MultiHeadAttention, ScaledDotProductAttention } = attention;
const q = vector(D, 1), K = rows(N, D, 2), V = rows(N, D, 3);
const packed = (list) => ({ data: Float32Array.from(list.flatMap((row) => [...row])), rows: list.length, dim: list[0].length });
const mechanisms = () => [
  new DotProductAttention(D), new ScaledDotProductAttention({ dim: D, temperature: 0.3, causal: true }), new FlashAttention(D, 64), new FlashAttention(D, 100),
  new FlashAttention({ dim: D, numHeads: 4 }), new MultiHeadAttention(D, 8), new MultiHeadAttention({ dim: D, numHeads: 2, seed: 1 }), new GraphRoPEAttention(D, 700),
];

test('lists and packed matrices give the same bits, the first time and when lists come again', () => {
  for (const one of mechanisms()) {
    const [k, v] = [K.slice(), V.slice()], wanted = bits(one.compute(q, packed(K), packed(V))), wide = V.map((row, i) => Float32Array.of(...row, i, -i, 1, 2, 3, 4, 5, 6));
    for (let i = 0; i < 4; i++) assert.strictEqual(bits(one.compute(q, k, v)), wanted, `${one.constructor.name} time ${i}`);
    assert.strictEqual(bits(one.compute(q, k, k)), bits(one.compute(q, packed(K), packed(K))));
    if (one.parameters.length === 0) assert.strictEqual(bits(one.compute(q, k, wide)), bits(one.compute(q, packed(K), packed(wide))));
    one.close();
  }
});

test('what arrays hold now counts; arrays of other kinds count too', () => {
  const one = new DotProductAttention(D), k = K.map((row) => row.slice()), v = V.slice();
  for (let i = 0; i < 3; i++) one.compute(q, k, v);
  k[700].set(q);
  v[3] = vector(D, 77);
  k[5] = [...K[6]];
  k[600] = Float64Array.from(K[7]);
  assert.strictEqual(bits(one.compute(q, k, v)), bits(one.compute(q, packed(k), packed(v))));
});

test('errors are those of short lists, by place', async () => {
  const one = new DotProductAttention(D), change = (list, i, row) => list.map((x, j) => (j === i ? row : x));
  const message = async (run) => run().then(() => assert.fail(), (error) => `${error.code} ${error.message}`);
  const cases = [
    [change(K, 900, vector(D - 1, 4)), V], [K, change(V, 1050, vector(D + 1, 4))], [K, V.slice(1)], [change(K, 0, vector(D - 1, 4)), V], [change(K, 800, null), V],
    [change(K, 1000, K[0].map((x, i) => (i === 9 ? NaN : x))), V], [K, change(V, 700, K[0].map((x, i) => (i === 9 ? Infinity : x)))], [K, change(V, 0, 'row')],
  ];
  for (const [k, v] of cases) assert.strictEqual(await message(async () => one.compute(q, k, v)), await message(() => one.computeAsync(q, k, v)));
  const gone = K.map((row) => row.slice());
  for (let i = 0; i < 3; i++) one.compute(q, gone, V);
  structuredClone(gone[512].buffer, { transfer: [gone[512].buffer] });
  await fails(() => one.compute(q, gone, V), 'ERR_DIMENSION_MISMATCH', 'an array whose memory is gone');
  one.close();
  await fails(() => one.compute(q, K, V), 'ERR_CLOSED', 'closed');
});

test('scores and values beyond Float', () => {
  const one = new DotProductAttention(D), huge = q.map((x) => x * 1e38), far = K.map((row) => row.map((x) => x * 1e30));
  assert.strictEqual(bits(one.compute(huge, far, V)), bits(one.compute(huge, packed(far), packed(V))));
  assert.ok(one.compute(huge, far, V).every(Number.isFinite));
});

test('a getter of a list may use the library, and close what is used', async () => {
  const one = new DotProductAttention(D), other = new DotProductAttention(D), wanted = bits(other.compute(q, K, V));
  const inner = new Proxy(K.slice(), { get: (list, key) => (key === '600' ? (other.compute(q, V, K), list[key]) : list[key]) });
  assert.strictEqual(bits(one.compute(q, inner, V)), wanted);
  await fails(() => one.compute(q, new Proxy(K.slice(), { get: (list, key) => (key === '600' ? (one.close(), list[key]) : list[key]) }), V), 'ERR_CLOSED', 'closed on the way');
});
