'use strict';
// VectorStore on a disk: opened again, by others, without its index, without SQLite; killed at any moment.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const support = require('./support/index.js');
const { elsewhere, entries, place } = require('./support/store.js');
const { crash } = require('../abuse/crash.js');

const { fails, notInWasm, root, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, list = entries(300, dim, support);
const ids = (results) => results.map(({ id }) => id);

/** A store with the list in it, closed. */
function stored(t, options) {
  const file = place(t), store = VectorStore.open(file, { dim, ...options });
  store.insertBatch(list);
  store.delete('id-7');
  store.close();
  return file;
}

/** Everything a store says, and that its index says the same. */
function contents(store) {
  const { ids: all, data } = store.getAllVectors(), graph = store.getHnswGraph();
  assert.deepStrictEqual([store.size, graph.size], [all.length, all.length]);
  for (const id of all) assert.ok(graph.has(store.keyOf(id)), id);
  const found = list.slice(0, 20).map(({ vector }) => store.search(vector, { k: 5, ef: 300 }));
  return { all, data, entries: all.map((id) => store.get(id)), found };
}

test('opened again, everything is there; the index comes from its file', { skip }, async (t) => {
  const file = place(t), first = VectorStore.open(file, { dim });
  assert.deepStrictEqual(first.insertBatch(list), ids(list));
  first.delete('id-7');
  assert.strictEqual(first.path, file);
  const before = contents(first);
  first.close();
  assert.deepStrictEqual(fs.readdirSync(path.dirname(file)).sort(), ['vectors.db', 'vectors.db.hnsw']);
  for (const options of [undefined, { dim }, { metric: 'cosine', ef: 100 }, { create: false, synchronous: 'normal' }]) {
    const { mtimeMs } = fs.statSync(`${file}.hnsw`), again = VectorStore.open(file, options);
    assert.deepStrictEqual(contents(again), before);
    again.close();
    assert.strictEqual(fs.statSync(`${file}.hnsw`).mtimeMs, mtimeMs, 'nothing changed, nothing saved');
  }
  const later = await VectorStore.openAsync(file);
  assert.deepStrictEqual(contents(later), before);
  later.close();
  const [last] = list.slice(-1), more = VectorStore.open(file);
  assert.ok(more.keyOf(last.id) < (more.insert({ id: 'n', vector: last.vector }), more.keyOf('n')), 'keys are not used again');
  more.close();
});

test('the index missing, damaged, of another store, older, with other options: built anew or caught up with', { skip }, (t) => {
  const file = stored(t), index = `${file}.hnsw`, good = fs.readFileSync(index);
  const open = (options) => VectorStore.open(file, options);
  let store = open();
  const before = contents(store);
  store.close();
  const check = (what, options) => {
    store = open(options);
    assert.deepStrictEqual(contents(store), before, what);
    store.close();
  };
  fs.rmSync(index);
  check('missing');
  assert.ok(fs.existsSync(index), 'saved again');
  for (const bad of [Buffer.alloc(0), Buffer.from('rubbish'), good.subarray(0, good.length >> 1), Buffer.concat([good, Buffer.of(0)]), Buffer.from(good).fill(255, 40, 60), Buffer.alloc(good.length)]) {
    fs.writeFileSync(index, bad);
    check(`${bad.length} bad bytes`);
  }
  fs.rmSync(index);
  fs.mkdirSync(index);
  const warned = [], warning = (w) => warned.push(w.code);
  process.on('warning', warning);
  check('a folder');
  fs.rmdirSync(index);

  const other = stored(t, { seed: 3 });
  fs.copyFileSync(`${other}.hnsw`, index);
  check('of another store');
  check('other options', { M: 8 });
  check('other options', { M: 8 });
  check('as before');

  const old = fs.readFileSync(index);
  store = open();
  store.insertBatch(entries(50, dim, support, 1000));
  store.deleteBatch(['id-3', 'id-1003', 'id-4']);
  store.insert({ id: 'id-5', vector: list[6].vector }, { replace: true });
  const changed = contents(store);
  store.close();
  fs.writeFileSync(index, old);
  store = open();
  assert.deepStrictEqual(contents(store), changed, 'the file of the save before');
  store.save();
  store.insert({ id: 'one', vector: list[0].vector });
  store.save();
  store.delete('one');
  store.close();
  fs.writeFileSync(index, old);
  store = open();
  assert.deepStrictEqual(contents(store), changed, 'a file of long ago');
  store.close();
  return new Promise(setImmediate).then(() => {
    process.off('warning', warning);
    assert.ok(warned.includes('RUVECTOR_INDEX_NOT_SAVED'), 'a folder in its place is said');
  });
});

test('not closed: what was acknowledged is there', { skip }, (t) => {
  const file = place(t);
  elsewhere(`
    const store = VectorStore.open(${JSON.stringify(file)}, { dim: 2, saveEvery: 3 });
    for (let i = 0; i < 10; i++) store.insert({ id: 'k' + i, vector: [Math.cos(i), Math.sin(i)] });
    store.delete('k4');
    process.kill(process.pid, 'SIGKILL');`.replace("process.kill(process.pid, 'SIGKILL')", 'process.reallyExit(0)'));
  const store = VectorStore.open(file);
  assert.deepStrictEqual(ids(store.search([1, 0], { k: 99 })).sort(), ['k0', 'k1', 'k2', 'k3', 'k5', 'k6', 'k7', 'k8', 'k9']);
  store.close();
});

test('what a killed saver has left beside the index goes; what a living one writes stays', { skip }, (t) => {
  const file = stored(t), own = `${file}.hnsw.${process.pid}-3.tmp`, dead = `${file}.hnsw.${elsewhere('console.log(process.pid)')}-1.tmp`;
  for (const name of [own, dead, `${file}.hnsw.x.tmp`]) fs.writeFileSync(name, 'half a file');
  VectorStore.open(file).close();
  assert.deepStrictEqual([own, dead, `${file}.hnsw.x.tmp`].map((name) => fs.existsSync(name)), [true, false, true]);
});

test('an index that cannot be saved fails no write', { skip }, async (t) => {
  const file = place(t), store = VectorStore.open(file, { dim, saveEvery: 5 }), warned = [], warning = (w) => warned.push(w.code);
  fs.mkdirSync(`${file}.hnsw`);
  process.on('warning', warning);
  list.slice(0, 30).forEach((entry) => store.insert(entry));
  await fails(() => store.save(), 'ERR_IO', 'save');
  await new Promise(setImmediate);
  process.off('warning', warning);
  assert.deepStrictEqual(warned, Array(warned.length).fill('RUVECTOR_INDEX_NOT_SAVED'));
  assert.ok(warned.length >= 1 && warned.length <= 3, `${warned.length} warnings`);
  assert.strictEqual(contents(store).all.length, 30);
  fs.rmdirSync(`${file}.hnsw`);
  store.close();
  assert.ok(fs.existsSync(`${file}.hnsw`));
});

test('made while another connection is making it, or was and is no more: at every step between', { skip }, (t) => {
  const database = require(path.join(root, 'npm/lib/store/database.js')), { prepare, readOptions } = require(path.join(root, 'npm/lib/store/schema.js'));
  for (let steps = 0, isDone = false; !isDone; steps++) {
    const file = place(t), settings = readOptions({ dim: 2 }), making = prepare(database.open(file, 'create', 0), file, settings);
    let step = making.next();
    for (let i = 0; i < steps && !step.done; i++) step = making.next(step.value.sync({}));
    isDone = step.done;
    const store = VectorStore.open(file, { dim: 2 });
    store.insert({ id: 'a', vector: [1, 0] });
    assert.strictEqual(store.size, 1, `after ${steps} steps`);
    store.close();
  }
});

test('made by several processes at once', { skip }, async (t) => {
  const file = place(t), { spawn } = require('node:child_process');
  const code = `const { VectorStore } = require(${JSON.stringify(root)}), s = VectorStore.open(${JSON.stringify(file)}, { dim: 2 });
    for (let i = 0; i < 20; i++) s.insert({ id: process.pid + '-' + i, vector: [i, 1] });
    s.close();`;
  const statuses = await Promise.all(Array.from({ length: 4 }, () => new Promise((resolve) => {
    spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'ignore', 'inherit'] }).on('close', resolve);
  })));
  assert.deepStrictEqual(statuses, [0, 0, 0, 0]);
  const store = VectorStore.open(file);
  assert.deepStrictEqual([store.size, store.search([1, 1], { k: 99, ef: 99 }).length, store.getHnswGraph().size], [80, 80, 80]);
  store.close();
});

test('files that are no stores', { skip }, async (t) => {
  const file = place(t), folder = path.dirname(file), sqlite = path.join(folder, 'other.db');
  fs.writeFileSync(file, 'this is a text and not a database, and it has to be longer than a header'.repeat(20));
  await fails(() => VectorStore.open(file, { dim }), 'ERR_CORRUPT', 'a text');
  assert.ok(fs.readFileSync(file, 'utf8').startsWith('this is a text'));
  await fails(() => VectorStore.open(folder, { dim }), 'ERR_IO', 'a folder');
  await fails(() => VectorStore.open(path.join(folder, 'none', 'x.db'), { dim }), 'ERR_IO', 'no folder');
  await fails(() => VectorStore.open(path.join(folder, 'new.db'), { create: false }), 'ERR_NOT_FOUND', 'not created');
  await fails(() => VectorStore.open(path.join(folder, 'new.db')), 'ERR_INVALID_CONFIG', 'no dim');
  await fails(() => VectorStore.open(path.join(folder, 'new.db'), { dim, metric: 'x' }), 'ERR_INVALID_CONFIG', 'metric');
  assert.ok(!fs.existsSync(path.join(folder, 'new.db')));

  const native = require(path.join(root, 'npm/lib/native.js')), db = native.databaseOpen(sqlite, 1, 0);
  native.close(native.databaseRun(db, 'CREATE TABLE t(x)', new Uint8Array(0), 0, 1, undefined));
  native.close(db);
  const before = fs.readFileSync(sqlite);
  await fails(() => VectorStore.open(sqlite, { dim }), 'ERR_INVALID_ARG', "another program's database");
  assert.deepStrictEqual(fs.readFileSync(sqlite), before);

  const store = stored(t), bytes = fs.readFileSync(store);
  for (const options of [{ dim: 9 }, { metric: 'l2' }, { curvature: -1 }]) await fails(() => VectorStore.open(store, options), 'ERR_INVALID_CONFIG', JSON.stringify(options));
  fs.writeFileSync(store, bytes.subarray(0, 5000));
  await fails(() => { VectorStore.open(store).close(); }, 'ERR_CORRUPT', 'half a database');
  const later = Buffer.from(bytes);
  later.writeUInt32BE(99, 60);
  fs.writeFileSync(store, later);
  await fails(() => VectorStore.open(store), 'ERR_UNSUPPORTED', 'a later version');
});

test('several processes and connections follow each other', { skip }, async (t) => {
  const file = place(t), store = VectorStore.open(file, { dim: 2 }), twin = VectorStore.open(file);
  store.insert({ id: 'a', vector: [1, 0] });
  assert.deepStrictEqual(ids(twin.search([1, 0])), ['a']);
  twin.insertBatch([{ id: 'b', vector: [0, 1] }, { id: 'a', vector: [-1, 0] }], { replace: true });
  store.insert({ id: 'c', vector: [1, 1] });
  for (const one of [store, twin]) {
    assert.deepStrictEqual(ids(one.search([0, 1], { k: 3 })), ['b', 'c', 'a']);
    assert.deepStrictEqual(ids(await one.searchAsync([0, 1], { k: 3 })), ['b', 'c', 'a']);
    assert.strictEqual(one.getHnswGraph().size, 3);
  }
  elsewhere(`const s = VectorStore.open(${JSON.stringify(file)}); s.delete('b'); s.insert({ id: 'd', vector: [0, 2] }); s.close();`);
  for (const one of [store, twin]) assert.deepStrictEqual(ids(one.search([0, 1], { k: 3 })), ['d', 'c', 'a']);
  assert.deepStrictEqual(ids(await twin.searchAsync([0, 1], { where: { x: { $exists: false } } })), ['d', 'c', 'a']);
  // Deletions that a save of another connection has forgotten: the index is built anew.
  for (let i = 0; i < 3; i++) {
    store.delete(['d', 'c', 'a'][i]);
    store.insert({ id: `e${i}`, vector: [i, 1] });
    store.save();
  }
  assert.deepStrictEqual(ids(twin.search([0, 1], { k: 9 })), ['e0', 'e1', 'e2']);
  twin.close();
  store.close();
});

test('reading does not wait for a batch in flight', { skip }, async (t) => {
  const store = VectorStore.open(place(t), { dim: 64 }), many = entries(4000, 64, support);
  store.insert({ id: 'a', vector: many[0].vector });
  const batch = store.insertBatchAsync(many);
  let looks = 0, done = false;
  batch.then(() => { done = true; });
  while (!done) {
    assert.strictEqual(store.get('a').id, 'a');
    assert.ok(store.search(many[0].vector, { k: 1 }).length === 1);
    looks++;
    await new Promise(setImmediate);
  }
  assert.ok(looks > 2, `${looks} looks`); // one that waited would be the last
  assert.strictEqual(store.size, 4001);
  store.close();
});

test('a lock that somebody holds: ERR_BUSY after the patience', { skip }, async (t) => {
  const file = place(t), store = VectorStore.open(file, { dim: 2, patience: 50 });
  const native = require(path.join(root, 'npm/lib/native.js')), db = native.databaseOpen(file, 0, 0), run = (sql) => native.close(native.databaseRun(db, sql, new Uint8Array(0), 0, 1, undefined));
  run('BEGIN IMMEDIATE');
  await fails(() => store.insert({ id: 'a', vector: [1, 0] }), 'ERR_BUSY', 'insert');
  assert.deepStrictEqual(store.search([1, 0]), [], 'reading goes on');
  run('ROLLBACK');
  native.close(db);
  store.insert({ id: 'a', vector: [1, 0] });
  store.close();
});

test('without SQLite: what is missing is said, and the library loads', { skip }, (t) => {
  const file = place(t);
  const code = `try { VectorStore.open(${JSON.stringify(file)}, { dim: 2 }); } catch (e) { console.log(e.code, e.message); }`;
  const message = elsewhere(code, { RUVECTOR_SQLITE: '/nowhere/libsqlite3.so.0' });
  assert.match(message, /^ERR_UNSUPPORTED .*libsqlite3-0.*\/nowhere\/libsqlite3\.so\.0/);
  assert.match(elsewhere(code, { RUVECTOR_SQLITE: 'libc.so.6' }), /^ERR_UNSUPPORTED/, 'a library of other things');
  assert.ok(!fs.existsSync(file));
});

test('killed at 15 moments (npm run crash: 1,000)', { skip }, async () => {
  const { kills, acknowledged, lost } = await crash(15, 5);
  assert.strictEqual(kills, 15);
  assert.ok(acknowledged > 0, 'nothing was acknowledged');
  assert.strictEqual(lost, 0);
});
