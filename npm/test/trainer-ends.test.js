'use strict';
// Trainer: how a fit ends that cannot go on (rates, closed models, functions that never answer), and what is refused before it begins.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, ruvector } = require('./support/index.js');
const { pack, unpack } = require('../lib/model-bytes.js');

const { ConstantSchedule, CosineSchedule, Linear, LinearSchedule, MSELoss, Trainer } = ruvector;

const rowsOf = (count, dim, seed) => ({ data: Float32Array.from({ length: count * dim }, random(seed)), rows: count, dim });
const DATA = { inputs: { x: rowsOf(40, 3, 1) }, targets: rowsOf(40, 2, 2) };
const turn = () => new Promise((resolve) => { setImmediate(resolve); });

/** y = W x, by the library and by JavaScript, from the same numbers. */
const MODELS = {
  native: () => new Linear({ inChannels: 3, outChannels: 2, seed: 4 }),
  own: () => ({
    parameters: new Float32Array(6).fill(0.1),
    forward({ x }) {
      const out = new Float32Array(x.rows * 2);
      for (let r = 0; r < x.rows; r++) for (let o = 0; o < 2; o++) for (let c = 0; c < 3; c++) out[2 * r + o] += this.parameters[3 * o + c] * x.data[3 * r + c];
      return { data: out, rows: x.rows, dim: 2 };
    },
    backward({ x }, { data: g }) {
      const slopes = new Float32Array(6);
      for (let r = 0; r < x.rows; r++) for (let o = 0; o < 2; o++) for (let c = 0; c < 3; c++) slopes[3 * o + c] += g[2 * r + o] * x.data[3 * r + c];
      return slopes;
    },
  }),
};
const weightsOf = (model) => bits(model.parameters instanceof Float32Array ? model.parameters : model.getWeights());

for (const [engine, model] of Object.entries(MODELS)) {
  const make = (more, its = model()) => ({ model: its, trainer: new Trainer({ model: its, loss: new MSELoss(), optimizer: { type: 'sgd', learningRate: 0.01 }, batchSize: 10, seed: 1, ...more }) });

  test(`${engine}: a schedule that leads uphill ends the fit; the weights of the steps before stay`, async () => {
    for (const [schedule, step, received] of [
      [new ConstantSchedule({ start: -0.01 }), 0, '-0.01'], [new LinearSchedule({ start: 0.01, end: -0.01, total: 40 }), 21, '-0.0005'],
      [new CosineSchedule({ start: 0.01, end: -0.05, total: 40 }), 11, undefined],
    ]) {
      const { model: its, trainer } = make({ schedule }), before = weightsOf(its);
      const error = await fails(() => trainer.fit(DATA, { epochs: 12 }), 'ERR_OUT_OF_RANGE', received);
      assert.match(error.message, new RegExp(`^expected a finite rate >= 0 of the schedule for step ${step} \\(epoch ${Math.floor(step / 4) + 1}\\), received ${received ?? '-0'}`));
      assert.strictEqual(weightsOf(its) === before, step === 0);
      if (step === 21) {
        const other = make({ schedule });
        await other.trainer.fit(DATA, { epochs: 5 }); // 20 steps; the rate of the 21st is 0
        assert.strictEqual(weightsOf(other.model), weightsOf(its));
        assert.match((await fails(() => other.trainer.fit(DATA), 'ERR_OUT_OF_RANGE', 'again')).message, /for step 21 \(epoch 1\)/);
      }
    }
    const { model: its, trainer } = make({ schedule: new LinearSchedule({ start: 0.01, end: 0, total: 8 }) });
    await trainer.fit(DATA, { epochs: 2 });
    const held = weightsOf(its);
    await trainer.fit(DATA, { epochs: 2 }); // a rate of 0 is allowed, and changes nothing
    assert.strictEqual(weightsOf(its), held);
  });

  test(`${engine}: two trainers of one model: the second must wait, until the first has ended in whatever way`, async () => {
    const { model: its, trainer: first } = make(), { trainer: second } = make({}, its), aborting = new AbortController();
    const running = first.fit(DATA, { epochs: 1e6, signal: aborting.signal });
    await fails(() => second.fit(DATA), 'ERR_BUSY', 'two at once');
    aborting.abort();
    await fails(() => running, 'ERR_ABORTED', 'aborted');
    await second.fit(DATA);
    await fails(() => first.fit({ ...DATA, targets: rowsOf(3, 2, 1) }), 'ERR_DIMENSION_MISMATCH', 'wrong data');
    await second.fit(DATA);
    await fails(() => make({ loss: () => { throw new TypeError('mine'); } }, its).trainer.fit({ inputs: DATA.inputs }).catch((cause) => { throw Object.assign(new ruvector.RuvectorError('ERR_MINE', cause.message)); }), 'ERR_MINE', 'a function that throws');
    await Promise.all([second.fit(DATA), make().trainer.fit(DATA)]); // another model is free
  });

  test(`${engine}: an abort ends a fit whose function never answers`, async () => {
    const never = () => new Promise(() => {});
    for (const [name, more, data, options] of [
      ['loss', { loss: never }, { inputs: DATA.inputs }, {}], ['onEpoch', {}, DATA, { onEpoch: never }], ['data', {}, never, {}],
      ...(engine === 'own' ? [['forward', { model: { ...model(), forward: never } }, DATA, {}], ['backward', { model: { ...model(), backward: never } }, DATA, {}]] : []),
    ]) {
      const { trainer } = make(more), aborting = new AbortController(), listeners = [];
      const { signal } = aborting, add = signal.addEventListener, remove = signal.removeEventListener;
      signal.addEventListener = function f(...args) { listeners.push(args[1]); return add.apply(this, args); };
      signal.removeEventListener = function f(...args) { listeners.splice(listeners.indexOf(args[1]), 1); return remove.apply(this, args); };
      const running = trainer.fit(data, { ...options, signal });
      setTimeout(() => aborting.abort(new Error('mine')), 20);
      const error = await fails(() => Promise.race([running, new Promise((resolve) => { setTimeout(resolve, 2000).unref(); })]), 'ERR_ABORTED', name);
      assert.strictEqual(error.cause.message, 'mine');
      assert.deepStrictEqual(listeners, [], `${name}: no listener is left`);
    }
    const unheard = [], note = (reason) => { unheard.push(reason); };
    process.on('unhandledRejection', note);
    let refuse;
    const aborting = new AbortController(), running = make({ loss: () => new Promise((_, reject) => { refuse = reject; }) }).trainer.fit({ inputs: DATA.inputs }, { signal: aborting.signal });
    setTimeout(() => aborting.abort(), 20);
    await fails(() => running, 'ERR_ABORTED', 'aborted');
    refuse(new Error('late')); // nobody waits for it any more
    await turn();
    process.off('unhandledRejection', note);
    assert.deepStrictEqual(unheard, []);
  });

  test(`${engine}: a state in the middle of an epoch goes on with the same batches only`, async () => {
    const mean = new MSELoss(), aborting = new AbortController(), wanted = DATA.targets.data;
    let calls = 0;
    /** The same as a function; the seventh batch, of the fourth step, is not finished. */
    const loss = (outputs, samples) => {
      if (++calls === 7) aborting.abort();
      const { loss: value, input } = mean.valueAndGradients(outputs, { data: Float32Array.from([...samples].flatMap((i) => [...wanted.subarray(2 * i, 2 * i + 2)])), rows: samples.length, dim: 2 });
      return { loss: value, gradient: input };
    };
    const data = { inputs: DATA.inputs };
    const { model: its, trainer } = make({ accumulate: 2, loss });
    await fails(() => trainer.fit(data, { epochs: 3, signal: aborting.signal }), 'ERR_ABORTED', 'aborted');
    const bytes = trainer.state(), at = weightsOf(its);
    const whole = make({ accumulate: 2, loss });
    await whole.trainer.fit(data, { epochs: 2 });
    assert.strictEqual(await trainer.fit(data).then(() => weightsOf(its)), weightsOf(whole.model));
    for (const [other, received] of [[{ batchSize: 5, accumulate: 2 }, 'batchSize 5'], [{ accumulate: 1 }, 'accumulate 1'], [{ accumulate: 2, shuffle: false }, 'shuffle 0'], [{ accumulate: 2, dropLast: true }, 'dropLast 1']]) {
      const error = await fails(() => make({ ...other, loss }).trainer.setState(bytes), 'ERR_CORRUPT', received);
      assert.match(error.message, new RegExp(`^expected ${received} in the middle of an epoch for state, received`));
    }
    const again = make({ accumulate: 2, loss });
    again.trainer.setState(bytes);
    assert.strictEqual(weightsOf(again.model), at);
    assert.deepStrictEqual(again.trainer.state(), bytes);
    await fails(() => again.trainer.fit({ inputs: { x: rowsOf(30, 3, 1) } }), 'ERR_DIMENSION_MISMATCH', 'other samples');
    await again.trainer.fit(data);
    assert.strictEqual(weightsOf(again.model), weightsOf(whole.model));
    make({ batchSize: 5, loss }).trainer.setState(again.trainer.state()); // between two epochs batches may change
    const broken = unpack('RVTRAIN1', bytes), { weights } = broken.arrays, steps = weights.length - (engine === 'own' ? 9 : 10) - 1;
    weights[steps] = -1; // of the optimizer
    await fails(() => make({ accumulate: 2, loss }).trainer.setState(pack('RVTRAIN1', broken.header, broken.arrays)), 'ERR_CORRUPT', 'a step count of -1');
  });

  test(`${engine}: sentences say what was received, and count epochs as onProgress does`, async () => {
    const flat = (x) => ({ data: out }) => ({ loss: 1, gradient: out.map(() => x) });
    let calls = 0;
    for (const [loss, sentence] of [
      [flat(NaN), /^expected a finite loss and gradient for step 0 \(epoch 1\), received a gradient of NaN at element 0$/],
      [({ data: out }) => ({ loss: NaN, gradient: out }), /^expected a finite loss and gradient for step 0 \(epoch 1\), received a loss of NaN$/],
      [({ data: out }) => ({ loss: 1e300, gradient: out }), /^expected a finite loss and gradient for step 0 \(epoch 1\), received a loss of 1e\+?300, which is no float$/],
      [({ data: out }) => ({ loss: ++calls > 6 ? NaN : 1, gradient: out }), /for step 6 \(epoch 2\)/],
    ]) {
      const error = await fails(() => make({ loss }).trainer.fit({ inputs: DATA.inputs }, { epochs: 3 }), 'ERR_NON_FINITE', String(sentence));
      assert.match(error.message, sentence);
    }
    const error = await make({ loss: flat(5e19) }).trainer.fit({ inputs: DATA.inputs }).catch((e) => e);
    assert.match(error.message, /^expected a gradient no longer than 1\.84e19 for step 0 \(epoch 1\), received one of length [\d.]+e\+?(19|20)$/);
    // Another fit of the same trainer counts its epochs from 1 again.
    let later = false;
    const { trainer } = make({ loss: ({ data: out }) => ({ loss: later ? NaN : 1, gradient: out.map((x) => x * 1e-3) }) });
    await trainer.fit({ inputs: DATA.inputs }, { epochs: 3 });
    later = true;
    assert.match((await fails(() => trainer.fit({ inputs: DATA.inputs }), 'ERR_NON_FINITE', 'again')).message, /for step 12 \(epoch 1\)/);
  });
}

test('a model that is closed while it is trained: ERR_CLOSED', async () => {
  for (const close of [(model) => setImmediate(() => model.close()), (model, trainer) => setImmediate(() => trainer.close())]) {
    const model = MODELS.native(), trainer = new Trainer({ model, loss: new MSELoss(), batchSize: 4, seed: 1 }), running = trainer.fit(DATA, { epochs: 300 });
    close(model, trainer);
    await fails(() => running, 'ERR_CLOSED', 'closed');
  }
  const model = MODELS.native(), trainer = new Trainer({ model, loss: new MSELoss(), seed: 1 });
  await fails(() => trainer.fit(DATA, { onEpoch: () => model.close() }), 'ERR_CLOSED', 'closed in onEpoch');
  await fails(() => trainer.fit(DATA), 'ERR_CLOSED', 'closed before');
});

test('patterns with memory, names that nothing has', async () => {
  const names = ({ frozen, groups }) => {
    const model = new ruvector.RuvectorLayer(4, 6, 2, 0, { seed: 8 });
    new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'sgd', frozen, groups, learningRate: 0.1 }, seed: 1 });
    return model;
  };
  // What stays and what changes is the same with g, y and without.
  const changed = async (frozen, groups) => {
    const model = new ruvector.RuvectorLayer(4, 6, 2, 0, { seed: 8 }), trainer = new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'sgd', learningRate: 0.1, frozen, groups }, seed: 1 });
    const lists = Array.from({ length: 8 }, (_, i) => rowsOf(2, 4, 50 + i));
    await trainer.fit({ inputs: { node: rowsOf(8, 4, 6), neighbors: lists }, targets: rowsOf(8, 6, 7) });
    return weightsOf(model);
  };
  for (const source of ['w_', 'attention|norm', '^w']) {
    const plain = await changed(new RegExp(source), undefined), grouped = await changed(undefined, [{ parameters: new RegExp(source), learningRate: 0.5 }]);
    for (const flags of ['g', 'y', 'gy', 'gi']) {
      const pattern = new RegExp(source, flags);
      if (!flags.includes('y')) assert.strictEqual(await changed(pattern), plain, `${pattern}`);
      else assert.strictEqual(await changed(pattern), await changed(new RegExp(source, flags.replace('g', ''))), `${pattern}`);
      if (!flags.includes('y')) assert.strictEqual(await changed(undefined, [{ parameters: pattern, learningRate: 0.5 }]), grouped, `group ${pattern}`);
      assert.strictEqual(pattern.lastIndex, 0, "the caller's pattern stays as it was");
    }
    const sticky = new RegExp(source, 'y');
    sticky.lastIndex = 3;
    assert.strictEqual(await changed(sticky), plain, 'a pattern that was used before');
    assert.strictEqual(sticky.lastIndex, 3);
  }
  for (const frozen of ['nix', ['w_update', 'nix'], /nix/, ['w_', 'w_update']]) {
    const error = await fails(() => names({ frozen }), 'ERR_INVALID_CONFIG', String(frozen));
    assert.match(error.message, /^expected at least 1 parameter for optimizer\.frozen(\[\d\])?, received a name of none$/);
  }
  await fails(() => names({ groups: [{ parameters: ['w_update', 'nix'] }] }), 'ERR_INVALID_CONFIG', 'in a group');
});
