'use strict';
// Checkpoints of Trainer: runs that are killed go on from them, bit for bit; files that are cut or foreign, folders that cannot be
// written. And steps that overflow: the outcome is that of the error.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { bits, fails, random, ruvector } = require('./support/index.js');

const { Linear, MSELoss, Trainer } = ruvector;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-checkpoints-'));
test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
const fileOf = (name) => path.join(folder, name);

const rowsOf = (count, dim, seed) => ({ data: Float32Array.from({ length: count * dim }, random(seed)), rows: count, dim });
const DATA = { inputs: { x: rowsOf(30, 3, 1) }, targets: rowsOf(30, 2, 2) }, VALIDATION = { inputs: { x: rowsOf(11, 3, 3) }, targets: rowsOf(11, 2, 4) };

/** y = W x, by its own means. */
const own = () => ({
  parameters: Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
  forward({ x }) {
    return { data: Float32Array.from({ length: 2 * x.rows }, (_, i) => [0, 1, 2].reduce((sum, c) => sum + this.parameters[3 * (i % 2) + c] * x.data[3 * Math.floor(i / 2) + c], 0)), rows: x.rows, dim: 2 };
  },
  backward({ x }, { data: g }) {
    const slopes = new Float32Array(6);
    for (let r = 0; r < x.rows; r++) for (let i = 0; i < 6; i++) slopes[i] += g[2 * r + Math.floor(i / 3)] * x.data[3 * r + (i % 3)];
    return slopes;
  },
});
const MODELS = { native: () => new Linear({ inChannels: 3, outChannels: 2, seed: 9 }), own };
const weightsOf = (model) => bits(model.parameters instanceof Float32Array ? model.parameters : model.getWeights());

function make(kind, more) {
  const model = MODELS[kind]();
  return { model, trainer: new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'adam', learningRate: 0.2 }, batchSize: 7, seed: 5, ...more }) };
}

for (const kind of ['native', 'own']) {
  test(`${kind}: a fit that ends anywhere goes on from its checkpoint, bit for bit: weights, history, patience, the best epoch`, async () => {
    const options = { epochs: 40, validation: VALIDATION, patience: 6 }, whole = make(kind);
    await whole.trainer.fit(DATA, options);
    const { length } = whole.trainer.history.validationLoss;
    assert.ok(length > 8 && length < 40, `${length} epochs`);
    for (const every of [1, 3]) for (const end of [1, 4, length - 1]) {
      const checkpoint = { path: fileOf(`${kind} ${every} ${end}`), every, resume: true }, cut = make(kind), again = make(kind);
      await assert.rejects(cut.trainer.fit(DATA, { ...options, checkpoint, onEpoch: ({ epoch }) => { if (epoch === end) throw new Error('killed'); } }), /killed/);
      assert.strictEqual(fs.existsSync(checkpoint.path), end >= every);
      let begun;
      await again.trainer.fit(DATA, { ...options, checkpoint, onEpoch: ({ epoch }) => { begun ??= epoch; } });
      assert.strictEqual(begun, Math.floor(end / every) * every + 1);
      assert.strictEqual(weightsOf(again.model), weightsOf(whole.model));
      assert.deepStrictEqual(again.trainer.history, whole.trainer.history);
      assert.deepStrictEqual(Buffer.from(again.trainer.state()), Buffer.from(whole.trainer.state()));
      // Done: nothing is trained any more, and the model is the best one.
      const done = make(kind);
      await done.trainer.fit(DATA, { ...options, checkpoint, onProgress: () => assert.fail('a step') });
      assert.strictEqual(weightsOf(done.model), weightsOf(whole.model));
    }
    assert.deepStrictEqual(fs.readdirSync(folder).filter((name) => /tmp/.test(name)), []);
  });
}

test('without resume a checkpoint is replaced; setState takes one, too', async () => {
  const file = fileOf('replaced'), first = make('native'), second = make('native'), third = make('native');
  await first.trainer.fit(DATA, { epochs: 3, checkpoint: file });
  const old = fs.readFileSync(file);
  await second.trainer.fit(DATA, { epochs: 2, checkpoint: file });
  assert.notDeepStrictEqual(fs.readFileSync(file), old);
  third.trainer.setState(new Uint8Array(fs.readFileSync(file)));
  assert.strictEqual(weightsOf(third.model), weightsOf(second.model));
  assert.strictEqual(third.trainer.history.loss.length, 2);
});

test('files that are cut, damaged anywhere, foreign: ERR_CORRUPT, and nothing has changed', async () => {
  const file = fileOf('damaged'), { trainer } = make('native');
  await trainer.fit(DATA, { epochs: 2, checkpoint: file, validation: VALIDATION });
  const good = fs.readFileSync(file), { trainer: other, model } = make('native'), before = Buffer.from(other.state()), weights = weightsOf(model);
  const refused = async (bytes, what) => {
    fs.writeFileSync(file, bytes);
    await fails(() => other.fit(DATA, { epochs: 3, checkpoint: { path: file, resume: true } }), 'ERR_CORRUPT', what);
    assert.deepStrictEqual(Buffer.from(other.state()), before, what);
    assert.strictEqual(weightsOf(model), weights);
    assert.ok(fs.readFileSync(file).equals(bytes), `${what}: the file stays`);
  };
  for (const length of [0, 1, 8, 20, 100, good.length - 8, good.length - 1]) await refused(good.subarray(0, length), `${length} bytes`);
  for (let at = 0; at < good.length; at += 3) {
    const bytes = Buffer.from(good);
    bytes[at] ^= 1 << (at % 8);
    if (at < good.length - 4) await refused(bytes, `byte ${at}`); // the last four are not looked at
  }
  await refused(Buffer.from('a picture of a cat'), 'foreign');
  for (const [more, what] of [[{ seed: 6 }, 'another seed'], [{ optimizer: 'sgd' }, 'another optimizer']]) {
    fs.writeFileSync(file, good);
    await fails(() => make('native', more).trainer.fit(DATA, { checkpoint: { path: file, resume: true } }), 'ERR_CORRUPT', what);
  }
  fs.writeFileSync(file, good);
  await other.fit(DATA, { epochs: 3, checkpoint: { path: file, resume: true } });
  assert.strictEqual(other.history.loss.length, 3);
});

test('where nothing can be written the fit does not begin; where it no longer can, nothing is lost', async () => {
  const { trainer } = make('native'), noStep = { onProgress: () => assert.fail('a step') };
  await fails(() => trainer.fit(DATA, { checkpoint: fileOf('no such folder/x'), ...noStep }), 'ERR_NOT_FOUND', 'no folder');
  fs.writeFileSync(fileOf('a file'), 'x');
  await fails(() => trainer.fit(DATA, { checkpoint: fileOf('a file/x'), ...noStep }), 'ERR_IO', 'a file as the folder');
  const sealed = fileOf('sealed');
  fs.mkdirSync(sealed, { mode: 0o555 });
  if (process.platform === 'linux') await assert.rejects(trainer.fit(DATA, { checkpoint: process.getuid() === 0 ? '/proc/x' : path.join(sealed, 'x'), ...noStep }), ({ code }) => code === 'ERR_IO' || code === 'ERR_NOT_FOUND');
  for (const [checkpoint, code] of [[3, 'ERR_INVALID_ARG'], [null, 'ERR_INVALID_ARG'], ['', 'ERR_INVALID_ARG'], ['a\0b', 'ERR_INVALID_ARG'], [{}, 'ERR_INVALID_ARG'], [{ path: 'x', every: 0 }, 'ERR_OUT_OF_RANGE'], [{ path: 'x', every: 1.5 }, 'ERR_OUT_OF_RANGE'], [{ path: 'x', resume: 1 }, 'ERR_INVALID_ARG'], [{ path: 'x', evry: 1 }, 'ERR_INVALID_CONFIG']]) {
    await fails(() => trainer.fit(DATA, { checkpoint }), code, JSON.stringify(checkpoint));
  }
  const gone = fileOf('gone'), file = path.join(gone, 'x'), whole = make('native'), cut = make('native');
  await whole.trainer.fit(DATA, { epochs: 5 });
  fs.mkdirSync(gone);
  await fails(() => cut.trainer.fit(DATA, { epochs: 5, checkpoint: file, onEpoch: ({ epoch }) => { if (epoch === 2) fs.rmSync(gone, { recursive: true }); } }), 'ERR_NOT_FOUND', 'the folder is gone');
  assert.strictEqual(cut.trainer.history.loss.length, 3);
  await cut.trainer.fit(DATA, { epochs: 2 });
  assert.strictEqual(weightsOf(cut.model), weightsOf(whole.model));
});

test('an abort leaves whole checkpoints, from which the same run comes', async () => {
  const whole = make('native'), file = fileOf('aborted');
  await whole.trainer.fit(DATA, { epochs: 60 });
  // Later from time to time: where the machine is slow, too, some epochs come to their end.
  for (let left = 1, wait = 3; left > 0; wait++) {
    const { trainer, model } = make('native'), aborting = new AbortController();
    setTimeout(() => aborting.abort(), wait + 4 * Math.random());
    try {
      await trainer.fit(DATA, { epochs: 60, checkpoint: { path: file, resume: true }, signal: aborting.signal });
      left = 0;
      assert.strictEqual(weightsOf(model), weightsOf(whole.model));
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_ABORTED', error.stack);
    }
  }
});

test('a process that is killed leaves the old file or the new one; what it left beside is removed', async () => {
  const file = fileOf('killed'), script = `
    const { Linear, MSELoss, Trainer } = require(${JSON.stringify(require.resolve('../../index.js'))});
    const x = { data: new Float32Array(40000).map((_, i) => Math.sin(i)), rows: 100, dim: 400 }, model = new Linear({ inChannels: 400, outChannels: 400, seed: 1 });
    new Trainer({ model, loss: new MSELoss(), seed: 5 }).fit({ inputs: { x }, targets: x }, { epochs: 1e6, checkpoint: { path: ${JSON.stringify(file)}, resume: true }, onEpoch: ({ epoch }) => process.stdout.write(epoch + ' ') });`;
  const names = new Trainer({ model: new Linear({ inChannels: 400, outChannels: 400 }), loss: new MSELoss(), seed: 5 });
  let last = 0;
  for (let round = 0; round < 6; round++) {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let seen = '';
    await new Promise((resolve) => {
      child.stdout.on('data', (text) => {
        if (seen === '') setTimeout(() => child.kill('SIGKILL'), 40 * Math.random() + 10);
        seen += text;
      });
      child.on('close', resolve);
    });
    names.setState(new Uint8Array(fs.readFileSync(file))); // whole
    const epochs = seen.trim().split(' ').map(Number);
    assert.ok(epochs[0] > last, `${last}, then ${seen}`);
    last = names.history.loss.length;
    assert.ok(last >= epochs.at(-1), `${last} epochs in the file, ${epochs.at(-1)} were seen`);
  }
  const another = fileOf('killed.999999999-1.tmp');
  fs.writeFileSync(another, 'half');
  await make('native').trainer.fit(DATA, { checkpoint: file });
  assert.deepStrictEqual(fs.readdirSync(folder).filter((name) => name.startsWith('killed')), ['killed']);
});

// ---- Steps ----

const OPTIMIZERS = {
  sgd: { options: {}, rate: 1e38 }, momentum: { type: 'SGD', options: { momentum: 0.9 }, rate: 1e38 }, adam: { options: {}, rate: 1e38 }, sharp: { type: 'Adam', options: { eps: 0 }, rate: 0.1 },
  adamW: { options: { weightDecay: 1e10 }, rate: 1e30 }, riemannianSgd: { type: 'RiemannianSGD', options: { dim: 2, manifold: 'euclidean', momentum: 0.9 }, rate: 1e38 },
  riemannianAdam: { type: 'RiemannianAdam', options: { dim: 2, manifold: 'euclidean', eps: 0 }, rate: 0.1 },
};
test('rates whose factors are beyond the range of floats: an error, and nothing has happened; the smallest gradients too', () => {
  const { Adam, AdamW } = ruvector, tiny = Float32Array.of(6.4e-40, -5.8e-39, 8.6e-39), rate = 3.4028234663852886e38;
  for (const Type of [Adam, AdamW]) {
    for (const [parameters, gradients, options] of [[[0.5, 1, -1], tiny, {}], [[0, 0, 0], tiny, { weightDecay: 10 }]]) {
      const one = new Type({ size: 3, ...options }), theta = Float32Array.from(parameters), before = bits(one.getWeights());
      assert.throws(() => one.stepInPlace(theta, gradients, rate), { code: 'ERR_OUT_OF_RANGE' });
      assert.deepStrictEqual(Array.from(theta), parameters);
      assert.strictEqual(bits(one.getWeights()), before);
      assert.ok(one.step(theta, gradients, 1e-3).every(Number.isFinite));
    }
  }
});

for (const [name, { type = { sgd: 'SGD', adam: 'Adam', adamW: 'AdamW' }[name], options, rate }] of Object.entries(OPTIMIZERS)) {
  test(`${name}: a step that overflows has not happened`, () => {
    const one = new ruvector[type]({ size: 4, learningRate: 0.1, ...options }), parameters = Float32Array.of(1, 2, -3, 0.5), isSharp = options.eps === 0, zero = isSharp ? 0 : 10;
    one.stepInPlace(parameters, [1, -1, 2, 3]);
    const before = bits(parameters), state = bits(one.getWeights());
    if (isSharp) one.setWeights(one.getWeights().map((w, i, all) => (i < 2 ? w : i === 2 || i === all.length - 4 ? 0 : w))); // 0/0
    const now = bits(one.getWeights()), wanted = isSharp ? now : state;
    for (const run of [(g) => one.step(parameters, g, rate), (g) => one.stepInPlace(parameters, g, rate)]) {
      assert.throws(() => run([zero, 0, 10, -10]), ({ code, message }) => code === 'ERR_OUT_OF_RANGE' && /parameters/.test(message));
      assert.strictEqual(bits(parameters), before);
      assert.strictEqual(bits(one.getWeights()), wanted);
    }
    // What fits is made.
    one.stepInPlace(parameters, [1, 1, 1, 1], 0.01);
    assert.ok(parameters.every(Number.isFinite) && bits(parameters) !== before);
  });
}

for (const kind of ['native', 'own']) {
  test(`${kind}: a fit whose step overflows has the state before it, of all groups`, async () => {
    let calls = 0;
    const gradient = ({ data, rows, dim }) => ({ loss: 1, gradient: { data: data.map(() => (++calls > 3 * 14 ? 1e9 : 1e-31)), rows, dim } });
    const optimizer = { type: 'sgd', learningRate: 1e30, momentum: 0.9, ...kind === 'native' && { groups: [{ parameters: 'weight', learningRate: 1e-3 }] } };
    const make2 = () => make(kind, { loss: gradient, optimizer, shuffle: false }), one = make2(), { trainer } = one, { targets: _, ...data } = DATA;
    await assert.rejects(trainer.fit(data, { epochs: 9 }), ({ code, message }) => code === 'ERR_OUT_OF_RANGE' && /for step 3 \(epoch \d\), received/.test(message));
    assert.ok(calls > 3 * 14, `${calls}`);
    calls = 0;
    const reached = Buffer.from(trainer.state()), other = make2(), stop = new AbortController();
    await assert.rejects(other.trainer.fit(data, { epochs: 9, signal: stop.signal, onProgress: ({ step }) => { if (step === 3) stop.abort(); } }), ({ code }) => code === 'ERR_ABORTED');
    assert.deepStrictEqual(Buffer.from(other.trainer.state()), reached);
    assert.strictEqual(weightsOf(one.model), weightsOf(other.model));
  });
}
