'use strict';
// calls.js for @ruvector/gnn/attention: one good call of every export and method, argument by argument.
const attention = require('@ruvector/gnn/attention');
const { rows, vector } = require('./index.js');
const { C, D, E, K, M, N, NEGATIVE_OR_POSITIVE, SIGNAL, THREADS, V, argument, dim, number, options } = require('./arguments.js');

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
};
const fieldsOf = (...names) => Object.fromEntries(names.map((name) => [name, fields[name]]));

/** Class -> its positional arguments and the fields of its options; `make` is what the methods are called on. */
const CLASSES = {
  DotProductAttention: { positional: [number({ good: 1, range: [], code: C }, {})], fields: {}, make: (T) => new T(dim) },
  ScaledDotProductAttention: { positional: [], fields: fieldsOf('temperature', 'causal'), make: (T) => new T({ dim, temperature: 0.5 }) },
  MultiHeadAttention: { positional: [fields.numHeads], fields: fieldsOf('numHeads', 'projections', 'causal', 'seed'), make: (T) => new T({ dim, numHeads: 2, seed: 7 }) },
  FlashAttention: { positional: [fields.blockSize], fields: fieldsOf('blockSize', 'numHeads', 'causal'), make: (T) => new T({ dim, blockSize: 2, numHeads: 2 }) },
  LinearAttention: { positional: [fields.numFeatures], fields: fieldsOf('numFeatures', 'elu', 'seed'), make: (T) => new T({ dim, numFeatures: 8, seed: 7 }) },
  MoEAttention: {
    positional: [], fields: fieldsOf('experts', 'numExperts', 'topK', 'expertCapacity', 'balance', 'seed'), required: { experts: ['global', 'structural'] },
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

for (const [name, { positional, fields: own, required, make }] of Object.entries(CLASSES)) {
  const type = attention[name], one = make(type), call = (method) => (...list) => one[method](...list);
  const closing = (make) => (...list) => {
    const made = make(...list), json = made.toJson();
    made.close();
    return json;
  };
  add(name, [{ ...fields.dim, kind: 'dim' }, ...positional], closing((...list) => new type(...list)));
  add(`${name}.options`, [argument('fields', () => ({ dim, ...required, ...(own.seed && { seed: 7 }) }), { fields: { dim: fields.dim, ...own } })], closing((given) => new type(given)));
  add(`${name}.fromJson`, [argument('text', () => one.toJson())], closing((json) => type.fromJson(json)));
  const values = M({ empty: D, width: ['MultiHeadAttention', 'MoEAttention', 'LearnedRoutingAttention', 'DynamicHeadsAttention'].includes(name) ? D : null });
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
const D4 = size(dim, false), BLOCK = size(2);
add('computeAttentionAsync', [query, keys({ empty: E }), M({ empty: D, width: null }), D4, options({ ...MASK, ...THREADS, ...SIGNAL })]);
add('computeFlashAttentionAsync', [query, keys({ empty: E }), M({ empty: D, width: null }), D4, BLOCK, options({ ...MASK, ...THREADS, ...SIGNAL })]);

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

module.exports = { CLASSES, calls, withoutArguments: ['info', 'version', 'RuvectorError', 'Attention', 'AttentionType', 'SparsityPattern'] };
