'use strict';
// SparsityPattern, and attention over it.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, relative, rows, vector } = require('./support/index.js');
const { SUBJECTS, argumentsOf, listOf, optionsOf, variants } = require('./support/contract.js');
const attention = require('@ruvector/gnn/attention');

const { FlashAttention, MoEAttention, MultiHeadAttention, SparsityPattern } = attention;
const lists = (pattern) => Array.from({ length: pattern.queries }, (_, i) => Array.from(pattern.indices.slice(pattern.offsets[i], pattern.offsets[i + 1])));

test('what the patterns are', () => {
  for (const [m, n] of [[7, 7], [3, 10], [10, 3], [1, 8], [0, 4], [4, 0]]) {
    const place = (i) => i + Math.floor((n - m + 1) / 2), all = (sees) => Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => j).filter((j) => sees(i, j)));
    assert.deepStrictEqual(lists(SparsityPattern.local(m, n, 3)), all((i, j) => Math.abs(j - place(i)) <= 1));
    assert.deepStrictEqual(lists(SparsityPattern.strided(m, n, 3)), all((i, j) => (j - place(i)) % 3 === 0));
    assert.deepStrictEqual(lists(SparsityPattern.block(m, n, 2)), all((i, j) => place(i) >= 0 && place(i) < n && Math.floor(j / 2) === Math.floor(place(i) / 2)));
    assert.deepStrictEqual(lists(SparsityPattern.global(m, n, 2)), all((i, j) => j < 2 || (m === n && m > 1 && i < 2)));
    const drawn = SparsityPattern.random(m, n, 2, 5), both = drawn.union(SparsityPattern.local(m, n, 3)), mask = both.toMask();
    assert.ok(lists(drawn).every((row) => row.length === Math.min(2, n) && new Set(row).size === row.length));
    assert.deepStrictEqual(lists(both), all((i, j) => lists(drawn)[i].includes(j) || Math.abs(j - place(i)) <= 1));
    assert.deepStrictEqual(Array.from(mask), all(() => true).flatMap((row, i) => row.map((j) => Number(lists(both)[i].includes(j)))));
    assert.deepStrictEqual([both.queries, both.keys, both.count, both.density], [m, n, mask.reduce((a, b) => a + b, 0), m * n && both.count / m / n]);
    assert.deepStrictEqual(lists(SparsityPattern.fromCsr(both.offsets, Array.from(both.indices).reverse().reverse(), n)), lists(both));
  }
  assert.deepStrictEqual(lists(SparsityPattern.random(4, 90, 9, 2n ** 64n - 1n)), lists(SparsityPattern.random(4, 90, 9, -1n)));
  assert.notDeepStrictEqual(lists(SparsityPattern.random(4, 90, 9)), lists(SparsityPattern.random(4, 90, 9)));
  assert.deepStrictEqual(lists(SparsityPattern.fromCsr([0, 3, 3], Int32Array.of(4, 0, 2), 5)), [[0, 2, 4], []]);
  const kept = SparsityPattern.local(3, 3, 1);
  kept.indices.fill(99);
  assert.deepStrictEqual(lists(kept), [[0], [1], [2]], 'a pattern never changes');
});

for (const subject of SUBJECTS.filter(({ isMechanism }) => isMechanism)) {
  test(`${subject.row.class} over a pattern = with its mask, or refused`, async () => {
    const n = 20, pattern = SparsityPattern.random(n, n, 5, 1).union(SparsityPattern.local(n, n, 3)), mask = pattern.toMask(), { count } = pattern;
    const room = subject.row.options.has('expertCapacity') ? [optionsOf(subject, { expertCapacity: 0 })] : [];
    for (const options of [...variants(subject), ...room]) {
      const one = new subject.type(options), signed = random(3), shown = JSON.stringify(options), { args } = argumentsOf(subject, one, 'forward', () => signed() / 4, n, ['mask', 'offsets']);
      const [q, k, v, { edges, ...context }] = listOf(subject, one, 'forward', args), out = one.computeBatch(q, k, v, { ...context, mask, edges }), g = vector(out.data.length, 4);
      // The rows of edges of the pairs that there are.
      const some = edges && { data: Float32Array.from(Array.from(mask).flatMap((seen, pair) => (seen ? [...edges.data.subarray(pair * edges.dim, (pair + 1) * edges.dim)] : []))), rows: count, dim: edges.dim };
      const sparse = { ...context, pattern, ...(some && { edges: some }) }, dense = { ...context, mask, ...(edges && { edges }) };
      const calls = [() => one.computeBatch(q, k, v, sparse), () => one.attentionWeights(q, k, sparse), () => one.backward(q, k, v, g, sparse), () => one.computeBatchAsync(q, k, v, sparse), () => one.backwardAsync(q, k, v, g, sparse)];
      try {
        calls[0]();
      } catch (error) {
        assert.strictEqual(error.code, 'ERR_UNSUPPORTED', error.message);
        for (const call of calls) await fails(call, 'ERR_UNSUPPORTED', shown);
        continue;
      }
      assert.ok(relative(calls[0]().data, out.data) < 1e-5, shown);
      const weights = calls[1](), all = one.attentionWeights(q, k, dense), gradients = calls[2](), masked = one.backward(q, k, v, g, dense);
      const pairs = Array.from(mask).flatMap((seen, pair) => (seen ? [pair] : []));
      assert.ok(relative(weights.data, Array.from({ length: weights.heads }, (_, h) => pairs.map((pair) => all.data[h * n * n + pair])).flat()) < 1e-5, shown);
      assert.deepStrictEqual([weights.queries, weights.keys, weights.indices, weights.offsets], [n, n, pattern.indices, pattern.offsets]);
      for (const name of ['queries', 'keys', 'values', 'parameters']) assert.ok(relative(gradients[name], masked[name]) < 2e-5, `${shown}: ${name}`);
      if (edges) assert.ok(relative(gradients.edges, pairs.flatMap((pair) => [...masked.edges.subarray(pair * edges.dim, (pair + 1) * edges.dim)])) < 2e-5, `${shown}: edges`);
      assert.strictEqual(bits(await one.computeBatchAsync(q, k, v, { ...sparse, threads: 2 })), bits(calls[0]()));
      assert.strictEqual(bits(await calls[4]()), bits(gradients));
      one.close();
    }
  });
}

test('work is linear in the pairs', () => {
  const n = 20000, x = { data: vector(n * 8, 1), rows: n, dim: 8 }, one = new FlashAttention(8), pattern = SparsityPattern.local(n, n, 6);
  const { data } = one.computeBatch(x, x, x, { pattern }), local = new attention.LocalGlobalAttention(8, 6).computeBatch(x, x, x).data;
  assert.ok(relative(data, local) < 1e-5);
  assert.ok(pattern.density < 4e-4);
});

test('what is refused', async () => {
  const A = 'ERR_INVALID_ARG', R = 'ERR_OUT_OF_RANGE', x = rows(4, 4, 1), one = new FlashAttention(4), good = SparsityPattern.local(4, 4, 1);
  for (const name of ['local', 'strided', 'block', 'random', 'global']) {
    for (const at of [0, 1, 2]) {
      const call = (value) => SparsityPattern[name](...[4, 4, 1].map((y, i) => (i === at ? value : y)));
      for (const value of [undefined, null, '3', 3n, {}, [3], Symbol('x')]) await fails(() => call(value), A, `${name}, ${at}: ${String(value)}`);
      for (const value of [-1, 1.5, NaN, Infinity, 2 ** 31]) await fails(() => call(value), R, `${name}, ${at}: ${value}`);
    }
  }
  await fails(() => SparsityPattern.strided(4, 4, 0), R, 'stride 0');
  await fails(() => SparsityPattern.strided(2 ** 24, 2 ** 24, 1), R, '2^48 pairs');
  for (const seed of [0.5, '1', null, {}]) await fails(() => SparsityPattern.random(4, 4, 1, seed), 'ERR_INVALID_CONFIG', `seed ${seed}`);
  for (const [offsets, indices] of [[[0, 2, 1], [0]], [[0, 2], [0]], [[1, 2], [0, 1]], [[0, 1], [4]], [[0, 2], [1, 1]], [[0, 9, 1], [0]], ['0', [0]], [[0, 1], null], [[0, 0.5], [1]], [[0, 1], ['0']], [new Float32Array(2), []]]) {
    await fails(() => SparsityPattern.fromCsr(offsets, indices, 4), A, `${offsets} ${indices}`);
  }
  await fails(() => SparsityPattern.fromCsr([], [], 4), 'ERR_EMPTY_INPUT', 'no offsets');
  await fails(() => new SparsityPattern(), A, 'new');
  await fails(() => good.union(SparsityPattern.local(4, 5, 1)), 'ERR_DIMENSION_MISMATCH', 'another shape');
  for (const other of [undefined, null, {}, 5, Object.create(SparsityPattern.prototype), new Proxy(good, {})]) {
    await fails(() => good.union(other), A, 'union');
    await fails(() => SparsityPattern.prototype.toMask.call(other), A, 'another this');
    if (other !== undefined) await fails(() => one.computeBatch(x, x, x, { pattern: other }), A, 'pattern');
  }
  await fails(() => one.computeBatch(x, x, x, { pattern: good, mask: [true, true, true, true] }), A, 'a mask besides');
  await fails(() => one.computeBatch(x, x, x, { pattern: good, offsets: [0, 1, 2, 3, 4] }), A, 'offsets besides');
  await fails(() => one.computeBatch(x, x, x, { pattern: SparsityPattern.local(3, 4, 1) }), 'ERR_DIMENSION_MISMATCH', 'another number of queries');
  await fails(() => one.computeBatch(x, x, x, { pattern: SparsityPattern.strided(4, 5, 1) }), 'ERR_DIMENSION_MISMATCH', 'keys that are not there');
  await fails(() => one.computeBatch(x, x, x, { pattern: SparsityPattern.strided(4, 3, 1) }), 'ERR_DIMENSION_MISMATCH', 'fewer keys');
  await fails(() => one.computeBatch(x, x, x, { pattern: SparsityPattern.strided(3, 4, 1) }), 'ERR_DIMENSION_MISMATCH', 'fewer queries');
  await fails(() => new FlashAttention({ dim: 4, causal: true }).computeBatch(x, x, x, { pattern: good }), 'ERR_UNSUPPORTED', 'causal');
  await fails(() => new attention.LocalGlobalAttention(4, 2).computeBatch(x, x, x, { pattern: good }), 'ERR_UNSUPPORTED', 'places');
  await fails(() => new MoEAttention({ dim: 4 }).backward(x, x, x, x, { pattern: good }), 'ERR_UNSUPPORTED', 'capacity');
});
