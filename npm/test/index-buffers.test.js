'use strict';
// The bytes of an index: those of its file, kept without one; of a copy that answers as the index did and goes on as it would.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const vm = require('node:vm');
const { damageBytes } = require('../abuse/index-files.js');
const { fails, notInWasm, root, rows, ruvector } = require('./support/index.js');
const { xxh64 } = require('./support/xxh64.js');

const { BruteForceIndex, HNSWIndex } = ruvector;
const fixture = path.join(root, 'Tests/Fixtures/index-version-1.bin');
const KEYS = { number: (i) => i - 3, bigint: (i) => BigInt(i) << 40n, string: (i) => 'é'.repeat(i % 4) + i };

/** 200 vectors, some of them equal where `equal`, some removed, so that places are free. */
function filled(Class = HNSWIndex, { equal, ...more } = {}) {
  const index = new Class({ dim: 8, ...more }), key = KEYS[more.keys ?? 'number'], some = rows(equal ? 20 : 200, 8, 3, 0.3);
  index.addBatch(Array.from({ length: 200 }, (_, i) => key(i)), Array.from({ length: 200 }, (_, i) => some[i % some.length]));
  index.removeBatch(Array.from({ length: 60 }, (_, i) => key(3 * i)));
  return index;
}
const answers = (index) => rows(20, 8, 9, 0.3).map((q) => index.search(q, 5)).map(({ keys, distances }) => [Array.from(keys), Array.from(distances)]);

/** Indexes of every kind. */
function* kinds() {
  for (const Class of [HNSWIndex, BruteForceIndex]) {
    for (const keys of Object.keys(KEYS)) {
      for (const more of [{ storage: 'f32' }, { storage: 'i8', metric: 'l2' }, { storage: 'f16', rerank: false, metric: 'ip' }, { metric: 'poincare', equal: Class === HNSWIndex }]) {
        yield [Class, { keys, ...more }];
      }
    }
  }
}

test('a copy answers as the index did, and goes on', async () => {
  for (const [Class, more] of kinds()) {
    const index = filled(Class, more), key = KEYS[more.keys], what = `${Class.name} ${JSON.stringify(more)}`;
    const bytes = index.toBuffer({ stamp: 2 ** 53 - 1 });
    assert.strictEqual(Object.getPrototypeOf(bytes), Uint8Array.prototype, what);
    assert.strictEqual(bytes.buffer.byteLength, bytes.length, 'memory of its own: it can be transferred');
    const copies = [Class.fromBuffer(bytes), await Class.fromBufferAsync(await index.toBufferAsync({ stamp: 2 ** 53 - 1 }))];
    const fresh = rows(20, 8, 77, 0.3);
    for (const copy of copies) {
      assert.ok(copy instanceof Class, what);
      assert.deepStrictEqual([copy.size, copy.stamp, copy.dim, copy.metric, copy.storage, copy.keyKind, copy.ef, copy.readOnly],
        [index.size, 2 ** 53 - 1, 8, index.metric, index.storage, index.keyKind, index.ef, false], what);
      assert.deepStrictEqual(answers(copy), answers(index), what);
      assert.deepStrictEqual(copy.get(key(7)), index.get(key(7)), what);
      assert.deepStrictEqual(Buffer.from(copy.toBuffer()), Buffer.from(index.toBuffer()), `${what}: the same bytes again`);
    }
    for (const one of [index, ...copies]) one.addBatch(fresh.map((_, i) => key(1000 + i)), fresh);
    for (const copy of copies) assert.deepStrictEqual(answers(copy), answers(index), `${what}, gone on with`);
  }
});

test('an index without vectors', () => {
  for (const Class of [HNSWIndex, BruteForceIndex]) {
    const copy = Class.fromBuffer(new Class({ dim: 3, keys: 'string' }).toBuffer());
    assert.deepStrictEqual([copy.size, copy.stamp, copy.keyKind], [0, 0, 'string']);
    copy.add('a', [1, 2, 3]);
    assert.deepStrictEqual(copy.search([1, 2, 3], 4).keys, ['a']);
  }
});

test('the bytes are those of a file, both ways', { skip: notInWasm('no files') }, async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-bytes-')), file = path.join(folder, 'a.rvi');
  try {
    for (const [Class, more] of kinds()) {
      const index = filled(Class, more), what = `${Class.name} ${JSON.stringify(more)}`;
      index.save(file, { stamp: 7 });
      assert.ok(fs.readFileSync(file).equals(index.toBuffer({ stamp: 7 })), what);
      assert.ok(fs.readFileSync(file).equals(await index.toBufferAsync({ stamp: 7 })), what);
      assert.deepStrictEqual(answers(Class.fromBuffer(fs.readFileSync(file))), answers(index), what);
      fs.writeFileSync(`${file}.new`, index.toBuffer({ stamp: 8 }));
      fs.renameSync(`${file}.new`, file);
      for (const opened of [Class.load(file), Class.view(file, { verify: true })]) {
        assert.strictEqual(opened.stamp, 8);
        assert.deepStrictEqual(answers(opened), answers(index), what);
        opened.close();
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

test('the bytes of a file of an earlier release', () => {
  const index = HNSWIndex.fromBuffer(fs.readFileSync(fixture)), some = rows(40, 6, 3, 0.3);
  assert.deepStrictEqual([index.size, index.stamp, index.keyKind], [57, 7, 'string']);
  assert.deepStrictEqual(index.get('k7'), some[7]);
  index.add('new', some[3]);
  assert.strictEqual(HNSWIndex.fromBuffer(index.toBuffer()).size, 58);
});

test('bytes in any form; not a copy of them is kept', async () => {
  const index = filled(), bytes = index.toBuffer(), expected = answers(index);
  const within = new Uint8Array(bytes.length + 9).fill(77);
  within.set(bytes, 3);
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const foreign = vm.runInNewContext('(list) => Uint8Array.from(list)')(Array.from(bytes));
  for (const form of [bytes, Buffer.from(bytes), bytes.buffer, within.subarray(3, 3 + bytes.length), shared, foreign, foreign.buffer]) {
    assert.deepStrictEqual(answers(HNSWIndex.fromBuffer(form)), expected);
    assert.deepStrictEqual(answers(await HNSWIndex.fromBufferAsync(form)), expected);
  }
  const copy = bytes.slice(), opened = HNSWIndex.fromBuffer(copy), waiting = HNSWIndex.fromBufferAsync(copy);
  copy.fill(0);
  assert.deepStrictEqual(answers(opened), expected);
  assert.deepStrictEqual(answers(await waiting), expected, 'bytes are copied before it returns');
});

test('what is refused', async () => {
  const bytes = filled().toBuffer(), detached = bytes.slice(), gone = detached.buffer;
  structuredClone(detached, { transfer: [gone] });
  for (const [code, value] of [
    ['ERR_INVALID_ARG', undefined], ['ERR_INVALID_ARG', null], ['ERR_INVALID_ARG', 'RUVINDEX'], ['ERR_INVALID_ARG', Array.from(bytes)],
    ['ERR_INVALID_ARG', new Float32Array(9)], ['ERR_INVALID_ARG', new DataView(bytes.buffer)], ['ERR_INVALID_ARG', { byteLength: 9 }],
    ['ERR_CORRUPT', new Uint8Array(0)], ['ERR_CORRUPT', new ArrayBuffer(9)], ['ERR_CORRUPT', detached], ['ERR_CORRUPT', gone],
    ['ERR_CORRUPT', fs.readFileSync(path.join(root, 'package.json'))], ['ERR_CORRUPT', bytes.subarray(0, -1)], ['ERR_CORRUPT', Buffer.concat([bytes, Buffer.of(0)])],
    ['ERR_UNSUPPORTED', bytes.map((x, i) => (i === 8 ? 3 : x))], ['ERR_WRONG_HANDLE', filled(BruteForceIndex).toBuffer()],
  ]) {
    const what = `${code} ${Object.prototype.toString.call(value)}`;
    const error = await fails(() => HNSWIndex.fromBuffer(value), code, what);
    if (code !== 'ERR_UNSUPPORTED') assert.match(error.message, /^expected .* for bytes, received /, what);
    await fails(() => HNSWIndex.fromBufferAsync(value), code, what, true);
  }
  const index = filled();
  for (const [code, options] of [['ERR_OUT_OF_RANGE', { stamp: -1 }], ['ERR_OUT_OF_RANGE', { stamp: 1.5 }], ['ERR_INVALID_CONFIG', { other: 1 }], ['ERR_INVALID_ARG', 7]]) {
    await fails(() => index.toBuffer(options), code, JSON.stringify(options));
    await fails(() => index.toBufferAsync(options), code, JSON.stringify(options), true);
  }
  await fails(() => index.toBuffer({ signal: undefined, other: 1 }), 'ERR_INVALID_CONFIG', 'another option');
  index.close();
  await fails(() => index.toBuffer(), 'ERR_CLOSED', 'closed');
  await fails(() => index.toBufferAsync(), 'ERR_CLOSED', 'closed', true);
});

test('aborted', async () => {
  const index = filled(), bytes = index.toBuffer(), reason = new Error('enough');
  for (const run of [(signal) => index.toBufferAsync({ signal }), (signal) => HNSWIndex.fromBufferAsync(bytes, { signal })]) {
    assert.strictEqual((await fails(() => run(AbortSignal.abort(reason)), 'ERR_ABORTED', 'before', true)).cause, reason);
    const controller = new AbortController(), promise = run(controller.signal);
    controller.abort(reason);
    assert.strictEqual((await fails(() => promise, 'ERR_ABORTED', 'during', true)).cause, reason);
    await fails(() => run(3), 'ERR_INVALID_ARG', 'no signal', true);
  }
  assert.strictEqual((await HNSWIndex.fromBufferAsync(await index.toBufferAsync())).size, index.size);
});

/** Gives header and table of a Buffer the checksums that belong to it, where only the word `changed` is not as they say. */
function seal(bytes, changed) {
  const table = 192 + 32 * (bytes.readUInt32LE(8) === 2 ? 12 : 10);
  for (let at = 192; at < table; at += 32) {
    const offset = Number(bytes.readBigUInt64LE(at + 8)), size = Number(bytes.readBigUInt64LE(at + 16));
    const isOld = changed !== undefined && (changed < at || changed >= at + 32) && (changed + 4 <= offset || changed >= offset + size);
    if (!isOld && size > 0 && offset + size <= bytes.length) bytes.writeBigUInt64LE(xxh64(bytes.subarray(offset, offset + size)), at + 24);
  }
  bytes.writeBigUInt64LE(0n, 184);
  bytes.writeBigUInt64LE(xxh64(bytes.subarray(0, table)), 184);
  return bytes;
}

test('words at the ends of their ranges, with the checksums that belong to them', () => {
  const ENDS = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1], sum = { refused: 0, taken: 0 };
  for (const index of [filled(), filled(HNSWIndex, { keys: 'string', storage: 'i8', equal: true }), filled(BruteForceIndex, { keys: 'bigint' })]) {
    const bytes = Buffer.from(index.toBuffer()), Class = index.constructor, places = [];
    assert.ok(seal(Buffer.from(bytes)).equals(bytes));
    for (let at = 8; at < 192 + 32 * 12; at += 4) if (at < 184 || at >= 192) places.push(at);
    for (let at = 192; at < 192 + 32 * 12; at += 32) {
      const offset = Number(bytes.readBigUInt64LE(at + 8)), size = Number(bytes.readBigUInt64LE(at + 16));
      for (let i = 0; i < Math.min(size, 48) && offset > 0; i += 4) places.push(offset + i, offset + size - 4 - i);
    }
    for (const at of places) {
      for (const word of ENDS) {
        const bad = Buffer.from(bytes);
        bad.writeUInt32LE(word, at);
        try {
          const copy = Class.fromBuffer(seal(bad, at)); // a seed, a stamp, a vector may be another
          sum.taken++;
          if (copy.dim === 8) copy.search(rows(1, 8, 5)[0], 20);
          copy.close();
        } catch (error) {
          sum.refused++;
          assert.ok(['ERR_CORRUPT', 'ERR_UNSUPPORTED', 'ERR_WRONG_HANDLE', 'ERR_OUT_OF_RANGE'].includes(error.code), `${at}: ${word}: ${error.stack}`);
        }
      }
    }
  }
  assert.ok(sum.refused > 500 && sum.taken > 500, JSON.stringify(sum));
});

for (const seed of [1, 2]) {
  test(`500 times damaged bytes, seed ${seed}`, () => {
    const { files, refused } = damageBytes(500, seed);
    assert.ok(files === 500 && refused > 400, `${refused} refused`);
  });
}
