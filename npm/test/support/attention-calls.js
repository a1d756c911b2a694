'use strict';
// calls.js for @ruvector/gnn/attention: one good call of every export and method, argument by argument.
const attention = require('@ruvector/gnn/attention');
const { rows, vector } = require('./index.js');
const { C, CURVATURE, D, E, K, M, N, NEGATIVE_OR_POSITIVE, R, SIGNAL, THREADS, V, argument, dim, number, options } = require('./arguments.js');
const { SUBJECTS, beyond, optionsOf } = require('./contract.js');

const calls = [];
const add = (name, args, run = (...list) => attention[name](...list)) => calls.push({ name, args, run, isAsync: /Async|Compute$/.test(name) });

const SIZES = [0, -1, 1.5, NaN, Infinity, 2 ** 32, 65537];
const size = (good, optional = true) => number({ good, range: SIZES, code: C }, {}, optional);

/** So that all keys are seen, and objects are 4 wide. */
const SPECIAL = { LocalGlobalAttention: { localWindow: 8, globalTokens: 1 }, MixedCurvatureAttention: { hyperbolicDim: 3, euclideanDim: 1 } };
/** Options of a class: two heads where it has them. */
const made = (subject) => optionsOf(subject, { ...Object.fromEntries([...subject.row.options].filter(([, { native }]) => native === 'heads').map(([name]) => [name, 2])), ...SPECIAL[subject.row.class] });
const MECHANISMS = SUBJECTS.filter(({ isMechanism }) => isMechanism);
/** Class -> a function that makes one of them, 4 wide. */
const CLASSES = Object.fromEntries(MECHANISMS.map((subject) => [subject.row.class, () => new subject.type(made(subject))]));

/** Whether values must be as wide as queries. */
function isOwnWidth(one) {
  try {
    one.computeBatch(rows(1, dim, 1), rows(1, dim, 2), rows(1, 2 * dim, 3));
    return false;
  } catch {
    return true;
  }
}

const query = V(1, { empty: E }), queries = argument('queries', () => rows(3, dim, 8, 0.3), { empty: null, width: D, nonFinite: N, emptyRow: E });
const keys = (codes) => M({ empty: D, ...codes });
const mask = argument('mask', () => [true, false, true, true, true, true]), MASK = { mask };
const MASKS = { mask: argument('masks', () => undefined), offsets: argument('offsets', () => undefined) };

for (const subject of MECHANISMS) {
  const { row: { class: name, positional, ignored = [] }, type } = subject, one = CLASSES[name](), call = (method) => (...list) => one[method](...list);
  const closing = (make) => (...list) => {
    const object = make(...list), json = object.toJson();
    object.close();
    return json;
  };
  // (Options by name: members.test.js.)
  const given = made(subject), at = (option, i) => number({ good: given[option] ?? one[option], range: beyond(subject, option), code: C }, {}, i > 0);
  if (positional) add(name, [...positional.map((option, i) => ({ ...at(option, i), ...(i === 0 && { kind: 'dim' }) })), ...ignored.map(() => number({ good: 1, range: [], code: C }, {}))], closing((...list) => new type(...list)));
  add(`${name}.fromJson`, [argument('text', () => one.toJson())], closing((json) => type.fromJson(json)));
  const values = M({ empty: D, width: isOwnWidth(one) ? D : null });
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

add('computeHyperbolicAttentionAsync', [query, keys({ empty: E }), M({ empty: D }), WIDTH, CURVATURE, options({ ...MASK, ...THREADS, ...SIGNAL })]);
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
