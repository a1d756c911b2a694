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

// MARK: - States

const merging = () => [
  new DotProductAttention(D), new ScaledDotProductAttention({ dim: D, temperature: 0.3 }), new FlashAttention(D, 100), new FlashAttention({ dim: D, numHeads: 4 }), new MultiHeadAttention(D, 8),
];
const cut = (list, ...ends) => [0, ...ends].map((start, i) => list.slice(start, ends[i]));

test('states of parts: merged the output of all keys, in any order; fed in turn the same bits', () => {
  for (const one of merging()) {
    const expected = one.compute(q, packed(K), packed(V)), keys = cut(K, 3, 700), values = cut(V, 3, 700);
    const states = keys.map((part, i) => one.feed(q, part, values[i])), largest = Math.max(...expected.map(Math.abs));
    for (const order of [[0, 1, 2], [2, 0, 1]]) {
      const merged = one.finish(one.merge(order.map((i) => states[i])));
      merged.forEach((x, c) => assert.ok(Math.abs(x - expected[c]) < 2e-6 * largest, `${one.constructor.name}: ${x}, ${expected[c]}`));
    }
    // A merged state goes on, and states of states are states.
    const rest = one.feed(q, keys[2], packed(values[2]), { state: one.merge(states.slice(0, 2)) });
    one.finish(rest).forEach((x, c) => assert.ok(Math.abs(x - expected[c]) < 2e-6 * largest));
    // By blocks that the whole call has, too.
    const own = one.blockSize ?? 512, blocks = cut(K, own), others = cut(V, own), state = one.feed(q, blocks[1], others[1], { state: one.feed(q, blocks[0], others[0]) });
    assert.strictEqual(bits(one.finish(state)), bits(expected), one.constructor.name);
    assert.strictEqual(state.length, 2 * (one.numHeads ?? 1) + D + 1);
    one.close();
  }
});

test('states of parts: softmax in doubles', () => {
  const one = new DotProductAttention(4), query = [1, -0.5, 0.25, 2], keys = rows(9, 4, 5, 3), values = rows(9, 3, 6), dot = keys.map((key) => key.reduce((sum, x, c) => sum + x * query[c], 0) / 2), top = Math.max(...dot);
  const e = dot.map((s) => Math.exp(s - top)), total = e.reduce((a, b) => a + b, 0), wanted = [0, 1, 2].map((c) => e.reduce((sum, x, i) => sum + x / total * values[i][c], 0));
  const states = [0, 3, 6].map((i) => one.feed(query, keys.slice(i, i + 3), values.slice(i, i + 3)));
  one.finish(one.merge(states)).forEach((x, c) => assert.ok(Math.abs(x - wanted[c]) < 1e-6));
  states.forEach((state, i) => assert.ok(Math.abs(state[0] / 2 - Math.max(...dot.slice(3 * i, 3 * i + 3))) < 1e-5, 'the largest score first'));
  // Scores so far apart that a part weighs nothing, either way round.
  const far = one.feed([1000, 0, 0, 0], [[1000, 0, 0, 0]], [[1, 2, 3]]), near = one.feed([1000, 0, 0, 0], [[-1000, 0, 0, 0]], [[4, 5, 6]]);
  for (const list of [[far, near], [near, far]]) assert.deepStrictEqual([...one.finish(one.merge(list))], [1, 2, 3]);
  one.close();
});

test('states of parts: positions count from where a part begins', () => {
  const one = new GraphRoPEAttention(D, 2000), expected = one.compute(q, packed(K), packed(V)), keys = cut(K, 400), values = cut(V, 400);
  const merged = one.finish(one.merge([one.feed(q, keys[0], values[0]), one.feed(q, keys[1], values[1], { first: 400 })])), wrong = one.finish(one.merge([one.feed(q, keys[0], values[0]), one.feed(q, keys[1], values[1])]));
  merged.forEach((x, c) => assert.ok(Math.abs(x - expected[c]) < 2e-6));
  assert.ok(wrong.some((x, c) => Math.abs(x - expected[c]) > 1e-4));
  one.close();
});

test('states of parts: what is refused', async () => {
  const one = new MultiHeadAttention(D, 8), state = one.feed(q, K.slice(0, 2), V.slice(0, 2)), copy = state.slice();
  one.feed(q, K.slice(2, 4), V.slice(2, 4), { state });
  one.merge([state, state]);
  assert.deepStrictEqual(state, copy, 'states that are given do not change');
  assert.deepStrictEqual(one.feed(q, [], [], { state }), state, 'no more keys');
  await fails(() => one.feed(q, [], []), 'ERR_EMPTY_INPUT', 'no keys');
  await fails(() => one.feed(q, K.slice(0, 2), V.slice(0, 3)), 'ERR_DIMENSION_MISMATCH', 'more values than keys');
  await fails(() => one.feed(q.slice(1), K.slice(0, 2), V.slice(0, 2)), 'ERR_DIMENSION_MISMATCH', 'a short query');
  await fails(() => one.feed(q, K.slice(0, 2), rows(2, 16, 1), { state }), 'ERR_DIMENSION_MISMATCH', 'values of another width');
  await fails(() => one.feed(q, K.slice(0, 2), V.slice(0, 2), { state, first: 2 }), 'ERR_INVALID_ARG', 'a state and a position');
  await fails(() => one.feed(q, K.slice(0, 2), V.slice(0, 2), { first: -1 }), 'ERR_OUT_OF_RANGE', 'a position before the first');
  await fails(() => one.merge([]), 'ERR_EMPTY_INPUT', 'no states');
  await fails(() => one.merge([state, state.slice(0, 25)]), 'ERR_DIMENSION_MISMATCH', 'states of other widths');
  await fails(() => one.merge(state), 'ERR_INVALID_ARG', 'one state');
  await fails(() => one.finish([...state]), 'ERR_INVALID_ARG', 'an array');
  await fails(() => one.finish(state.slice(0, 20)), 'ERR_DIMENSION_MISMATCH', 'cut');
  const damaged = state.map((x, i) => (i === 1 ? NaN : x)), far = [K[0].map(() => 3e38), K[1].map(() => 3e38)];
  for (const call of [() => one.finish(damaged), () => one.merge([state, damaged]), () => one.feed(q, K.slice(0, 2), V.slice(0, 2), { state: damaged })]) await fails(call, 'ERR_NON_FINITE', 'not finite');
  await fails(() => one.feed(q, far, V.slice(0, 2), { state }), 'ERR_OUT_OF_RANGE', 'scores beyond floats');
  await fails(() => one.feed(q, [K[0], K[0]], far, { state }), 'ERR_OUT_OF_RANGE', 'sums beyond floats');
  const large = state.map((x, i) => (i === 20 ? 1e308 : x)); // a sum of values
  await fails(() => one.merge([large, large]), 'ERR_OUT_OF_RANGE', 'a sum beyond doubles');
  assert.deepStrictEqual(state, copy, 'what is refused has not happened');
  const learned = new MultiHeadAttention({ dim: D, numHeads: 2, projections: true, seed: 1 }), linear = new attention.LinearAttention(D, 8);
  for (const other of [learned, linear]) await fails(() => other.feed(q, K.slice(0, 2), V.slice(0, 2)), 'ERR_UNSUPPORTED', other.constructor.name);
  one.close();
  await fails(() => one.merge([state]), 'ERR_CLOSED', 'closed');
});
