'use strict';
// calls.js for @ruvector/gnn/attention: one good call of every export and method, argument by argument.
const attention = require('@ruvector/gnn/attention');
const { rows, vector } = require('./index.js');
const { C, D, E, K, M, N, NEGATIVE_OR_POSITIVE, R, SIGNAL, THREADS, V, argument, dim, number, options } = require('./arguments.js');

const calls = [];
const add = (name, args, run = (...list) => attention[name](...list)) => calls.push({ name, args, run, isAsync: /Async|Compute$/.test(name) });

const SIZES = [0, -1, 1.5, NaN, Infinity, 2 ** 32, 65537];
const size = (good, optional = true, range = SIZES) => number({ good, range, code: C }, {}, optional);
const flag = argument('flag', () => true);
const fields = {
  dim: size(4, false), numHeads: size(2, true, [...SIZES, 3]), blockSize: size(2), temperature: number({ good: 0.5, range: [0, -1, NaN, Infinity], code: C }, {}),
  numFeatures: size(8), elu: argument('flag', () => false), localWindow: size(2, true, [-1, 1.5, NaN, Infinity, 2 ** 32]), globalTokens: size(1, true, [-1, 1.5, NaN, Infinity, 2 ** 32]),
  causal: flag, projections: flag, seed: argument('seed', () => 7),
  experts: argument('experts', () => ['global', 'structural']), numExperts: size(2, true, [0, -1, 1.5, NaN, Infinity, 65, 3]), topK: size(1, true, [0, -1, 1.5, NaN, Infinity, 3, 65]),
  expertCapacity: size(1, true, [-1, 0.5, NaN, Infinity]), balance: size(0, true, [-1, NaN, Infinity]),
  hard: argument('flag', () => false), threshold: size(0.5, true, [-1, 1.5, NaN, Infinity]),
  curvature: number({ good: -1, range: [0, NaN, Infinity, -Infinity], code: C }, {}), signed: number({ good: 0.5, range: [NaN, Infinity, -Infinity], code: C }, {}),
  squared: flag, maps: flag, frechet: argument('flag', () => false), word: argument('choice', () => 'lorentz', { code: C }), version: argument('choice', () => 'v1', { code: C }),
  below: number({ good: -0.5, range: [0, 1, NaN, Infinity, -Infinity], code: C }, {}), above: number({ good: 2, range: [0, -1, NaN, Infinity], code: C }, {}),
  part: size(2, true, [-1, 1.5, NaN, Infinity, 65537]), edgeDim: size(3, false), edges: size(3, true), slope: size(0.1, true, [-1, 2, NaN, Infinity]), headWidth: size(2, true, [-1, 1.5, NaN, Infinity, 65537]),
  maxPosition: size(16, true, [0, -1, 1.5, NaN, Infinity, 2 ** 21]), base: size(100, true, [0, -1, NaN, Infinity]), levels: size(3, true, [0, -1, 1.5, NaN, Infinity, 65]),
  share: size(0.5, true, [-1, NaN, Infinity]),
};
const fieldsOf = (...names) => Object.fromEntries(names.map((name) => [name, fields[name]]));

/**
 * Class -> its positional arguments (null: none but options) and the fields of its options; `make` is what the methods are called
 * on. `own`: values are as wide as queries; `width`: the option that says so where it is not dim, or false; `weights`: floats of
 * what `make` makes; `residual`: the query comes through; `idle`: weights
 * have no effect without features; `scale` of coordinates inside a ball; `placed`: where a key stands counts.
 */
const CLASSES = {
  HyperbolicAttention: {
    positional: [fields.curvature], fields: fieldsOf('curvature', 'temperature', 'maps', 'frechet'), own: true, weights: 48, scale: 0.3,
    make: (T) => new T({ dim, curvature: -0.5, temperature: 0.5, maps: true }),
  },
  ManifoldAttention: {
    positional: [fields.signed], own: true, weights: 2, fields: { ...fieldsOf('numHeads', 'temperature', 'squared'), curvature: fields.signed, model: fields.word },
    make: (T) => new T({ dim, numHeads: 2, curvature: -0.5, model: 'lorentz' }),
  },
  LorentzCascadeAttention: {
    positional: [fields.numHeads], own: true, weights: 2, fields: { ...fieldsOf('numHeads', 'temperature'), curvatureFrom: fields.below, curvatureTo: fields.below },
    make: (T) => new T({ dim, numHeads: 2 }),
  },
  MixedCurvatureAttention: {
    positional: null, own: true, weights: 3, width: false, scale: 0.3,
    fields: {
      euclideanDim: fields.part, hyperbolicDim: fields.part, sphericalDim: fields.part, hyperbolicCurvature: fields.below, sphericalCurvature: fields.above, temperature: fields.temperature,
    },
    required: { hyperbolicDim: 2, euclideanDim: 2 }, make: (T) => new T({ hyperbolicDim: 3, euclideanDim: 1 }),
  },
  EdgeFeaturedAttention: {
    positional: null, own: true, weights: 4 * 11 + 4, width: 'nodeDim', required: { nodeDim: 4, edgeDim: 3 },
    fields: {
      edgeDim: fields.edgeDim, numHeads: fields.numHeads, concatHeads: flag, addSelfLoops: argument('flag', () => false), negativeSlope: fields.slope, outputHeadDim: fields.headWidth,
      version: fields.version, seed: fields.seed,
    },
    make: (T) => new T({ nodeDim: 4, edgeDim: 3, numHeads: 2, seed: 7 }),
  },
  GraphRoPEAttention: {
    positional: [fields.maxPosition], placed: true,
    fields: { numHeads: fields.numHeads, maxPosition: fields.maxPosition, base: fields.base, scalingFactor: fields.base, levelScale: size(0.5, true, [0, 2, NaN, Infinity]) },
    make: (T) => new T({ dim, numHeads: 2, maxPosition: 8 }),
  },
  DualSpaceAttention: {
    positional: [fields.curvature, fields.share, fields.share], own: true, weights: 48, scale: 0.3,
    fields: { ...fieldsOf('curvature', 'temperature', 'projections', 'seed'), euclideanWeight: fields.share, hyperbolicWeight: fields.share },
    make: (T) => new T({ dim, curvature: -0.5, seed: 7 }),
  },
  GraphLatentAttention: { positional: [fields.numHeads], own: true, residual: true, weights: 48, fields: fieldsOf('numHeads', 'seed'), make: (T) => new T({ dim, numHeads: 2, seed: 7 }) },
  HNSWAwareAttention: {
    positional: [fields.numHeads], weights: 3 * 4 + 2 * 9, fields: fieldsOf('numHeads', 'levels', 'seed'), make: (T) => new T({ dim, numHeads: 2, levels: 3, seed: 7 }),
  },
  StructuralAttention: {
    positional: [fields.numHeads], weights: 20, idle: true, fields: { ...fieldsOf('numHeads', 'seed'), numFeatures: size(8, true, [0, -1, 1.5, NaN, Infinity, 4097]) },
    make: (T) => new T({ dim, numHeads: 2, numFeatures: 5, seed: 7 }),
  },
  GraphAttentionPipeline: {
    positional: [], own: true, residual: true, placed: true, weights: 4 * (8 + 4 + 1) + 48, fields: { ...fieldsOf('numHeads', 'maxPosition', 'seed'), edgeDim: fields.edges },
    make: (T) => new T({ dim, numHeads: 2, seed: 7 }),
  },
  DotProductAttention: { positional: [number({ good: 1, range: [], code: C }, {})], fields: {}, make: (T) => new T(dim) },
  ScaledDotProductAttention: { positional: [], fields: fieldsOf('temperature', 'causal'), make: (T) => new T({ dim, temperature: 0.5 }) },
  MultiHeadAttention: { positional: [fields.numHeads], fields: fieldsOf('numHeads', 'projections', 'causal', 'seed'), make: (T) => new T({ dim, numHeads: 2, seed: 7 }) },
  FlashAttention: { positional: [fields.blockSize], fields: fieldsOf('blockSize', 'numHeads', 'causal'), make: (T) => new T({ dim, blockSize: 2, numHeads: 2 }) },
  LinearAttention: { positional: [fields.numFeatures], fields: fieldsOf('numFeatures', 'elu', 'seed'), make: (T) => new T({ dim, numFeatures: 8, seed: 7 }) },
  MoEAttention: {
    positional: [size(2, true, [0, -1, 1.5, NaN, Infinity, 65]), fields.topK], fields: fieldsOf('experts', 'numExperts', 'topK', 'expertCapacity', 'balance', 'seed'), required: { experts: ['global', 'structural'] },
    make: (T) => new T({ dim, experts: ['global', 'structural', { class: 'FlashAttention', options: { dim, numHeads: 2 } }], expertCapacity: 0, seed: 7 }),
  },
  LearnedRoutingAttention: {
    positional: [], fields: fieldsOf('experts', 'numExperts', 'temperature', 'hard', 'seed'), required: { experts: ['global', 'structural'] },
    make: (T) => new T({ dim, experts: ['global', 'structural'], temperature: 0.5, seed: 7 }),
  },
  DynamicHeadsAttention: {
    positional: [], fields: fieldsOf('numHeads', 'threshold', 'causal', 'seed'), make: (T) => new T({ dim, numHeads: 2, seed: 7 }),
  },
  LocalGlobalAttention: {
    positional: [fields.localWindow, fields.globalTokens], fields: fieldsOf('localWindow', 'globalTokens', 'numHeads'), required: { localWindow: 2 }, make: (T) => new T({ dim, localWindow: 8, globalTokens: 1 }),
  },
};

const query = V(1, { empty: E }), queries = argument('queries', () => rows(3, dim, 8, 0.3), { empty: null, width: D, nonFinite: N, emptyRow: E });
const keys = (codes) => M({ empty: D, ...codes });
const mask = argument('mask', () => [true, false, true, true, true, true]), MASK = { mask };
const MASKS = { mask: argument('masks', () => undefined), offsets: argument('offsets', () => undefined) };

for (const [name, { positional, fields: own, required, make, width = 'dim', own: isWide }] of Object.entries(CLASSES)) {
  const type = attention[name], one = make(type), call = (method) => (...list) => one[method](...list);
  const closing = (make) => (...list) => {
    const made = make(...list), json = made.toJson();
    made.close();
    return json;
  };
  if (positional) add(name, [{ ...fields.dim, kind: 'dim' }, ...positional], closing((...list) => new type(...list)));
  add(`${name}.options`, [argument('fields', () => ({ ...(width === 'dim' && { dim }), ...required, ...(own.seed && { seed: 7 }) }),
    { fields: { ...(width && { [width]: fields.dim }), ...own } })], closing((given) => new type(given)));
  add(`${name}.fromJson`, [argument('text', () => one.toJson())], closing((json) => type.fromJson(json)));
  const values = M({ empty: D, width: ['MultiHeadAttention', 'MoEAttention', 'LearnedRoutingAttention', 'DynamicHeadsAttention'].includes(name) || isWide ? D : null });
  add(`${name}.compute`, [query, keys({ empty: E }), values], call('compute'));
  add(`${name}.computeWithMask`, [query, keys({ empty: E }), values, { ...mask, codes: { optional: false } }], call('computeWithMask'));
  add(`${name}.computeAsync`, [query, keys({ empty: E }), values, options({ ...MASK, ...THREADS, ...SIGNAL })], call('computeAsync'));
  for (const suffix of ['', 'Async']) {
    const more = suffix ? { ...MASKS, ...THREADS, ...SIGNAL } : { ...MASKS, ...THREADS };
    add(`${name}.computeBatch${suffix}`, [queries, keys(), values, options(more)], call(`computeBatch${suffix}`));
    add(`${name}.backward${suffix}`, [queries, keys(), values,
      argument('queries', () => rows(3, dim, 5), { empty: D, width: D, nonFinite: N, emptyRow: E }), options(more)], call(`backward${suffix}`));
  }
  add(`${name}.attentionWeights`, [queries, keys({ empty: null }), options({ ...MASKS, ...THREADS })], call('attentionWeights'));
  if (type.prototype.getRouting) {
    add(`${name}.getRouting`, [queries], call('getRouting'));
    add(`${name}.getExpertUsage`, [queries], call('getExpertUsage'));
  }
  if (type.prototype.getSpaceContributions) {
    add(`${name}.getSpaceContributions`, [queries, M({ empty: E })], (...list) => Object.values(one.getSpaceContributions(...list)).map((x) => x.slice()));
  }
  if (type.prototype.applyRotary) {
    const place = number({ good: 3, range: [-1], code: R }, {}, false), places = V(2, { length: D, empty: D });
    add(`${name}.applyRotary`, [V(1, { empty: D }), place], call('applyRotary'));
    add(`${name}.computeWithPositions`, [query, M({ empty: E }), M({ empty: D, width: null }), place, { ...places, make: () => vector(6, 3).map((x) => Math.round(8 * Math.abs(x))) }],
      call('computeWithPositions'));
    const far = number({ good: 9, range: [-1, 1.5, NaN, Infinity], code: R }, {}, false);
    for (const method of ['distanceToPosition', 'encodeDistance']) add(`${name}.${method}`, [far, far], (...list) => type[method](...list));
  }
  if (type.prototype.computeWithEdges) {
    const edges = M({ empty: D });
    add(`${name}.computeWithEdges`, [query, M({ empty: E }), M({ empty: D }), { ...edges, make: () => rows(6, 3, 9, 0.3), codes: { ...edges.codes, optional: false } }], call('computeWithEdges'));
  }
  if (type.prototype.getGates) add(`${name}.getGates`, [queries], call('getGates'));
  const floats = one.getWeights();
  if (floats.length > 0) {
    add(`${name}.setWeights`, [argument('vector', () => floats.slice(), { empty: D, length: D, nonFinite: N })], (weights) => {
      one.setWeights(weights);
      return one.getWeights();
    });
  }
}

add('scaledDotAttention', [V(1, { empty: E }), keys({ empty: E, width: D }), M({ empty: D, width: null })]);
const D4 = size(dim, false), WIDTH = size(dim), BLOCK = size(2);
add('computeAttentionAsync', [query, keys({ empty: E }), M({ empty: D, width: null }), WIDTH, options({ ...MASK, ...THREADS, ...SIGNAL })]);
add('computeFlashAttentionAsync', [query, keys({ empty: E }), M({ empty: D, width: null }), WIDTH, BLOCK, options({ ...MASK, ...THREADS, ...SIGNAL })]);

add('computeHyperbolicAttentionAsync', [query, keys({ empty: E }), M({ empty: D }), WIDTH, fields.curvature, options({ ...MASK, ...THREADS, ...SIGNAL })]);
const times = number({ good: 3, range: [0, -1, 1.5, NaN, Infinity], code: R }, {}, false);
add('benchmarkAttention', [argument('choice', () => 'Flash', { code: C, optional: false }), D4, times, times], async (...list) => (await attention.benchmarkAttention(...list)).iterations);
add('HNSWEdgeFeatureExtractor.extract', [V(1, { empty: null, length: null })].map((one) => ({ ...one, make: () => vector(4, 1).map(Math.abs) })), (distances) =>
  new attention.HNSWEdgeFeatureExtractor().extract({ distances }));

const each = (seed) => argument('matrixList', () => [rows(2, dim, seed, 0.3), rows(3, dim, seed + 1, 0.3), rows(4, dim, seed + 2, 0.3)]);
const batch = [M({ empty: D }), each(3), each(5)].map((one, i) => (i === 0 ? { ...one, make: () => rows(3, dim, 9, 0.3) } : one));
const outputs = (name) => async (...list) => (await attention[name](...list)).outputs;
const OPTIONS = options({ ...THREADS, ...SIGNAL });
add('batchAttentionCompute', [...batch, D4, OPTIONS], outputs('batchAttentionCompute'));
add('batchFlashAttentionCompute', [...batch, D4, BLOCK, OPTIONS], outputs('batchFlashAttentionCompute'));
add('parallelAttentionCompute', [argument('parallel', () => ({ attentionType: 'Flash', dim })), ...batch, OPTIONS], outputs('parallelAttentionCompute'));

const first = (seed) => V(seed, { empty: E, length: D });
add('projectToPoincareBall', [V(1, { empty: E, length: null }), NEGATIVE_OR_POSITIVE]);
for (const name of ['poincareDistance', 'mobiusAddition', 'expMap', 'logMap']) add(name, [first(1), V(2), NEGATIVE_OR_POSITIVE]);

module.exports = { CLASSES, calls, withoutArguments: ['GraphRoPeAttention', 'Mixture', 'HNSWEdgeFeatureExtractor', 'info', 'version', 'RuvectorError', 'Attention', 'AttentionType', 'SparsityPattern', 'graphStatistics', 'recommendMechanism', 'structuralFeatures'] };
