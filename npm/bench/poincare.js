'use strict';

// npm run bench -- training: epochs of PoincareEmbedding, in evaluations (a distance and its gradients, 51 a pair) a second of
// processor time, beside numba (peers/poincare.py), where RUVECTOR_PYTHON names a Python that has it; threads by the clock on the wall.
// The nouns need bash npm/examples/wordnet/prepare.sh.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { closureOf } = require('../examples/embedding/figures.js');
const { closure } = require('../examples/mammals-data.js');
const { readNouns } = require('../examples/wordnet/nouns.js');
const { gnn } = require('./library.js');
const { median } = require('./measure.js');

const NEGATIVE = 50;

/** The mammals as {names, children, parents}. */
function mammals() {
  const numbers = new Map(), number = (name) => { if (!numbers.has(name)) numbers.set(name, numbers.size); return numbers.get(name); };
  const pairs = closure().map(([child, parent]) => [number(child), number(parent)]);
  return { names: [...numbers.keys()], children: pairs.map(([child]) => child), parents: pairs.map(([, parent]) => parent) };
}

/** One epoch of a model: seconds of all threads, seconds on the wall. */
function epoch(model, threads) {
  const before = process.cpuUsage(), start = performance.now();
  model.trainSync({ epochs: 1, threads });
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1e6, wall: (performance.now() - start) / 1e3 };
}

/** Medians of `rounds` epochs of each case [name, model, threads], in turns. */
function measured(cases, rounds) {
  const found = new Map(cases.map(([name]) => [name, []]));
  for (const [, model, threads] of cases) epoch(model, threads);
  for (let round = 0; round < rounds; round++) for (const [name, model, threads] of cases) found.get(name).push(epoch(model, threads));
  return new Map([...found].map(([name, list]) => [name, { cpu: median(list.map(({ cpu }) => cpu)), wall: median(list.map(({ wall }) => wall)) }]));
}

function fitted(pairs, options) {
  const model = new gnn.PoincareEmbedding({ seed: 1, negative: NEGATIVE, dampening: 0, burnIn: 0, alpha: 0.05, ...options });
  model.fitSync(pairs, { epochs: 1 });
  return model;
}

/** CPU seconds of an epoch in numba, by program. */
function numba({ names, children, parents }, dim, batch, epochs) {
  const file = path.join(os.tmpdir(), `ruvector-pairs-${process.pid}.u32`), found = [];
  fs.writeFileSync(file, new Uint8Array(Uint32Array.from([...children, ...parents]).buffer));
  for (const program of (process.env.RUVECTOR_PYTHON ?? '').split(path.delimiter).filter(Boolean)) {
    const { status, stdout, stderr } = spawnSync(program, [path.join(__dirname, 'peers/poincare.py'), file, names.length, dim, batch, epochs].map(String), { encoding: 'utf8' });
    if (status === 0) found.push(JSON.parse(stdout).seconds);
    else if (!/No module named 'numba'/.test(stderr)) throw new Error(`${program}: ${stderr}`);
  }
  fs.rmSync(file);
  return found;
}

function poincareSections(section, quick) {
  const sets = [['mammals', mammals(), 5, 10, quick ? 5 : 31]];
  try {
    sets.push(['nouns', closureOf(readNouns()), 10, 10, quick ? 1 : 5]);
  } catch (error) {
    console.log(`\nPoincaré embeddings of all nouns: ${error.message}`);
  }
  for (const [name, pairs, size, batchSize, rounds] of sets) {
    const evaluations = pairs.children.length * (NEGATIVE + 1) / 1e6, model = fitted(pairs, { size, batchSize });
    const ours = measured([['', model, 1]], rounds).get('').cpu, peers = numba(pairs, size, batchSize, Math.min(rounds, 5));
    section(`Poincaré embedding, ${name} (${pairs.names.length.toLocaleString('en')} nodes, ${pairs.children.length.toLocaleString('en')} pairs), ${size} dimensions, batches of ${batchSize}, one thread`,
      ['case', 'CPU s an epoch', 'M evaluations / CPU s', 'times'],
      [['ours', ours, evaluations / ours, '1.0'], ...peers.map((seconds) => ['numba, a plain loop', seconds, evaluations / seconds, (seconds / ours).toFixed(1)])]);
    model.close();
    if (name !== 'nouns') continue;
    const many = fitted(pairs, { size, batchSize: 1000 }), times = measured([['one thread', many, 1], ['two threads', many, 2]], rounds), one = times.get('one thread').wall;
    section(`Poincaré embedding, ${name}, batches of 1,000, by the wall`, ['case', 's an epoch', 'CPU s', 'times'], [...times].map(([what, { wall, cpu }]) => [what, wall, cpu, (one / wall).toFixed(2)]));
    many.close();
  }
}

module.exports = { poincareSections };
