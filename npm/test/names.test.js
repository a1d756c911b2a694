'use strict';
// Errors name what the caller wrote, and methods refuse objects of other classes.
const test = require('node:test');
const assert = require('node:assert');
const attention = require('@ruvector/gnn/attention');
const { fails, rows, ruvector, vector } = require('./support/index.js');

const q = rows(2, 4, 1), k = rows(5, 4, 2), v = rows(5, 4, 3), one = vector(4, 4);

/** The message of an error with this code, thrown at once and as a rejection. */
async function message(code, ...runs) {
  const seen = new Set();
  for (const run of runs) {
    await assert.rejects(async () => run(), (error) => {
      assert.strictEqual(error.code, code, error.message);
      seen.add(error.message);
      return true;
    });
  }
  assert.strictEqual(seen.size, 1, [...seen].join('\n'));
  return [...seen][0];
}

/** The same of a batch, in every operation. */
const ofBatch = (code, mechanism, options) => message(
  code, () => mechanism.computeBatch(q, k, v, options), () => mechanism.computeBatchAsync(q, k, v, options),
  () => mechanism.attentionWeights(q, k, options), () => mechanism.backward(q, k, v, vector(8, 5), options));

const with5 = (place, bad) => Float32Array.from({ length: 5 }, (_, i) => (i === place ? bad : 1));

test('columns of a context are called as the option they came from', async () => {
  const { GraphAttentionPipeline, GraphLatentAttention, GraphRoPEAttention, HNSWAwareAttention, MoEAttention, StructuralAttention } = attention;
  const rope = new GraphRoPEAttention({ dim: 4 }), hnsw = new HNSWAwareAttention({ dim: 4, levels: 3 });
  const pipeline = new GraphAttentionPipeline({ dim: 4 }), mixture = new MoEAttention({ dim: 4, experts: [hnsw, 'global'], topK: 2 });
  for (const [mechanism, options, code, expected] of [
    [rope, { keyPositions: with5(3, -1) }, 'ERR_OUT_OF_RANGE', 'expected positions >= 0 for keyPositions, received -1 at element 3'],
    [rope, { queryPositions: [1, -2] }, 'ERR_OUT_OF_RANGE', 'expected positions >= 0 for queryPositions, received -2 at element 1'],
    [rope, { queryLevels: [1, 65] }, 'ERR_OUT_OF_RANGE', 'expected levels 0, 1, ... 64 for queryLevels, received 65 at element 1'],
    [rope, { keyLevels: with5(2, 0.5) }, 'ERR_OUT_OF_RANGE', 'expected levels 0, 1, ... 64 for keyLevels, received 0.5 at element 2'],
    [rope, { keyLevels: with5(2, NaN) }, 'ERR_NON_FINITE', 'expected finite numbers for keyLevels, received NaN at element 2'],
    [rope, { keyPositions: with5(4, Infinity), keyLevels: with5(4, 1) }, 'ERR_NON_FINITE', 'expected finite numbers for keyPositions, received Infinity at element 4'],
    [hnsw, { keyLevels: with5(3, 1.5) }, 'ERR_OUT_OF_RANGE', 'expected levels 0, 1, 2, ... for keyLevels, received 1.5 at element 3'],
    [hnsw, { queryLevels: [-1, 0] }, 'ERR_OUT_OF_RANGE', 'expected levels 0, 1, 2, ... for queryLevels, received -1 at element 0'],
    [mixture, { keyLevels: with5(1, -4) }, 'ERR_OUT_OF_RANGE', 'expected levels 0, 1, 2, ... for keyLevels, received -4 at element 1'],
    [new GraphLatentAttention({ dim: 4 }), { keyKinds: with5(2, 3) }, 'ERR_OUT_OF_RANGE', 'expected 0 (graph) or 1 (latent) for keyKinds, received 3 at element 2'],
    [pipeline, { keyKinds: with5(0, 2) }, 'ERR_OUT_OF_RANGE', 'expected 0 (graph) or 1 (latent) for keyKinds, received 2 at element 0'],
    [pipeline, { keyKinds: with5(0, NaN) }, 'ERR_NON_FINITE', 'expected finite numbers for keyKinds, received NaN at element 0'],
    [pipeline, { keyPositions: with5(1, -1) }, 'ERR_OUT_OF_RANGE', 'expected positions >= 0 for keyPositions, received -1 at element 1'],
    [new StructuralAttention({ dim: 4, numFeatures: 2 }), { keyFeatures: rows(5, 3, 1) }, 'ERR_DIMENSION_MISMATCH', 'expected 2 elements for keyFeatures[0], received 3'],
    [new StructuralAttention({ dim: 4, numFeatures: 2 }), { queryFeatures: [[1, 2], [NaN, 1]] }, 'ERR_NON_FINITE', 'expected finite numbers for queryFeatures[1], received NaN at element 0'],
  ]) assert.strictEqual(await ofBatch(code, mechanism, options), expected);
});

test('a single query is called query, one of a batch queries[i]', async () => {
  const bad = Float32Array.of(0, NaN, 0, 0);
  for (const name of ['DotProductAttention', 'MultiHeadAttention', 'LinearAttention', 'HyperbolicAttention', 'DualSpaceAttention', 'MoEAttention']) {
    const mechanism = new attention[name](...(name === 'MultiHeadAttention' ? [4, 2] : [4]));
    assert.strictEqual(
      await message('ERR_NON_FINITE', () => mechanism.compute(bad, k, v), () => mechanism.computeAsync(bad, k, v)),
      'expected finite numbers for query, received NaN at element 1', name);
    assert.strictEqual(await message('ERR_NON_FINITE', () => mechanism.computeBatch([bad], k, v)), 'expected finite numbers for queries[0], received NaN at element 1');
    const keys = [...k.slice(0, 4), bad];
    assert.strictEqual(await message('ERR_NON_FINITE', () => mechanism.compute(one, keys, v)), 'expected finite numbers for keys[4], received NaN at element 1', name);
  }
  const rope = new attention.GraphRoPEAttention(4, 16);
  const position = (p) => () => rope.computeWithPositions(one, k, v, p, [1, 2, 3, 4, 5]);
  assert.strictEqual(await message('ERR_OUT_OF_RANGE', position(-1)), 'expected positions >= 0 for queryPosition, received -1');
  assert.strictEqual(await message('ERR_NON_FINITE', position(NaN)), 'expected a finite number for queryPosition, received NaN');
  assert.strictEqual(await message('ERR_NON_FINITE', position(1e300)), 'expected a finite number for queryPosition, received 1e+300');
});

test('methods of a class refuse objects of another one', async () => {
  const { DotProductAttention, DualSpaceAttention, EdgeFeaturedAttention, GraphRoPEAttention } = attention;
  const other = new DotProductAttention(4), rope = new GraphRoPEAttention(4, 16);
  const edge = EdgeFeaturedAttention.simple(4, 3, 2), dual = DualSpaceAttention.simple(4, -1);
  const names = new Map([other, rope, edge, dual].map(({ constructor }) => [constructor, `${/^E/.test(constructor.name) ? 'an' : 'a'} ${constructor.name}`]));
  const methods = [
    [edge, 'computeWithEdges', [one, k, v, rows(5, 3, 6)]], [rope, 'computeWithPositions', [one, k, v, 1, [1, 2, 3, 4, 5]]],
    [rope, 'applyRotary', [one, 3]], [dual, 'getSpaceContributions', [q, k]],
  ];
  for (const [mechanism, name, args] of methods) {
    mechanism[name](...args);
    for (const wrong of [other, edge, rope, dual, {}, null, 5].filter((value) => value?.constructor !== mechanism.constructor)) {
      assert.strictEqual(
        await message('ERR_WRONG_HANDLE', () => mechanism[name].call(wrong, ...args), () => mechanism[name].call(wrong)),
        `expected ${names.get(mechanism.constructor)} for this, received ${names.get(wrong?.constructor) ?? 'another object'}`);
    }
  }
  for (const mechanism of [edge, rope, dual]) mechanism.close();
  for (const [mechanism, name, args] of methods) await message('ERR_CLOSED', () => mechanism[name](...args));
});

test('classes have the article of their sound', async () => {
  const { GCNLayer, HNSWIndex } = ruvector;
  for (const [Class, wanted] of [
    [ruvector.SGD, 'an SGD'], [ruvector.Adam, 'an Adam'], [ruvector.MSELoss, 'an MSELoss'], [ruvector.EWC, 'an EWC'], [attention.HNSWAwareAttention, 'an HNSWAwareAttention'], [ruvector.L2Regularizer, 'an L2Regularizer'],
    [GCNLayer, 'a GCNLayer'], [ruvector.RuvectorLayerV2, 'a RuvectorLayerV2'], [attention.MoEAttention, 'a MoEAttention'], [ruvector.UncertaintyWeights, 'an UncertaintyWeights'],
  ]) {
    assert.ok((await message('ERR_CORRUPT', () => Class.fromJson('{'))).startsWith(`expected the JSON of ${wanted}: `), wanted);
    if (Class.prototype.forward) assert.strictEqual(await message('ERR_WRONG_HANDLE', () => Class.prototype.forward.call({})), `expected ${wanted} for this, received another object`);
  }
  const layer = new GCNLayer({ inChannels: 2, outChannels: 2 });
  assert.strictEqual(await message('ERR_WRONG_HANDLE', () => layer.forward([[1, 2]], new HNSWIndex({ dim: 2 }))), 'expected a Graph for graph, received an HNSWIndex');
  assert.strictEqual(await message('ERR_WRONG_HANDLE', () => layer.forward([[1, 2]], new ruvector.SGD({ size: 2 }))), 'expected a Graph for graph, received an SGD');
});

test('options of parts have their whole path', async () => {
  const { Sequential } = ruvector, { MoEAttention } = attention, layer = (options) => ({ class: 'GCNLayer', options: { inChannels: 2, outChannels: 2, ...options } });
  const edges = (options) => ({ class: 'EdgeFeaturedAttention', options: { nodeDim: 4, edgeDim: 3, ...options } });
  for (const [code, run, wanted] of [
    ['ERR_INVALID_CONFIG', () => new Sequential({ layers: [layer(), layer({ outChannels: 0 })] }), 'expected an integer in 1...65536 for layers[1].options.outChannels, received 0'],
    ['ERR_INVALID_ARG', () => new Sequential({ layers: [layer({ outChannels: 'x' })] }), 'expected a number for layers[0].options.outChannels, received "x"'],
    ['ERR_INVALID_CONFIG', () => new Sequential({ layers: [{ class: 'Sequential', options: { layers: [layer({ outChannels: 0 })] } }] }), 'expected an integer in 1...65536 for layers[0].options.layers[0].options.outChannels, received 0'],
    ['ERR_INVALID_CONFIG', () => new MoEAttention({ dim: 4, topK: 1, experts: [edges({ edgeDim: 0 })] }), 'for experts[0].options.edgeDim, received 0'],
    ['ERR_INVALID_CONFIG', () => new MoEAttention({ dim: 4, topK: 1, experts: ['local', edges({ edgDim: 0 })] }), 'for experts[1].options, received "edgDim"'],
  ]) assert.ok((await message(code, run)).endsWith(wanted), await message(code, run));
  await fails(() => new Sequential({ layers: [layer(), { class: 'Dropout', options: { p: 3 } }] }), 'ERR_INVALID_CONFIG', 'p');
  assert.match(await message('ERR_CORRUPT', () => Sequential.fromJson(JSON.stringify({ ...JSON.parse(new Sequential({ layers: [layer()] }).toJson()), weights: [] }))), /for weights, received 0$/);
});

test('options inside a message have their names of JavaScript, too', async () => {
  const { EdgeFeaturedAttention, LinearAttention } = attention;
  assert.strictEqual(await message('ERR_INVALID_CONFIG', () => EdgeFeaturedAttention.simple(8, 3, 3)), 'expected a divisor of 8 for numHeads, received 3');
  assert.strictEqual(await message('ERR_INVALID_CONFIG', () => new attention.MultiHeadAttention(8, 3)), 'expected a divisor of 8 for numHeads, received 3');
  const pair = new LinearAttention(4).compute(Float32Array.of(1e30, -1e30, 2e30, 0), k, v); // its square leaves Float, it does not
  assert.ok(pair.every((x, c) => x >= Math.min(...v.map((row) => row[c])) - 1e-5 && x <= Math.max(...v.map((row) => row[c])) + 1e-5));
});

test('an expert that refuses patterns is named, with its place', async () => {
  const { LearnedRoutingAttention, MoEAttention, SparsityPattern } = attention;
  const pattern = SparsityPattern.local(2, 5, 3);
  const refused = (mechanism) => ofBatch('ERR_UNSUPPORTED', mechanism, { pattern });
  const local = { class: 'LocalGlobalAttention', options: { dim: 4, localWindow: 2 } };
  const inner = { class: 'LearnedRoutingAttention', options: { dim: 4, experts: ['global', local] } };
  const wanted = 'expected a mechanism whose queries stand alone for pattern, received';
  assert.strictEqual(await refused(new attention.LocalGlobalAttention(4, 2, 1)), `${wanted} local_global`);
  assert.strictEqual(await refused(new MoEAttention({ dim: 4, expertCapacity: 0, experts: ['global', local] })), `${wanted} moe, whose experts[1] is local_global`);
  assert.strictEqual(
    await refused(new MoEAttention({ dim: 4, expertCapacity: 0, experts: [inner, 'global'] })),
    `${wanted} moe, whose experts[0] is learned_routing, whose experts[1] is local_global`);
  assert.strictEqual(await refused(new MoEAttention({ dim: 4, experts: ['global', 'global'] })), `${wanted} moe with room for so many queries an expert`);
  const fits = new MoEAttention({ dim: 4, expertCapacity: 0, experts: ['global', 'hierarchical'] });
  assert.strictEqual(fits.computeBatch(q, k, v, { pattern }).rows, 2);
  assert.strictEqual(new LearnedRoutingAttention({ dim: 4, experts: ['global'] }).computeBatch(q, k, v, { pattern }).rows, 2);
});
