'use strict';
// Lifetime of what lives in native memory: shared by token, closed while in use (created and dropped often: leaks.test.js).
const assert = require('node:assert');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { bits, fails, notInWasm, pack, root, rows, ruvector, vector } = require('./support/index.js');

const { RuvectorLayer, VectorSet, differentiableSearch } = ruvector;

/** A worker that answers messages with what `body` (a function of the library and the message) returns. */
function worker(body) {
  const w = new Worker(`
    const { parentPort } = require('node:worker_threads');
    const ruvector = require(${JSON.stringify(root)}), state = {}, body = ${body};
    parentPort.on('message', async (message) => {
      try { parentPort.postMessage({ value: await body(ruvector, message, state) }); }
      catch (error) { parentPort.postMessage({ code: error.code, message: String(error) }); }
    });`, { eval: true });
  w.ask = (message) => new Promise((resolve, reject) => {
    w.once('error', reject);
    w.once('message', (answer) => { w.off('error', reject); resolve(answer); });
    w.postMessage(message);
  });
  return w;
}

test('a set and its rows', () => {
  const list = rows(5, 3, 1), set = new VectorSet(list);
  assert.deepStrictEqual([set.size, set.dim, set.closed], [5, 3, false]);
  list.forEach((row, i) => assert.deepStrictEqual(set.get(i), row));
  set.get(0).fill(0);
  list[0].fill(0);
  assert.notDeepStrictEqual(set.get(0), list[0], 'copies in and out');
  const twin = VectorSet.open(structuredClone(set.token));
  assert.ok(twin !== set && bits(twin) === bits(set));
  set.close();
  assert.deepStrictEqual([twin.size, twin.closed], [5, false]);
  twin.close();
});

const shared = { skip: notInWasm('sets belong to one instance, and each worker has its own') };
test('a set shared with a worker, and closed here while the worker uses it', shared, async () => {
  const list = rows(3000, 32, 2), query = vector(32, 3), set = new VectorSet(list), { token } = set;
  const expected = bits(differentiableSearch(query, set, 20)), ball = bits(ruvector.differentiableSearchHyperbolic(query, set, 20));
  const w = worker(async (library, { token: shared, query: q, action }, state) => {
    if (action === 'open') state.set = library.VectorSet.open(shared);
    if (action === 'close') state.set.close();
    if (action === 'close') return library.VectorSet.open(shared);
    return [library.differentiableSearch(q, state.set, 20), library.differentiableSearchHyperbolic(q, state.set, 20),
      await library.differentiableSearchAsync(q, state.set, 20)];
  });
  const look = async (action) => {
    const { value, message } = await w.ask({ token, query, action });
    assert.ok(value, message);
    assert.deepStrictEqual(value.map(bits), [expected, ball, expected]);
  };
  await look('open');
  set.close();
  await look('search');
  const again = VectorSet.open(token); // alive in the worker
  assert.strictEqual(bits(differentiableSearch(query, again, 20)), expected);
  again.close();
  const gone = await w.ask({ token, query, action: 'close' });
  assert.strictEqual(gone.code, 'ERR_NOT_FOUND');
  await fails(() => VectorSet.open(token), 'ERR_NOT_FOUND', 'gone');
  await w.terminate();
});

test('a worker that dies gives up its sets', shared, async () => {
  const w = worker((library, _, state) => { state.set = new library.VectorSet([[1, 2], [3, 4]]); return state.set.token; });
  const { value: token } = await w.ask({});
  const mine = VectorSet.open(token);
  await w.terminate();
  assert.deepStrictEqual(Array.from(mine.get(1)), [3, 4]);
  mine.close();
  await fails(() => VectorSet.open(token), 'ERR_NOT_FOUND', 'gone');
});

test('closing while asynchronous searches are in flight: they complete', async () => {
  const list = rows(30000, 32, 4), query = vector(32, 5);
  const expected = bits(differentiableSearch(query, new VectorSet(list), 10));
  const set = new VectorSet(list);
  const jobs = Array.from({ length: 12 }, () => ruvector.differentiableSearchAsync(query, set, 10));
  const { token } = set;
  set.close();
  await fails(() => ruvector.differentiableSearchAsync(query, set, 10), 'ERR_CLOSED', 'after close', true);
  for (const result of await Promise.all(jobs)) assert.strictEqual(bits(result), expected);
  await fails(() => VectorSet.open(token), 'ERR_NOT_FOUND', 'gone with the last job');
});
