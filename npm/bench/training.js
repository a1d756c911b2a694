'use strict';

// npm run bench -- training: losses and optimizers beside numpy and torch where RUVECTOR_PYTHON names a Python that has them, steps of
// the Trainer beside the calls they consist of. One thread.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { gnn } = require('./library.js');
const { generator, measure, median } = require('./measure.js');

const NEGATIVES = 1000, DIM = 128, PARAMETERS = 1_000_000;

const rowsOf = (rows, dim, seed) => {
  const random = generator(seed), data = new Float32Array(rows * dim);
  for (let i = 0; i < data.length; i++) data[i] = random();
  return { data, rows, dim };
};

/** Name -> microseconds of the peers. */
function peers(quick) {
  const times = {};
  for (const program of (process.env.RUVECTOR_PYTHON ?? '').split(path.delimiter).filter(Boolean)) {
    const { status, stdout, stderr, error } = spawnSync(program, [path.join(__dirname, 'peers/training.py'), NEGATIVES, DIM, PARAMETERS, quick ? 5 : 310], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
    Object.assign(times, JSON.parse(stdout));
  }
  return times;
}

/** Microseconds a step of a run whose steps are small, and of the members' own calls. */
async function overhead(quick) {
  const n = 64, x = rowsOf(n, 8, 1), y = rowsOf(n, 4, 2), model = new gnn.Linear({ inChannels: 8, outChannels: 4, seed: 1 }), loss = new gnn.MSELoss();
  const size = model.getWeights().length, optimizer = new gnn.SGD({ size, learningRate: 1e-3 }), w = model.getWeights();
  const trainer = new gnn.Trainer({ model, loss, optimizer: { type: 'sgd', learningRate: 1e-3 }, batchSize: n, seed: 1 }), epochs = quick ? 500 : 5000, list = [];
  await trainer.fit({ inputs: { x }, targets: y }, { epochs: 200 });
  for (let round = 0; round < 5; round++) {
    const { user, system } = process.cpuUsage();
    await trainer.fit({ inputs: { x: { data: x.data.slice(0, 8 * n), rows: n, dim: 8 } }, targets: y }, { epochs: 1 }); // what a fit costs besides
    const rest = process.cpuUsage({ user, system }), from = process.cpuUsage();
    // One epoch of many batches: the same batch again and again.
    await trainer.fit({ inputs: { x: repeated(x, epochs) }, targets: repeated(y, epochs) }, { epochs: 1 });
    const used = process.cpuUsage(from);
    list.push((used.user + used.system - rest.user - rest.system) / epochs);
  }
  const calls = measure([{ name: 'calls', run: () => {
    const out = model.forward(x), { input } = loss.valueAndGradients(out, y), { parameters } = model.backward(x, { data: input, rows: n, dim: 4 });
    optimizer.stepInPlace(w, parameters);
  } }], { rounds: 9 }).get('calls');
  return { step: median(list), calls };
}

/** The rows of a matrix, so many times. */
function repeated({ data, rows, dim }, times) {
  const all = new Float32Array(data.length * times);
  for (let i = 0; i < times; i++) all.set(data, i * data.length);
  return { data: all, rows: rows * times, dim };
}

async function trainingSections(settings, section, quick) {
  const times = peers(quick), anchor = rowsOf(1, DIM, 1), positive = rowsOf(1, DIM, 2), negatives = rowsOf(NEGATIVES, DIM, 3), loss = new gnn.InfoNCELoss({ temperature: 0.1 });
  const adam = new gnn.Adam({ size: PARAMETERS }), parameters = new Float32Array(PARAMETERS).fill(0.5), gradients = rowsOf(1, PARAMETERS, 4).data;
  // Each by itself, as the peers are: a step of Adam leaves nothing of what others read in the caches. Many rounds: memory for half
  // a megabyte of results a call is new to a process until its garbage is collected at a steady pace, for the first 300 ms.
  const cases = [
    { name: 'infoNce', run: () => loss.valueAndGradients(anchor, positive, negatives) },
    { name: 'adam', run: () => adam.stepInPlace(parameters, gradients) },
  ];
  const found = new Map(cases.flatMap((one) => [...measure([one], { ...settings, rounds: 10 * settings.rounds })]));
  const rows = [];
  for (const [name, title] of [['infoNce', `InfoNCE, 1 + 1 + ${NEGATIVES} x ${DIM}, value and all gradients`], ['adam', 'Adam, 1M parameters, in place']]) {
    rows.push([title, found.get(name), '1.00']);
    for (const [peer, time] of Object.entries(times)) if (peer.startsWith(`${name} `)) rows.push([`${title}, ${peer.slice(name.length + 1)}`, time, (time / found.get(name)).toFixed(2)]);
  }
  const { step, calls } = await overhead(quick);
  rows.push(['Trainer, a step of 64 x 8 -> 4 (CPU of all threads)', step, ''], ['the same four calls from JavaScript', calls, '']);
  section('Training, one thread', ['case', 'µs', 'it / ours'], rows);
}

module.exports = { trainingSections };
