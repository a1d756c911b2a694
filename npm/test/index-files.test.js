'use strict';
// Index files: saved as a whole or not at all, opened both ways; a short run of `npm run index-files`.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { damageFiles } = require('../abuse/index-files.js');
const { fails, notInWasm, root, rows, ruvector } = require('./support/index.js');

const { BruteForceIndex, HNSWIndex } = ruvector;
const options = { skip: notInWasm('no files') };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-index-'));
test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
const file = (name) => path.join(folder, name);

function filled(Class = HNSWIndex, more = {}) {
  const index = new Class({ dim: 8, ...more });
  index.addBatch(Array.from({ length: 200 }, (_, i) => i), rows(200, 8, 3));
  return index;
}
const answers = (index) => rows(20, 8, 9).map((q) => index.search(q, 5)).map(({ keys, distances }) => [Array.from(keys), Array.from(distances)]);

test('a copy and a view answer as the index did; the copy goes on', options, async () => {
  for (const [Class, more] of [[HNSWIndex, {}], [HNSWIndex, { storage: 'i8', metric: 'l2', ef: 17, seed: 2n ** 63n }], [BruteForceIndex, { storage: 'f16' }]]) {
    const index = filled(Class, more), at = file('a.rvi');
    await index.saveAsync(at, { stamp: 2 ** 53 - 1 });
    const copies = [Class.load(at), await Class.loadAsync(at), Class.view(at), Class.view(at, { verify: true }), Class.view(at, { floats: 'read' })];
    for (const copy of copies) {
      assert.ok(copy instanceof Class);
      assert.deepStrictEqual(answers(copy), answers(index));
      assert.deepStrictEqual([copy.size, copy.stamp, copy.dim, copy.metric, copy.storage, copy.keyKind, copy.ef], [200, 2 ** 53 - 1, 8, index.metric, index.storage, 'number', index.ef]);
    }
    assert.deepStrictEqual(copies.map((copy) => copy.readOnly), [false, false, true, true, true]);
    const more20 = rows(20, 8, 77);
    for (const one of [index, copies[0]]) one.addBatch(more20.map((_, i) => 1000 + i), more20);
    assert.deepStrictEqual(answers(copies[0]), answers(index));
    for (const run of [() => copies[2].add(1e6, more20[0]), () => copies[2].remove(3), () => copies[2].clear(), () => copies[2].save(file('b.rvi'))]) {
      await fails(run, 'ERR_UNSUPPORTED', String(run));
    }
  }
});

test('an old file stays until the new one is whole, and nothing else stays', options, async () => {
  const at = file('c.rvi'), index = filled();
  index.save(at, { stamp: 1 });
  const view = HNSWIndex.view(at), before = answers(view);
  index.clear();
  index.save(at, { stamp: 2 });
  assert.deepStrictEqual(answers(view), before, 'the view keeps the file it has');
  assert.deepStrictEqual([HNSWIndex.load(at).size, HNSWIndex.load(at).stamp], [0, 2]);
  await fails(() => index.save(file('no/such/folder.rvi')), 'ERR_NOT_FOUND', 'no folder');
  await fails(() => index.save(folder), 'ERR_IO', 'a folder');
  assert.deepStrictEqual(fs.readdirSync(folder).filter((name) => name.includes('.tmp')), []);
  // A full disk is told, and the old file is still there.
  if (fs.existsSync('/dev/full')) await fails(() => HNSWIndex.load('/dev/full'), 'ERR_IO', 'a device');
});

test('a file of the other class, another file, none', options, async () => {
  filled(BruteForceIndex).save(file('d.rvi'));
  await fails(() => HNSWIndex.load(file('d.rvi')), 'ERR_WRONG_HANDLE', 'of a BruteForceIndex');
  filled().save(file('e.rvi'));
  await fails(() => BruteForceIndex.view(file('e.rvi')), 'ERR_WRONG_HANDLE', 'of an HNSWIndex');
  await fails(() => HNSWIndex.load(path.join(root, 'package.json')), 'ERR_CORRUPT', 'a text');
  await fails(() => HNSWIndex.load(root), 'ERR_IO', 'a folder');
  await fails(() => HNSWIndex.view(file('none.rvi')), 'ERR_NOT_FOUND', 'none');
  const bytes = fs.readFileSync(file('e.rvi'));
  bytes[8] = 3;
  fs.writeFileSync(file('f.rvi'), bytes);
  await fails(() => HNSWIndex.load(file('f.rvi')), 'ERR_UNSUPPORTED', 'of a later version');
});

test('floats that stay in the file', options, async () => {
  const at = file('h.rvi'), index = filled(HNSWIndex, { storage: 'i8' });
  index.save(at);
  const view = HNSWIndex.view(at, { floats: 'read' });
  assert.deepStrictEqual(view.get(7), index.get(7));
  assert.strictEqual(view.distance(3, 9), index.distance(3, 9));
  for (const floats of ['mmap', 1, null]) await fails(() => HNSWIndex.view(at, { floats }), 'ERR_INVALID_ARG', String(floats));
});

test('another process reads what this one wrote', options, () => {
  const index = filled(HNSWIndex);
  index.save(file('g.rvi'));
  const code = `const { HNSWIndex } = require(${JSON.stringify(root)}); const i = HNSWIndex.view(${JSON.stringify(file('g.rvi'))}); console.log(Array.from(i.search(new Float32Array(8).fill(0.1), 5).keys).join())`;
  assert.strictEqual(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout.trim(), Array.from(index.search(new Float32Array(8).fill(0.1), 5).keys).join());
});

test('a file of an earlier release: read, searched, gone on with, saved', options, () => {
  const fixture = path.join(root, 'Tests/Fixtures/index-version-1.bin'), some = rows(40, 6, 3, 0.3), gone = ['k1', 'k5', 'k41'];
  const known = new Map(Array.from({ length: 60 }, (_, i) => [`k${i}`, some[i % 40]]).filter(([key]) => !gone.includes(key)));
  const check = (index, what) => {
    assert.strictEqual(index.size, known.size, what);
    for (const [key, v] of known) assert.deepStrictEqual(index.get(key), v, `${what}: ${key}`);
    for (const query of some.slice(0, 10)) {
      const expected = [...known.values()].map((v) => v.reduce((sum, x, i) => sum + (x - query[i]) ** 2, 0)).sort((x, y) => x - y).slice(0, 10);
      const { keys, distances } = index.search(query, 10, { ef: 100 });
      distances.forEach((d, i) => assert.ok(Math.abs(d - expected[i]) < 1e-6, `${what}: ${d}, ${expected[i]}`));
      keys.forEach((key, i) => assert.ok(known.has(key) && Math.abs(known.get(key).reduce((sum, x, j) => sum + (x - query[j]) ** 2, 0) - distances[i]) < 1e-6, what));
    }
  };
  for (const view of [HNSWIndex.view(fixture, { verify: true }), HNSWIndex.view(fixture, { floats: 'read' })]) {
    assert.strictEqual(view.stamp, 7);
    check(view, 'a view');
    view.close();
  }
  const index = HNSWIndex.load(fixture);
  check(index, 'a copy');
  for (const key of gone) {
    index.add(key, some[3]); // equal to two that are there
    known.set(key, some[3]);
  }
  index.remove('k0');
  known.delete('k0');
  check(index, 'after changes');
  index.save(file('later.rvi'));
  check(HNSWIndex.load(file('later.rvi')), 'saved again');
});

for (const seed of [1, 2]) {
  test(`1000 damaged files, seed ${seed}`, options, () => {
    const { files, refused, viewed } = damageFiles(1000, seed);
    assert.ok(files === 1000 && refused > 900 && viewed > 100, `${refused} refused, ${viewed} viewed`);
  });
}

test('without files (WebAssembly) they are refused', { skip: !notInWasm('') && 'natively there are files' }, async () => {
  await fails(() => filled().save('x.rvi'), 'ERR_UNSUPPORTED', 'save');
  await fails(() => HNSWIndex.load('x.rvi'), 'ERR_UNSUPPORTED', 'load');
});
