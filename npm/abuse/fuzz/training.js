'use strict';
// The fuzz of training: Trainer, annealing, losses as functions, and the training half of @ruvector/gnn/attention.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const attention = require('../../entries/attention.js');
const { ruvector } = require('../../test/support/index.js');
const { MEMBERS } = require('../../lib/members/rows.js');
const { form, matrix, matrixForm, numbers, strangers } = require('./vectors.js');

const options = (...fields) => ({ kind: 'options', fields });
const ports = (list) => list.map((port) => ({ kind: 'port', port }));
const getters = (type, ...names) => Object.fromEntries(names.map((name) => [`${type}#${name}`, []]));

const ANNEALING = {
  TemperatureAnnealing: ['amount', 'amount', 'few2', 'decay'],
  ...Object.fromEntries(['linear', 'exponential', 'cosine', 'step'].map((name) => [`TemperatureAnnealing.${name}`, ['amount', 'amount', 'few2']])),
  'TemperatureAnnealing.withDecay': ['amount', 'amount', 'few2', 'decay'],
  ...getters('TemperatureAnnealing', 'getTemp', 'step', 'reset', 'temperature', 'currentStep'),
  CurriculumScheduler: [],
  'CurriculumScheduler.linear': ['few2', 'few2', 'few2', 'few2', 'amount', 'amount'],
  'CurriculumScheduler.defaultCurriculum': ['few2'],
  'CurriculumScheduler#addStage': ['stage'],
  'CurriculumScheduler#step': ['few2'],
  ...getters('CurriculumScheduler', 'reset', 'currentStage', 'currentParams', 'stages', 'difficulty', 'temperature', 'negativeCount', 'isComplete', 'progress'),
};

const rows = {
  ...ANNEALING,
  Trainer: ['trainerOptions'],
  'Trainer#fit': ['trainingData', options('few2:epochs', 'checkpoint', 'few2:patience', 'amount:minDelta', 'threads', 'signal', 'progress:onProgress', 'progress:onEpoch')],
  'Trainer#setState': ['trainerState'],
  ...getters('Trainer', 'state', 'seed', 'history', 'closed', 'close'),
  sampleHardNegativesAsync: ['matrix', 'minedIndex', options('few2:k', 'matrix:positives', 'strategy', 'seed', 'few2:pool', 'few2:ef', 'threads', 'signal', 'mineExclude:exclude')],
  sampleHardNegatives: ['matrix', 'matrix', options('few2:k', 'matrix:positives', 'strategy', 'seed')],
};
for (const { family, name, type, operations } of MEMBERS) {
  if (family === 'loss') {
    rows[name] = [...ports(operations.forward.inputs), { kind: 'lossOptions' }];
    for (const method of ['compute', 'computeWithGradients']) rows[`${type}#${method}`] = [...ports(operations.forward.inputs), options('threads')];
  }
  if (family === 'optimizer') rows[`${type}#stepInPlace`] = [...ports(operations.step.inputs), options('threads')];
}

const OF_SIZE = (type) => ({ [`${type}#step`]: ['three', 'three'], [`${type}#stepInPlace`]: ['three', 'three'], ...getters(type, 'reset', 'learningRate') });
const attentionRows = {
  ...ANNEALING,
  InfoNceLoss: ['amount'], LocalContrastiveLoss: ['amount'], SpectralRegularization: ['amount'],
  ...Object.fromEntries(['InfoNceLoss', 'LocalContrastiveLoss'].flatMap((type) => ['compute', 'computeWithGradients'].map((method) => [`${type}#${method}`, ['three', 'three', 'threes']]))),
  'SpectralRegularization#computeBatch': ['threes'], 'SpectralRegularization#computeWithGradients': ['threes'],
  ...getters('InfoNceLoss', 'temperature'), ...getters('LocalContrastiveLoss', 'margin'), ...getters('SpectralRegularization', 'weight'),
  SgdOptimizer: ['three1', 'amount', 'share', 'share'], 'SgdOptimizer.withMomentum': ['three1', 'amount', 'share'], 'SgdOptimizer.withWeightDecay': ['three1', 'amount', 'share', 'share'],
  AdamOptimizer: ['three1', 'amount'], 'AdamOptimizer.withBetas': ['three1', 'amount', 'share', 'share'], 'AdamOptimizer.withConfig': ['three1', 'amount', 'share', 'share', 'amount', 'share'],
  AdamWOptimizer: ['three1', 'amount', 'share'], 'AdamWOptimizer.withBetas': ['three1', 'amount', 'share', 'share', 'share'], ...getters('AdamWOptimizer', 'weightDecay'),
  ...OF_SIZE('SgdOptimizer'), ...OF_SIZE('AdamOptimizer'), ...OF_SIZE('AdamWOptimizer'),
  LearningRateScheduler: ['amount', 'few2', 'few2', 'amount'], 'LearningRateScheduler.withMinLr': ['amount', 'few2', 'few2', 'amount'],
  ...getters('LearningRateScheduler', 'getLr', 'step', 'reset', 'currentStep', 'progress'),
  HardNegativeMiner: ['strategy', options('amount:margin', 'seed')], 'HardNegativeMiner.withMargin': ['strategy', 'amount'], 'HardNegativeMiner.withTemperature': ['strategy', 'amount'],
  ...Object.fromEntries(['hardest', 'distanceWeighted', 'random'].map((name) => [`HardNegativeMiner.${name}`, [options('seed')]])), 'HardNegativeMiner.semiHard': ['amount', options('seed')],
  'HardNegativeMiner#mine': ['three', 'three', 'threes', 'few2'],
  InBatchMiner: [], 'InBatchMiner#includePositive': [], 'InBatchMiner#getNegatives': ['few2', 'few2', 'few2'],
  StreamProcessor: ['three1', 'few2'], 'StreamProcessor#push': ['three'], 'StreamProcessor#process': ['three'], ...getters('StreamProcessor', 'clear', 'size', 'isFull'),
};

const checkpointFile = path.join(os.tmpdir(), `ruvector-fuzz-${process.pid}.rvt`);
process.on('exit', () => fs.rmSync(checkpointFile, { force: true }));

const WIDTH = 3;
const vectorOf = (c, count) => form(c, numbers(c, count));
let model, loss;
/** Parts that good trainers are made of; they live as long as the process. */
function parts() {
  model ??= new ruvector.Linear({ inChannels: WIDTH, outChannels: 2, seed: 1 });
  loss ??= new ruvector.MSELoss();
  return { model, loss };
}
const own = (c) => ({
  parameters: new Float32Array(4), forward: ({ x }) => (c.chance.of(0.05) ? c.interfere() : { data: new Float32Array(2 * x.rows), rows: x.rows, dim: 2 }), backward: () => new Float32Array(4),
});

const kinds = {
  amount: (c) => (c.bad() ? c.chance.pick([...strangers(), 0, -1, NaN, Infinity, 1e300]) : c.chance.pick([0.1, 1, 2, 1e-3])),
  few2: (c) => (c.bad() ? c.chance.pick([...strangers(), -1, 0.5, NaN, 1e300]) : c.chance.pick([1, 2, 3, 8])),
  decay: (c) => c.chance.pick(['Linear', 'Exponential', 'cosine', 'Step', ...c.bad() ? ['', 'other', ...strangers()] : []]),
  strategy: (c) => c.chance.pick(['hardest', 'semiHard', 'SemiHard', 'Random', 'distanceWeighted', 'mixed', 'degree', ...c.bad() ? ['', 'other', ...strangers()] : []]),
  stage: (c) => (c.bad() ? c.chance.pick([...strangers(), { duration: -1 }, { name: 1, duration: 1 }, {}]) : { duration: 1 + c.chance.below(4), temperature: 1 }),
  three: (c) => vectorOf(c, c.bad() ? c.chance.below(5) : WIDTH),
  threes: (c) => (c.bad() ? c.chance.pick([...strangers(), [[1]], []]) : Array.from({ length: 1 + c.chance.below(4) }, () => vectorOf(c, WIDTH))),
  three1: (c) => (c.bad() ? c.chance.pick([...strangers(), 0, -1, 2.5]) : WIDTH),
  lossOptions: (c) => (c.bad() ? c.chance.pick([...strangers(), { reduction: 'other' }, { margin: NaN }]) : c.chance.pick([undefined, {}])),
  progress2: () => undefined,
  trainerOptions(c) {
    if (c.bad()) return c.chance.pick([...strangers(), { ...parts(), optimizer: c.chance.pick(strangers()) }, { ...parts(), batchSize: c.chance.pick([-1, NaN, 1.5]) }, { ...parts(), model: c.chance.pick(strangers()) }]);
    return { ...parts(), ...c.chance.of(0.2) && { model: own(c) }, batchSize: c.chance.pick([0, 1, 2]), optimizer: c.chance.pick(['sgd', 'adam', { type: 'adamW', learningRate: 0.1 }, { type: 'sgd', learningRate: 1e20 }]), seed: 1, ...c.chance.of(0.2) && { loss: ({ data }) => (c.chance.of(0.1) ? c.interfere() : { loss: 1, gradient: data }) } };
  },
  trainingData(c) {
    const n = 1 + c.chance.below(4), rows = (dim) => matrixForm(c, n, dim);
    if (c.bad()) return c.chance.pick([...strangers(), { inputs: rows(WIDTH) }, { inputs: { x: rows(2) }, targets: rows(2) }, { inputs: c.chance.pick(strangers()), targets: rows(2) }]);
    return { inputs: { x: { data: numbers(c, n * WIDTH), rows: n, dim: WIDTH } }, targets: { data: numbers(c, n * 2), rows: n, dim: 2 } };
  },
  minedIndex(c) {
    if (c.bad() || c.chance.of(0.3)) return matrix(c);
    const rows = 1 + c.chance.below(6), index = new ruvector.HNSWIndex({ dim: Math.max(1, c.dim) });
    index.addBatch(Array.from({ length: rows }, (_, i) => i), Array.from({ length: rows }, () => Array.from({ length: index.dim }, () => c.chance.unit())));
    return index;
  },
  mineExclude: (c) => (c.bad() ? c.chance.pick([...strangers(), [1], []]) : c.chance.pick([undefined, Array.from({ length: c.rows }, () => (c.chance.of(0.5) ? 0 : [0, 1]))])),
  checkpoint: (c) => (c.bad() ? c.chance.pick([...strangers(), '', 'a\0b', { path: checkpointFile, every: c.chance.pick([0, -1, NaN, ...strangers()]) }, path.join(os.tmpdir(), 'no', 'such', 'folder')])
    : c.chance.pick([undefined, undefined, checkpointFile, { path: checkpointFile, every: 2, resume: c.chance.of(0.5) }])),
  trainerState(c) {
    const trainer = new ruvector.Trainer({ ...parts(), seed: 1 }), bytes = trainer.state();
    trainer.close();
    if (!c.bad()) return bytes;
    if (c.chance.of(0.3)) return c.chance.pick(strangers());
    if (c.chance.of(0.5)) return bytes.subarray(0, c.chance.below(bytes.length));
    bytes[c.chance.below(bytes.length)] ^= 1 << c.chance.below(8);
    return bytes;
  },
};

const MADE = {
  Trainer: () => new ruvector.Trainer({ ...parts(), seed: 1 }), TemperatureAnnealing: () => new ruvector.TemperatureAnnealing(1, 0.1, 3),
  CurriculumScheduler: (c) => (c.chance.of(0.2) ? new ruvector.CurriculumScheduler() : ruvector.CurriculumScheduler.linear(2, 2, 1, 3, 1, 0.5)),
  InfoNceLoss: () => new attention.InfoNceLoss(0.1), LocalContrastiveLoss: () => new attention.LocalContrastiveLoss(1), SpectralRegularization: () => new attention.SpectralRegularization(1),
  SgdOptimizer: () => new attention.SgdOptimizer(WIDTH, 0.1), AdamOptimizer: () => new attention.AdamOptimizer(WIDTH, 0.1), AdamWOptimizer: () => new attention.AdamWOptimizer(WIDTH, 0.1, 0.1),
  LearningRateScheduler: () => new attention.LearningRateScheduler(0.1, 1, 3), HardNegativeMiner: () => new attention.HardNegativeMiner('random'), InBatchMiner: () => new attention.InBatchMiner(),
  StreamProcessor: () => new attention.StreamProcessor(WIDTH, 3),
};
const kept = new Map();

/** Those of the main entry; the others are of attention's, some of whose names the main one has for other classes. */
const OF_MAIN = ['Trainer', 'TemperatureAnnealing', 'CurriculumScheduler'];

/** One of the class `name` to call a method on; some live on from call to call. */
function trained(c, name, isOfAttention = false) {
  if (!Object.hasOwn(MADE, name) || !(isOfAttention || OF_MAIN.includes(name))) return undefined;
  if (!kept.has(name) || c.chance.of(0.2)) kept.set(name, MADE[name](c));
  return kept.get(name);
}

module.exports = { attentionRows, kinds, rows, trained };
