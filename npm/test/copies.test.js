'use strict';
// More than one copy of the package in a process: two folders, or one folder whose JavaScript is evaluated again over the same
// addon, as jest.resetModules and hot reloading do.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { notInWasm, root, rows, ruvector, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

/** The package evaluated again; `.node` files stay in Node's cache. */
function again() {
  const kept = new Map(Object.entries(require.cache).filter(([file]) => file.startsWith(root) && file.endsWith('.js') && !file.includes('/npm/test/')));
  for (const file of kept.keys()) delete require.cache[file];
  try {
    return { ruvector: require(root), attention: require(path.join(root, 'npm/entries/attention.js')) };
  } finally {
    for (const [file, module] of kept) require.cache[file] = module;
  }
}

/** The package in another folder, with an addon of its own. */
function elsewhere(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-copy-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const name of ['npm/lib', 'npm/entries', 'build/Release', 'wasm']) if (fs.existsSync(path.join(root, name))) fs.cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  for (const name of ['index.js', 'package.json']) fs.copyFileSync(path.join(root, name), path.join(folder, name));
  return { ruvector: require(folder), attention: require(path.join(folder, 'npm/entries/attention.js')) };
}

const copies = { 'evaluated again': again, 'in another folder': elsewhere };
const q = vector(4, 1), list = rows(5, 4, 2);

/** What `run` throws or rejects with. */
async function thrown(run) {
  try {
    await run();
  } catch (error) {
    return error;
  }
  return assert.fail('no error');
}

for (const [name, make] of Object.entries(copies)) {
  test(`${name}: native errors belong to the copy that called`, async (t) => {
    const other = make(t), both = [{ ruvector, attention }, other];
    assert.notStrictEqual(other.ruvector.RuvectorError, ruvector.RuvectorError);
    for (const [i, copy] of [...both, ...both].entries()) {
      const { HNSWIndex, RuvectorError, RuvectorLayer, VectorSet, differentiableSearch, differentiableSearchAsync } = copy.ruvector;
      const index = new HNSWIndex({ dim: 4 }), set = new VectorSet(list);
      index.add(1, q);
      const calls = {
        constructor: [() => new RuvectorLayer(4, 8, 0), 'ERR_INVALID_CONFIG'], sync: [() => differentiableSearch([NaN, 1, 1, 1], set, 1), 'ERR_NON_FINITE'],
        async: [() => differentiableSearchAsync([NaN, 1, 1, 1], set, 1), 'ERR_NON_FINITE'], index: [() => index.add(1, q), 'ERR_DUPLICATE_KEY'],
        'index, async': [() => index.addBatchAsync([1], [q]), 'ERR_DUPLICATE_KEY'], file: [() => HNSWIndex.load('/nowhere/at/all'), notInWasm('no files') ? undefined : 'ERR_NOT_FOUND'],
        mechanism: [() => new copy.attention.FlashAttention(-1), 'ERR_INVALID_CONFIG'],
        'mechanism, async': [() => new copy.attention.FlashAttention(4).computeAsync([NaN, 1, 1, 1], list, list), 'ERR_NON_FINITE'],
      };
      for (const [what, [run, code]] of Object.entries(calls)) {
        const error = await thrown(run);
        assert.ok(error instanceof RuvectorError, `${what}, copy ${i % 2}: ${error.stack}`);
        if (code) assert.strictEqual(error.code, code, what);
      }
      assert.strictEqual((await thrown(() => new copy.attention.FlashAttention(-1))) instanceof copy.attention.RuvectorError, true);
    }
    // Calls in flight of both at once.
    const errors = await Promise.all([...both, ...both].map((copy) => thrown(() => copy.ruvector.differentiableSearchAsync([Infinity, 1, 1, 1], new copy.ruvector.VectorSet(list), 1))));
    errors.forEach((error, i) => assert.ok(error instanceof both[i % 2].ruvector.RuvectorError, `in flight, copy ${i % 2}`));
  });

  test(`${name}: its handles are called what they are`, async (t) => {
    const other = make(t), { HNSWIndex, RuvectorLayer, VectorSet } = other.ruvector;
    const index = new HNSWIndex({ dim: 4 }), set = new VectorSet(list), layer = new RuvectorLayer(4, 4, 1), flash = new other.attention.FlashAttention(4);
    const prepared = index.prepareFilter([1]), mine = new ruvector.HNSWIndex({ dim: 4 }), pattern = other.attention.SparsityPattern.local(5, 5, 1);
    const mechanism = new attention.FlashAttention(4);
    for (const [run, what, code = 'ERR_WRONG_HANDLE', isAsync] of [
      [() => ruvector.differentiableSearch(q, set, 1), 'a VectorSet'],
      [() => ruvector.differentiableSearchAsync(q, set, 1), 'a VectorSet'],
      [() => ruvector.differentiableSearchBatch([q], set, 1), 'a VectorSet'],
      [() => ruvector.differentiableSearch(q, index, 1), 'an HNSWIndex'],
      [() => new ruvector.VectorSet(set), 'a VectorSet', 'ERR_INVALID_ARG'],
      [() => ruvector.differentiableSearch(set, list, 1), 'a VectorSet', 'ERR_INVALID_ARG'],
      [() => ruvector.hierarchicalForward(q, [list], [layer]), 'a RuvectorLayer'],
      [() => ruvector.hierarchicalForward(q, [set], [new ruvector.RuvectorLayer(4, 4, 1)]), 'a VectorSet'],
      [() => ruvector.hierarchicalForwardV2(q, [list], [layer], { mode: 'standard' }), 'a RuvectorLayer'],
      [() => mine.search(q, 1, { filter: prepared }), 'a PreparedFilter'],
      [() => mine.addBatch([1], index), 'an HNSWIndex', 'ERR_INVALID_ARG'],
      [() => ruvector.HNSWIndex.prototype.add.call(index, 1, q), 'an HNSWIndex'],
      [() => ruvector.VectorSet.prototype.close.call(set), 'a VectorSet'],
      [() => Object.getOwnPropertyDescriptor(ruvector.VectorSet.prototype, 'size').get.call(set), 'a VectorSet'],
      [() => new attention.MoEAttention({ dim: 4, experts: [flash, 'global'] }), 'a FlashAttention'],
      [() => attention.FlashAttention.prototype.compute.call(flash, q, list, list), 'a FlashAttention'],
      [() => mechanism.computeBatch(list, list, list, { pattern }), 'a SparsityPattern', 'ERR_INVALID_ARG'],
    ]) {
      const error = await thrown(run);
      assert.ok(error instanceof ruvector.RuvectorError, `${run}: ${error.stack}`);
      assert.ok(error.message.endsWith(`, received ${what} of another copy of this package`), `${run}: ${error.message}`);
      assert.strictEqual(error.code, code, `${run}: ${error.message}`);
    }
    assert.strictEqual(set.size, 5, 'closed by nobody');
  });
}

test('handles of the same copy are called what they are, too', async () => {
  const set = new ruvector.VectorSet(list), layer = new ruvector.RuvectorLayer(4, 4, 1);
  assert.strictEqual((await thrown(() => ruvector.differentiableSearch(q, layer, 1))).message, 'expected a VectorSet for candidates, received a RuvectorLayer');
  assert.strictEqual((await thrown(() => ruvector.hierarchicalForward(q, [list], [set]))).message, 'expected a RuvectorLayer for layers[0], received a VectorSet');
  assert.match((await thrown(() => new ruvector.VectorSet(set))).message, /, received a VectorSet$/);
});
