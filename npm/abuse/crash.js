'use strict';
// Kills a process that writes into a VectorStore at random moments, opens the store and looks whether everything that the
// process had acknowledged is there, found by searches and no more: not what it had deleted, nothing half-written.
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

/** The child: random inserts, replacements and deletes; tells of each before it starts and when it is done. */
function child(file, seed, startAt) {
  const next = random(seed), unit = () => (next() + 1) / 2, below = (n) => Math.floor(unit() * n);
  const say = (kind, operation) => fs.writeSync(1, `${JSON.stringify([kind, operation])}\n`);
  const store = VectorStore.open(file, { dim: DIM, M: 8, efConstruction: 40, saveEvery: 20 + below(100) });
  let id = startAt;
  const entry = (name, version) => ({ id: name, vector: vectorOf(name, version), metadata: { version } });
  const known = [...store.getAllVectors().ids];
  say('open');
  for (let n = 1; ; n++) {
    const versions = seed * 4096 + n, kind = unit();
    let put = [], gone = [];
    if (kind < 0.6 || known.length < 10) put = Array.from({ length: 1 + below(unit() < 0.1 ? 60 : 4) }, () => `k${id++}`);
    else if (kind < 0.8) put = [known[below(known.length)]];
    else gone = [...new Set([known[below(known.length)], known[below(known.length)]])];
    say('begin', { put, gone, version: versions });
    if (gone.length > 0) store.deleteBatch(gone);
    else store.insertBatch(put.map((name) => entry(name, versions)), { replace: true });
    say('done');
    for (const name of put) if (!known.includes(name)) known.push(name);
    for (const name of gone) known.splice(known.indexOf(name), 1);
    if (known.length > 400) { // stay small: every life checks everything
      const old = known.splice(0, 200);
      say('begin', { put: [], gone: old });
      store.deleteBatch(old);
      say('done');
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

/** Applies what was acknowledged to `expected` (id -> version); the operation under way, if any. */
function apply(expected, said) {
  let acknowledged = 0, open;
  for (const [kind, operation] of said) {
    if (kind === 'begin') open = operation;
    if (kind !== 'done') continue;
    change(expected, open);
    open = undefined;
    acknowledged++;
  }
  return { acknowledged, open };
}

function change(expected, { put, gone, version }) {
  for (const id of put) expected.set(id, version);
  for (const id of gone) expected.delete(id);
}

/** What differs between a store and what is expected of it: nothing, if all is well. */
function differences(store, expected) {
  const wrong = [], { ids } = store.getAllVectors(), graph = store.getHnswGraph();
  if (graph.size !== ids.length) wrong.push(`${graph.size} in the index, ${ids.length} in the table`);
  for (const id of ids) if (!expected.has(id)) wrong.push(`${id} is there`);
  for (const [id, version] of expected) {
    const entry = store.get(id), vector = vectorOf(id, version);
    if (entry === undefined) wrong.push(`${id} is gone`);
    else if (entry.metadata.version !== version || entry.vector.some((x, i) => x !== vector[i])) wrong.push(`${id} has version ${entry.metadata.version}, not ${version}`);
    else if (!store.search(vector, { k: 3, ef: 100 }).some((found) => found.id === id && found.distance < 1e-5)) wrong.push(`${id} is not found`);
  }
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

/** Kills `kills` times. {kills, acknowledged, entries, underWay, kept, damaged, lost}; throws at the first thing lost. */
async function crash(kills, seed, progress = () => {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-crash-')), file = path.join(folder, 'vectors.db');
  const next = random(seed), unit = () => (next() + 1) / 2, expected = new Map();
  const sum = { kills: 0, acknowledged: 0, entries: 0, duringOpening: 0, underWay: 0, kept: 0, damaged: 0, lost: 0 };
  try {
    for (let i = 0; i < kills; i++) {
      const delay = unit() < 0.1 ? -Math.floor(unit() * 60) - 1 : Math.floor(unit() * 120);
      const said = await life(file, seed * 8192 + i, i * 100000, delay), { acknowledged, open } = apply(expected, said);
      sum.kills++;
      sum.acknowledged += acknowledged;
      if (said.length === 0) sum.duringOpening++;
      if (damage(file, unit)) sum.damaged++;
      const store = VectorStore.open(file, { dim: DIM, M: 8, efConstruction: 40 });
      let wrong = differences(store, expected);
      if (open) {
        sum.underWay++;
        // The operation under way is there in whole or not at all.
        if (wrong.length > 0) {
          change(expected, open);
          wrong = differences(store, expected);
          sum.kept++;
        }
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
if (process.argv[2] === 'child') child(process.argv[3], Number(process.argv[4]), Number(process.argv[5]));
else if (require.main === module) main().catch((error) => { console.error(error.message); process.exitCode = 1; });
