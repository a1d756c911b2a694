'use strict';
// Callers' code that runs in the middle of a call: it may call the library, close, shrink, replace, detach or throw.
const assert = require('node:assert');
const test = require('node:test');
const { bits, checkError, fails, pack, rows, ruvector, vector } = require('./support/index.js');

const { RuvectorError, RuvectorLayer, VectorSet, differentiableSearch, differentiableSearchBatch, hierarchicalForward } = ruvector;
const n = 1500, dim = 8; // several blocks of 512 rows
const list = rows(n, dim, 1), others = rows(900, dim, 2), query = vector(dim, 3);
const layer = new RuvectorLayer(dim, dim, 2, 0.1, 1);

/** Other uses of the library, of every kind that keeps memory from call to call. */
function interfere() {
  differentiableSearch(others[0], others, 700, 0.1);
  ruvector.differentiableSearchHyperbolic(others[0], others, 100, -0.5);
  layer.forward(others[0], others.slice(0, 200));
  hierarchicalForward(others[0], [others], [layer]);
  differentiableSearchBatch(others.slice(0, 3), others, 9);
}

/** `array` with element `index` behind a getter. */
function trapped(array, index, get) {
  const copy = array.slice();
  Object.defineProperty(copy, index, { get: () => get(array[index]), enumerable: true, configurable: true });
  return copy;
}

const numbersOf = (v) => Array.from(v);
const uses = {
  differentiableSearch: (c, q = query) => differentiableSearch(q, c, 600),
  differentiableSearchHyperbolic: (c, q = query) => ruvector.differentiableSearchHyperbolic(q, c, 600),
  differentiableSearchBatch: (c, q = query) => differentiableSearchBatch([q, list[0]], c, 600),
  differentiableSearchAsync: (c, q = query) => ruvector.differentiableSearchAsync(q, c, 600),
  VectorSet: (c) => new VectorSet(c),
  forward: (c, q = query) => layer.forward(numbersOf(q), c),
  hierarchicalForward: (c, q = query) => hierarchicalForward(q, [c, c], [layer, layer]),
  hierarchicalForwardV2: (c, q = query) => ruvector.hierarchicalForwardV2(q, [c, c], [layer, layer], { mode: 'dual_space' }),
  frechetMean: (c) => ruvector.frechetMean(c),
};

for (const [name, use] of Object.entries(uses)) {
  test(`${name}: getters that use the library see and leave right results`, async () => {
    const expected = bits(await use(list));
    for (const at of [0, 1, 511, 512, 700, n - 1]) {
      let calls = 0;
      const result = bits(await use(trapped(list, at, (v) => { calls++; interfere(); return v; })));
      assert.ok(calls > 0 && result === expected, `candidates[${at}]`);
    }
    const inner = trapped(numbersOf(list[600]), 3, (x) => { interfere(); return x; });
    assert.strictEqual(bits(await use([...list.slice(0, 600), inner, ...list.slice(601)])), expected, 'an element');
    if (use.length === 1 && name !== 'VectorSet' && name !== 'frechetMean') {
      const q = trapped(numbersOf(query), 2, (x) => { interfere(); return x; });
      assert.ok(bits(await use(list, q)).length > 0);
    }
    assert.strictEqual(bits(await use(list)), expected);
  });

  test(`${name}: what a getter throws comes through, and the next call is right`, async () => {
    const expected = bits(await use(list));
    for (const thrown of [new TypeError('mine'), 'text', null, undefined, new RuvectorError('ERR_IO', 'mine')]) {
      for (const at of [0, 513, n - 1]) {
        let caught = 'nothing';
        try {
          await use(trapped(list, at, () => { throw thrown; }));
        } catch (error) {
          caught = error;
        }
        assert.strictEqual(caught, thrown, `candidates[${at}]`);
        assert.strictEqual(bits(await use(list)), expected);
      }
    }
  });

  test(`${name}: rows replaced, shrunk, lengthened or removed by a getter`, async () => {
    const expected = bits(await use(list));
    const tricks = {
      'shorter row': [() => vector(dim - 1, 1), 'ERR_DIMENSION_MISMATCH'],
      'longer row': [() => vector(dim + 1, 1), 'ERR_DIMENSION_MISMATCH'],
      'no row': [() => undefined, 'ERR_INVALID_ARG'],
      'bytes': [() => new Uint8Array(dim), 'ERR_INVALID_ARG'],
      'NaN': [() => new Float32Array(dim).fill(NaN), 'ERR_NON_FINITE'],
    };
    for (const [label, [get, code]] of Object.entries(tricks)) {
      await fails(() => use(trapped(list, 700, get)), code, `${name}: ${label}`);
      assert.strictEqual(bits(await use(list)), expected);
    }
    const shrinking = trapped(list, 3, (v) => { shrinking.length = 600; return v; });
    await fails(() => use(shrinking), 'ERR_INVALID_ARG', `${name}: array shrunk`);
    const growing = trapped(list, 3, (v) => { if (growing.length < 2 * n) growing.push(vector(dim, 1)); return v; });
    assert.ok(bits(await use(growing)).length > 0);
    assert.strictEqual(bits(await use(list)), expected);
  });
}

test('typed arrays that lie about their length', async () => {
  const liar = (length, told) => Object.defineProperty(new Float32Array(length).fill(0.1), 'length', { value: told });
  for (const [name, use] of Object.entries(uses)) {
    const expected = bits(await use(list));
    for (const [length, told] of [[dim * 4, dim], [dim - 1, dim], [1e5, dim], [dim, 2 ** 31]]) {
      const lying = [...list.slice(0, n - 1), liar(length, told)];
      if (length === dim) assert.ok(bits(await use(lying)).length > 0);
      else await fails(() => use(lying), 'ERR_DIMENSION_MISMATCH', `${name}: ${length} elements that say ${told}`);
      assert.strictEqual(bits(await use(list)), expected);
    }
  }
  for (const [length, told] of [[dim - 1, dim], [dim, 2 ** 31], [dim, NaN], [dim, -1]]) {
    for (const run of [() => differentiableSearch(liar(length, told), list, 3), () => layer.forward(liar(length, told), list),
      () => differentiableSearch(query, { data: liar(length, told), rows: 1, dim }, 3), () => ruvector.dist(query, liar(length, told)),
      () => hierarchicalForward(liar(length, told), [list], [layer]), () => new ruvector.TensorCompress().compress(liar(length, told), 1)]) {
      try {
        run();
      } catch (error) {
        assert.ok(error instanceof RuvectorError, `${length} told ${told}: ${error.stack}`);
      }
    }
  }
});

test('proxies with absurd lengths', async () => {
  const proxy = (length, target = [1, 2]) => new Proxy(target, { get: (t, key) => (key === 'length' ? length : t[key]) });
  for (const length of [-1, NaN, 1.5, 2 ** 53, Infinity, '2', 1e300]) {
    const list2 = proxy(length, [[1, 2], [3, 4]]), list8 = proxy(length, list.slice(0, 2));
    const runs = {
      row: () => differentiableSearch(proxy(length), [[1, 2]], 1), 'a point': () => ruvector.dist([1, 2], proxy(length)),
      'a row of a set': () => new VectorSet([proxy(length)]), rows: () => new VectorSet(list2), candidates: () => differentiableSearch([1, 2], list2, 1),
      neighbours: () => layer.forward(query, list8), levels: () => hierarchicalForward(query, proxy(length, [list]), [layer]),
      layers: () => hierarchicalForward(query, [list], proxy(length, [layer])), 'levels, V2': () => ruvector.hierarchicalForwardV2(query, proxy(length, [list]), undefined, { mode: 'standard' }),
      'layers, V2': () => ruvector.hierarchicalForwardV2(query, [list], proxy(length, [layer]), { mode: 'standard' }),
    };
    for (const [what, run] of Object.entries(runs)) await fails(run, 'ERR_INVALID_ARG', `${what} of length ${String(length)}`);
  }
});

test('arrays whose own properties shadow what the library might call', async () => {
  const keys = ['subarray', 'slice', 'every', 'map', 'set', 'findIndex', 'length', 'buffer', 'constructor', Symbol.iterator, Symbol.toStringTag];
  const shadowed = (array) => keys.filter((key) => key !== 'length' || ArrayBuffer.isView(array))
    .reduce((copy, key) => Object.defineProperty(copy, key, { value: 5, configurable: true }), array.slice());
  const strange = shadowed(query), packed = pack(list), odd = { ...packed, data: shadowed(packed.data) };
  for (const run of [(q, c) => differentiableSearch(q, c, 3), (q, c) => hierarchicalForward(q, [c], [layer]), (q) => hierarchicalForward(q, [], []),
    (q, c) => ruvector.hierarchicalForwardV2(q, [c], [layer], { mode: 'hyperbolic' }), (q, c) => layer.forward(q, c), (q, c) => new VectorSet(c),
    (q) => ruvector.expMap0(q), (q, c) => ruvector.frechetMean(c), (q) => new ruvector.TensorCompress().compress(q, 1), (q) => new ruvector.TensorCompress().compress(q, 0.2),
    (q, c) => ruvector.differentiableSearchAsync(q, c, 3)]) {
    assert.strictEqual(bits(await run(strange, odd)), bits(await run(query, packed)), String(run));
  }
  const layers = shadowed([layer]), levels = shadowed([list]);
  assert.strictEqual(bits(hierarchicalForward(query, levels, layers)), bits(hierarchicalForward(query, [list], [layer])));
  assert.strictEqual(bits(layer.forward(query, shadowed(list))), bits(layer.forward(query, list)));
});

test('options: getters that throw, and that close or detach what the call is about to use', async () => {
  const mine = new Error('mine');
  const throwing = (key) => ({ get [key]() { throw mine; } });
  for (const key of ['temperature', 'projection', 'threads', 'signal']) {
    await assert.rejects(ruvector.differentiableSearchHyperbolicBatchAsync([query], list, 2, -1, throwing(key)), mine);
    await assert.rejects(ruvector.differentiableSearchHyperbolicAsync(query, list, 2, -1, throwing(key)), mine);
  }
  for (const key of ['data', 'rows', 'dim', 'dims', 'shape']) {
    const value = Object.defineProperty({ data: new Float32Array(4), ...(key === 'shape' || key === 'dims' ? {} : { rows: 1, dim: 4 }) }, key, { get() { throw mine; } });
    assert.throws(() => new VectorSet(value), mine);
  }
  assert.throws(() => VectorSet.open({ get vectorSet() { throw mine; } }), mine);
  assert.throws(() => new ruvector.TensorCompress().compressWithLevel([1], { get levelType() { throw mine; } }), mine);

  const set = new VectorSet(list);
  await fails(() => differentiableSearchBatch([query], set, 2, { get threads() { set.close(); return 1; } }), 'ERR_CLOSED', 'closed in mid-call');
  const packed = pack(list), q = pack([query]);
  const detach = { get threads() { structuredClone(packed.data.buffer, { transfer: [packed.data.buffer] }); return 1; } };
  await fails(() => differentiableSearchBatch(q, packed, 2, detach), 'ERR_DIMENSION_MISMATCH', 'candidates detached in mid-call');
  const detachQuery = { get threads() { structuredClone(q.data.buffer, { transfer: [q.data.buffer] }); return 1; } };
  await fails(() => differentiableSearchBatch(q, list, 2, detachQuery), 'ERR_DIMENSION_MISMATCH', 'queries detached in mid-call');
  const late = vector(dim, 9);
  const detaching = trapped(list, 600, (v) => { structuredClone(late.buffer, { transfer: [late.buffer] }); return v; });
  const kept = bits(differentiableSearch(vector(dim, 9), list, 5));
  assert.strictEqual(bits(differentiableSearch(late, detaching, 5)), kept, 'a query is taken over at the start');
});

test('edge weights whose getter runs the same layer', () => {
  const weights = Array.from({ length: 40 }, (_, i) => i + 1), neighbors = list.slice(0, 40);
  const expected = bits(layer.forward(query, neighbors, weights));
  const result = layer.forward(query, neighbors, trapped(weights, 7, (x) => { layer.forward(others[0], others.slice(0, 90)); return x; }));
  assert.strictEqual(bits(result), expected);
});

test('closing a layer or a set from a getter in the middle of a hierarchy', () => {
  const own = new RuvectorLayer(dim, dim, 2, 0.1, 1), set = new VectorSet(list);
  try {
    hierarchicalForward(query, [trapped(list, 5, (v) => { own.close(); set.close(); return v; }), set], [own, own]);
    assert.fail('a closed layer was used');
  } catch (error) {
    checkError(error, 'ERR_CLOSED', 'closed in mid-call');
  }
});
