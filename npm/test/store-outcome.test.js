'use strict';
// What a promise says is what has happened: a batch that was rejected, by an abort or by `close`, at whatever moment, is nowhere,
// and can be inserted again at once; one that was resolved is there as a whole.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');

const { notInWasm, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, OLD = entries(300, dim, support), NEW = entries(900, dim, support, 1000);
const REPLACED = [...OLD.slice(0, 200), ...NEW].map((entry) => ({ ...entry, vector: entry.vector.slice().reverse() }));
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const options = { dim, metric: 'l2', M: 8, efConstruction: 60 };

/** When `stop` is called after a write has begun. */
const MOMENTS = ['at once', 'in the next turn', 1, 5, 20, 60, 120, 'when told of progress'];

/** Starts `write(more options)` and calls `stop` then: {error}, {value}. */
async function stopped(moment, write, stop) {
  const onProgress = moment === 'when told of progress' ? () => stop() : undefined;
  const outcome = write(onProgress && { onProgress }).then((value) => ({ value }), (error) => ({ error }));
  if (moment === 'at once') stop();
  else if (moment === 'in the next turn') await new Promise(setImmediate).then(stop);
  else if (typeof moment === 'number') await sleep(moment).then(stop);
  return outcome;
}

/** The store holds exactly these entries, the table and the index alike. */
function holds(store, list, what) {
  const wanted = new Map(list.map((entry) => [entry.id, entry.vector])), { ids, data } = store.getAllVectors();
  assert.deepStrictEqual([ids.length, store.size], [wanted.size, wanted.size], what);
  ids.forEach((id, i) => assert.deepStrictEqual(data.slice(i * dim, (i + 1) * dim), wanted.get(id), `${what}: ${id}`));
  for (const { id, vector } of list.filter((_, i) => i % 97 === 0)) assert.strictEqual(store.search(vector, { k: 1, ef: 200 })[0].id, id, what);
  assert.strictEqual(store.getHnswGraph().size, wanted.size, what);
}

/** All entries after `batch`. */
const after = (batch) => [...new Map([...OLD, ...batch].map((entry) => [entry.id, entry])).values()];

for (const kind of ['a file', 'memory']) {
  for (const replace of [false, true]) {
    test(`insertBatchAsync${replace ? ' that replaces' : ''} aborted at any moment (${kind})`, { skip }, async (t) => {
      const batch = replace ? REPLACED : NEW, opened = [];
      t.after(() => { for (const one of opened) one.close(); });
      let rejected = 0;
      for (const moment of MOMENTS) {
        const file = kind === 'memory' ? ':memory:' : place(t), open = (o) => opened[opened.push(VectorStore.open(file, o)) - 1];
        const store = open(options);
        store.insertBatch(OLD);
        const others = kind === 'memory' ? [] : [open()], stop = new AbortController();
        const { error, value } = await stopped(moment, (more) => store.insertBatchAsync(batch, { replace, signal: stop.signal, ...more }), () => stop.abort());
        const what = `aborted ${moment}, ${error ? 'rejected' : 'resolved'}`;
        for (const one of [store, ...others]) {
          assert.deepStrictEqual([one.has('id-1000'), one.has('id-1899'), one.size], [!error, !error, error ? 300 : 1200], what);
        }
        if (error) {
          rejected++;
          assert.strictEqual(error.code, 'ERR_ABORTED', what);
          store.insert({ id: 'at once', vector: OLD[0].vector }); // not ERR_BUSY
          store.delete('at once');
          if (rejected % 2) await sleep(40);
          for (const one of [store, ...others]) holds(one, OLD, what);
          assert.strictEqual((await store.insertBatchAsync(batch, { replace })).length, batch.length, what);
        } else {
          assert.deepStrictEqual(value, batch.map(({ id }) => id));
        }
        for (const one of [store, ...others]) holds(one, after(batch), what);
        if (kind === 'memory') continue;
        for (const one of [store, ...others]) one.close();
        holds(open(), after(batch), `${what}, opened again`);
      }
      assert.ok(rejected > 0, 'no moment was early enough');
    });
  }
}

for (const replace of [false, true]) {
  test(`close() at any moment of insertBatchAsync${replace ? ' that replaces' : ''}`, { skip }, async (t) => {
    const batch = replace ? REPLACED : NEW, opened = [];
    t.after(() => { for (const one of opened) one.close(); });
    let rejected = 0;
    for (const [i, moment] of MOMENTS.entries()) {
      const file = place(t), open = (o) => opened[opened.push(VectorStore.open(file, o)) - 1];
      const store = open(options);
      store.insertBatch(OLD);
      let early;
      const { error } = await stopped(moment, (more) => store.insertBatchAsync(batch, { replace, ...more }), () => {
        store.close();
        if (i % 2) early ??= open(); // before the promise says anything
      });
      const what = `closed ${moment}, ${error ? 'rejected' : 'resolved'}`;
      if (error) assert.strictEqual(error.code, 'ERR_CLOSED', what);
      for (const one of [early, open()].filter(Boolean)) holds(one, error ? OLD : after(batch), what);
      if (!error) continue;
      rejected++;
      const again = open();
      assert.strictEqual((await again.insertBatchAsync(batch, { replace })).length, batch.length, what);
      holds(again, after(batch), what);
    }
    assert.ok(rejected > 0, 'no moment was early enough');
  });
}

test('of several batches in turn, those that are aborted are nowhere and the others are there', { skip }, async (t) => {
  const parts = [0, 1, 2, 3, 4].map((i) => NEW.slice(i * 180, i * 180 + 180));
  for (const wait of [0, 2, 8, 15, 30]) {
    const store = VectorStore.open(':memory:', options), stops = parts.map(() => new AbortController());
    t.after(() => store.close());
    const writes = parts.map((part, i) => store.insertBatchAsync(part, { signal: stops[i].signal }));
    await sleep(wait);
    for (const i of [0, 2, 4]) stops[i].abort();
    const outcomes = await Promise.allSettled(writes), codes = outcomes.map(({ reason }) => reason?.code);
    assert.deepStrictEqual([codes[1], codes[3]], [undefined, undefined]);
    for (const code of codes) assert.strictEqual(code, code && 'ERR_ABORTED');
    if (wait === 0) assert.strictEqual(codes[4], 'ERR_ABORTED', 'its turn had not come');
    holds(store, parts.filter((_, i) => !codes[i]).flat(), `aborted after ${wait} ms: ${codes}`);
    for (const i of [0, 2, 4]) if (codes[i]) await store.insertBatchAsync(parts[i]);
    holds(store, NEW, 'tried again');
  }
});

test('an error of onProgress is that of the call, and nothing is inserted', { skip }, async (t) => {
  const store = VectorStore.open(':memory:', options), mine = new Error('mine');
  t.after(() => store.close());
  store.insertBatch(OLD);
  const many = entries(6000, dim, support, 5000);
  await assert.rejects(store.insertBatchAsync(many, { onProgress() { throw mine; } }), mine);
  holds(store, OLD, 'after it');
  await store.insertBatchAsync(many);
  holds(store, [...OLD, ...many], 'tried again');
});

test("an id that another connection has: the batch is nowhere, not in the index either", { skip }, async (t) => {
  const opened = [];
  t.after(() => { for (const one of opened) one.close(); });
  const file = place(t), [store, others] = [options, undefined].map((o) => opened[opened.push(VectorStore.open(file, o)) - 1]);
  store.insertBatch(OLD);
  for (const [i, wait] of [undefined, 0, 10, 40].entries()) {
    const batch = entries(1000, dim, support, 10000 * (i + 1)), theirs = { id: batch[999].id, vector: OLD[0].vector.map((x) => x + i + 1) };
    const pending = store.insertBatchAsync(batch).then((value) => ({ value }), (error) => ({ error }));
    if (wait !== undefined) await sleep(wait);
    const refused = (() => {
      try { others.insert(theirs); } catch (error) { return error; }
      return undefined;
    })();
    const { error } = await pending;
    assert.deepStrictEqual([error?.code, refused?.code].filter(Boolean), ['ERR_DUPLICATE_KEY'], 'one of the two');
    if (error) assert.match(error.message, new RegExp(`"${theirs.id}"`));
    for (const one of [store, others]) {
      assert.strictEqual(one.has(batch[0].id), !error);
      assert.strictEqual((await one.searchAsync(theirs.vector, { k: 1 }))[0].id === theirs.id, Boolean(error));
      assert.strictEqual(one.getHnswGraph().size, one.size);
    }
    if (error) await store.insertBatchAsync(batch, { replace: true });
  }
  await others.searchAsync(OLD[0].vector);
  for (const one of [store, others]) assert.deepStrictEqual([one.size, one.getHnswGraph().size], [4300, 4300]);
});

test('two connections replace the same entries at once: each is there once', { skip }, async (t) => {
  const opened = [];
  t.after(() => { for (const one of opened) one.close(); });
  const file = place(t), [store, others] = [options, undefined].map((o) => opened[opened.push(VectorStore.open(file, o)) - 1]);
  store.insertBatch(NEW);
  const shifted = (by) => NEW.map((entry) => ({ ...entry, vector: entry.vector.map((x) => x + by) }));
  await Promise.all([store.insertBatchAsync(shifted(3), { replace: true }), others.insertBatchAsync(shifted(5), { replace: true }), store.insertBatchAsync(shifted(9).slice(0, 500), { replace: true })]);
  for (const one of [store, others]) {
    for (const { id, vector } of NEW.filter((_, i) => i % 50 === 0)) {
      const kept = one.get(id).vector;
      assert.ok([3, 5, 9].some((by) => Math.abs(kept[0] - vector[0] - by) < 1e-5));
      assert.deepStrictEqual((await one.searchAsync(kept, { k: 2, ef: 200, filter: [id] })).map((found) => [found.id, found.distance]), [[id, 0]]);
    }
    assert.deepStrictEqual([one.size, one.getHnswGraph().size], [900, 900]);
  }
});
