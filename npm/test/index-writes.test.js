'use strict';
// Batches that add, replace and remove are one step: readers see what was before or what is after, and a call that was rejected
// has done nothing.
const assert = require('node:assert');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { fails, notInWasm, root, rows, ruvector } = require('./support/index.js');
const { KEYS, agrees } = require('./support/oracle.js');

const { BruteForceIndex, HNSWIndex } = ruvector, threads = notInWasm('one thread');
const dim = 16, N = 500, before = rows(N, dim, 3), now = rows(2 * N, dim, 4), ef = 200;
const settled = (promise) => promise.then((value) => ({ value }), (error) => ({ error }));
const turn = () => new Promise(setImmediate), sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

function filled(Class, kind) {
  const index = new Class({ dim, metric: 'l2', keys: kind, ...(Class === HNSWIndex && { M: 8, efConstruction: 60 }) });
  index.addBatch(before.map((_, i) => KEYS[kind](i)), before);
  return index;
}
/** The batch: every second of the old ones, and as many new ones again. */
const batchOf = (kind) => {
  const places = now.map((_, i) => i).filter((i) => i >= N || i % 2 === 0);
  return { keys: places.map(KEYS[kind]), vectors: places.map((i) => now[i]) };
};
const OLD = (kind) => new Map(before.map((v, i) => [KEYS[kind](i), v]));
const AFTER = (kind) => {
  const { keys, vectors } = batchOf(kind);
  return new Map([...OLD(kind), ...keys.map((key, i) => [key, vectors[i]])]);
};
const some = { ef, most: 100, count: 10 };
const same = (a, b) => a.every((x, i) => x === b[i]);

/** Ways to see whether a batch has happened; a Promise or not. */
const looks = (index, kind) => {
  const key = KEYS[kind], fresh = key(N + 7), half = (found, i) => {
    assert.deepStrictEqual(Array.from(found.keys), [key(i)], 'one vector of one key');
    return found.distances[0] === 0;
  };
  return [
    () => ({ [N]: false, [2 * N]: true })[index.size],
    () => index.has(fresh),
    () => same(index.get(key(4)), now[4]),
    () => half(index.search(now[6], 3, { filter: [key(6)] }), 6),
    async () => half(await index.searchAsync(now[8], 3, { filter: [key(8)] }), 8),
    () => { // the old vector first: whoever is not found by it any more is found by the new one
      if (index.search(before[10], 1, index.M && { ef }).keys[0] === key(10)) return false;
      assert.strictEqual(index.search(now[10], 1, index.M && { ef }).keys[0], key(10), 'by the new vector');
      return true;
    },
    () => index.keys().length === 2 * N,
    () => index.search(now[0], 50).keys.length === 50 && index.has(fresh),
  ];
};

/** Looks again and again until `isDone()`: first nothing has happened, then everything. The answers. */
async function watch(index, kind, isDone) {
  const all = looks(index, kind), seen = [];
  for (let i = 0; !isDone(); i++) {
    const seesIt = await all[i % all.length]();
    assert.strictEqual(typeof seesIt, 'boolean', `look ${i % all.length}: neither before nor after`);
    assert.ok(seesIt || !seen.at(-1), `look ${i % all.length} after ${i}: it is as before again`);
    seen.push(seesIt);
    if (i % 3 === 0) await turn();
  }
  for (const [i, look] of all.entries()) assert.strictEqual(await look(), true, `look ${i} at the end`);
  return seen;
}

for (const Class of [HNSWIndex, BruteForceIndex]) {
  for (const kind of Object.keys(KEYS)) {
    test(`${Class.name}, keys of kind ${kind}: a batch that replaces`, { skip: threads }, async () => {
      const { keys, vectors } = batchOf(kind), index = filled(Class, kind);
      await fails(() => index.addBatch(keys, vectors), 'ERR_DUPLICATE_KEY', 'without the option');
      await fails(() => index.addBatch(keys, vectors, { replace: false }), 'ERR_DUPLICATE_KEY', 'false');
      await fails(() => index.addBatchAsync(keys, vectors, { replace: false }), 'ERR_DUPLICATE_KEY', 'false', true);
      agrees(index, OLD(kind), { ...some, what: 'refused' });
      index.addBatch(keys, vectors, { replace: true });
      agrees(index, AFTER(kind), { ...some, what: 'replaced' });
      index.addBatch([], [], { replace: true });
      index.addBatch([...OLD(kind).keys()], before, { replace: true, threads: 2 });
      index.addBatch([...OLD(kind).keys()], before, { replace: true });
      agrees(index, new Map([...AFTER(kind), ...OLD(kind)]), { ...some, what: 'and back' });
    });

    test(`${Class.name}, keys of kind ${kind}: add that replaces`, async () => {
      const { keys, vectors } = batchOf(kind), index = filled(Class, kind);
      for (const options of [undefined, {}, { replace: false }]) {
        for (const key of OLD(kind).keys()) await fails(() => index.add(key, vectors[0], options), 'ERR_DUPLICATE_KEY', String(key));
      }
      await fails(() => index.add(keys[0], vectors[0], { repalce: true }), 'ERR_INVALID_CONFIG', 'misspelt');
      await fails(() => index.add(keys[0], vectors[0], { replace: 1 }), 'ERR_INVALID_ARG', 'a number');
      agrees(index, OLD(kind), { ...some, what: 'refused' });
      for (const [i, key] of keys.entries()) index.add(key, vectors[i], { replace: true });
      agrees(index, AFTER(kind), { ...some, what: 'replaced' });
    });

    test(`${Class.name}, keys of kind ${kind}: addBatchAsync that replaces is one step for readers`, { skip: threads }, async () => {
      const { keys, vectors } = batchOf(kind), index = filled(Class, kind), shares = [];
      let done = false;
      const adding = settled(index.addBatchAsync(keys, vectors, { replace: true, onProgress: (share) => shares.push(share) })).then((x) => { done = true; return x; });
      let seen;
      try { seen = await watch(index, kind, () => done); } finally { assert.deepStrictEqual(await adding, { value: undefined }); }
      assert.ok(Class !== HNSWIndex || seen.includes(false), 'it was over before anybody looked');
      assert.strictEqual(shares.at(-1), 1);
      agrees(index, AFTER(kind), some);
    });
  }

  test(`${Class.name}: addBatchAsync without replacing is one step too`, { skip: threads }, async () => {
    const index = filled(Class, 'number'), more = rows(4000, dim, 9), keys = more.map((_, i) => 1e6 + i);
    let done = false, partly = 0;
    const adding = index.addBatchAsync(keys, more).finally(() => { done = true; });
    while (!done) {
      if (![N, N + 4000].includes(index.size) || ![N, N + 4000].includes(index.keys().length)) partly++;
      if (index.search(more[0], 1).distances[0] === 0 !== index.has(1e6)) partly += index.has(1e6) ? 0 : 1;
      await turn();
    }
    await adding;
    assert.strictEqual(partly, 0, 'times a part of it was seen');
    agrees(index, new Map([...OLD('number'), ...keys.map((key, i) => [key, more[i]])]), some);
  });

  test(`${Class.name}: aborted at any moment, everything has happened or nothing`, { skip: threads }, async () => {
    const { keys, vectors } = batchOf('number'), gone = before.map((_, i) => KEYS.number(i)).filter((_, i) => i % 3), kept = new Map([...OLD('number')].filter(([key]) => !gone.includes(key)));
    const more = vectors.map((_, i) => 1e6 + i), plus = new Map([...OLD('number'), ...more.map((key, i) => [key, vectors[i]])]);
    const CALLS = {
      'a batch that replaces': [(index, o) => index.addBatchAsync(keys, vectors, { replace: true, ...o }), AFTER('number')],
      'a batch of new ones': [(index, o) => index.addBatchAsync(more, vectors, o), plus],
      removeBatchAsync: [(index, o) => index.removeBatchAsync(gone, o), kept],
      removeAsync: [(index, o) => index.removeAsync(-20, o), new Map([...OLD('number')].filter(([key]) => key !== -20))],
      updateAsync: [(index, o) => index.updateAsync(-20, now[0], o), new Map([...OLD('number'), [-20, now[0]]])],
    };
    for (const [name, [call, after]] of Object.entries(CALLS)) {
      let rejected = 0;
      for (const moment of ['before', 'at once', 0, 5, 40, ...(/Async/.test(name) ? [] : ['progress'])]) {
        const index = filled(Class, 'number'), stop = new AbortController(), what = `${name} aborted ${moment}`;
        if (moment === 'before') stop.abort();
        const pending = settled(call(index, { signal: stop.signal, ...(moment === 'progress' && { onProgress: () => stop.abort() }) }));
        if (typeof moment === 'number') await sleep(moment);
        if (moment !== 'progress') stop.abort();
        const { error } = await pending;
        assert.strictEqual(error?.code, error && 'ERR_ABORTED', what);
        index.add(77777777, now[5]); // a writer is not held up
        index.remove(77777777);
        agrees(index, error ? OLD('number') : after, { ...some, what: `${what}, ${error ? 'rejected' : 'resolved'}` });
        if (!error) continue;
        rejected++;
        await call(index);
        agrees(index, after, { ...some, what: `${what}, tried again` });
      }
      assert.ok(rejected > 0, `${name}: no moment was early enough`);
    }
  });

  test(`${Class.name}: an error of onProgress is that of the call, and nothing is added`, { skip: threads }, async () => {
    const { keys, vectors } = batchOf('string'), mine = new Error('mine');
    for (const replace of [true, false]) {
      for (const last of [false, true]) {
        const index = filled(Class, 'string'), all = replace ? keys : keys.map((key) => `${key}, new`);
        const { error } = await settled(index.addBatchAsync(all, vectors, { replace, onProgress(share) { if (share === 1 || !last) throw mine; } }));
        assert.ok(error === mine || (error === undefined && last), `${error}`);
        agrees(index, error ? OLD('string') : new Map([...OLD('string'), ...all.map((key, i) => [key, vectors[i]])]), { ...some, what: `replace ${replace}, ${last ? 'the last time' : 'the first time'}, ${error ? 'rejected' : 'resolved'}` });
      }
    }
  });

  const { keys, vectors } = batchOf('number'), own = N / 2; // the first so many are there before
  const WAYS = {
    update: (index, i) => { for (let j = 0; j < own; j++) index.update(keys[j], i % 2 ? vectors[j] : before[j]); },
    updateAsync: async (index, i) => { for (let j = 0; j < own; j += 5) await index.updateAsync(keys[j], i % 2 ? vectors[j] : before[j]); },
    'addBatch that replaces': (index, i) => index.addBatch(keys, i % 2 ? vectors : vectors.map((v) => v.map((x) => -x)), { replace: true }),
    'addBatchAsync that replaces': (index, i) => index.addBatchAsync(keys, i % 2 ? vectors : vectors.map((v) => v.map((x) => -x)), { replace: true, threads: 2 }),
  };
  for (const [name, write] of Object.entries(WAYS)) {
    test(`${Class.name}, ${name}: a reader in a worker finds each vector once, all the time`, { skip: threads }, async (t) => {
      const index = filled(Class, 'number'), seen = new Int32Array(new SharedArrayBuffer(8));
      const worker = new Worker(`
        const { workerData: { name, token, seen, keys } } = require('node:worker_threads');
        const index = require(${JSON.stringify(root)})[name].open(token), query = new Float32Array(${dim});
        for (let i = 0; Atomics.load(seen, 1) === 0; i = (i + 7) % keys.length) {
          const { keys: found } = index.search(query, 3, { filter: [keys[i]] });
          if (found.length !== 1 || found[0] !== keys[i]) throw new Error(keys[i] + ' was found ' + found.length + ' times');
          if (new Set(index.search(query, 30).keys).size !== 30) throw new Error('not thirty different ones');
          if (!index.has(keys[i]) || index.get(keys[i]).length !== ${dim} || index.size < ${N}) throw new Error('not there');
          Atomics.add(seen, 0, 1);
        }`, { eval: true, workerData: { name: Class.name, token: index.token, seen, keys: keys.slice(0, own) } });
      t.after(() => worker.terminate());
      const failure = new Promise((resolve) => { worker.on('error', resolve).on('exit', () => resolve(undefined)); });
      while (Atomics.load(seen, 0) === 0) await turn();
      for (let i = 1; i < (Class === BruteForceIndex ? 15 : 4); i++) await write(index, i);
      Atomics.store(seen, 1, 1);
      assert.strictEqual((await failure)?.message, undefined);
      assert.ok(Atomics.load(seen, 0) > 0);
    });
  }
}
