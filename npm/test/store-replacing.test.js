'use strict';
// While entries are replaced, by whomever, each of them is there all the time: the old one or the new one, never neither and never
// both.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');
const { WRITERS } = require('./support/writers.js');

const { notInWasm, random, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, count = 600, OLD = entries(count, dim, support);
/** The vectors that take their place; support/writers.js makes the same with `make(${count}, 0)`. */
const NEW = OLD.map((entry) => ({ ...entry, vector: entry.vector.slice().reverse() }));
const ids = (results) => results.map(({ id }) => id), ef = 200;
const turn = () => new Promise(setImmediate);

/** What both give, once both have come to their end. */
async function both(...promises) {
  const outcomes = await Promise.allSettled(promises), failed = outcomes.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
  return outcomes.map(({ value }) => value);
}

function opened(t, kind) {
  const all = [];
  t.after(() => { for (const one of all) one.close(); });
  const file = kind === 'memory' ? ':memory:' : place(t), open = (options) => all[all.push(VectorStore.open(file, options)) - 1];
  const store = open({ dim, metric: 'l2', M: 8, efConstruction: 60 });
  store.insertBatch(OLD);
  return { file, store, open };
}

/** Looks at random entries of the store in every way until `isDone()`; how often. */
async function watch(store, isDone, isAsync) {
  const next = random(5), ask = isAsync ? (query, options) => store.searchAsync(query, options) : (query, options) => store.search(query, options);
  let looks = 0;
  for (; !isDone(); looks++) {
    const n = Math.floor((next() + 1) / 2 * count), { id, vector: before } = OLD[n], { vector: now } = NEW[n];
    // The old vector first: whoever is not found by it any more is found by the new one.
    const first = ids(await ask(before, { k: 1, ef }));
    assert.strictEqual(first.length, 1, 'one is asked for, and hundreds are there');
    if (first[0] !== id) assert.deepStrictEqual(ids(await ask(now, { k: 1, ef })), [id], 'by its new vector');
    for (const options of [{ filter: [id] }, { where: { i: n } }]) assert.deepStrictEqual(ids(await ask(now, { k: 3, ...options })), [id], Object.keys(options)[0]);
    for (const query of [now, before, now, before]) {
      const many = ids(await ask(query, { k: 50 }));
      assert.deepStrictEqual([many.length, new Set(many).size], [50, 50], 'fifty different ones');
    }
    await turn();
  }
  return looks;
}

/** Everything has been replaced. */
async function isReplaced(store) {
  await store.searchAsync(NEW[0].vector);
  for (let i = 0; i < count; i += 100) {
    assert.deepStrictEqual(ids(store.search(NEW[i].vector, { k: 1, ef })), [NEW[i].id]);
    assert.ok(store.search(OLD[i].vector, { k: 1, filter: [OLD[i].id] })[0].distance > 0, 'the old vector is gone');
  }
  assert.deepStrictEqual([store.size, store.getHnswGraph().size], [count, count]);
}

for (const kind of ['a file', 'memory']) {
  for (const isAsync of [true, false]) {
    test(`insertBatchAsync that replaces (${kind}), seen by ${isAsync ? 'searchAsync' : 'search'}`, { skip }, async (t) => {
      const { store } = opened(t, kind);
      let done = false;
      const write = store.insertBatchAsync(NEW, { replace: true }).finally(() => { done = true; });
      const [looks] = await both(watch(store, () => done, isAsync), write);
      assert.ok(looks > 0, `${looks} looks`);
      await isReplaced(store);
    });
  }
}

/** Batches, for the sake of many moments in which a part is replaced. */
const CODE = `const all = make(${count}, 0).map((entry) => ({ ...entry, vector: entry.vector.slice().reverse() }));
  for (let i = 0; i < all.length; i += 40) {
    await store.insertBatchAsync(all.slice(i, i + 40), { replace: true });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }`;
for (const [who, write] of Object.entries(WRITERS)) {
  for (const isAsync of who === 'a worker' ? [true] : [true, false]) {
    test(`what ${who} replaces, seen by ${isAsync ? 'searchAsync' : 'search'} of another connection`, { skip }, async (t) => {
      const { file, store } = opened(t, 'a file');
      let done = false;
      const writing = write(file, CODE).finally(() => { done = true; });
      const [looks] = await both(watch(store, () => done, isAsync), writing);
      assert.ok(looks > 0, `${looks} looks`);
      await isReplaced(store);
    });
  }
}

test('one entry replaced again and again, without a moment in which it is not there', { skip }, async (t) => {
  const { store, open } = opened(t, 'a file'), others = open();
  let done = false;
  const writing = (async () => {
    for (let i = 0; i < 60; i++) await store.insertAsync({ id: 'id-5', vector: (i % 2 ? OLD : NEW)[5].vector, metadata: { i: 5, round: i } }, { replace: true });
  })().finally(() => { done = true; });
  const rounds = [-1, -1], watching = (async () => {
    while (!done) {
      for (const [i, one] of [store, others].entries()) {
        const found = await one.searchAsync(OLD[5].vector, { k: 2, filter: ['id-5'] });
        assert.deepStrictEqual(ids(found), ['id-5']);
        const { round = -1 } = found[0].metadata;
        assert.ok(round >= rounds[i], 'it goes back');
        rounds[i] = round;
        assert.strictEqual(found[0].distance === 0, round % 2 !== 0, 'vector and metadata belong together');
      }
      await turn();
    }
  })();
  await both(writing, watching);
});
