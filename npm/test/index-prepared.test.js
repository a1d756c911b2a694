'use strict';
// Prepared filters: they follow their index, whatever is added, removed, replaced; what they refuse; searches while it is written.
const assert = require('node:assert');
const test = require('node:test');
const { fails, notInWasm, rows, ruvector, vector } = require('./support/index.js');
const { KEYS } = require('./support/oracle.js');

const { BruteForceIndex, HNSWIndex } = ruvector, threads = notInWasm('one thread');
const dim = 8, n = 300, data = rows(n, dim, 3), query = vector(dim, 9), more = vector(dim, 10);
const create = (Class, kind = 'number', options = {}) => new Class({ dim, metric: 'l2', keys: kind, ...(Class === HNSWIndex && { M: 6, efConstruction: 60 }), ...options });
function filled(Class, kind = 'number') {
  const index = create(Class, kind);
  index.addBatch(data.map((_, i) => KEYS[kind](i)), data);
  return index;
}
const sorted = (keys) => Array.from(keys).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
const bitmap = (keys, bytes) => {
  const bits = new Uint8Array(bytes);
  for (const key of keys) if (key >= 0 && key >> 3 < bytes) bits[key >> 3] |= 1 << (key & 7);
  return bits;
};

/** The filter allows exactly those keys of the index of which `allows` is true, through every door. */
async function isExactly(index, filter, allows, what) {
  const right = sorted(Array.from(index.keys()).filter(allows));
  assert.strictEqual(filter.size, right.length, `${what}: size`);
  for (const k of [1, 7, n * 3]) {
    const found = index.search(query, k, { filter }).keys;
    assert.strictEqual(found.length, Math.min(k, right.length), `${what}: k = ${k}`);
    assert.ok(Array.from(found).every(allows), what);
    assert.deepStrictEqual((await index.searchAsync(query, k, { filter })).keys, found, what);
    if (k > n) assert.deepStrictEqual(sorted(found), right, what);
  }
  const batch = index.searchBatch([query, data[5]], n * 3, { filter, threads: 2 });
  assert.deepStrictEqual([...batch.counts], [right.length, right.length], what);
  assert.deepStrictEqual(await index.searchBatchAsync([query, data[5]], n * 3, { filter }), batch, what);
}

for (const Class of [HNSWIndex, BruteForceIndex]) {
  for (const kind of Object.keys(KEYS)) {
    test(`${Class.name}, keys of kind ${kind}: a prepared filter follows its index`, async () => {
      const index = filled(Class, kind), key = KEYS[kind];
      // Keys that are there, that were never there, that will come.
      const listed = new Set([...data.keys()].filter((i) => i % 3 === 0).concat(400, 401, 1000, 5e5).map(key)), bits = bitmap([...listed].map(Number), 200);
      const inBits = (one) => one >= 0 && one >> 3 < 200 && (bits[one >> 3] >> (one & 7)) % 2 === 1;
      const filters = [[index.prepareFilter([...listed]), (one) => listed.has(one)], [index.prepareFilter({ allow: listed }), (one) => listed.has(one)], [index.prepareFilter({ deny: listed }), (one) => !listed.has(one)],
        [index.prepareFilter([]), () => false], [index.prepareFilter({ deny: [] }), () => true],
        ...(kind === 'number' ? [[index.prepareFilter(bits), inBits], [index.prepareFilter({ deny: bits }), (one) => !inBits(one)], [index.prepareFilter(Float64Array.from(listed)), (one) => listed.has(one)]] : [])];
      const check = async (what) => { for (const [i, [filter, allows]] of filters.entries()) await isExactly(index, filter, allows, `${what}, filter ${i}`); };
      await check('at first');
      index.add(key(400), more);
      index.add(key(402), more);
      await check('added: one that is listed, one that is not');
      index.remove(key(0));
      index.remove(key(1));
      await check('removed');
      index.add(key(0), more);
      index.add(key(1), more);
      await check('keys that are used again');
      index.update(key(3), more);
      index.update(key(4), more);
      await check('updated');
      index.removeBatch([...data.keys()].filter((i) => i % 2).map(key));
      await check('a half removed: the graph is mended');
      index.addBatch([...data.keys()].map((i) => key(1000 + i)), data);
      await check('a batch');
      await index.addBatchAsync([...data.keys()].map((i) => key(i + 200)), data, { replace: true });
      await check('a batch that replaces and adds');
      await index.removeBatchAsync([...data.keys()].map((i) => key(1000 + i)));
      await index.removeAsync(key(400));
      await index.updateAsync(key(401), data[0]);
      await check('Promises');
      index.clear();
      await check('cleared');
      index.addBatch([...data.keys()].map(key), data);
      await check('filled again');
      for (const [filter] of filters) filter.close();
    });
  }

  test(`${Class.name}: what a filter was made of may change afterwards`, async () => {
    const index = filled(Class), keys = [KEYS.number(7), KEYS.number(9)], set = new Set(keys), bits = bitmap(keys, 4);
    const filters = [index.prepareFilter(keys), index.prepareFilter(set), index.prepareFilter({ deny: set }), index.prepareFilter(bits)], kept = [...keys];
    keys[0] = KEYS.number(50);
    set.clear();
    bits.fill(255);
    const is = (one) => kept.includes(one);
    for (const [i, filter] of filters.entries()) await isExactly(index, filter, i === 2 ? (one) => !is(one) : is, `filter ${i}`);
  });

  test(`${Class.name}: bitmaps longer and shorter than the keys; negative and huge keys`, async () => {
    const index = create(Class), keys = [-(2 ** 53 - 1), -1000, -9, -8, -1, 0, 1, 7, 8, 63, 64, 65, 1000, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35, 2 ** 53 - 1];
    index.addBatch(keys, rows(keys.length, dim, 5));
    for (const bytes of [0, 1, 2, 8, 9, 126, 1 << 20]) {
      for (const bits of [new Uint8Array(bytes), new Uint8Array(bytes).fill(255), bitmap(keys, bytes), new Uint8Array(bytes + 3).fill(255).subarray(3)]) {
        const allows = (key) => key >= 0 && key < 8 * bits.length && ((bits[Math.floor(key / 8)] >> (key % 8)) & 1) === 1;
        for (const [filter, is] of [[bits, allows], [{ allow: bits }, allows], [{ deny: bits }, (key) => !allows(key)]]) {
          const right = sorted(keys.filter(is)), prepared = index.prepareFilter(filter);
          assert.deepStrictEqual(sorted(index.search(query, 99, { filter }).keys), right, `${bytes} bytes, afresh`);
          await isExactly(index, prepared, is, `${bytes} bytes, prepared`);
          prepared.close();
        }
      }
    }
    const listed = [-(2 ** 53 - 1), 2 ** 32, 2 ** 53 - 1, 5, -7];
    await isExactly(index, index.prepareFilter(listed), (key) => listed.includes(key), 'a list');
  });

  test(`${Class.name}: closed filters, filters of others, filters of closed indexes`, async () => {
    const index = filled(Class), other = filled(Class), strings = filled(Class, 'string'), filter = index.prepareFilter([KEYS.number(1), KEYS.number(2)]);
    assert.ok(filter instanceof ruvector.PreparedFilter);
    assert.deepStrictEqual([filter.size, filter.closed], [2, false]);
    const doors = (one, given) => [[() => one.search(query, 3, { filter: given })], [() => one.searchBatch([query], 3, { filter: given })], [() => one.searchAsync(query, 3, { filter: given }), true], [() => one.searchBatchAsync([query], 3, { filter: given }), true]];
    for (const one of [other, strings, filled(Class === HNSWIndex ? BruteForceIndex : HNSWIndex)]) for (const [run, isAsync] of doors(one, filter)) await fails(run, 'ERR_WRONG_HANDLE', String(run), isAsync);
    const pending = [index.searchAsync(query, 3, { filter }), index.searchBatchAsync([query], 3, { filter })];
    filter.close();
    filter.close();
    assert.strictEqual(filter.closed, true);
    assert.deepStrictEqual(sorted((await pending[0]).keys), [KEYS.number(1), KEYS.number(2)], 'in flight when it was closed');
    assert.strictEqual((await pending[1]).counts[0], 2);
    for (const [run, isAsync] of doors(index, filter)) await fails(run, 'ERR_CLOSED', String(run), isAsync);
    await fails(() => filter.size, 'ERR_CLOSED', 'size');

    const second = index.prepareFilter({ deny: [KEYS.number(1)] }), later = index.searchAsync(query, n, { filter: second });
    index.close();
    assert.strictEqual((await later).keys.length, n - 1, 'in flight when the index was closed');
    for (const [run, isAsync] of doors(index, second)) await fails(run, 'ERR_CLOSED', String(run), isAsync);
    await fails(() => index.prepareFilter([1]), 'ERR_CLOSED', 'of a closed index');
    for (const [run, isAsync] of doors(other, second)) await fails(run, 'ERR_WRONG_HANDLE', String(run), isAsync);
    second.close();
    for (const receiver of [{}, undefined, Object.create(Class.prototype)]) await fails(() => Class.prototype.prepareFilter.call(receiver, [1]), 'ERR_WRONG_HANDLE', String(receiver && typeof receiver));
    for (const receiver of [{}, undefined, index]) await fails(() => ruvector.PreparedFilter.prototype.close.call(receiver), 'ERR_WRONG_HANDLE', 'close');
    assert.throws(() => new ruvector.PreparedFilter(), ruvector.RuvectorError);
  });

  test(`${Class.name}: filters that are none`, async () => {
    const index = filled(Class), strings = filled(Class, 'string'), bigints = filled(Class, 'bigint'), A = 'ERR_INVALID_ARG';
    for (const filter of [undefined, null, 5, 'x', true, {}, { allow: [1], deny: [1] }, { allow: 5 }, { deny: 'x' }, [1.5], ['1'], [1n], [undefined], new Set(['1']), Symbol('x'), () => true, new Map()]) await fails(() => index.prepareFilter(filter), A, String(typeof filter));
    for (const filter of [[1], new Uint8Array(3), { deny: new Uint8Array(3) }, ['\ud800'], Float64Array.of(1)]) await fails(() => strings.prepareFilter(filter), A, 'strings');
    for (const filter of [[1], ['1'], Float64Array.of(1)]) await fails(() => bigints.prepareFilter(filter), A, 'bigints');
    await fails(() => bigints.prepareFilter([2n ** 63n]), 'ERR_OUT_OF_RANGE', 'beyond 64 bits');
    const thrown = new Error('mine');
    assert.throws(() => index.prepareFilter({ get allow() { throw thrown; } }), thrown);
  });

  test(`${Class.name}: filters of an index that is read by its token, of an empty one`, async () => {
    const index = filled(Class), twin = Class.open(index.token), filter = twin.prepareFilter({ deny: [KEYS.number(1), KEYS.number(500)] }), allows = (key) => key !== KEYS.number(1) && key !== KEYS.number(500);
    await isExactly(twin, filter, allows, 'at first');
    index.add(KEYS.number(500), more);
    index.add(KEYS.number(501), more);
    index.remove(KEYS.number(4));
    await isExactly(twin, filter, allows, "after the owner's changes");
    index.close();
    await isExactly(twin, filter, allows, 'without the owner');
    const empty = create(Class), early = empty.prepareFilter([1, 2]);
    await isExactly(empty, early, () => true, 'empty');
    empty.addBatch([1, 3], data.slice(0, 2));
    await isExactly(empty, early, (key) => key === 1, 'no longer');
  });

  test(`${Class.name}: searching with prepared filters while the index is written`, { skip: threads }, async () => {
    const index = filled(Class), base = data.map((_, i) => 10000 + i), late = rows(3000, dim, 6);
    index.addBatch(base, data); // these stay all the time
    const filters = [[index.prepareFilter(base), (key) => key >= 10000 && key < 10300], [index.prepareFilter({ deny: data.map((_, i) => KEYS.number(i)) }), (key) => key >= 10000], [index.prepareFilter(bitmap(base, 1300)), (key) => key >= 10000 && key < 10300]];
    let done = false, looks = 0;
    const writing = (async () => {
      for (let i = 0; i < 3; i++) {
        await index.addBatchAsync([...base, ...late.map((_, j) => 20000 + j)], [...data.map((v) => v.map((x) => x + i)), ...late], { replace: true, threads: 2 });
        await index.removeBatchAsync(late.map((_, j) => 20000 + j));
        for (let j = 0; j < 20; j++) await index.updateAsync(base[j], data[j]);
      }
    })().finally(() => { done = true; });
    const searching = (async () => {
      while (!done) {
        for (const [filter, allows] of filters) {
          const found = [index.search(query, 200, { filter }), ...await Promise.all([index.searchAsync(query, 200, { filter }), index.searchAsync(data[looks % n], 200, { filter })])];
          for (const { keys } of found) assert.deepStrictEqual([keys.length, new Set(keys).size, Array.from(keys).every(allows)], [200, 200, true]);
        }
        looks++;
        await new Promise(setImmediate);
      }
    })();
    const outcomes = await Promise.allSettled([writing, searching]);
    for (const { status, reason } of outcomes) if (status === 'rejected') throw reason;
    assert.ok(looks > 0);
    for (const [filter, allows] of filters) await isExactly(index, filter, allows, 'afterwards');
  });
}
