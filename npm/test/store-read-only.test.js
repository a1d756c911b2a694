'use strict';
// Stores that cannot be written to: because the caller says so, or because the file system does.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');

const { fails, notInWasm, ruvector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, LIST = entries(300, dim, support), U = 'ERR_UNSUPPORTED';
const ids = (results) => results.map(({ id }) => id);

function filled(file) {
  const store = VectorStore.open(file, { dim, metric: 'l2' });
  store.insertBatch(LIST);
  return store;
}

/** Everything that reads, and everything that would write. */
async function check(store, count = 300) {
  assert.deepStrictEqual([store.readOnly, store.size, store.dim, store.has('id-7'), store.get('id-7').id], [true, count, dim, true, 'id-7']);
  for (let i = 0; i < count; i += 37) {
    const { id, vector } = LIST[i];
    assert.deepStrictEqual(ids(await store.searchAsync(vector, { k: 1 })), [id]);
    assert.deepStrictEqual(ids(store.search(vector, { k: 1, where: { i } })), [id]);
  }
  const filter = store.prepareFilter({ filter: ['id-3'] });
  assert.deepStrictEqual(ids(store.search(LIST[3].vector, { filter })), ['id-3']);
  const one = { id: 'new', vector: LIST[0].vector };
  for (const run of [() => store.insert(one), () => store.insertBatch([one]), () => store.delete('id-1'), () => store.deleteBatch(['id-1']), () => store.save()]) await fails(run, U, String(run));
  for (const run of [() => store.insertAsync(one), () => store.insertBatchAsync([one]), () => store.deleteAsync('id-1'), () => store.deleteBatchAsync(['id-1'])]) await fails(run, U, String(run), true);
  assert.throws(() => store.insert(one), { message: 'expected a store that can be written to for this, received a read-only one' });
}

test('readOnly: true, beside others who write', { skip }, async (t) => {
  const file = place(t), writer = filled(file), store = VectorStore.open(file, { readOnly: true });
  t.after(() => { for (const one of [writer, store]) one.close(); });
  await check(store);
  writer.insert({ id: 'later', vector: Array(dim).fill(9) });
  assert.deepStrictEqual(ids(await store.searchAsync(Array(dim).fill(9), { k: 1 })), ['later']);
  writer.delete('later');
  assert.notDeepStrictEqual(ids(store.search(Array(dim).fill(9), { k: 1 })), ['later']);
  await store.closeAsync();
  writer.close();
  const before = fs.readFileSync(`${file}.hnsw`), again = await VectorStore.openAsync(file, { readOnly: true });
  await check(again);
  again.close();
  assert.ok(fs.readFileSync(`${file}.hnsw`).equals(before), 'its index is not saved');
});

test('readOnly: what is no store, options that contradict', { skip }, async (t) => {
  const file = place(t);
  await fails(() => VectorStore.open(file, { readOnly: true }), 'ERR_NOT_FOUND', 'none');
  assert.ok(!fs.existsSync(file));
  await fails(() => VectorStore.open(file, { readOnly: 1, dim }), 'ERR_INVALID_ARG', '1');
  await fails(() => VectorStore.open(file, { readOnly: true, create: true, dim }), 'ERR_INVALID_CONFIG', 'both');
  fs.writeFileSync(file, '');
  await fails(() => VectorStore.open(file, { readOnly: true, dim }), 'ERR_NOT_FOUND', 'an empty file');
  const writer = VectorStore.open(file, { readOnly: false, dim });
  assert.strictEqual(writer.readOnly, false);
  writer.close();
});

/** A folder on a file system that is then made read-only, which holds for root, too; undefined where that is not allowed. */
function medium(t) {
  const mount = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-medium-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', mount], { stdio: 'ignore' });
  } catch {
    fs.rmdirSync(mount);
    return undefined;
  }
  t.after(() => {
    execFileSync('umount', ['-l', mount]);
    fs.rmdirSync(mount);
  });
  return { mount, freeze: () => execFileSync('mount', ['-o', 'remount,ro', mount]) };
}

test('a store that was closed cleanly opens by itself where nothing can be written', { skip }, async (t) => {
  const at = medium(t);
  if (!at) return t.skip('no mounts here');
  for (const name of ['s.db', 'a name?with #special %20 ä.db']) filled(path.join(at.mount, name)).close();
  const dirty = path.join(at.mount, 'dirty.db'), open = filled(dirty);
  fs.copyFileSync(dirty, path.join(at.mount, 'torn.db'));
  fs.copyFileSync(`${dirty}-wal`, path.join(at.mount, 'torn.db-wal'));
  open.close();
  at.freeze();
  for (const name of ['s.db', 'a name?with #special %20 ä.db']) {
    const file = path.join(at.mount, name);
    for (const options of [undefined, { readOnly: true }]) {
      const store = VectorStore.open(file, options);
      await check(store);
      store.close();
    }
    const later = await VectorStore.openAsync(file);
    await check(later);
    await later.closeAsync();
    await fails(() => VectorStore.open(file, { readOnly: false }), 'ERR_IO', 'readOnly: false');
  }
  await fails(() => VectorStore.open(path.join(at.mount, 'new.db'), { dim }), 'ERR_IO', 'a new one');
  // What is in a log that SQLite cannot use is not silently left out.
  await fails(() => VectorStore.open(path.join(at.mount, 'torn.db')), 'ERR_IO', 'a log beside it');
  const names = fs.readdirSync(at.mount);
  assert.ok(!names.some((name) => /-shm$|tmp$/.test(name)), names.join());
});
