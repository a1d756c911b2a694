'use strict';
// Kills a process that writes into a VectorStore at random moments, opens the store and looks whether everything that the
// process had acknowledged is there, found by searches once: not what it had deleted, what was given up by an abort, nothing
// half-written. A connection that stays open meanwhile finds the same.
//   npm run crash [-- --kills N --seed S]     1,000 moments, a random seed
// The same store lives through all of them. Some moments hit the opening, some the saving of the index; now and then the
// index' file is damaged or removed between two lives as well.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { parseArgs } = require('node:util');
const { random } = require('../test/support/index.js');
const { VectorStore } = require('../../index.js');

const DIM = 8;

/** The vector that belongs to an id and its version: what is found can be checked without keeping it. */
function vectorOf(id, version) {
  const next = random(Number(id.slice(1)) * 1009 + version);
  return Float32Array.from({ length: DIM }, next);
}

/**
 * The child: random inserts, replacements and deletes, blocking and asynchronous, of these up to three at once, some of them aborted,
 * and searches beside them. Tells of each before it starts, when it is done, and when it was given up.
 */
async function child(file, seed, startAt) {
  const next = random(seed), unit = () => (next() + 1) / 2, below = (n) => Math.floor(unit() * n);
  const say = (kind, operation) => fs.writeSync(1, `${JSON.stringify([kind, operation])}\n`);
  const store = VectorStore.open(file, { dim: DIM, M: 8, efConstruction: 40, saveEvery: 20 + below(100) });
  let id = startAt, number = 0;
  const entry = (name, version) => ({ id: name, vector: vectorOf(name, version), metadata: { version } });
  const known = [...store.getAllVectors().ids], under = new Set();
  const begin = (operation) => (say('begin', { number: ++number, ...operation }), number);
  const blocking = ({ put, gone, version }) => {
    const n = begin({ put, gone, version });
    if (gone.length > 0) store.deleteBatch(gone);
    else store.insertBatch(put.map((name) => entry(name, version)), { replace: true });
    say('done', n);
  };
  const later = ({ put, gone, version }) => {
    const n = begin({ put, gone, version }), stop = new AbortController(), { signal } = stop;
    const work = gone.length > 0 ? store.deleteBatchAsync(gone, { signal }) : store.insertBatchAsync(put.map((name) => entry(name, version)), { replace: true, signal });
    if (unit() < 0.2) setTimeout(() => stop.abort(), below(6));
    const ended = work.then(() => say('done', n), (error) => {
      if (error.code !== 'ERR_ABORTED') throw error;
      say('none', n);
    }).finally(() => under.delete(ended));
    under.add(ended);
  };
  say('open');
  for (let n = 1; ; n++) {
    const version = seed * 4096 + n, kind = unit();
    let put = [], gone = [];
    if (kind < 0.6 || known.length < 10) put = Array.from({ length: 1 + below(unit() < 0.1 ? 60 : 4) }, () => `k${id++}`);
    else if (kind < 0.8) put = [...new Set(Array.from({ length: 1 + below(unit() < 0.2 ? 40 : 3) }, () => known[below(known.length)]))];
    else gone = [...new Set([known[below(known.length)], known[below(known.length)]])];
    if (unit() < 0.6) later({ put, gone, version });
    else {
      await Promise.all(under); // a call that blocks may not come in between
      blocking({ put, gone, version });
    }
    if (under.size === 3) await Promise.race(under);
    if (unit() < 0.3 && put.length > 0) store.searchAsync(vectorOf(put[0], version)).catch(() => {});
    for (const name of put) if (!known.includes(name)) known.push(name);
    for (const name of gone) known.splice(known.indexOf(name), 1);
    if (known.length > 400) { // stay small: every life checks everything
      await Promise.all(under);
      blocking({ put: [], gone: known.splice(0, 200) });
    }
  }
}

/** One life of a child that ends by SIGKILL after `delay` ms; what it said. */
function life(file, seed, startAt, delay) {
  return new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, [__filename, 'child', file, seed, startAt], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '', started = false;
    process_.stdout.on('data', (x) => {
      out += x;
      if (started) return;
      started = true; // `delay` counts from the first word; negative: during the opening
      if (delay >= 0) setTimeout(() => process_.kill('SIGKILL'), delay);
    });
    process_.stderr.on('data', (x) => { err += x; });
    if (delay < 0) setTimeout(() => process_.kill('SIGKILL'), 40 - delay);
    process_.on('close', (status, signal) => {
      if (signal !== 'SIGKILL') return reject(new Error(`the child ended by itself (${status ?? signal}): ${err}`));
      return resolve(out.split('\n').slice(0, -1).map((line) => JSON.parse(line)));
    });
  });
}

/** Applies what was acknowledged to `expected` (id -> version); {acknowledged, aborted, open: the operations under way, in their order}. */
function apply(expected, said) {
  let acknowledged = 0, aborted = 0;
  const open = new Map();
  for (const [kind, about] of said) {
    if (kind === 'begin') open.set(about.number, about);
    if (kind === 'done') {
      change(expected, open.get(about));
      acknowledged++;
    }
    if (kind === 'none') aborted++;
    if (kind === 'done' || kind === 'none') open.delete(about);
  }
  return { acknowledged, aborted, open: [...open.values()] };
}

function change(expected, { put, gone, version }) {
  for (const id of put) expected.set(id, version);
  for (const id of gone) expected.delete(id);
}

/** Each way in which operations under way may have happened or not: each in whole or not at all. */
function outcomes(expected, open) {
  return Array.from({ length: 1 << open.length }, (_, bits) => {
    const now = new Map(expected);
    open.forEach((operation, i) => { if ((bits >> i) & 1) change(now, operation); });
    return now;
  });
}

const isOf = (entry, id, version) => entry?.metadata.version === version && vectorOf(id, version).every((x, i) => x === entry.vector[i]);

/** Whether a table holds what is expected of it. */
function holds(store, expected) {
  const { ids } = store.getAllVectors();
  return ids.length === expected.size && ids.every((id) => expected.has(id) && isOf(store.get(id), id, expected.get(id)));
}

/** What differs between a store and what is expected of it: nothing, if all is well. */
function differences(store, expected) {
  const wrong = [], { ids } = store.getAllVectors(), graph = store.getHnswGraph();
  if (graph.size !== ids.length) wrong.push(`${graph.size} in the index, ${ids.length} in the table`);
  for (const id of ids) if (!expected.has(id)) wrong.push(`${id} is there`);
  for (const [id, version] of expected) {
    const entry = store.get(id), found = entry && store.search(vectorOf(id, version), { k: 3, ef: 100 });
    if (entry === undefined) wrong.push(`${id} is gone`);
    else if (!isOf(entry, id, version)) wrong.push(`${id} has version ${entry.metadata.version}, not ${version}`);
    else if (!found.some((one) => one.id === id && one.distance < 1e-5)) wrong.push(`${id} is not found`);
    else if (found.filter((one) => one.id === id).length > 1) wrong.push(`${id} is found twice`);
  }
  const all = expected.size === 0 ? [] : store.search(vectorOf('k0', 0), { k: 2 * expected.size, ef: 1000 });
  if (new Set(all.map(({ id }) => id)).size !== all.length || all.length !== expected.size) wrong.push(`${all.length} found of ${expected.size}`);
  return wrong;
}

/** The same of a connection that has been open for some lives, asked by promises alone. */
async function followed(reader, expected) {
  const wrong = [];
  await Promise.all([...expected].map(async ([id, version]) => {
    const found = await reader.searchAsync(vectorOf(id, version), { k: 3, ef: 100 });
    if (found.filter((one) => one.id === id && one.distance < 1e-5).length !== 1) wrong.push(`a reader does not find ${id} once`);
  }));
  if (reader.getHnswGraph().size !== expected.size) wrong.push(`${reader.getHnswGraph().size} in the index of a reader, ${expected.size} in the table`);
  return wrong;
}

/** Now and then something happens to the index' file between two lives. */
function damage(file, unit) {
  const index = `${file}.hnsw`;
  if (!fs.existsSync(index) || unit() > 0.15) return false;
  if (unit() < 0.4) fs.rmSync(index);
  else {
    const bytes = fs.readFileSync(index);
    if (unit() < 0.5) fs.writeFileSync(index, bytes.subarray(0, Math.floor(unit() * bytes.length)));
    else if (bytes.length > 0) {
      bytes[Math.floor(unit() * bytes.length)] ^= 255;
      fs.writeFileSync(index, bytes);
    }
  }
  return true;
}

/** Kills `kills` times. {kills, acknowledged, aborted, entries, duringOpening, underWay, kept, damaged, followed, lost}; throws at the first thing lost. */
async function crash(kills, seed, progress = () => {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-crash-')), file = path.join(folder, 'vectors.db');
  const next = random(seed), unit = () => (next() + 1) / 2;
  let expected = new Map(), reader, left = 0;
  const sum = { kills: 0, acknowledged: 0, aborted: 0, entries: 0, duringOpening: 0, underWay: 0, kept: 0, damaged: 0, followed: 0, lost: 0 };
  try {
    for (let i = 0; i < kills; i++) {
      const delay = unit() < 0.1 ? -Math.floor(unit() * 60) - 1 : Math.floor(unit() * 120);
      const said = await life(file, seed * 8192 + i, i * 100000, delay), { acknowledged, aborted, open } = apply(expected, said);
      sum.kills++;
      sum.acknowledged += acknowledged;
      sum.aborted += aborted;
      if (said.length === 0) sum.duringOpening++;
      if (damage(file, unit)) sum.damaged++;
      const store = VectorStore.open(file, { dim: DIM, M: 8, efConstruction: 40 });
      if (open.length > 0) {
        sum.underWay++;
        if (!holds(store, expected)) sum.kept++;
      }
      expected = outcomes(expected, open).find((now) => holds(store, now)) ?? expected;
      const wrong = differences(store, expected);
      if (reader) {
        wrong.push(...await followed(reader, expected));
        sum.followed++;
        if (--left <= 0) reader = void reader.close();
      } else if (unit() < 0.3) {
        [reader, left] = [VectorStore.open(file, { M: 8, efConstruction: 40 }), 1 + Math.floor(unit() * 5)];
      }
      sum.entries = expected.size;
      if (unit() < 0.5) store.close(); // else it is let go as it is, its file unsaved
      else store.getHnswGraph().close();
      if (wrong.length > 0) {
        sum.lost += wrong.length;
        throw new Error(`seed ${seed}, kill ${i} after ${delay} ms: ${wrong.slice(0, 5).join('; ')}`);
      }
      progress(sum);
    }
    return sum;
  } finally {
    reader?.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const { values } = parseArgs({ options: { kills: { type: 'string', default: '1000' }, seed: { type: 'string' } } });
  const kills = Number(values.kills), seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 20)), started = Date.now();
  console.log(`${kills} kills, seed ${seed}`);
  const sum = await crash(kills, seed, (now) => process.stderr.isTTY && process.stderr.write(`\r${now.kills} of ${kills}, ${now.acknowledged} acknowledged`));
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(sum, `${((Date.now() - started) / 1000).toFixed()} s`);
}

module.exports = { crash };
if (process.argv[2] === 'child') void child(process.argv[3], Number(process.argv[4]), Number(process.argv[5]));
else if (require.main === module) main().catch((error) => { console.error(error.message); process.exitCode = 1; });
