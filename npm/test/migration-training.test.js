'use strict';
// The training half of @ruvector/attention: the published binary's numbers (Tests/Fixtures/ruvector_training_golden.json), and what is
// right here where they are wrong (docs/migration.md).
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { fails, root } = require('./support/index.js');
const attention = require('../lib/attention/index.js');
const ruvector = require('../../index.js');

const golden = JSON.parse(fs.readFileSync(path.join(root, 'Tests/Fixtures/ruvector_training_golden.json'), 'utf8'));
const floats = (list) => Float32Array.from(list), { anchor, positive, negatives } = golden.inputs;
const inputs = [floats(anchor), floats(positive), negatives.map(floats)];
const near = (a, b, bound = 1e-5) => {
  const [x, y] = [a, b].map((value) => (typeof value === 'number' ? [value] : Array.from(value))), top = Math.max(...y.map(Math.abs), 1e-3);
  assert.strictEqual(x.length, y.length);
  x.forEach((value, i) => assert.ok(Math.abs(value - y[i]) <= bound * top, `${value} is not ${y[i]}`));
};

test('InfoNceLoss', () => {
  for (const { temperature, compute, grad, no_negatives: none } of golden.infonce) {
    const loss = new attention.InfoNceLoss(temperature), result = loss.computeWithGradients(...inputs);
    near(loss.compute(...inputs), compute);
    near(result.loss, grad.loss);
    near(result.gradients, grad.gradients);
    assert.strictEqual(loss.compute(inputs[0], inputs[1], []), none);
    assert.strictEqual(loss.temperature, temperature);
    assert.strictEqual(result.negativeGradients.length, 24); // which are not there in that package
  }
});

test('LocalContrastiveLoss: the value; the gradient is that of the value', () => {
  for (const { margin, compute, grad } of golden.local_contrastive) {
    const loss = new attention.LocalContrastiveLoss(margin), { loss: value, gradients } = loss.computeWithGradients(...inputs);
    near(loss.compute(...inputs), compute);
    assert.strictEqual(value, loss.compute(...inputs));
    // There, the gradient and its loss are means over the active negatives alone: all of them from margin 1 on.
    if (compute === grad.loss) near(gradients, grad.gradients);
    const step = 2 ** -9;
    inputs[0].forEach((x, i) => {
      const sides = [step, -step].map((h) => loss.compute(inputs[0].map((y, j) => (j === i ? x + h : y)), inputs[1], inputs[2]));
      assert.ok(Math.abs((sides[0] - sides[1]) / (2 * step) - gradients[i]) < 5e-3);
    });
  }
});

test('SpectralRegularization: the value; a gradient that is not 0', () => {
  const { weight, embeddings, out } = golden.spectral, loss = new attention.SpectralRegularization(weight);
  near(loss.computeBatch(embeddings.map(floats)), out);
  assert.ok(loss.computeWithGradients(embeddings.map(floats)).gradients.some((x) => x !== 0));
});

test('optimizers', async () => {
  for (const { opt, params, grads, steps } of golden.optimizers) {
    const make = () => new Function('a', `with (a) return ${opt.replace(/^(\w+)\(/, 'new $1(')}`)(attention), one = make(), other = make();
    let p = floats(params);
    const q = floats(params);
    grads.forEach((g, i) => {
      p = one.step(p, floats(g));
      other.stepInPlace(q, floats(g));
      near(p, steps[i]);
      assert.deepStrictEqual([...q], [...p]);
    });
    one.reset();
    near(one.step(floats(params), floats(grads[0])), steps[0]);
    assert.strictEqual(one.learningRate, 0.1);
    one.learningRate = 0;
    near(one.step(floats(params), floats(grads[0])), params);
    await fails(() => one.step(floats(params), floats([1])), 'ERR_DIMENSION_MISMATCH', 'short gradients'); // aborts the process there
    await fails(() => { one.learningRate = -1; }, 'ERR_OUT_OF_RANGE', 'a rate below 0');
  }
});

test('schedules, annealing, curriculum', () => {
  const schedule = new attention.LearningRateScheduler(...golden.lr_scheduler.ctor);
  near(golden.lr_scheduler.steps.map(() => schedule.step()), golden.lr_scheduler.steps);
  assert.strictEqual(schedule.currentStep, golden.lr_scheduler.steps.length);
  const least = attention.LearningRateScheduler.withMinLr(...golden.lr_scheduler_min.withMinLr);
  near(golden.lr_scheduler_min.steps.map(() => least.step()), golden.lr_scheduler_min.steps);
  const never = new attention.LearningRateScheduler(0.1, 10, 5); // never decays there
  for (let i = 0; i < 11; i++) never.step();
  assert.ok(never.getLr() < 1e-6);
  for (const { decay, args, steps } of golden.temperature_annealing) {
    const one = attention.TemperatureAnnealing.withDecay(...args, attention.DecayType[decay]);
    near(steps.map(() => one.step()), steps);
    near(ruvector.TemperatureAnnealing[decay.toLowerCase()](...args).getTemp(), steps[0]);
  }
  const one = attention.CurriculumScheduler.defaultCurriculum(golden.curriculum.default_total);
  for (const { name, duration, progress, isComplete, difficulty, temperature, negativeCount } of golden.curriculum.steps) {
    const stage = one.step();
    assert.deepStrictEqual([stage.name, stage.duration, one.isComplete, one.negativeCount], [name, duration, isComplete, negativeCount]);
    near([one.progress, one.difficulty, one.temperature], [Math.min(1, progress), difficulty, temperature]); // more than 1 there
  }
  const empty = new attention.CurriculumScheduler(), { step, difficulty, temperature, negativeCount, isComplete, progress } = golden.curriculum_empty;
  assert.deepStrictEqual([empty.step(), empty.difficulty, empty.temperature, empty.negativeCount, empty.isComplete, empty.progress], [step, difficulty, temperature, negativeCount, isComplete, progress]);
  const linear = ruvector.CurriculumScheduler.linear(3, 10, 5, 15, 2, 1);
  assert.deepStrictEqual(linear.currentParams, { k: 5, temperature: 2, stage: 0 });
  linear.step(10);
  assert.deepStrictEqual(linear.currentParams, { k: 10, temperature: 1.5, stage: 1 });
  linear.step(100);
  assert.deepStrictEqual([linear.currentParams, linear.isComplete], [{ k: 15, temperature: 1, stage: 2 }, true]);
});

test('mining', async () => {
  const candidates = golden.mining_candidates.map(floats);
  for (const { strategy, n, out, margin5 } of golden.mining) {
    const plain = new attention.HardNegativeMiner(attention.MiningStrategy[strategy]).mine(inputs[0], inputs[1], candidates, n);
    const wide = attention.HardNegativeMiner.withMargin(strategy, 5).mine(inputs[0], inputs[1], candidates, n);
    assert.strictEqual(plain.length, Math.min(n, candidates.length)); // semi-hard ones may be fewer there
    assert.strictEqual(new Set(plain).size, plain.length);
    if (strategy === 'HardNegative') assert.deepStrictEqual([plain, wide], [out, margin5]);
    if (strategy === 'SemiHard') {
      assert.strictEqual(plain[0], out[0]); // the only one; the others are the nearest by the same distance here, by cosine there
      assert.deepStrictEqual(wide.slice(0, 3), margin5.slice(0, 3));
    }
  }
  // Draws differ from call to call: there they are always the same.
  const random = new attention.HardNegativeMiner('random', { seed: 1 }), draws = Array.from({ length: 20 }, () => random.mine(inputs[0], candidates, 3).join());
  assert.ok(new Set(draws).size > 5);
  const again = new attention.HardNegativeMiner('random', { seed: 1 });
  assert.deepStrictEqual(Array.from({ length: 20 }, () => again.mine(inputs[0], candidates, 3).join()), draws);
  const { data, rows, dim } = ruvector.sampleHardNegatives([inputs[0], inputs[1]], candidates, { strategy: 'mixed', k: 4, degrees: candidates.map((_, i) => i), seed: 3 });
  assert.ok(data instanceof Uint32Array && rows === 2 && dim === 4 && new Set(data.slice(0, 4)).size === 4);
  await fails(() => ruvector.sampleHardNegatives([inputs[0]], candidates, { k: 100 }), 'ERR_INVALID_ARG', 'more than there are');
  await fails(() => new attention.HardNegativeMiner('none'), 'ERR_INVALID_CONFIG', 'another strategy');
  const batch = new attention.InBatchMiner();
  assert.deepStrictEqual([batch.getNegatives(1, 3, 6), batch.includePositive().getNegatives(1, 3, 6)], golden.in_batch);
});

test('StreamProcessor', async () => {
  const stream = new attention.StreamProcessor(2, 2);
  assert.deepStrictEqual([stream.push([1, 0]), stream.push([0, 1]), stream.push([1, 1]), stream.size, stream.isFull], [true, true, false, 2, true]);
  near(stream.process([1, 0]), new attention.DotProductAttention(2).compute([1, 0], [[1, 0], [0, 1]], [[1, 0], [0, 1]]));
  await fails(() => stream.push([1]), 'ERR_DIMENSION_MISMATCH', 'a short vector');
  stream.clear();
  assert.strictEqual(stream.size, 0);
});

test('losses as functions', () => {
  const { loss, gradients } = ruvector.triplet([anchor], [positive], [negatives[0]], { margin: 3 });
  near(loss, new ruvector.TripletMarginLoss({ margin: 3 }).forward([anchor], [positive], [negatives[0]]));
  assert.deepStrictEqual(Object.keys(gradients), ['anchor', 'positive', 'negative']);
  near(ruvector.infoNce([anchor], [positive], negatives, { temperature: 0.1 }).loss, golden.infonce[1].compute);
  near(ruvector.localContrastive([anchor], [positive], negatives, { margin: 1 }).loss, golden.local_contrastive[1].compute);
  const graph = ruvector.Graph.fromEdges([0, 1, 1, 0], { nodes: 2 });
  near(ruvector.laplacian([[1, 0], [0, 0]], graph, undefined, { reduction: 'sum' }).loss, 1);
});
