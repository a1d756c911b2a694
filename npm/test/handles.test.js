'use strict';
// Closed and foreign handles, and methods and getters on a `this` that is none of theirs.
const assert = require('node:assert');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, rows, ruvector, vector } = require('./support/index.js');

const { Graph, RuvectorError, RuvectorLayer, TensorCompress, VectorSet } = ruvector;
/** Members of the class that all have in common. */
const ofAll = ['closed', 'close', Symbol.dispose, Symbol.for('nodejs.util.inspect.custom')];
const makers = {
  VectorSet: () => new VectorSet(rows(3, 4, 1)),
  Graph: () => Graph.fromEdges([0, 1, 1, 1], { nodes: 2 }),
  RuvectorLayer: () => new RuvectorLayer(4, 4, 2, 0.1, 1),
  TensorCompress: () => new TensorCompress(),
};
const file = path.join(os.tmpdir(), `ruvector-handles-${process.pid}`);
const goodArguments = {
  get: [1], close: [], save: [file], forward: [vector(4, 1)], backward: [vector(4, 1), [], [], vector(4, 2)], getWeights: [], toJson: [],
  setWeights: [new RuvectorLayer(4, 4, 2, 0.1, 1).getWeights()], saveWeights: [file], saveWeightsAsync: [file],
  loadWeights: [new RuvectorLayer(4, 4, 2, 0.1, 1).weightsToBuffer()], loadWeightsAsync: [new RuvectorLayer(4, 4, 2, 0.1, 1).weightsToBuffer()], compress: [vector(4, 1), 1],
  compressWithLevel: [vector(4, 1), { levelType: 'none' }], decompress: ['{"Full":{"data":[1]}}'],
};

/** Names of methods and getters of a class and its ancestors, with what they are. */
function* members(type) {
  for (let p = type.prototype; p !== Object.prototype; p = Object.getPrototypeOf(p)) {
    for (const key of Reflect.ownKeys(p)) {
      const descriptor = Object.getOwnPropertyDescriptor(p, key);
      if (key !== 'constructor') yield [key, descriptor.get ?? descriptor.value, descriptor.get !== undefined];
    }
  }
}

for (const [name, make] of Object.entries(makers)) {
  const type = ruvector[name];
  const others = Object.entries(makers).filter(([other]) => other !== name);
  const wrong = {
    undefined, null: null, number: 5, string: 'x', symbol: Symbol('x'), object: {}, function: () => 1, array: [],
    prototype: type.prototype, 'Object.create(prototype)': Object.create(type.prototype),
    'Object.create(instance)': Object.create(make()), Proxy: new Proxy(make(), {}), class: type,
    ...Object.fromEntries(others.map(([other, another]) => [other, another()])),
    ...Object.fromEntries(others.map(([other, another]) => [`${other} in disguise`, Object.setPrototypeOf(another(), type.prototype)])),
  };
  test(`wrong this: ${name}`, async () => {
    const seen = [];
    for (const [key, call, isGetter] of members(type)) {
      for (const [label, value] of Object.entries(wrong)) {
        const mine = ofAll.includes(key);
        if (mine && name !== 'TensorCompress' && /^(VectorSet|Graph|RuvectorLayer)/.test(label)) continue; // common to these classes
        const args = isGetter ? [] : goodArguments[key] ?? [];
        await fails(() => call.apply(value, args), 'ERR_WRONG_HANDLE', `${name}.${String(key)} of ${label}`);
      }
      seen.push(key);
    }
    assert.ok(seen.length >= 3);
    const instance = make(); // and the right one still works
    for (const [key, call, isGetter] of members(type)) {
      if (!ofAll.includes(key)) call.apply(instance, isGetter ? [] : goodArguments[key]);
    }
  });
}

test('wrong this: closed of classes that close later', async () => {
  for (const [type, sentence] of [['VectorStore', 'a VectorStore'], ['PreparedFilter', 'a PreparedFilter']]) {
    const { get } = Object.getOwnPropertyDescriptor(ruvector[type].prototype, 'closed');
    for (const value of [undefined, null, 5, {}, ruvector[type].prototype, Object.create(ruvector[type].prototype), makers.Graph()]) {
      const error = await fails(() => get.call(value), 'ERR_WRONG_HANDLE', `${type}: ${typeof value}`);
      assert.ok(error.message.startsWith(`expected ${sentence} for this, received `), error.message);
    }
  }
  const index = new ruvector.HNSWIndex({ dim: 2 }), filter = index.prepareFilter([1]);
  assert.strictEqual(filter.closed, false);
  filter.close();
  assert.strictEqual(filter.closed, true);
});

test('a closed VectorSet', async () => {
  const set = makers.VectorSet(), q = vector(4, 1);
  const { token } = set;
  assert.strictEqual(set.closed, false);
  set.close();
  set.close();
  assert.strictEqual(set.closed, true);
  if (Symbol.dispose) set[Symbol.dispose]();
  for (const key of ['size', 'dim', 'token']) await fails(() => set[key], 'ERR_CLOSED', key);
  await fails(() => set.get(0), 'ERR_CLOSED', 'get');
  await fails(() => VectorSet.open(token), 'ERR_NOT_FOUND', 'open');
  await fails(() => ruvector.differentiableSearch(q, set, 1), 'ERR_CLOSED', 'search');
  await fails(() => ruvector.differentiableSearchHyperbolic(q, set, 1), 'ERR_CLOSED', 'search');
  await fails(() => ruvector.differentiableSearchBatch([q], set, 1), 'ERR_CLOSED', 'batch');
  await fails(() => ruvector.differentiableSearchAsync(q, set, 1), 'ERR_CLOSED', 'async', true);
  await fails(() => ruvector.hierarchicalForward(q, [set], [makers.RuvectorLayer()]), 'ERR_CLOSED', 'hierarchy');
});

test('a closed RuvectorLayer', async () => {
  const layer = makers.RuvectorLayer(), q = vector(4, 1);
  layer.close();
  layer.close();
  assert.strictEqual(layer.closed, true);
  await fails(() => layer.forward(q), 'ERR_CLOSED', 'forward');
  await fails(() => layer.toJson(), 'ERR_CLOSED', 'toJson');
  await fails(() => ruvector.hierarchicalForward(q, [rows(3, 4, 1)], [layer]), 'ERR_CLOSED', 'hierarchy');
});

test('what is no VectorSet is none: instances of the prototype, layers, sets in disguise', async () => {
  const q = vector(4, 1);
  for (const value of [Object.create(VectorSet.prototype), makers.RuvectorLayer(), Object.setPrototypeOf(makers.RuvectorLayer(), VectorSet.prototype)]) {
    await fails(() => ruvector.differentiableSearch(q, value, 1), 'ERR_WRONG_HANDLE', 'search');
    await fails(() => ruvector.differentiableSearchBatch([q], value, 1), 'ERR_WRONG_HANDLE', 'batch');
    await fails(() => ruvector.differentiableSearchAsync(q, value, 1), 'ERR_WRONG_HANDLE', 'async', true);
  }
  await fails(() => ruvector.differentiableSearch(q, new TensorCompress(), 1), 'ERR_INVALID_ARG', 'no handle at all');
  for (const value of [makers.VectorSet(), Object.create(RuvectorLayer.prototype)]) {
    await fails(() => ruvector.hierarchicalForward(q, [rows(3, 4, 1)], [value]), 'ERR_WRONG_HANDLE', 'layers[0]');
  }
  assert.ok(RuvectorError.prototype instanceof Error);
});

test('console.log shows what an object is', () => {
  const { inspect } = require('node:util'), set = makers.VectorSet();
  assert.strictEqual(inspect(set), `VectorSet { size: ${set.size}, dim: ${set.dim} }`);
  assert.strictEqual(inspect({ a: { b: { c: { set } } } }), '{ a: { b: { c: [Object] } } }');
  const index = inspect(new ruvector.HNSWIndex({ dim: 3, M: 7 }));
  for (const part of [/^HNSWIndex \{/, /\bM: 7\b/, /metric: 'cosine'/, /size: 0/, /rerank: true/, /\}$/]) assert.match(index, part);
  set.close();
  assert.strictEqual(inspect(set), 'VectorSet (closed)');
  for (const value of [VectorSet.prototype, Object.setPrototypeOf(makers.RuvectorLayer(), VectorSet.prototype)]) inspect(value);
});
