'use strict';
// Workers ended at random moments in the middle of calls. Used by `npm run terminate` (1,000) and npm/test/workers.test.js.
const assert = require('node:assert');
const { once } = require('node:events');
const { setTimeout: pause } = require('node:timers/promises');
const { Worker } = require('node:worker_threads');
const { random, root, ruvector } = require('./index.js');

const CODE = `
  const { parentPort, workerData: { root, token, queries, kind } } = require('node:worker_threads');
  const ruvector = require(root), query = queries.data.slice(0, 64), nothing = () => {};
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
  };
  work[kind]();`;
const KINDS = ['jobs', 'jobs again and again', 'a loop of searches', 'a loop of creations', 'a loop of batches on two threads',
  'a loop of asynchronous calls', 'a loop of calls with lists', 'jobs whose set is closed'];

/**
 * Starts and ends `count` workers, at a moment that `seed` chooses: while it loads (a tenth of them) or up to 30 ms into
 * its work. They share a set; afterwards nobody holds it any more. `progress(number ended)` may be asynchronous.
 */
async function terminateWorkers(count, seed, progress = () => {}) {
  const next = random(seed), unit = () => (next() + 1) / 2;
  const set = new ruvector.VectorSet({ data: new Float32Array(20000 * 64).fill(0.1), rows: 20000, dim: 64 });
  const queries = { data: new Float32Array(512 * 64).fill(0.01), rows: 512, dim: 64 };
  const { token } = set, expected = ruvector.differentiableSearch(queries.data.slice(0, 64), set, 3).indices;
  for (let i = 0; i < count; i++) {
    const kind = KINDS[Math.floor(unit() * KINDS.length)], early = unit() < 0.1, ms = unit() * 30;
    const worker = new Worker(CODE, { eval: true, workerData: { root, token, queries, kind } });
    if (!early) await once(worker, 'message'); // rejects where the worker throws
    await pause(ms);
    await worker.terminate();
    assert.deepStrictEqual(ruvector.differentiableSearch(queries.data.slice(0, 64), set, 3).indices, expected, `after worker ${i}, ${kind}`);
    await progress(i + 1);
  }
  set.close();
  assert.throws(() => ruvector.VectorSet.open(token), { code: 'ERR_NOT_FOUND' }, 'the ended workers hold nothing');
}

module.exports = { terminateWorkers };
