'use strict';
// removeAsync, removeBatchAsync, updateAsync of an index: what remove, removeBatch and update do, off the event loop; one writer at a
// time; bad input.
const assert = require('node:assert');
const test = require('node:test');
const { fails, notInWasm, rows, ruvector, vector } = require('./support/index.js');
const { KEYS, agrees } = require('./support/oracle.js');

const { BruteForceIndex, HNSWIndex } = ruvector, threads = notInWasm('one thread');
const dim = 8, N = 600, data = rows(N, dim, 3), ef = 200, fresh = vector(dim, 77);
const A = 'ERR_INVALID_ARG', C = 'ERR_INVALID_CONFIG', R = 'ERR_OUT_OF_RANGE', D = 'ERR_DIMENSION_MISMATCH', NONE = 'ERR_NOT_FOUND';
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));

function filled(Class, kind = 'number', list = data) {
  const index = new Class({ dim, metric: 'l2', keys: kind, ...(Class === HNSWIndex && { M: 8, efConstruction: 60 }) });
  index.addBatch(list.map((_, i) => KEYS[kind](i)), list);
  return index;
}

for (const Class of [HNSWIndex, BruteForceIndex]) {
  for (const kind of Object.keys(KEYS)) {
    test(`${Class.name}, keys of kind ${kind}: what they do`, async () => {
      const index = filled(Class, kind), key = KEYS[kind], map = new Map(data.map((v, i) => [key(i), v]));
      assert.strictEqual(await index.removeAsync(key(5)), undefined);
      map.delete(key(5));
      assert.strictEqual(await index.updateAsync(key(6), fresh), undefined);
      map.set(key(6), fresh);
      agrees(index, map, { ef, what: 'one each' });
      const gone = data.map((_, i) => key(i)).filter((_, i) => i > 6 && i % 3 === 0), shares = [];
      assert.strictEqual(await index.removeBatchAsync(gone, { onProgress: (share) => shares.push(share) }), undefined);
      for (const one of gone) map.delete(one);
      assert.ok(shares.at(-1) === 1 && shares.every((share, i) => i === 0 || share > shares[i - 1]), `${shares}`);
      await index.removeBatchAsync(new Set([key(1), key(2)]));
      await index.removeBatchAsync([]);
      for (const one of [key(1), key(2)]) map.delete(one);
      await index.removeBatchAsync([key(4), key(4)]); // as removeBatch does
      map.delete(key(4));
      agrees(index, map, { ef, what: 'a list and a Set' });
      index.add(key(5), data[7]);
      map.set(key(5), data[7]);
      const left = [...map.keys()];
      for (const one of left.slice(0, 300)) await (map.delete(one), index.removeAsync(one));
      agrees(index, map, { ef, what: 'many, one by one' });
      await index.removeBatchAsync([...map.keys()]);
      agrees(index, new Map(), { what: 'all' });
      assert.deepStrictEqual(Array.from(index.search(fresh, 3).keys), []);
      index.addBatch(data.map((_, i) => key(i)), data);
      agrees(index, new Map(data.map((v, i) => [key(i), v])), { ef, what: 'again' });
    });
  }

  test(`${Class.name}: what they are given is read when they are called`, async () => {
    const index = filled(Class), v = Float32Array.from(fresh), keys = Float64Array.of(KEYS.number(1), KEYS.number(2));
    const updating = index.updateAsync(KEYS.number(0), v);
    v.fill(0);
    await updating;
    const removing = index.removeBatchAsync(keys);
    keys.fill(KEYS.number(3));
    await removing;
    assert.deepStrictEqual([index.get(KEYS.number(0)), index.has(KEYS.number(1)), index.has(KEYS.number(3))], [fresh, false, true]);
  });

  test(`${Class.name}: many at once: each has happened, or was told ERR_BUSY`, { skip: threads }, async () => {
    const index = filled(Class), map = new Map(data.map((v, i) => [KEYS.number(i), v]));
    const calls = data.map((v, i) => [i, i % 2 ? index.removeAsync(KEYS.number(i)) : index.updateAsync(KEYS.number(i), data[N - 1 - i].map((x) => x + 9))].map((x) => (x instanceof Promise ? settled(x) : x)));
    for (const [i, call] of calls) {
      const { error } = await call;
      assert.strictEqual(error?.code, error && 'ERR_BUSY');
      if (error) continue;
      if (i % 2) map.delete(KEYS.number(i));
      else map.set(KEYS.number(i), data[N - 1 - i].map((x) => x + 9));
    }
    agrees(index, map, { ef });
  });

  test(`${Class.name}: bad input is told by the promise, and nothing happens`, async () => {
    const index = filled(Class), key = KEYS.number(3), nan = fresh.map((x, i) => (i === 3 ? NaN : x)), strings = filled(Class, 'string'), bigints = filled(Class, 'bigint');
    const calls = [
      ...[undefined, null, '1', 1.5, 2 ** 53, NaN, 1n, {}, Symbol('s'), [1]].flatMap((bad) => [[A, () => index.removeAsync(bad)], [A, () => index.updateAsync(bad, fresh)]]),
      ...[undefined, null, 5, 'x', {}, [1, '2'], [1.5], [undefined], [1n]].map((bad) => [A, () => index.removeBatchAsync(bad)]),
      [A, () => strings.removeAsync(5)], [A, () => strings.removeAsync('\ud800')], [A, () => strings.updateAsync(5, fresh)], [A, () => strings.removeBatchAsync(['x', 5])],
      [A, () => bigints.removeAsync(5)], [R, () => bigints.removeAsync(2n ** 63n)], [A, () => bigints.removeBatchAsync([1])], [R, () => bigints.updateAsync(-(2n ** 63n) - 1n, fresh)],
      [NONE, () => index.removeAsync(1e6)], [NONE, () => index.updateAsync(1e6, fresh)], [NONE, () => index.removeBatchAsync([key, 1e6])], [NONE, () => strings.removeAsync('')], [NONE, () => bigints.removeBatchAsync([2n ** 63n - 1n])],
      [D, () => index.updateAsync(key, [1, 2])], [A, () => index.updateAsync(key, 'x')], [A, () => index.updateAsync(key)], ['ERR_NON_FINITE', () => index.updateAsync(key, nan)],
      [R, () => index.updateAsync(key, fresh.map(() => 1e30))],
      ...[null, 5, 'x'].flatMap((bad) => [[A, () => index.removeAsync(key, bad)], [A, () => index.removeBatchAsync([key], bad)], [A, () => index.updateAsync(key, fresh, bad)]]),
      ...[5, {}, 'x', null].flatMap((signal) => [[A, () => index.removeAsync(key, { signal })], [A, () => index.removeBatchAsync([key], { signal })], [A, () => index.updateAsync(key, fresh, { signal })]]),
      [C, () => index.removeAsync(key, { threads: 1 })], [C, () => index.updateAsync(key, fresh, { what: 1 })], [C, () => index.removeBatchAsync([key], { replace: true })], [A, () => index.removeBatchAsync([key], { onProgress: 5 })],
      // and of batches that replace
      ...['x', 1, null].map((replace) => [A, () => index.addBatchAsync([key], [fresh], { replace })]),
      ['ERR_DUPLICATE_KEY', () => index.addBatchAsync([key, 1e6, key], [fresh, fresh, fresh], { replace: true })], ['ERR_DUPLICATE_KEY', () => index.addBatchAsync([1e6, 1e6], [fresh, fresh], { replace: true })],
      [D, () => index.addBatchAsync([key, 1e6], [fresh], { replace: true })], [D, () => index.addBatchAsync([key], [[1]], { replace: true })], ['ERR_NON_FINITE', () => index.addBatchAsync([key, 1e6], [fresh, nan], { replace: true })],
      [R, () => index.addBatchAsync([1e6, key], [fresh, fresh.map(() => 1e30)], { replace: true })], [A, () => index.addBatchAsync([key, 'x'], [fresh, fresh], { replace: true })],
    ];
    for (const [code, run] of calls) await fails(run, code, String(run), true);
    for (const replace of ['x', 1, null]) await fails(() => index.addBatch([key], [fresh], { replace }), A, `replace: ${replace}`);
    await fails(() => index.addBatch([key, 1e6, key], [fresh, fresh, fresh], { replace: true }), 'ERR_DUPLICATE_KEY', 'twice');
    await fails(() => index.addBatch([1e6, key], [fresh, nan], { replace: true }), 'ERR_NON_FINITE', 'NaN');
    for (const [one, kind] of [[index, 'number'], [strings, 'string'], [bigints, 'bigint']]) agrees(one, new Map(data.map((v, i) => [KEYS[kind](i), v])), { ef });
  });

  test(`${Class.name}: closed, of a token, of another class`, async () => {
    const index = filled(Class), twin = Class.open(index.token), key = KEYS.number(3);
    const calls = { removeAsync: [key], removeBatchAsync: [[key]], updateAsync: [key, fresh], addBatchAsync: [[key], [fresh], { replace: true }] };
    for (const [name, args] of Object.entries(calls)) {
      await fails(() => twin[name](...args), 'ERR_UNSUPPORTED', name, true);
      for (const receiver of [{}, undefined]) await fails(() => Class.prototype[name].apply(receiver, args), 'ERR_WRONG_HANDLE', name, true);
    }
    agrees(index, new Map(data.map((v, i) => [KEYS.number(i), v])), { ef });
    twin.close();
    index.close();
    for (const [name, args] of Object.entries(calls)) await fails(() => index[name](...args), 'ERR_CLOSED', name, true);
  });

  test(`${Class.name}: closed while one is at work: it has an end, and a twin sees what it says`, { skip: threads }, async () => {
    for (const [name, args, hasHappened] of [['removeAsync', [4], (twin) => !twin.has(4)], ['updateAsync', [4, fresh], (twin) => twin.get(4)[0] === fresh[0]],
      ['removeBatchAsync', [data.map((_, i) => KEYS.number(i)).slice(0, 400)], (twin) => twin.size === 200], ['addBatchAsync', [data.map((_, i) => i + 2), data, { replace: true }], (twin) => twin.size > N]]) {
      const index = filled(Class), twin = Class.open(index.token), call = settled(index[name](...args));
      index.close();
      const { error } = await call;
      assert.strictEqual(error?.code, error && 'ERR_CLOSED', name);
      assert.strictEqual(hasHappened(twin), !error, name);
      twin.close();
    }
  });

  test(`${Class.name}: another writer meanwhile is told ERR_BUSY`, { skip: threads || (Class === BruteForceIndex && 'over too soon') }, async () => {
    const many = rows(8000, dim, 5), index = filled(Class), first = KEYS.number(0);
    const adding = settled(index.addBatchAsync(many.map((_, i) => 1e6 + i), many));
    await new Promise((resolve) => { setTimeout(resolve, 10); });
    for (const run of [() => index.add(9e6, fresh), () => index.update(first, fresh), () => index.remove(first), () => index.removeBatch([first]), () => index.clear(), () => index.addBatch([first], [fresh], { replace: true })]) await fails(run, 'ERR_BUSY', String(run));
    for (const run of [() => index.removeAsync(first), () => index.removeBatchAsync([first]), () => index.updateAsync(first, fresh), () => index.addBatchAsync([first], [fresh], { replace: true })]) await fails(run, 'ERR_BUSY', String(run), true);
    assert.deepStrictEqual([index.size, index.has(1e6)], [N, false], 'the batch was over already: it is too small');
    assert.deepStrictEqual(await adding, { value: undefined });
    agrees(index, new Map([...data.map((v, i) => [KEYS.number(i), v]), ...many.map((v, i) => [1e6 + i, v])]), { ef, most: 300 });
  });
}
