'use strict';
// What is written over a file keeps: its mode, the links that lead to it, what it is. And what a file does not keep: vectors that
// have been removed.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const support = require('./support/index.js');

const { fails, notInWasm, random, ruvector } = support, { BruteForceIndex, HNSWIndex, VectorStore } = ruvector, skip = notInWasm('no files');
const dim = 16, next = random(7), row = () => Float32Array.from({ length: dim }, next);

function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-'));
  t.after(() => fs.rmSync(made, { recursive: true, force: true }));
  return made;
}

function filled(Class = HNSWIndex, n = 200) {
  const index = new Class({ dim, metric: 'l2', ...(Class === HNSWIndex && { M: 6, efConstruction: 40 }) });
  const rows = Array.from({ length: n }, row);
  index.addBatch(rows.map((_, i) => i), rows);
  return { index, rows };
}
const mode = (file) => (fs.statSync(file).mode & 0o777).toString(8);

test('the mode of a file stays; a new one has that of other new files', { skip }, async (t) => {
  const { index } = filled(), file = path.join(folder(t), 'a.rvi'), umask = process.umask();
  index.save(file);
  assert.strictEqual(mode(file), (0o644 & ~umask).toString(8));
  for (const wanted of [0o600, 0o640, 0o444, 0o666]) {
    fs.chmodSync(file, wanted);
    index.save(file);
    assert.strictEqual(mode(file), wanted.toString(8));
    await index.saveAsync(file);
    assert.strictEqual(mode(file), wanted.toString(8));
  }
  assert.deepStrictEqual(fs.readdirSync(path.dirname(file)), ['a.rvi']);
});

test('a file that the saver may not write to is not replaced, though the folder is open to all', { skip: skip || (process.getuid?.() !== 0 && 'needs root, to become somebody else') }, (t) => {
  const { index } = filled(), at = folder(t), file = path.join(at, 'a.rvi');
  index.save(file);
  fs.chmodSync(at, 0o777);
  const before = fs.readFileSync(file), nobody = 65534;
  const save = `
    const { HNSWIndex } = require(${JSON.stringify(path.resolve(__dirname, '../..'))}), index = new HNSWIndex({ dim: 2 });
    index.add(1, [1, 2]);
    process.setgroups([]), process.setgid(${nobody}), process.setuid(${nobody});
    try { index.save(${JSON.stringify(file)}); } catch (error) { console.log(error.code, error.message); }`;
  assert.match(execFileSync(process.execPath, ['-e', save], { encoding: 'utf8' }), /^ERR_IO .*[Pp]ermission denied/);
  assert.ok(fs.readFileSync(file).equals(before));
  fs.chmodSync(file, 0o666);
  assert.strictEqual(execFileSync(process.execPath, ['-e', save], { encoding: 'utf8' }), '');
  assert.strictEqual(HNSWIndex.load(file).size, 1);
});

test('links are followed: one to a file, one to a link, one whose file is not there yet', { skip }, (t) => {
  const at = folder(t), { index } = filled(), other = filled(HNSWIndex, 50).index;
  fs.mkdirSync(path.join(at, 'data'));
  fs.symlinkSync('data/real.rvi', path.join(at, 'link.rvi')); // its file is not there yet
  fs.symlinkSync('link.rvi', path.join(at, 'twice.rvi'));
  for (const [name, one] of [['link.rvi', index], ['twice.rvi', other], ['link.rvi', index]]) {
    one.save(path.join(at, name));
    for (const link of ['link.rvi', 'twice.rvi']) assert.ok(fs.lstatSync(path.join(at, link)).isSymbolicLink(), link);
    assert.strictEqual(HNSWIndex.load(path.join(at, 'data/real.rvi')).size, one.size);
  }
  assert.deepStrictEqual(fs.readdirSync(path.join(at, 'data')), ['real.rvi']);
  fs.symlinkSync('round.rvi', path.join(at, 'round.rvi'));
  assert.throws(() => index.save(path.join(at, 'round.rvi')), { code: 'ERR_IO' });
});

test('weights, graphs, points, taxonomies and checkpoints: mode and owner stay, links are followed, what is no regular file stays', async (t) => {
  const { Graph, Linear, MSELoss, PoincareEmbedding, TaxonomyHead, Trainer } = ruvector, model = new Linear({ inChannels: 2, outChannels: 1, seed: 1 });
  const points = new PoincareEmbedding({ size: 2, seed: 1 }), head = new TaxonomyHead({ size: 2, seed: 1 }), graph = new Graph({ offsets: [0, 1], indices: [0] });
  points.fitSync([['a', 'b']], { epochs: 1 });
  head.fitSync({ a: [1, 0], b: [0, 1] }, [['a', 'b']], { epochs: 1 });
  const trainer = new Trainer({ model, loss: new MSELoss(), optimizer: 'sgd', seed: 1 }), data = { inputs: { x: [[1, 2]] }, targets: [[1]] };
  const writers = {
    saveWeights: (file) => model.saveWeights(file), saveWeightsAsync: (file) => model.saveWeightsAsync(file), graph: (file) => graph.save(file),
    points: (file) => points.save(file), head: (file) => head.save(file), checkpoint: (file) => trainer.fit(data, { epochs: 1, checkpoint: { path: file, every: 1 } }),
  };
  for (const [name, write] of Object.entries(writers)) {
    const at = folder(t), file = path.join(at, 'file'), link = path.join(at, 'link'), round = path.join(at, 'round'), pipe = path.join(at, 'pipe');
    await write(file);
    fs.chmodSync(file, 0o600);
    if (process.getuid() === 0) fs.chownSync(file, 65534, 100);
    fs.symlinkSync('file', link);
    const before = fs.statSync(file);
    await write(link);
    const now = fs.statSync(file);
    assert.deepStrictEqual([now.mode, now.uid, now.gid], [before.mode, before.uid, before.gid], name);
    assert.ok(now.ino !== before.ino && fs.lstatSync(link).isSymbolicLink(), name);
    fs.symlinkSync('round', round);
    execFileSync('mkfifo', [pipe]);
    await assert.rejects(async () => write(pipe), { code: 'ERR_INVALID_ARG' }, name);
    await assert.rejects(async () => write(round), { code: 'ERR_IO' }, name);
    await assert.rejects(async () => write(at), { code: 'ERR_IO' }, name);
    await assert.rejects(async () => write(path.join(at, 'x'.repeat(250))), { code: 'ERR_IO' }, name);
    assert.ok(fs.statSync(pipe).isFIFO());
    assert.deepStrictEqual(fs.readdirSync(at).sort(), ['file', 'link', 'pipe', 'round'], name);
  }
});

test('a store that is opened through a link has its index beside the database, whose owner has it', { skip }, (t) => {
  const at = folder(t), secret = row();
  fs.mkdirSync(path.join(at, 'real'));
  fs.symlinkSync('real/s.db', path.join(at, 'link.db'));
  let store = VectorStore.open(path.join(at, 'real/s.db'), { dim });
  store.insert({ id: 'a', vector: row() });
  store.close();
  if (process.getuid() === 0) for (const name of fs.readdirSync(path.join(at, 'real'))) fs.chownSync(path.join(at, 'real', name), 65534, 100);
  fs.rmSync(path.join(at, 'real/s.db.hnsw'));
  store = VectorStore.open(path.join(at, 'link.db'), { dim });
  store.insert({ id: 'secret', vector: secret });
  store.close();
  assert.deepStrictEqual([fs.readdirSync(at).sort(), fs.readdirSync(path.join(at, 'real')).sort()], [['link.db', 'real'], ['s.db', 's.db.hnsw']]);
  if (process.getuid() === 0) assert.deepStrictEqual([fs.statSync(path.join(at, 'real/s.db.hnsw')).uid, fs.statSync(path.join(at, 'real/s.db.hnsw')).gid], [65534, 100]);
  store = VectorStore.open(path.join(at, 'real/s.db'), { dim });
  store.delete('secret');
  store.close();
  for (const name of fs.readdirSync(path.join(at, 'real'))) assert.ok(!fs.readFileSync(path.join(at, 'real', name)).includes(Buffer.from(secret.buffer, 0, 32)), name);
});

test('what is no regular file is refused and stays what it is', { skip }, async (t) => {
  const at = folder(t), { index } = filled(), pipe = path.join(at, 'pipe');
  execFileSync('mkfifo', [pipe]);
  for (const file of [pipe, '/dev/null', '/dev/zero']) {
    await fails(() => index.save(file), 'ERR_INVALID_ARG', file);
    await fails(() => index.saveAsync(file), 'ERR_INVALID_ARG', file, true);
  }
  assert.throws(() => index.save(pipe), { message: `expected a regular file for "${pipe}", received a file of another kind` });
  await fails(() => index.save(at), 'ERR_IO', 'a folder');
  assert.ok(fs.statSync(pipe).isFIFO() && fs.statSync('/dev/null').isCharacterDevice());
  assert.deepStrictEqual(fs.readdirSync(at), ['pipe']);
});

test('the index of a store that others may not read cannot be read by others', { skip }, (t) => {
  const file = path.join(folder(t), 's.db');
  fs.closeSync(fs.openSync(file, 'w', 0o600));
  const store = VectorStore.open(file, { dim });
  store.insert({ id: 'a', vector: row() });
  store.close();
  assert.deepStrictEqual([mode(file), mode(`${file}.hnsw`)], ['600', '600']);
  const again = VectorStore.open(file);
  again.insert({ id: 'b', vector: row() });
  again.close();
  assert.strictEqual(mode(`${file}.hnsw`), '600');
  for (const wanted of ['640', '600']) {
    fs.chmodSync(file, parseInt(wanted, 8));
    const later = VectorStore.open(file);
    later.insert({ id: wanted, vector: row() });
    later.close();
    assert.strictEqual(mode(`${file}.hnsw`), wanted, 'the mode of a database that was changed later');
  }
});

test('what a store deleted or replaced is in none of its files once it is closed', { skip }, (t) => {
  const at = folder(t), file = path.join(at, 's.db'), store = VectorStore.open(file, { dim }), rows = Array.from({ length: 60 }, row);
  store.insertBatch(rows.map((vector, i) => ({ id: `secret-${i}`, vector, metadata: { word: `hidden-${i}-` } })));
  store.deleteBatch(rows.map((_, i) => `secret-${i}`).slice(0, 40));
  for (let i = 40; i < 50; i++) store.insert({ id: `secret-${i}`, vector: row(), metadata: {} }, { replace: true });
  store.close();
  assert.deepStrictEqual(fs.readdirSync(at).sort(), ['s.db', 's.db.hnsw']);
  const bytes = fs.readFileSync(file), text = bytes.toString('latin1');
  for (const [i, vector] of rows.entries()) {
    assert.strictEqual(bytes.includes(Buffer.from(vector.buffer)), i >= 50, `vector ${i}`);
    assert.strictEqual(text.includes(`hidden-${i}-`), i >= 50, `metadata ${i}`);
    assert.strictEqual(new RegExp(`secret-${i}(?!\\d)`).test(text), i >= 40, `id ${i}`);
  }
});

test('a removed vector and its key are in no file that is saved afterwards; searches lose nothing by it', { skip }, (t) => {
  for (const [Class, options] of [[HNSWIndex, {}], [BruteForceIndex, {}], [HNSWIndex, { storage: 'i8' }], [HNSWIndex, { storage: 'f16' }]]) {
    const file = path.join(folder(t), 'a.rvi'), rows = Array.from({ length: 400 }, row), index = new Class({ dim, metric: 'l2', ...options });
    index.addBatch(rows.map((_, i) => 0x77000000 + i), rows);
    const gone = [3, 50, 51, 52, 399], bytes = (list) => Buffer.from(list.buffer, list.byteOffset, list.byteLength);
    for (const i of gone) index.remove(0x77000000 + i); // too few for a repair: others still pass them
    index.update(0x77000000 + 7, row());
    index.save(file);
    const saved = fs.readFileSync(file), key = (i) => Buffer.from(BigInt64Array.of(BigInt(0x77000000 + i)).buffer);
    for (const i of [...gone, 7]) assert.strictEqual(saved.indexOf(bytes(rows[i])), -1, `vector ${i}`);
    for (const i of gone) assert.strictEqual(saved.indexOf(key(i)), -1, `key ${i}`);
    assert.ok(saved.includes(bytes(rows[8])) && saved.includes(key(8)), 'the others are there');
    const again = Class.load(file);
    for (const [i, one] of rows.entries()) {
      if (gone.includes(i) || i === 7) continue;
      assert.strictEqual(again.search(one, 1).keys[0], 0x77000000 + i);
    }
    for (let i = 0; i < 100; i++) again.remove(0x77000000 + 100 + i); // and a repair goes well
    for (const i of [8, 250, 398]) assert.strictEqual(again.search(rows[i], 1).keys[0], 0x77000000 + i);
  }
});

test("a deleted entry's vector is not in the file of a store's index", { skip }, (t) => {
  const file = path.join(folder(t), 's.db'), store = VectorStore.open(file, { dim }), secret = row();
  store.insertBatch(Array.from({ length: 50 }, (_, i) => ({ id: `id-${i}`, vector: row() })));
  store.insert({ id: 'secret', vector: secret });
  store.save();
  const kept = store.getHnswGraph().get(store.keyOf('secret')), bytes = Buffer.from(kept.buffer);
  assert.ok(fs.readFileSync(`${file}.hnsw`).includes(bytes));
  store.delete('secret');
  store.close();
  assert.ok(!fs.readFileSync(`${file}.hnsw`).includes(bytes));
});
