'use strict';
// Trainer: what a step is, by hand from the same parts; every way in which data comes; runs that are cut, resumed, refused.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, ruvector } = require('./support/index.js');
const { MultiHeadAttention } = require('../lib/attention/index.js');
const { unpack } = require('../lib/model-bytes.js');

const { AdamW, ConstantSchedule, CosineSchedule, CrossEntropyLoss, GATv2Layer, Graph, ListwiseSoftmaxLoss, MSELoss, RuvectorLayer, SGD, Trainer } = ruvector;
const DIM = 4;

const rowsOf = (count, dim, seed) => {
  const signed = random(seed);
  return { data: Float32Array.from({ length: count * dim }, signed), rows: count, dim };
};
const row = ({ data, dim }, i) => data.subarray(i * dim, (i + 1) * dim);

/** A ring of communities: neighbours share a class as a rule. */
function community(n = 40, classes = 2) {
  const x = rowsOf(n, DIM, 3), labels = Uint32Array.from({ length: n }, (_, i) => i % classes), pairs = [];
  for (let i = 0; i < n; i++) for (const step of [classes, 2 * classes, n - classes]) pairs.push(i, (i + step) % n);
  for (let i = 0; i < n; i++) x.data[i * DIM] += labels[i] === 0 ? 0.7 : -0.7;
  return { x, labels, graph: Graph.fromEdges(pairs, { nodes: n }) };
}

/** Models, data for them and a loss: one of each way (TrainingData.Way). */
const WAYS = {
  rows: () => ({
    model: new MultiHeadAttention({ dim: DIM, numHeads: 2, projections: true, seed: 5 }), loss: new MSELoss(),
    data: { inputs: { queries: rowsOf(30, DIM, 1), keys: rowsOf(7, DIM, 2), values: rowsOf(7, DIM, 9) }, targets: rowsOf(30, DIM, 4) },
  }),
  each: () => {
    const lists = Array.from({ length: 30 }, (_, i) => rowsOf(i % 4, DIM, 50 + i));
    return {
      model: new RuvectorLayer(DIM, 6, 2, 0, { seed: 8 }), loss: new MSELoss(),
      data: { inputs: { node: rowsOf(30, DIM, 6), neighbors: lists, edgeWeights: lists.map(({ rows }) => new Float32Array(rows).fill(1)) }, targets: rowsOf(30, 6, 7) },
    };
  },
  whole: () => {
    const { x, graph, labels } = community();
    return {
      model: new GATv2Layer({ inChannels: DIM, outChannels: 2, seed: 2 }), loss: new CrossEntropyLoss(),
      data: { inputs: { x, graph }, targets: labels.slice(0, 30), rows: Uint32Array.from({ length: 30 }, (_, i) => i) },
    };
  },
};

/** Outputs, loss and gradient of the parameters for some samples, by the members' own operations. */
function byHand(way, { model, loss, data: { inputs, targets, rows } }, samples) {
  const chosen = (m) => ({ data: Float32Array.from(samples.flatMap((i) => [...row(m, i)])), rows: samples.length, dim: m.dim });
  if (way === 'whole') {
    const all = model.forward(inputs.x, inputs.graph), picked = { data: Float32Array.from(samples.flatMap((i) => [...row(all, rows[i])])), rows: samples.length, dim: all.dim };
    const { loss: value, input } = loss.valueAndGradients(picked, samples.map((i) => targets[i])), g = new Float32Array(all.data.length);
    samples.forEach((i, at) => { for (let c = 0; c < all.dim; c++) g[rows[i] * all.dim + c] += input[at * all.dim + c]; });
    return { value, gradient: model.backward(inputs.x, inputs.graph, undefined, { ...all, data: g }).parameters };
  }
  if (way === 'rows') {
    const q = chosen(inputs.queries), out = model.computeBatch(q, inputs.keys, inputs.values), { loss: value, input } = loss.valueAndGradients(out, chosen(targets));
    return { value, gradient: model.backward(q, inputs.keys, inputs.values, { ...out, data: input }).parameters };
  }
  const outs = samples.map((i) => model.forward(row(inputs.node, i), inputs.neighbors[i].rows === 0 ? [] : inputs.neighbors[i], inputs.edgeWeights[i]));
  const { loss: value, input } = loss.valueAndGradients({ data: Float32Array.from(outs.flatMap((o) => [...o])), rows: outs.length, dim: 6 }, chosen(targets));
  const sum = new Float32Array(model.getWeights().length);
  samples.forEach((i, at) => {
    const g = model.backward(row(inputs.node, i), inputs.neighbors[i].rows === 0 ? [] : inputs.neighbors[i], inputs.edgeWeights[i], input.subarray(6 * at, 6 * at + 6)).parameters;
    g.forEach((value2, k) => { sum[k] += value2; });
  });
  return { value, gradient: sum };
}

const near = (a, b, bound = 1e-5) => {
  assert.strictEqual(a.length, b.length);
  const top = Math.max(...b.map(Math.abs), 1e-6);
  a.forEach((x, i) => assert.ok(Math.abs(x - b[i]) <= bound * top, `element ${i}: ${x}, ${b[i]}`));
};

for (const way of Object.keys(WAYS)) {
  test(`${way}: steps are those of the parts`, async () => {
    const parts = WAYS[way](), before = parts.model.getWeights();
    const trainer = new Trainer({ model: parts.model, loss: parts.loss, optimizer: { type: 'sgd', learningRate: 0.1 }, batchSize: 10, accumulate: 2, clipNorm: 0.05, shuffle: false, seed: 1 });
    // 3 batches, of which 2 are a step and 1 another.
    const all = Array.from({ length: 30 }, (_, i) => i), batches = [all.slice(0, 10), all.slice(10, 20), all.slice(20)];
    let weights = before, losses = 0;
    for (const group of [batches.slice(0, 2), batches.slice(2)]) {
      const results = group.map((samples) => byHand(way, parts, samples)), mean = new Float32Array(weights.length);
      results.forEach(({ gradient }) => gradient.forEach((g, i) => { mean[i] += g / group.length; }));
      const norm = Math.hypot(...mean), scale = Math.min(1, 0.05 / (norm + 1e-6));
      assert.ok(scale < 1, 'clipping is tried');
      losses += results.reduce((sum, { value }) => sum + 10 * value, 0);
      weights = weights.map((w, i) => w - 0.1 * scale * mean[i]);
      parts.model.setWeights(weights);
    }
    parts.model.setWeights(before);
    const history = await trainer.fit(parts.data);
    near(parts.model.getWeights(), weights);
    near(history.loss, [losses / 30]);
    assert.notStrictEqual(bits(parts.model.getWeights()), bits(before));
  });

  test(`${way}: learns; the same bits for any number of threads, and where the loss is a function`, async () => {
    const runs = [];
    for (const { threads, byFunction } of [{ threads: 1 }, { threads: 3 }, { threads: 2, byFunction: true }]) {
      const { model, loss, data } = WAYS[way]();
      const targets = data.targets instanceof Uint32Array ? (samples) => Array.from(samples, (i) => data.targets[i])
        : (samples) => ({ data: Float32Array.from([...samples].flatMap((i) => [...row(data.targets, i)])), rows: samples.length, dim: data.targets.dim });
      const own = (outputs, samples) => {
        const { loss: value, input } = loss.valueAndGradients(outputs, targets(samples));
        return { loss: value, gradient: input };
      };
      const { targets: _, ...rest } = data, seen = [];
      const trainer = new Trainer({ model, loss: byFunction ? own : loss, optimizer: { type: 'adam', learningRate: 0.02 }, batchSize: 8, seed: 3 });
      const { loss: history } = await trainer.fit(byFunction ? rest : data, { epochs: 12, threads, onProgress: (p) => seen.push(p) });
      assert.ok(history[11] < 0.95 * history[0], history.join(' '));
      assert.ok(seen.length > 0 && seen.at(-1).done === 1 && seen.every(({ done, loss: l }, i) => done >= (seen[i - 1]?.done ?? 0) && Number.isFinite(l)));
      runs.push(`${bits(model.getWeights())} ${byFunction ? '' : history.join(' ')}`);
    }
    assert.strictEqual(runs[1], runs[0]);
    assert.strictEqual(runs[2].trim(), runs[0].split(' ')[0]);
  });

  test(`${way}: a run that is resumed is the same, bit for bit`, async () => {
    const make = () => {
      const parts = WAYS[way]();
      return { ...parts, trainer: new Trainer({ ...parts, data: undefined, optimizer: { type: 'adamW', learningRate: 0.01 }, schedule: new CosineSchedule({ start: 0.01, total: 40 }), batchSize: 7, seed: 11 }) };
    };
    const whole = make(), first = make(), second = make();
    await whole.trainer.fit(whole.data, { epochs: 6 });
    await first.trainer.fit(first.data, { epochs: 2 });
    const bytes = first.trainer.state();
    second.trainer.setState(bytes);
    assert.strictEqual(bits(second.model.getWeights()), bits(first.model.getWeights()));
    await second.trainer.fit(second.data, { epochs: 4 });
    assert.strictEqual(bits(second.model.getWeights()), bits(whole.model.getWeights()));
    assert.deepStrictEqual(second.trainer.history, whole.trainer.history);
    assert.deepStrictEqual(Buffer.from(second.trainer.state()), Buffer.from(whole.trainer.state()));
  });
}

test('edge weights that are left out are all alike, as in forward', async () => {
  const weights = [];
  for (const isGiven of [true, false]) {
    const { model, loss, data } = WAYS.each();
    if (!isGiven) delete data.inputs.edgeWeights;
    await new Trainer({ model, loss, seed: 1 }).fit(data);
    weights.push(bits(model.getWeights()));
  }
  assert.strictEqual(weights[1], weights[0]);
});

test('validation, patience, the best weights', async () => {
  const { model, loss, data } = WAYS.rows();
  const trainer = new Trainer({ model, loss, optimizer: { type: 'sgd', learningRate: 3 }, batchSize: 30, seed: 1 }), kept = [];
  const other = { inputs: { ...data.inputs, queries: rowsOf(11, DIM, 77) }, targets: rowsOf(11, DIM, 78) };
  const { validationLoss } = await trainer.fit(data, { epochs: 60, validation: other, patience: 3, onEpoch: ({ model: its }) => { kept.push(its.getWeights()); } });
  const best = validationLoss.indexOf(Math.min(...validationLoss));
  assert.ok(validationLoss.length < 60 && validationLoss.length === best + 4, validationLoss.join(' '));
  assert.strictEqual(bits(model.getWeights()), bits(kept[best]));
  near([loss.forward(model.computeBatch(other.inputs.queries, other.inputs.keys, other.inputs.values), other.targets)], [validationLoss[best]]);
});

test('groups have their own rates, what is frozen stays', async () => {
  const { model, loss, data } = WAYS.each(), before = model.getWeights();
  const optimizer = { type: 'sgd', learningRate: 0.1, frozen: ['w_update', /^norm/], groups: [{ parameters: 'attention.q_linear.weights', learningRate: 1e-30 }, { parameters: /agg/, weightDecay: 1 }] };
  await new Trainer({ model, loss, optimizer, seed: 1 }).fit(data);
  const after = model.getWeights(), changed = {};
  let at = 0;
  for (const { name, shape } of model.parameters) {
    const size = shape.reduce((a, b) => a * b, 1);
    changed[name] = bits(before.subarray(at, at + size)) !== bits(after.subarray(at, at + size));
    at += size;
  }
  for (const [name, value] of Object.entries(changed)) {
    if (/^(w_update|norm|attention.q_linear.weights)/.test(name)) assert.strictEqual(value, false, name);
    if (/^(w_msg|w_agg)/.test(name)) assert.strictEqual(value, true, name);
  }
  for (const bad of ['no such optimizer', { type: 'sgd', learningRat: 1 }, { type: 'sgd', learningRate: -1 }, { type: 'sgd', learningRate: NaN }, { type: 'sgd', groups: [{ parameters: 'no such' }] }, { type: 'sgd', frozen: /./ }, 3, null]) {
    await assert.rejects(async () => new Trainer({ model, loss, optimizer: bad }), ({ code }) => ['ERR_INVALID_CONFIG', 'ERR_INVALID_ARG'].includes(code), JSON.stringify(bad));
  }
});

test('an optimizer is a name or its options, and nothing that would be trained without', async () => {
  const { model, loss, data } = WAYS.each(), all = model.parameters.map(({ name }) => name), make = (optimizer) => new Trainer({ model, loss, optimizer, seed: 1 });
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const [bad, received] of [[new SGD({ size: 8 }), 'an SGD'], [model, 'a RuvectorLayer'], [new Date(), 'an object'], [new Map(), 'an object'], [/x/, 'an object'], [Promise.resolve(), 'an object'], [[], 'an array'], [new Float32Array(3), 'Float32Array'], [revoked, 'an object']]) {
    assert.strictEqual((await fails(() => make(bad), 'ERR_INVALID_ARG', received)).message, `expected the options of an optimizer for optimizer, received ${received}`);
    assert.match((await fails(() => make({ groups: [bad] }), 'ERR_INVALID_ARG', received)).message, /^expected an object for optimizer\.groups\[0\], received /);
  }
  // Options that no parameter needs are looked at, too.
  for (const rest of [{ frozen: all.slice(1), groups: [{ parameters: all[0], learningRate: 0.1 }] }, { groups: [{ parameters: all, learningRate: 0.1 }] }]) {
    await fails(() => make({ learningRate: 'x', ...rest }), 'ERR_INVALID_ARG', 'a rate of nobody');
    await fails(() => make({ learningRate: -1, ...rest }), 'ERR_INVALID_CONFIG', 'a rate of nobody');
    await fails(() => make({ learningRat: 1, ...rest }), 'ERR_INVALID_CONFIG', 'an option of nobody');
  }
  await fails(() => make({ learningRate: 'x', frozen: all }), 'ERR_INVALID_ARG', 'a rate where all is frozen');
  // Inherited options, and names as other classes know them.
  const after = async (optimizer) => {
    const parts = WAYS.each();
    await new Trainer({ model: parts.model, loss, optimizer, seed: 1 }).fit(data);
    return bits(parts.model.getWeights());
  };
  const base = { type: 'sgd', learningRate: 0.1, groups: [{ parameters: all[0], learningRate: 0.5 }], frozen: all[1] }, wanted = await after(base);
  assert.notStrictEqual(await after('sgd'), wanted);
  assert.strictEqual(await after(Object.create(base)), wanted, 'inherited');
  assert.strictEqual(await after({ ...base, groups: [Object.create(base.groups[0])] }), wanted, 'a group that inherits');
  assert.strictEqual(await after({ type: 'sgd', learning_rate: 0.1, groups: [{ parameters: all[0], learning_rate: 0.5 }], frozen: all[1] }), wanted, 'in the words of other packages');
  await fails(() => make(Object.create({ type: 'sgd', learningRate: 'x' })), 'ERR_INVALID_ARG', 'inherited');
});

test('a schedule leads the rates', async () => {
  const make = (more) => {
    const { model, loss, data } = WAYS.rows();
    return { model, data, trainer: new Trainer({ model, loss, batchSize: 10, seed: 4, ...more }) };
  };
  const a = make({ optimizer: { type: 'sgd', learningRate: 0.3 } }), b = make({ optimizer: { type: 'sgd', learningRate: 0.01 }, schedule: new ConstantSchedule({ start: 0.3 }) });
  await a.trainer.fit(a.data, { epochs: 2 });
  await b.trainer.fit(b.data, { epochs: 2 });
  near(b.model.getWeights(), a.model.getWeights());
});

test('what is aborted has whole steps only, and goes on', async () => {
  const { model, loss, data } = WAYS.each(), aborting = new AbortController(), states = [];
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 5, seed: 1 });
  await fails(() => trainer.fit(data, { epochs: 1e6, signal: aborting.signal, onProgress: ({ step }) => { if (step > 20) aborting.abort(); } }), 'ERR_ABORTED', 'aborted');
  states.push(trainer.state());
  // The same number of steps without the abort: the same bits.
  const steps = unpack('RVTRAIN1', states[0]).arrays.weights.at(-5), other = WAYS.each(), again = new Trainer({ ...other, data: undefined, optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 5, seed: 1 });
  assert.ok(steps > 20);
  await again.fit(other.data, { epochs: Math.floor(steps / 6) + 1 });
  await trainer.fit(data);
  assert.strictEqual(bits(model.getWeights()), bits(other.model.getWeights()));
  const signal = AbortSignal.abort();
  await fails(() => trainer.fit(data, { signal }), 'ERR_ABORTED', 'before it begins');
});

test('a loss that is no number names its step and keeps the last weights', async () => {
  const { model, data } = WAYS.rows();
  let calls = 0, last;
  const loss = ({ data: out }) => {
    if (++calls === 4) return { loss: NaN, gradient: out };
    last = model.getWeights();
    return { loss: 1, gradient: out.map(() => 0.01) };
  };
  const { targets: _, ...rest } = data, trainer = new Trainer({ model, loss, optimizer: { type: 'sgd', learningRate: 0.1 }, batchSize: 10, seed: 1 });
  await assert.rejects(trainer.fit(rest, { epochs: 3 }), ({ code, message }) => code === 'ERR_NON_FINITE' && /step 3 \(epoch 2\)/.test(message));
  assert.strictEqual(calls, 4);
  assert.notStrictEqual(bits(model.getWeights()), bits(last)); // of three steps, not of two
  assert.ok(model.getWeights().every(Number.isFinite));
  await fails(() => new Trainer({ model, loss: () => { throw new RangeError('mine'); }, seed: 1 }).fit(rest).catch((error) => { assert.strictEqual(error.message, 'mine'); throw Object.assign(error, { code: 'ERR_MINE' }); }), undefined, 'a function that throws').catch(() => {});
  for (const answer of [undefined, 3, {}, { loss: 1 }, { loss: '1', gradient: [] }, { loss: 1, gradient: [1, 2] }, { loss: 1, gradient: 'x' }]) {
    await assert.rejects(new Trainer({ model, loss: () => answer, seed: 1 }).fit(rest), ({ code }) => ['ERR_INVALID_ARG', 'ERR_DIMENSION_MISMATCH'].includes(code), JSON.stringify(answer));
  }
});

test('over a graph, targets without rows are one a node', async () => {
  const { model, loss, data: { inputs } } = WAYS.whole(), nodes = inputs.graph.nodes, targets = (count) => Uint32Array.from({ length: count }, (_, i) => i % 2), make = (more) => new Trainer({ model, loss, seed: 1, ...more });
  const before = model.getWeights();
  for (const count of [3, nodes - 1, nodes + 1]) {
    for (const more of [{}, { sampleSizes: [2] }]) {
      await assert.rejects(make(more).fit({ inputs, targets: targets(count) }), { code: 'ERR_DIMENSION_MISMATCH', message: new RegExp(`^expected ${nodes} .* for data.targets, received ${count}$`) });
    }
    await assert.rejects(make().fit({ inputs, targets: targets(nodes) }, { validation: { inputs, targets: targets(count) } }), { code: 'ERR_DIMENSION_MISMATCH', message: /for validation.targets/ });
  }
  await assert.rejects(make().fit({ inputs, targets: targets(3), rows: [0, 1] }), { code: 'ERR_DIMENSION_MISMATCH', message: /rows/ });
  assert.deepStrictEqual(model.getWeights(), before);
  const [whole, chosen] = [{}, { rows: Uint32Array.from({ length: nodes }, (_, i) => i) }].map((more) => ({ model: WAYS.whole().model, data: { inputs, targets: targets(nodes), ...more } }));
  for (const one of [whole, chosen]) await make({ model: one.model, batchSize: 7 }).fit(one.data, { epochs: 2 });
  assert.strictEqual(bits(whole.model.getWeights()), bits(chosen.model.getWeights()));
});

test('wrong data, options, states', async () => {
  const { model, loss, data } = WAYS.rows(), make = (more) => new Trainer({ model, loss, seed: 1, ...more }), trainer = make();
  for (const [bad, code] of [
    [undefined, 'ERR_INVALID_ARG'], [null, 'ERR_INVALID_ARG'], [{}, 'ERR_INVALID_ARG'], [{ ...data, more: 1 }, 'ERR_INVALID_CONFIG'],
    [{ ...data, targets: undefined }, 'ERR_INVALID_ARG'], [{ ...data, targets: rowsOf(29, DIM, 1) }, 'ERR_DIMENSION_MISMATCH'], [{ ...data, targets: rowsOf(30, 3, 1) }, 'ERR_DIMENSION_MISMATCH'],
    [{ ...data, inputs: { ...data.inputs, queries: rowsOf(30, 3, 1) } }, 'ERR_DIMENSION_MISMATCH'], [{ ...data, inputs: { ...data.inputs, keys: undefined } }, 'ERR_INVALID_ARG'],
    [{ ...data, inputs: { ...data.inputs, keyz: data.inputs.keys } }, 'ERR_INVALID_CONFIG'], [{ ...data, inputs: { ...data.inputs, queries: [] }, targets: [] }, 'ERR_EMPTY_INPUT'],
    [{ ...data, rows: [1] }, 'ERR_INVALID_ARG'], [{ ...data, targets: { ...data.targets, data: data.targets.data.map(() => NaN) } }, 'ERR_NON_FINITE'],
  ]) await fails(() => trainer.fit(bad), code, JSON.stringify(bad)?.slice(0, 60));
  for (const [options, code] of [[{ epochs: 0 }, 'ERR_OUT_OF_RANGE'], [{ epochs: 1.5 }, 'ERR_OUT_OF_RANGE'], [{ patience: 0 }, 'ERR_OUT_OF_RANGE'], [{ minDelta: NaN }, 'ERR_OUT_OF_RANGE'], [{ onProgress: 1 }, 'ERR_INVALID_ARG'], [{ epoch: 1 }, 'ERR_INVALID_CONFIG'], [{ signal: {} }, 'ERR_INVALID_ARG'], [{ threads: 0 }, 'ERR_OUT_OF_RANGE']]) {
    await fails(() => trainer.fit(data, options), code, JSON.stringify(options));
  }
  for (const [more, code] of [
    [{ model: {} }, 'ERR_WRONG_HANDLE'], [{ model: loss }, 'ERR_INVALID_CONFIG'], [{ loss: model }, 'ERR_WRONG_HANDLE'], [{ loss: 1 }, 'ERR_WRONG_HANDLE'], [{ schedule: loss }, 'ERR_WRONG_HANDLE'],
    [{ batchSize: -1 }, 'ERR_INVALID_CONFIG'], [{ batchSize: 1.5 }, 'ERR_INVALID_CONFIG'], [{ accumulate: 0 }, 'ERR_INVALID_CONFIG'], [{ clipNorm: NaN }, 'ERR_INVALID_CONFIG'], [{ shuffle: 1 }, 'ERR_INVALID_ARG'], [{ seed: 1.5 }, 'ERR_INVALID_CONFIG'], [{ lr: 1 }, 'ERR_INVALID_CONFIG'],
  ]) await fails(() => make(more), code, JSON.stringify(more));
  await trainer.fit(data);
  const bytes = trainer.state();
  for (const bad of [new Uint8Array(0), bytes.slice(0, 40), bytes.slice(0, -4), bytes.map((x, i) => (i === bytes.length - 9 ? x ^ 1 : x)), new TextEncoder().encode('ruvector trainer 1\n{}\n')]) await fails(() => make().setState(bad), 'ERR_CORRUPT', `${bad.length} bytes`);
  await fails(() => make({ seed: 2 }).setState(bytes), 'ERR_CORRUPT', 'another seed');
  await fails(() => make({ optimizer: 'sgd' }).setState(bytes), 'ERR_CORRUPT', 'another optimizer');
  await fails(() => make().setState('x'), 'ERR_INVALID_ARG', 'a text');
  const running = trainer.fit(data, { epochs: 3 });
  await fails(() => trainer.fit(data), 'ERR_BUSY', 'two at once');
  await fails(() => trainer.state(), 'ERR_BUSY', 'the state of a run');
  await running;
  trainer.close();
  for (const call of [() => trainer.fit(data), () => trainer.state(), () => trainer.setState(bytes)]) await fails(call, 'ERR_CLOSED', 'closed');
});

test('the model answers while it is trained, and the event loop turns', async () => {
  const { model, loss, data } = WAYS.each(), trainer = new Trainer({ model, loss, batchSize: 6, seed: 1 });
  let turns = 0, answers = 0;
  const timer = setInterval(() => { turns++; }, 1), training = trainer.fit(data, { epochs: 300 });
  let isDone = false;
  training.then(() => { isDone = true; });
  while (!isDone) {
    assert.ok(model.forward(row(data.inputs.node, 0), data.inputs.neighbors[1]).every(Number.isFinite));
    answers++;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  clearInterval(timer);
  await training;
  assert.ok(answers > 2 && turns > 2, `${answers} answers, ${turns} turns`);
});

test('states of optimizers are their weights', () => {
  for (const type of [SGD, AdamW]) {
    const one = new type({ size: 3, learningRate: 0.1, ...type === SGD && { momentum: 0.9 } }), g = [1, -2, 0.5];
    const first = one.step([1, 1, 1], g), other = type.fromJson(one.toJson());
    assert.strictEqual(bits(other.step(first, g)), bits(one.step(first, g)));
    assert.notStrictEqual(bits(new type({ size: 3, learningRate: 0.1 }).step(first, g)), bits(one.step(first, g)));
  }
  const soft = new ListwiseSoftmaxLoss();
  assert.ok(Math.abs(soft.forward([[1, 1]], [[0.5, 0.5]]) - Math.log(2)) < 1e-6);
});

test('a model of one\'s own: the same numbers as the library\'s linear one; resumed bit for bit', async () => {
  const x = rowsOf(23, 3, 5), y = rowsOf(23, 2, 6), linear = new ruvector.Linear({ inChannels: 3, outChannels: 2, seed: 9 }), start = linear.getWeights();
  /** y = W x + b, as Linear, by its own means. */
  const own = () => ({
    parameters: start.slice(),
    forward({ x: rows }) {
      const out = new Float32Array(rows.rows * 2);
      for (let r = 0; r < rows.rows; r++) for (let o = 0; o < 2; o++) out[2 * r + o] = [0, 1, 2].reduce((sum, c) => sum + this.parameters[3 * o + c] * rows.data[3 * r + c], this.parameters[6 + o]);
      return { data: out, rows: rows.rows, dim: 2 };
    },
    backward({ x: rows }, { data: g }) {
      const slopes = new Float32Array(8);
      for (let r = 0; r < rows.rows; r++) for (let o = 0; o < 2; o++) {
        for (let c = 0; c < 3; c++) slopes[3 * o + c] += g[2 * r + o] * rows.data[3 * r + c];
        slopes[6 + o] += g[2 * r + o];
      }
      return slopes;
    },
  });
  const make = (model) => new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'adam', learningRate: 0.05 }, schedule: new CosineSchedule({ start: 0.05, total: 60 }), batchSize: 5, accumulate: 2, clipNorm: 0.5, seed: 21 });
  const data = { inputs: { x }, targets: y }, model = own(), trainer = make(model), validation = { inputs: { x: rowsOf(4, 3, 8) }, targets: rowsOf(4, 2, 9) };
  const theirs = await make(linear).fit(data, { epochs: 6, validation, restoreBest: false }), ours = await trainer.fit(data, { epochs: 6, validation, restoreBest: false });
  near(model.parameters, linear.getWeights(), 1e-4);
  near(ours.loss, theirs.loss, 1e-4);
  near(ours.validationLoss, theirs.validationLoss, 1e-4);
  const first = own(), other = own(), cut = make(first), again = make(other);
  await cut.fit(data, { epochs: 2 });
  again.setState(cut.state());
  await again.fit(data, { epochs: 4 });
  assert.strictEqual(bits(other.parameters), bits(model.parameters));
  await fails(() => make({ ...own(), backward: 1 }), 'ERR_INVALID_ARG', 'no backward');
  await fails(() => make({ ...own(), parameters: [1] }), 'ERR_INVALID_ARG', 'no Float32Array');
  for (const [more, code] of [[{ forward: () => [[1, 2]] }, 'ERR_DIMENSION_MISMATCH'], [{ backward: () => new Float32Array(1) }, 'ERR_DIMENSION_MISMATCH'], [{ forward: ({ x: rows }) => ({ data: new Float32Array(rows.rows * 2).fill(NaN), rows: rows.rows, dim: 2 }) }, 'ERR_NON_FINITE']]) {
    await fails(() => make({ ...own(), ...more }).fit(data), code, Object.keys(more)[0]);
  }
  trainer.close();
  await fails(() => trainer.fit(data), 'ERR_CLOSED', 'closed');
});

test('a model of one\'s own over a graph: rows are its samples, inputs are whole', async () => {
  const { data: { inputs: { x, graph } } } = WAYS.whole(), rows = Uint32Array.of(7, 2, 30, 11, 5), wanted = rowsOf(rows.length, 1, 3), seen = [];
  const linear = new ruvector.Linear({ inChannels: DIM, outChannels: 1, seed: 4 });
  /** A row of W x + b for each of the nodes that are asked for. */
  const own = () => ({
    parameters: linear.getWeights(),
    forward(given, samples) {
      assert.deepStrictEqual(given, { x, graph });
      seen.push(...samples);
      const value = (node) => this.parameters.subarray(0, DIM).reduce((sum, w, c) => sum + w * x.data[DIM * node + c], this.parameters[DIM]);
      return { data: Float32Array.from(samples, value), rows: samples.length, dim: 1 };
    },
    backward(given, { data: g }, samples) {
      const slopes = new Float32Array(DIM + 1);
      samples.forEach((node, i) => {
        for (let c = 0; c < DIM; c++) slopes[c] += g[i] * x.data[DIM * node + c];
        slopes[DIM] += g[i];
      });
      return slopes;
    },
  });
  const make = (model, more) => new Trainer({ model, loss: new MSELoss(), optimizer: { type: 'sgd', learningRate: 0.05 }, batchSize: 2, seed: 3, ...more });
  const picked = { data: Float32Array.from([...rows].flatMap((node) => [...row(x, node)])), rows: rows.length, dim: DIM }, model = own();
  const theirs = await make(linear).fit({ inputs: { x: picked }, targets: wanted }, { epochs: 3 });
  const ours = await make(model).fit({ inputs: { x, graph }, targets: wanted, rows }, { epochs: 3, validation: { inputs: { x, graph }, targets: wanted, rows: [...rows] }, restoreBest: false });
  near(model.parameters, linear.getWeights(), 1e-5);
  near(ours.loss, theirs.loss, 1e-5);
  assert.deepStrictEqual(new Set(seen), new Set(rows));
  // A loss of one's own gets the places among the targets, as over the library's layers.
  const places = [];
  await make(own(), { loss: ({ data }, samples) => (places.push(...samples), { loss: 0, gradient: data.map(() => 0) }) }).fit({ inputs: { x, graph }, rows });
  assert.deepStrictEqual(places.sort(), [0, 1, 2, 3, 4]);
  await assert.rejects(make(own()).fit({ inputs: { x, graph }, targets: wanted, rows: [1] }), { code: 'ERR_DIMENSION_MISMATCH', message: 'expected 1 samples for data.targets, received 5' });
  await fails(() => make(own()).fit({ inputs: { x, graph }, targets: wanted, rows: [] }), 'ERR_EMPTY_INPUT', 'no rows');
  await fails(() => make(own()).fit({ inputs: { x, graph }, targets: wanted, rows: [-1] }), 'ERR_INVALID_ARG', 'a negative row');
});

test('GNNEmbedder and GraphSAGE are trained by what they are made of', async () => {
  const { GNNEmbedder, GraphSAGE } = ruvector, { inputs, targets } = { inputs: WAYS.whole().data.inputs, targets: community().labels };
  const make = { embedder: () => new GNNEmbedder({ layer: 'gcn', inputDim: DIM, outputDim: 2, seed: 3 }), sage: () => new GraphSAGE({ inputDim: DIM, outputDim: 2, seed: 3 }) };
  for (const [name, one] of Object.entries(make)) {
    const [given, inner] = [one(), one()], fit = (model) => new Trainer({ model, loss: new CrossEntropyLoss(), optimizer: { type: 'adam', learningRate: 0.01 }, seed: 1 }).fit({ inputs, targets }, { epochs: 2 });
    assert.deepStrictEqual(await fit(given), await fit(inner.model), name);
    assert.strictEqual(bits(given.model.getWeights()), bits(inner.model.getWeights()), name);
    given.close();
    await fails(() => fit(given), 'ERR_CLOSED', name);
  }
  await fails(() => new Trainer({ model: { model: 1 }, loss: new MSELoss() }), 'ERR_WRONG_HANDLE', 'a number inside');
  for (const [model, received] of [[undefined, 'undefined'], [3, '3'], [[1], 'an array'], [{}, 'another object'], [null, 'null']]) {
    assert.throws(() => new Trainer({ model, loss: new MSELoss() }), { code: 'ERR_WRONG_HANDLE', message: new RegExp(`for model, received ${received}$`) });
  }
});

test('EWC holds what mattered', async () => {
  const { model, loss, data } = WAYS.rows(), size = model.getWeights().length, free = new MultiHeadAttention({ dim: DIM, numHeads: 2, projections: true, seed: 5 });
  const penalty = new ruvector.EWC({ size, lambda: 1000 });
  penalty.observe({ data: new Float32Array(size).fill(1), rows: 1, dim: size });
  penalty.consolidate(model.getWeights());
  const before = model.getWeights(), moved = (one) => Math.hypot(...one.getWeights().map((w, i) => w - before[i]));
  for (const [one, more] of [[free, {}], [model, { penalty }]]) await new Trainer({ model: one, loss, optimizer: { type: 'sgd', learningRate: 0.001 }, seed: 1, ...more }).fit(data, { epochs: 50 });
  assert.ok(moved(model) < 0.1 * moved(free), `${moved(model)} ${moved(free)}`);
  await fails(() => new Trainer({ model, loss, penalty: new ruvector.EWC({ size: 3 }) }), 'ERR_INVALID_CONFIG', 'another size');
});

test('a node without neighbours may be the first sample', async () => {
  const fit = async (first) => {
    const model = ruvector.RuvectorLayerV2.withMultiHead(2, 2, { seed: 1 }), trainer = new Trainer({ model, loss: new MSELoss(), seed: 1 });
    await trainer.fit({ inputs: { node: [[1, 0], [0, 1], [1, 1]], neighbors: [first, [[1, 0]], [[0, 1], [1, 1]]] }, targets: [[1, 0], [0, 1], [0, 0]] }, { epochs: 2 });
    return model.getWeights();
  };
  assert.deepStrictEqual(await fit([]), await fit({ data: new Float32Array(0), rows: 0, dim: 2 }));
});

test('NaN is named by its field and its row', async () => {
  const graph = Graph.fromAdjacency([[1], [2], [0]]), clean = () => [[1, 2], [3, 4], [5, 6]], model = new GATv2Layer({ inChannels: 2, outChannels: 2, edgeDim: 1, seed: 1 });
  for (const [field, message] of [['x', /for x\[1\], received NaN/], ['target', /for target\[1\], received NaN/], ['edgeAttr', /for edgeAttr\[1\], received NaN/]]) {
    const values = { x: clean(), target: clean(), edgeAttr: [[1], [2], [3]] };
    values[field][1][0] = NaN;
    const { x, target, edgeAttr } = values, trainer = new Trainer({ model, loss: new MSELoss(), seed: 1 });
    await assert.rejects(trainer.fit({ inputs: { x, graph, edgeAttr }, targets: target }, { epochs: 1 }), { code: 'ERR_NON_FINITE', message });
  }
  const layer = new RuvectorLayer(2, 2, 1, 0, { seed: 1 }), neighbors = [[[1, 0]], [[0, 1], [1, NaN]]];
  await assert.rejects(new Trainer({ model: layer, loss: new MSELoss(), seed: 1 }).fit({ inputs: { node: [[1, 2], [3, 4]], neighbors }, targets: [[1, 2], [3, 4]] }, { epochs: 1 }), { message: /for neighbors\[1\]\[1\]/ });
});
