'use strict';
// npm run index-files [-- --count N --seed S]: 10^5 damaged index files, opened all ways and searched, in processes of their
// own. What must hold: no process dies; a copy (`load`, `fromBuffer`) of a file that differs is refused with ERR_CORRUPT or
// ERR_UNSUPPORTED, or answers as the good one; a view answers something or gives an error with a code; memory asked for stays within the file's size.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { random, rows, ruvector, vector } = require('../test/support/index.js');

const { BruteForceIndex, HNSWIndex } = ruvector;
const BATCH = 5000; // files a process
const FINE = ['ERR_CORRUPT', 'ERR_UNSUPPORTED', 'ERR_OUT_OF_RANGE', 'ERR_NON_FINITE', 'ERR_NOT_FOUND'];
const HEADER = 192, TABLE = HEADER + 10 * 32;

/** The bytes of small indexes of every kind: {Class, key, bytes, answer}. */
function makeIndexes() {
  const kinds = [[HNSWIndex, 'number', 'f32', 'cosine'], [HNSWIndex, 'string', 'i8', 'l2'], [HNSWIndex, 'bigint', 'f16', 'ip'], [BruteForceIndex, 'string', 'f32', 'poincare'], [BruteForceIndex, 'number', 'i8', 'cosine'],
    [HNSWIndex, 'number', 'f32', 'l2', 12], [HNSWIndex, 'string', 'i8', 'cosine', 3]];
  return kinds.map(([Class, keys, storage, metric, different = 60], i) => {
    const index = new Class({ dim: 6, keys, storage, metric, ...(Class === HNSWIndex && { M: 3, efConstruction: 12 }) });
    const key = { number: (n) => n, bigint: BigInt, string: (n) => `k${n}` }[keys];
    const some = rows(different, 6, i + 1, 0.3); // of fewer than 60, some are equal
    index.addBatch(Array.from({ length: 60 }, (_, n) => key(n)), Array.from({ length: 60 }, (_, n) => some[n % different]));
    index.removeBatch([1, 5, 9].map(key));
    return { Class, key, bytes: Buffer.from(index.toBuffer({ stamp: i }).buffer), answer: answer(index) };
  });
}

const query = vector(6, 5, 0.3);
const answer = (index) => `${index.search(query, 7).keys}|${index.search(query, 7).distances}|${index.size}`;

/** Bytes changed, runs overwritten, cut, put together anew; mostly where there is something. */
function damage(bytes, below) {
  const out = Buffer.from(bytes), at = () => (below(3) === 0 ? below(TABLE) : below(out.length));
  for (let n = below(4); n >= 0; n--) {
    let place = at();
    for (let tries = 0; tries < 20 && bytes[place] === 0; tries++) place = at();
    switch (below(5)) {
      case 0: out[place] ^= 1 << below(8); break;
      case 1: out[place] = below(256); break;
      case 2: out.fill(below(256), place, Math.min(place + below(64), out.length)); break;
      case 3: out.copy(out, at(), place, Math.min(place + below(64), out.length)); break;
      default: out.writeUInt32LE([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, below(2 ** 31)][below(6)], Math.min(place & ~3, out.length - 4));
    }
  }
  return below(8) === 0 ? out.subarray(0, below(out.length)) : out;
}

/** Numbers below n, by a seed. */
function numbersBelow(seed) {
  const next = random(seed);
  return (n) => Math.floor((next() + 1) / 2 * n);
}

/** What `open()` of damaged bytes gives: an answer, or the code of a refusal. */
function outcome(open) {
  try {
    const index = open(), given = answer(index);
    index.close();
    return given;
  } catch (error) {
    if (!['ERR_CORRUPT', 'ERR_UNSUPPORTED'].includes(error.code)) throw error;
    return error.code;
  }
}

/** `count` times damaged bytes in this process, as copies only. */
function damageBytes(count, seed) {
  const below = numbersBelow(seed), good = makeIndexes(), sum = { files: 0, refused: 0 };
  for (; sum.files < count; sum.files++) {
    const { Class, bytes, answer: right } = good[below(good.length)], given = outcome(() => Class.fromBuffer(damage(bytes, below)));
    if (given.startsWith('ERR_')) sum.refused++;
    else if (given !== right) throw new Error(`damaged bytes were taken (seed ${seed}, ${sum.files})`);
  }
  return sum;
}

function child(count, seed) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-files-')), below = numbersBelow(seed);
  const sum = { files: 0, refused: 0, alike: 0, viewed: 0 };
  try {
    const good = makeIndexes();
    for (let i = 0; i < count; i++) {
      const { Class, key, bytes, answer: right } = good[below(good.length)], bad = damage(bytes, below), file = path.join(folder, `bad-${i % 2}.rvi`);
      fs.writeFileSync(`${file}.new`, bad);
      fs.renameSync(`${file}.new`, file);
      sum.files++;
      process.stderr.write(`${seed} ${i}\n`);
      const given = outcome(() => Class.load(file)), isRefused = given.startsWith('ERR_');
      if (!isRefused && given !== right && !bad.equals(bytes)) throw new Error(`a damaged file was loaded (seed ${seed}, file ${i})`);
      if (outcome(() => Class.fromBuffer(bad)) !== given) throw new Error(`a file and its bytes differ (seed ${seed}, file ${i})`);
      sum[isRefused ? 'refused' : 'alike']++;
      try {
        const view = Class.view(file, { floats: sum.files % 2 ? 'read' : 'mapped' });
        answer(view);
        view.has(key(5));
        if (view.toCSR) {
          view.toCSR(1);
          view.stats();
          // Of a damaged file also numbers that nobody may name.
          const keys = Array.from(view.keys()).filter((one) => typeof one !== 'number' || Number.isSafeInteger(one));
          for (const one of keys.slice(0, 3)) view.shortestPathDistance(one, keys.at(-1));
        }
        sum.viewed++;
        view.close();
      } catch (error) {
        if (!FINE.includes(error.code)) throw error;
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
  return sum;
}

/** `count` files from `seed` on; progress(files done). */
function damageFiles(count, seed, progress = () => {}) {
  const sum = {};
  for (let done = 0, s = seed; done < count; s++) {
    const n = Math.min(BATCH, count - done);
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [__filename, '--child', String(n), '--seed', String(s)], { encoding: 'utf8', maxBuffer: 2 ** 28 });
    if (status !== 0) throw new Error(`A process ended with ${signal ?? status} at file ${stderr.trim().split('\n').slice(-12).join('\n')}`);
    for (const [key, value] of Object.entries(JSON.parse(stdout))) sum[key] = (sum[key] ?? 0) + value;
    progress((done += n));
  }
  return sum;
}

module.exports = { damageBytes, damageFiles };
if (require.main === module) {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' }, seed: { type: 'string' }, child: { type: 'string' } } });
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  if (values.child) console.log(JSON.stringify(child(Number(values.child), seed)));
  else {
    console.log(`${values.count} files, seed ${seed}`);
    const tell = (done) => process.stderr.isTTY && process.stderr.write(`\r${done} of ${values.count}`);
    const { files, refused, alike, viewed } = damageFiles(Number(values.count), seed, tell);
    console.log(`${files} damaged files: no crash; copies: ${refused} refused, ${alike} unharmed (only padding was touched); views that answered: ${viewed}`);
  }
}
