'use strict';
// Several threads with the addon: at once, ended in mid-call, and again after all are gone; and exits with jobs queued.
const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { bits, notInWasm, root, rows, ruvector, vector } = require('./support/index.js');
const { terminateWorkers } = require('./support/terminate.js');

const load = `const { parentPort, workerData } = require('node:worker_threads'); const ruvector = require(${JSON.stringify(root)});`;
const start = (code, workerData) => new Worker(load + code, { eval: true, workerData });
const message = (worker) => new Promise((resolve, reject) => {
  worker.once('message', resolve);
  worker.once('error', reject);
});
const exit = (worker) => new Promise((resolve) => worker.once('exit', resolve));

const list = rows(2000, 24, 1), query = vector(24, 2);
const results = () => [ruvector.differentiableSearch(query, list, 9), ruvector.differentiableSearchHyperbolic(query, list, 9, -1)];

test('two workers and the main thread search at once', async () => {
  const expected = bits(results());
  const workers = [0, 1].map(() => start(`
    const { list, query } = workerData;
    const layer = new ruvector.RuvectorLayer(24, 24, 2, 0.1, 1);
    (async () => {
      let last;
      for (let i = 0; i < 100; i++) {
        last = [ruvector.differentiableSearch(query, list, 9), ruvector.differentiableSearchHyperbolic(query, list, 9, -1)];
        new ruvector.VectorSet(list).close();
        layer.forward(query, list.slice(0, 50));
        await ruvector.differentiableSearchAsync(query, list, 9);
      }
      parentPort.postMessage(last);
    })();`, { list, query }));
  const done = Promise.all(workers.map(message));
  for (let i = 0; i < 100; i++) {
    assert.strictEqual(bits(results()), expected);
    await ruvector.differentiableSearchAsync(query, list, 9);
  }
  for (const answer of await done) assert.strictEqual(bits(answer), expected);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

for (const name of ['HNSWIndex', 'BruteForceIndex']) {
  test(`a worker searches a ${name} while the main thread adds to it`, { skip: notInWasm('indexes belong to one instance') }, async (t) => {
    const Class = ruvector[name], index = new Class({ dim: 24, metric: 'l2' }), { token } = index, count = list.length, step = count / 20;
    const seen = new Int32Array(new SharedArrayBuffer(4)); // the size that the worker has seen
    const worker = start(`
      const { name, token, list, query, count, seen } = workerData, index = ruvector[name].open(token);
      const squared = (a, b) => a.reduce((sum, x, d) => sum + (x - b[d]) ** 2, 0);
      (async () => {
        parentPort.postMessage('on');
        for (let rounds = 0, size = 0; size < count; rounds++) {
          if (index.size < size) throw new Error('it shrinks');
          size = index.size;
          const { keys, distances } = rounds % 2 ? index.search(query, 9) : await index.searchAsync(query, 9);
          if (name === 'BruteForceIndex' && keys.length < Math.min(size, 9)) throw new Error(keys.length + ' of ' + size);
          keys.forEach((key, i) => {
            if (Math.abs(squared(query, list[key]) - distances[i]) > 1e-4) throw new Error('the distance of another vector');
            if (i > 0 && distances[i] < distances[i - 1]) throw new Error('not sorted');
          });
          Atomics.store(seen, 0, size);
        }
        parentPort.postMessage(index.search(query, 9));
        parentPort.on('message', (key) => parentPort.postMessage([index.size, index.has(key), index.search(list[key], 1).keys[0] === key]));
      })();`, { name, token, list, query, count, seen });
    t.after(() => worker.terminate());
    await message(worker);
    const answer = message(worker), failed = answer.then(() => false, () => true);
    for (let i = 0; i < count; i += step) {
      const some = list.slice(i, i + step), keys = some.map((_, j) => i + j);
      if (i % (2 * step)) index.addBatch(keys, some);
      else await index.addBatchAsync(keys, some, { threads: 2 });
      while (Atomics.load(seen, 0) < i + step && !(await Promise.race([failed, new Promise(setImmediate)])));
    }
    assert.strictEqual(bits(await answer), bits(index.search(query, 9)));
    index.remove(7);
    const gone = message(worker);
    worker.postMessage(7);
    assert.deepStrictEqual(await gone, [count - 1, false, false]);
    index.close();
    const kept = Class.open(token); // alive in the worker
    assert.strictEqual(kept.size, count - 1);
    kept.close();
    await worker.terminate();
    assert.throws(() => Class.open(token), { code: 'ERR_NOT_FOUND' }, 'a worker that dies gives it up');
  });
}

/** These keep all threads busy with what takes an emulated CPU (npm run emulate) minutes. */
const skip = process.env.RUVECTOR_EMULATED ? 'too slow on an emulated CPU' : false;
const shared = skip || notInWasm('sets belong to one instance, and each worker has its own');
test('40 workers ended in the middle of calls', { skip: shared }, () => terminateWorkers(40, 1));

/** Runs code in a process of its own; its exit code, signal and output. */
function run(code, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', code], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '';
    child.stdout.on('data', (x) => { out += x; });
    child.stderr.on('data', (x) => { err += x; });
    child.on('close', (status, signal) => resolve({ status, signal, out: out.trim(), err }));
  });
}

const busy = `
  const ruvector = require(${JSON.stringify(root)});
  const set = new ruvector.VectorSet({ data: new Float32Array(20000 * 64).fill(.1), rows: 20000, dim: 64 });
  const queries = { data: new Float32Array(512 * 64).fill(.2), rows: 512, dim: 64 };
  for (let i = 0; i < 40; i++) ruvector.differentiableSearchBatchAsync(queries, set, 5, { threads: 2 }).catch(() => {});`;

test('a process that exits with jobs running and queued', { skip }, async () => {
  for (const end of ['process.exit(7)', 'setImmediate(() => process.exit(7))', 'process.exitCode = 7; set.close(); process.reallyExit ? process.exit() : 0',
    'process.on("exit", () => ruvector.differentiableSearch([1], [[1]], 1)); process.exit(7)', 'setTimeout(() => process.exit(7), 30)']) {
    const { status, signal, err } = await run(`${busy}\n${end}`);
    assert.deepStrictEqual({ status, signal }, { status: 7, signal: null }, `${end}: ${err}`);
  }
});

test('an error that nobody catches ends the process as any other', { skip }, async () => {
  const { status, signal, err } = await run(`${busy}\nthrow new Error('mine')`);
  assert.deepStrictEqual({ status, signal }, { status: 1, signal: null });
  assert.match(err, /Error: mine/);
});

test('loaded, unloaded with its last worker, loaded again', async () => {
  const { status, signal, out, err } = await run(`
    const { Worker } = require('node:worker_threads');
    const once = (code) => new Promise((resolve, reject) => {
      const worker = new Worker(code, { eval: true });
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
    const work = ${JSON.stringify(`const r = require(${JSON.stringify(root)});
      if (r.differentiableSearch([1, 2], [[2, 1], [1, 2]], 1).indices[0] !== 1) throw new Error('wrong');
      const set = new r.VectorSet({ data: new Float32Array(4e4).fill(1), rows: 1e4, dim: 4 });
      r.differentiableSearchBatch([[1, 2, 3, 4]], set, 5, { threads: 4 });
      r.differentiableSearchAsync([1, 2, 3, 4], set, 5, 1, { threads: 2 });`)};
    (async () => {
      for (let i = 0; i < 8; i++) await once(work); // the main thread never loads the addon
      await Promise.all([once(work), once(work), once(work)]);
      for (let i = 0; i < 3; i++) await once(work + '; process.exit(0)');
      require(${JSON.stringify(root)}).differentiableSearch([1], [[1]], 1);
      console.log('done');
    })();`);
  assert.deepStrictEqual({ status, signal, out }, { status: 0, signal: null, out: 'done' }, err);
});

/* Once a worker is being ended, Node makes no promises and no objects for it, though its code runs on to the next place where
 * it can be stopped: here from one builtin to the next call. What that call gave was once whatever lay on the stack. */
test('a call in a worker that is being ended gives undefined', { skip: notInWasm('no promises from native code') }, async () => {
  const kinds = { promise: 'native.searchAsync(query, 1, 24, undefined, list, 10, 24, 5, 0, 0, 1, out[0], out[1], out[2], 1, out[0])', handle: 'native.vectorsCreate(list, 10, 24)',
    lists: `native.geometry('dist', -1, 24, [query, query], undefined, out[1])`, options: `native.create('graph', 'ruvector', ['input_dim', 4, 'hidden_dim', 4])` };
  for (const [kind, call] of Object.entries(kinds)) {
    let seen = 0;
    for (let i = 0; i < 10 && seen < 3; i++) {
      const state = new Int32Array(new SharedArrayBuffer(8)); // where the worker is; what the call gave: 1 undefined, 2 anything else
      const worker = start(`
        const native = require(${JSON.stringify(root)} + '/npm/lib/native.js'), state = workerData, long = new Uint8Array(1e8);
        const query = new Float32Array(24), list = new Float32Array(240), out = [new Uint32Array(5), new Float32Array(5), new Float32Array(5)];
        parentPort.postMessage('on');
        state[0] = 1;
        long.indexOf(7);
        const got = ${call};
        state[1] = got === undefined ? 1 : 2;`, state);
      await message(worker);
      while (Atomics.load(state, 0) === 0);
      await worker.terminate();
      if (state[1] > 0) seen++;
      assert.notStrictEqual(state[1], 2, kind);
    }
    assert.ok(seen > 0 || process.env.RUVECTOR_EMULATED, `${kind}: the call was never reached`);
  }
});

test('a worker that ends by itself waits for its jobs', async () => {
  const worker = start(`
    ruvector.differentiableSearchAsync(workerData.query, workerData.list, 9).then((result) => parentPort.postMessage(result));`, { list, query });
  const [answer, code] = await Promise.all([message(worker), exit(worker)]);
  assert.strictEqual(bits(answer), bits(await ruvector.differentiableSearchAsync(query, list, 9)));
  assert.strictEqual(code, 0);
});

test('many calls at once leave a thread of the pool to others', { skip: skip || notInWasm('no threads') }, async () => {
  const set = new ruvector.VectorSet(rows(40000, 64, 3)), q = vector(64, 1);
  let done = 0;
  const searches = Array.from({ length: 40 }, () => ruvector.differentiableSearchAsync(q, set, 1).then(() => { done++; }));
  await fs.promises.stat(__filename);
  assert.ok(done < 20, `${done} of 40 searches came first`);
  await Promise.all(searches);
  set.close();
});

test('RUVECTOR_JOBS: what is impossible is refused, calls wait and are answered', { skip: skip || notInWasm('no threads') }, () => {
  const run = (jobs) => spawnSync(process.execPath, ['-e', `
    const r = require(${JSON.stringify(root)});
    const set = new r.VectorSet([[1, 0], [0, 1]]);
    Promise.all(Array.from({ length: 50 }, (_, i) => r.differentiableSearchAsync([i % 2, 1 - i % 2], set, 1)))
      .then((all) => console.log(all.every(({ indices }, i) => indices[0] === 1 - i % 2)));
    set.close();`], { env: { ...process.env, RUVECTOR_JOBS: jobs }, encoding: 'utf8' });
  for (const jobs of ['1', '3']) assert.strictEqual(run(jobs).stdout, 'true\n');
  for (const jobs of ['0', '-1', '1.5', 'x']) assert.match(run(jobs).stderr, /ERR_INVALID_CONFIG/);
});
