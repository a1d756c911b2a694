'use strict';
// Workers ended at random moments in the middle of calls. Used by `npm run terminate` (1,000) and npm/test/workers.test.js.
const assert = require('node:assert');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: pause } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { random, root, ruvector } = require('./index.js');

const CODE = `
  const { parentPort, workerData: { root, token, indexToken, file, place, acknowledged, queries, kind } } = require('node:worker_threads');
  const ruvector = require(root), query = queries.data.slice(0, 64), nothing = () => {};
  const opened = ruvector.HNSWIndex.open(indexToken), keys = Array.from({ length: queries.rows }, (_, i) => i);
  const graph = (options) => new ruvector.HNSWIndex({ dim: 64, M: 4, efConstruction: 20, ...options });
  const set = ruvector.VectorSet.open(token), own = new ruvector.VectorSet(queries), layer = new ruvector.RuvectorLayer(64, 64, 4, 0.1, 1);
  const jobs = () => {
    for (let i = 0; i < 6; i++) {
      ruvector.differentiableSearchBatchAsync(queries, set, 5, { threads: 1 + i % 2 }).catch(nothing);
      ruvector.differentiableSearchHyperbolicAsync(query, queries, 5).catch(nothing);
      ruvector.hierarchicalForwardV2Async(query, [set, own], [layer, 'identity'], { mode: 'dual_space' }).catch(nothing);
    }
  };
  parentPort.postMessage('on');
  const work = {
    jobs,
    'jobs again and again': () => { setInterval(jobs, 5); },
    'a loop of searches': () => { jobs(); for (;;) ruvector.differentiableSearch(query, set, 5); },
    'a loop of creations': () => { for (;;) { new ruvector.VectorSet(queries); ruvector.RuvectorLayer.fromJson(layer.toJson()).forward(query, [query]); } },
    'a loop of batches on two threads': () => { for (;;) ruvector.differentiableSearchHyperbolicBatch(queries, set, 5, -1, { threads: 2 }); },
    // Ended between any two steps of a call: what Node refuses then must not be used.
    'a loop of asynchronous calls': () => { for (;;) ruvector.hierarchicalForwardV2Async(query, [set, own], [layer, 'identity'], { mode: 'standard', k: 1 }).catch(nothing); },
    'a loop of calls with lists': () => { for (;;) ruvector.hierarchicalForwardV2(query, [{ data: query, rows: 1, dim: 64 }], ['identity'], { mode: 'standard', k: 1, temperature: 2 }); },
    'jobs whose set is closed': () => { jobs(); own.close(); set.close(); },
    'an index that grows without blocking': () => {
      const one = graph(), next = (i) => one.addBatchAsync(keys.map((key) => key + i * queries.rows), queries, { threads: 1 + i % 2 }).then(() => next(i + 1), nothing);
      next(0);
      for (;;) one.search(query, 5);
    },
    'an index that grows, is cleared and searched': () => { for (const one = graph({ storage: 'i8' });; one.clear()) { one.addBatch(keys, queries, { threads: 2 }); one.remove(3); one.searchBatch(queries, 5); } },
    'asynchronous searches of an index': () => { setInterval(() => { for (let i = 0; i < 6; i++) opened.searchBatchAsync(queries, 5, { threads: 1 + i % 2 }).catch(nothing); opened.searchAsync(query, 5, { filter: keys }).catch(nothing); }, 5); },
    'a loop of searches of an index': () => { for (;;) { opened.search(query, 5); opened.searchBatch(queries, 3, { threads: 2 }); } },
    'a loop of openings of an index': () => { for (;;) { ruvector.HNSWIndex.open(indexToken).searchAsync(query, 1).catch(nothing); ruvector.HNSWIndex.open(indexToken).close(); } },
    'an index that is replaced and removed from without blocking': () => {
      const one = graph(), kept = one.prepareFilter({ deny: keys.slice(0, 100) });
      (async () => {
        for (let i = 0;; i++) {
          await one.addBatchAsync(keys, queries, { replace: true, threads: 1 + i % 2 });
          await one.removeBatchAsync(keys.slice(i % 100, i % 100 + 200));
          await one.updateAsync(keys[0], query).catch(nothing);
          one.searchAsync(query, 5, { filter: kept }).catch(nothing);
        }
      })();
    },
    'filters of an index': () => {
      const filters = [];
      for (let i = 0;; i++) {
        const one = opened.prepareFilter(i % 3 ? { deny: keys.slice(i % 300) } : new Uint8Array(64).fill(i));
        opened.searchAsync(query, 5, { filter: one }).catch(nothing);
        opened.search(query, 5, { filter: one });
        if (i % 2) one.close();
        else if (filters.length < 50) filters.push(one); // the others are forgotten
      }
    },
    'a store that is replaced': () => {
      const store = ruvector.VectorStore.open(file), other = ruvector.VectorStore.open(file), filter = other.prepareFilter({ where: { i: { $exists: true } } });
      (async () => {
        for (let i = 0;; i++) {
          const entries = keys.slice(0, 20).map((key) => ({ id: place + ' ' + key, vector: query.map((x, d) => (d === key ? i + 1 : x)), metadata: { i } }));
          other.searchAsync(query, { filter }).catch(nothing); // catches up beside the write
          store.searchAsync(query).catch(nothing);
          await store.insertBatchAsync(entries, { replace: true });
          Atomics.store(acknowledged, place, i + 1);
          if (i % 4 === 3) await store.deleteBatchAsync(keys.slice(20, 30).map((key) => place + ' ' + key));
        }
      })();
    },
    'a store': () => {
      const store = ruvector.VectorStore.open(file), entries = (i) => keys.slice(0, 20).map((key) => ({ id: place + ' ' + i + ' ' + key, vector: query, metadata: { i } }));
      (async () => {
        for (let i = 0;; i++) {
          if (i % 2) await store.insertBatchAsync(entries(i));
          else store.insertBatch(entries(i));
          Atomics.store(acknowledged, place, i + 1);
          store.search(query, { k: 3, where: { i } });
          store.searchAsync(query).catch(nothing);
        }
      })();
    },
  };
  work[kind]();`;
const KINDS = ['jobs', 'jobs again and again', 'a loop of searches', 'a loop of creations', 'a loop of batches on two threads',
  'a loop of asynchronous calls', 'a loop of calls with lists', 'jobs whose set is closed',
  'an index that grows without blocking', 'an index that grows, is cleared and searched', 'asynchronous searches of an index',
  'a loop of searches of an index', 'a loop of openings of an index', 'an index that is replaced and removed from without blocking', 'filters of an index',
  'a store that is replaced', 'a store'];

/** The store that workers write into: nothing that a worker had acknowledged may be missing when it has ended. */
class Stores {
  #folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-terminate-'));
  file = path.join(this.#folder, 'vectors.db');
  #places = 0;

  constructor(dim) {
    ruvector.VectorStore.open(this.file, { dim, M: 4, efConstruction: 20, saveEvery: 100 }).close();
  }

  /** A name for the next worker, where it counts the batches it knows to be stored. */
  next(acknowledged) {
    acknowledged.fill(0);
    return this.#places++ % acknowledged.length;
  }

  /** Opens the store as a new process would, looks for what was acknowledged, and takes it out again. */
  check(kind, place, batches, query, what) {
    const store = ruvector.VectorStore.open(this.file);
    try {
      const { ids } = store.getAllVectors();
      if (kind === 'a store') {
        for (let i = 0; i < batches; i++) for (let key = 0; key < 20; key++) assert.ok(store.has(`${place} ${i} ${key}`), `${what}: entry ${key} of batch ${i} of ${batches}`);
        assert.ok(ids.length % 20 === 0 && ids.length <= 20 * (batches + 1), `${what}: ${ids.length} entries of ${batches} batches, the last one whole or not there`);
      } else {
        const versions = new Set(ids.map((id) => store.get(id).metadata.i)), [version = -1] = versions;
        assert.ok(versions.size < 2 && (version === batches - 1 || version === batches), `${what}: batches ${[...versions]} after ${batches}`);
        assert.strictEqual(ids.length, version < 0 ? 0 : 20, `${what}: each entry`);
        const found = store.search(query, { k: 40, ef: 200 });
        assert.deepStrictEqual([found.length, new Set(found.map(({ id }) => id)).size], [ids.length, ids.length], `${what}: each is found, once`);
      }
      assert.strictEqual(store.search(query, { k: 5 }).length, Math.min(5, ids.length), `${what}: found`);
      assert.strictEqual(store.getHnswGraph().size, ids.length, `${what}: the index has what the table has`);
      store.deleteBatch(ids);
    } finally {
      store.close();
    }
  }

  remove() { fs.rmSync(this.#folder, { recursive: true, force: true }); }
}

/**
 * Starts and ends `count` workers, at a moment that `seed` chooses: while it loads (a tenth of them) or up to 30 ms into
 * its work (120 with a store, which takes 20 to open). They share a set, an index and a store; afterwards nobody holds them any
 * more. `progress(number ended)` may be asynchronous.
 */
async function terminateWorkers(count, seed, progress = () => {}) {
  const next = random(seed), unit = () => (next() + 1) / 2;
  const set = new ruvector.VectorSet({ data: new Float32Array(20000 * 64).fill(0.1), rows: 20000, dim: 64 });
  const queries = { data: new Float32Array(512 * 64).fill(0.01), rows: 512, dim: 64 };
  const points = { data: Float32Array.from({ length: 500 * 64 }, next), rows: 500, dim: 64 }, index = new ruvector.HNSWIndex({ dim: 64, M: 8, efConstruction: 40 });
  index.addBatch(Array.from({ length: points.rows }, (_, i) => i), points);
  const { token } = set, { token: indexToken } = index, query = queries.data.slice(0, 64), stores = new Stores(64), acknowledged = new Int32Array(new SharedArrayBuffer(4 * 16));
  const answers = () => [ruvector.differentiableSearch(query, set, 3).indices, Array.from(index.search(query, 3, { ef: points.rows }).keys)], expected = answers();
  try {
    for (let i = 0; i < count; i++) {
      const kind = KINDS[Math.floor(unit() * KINDS.length)], early = unit() < 0.1, isStore = kind.startsWith('a store'), ms = unit() * (isStore ? 120 : 30), place = stores.next(acknowledged), what = `after worker ${i}, ${kind}`;
      const worker = new Worker(CODE, { eval: true, workerData: { root, token, indexToken, file: stores.file, place, acknowledged, queries, kind } });
      if (!early) await once(worker, 'message'); // rejects where the worker throws
      await pause(ms);
      await worker.terminate();
      assert.deepStrictEqual(answers(), expected, what);
      index.update(i % points.rows, points.data.subarray(64 * (i % points.rows), 64 * (i % points.rows + 1))); // no ended reader holds the writer up
      if (isStore) stores.check(kind, place, Atomics.load(acknowledged, place), query, what);
      await progress(i + 1);
    }
  } finally {
    stores.remove();
  }
  set.close();
  index.close();
  assert.throws(() => ruvector.VectorSet.open(token), { code: 'ERR_NOT_FOUND' }, 'the ended workers hold nothing');
  assert.throws(() => ruvector.HNSWIndex.open(indexToken), { code: 'ERR_NOT_FOUND' }, 'the ended workers hold no index');
}

module.exports = { terminateWorkers };
