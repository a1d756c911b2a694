'use strict';
// HierarchicalModel: it is hierarchicalForwardV2, its layers go in and come out, a Trainer trains it through the walk. (Formula and gradients
// against Double: HierarchicalModelTests in Swift; the contract of every member: members.test.js.)
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, relative, rows, ruvector } = require('./support/index.js');
const { HierarchicalModel, MSELoss, RuvectorLayer, RuvectorLayerV2, Trainer, hierarchicalForwardV2 } = ruvector;

const LAYERS = [
  { class: 'RuvectorLayerV2', options: { inputDim: 4, hiddenDim: 6, attention: { class: 'MultiHeadAttention', options: { dim: 6, numHeads: 2, seed: 5 } }, seed: 1 } },
  { class: 'RuvectorLayer', options: { inputDim: 6, hiddenDim: 3, heads: 1, seed: 2 } },
];
const COARSE = rows(7, 4, 1), FINE = rows(20, 6, 2);
/** Both levels as one matrix: rows of the narrower one are filled up. */
const NODES = { nodes: [...COARSE.map((row) => [...row, 0, 0]), ...FINE], levels: [...COARSE.map(() => 0), ...FINE.map(() => 1)] };
const walk = (query, layers, options = {}) => hierarchicalForwardV2(query, [COARSE, FINE], layers, { mode: 'standard', ...options });
const closed = (list) => { for (const one of list) one.close(); };

test('the walk of its layers, bit for bit, and its parameters by their layers', async () => {
  const queries = rows(5, 4, 3);
  for (const options of [{}, { k: 3, temperature: 0.25 }]) {
    const model = new HierarchicalModel({ layers: LAYERS, ...options }), layers = model.toLayers(), { data, rows: n, dim } = model.forward(queries, NODES.nodes, NODES.levels);
    assert.deepStrictEqual([n, dim, model.k, model.temperature], [5, 3, options.k ?? 5, options.temperature ?? 1]);
    queries.forEach((query, i) => assert.strictEqual(bits(walk(query, layers, options)), bits(data.subarray(3 * i, 3 * i + 3))));
    assert.deepStrictEqual(layers.map((layer) => layer.constructor), [RuvectorLayerV2, RuvectorLayer]);
    assert.deepStrictEqual(model.parameters.map(({ name }) => name), layers.flatMap((layer, l) => layer.parameters.map(({ name }) => `${l}.${name}`)));
    assert.strictEqual(bits(model.getWeights()), bits(Float32Array.from(layers.flatMap((layer) => [...layer.getWeights()]))));
    // Which rows of the matrix a level has, it has in their order.
    const order = [...NODES.levels.keys()].sort((a, b) => (a % 3) - (b % 3) || a - b), pick = (list) => order.map((i) => list[i]);
    assert.strictEqual(relative(model.forward(queries, pick(NODES.nodes), pick(NODES.levels)).data, data) < 1e-6, true);
    closed([model, ...layers]);
  }
});

test('layers go in as objects, and are copied; text', async () => {
  const given = [RuvectorLayerV2.withHyperbolic(4, 6, { seed: 1, curvature: -0.5 }), new RuvectorLayer(6, 3, 1, 0.1, 4)], next = random(3);
  for (const layer of given) layer.setWeights(layer.getWeights().map((w) => w + 0.1 * next()));
  const [query] = rows(1, 4, 3), expected = bits(walk(query, given)), model = new HierarchicalModel({ layers: given });
  closed(given);
  assert.strictEqual(bits(model.forward([query], NODES.nodes, NODES.levels).data), expected);
  const again = HierarchicalModel.fromJson(model.toJson()), layers = again.toLayers();
  assert.strictEqual(bits(again.forward([query], NODES.nodes, NODES.levels).data), expected);
  const texts = layers.map((layer) => layer.toJson()); // each is a layer of its own
  closed([model, again, ...layers]);
  assert.strictEqual(bits(walk(query, texts)), expected);
});

/** What is to be learned: the shape of the fine node that is nearest to the query's neighbourhood. */
function data(seed) {
  const next = random(seed), parents = FINE.map((_, i) => COARSE[i % 7]), chosen = Array.from({ length: 60 }, (_, i) => i % 20);
  const queries = chosen.map((i) => parents[i].map((x) => x + 0.1 * next())), targets = chosen.map((i) => [i % 7 < 2 ? 1 : -1, i % 7 === 3 ? 1 : -1, i % 7 > 4 ? 1 : 0]);
  return { inputs: { queries, nodes: NODES.nodes, levels: NODES.levels }, targets };
}

test('the Trainer trains all layers through the walk; the same bits on any number of threads', async () => {
  const ends = [];
  for (const threads of [1, 2]) {
    const model = new HierarchicalModel({ layers: LAYERS, temperature: 0.5 }), before = model.getWeights(), loss = new MSELoss();
    const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 32, seed: 1 });
    const { loss: history, validationLoss } = await trainer.fit(data(1), { epochs: 60, validation: data(2), threads });
    assert.ok(history.at(-1) < 0.3 * history[0], `${history[0]} to ${history.at(-1)}`);
    assert.ok(validationLoss.at(-1) < 0.4 * validationLoss[0], `${validationLoss[0]} to ${validationLoss.at(-1)}`);
    // Every parameter moves, but for the bias of V1's keys, which changes nothing.
    const after = model.getWeights();
    let at = 0;
    for (const { name, shape } of model.parameters) {
      const count = shape.reduce((a, b) => a * b, 1), moved = after.subarray(at, at + count).some((w, i) => Math.abs(w - before[at + i]) > 1e-4);
      if (!/k_linear\.bias|key\.bias/.test(name)) assert.ok(moved, name);
      at += count;
    }
    // The layers alone give what was trained.
    const layers = model.toLayers(), { inputs: { queries } } = data(3), [query] = queries;
    assert.strictEqual(bits(walk(query, layers, { temperature: 0.5 })), bits(model.forward([query], NODES.nodes, NODES.levels).data));
    ends.push(bits(after));
    closed([trainer, loss, model, ...layers]);
  }
  assert.strictEqual(ends[0], ends[1]);
});

test('some layers stay as they are', async () => {
  const model = new HierarchicalModel({ layers: LAYERS }), before = model.getWeights(), loss = new MSELoss();
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: 0.01, frozen: '0' }, batchSize: 20, seed: 1 }), first = model.toLayers(), count = first[0].getWeights().length;
  await trainer.fit(data(1), { epochs: 2 });
  assert.strictEqual(bits(model.getWeights().subarray(0, count)), bits(before.subarray(0, count)));
  assert.ok(relative(model.getWeights().subarray(count), before.subarray(count)) > 1e-3);
  closed([trainer, loss, model, ...first]);
});

test('one step of plain gradients lowers the loss: queries, nodes and parameters', () => {
  const model = new HierarchicalModel({ layers: LAYERS, temperature: 0.5 }), { inputs: { queries }, targets } = data(1), nodes = Float32Array.from(NODES.nodes.flatMap((row) => [...row]));
  const lossOf = (q, x) => model.forward({ data: q, rows: 60, dim: 4 }, { data: x, rows: 27, dim: 6 }, NODES.levels).data.reduce((sum, y, i) => sum + (y - targets.flat()[i]) ** 2, 0);
  const q = Float32Array.from(queries.flatMap((row) => [...row])), out = model.forward({ data: q, rows: 60, dim: 4 }, { data: nodes, rows: 27, dim: 6 }, NODES.levels);
  const g = { ...out, data: out.data.map((y, i) => 2 * (y - targets.flat()[i])) }, slopes = model.backward({ data: q, rows: 60, dim: 4 }, { data: nodes, rows: 27, dim: 6 }, NODES.levels, g);
  assert.deepStrictEqual(Object.keys(slopes), ['queries', 'nodes', 'parameters']);
  const before = lossOf(q, nodes), moved = (values, slope) => values.map((v, i) => v - 1e-4 * slope[i]);
  assert.ok(lossOf(moved(q, slopes.queries), nodes) < before);
  assert.ok(lossOf(q, moved(nodes, slopes.nodes)) < before);
  model.setWeights(moved(model.getWeights(), slopes.parameters));
  assert.ok(lossOf(q, nodes) < before);
  model.close();
});

test('what it refuses', async () => {
  const model = new HierarchicalModel({ layers: LAYERS }), [query] = rows(1, 4, 3), { nodes, levels } = NODES;
  await fails(() => new HierarchicalModel({ layers: [...LAYERS].reverse() }), 'ERR_INVALID_CONFIG', 'widths that do not follow each other');
  await fails(() => new HierarchicalModel({ layers: [] }), 'ERR_INVALID_CONFIG', 'no layer');
  await fails(() => new HierarchicalModel({ layers: ['identity'] }), 'ERR_INVALID_ARG', 'a text');
  await fails(() => new HierarchicalModel({ layers: [{ class: 'Linear', options: { inChannels: 4, outChannels: 4 } }] }), 'ERR_INVALID_CONFIG', 'another layer');
  await fails(() => new HierarchicalModel({ layers: [new ruvector.Linear({ inChannels: 4, outChannels: 4 })] }), 'ERR_WRONG_HANDLE', 'another layer as an object');
  await fails(() => new HierarchicalModel({ layers: LAYERS, k: 0 }), 'ERR_INVALID_CONFIG', 'k');
  await fails(() => model.forward([query], nodes, levels.map(() => 0)), 'ERR_EMPTY_INPUT', 'a level without nodes');
  await fails(() => model.forward([query], nodes, levels.map((level) => level + 1)), 'ERR_OUT_OF_RANGE', 'a level without a layer');
  await fails(() => model.forward([query], nodes, levels.slice(1)), 'ERR_DIMENSION_MISMATCH', 'too few levels');
  await fails(() => model.forward([query], COARSE, levels.slice(0, 7)), 'ERR_DIMENSION_MISMATCH', 'rows that are not filled up');
  model.close();
  await fails(() => model.toLayers(), 'ERR_CLOSED', 'closed');
  await fails(() => HierarchicalModel.prototype.toLayers.call(new ruvector.MSELoss()), 'ERR_WRONG_HANDLE', 'another object');
});
