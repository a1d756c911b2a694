'use strict';
// Kills two processes that observe and learn in one store at random moments: every observation that was acknowledged is there, none
// more than those under way, and the learned order is an old one or a new one, whole.
//   npm run crash:learning [-- --kills N --seed S]     1,000 moments, a random seed
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { parseArgs } = require('node:util');
const { generator } = require('../lib/random.js');
const { VectorStore } = require('../../index.js');

const DIM = 8, ENTRIES = 100, OPTIONS = { dim: DIM, maxObservations: 200 };
const row = (seed) => {
  const next = generator(seed);
  return Float32Array.from({ length: DIM }, () => next() - 0.5);
};

/** The child: says of each observation that it begins and is done, and the same of learning, which never stops. */
function child(file, seed) {
  const store = VectorStore.open(file, OPTIONS), next = generator(seed), say = (what) => fs.writeSync(1, `${what}\n`);
  const query = () => row(1000 + Math.floor(next() * 60));
  (async () => {
    for (;;) {
      say('learn');
      say(await store.learn({ examination: 0 }).then(({ live }) => (live ? 'learned' : 'gave way'), ({ code }) => (code === 'ERR_BUSY' || code === 'ERR_EMPTY_INPUT' ? 'gave way' : code)));
      await new Promise(setImmediate);
    }
  })();
  const observe = async () => {
    const hits = await store.searchAsync(query(), { k: 20, track: true, rerank: next() < 0.5 }), best = hits.reduce((a, b) => (b.metadata.mirrored > a.metadata.mirrored ? b : a));
    say('observe');
    if (next() < 0.5) await store.observeAsync(hits.impression, [best.id]);
    else {
      try {
        store.observe(hits.impression, [best.id]);
      } catch (error) {
        if (error.code !== 'ERR_BUSY') throw error;
        return say('refused');
      }
    }
    return say('observed');
  };
  (async () => { for (;;) await observe(); })();
}

/** Two children until a moment of their lives; what each said. */
async function lives(file, seed, delay) {
  const all = [0, 1].map((i) => {
    const one = spawn(process.execPath, [__filename, 'child', file, seed + i], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '', err = '';
    const started = new Promise((resolve) => {
      one.stdout.on('data', (x) => {
        out += x;
        resolve(undefined);
      });
      one.on('close', resolve);
    });
    one.stderr.on('data', (x) => { err += x; });
    return { one, started, ended: new Promise((resolve, reject) => { one.on('close', (status, signal) => (signal === 'SIGKILL' ? resolve(out.split('\n').slice(0, -1)) : reject(new Error(`a child ended by itself (${status ?? signal}): ${err}`)))); }) };
  });
  await Promise.all(all.map(({ started }) => started)); // `delay` counts from their first words
  await new Promise((resolve) => { setTimeout(resolve, delay); });
  for (const { one } of all) one.kill('SIGKILL');
  return Promise.all(all.map(({ ended }) => ended));
}

/** {kills, observed, learned, underWay}; throws at the first thing lost. */
async function crashLearning(kills, seed, progress = () => {}) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-crash-')), file = path.join(folder, 'vectors.db'), next = generator(seed), sum = { kills: 0, observed: 0, learned: 0, underWay: 0 };
  try {
    const first = VectorStore.open(file, OPTIONS);
    first.insertBatch(Array.from({ length: ENTRIES }, (_, i) => ({ id: `d${i}`, vector: row(i), metadata: { mirrored: row(i)[DIM - 1] } })));
    first.close();
    let [observed, model] = [0, 0];
    while (sum.kills < kills) {
      const delay = Math.floor(next() * 1000), said = (await lives(file, seed * 4096 + 2 * sum.kills, delay)).flat(), count = (what) => said.filter((line) => line === what).length;
      const other = said.find((line) => !['learn', 'learned', 'gave way', 'observe', 'observed', 'refused'].includes(line)), store = VectorStore.open(file, OPTIONS), now = store.learning(), at = `seed ${seed}, kill ${sum.kills} after ${delay} ms`;
      if (other) throw new Error(`${at}: ${other}`);
      const done = count('observed'), begun = count('observe') - count('refused'), learned = count('learned'), tried = count('learn') - count('gave way');
      if (now.observed < observed + done || now.observed > observed + begun) throw new Error(`${at}: ${now.observed} observations, of ${observed} and ${done} to ${begun} more`);
      if (now.model < model + learned || now.model > model + tried) throw new Error(`${at}: model ${now.model} after ${model} and ${learned} to ${tried} more`);
      if (now.observations !== Math.min(now.observed, OPTIONS.maxObservations)) throw new Error(`${at}: ${now.observations} of ${now.observed} kept`);
      const hits = store.search(row(1), { k: 20, rerank: true });
      if (hits.length !== 20 || !hits.every(({ score }) => Number.isFinite(score))) throw new Error(`${at}: ${hits.length} results`);
      store.close();
      sum.kills++;
      sum.observed += done;
      sum.learned += learned;
      sum.underWay += begun - done + tried - learned;
      [observed, model] = [now.observed, now.model];
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
  const sum = await crashLearning(kills, seed, (now) => process.stderr.isTTY && process.stderr.write(`\r${now.kills} of ${kills}, ${now.observed} observed`));
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(sum, `${((Date.now() - started) / 1000).toFixed()} s`);
}

module.exports = { crashLearning };
if (process.argv[2] === 'child') child(process.argv[3], Number(process.argv[4]));
else if (require.main === module) main().catch((error) => { console.error(error.message); process.exitCode = 1; });
