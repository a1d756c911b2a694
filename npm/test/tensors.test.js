'use strict';
// Tensors of onnxruntime and transformers.js in the place of vectors and matrices: every export, indexes and stores.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, notInWasm, pack, rows, ruvector, vector } = require('./support/index.js');
const { HubTensor, OnnxTensor } = require('./support/tensors.js');
const main = require('./support/calls.js');
const attention = require('./support/attention-calls.js');

const { BruteForceIndex, HNSWIndex, VectorSet, VectorStore } = ruvector;
const A = 'ERR_INVALID_ARG', D = 'ERR_DIMENSION_MISMATCH', U = 'ERR_UNSUPPORTED';
const dim = 4;

const flat = (Tensor) => (value) => new Tensor(value, [value.length]);
const one = (Tensor) => (value) => new Tensor(value, [1, value.length]);
const table = (Tensor) => (value) => {
  if (!Array.isArray(value)) return flat(Tensor)(value); // one query
  const { data, rows: n, dim: width } = pack(value);
  return new Tensor(data, [n, width]);
};
/** How arguments of a kind become tensors. */
const converters = (Tensor, asVector) => ({
  vector: asVector(Tensor), matrix: table(Tensor), queries: table(Tensor),
  levels: (list) => list.map(table(Tensor)), matrixList: (list) => list.map(table(Tensor)),
});

for (const Tensor of [OnnxTensor, HubTensor]) {
  for (const { name, args, run } of [...main.calls, ...attention.calls]) {
    if (!args.some(({ kind }) => kind in converters(Tensor, flat))) continue;
    test(`${Tensor.name}: ${name}`, async () => {
      const good = args.map(({ make }) => make()), clean = (value) => bits(value).replace(/(elapsedMs|throughput):[^,}]*/g, '');
      const expected = clean(await run(...good));
      for (const asVector of [flat, one]) {
        const to = converters(Tensor, asVector), given = args.map(({ kind, make }) => (to[kind] ?? ((value) => value))(make()));
        assert.strictEqual(clean(await run(...given)), expected);
      }
    });
  }

  test(`${Tensor.name}: lists of them are lists of vectors`, async () => {
    const list = rows(5, dim, 3), query = vector(dim, 9), expected = bits(ruvector.differentiableSearch(query, list, 3));
    for (const make of [flat, one]) {
      assert.strictEqual(bits(ruvector.differentiableSearch(make(Tensor)(query), list.map(make(Tensor)), 3)), expected);
      assert.strictEqual(bits(await ruvector.differentiableSearchAsync(make(Tensor)(query), list.map(make(Tensor)), 3)), expected);
      assert.strictEqual(bits(new VectorSet(list.map(make(Tensor)))), bits(new VectorSet(list)));
    }
  });

  test(`${Tensor.name}: indexes`, async () => {
    const list = rows(20, dim, 5), keys = list.map((_, i) => i), t = table(Tensor)(list), query = vector(dim, 9);
    for (const Index of [HNSWIndex, BruteForceIndex]) {
      const index = new Index({ dim }), other = new Index({ dim });
      index.addBatch(keys, list);
      await other.addBatchAsync(keys.slice(0, 10), table(Tensor)(list.slice(0, 10)));
      other.addBatch(keys.slice(10), table(Tensor)(list.slice(10)));
      index.add(20, query);
      other.add(20, one(Tensor)(query));
      index.update(3, list[4]);
      other.update(3, flat(Tensor)(list[4]));
      for (const make of [flat, one]) {
        assert.strictEqual(bits(other.search(make(Tensor)(query), 5)), bits(index.search(query, 5)));
        assert.strictEqual(bits(await other.searchAsync(make(Tensor)(query), 5)), bits(index.search(query, 5)));
      }
      assert.strictEqual(bits(other.searchBatch(t, 5)), bits(index.searchBatch(list, 5)));
      assert.strictEqual(bits(await other.searchBatchAsync(t, 5)), bits(index.searchBatch(list, 5)));
    }
  });

  test(`${Tensor.name}: stores`, { skip: notInWasm('no SQLite') }, async () => {
    const list = rows(20, dim, 5), ids = list.map((_, i) => `id-${i}`), query = vector(dim, 9), [store, other] = [1, 2].map(() => VectorStore.open(':memory:', { dim }));
    store.insertBatch({ ids, vectors: list });
    await other.insertBatchAsync({ ids: ids.slice(0, 10), vectors: table(Tensor)(list.slice(0, 10)) });
    other.insertBatch(list.slice(10).map((row, i) => ({ id: ids[10 + i], vector: one(Tensor)(row) })));
    store.insert({ id: 'q', vector: query });
    other.insert({ id: 'q', vector: flat(Tensor)(query) });
    for (const make of [flat, one]) {
      assert.strictEqual(bits(other.search(make(Tensor)(query))), bits(store.search(query)));
      assert.strictEqual(bits(await other.searchAsync(make(Tensor)(query))), bits(store.search(query)));
    }
    for (const opened of [store, other]) opened.close();
  });

  test(`${Tensor.name}: what an asynchronous call works on is a copy`, async () => {
    const list = rows(200, dim, 5), query = vector(dim, 9), expected = bits(ruvector.differentiableSearch(query, list, 3));
    const q = query.slice(), { data } = pack(list);
    const promise = ruvector.differentiableSearchAsync(new Tensor(q, [1, dim]), new Tensor(data, [200, dim]), 3);
    q.fill(7);
    data.fill(7);
    assert.strictEqual(bits(await promise), expected);
  });

  test(`${Tensor.name}: doubles`, () => {
    const list = rows(5, dim, 3), doubles = Float64Array.from(pack(list).data), query = Float64Array.from(vector(dim, 9));
    assert.strictEqual(bits(ruvector.differentiableSearch(new Tensor(query, [dim]), new Tensor(doubles, [5, dim]), 3)), bits(ruvector.differentiableSearch(query, list, 3)));
    assert.strictEqual(ruvector.dist0(new Tensor(query.map((x) => x / 10), [dim])), ruvector.dist0(query.map((x) => x / 10)));
  });

  test(`${Tensor.name}: what is no vector and no matrix`, async () => {
    const query = vector(dim, 9), matrix = (data, dims, options) => () => new VectorSet(new Tensor(data, dims, options));
    const search = (data, dims, options) => () => ruvector.differentiableSearch(new Tensor(data, dims, options), [query], 1);
    const says = async (run, code, pattern) => assert.match((await fails(run, code, String(pattern))).message, pattern);
    for (const [data, type] of [[new BigInt64Array(8), 'int64'], [new Int32Array(8), 'int32'], [new Uint8Array(8), 'uint8'], [new Uint16Array(8), 'float16'], [Array(8).fill('a'), 'string']]) {
      await says(matrix(data, [2, 4]), A, new RegExp(`expected a tensor of type "float32" or "float64" for vectors, received "${type}"`));
      await says(search(data.slice(0, 4), [1, 4]), A, new RegExp(`expected a tensor of type "float32" or "float64" for query, received "${type}"`));
    }
    await says(matrix(new Uint8Array(8), [2, 4], { type: 'bool' }), A, /received "bool"/);
    await says(matrix(new Float32Array(24), [2, 3, 4]), A, /two dimensions, \[rows, dim\] .*pooling.* for vectors, received dims \[2, 3, 4\]/);
    await says(matrix(new Float32Array(12), [1, 3, 4]), A, /two dimensions.*received dims \[1, 3, 4\]/);
    await says(matrix(new Float32Array(4), [4]), A, /two dimensions.*received dims \[4\]/);
    await says(matrix(new Float32Array(1), []), A, /two dimensions.*received dims \[\]/);
    await says(search(new Float32Array(8), [2, 4]), A, /one vector: dims \[n\] or \[1, n\] for query, received dims \[2, 4\]/);
    await says(search(new Float32Array(1), []), A, /one vector.*received dims \[\]/);
    await says(search(new Float32Array(5), [5]), D, /./);
    await says(matrix(new Float32Array(8), [2, 4], { location: 'gpu-buffer' }), U, /getData\(\).* for vectors, received one whose location is gpu-buffer/);
    await says(search(new Float32Array(4), [1, 4], { location: 'texture' }), U, /getData\(\).* for query, received one whose location is texture/);
    await says(matrix(new Float32Array(8), [2, 4], { location: 'none' }), U, /disposed/);
  });
}

test('a tensor of tokens is three-dimensional; its rows are matrices', () => {
  const tokens = new HubTensor(pack(rows(6, dim, 3)).data, [2, 3, dim]);
  assert.strictEqual(bits(new VectorSet(tokens[1])), bits(new VectorSet(rows(6, dim, 3).slice(3))));
  assert.strictEqual(bits(ruvector.differentiableSearch(tokens[0][1], tokens[0], 1).indices), 'Array[1]');
});

test('ndarrays: strides of lists, of stdlib, of dimensions of length 1', async () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6), first = (value) => Array.from(new VectorSet(value).get(0));
  await fails(() => new VectorSet({ data, shape: [3, 2], strides: [1, 3], offset: 0, order: 'column-major' }), U, 'column after column');
  assert.deepStrictEqual(first({ data, shape: [3, 2], strides: [2, 1], offset: 0, order: 'row-major' }), [1, 2]);
  assert.deepStrictEqual(first({ data, shape: [6, 1], stride: [1, 6], offset: 0 }), [1]);
  assert.deepStrictEqual(first({ data, shape: [1, 6], stride: Int32Array.of(1, 1), offset: 0 }), [1, 2, 3, 4, 5, 6]);
  const search = (query) => ruvector.differentiableSearch(query, [[1, 2, 3]], 1);
  assert.strictEqual(bits(search({ data: data.slice(0, 3), shape: [3], stride: [1], offset: 0 })), bits(search([1, 2, 3])));
  await fails(() => search({ data, shape: [3], stride: [2], offset: 0 }), U, 'every other number');
  await fails(() => search({ data, shape: [3], stride: [1], offset: 1 }), U, 'an offset');
  await fails(() => search({ data, shape: [3], stride: [1], offset: 0 }), D, 'more numbers than the shape says');
  await fails(() => search({ data: 'abc', dims: [3] }), A, 'text');
  await fails(() => search({ data: 5, shape: [1, 3] }), A, 'a number');
  await fails(() => search({ data, dims: { length: 2 ** 40 } }), A, 'absurd dims');
});
