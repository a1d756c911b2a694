'use strict';
// Every export, every argument, every kind of bad value: the documented code, and a good call afterwards is right.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, pack, rows, ruvector, vector } = require('./support/index.js');
const main = require('./support/calls.js');
const attention = require('./support/attention-calls.js');
const { GENERATED } = require('../lib/members/rows.js');

const attentionModule = require('@ruvector/gnn/attention');

const { VectorSet } = ruvector;
const A = 'ERR_INVALID_ARG', D = 'ERR_DIMENSION_MISMATCH', N = 'ERR_NON_FINITE', R = 'ERR_OUT_OF_RANGE', E = 'ERR_EMPTY_INPUT';
const C = 'ERR_INVALID_CONFIG';

/** A Proxy of which whatever is asked throws. */
function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Values that are no vector, matrix, number, text or object of options. */
const strangers = {
  null: null, string: 'abc', 'numeric string': '5', function: () => 1, symbol: Symbol('s'), bigint: 5n, true: true,
  'revoked Proxy': revoked({}), 'revoked Proxy of an array': revoked([]),
};
const objects = {
  object: {}, Date: new Date(0), Map: new Map(), DataView: new DataView(new ArrayBuffer(16)), ArrayBuffer: new ArrayBuffer(16),
  Int8Array: new Int8Array(4), Uint8Array: new Uint8Array(4), Int32Array: new Int32Array(4), BigInt64Array: new BigInt64Array(4),
  'Proxy of a Float32Array': new Proxy(vector(4, 1), {}), 'object like an array': { length: 4, 0: 1, 1: 2, 2: 3, 3: 4 },
  Promise: Promise.resolve(1), 'null prototype': Object.create(null), RegExp: /x/,
};
const entry = (label, value, code) => ({ label, value, code });
const all = (list, code) => Object.entries(list).map(([label, value]) => entry(label, value, code));

function* vectors(good, { empty, length, nonFinite, optional }) {
  yield* all({ ...strangers, ...objects, number: 5, ...(optional ? {} : { undefined }) }, A);
  const n = good.length;
  const numbers = Array.from(good);
  const changed = (value, i = n - 1) => numbers.map((x, j) => (j === i ? value : x));
  const sparse = numbers.slice();
  delete sparse[1];
  yield entry('array with a hole', sparse, A);
  yield* all(Object.fromEntries(['1', null, undefined, 1n, true, {}, [1], Symbol('x')].map((x) => [`array with ${typeof x} ${Array.isArray(x)}`, changed(x)])), A);
  if (empty) yield* all({ 'empty Float32Array': new Float32Array(0), 'empty Float64Array': new Float64Array(0), 'empty array': [] }, empty);
  if (empty) yield* all({ 'detached Float32Array': detached(good), 'detached Float64Array': detached(Float64Array.from(good)) }, empty);
  if (length) {
    yield* all({
      'one more': Float32Array.from([...good, 0]), 'one less': good.slice(1), 'one more, doubles': Float64Array.from([...good, 0]),
      'one less, number[]': numbers.slice(1),
    }, length);
  }
  for (const x of [NaN, Infinity, -Infinity]) {
    for (const i of [0, n - 1]) {
      yield entry(`Float32Array with ${x} at ${i}`, Float32Array.from(changed(x, i)), nonFinite);
      yield entry(`Float64Array with ${x} at ${i}`, Float64Array.from(changed(x, i)), nonFinite);
      yield entry(`number[] with ${x} at ${i}`, changed(x, i), nonFinite);
    }
  }
}

function detached(array) {
  const copy = array.slice();
  structuredClone(copy.buffer, { transfer: [copy.buffer] });
  assert.strictEqual(copy.length, 0);
  return copy;
}

function* matrices(good, { empty, width, nonFinite, emptyRow, optional }, takesSet) {
  yield* all({ ...strangers, ...objects, number: 5, ...(optional ? {} : { undefined }), 'a vector': vector(4, 1) }, A);
  const { data, rows: n, dim } = pack(good);
  const last = (row) => [...good.slice(0, -1), row];
  const sparse = good.slice();
  delete sparse[2];
  yield entry('hole', sparse, A);
  for (const [label, value] of Object.entries({ ...strangers, object: {}, undefined, Int8Array: new Int8Array(dim), number: 1 })) {
    yield entry(`last row ${label}`, last(value), A);
    yield entry(`first row ${label}`, [value, ...good.slice(1)], A);
  }
  yield entry('number[] row with a string', last(['1', 2, 3, 4]), A);
  yield entry('number[] row with a hole', last([1, , 3, 4]), A); // eslint-disable-line no-sparse-arrays
  yield* all({ 'ragged, longer': last(vector(dim + 1, 1)), 'ragged, shorter': last(vector(dim - 1, 1)), 'ragged, empty': last([]),
    'ragged, number[]': last([1]), 'ragged, detached': last(detached(good[0])), 'ragged, doubles': last(new Float64Array(dim + 1)) }, D);
  yield* all({ 'rows of length 0': good.map(() => new Float32Array(0)), 'rows of length 0, number[]': good.map(() => []) }, emptyRow);
  if (width) yield entry('all rows longer', good.map(() => new Float32Array(dim + 1)), width);
  if (width) yield entry('packed, all rows longer', { data: new Float32Array(n * (dim + 1)), rows: n, dim: dim + 1 }, width);
  if (empty) yield* all({ 'no rows': [], 'no rows, packed': { data: new Float32Array(0), rows: 0, dim } }, empty);
  for (const x of [NaN, Infinity, -Infinity]) {
    const bad = Float32Array.from(good[n - 1], (y, j) => (j === 1 ? x : y));
    yield entry(`row with ${x}`, last(bad), nonFinite);
    yield entry(`number[] row with ${x}`, last(Array.from(bad)), nonFinite);
    yield entry(`Float64Array row with ${x}`, last(Float64Array.from(bad)), nonFinite);
    yield entry(`first row with ${x}`, [bad, ...good.slice(1)], nonFinite);
    yield entry(`packed with ${x}`, pack(last(bad)), nonFinite);
  }
  yield* all({ 'no data': { rows: n, dim }, 'data null': { data: null, rows: n, dim }, 'data string': { data: 'x', rows: n, dim },
    'rows -1': { data, rows: -1, dim }, 'dim -1': { data, rows: n, dim: -1 }, 'rows 1.5': { data, rows: 1.5, dim },
    'rows string': { data, rows: String(n), dim }, 'rows NaN': { data, rows: NaN, dim }, 'rows 1e300': { data, rows: 1e300, dim },
    'no dim': { data, rows: n }, 'dims of 1': { data, dims: [n * dim] }, 'dims of 3': { data, dims: [1, n, dim] },
    'dims string': { data, dims: '64' }, 'shape null': { data, shape: null }, 'shape of strings': { data, shape: [String(n), String(dim)] },
    'dims bigint': { data, dims: [BigInt(n), BigInt(dim)] }, 'no shape': { data } }, A);
  yield* all({ 'rows 2**40': { data, rows: 2 ** 40, dim: 2 ** 40 }, 'rows + 1': { data, rows: n + 1, dim }, 'rows - 1': { data, rows: n - 1, dim },
    'rows 2**32': { data, rows: 2 ** 32, dim }, 'dim 2**32': { data, rows: 2 ** 32, dim: 2 ** 32 }, 'data detached': { data: detached(data), rows: n, dim },
    'dims 2**53': { data, dims: [2 ** 53 - 1, 2 ** 53 - 1] }, 'empty data': { data: [], rows: n, dim } }, D);
  const set = new VectorSet(good);
  set.close();
  if (takesSet) yield entry('closed VectorSet', set, 'ERR_CLOSED');
  else yield entry('VectorSet', set, A);
}

function* numbers(_, { range, code, optional }) {
  yield* all({ ...strangers, object: {}, Date: new Date(5), array: [5], 'object with valueOf': { valueOf: () => 3 },
    'Number object': new Number(3), ...(optional ? {} : { undefined }) }, A);
  for (const value of range) yield entry(String(value), value, code);
}

const NOT_OPTIONS = { ...strangers, number: 5, array: [], 'array of numbers': [3] };
const kinds = {
  vector: vectors,
  matrix: matrices,
  number: numbers,
  * text() { yield* all({ ...strangers, string: 5, 'numeric string': {}, undefined, array: ['{}'], Buffer: Buffer.from('{}'), 'String object': new String('{}') }, A); },
  * seed() {
    const { bigint, 'revoked Proxy': one, 'revoked Proxy of an array': another, ...others } = strangers;
    yield* all({ one, another }, A); // an object is one of options
    yield* all({ ...others, fraction: 0.5, NaN, Infinity, '2**60': 2 ** 60, '{seed: string}': { seed: '1' }, '{seed: NaN}': { seed: NaN } }, C);
  },
  * choice() { yield* all({ ...strangers, number: 1, object: {}, 'other case': 'Clip', 'String object': new String('clip') }, C); },
  * flag() { yield* all({ null: null, string: 'true', number: 1, object: {} }, A); },
  * signal() { yield* all({ ...strangers, number: 5, object: {}, 'half a signal': { aborted: false }, 'aborted only': { aborted: true }, 'a signal by its prototype': Object.create(AbortSignal.prototype) }, A); },
  * token(good) {
    const [[field, id]] = Object.entries(good);
    yield* all({ ...strangers, number: 5, undefined, object: {}, 'another field': { token: id }, string: { [field]: '1' }, negative: { [field]: -1 }, fraction: { [field]: 0.5 },
      NaN: { [field]: NaN }, '2**53': { [field]: 2 ** 53 }, bigint: { [field]: 1n } }, A);
    yield* all({ unknown: { [field]: 2 ** 52 }, zero: { [field]: 0 } }, 'ERR_NOT_FOUND');
  },
  * graph(good) {
    yield* all({ ...strangers, number: 5, undefined, 'no offsets': { indices: [] }, 'no indices': { offsets: [0] }, 'columns text': { ...good, columns: '5' } }, A);
    for (const name of ['offsets', 'indices']) {
      for (const [label, value] of Object.entries({ ...strangers, ...objects, number: 5, fraction: [0, 1.5, 2, 3], negative: [0, -2, 2, 3], 'negative, typed': Int32Array.of(0, -2, 2, 3),
        NaN: [0, NaN, 2, 3], text: [0, '2', 2, 3], '2**32': [0, 2 ** 32, 2, 3], hole: [0, , 2, 3] })) { // eslint-disable-line no-sparse-arrays
        yield entry(`${name} ${label}`, { ...good, [name]: value }, A);
      }
    }
    yield* all({ 'not from 0': { ...good, offsets: [1, 2, 2, 3] }, 'not to the end': { ...good, offsets: [0, 2, 2, 2] }, falling: { ...good, offsets: [0, 2, 1, 3] },
      beyond: { ...good, offsets: Uint32Array.of(0, 2, 2 ** 32 - 1, 3) }, 'no such source': { ...good, indices: [1, 1, 5] }, 'as many sources as targets': { ...good, columns: undefined },
      'detached indices': { ...good, indices: detached(good.indices) } }, A);
    yield* all({ 'no offsets': { ...good, offsets: [] }, 'detached offsets': { ...good, offsets: detached(new Uint32Array(4)) } }, E);
    for (const columns of [0, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 53]) yield entry(`columns ${columns}`, { ...good, columns }, R);
    yield entry('unknown option', { ...good, nodes: 3 }, C);
  },
  * edges(good) {
    yield* all({ ...strangers, number: 5, undefined, 'no sources': { targets: [] }, 'no targets': { sources: [] }, 'pairs of text': ['0', 1], 'a fraction': [0, 0.5], negative: Int32Array.of(0, -1),
      floats: new Float32Array(4), 'target beyond': [0, 2], 'source beyond': Uint32Array.of(4, 0), 'targets beyond': { ...good, targets: [1, 0, 2, 1] },
      'sources beyond': { ...good, sources: [3, 1, 4, 1] }, 'sources null': { ...good, sources: null } }, A);
    yield* all({ 'half a pair': [0, 1, 2], 'one target less': { ...good, targets: [1, 0, 1] }, 'detached sources': { ...good, sources: detached(new Uint32Array(4)) } }, D);
    yield entry('unknown option', { ...good, weights: [] }, C);
  },
  * nodes(good) {
    yield* all({ ...NOT_OPTIONS, undefined, 'no nodes': {}, text: { nodes: '2' }, 'columns text': { ...good, columns: '4' } }, A);
    for (const x of [-1, 1.5, NaN, Infinity, 2 ** 31]) yield* all({ [`nodes ${x}`]: { ...good, nodes: x }, [`columns ${x}`]: { ...good, columns: x } }, R);
    yield* all({ 'a target beyond': { nodes: 1, columns: 4 }, 'a source beyond': { nodes: 2, columns: 3 }, 'as many sources as targets': { nodes: 2 }, 'no nodes': { nodes: 0, columns: 4 } }, A);
    yield entry('unknown option', { ...good, node: 2 }, C);
  },
  * level() {
    yield* all({ ...NOT_OPTIONS, undefined, object: {}, unknown: { levelType: 'x' }, 'wrong type': { levelType: 5 }, prototype: { levelType: 'toString' },
      __proto__: { levelType: '__proto__' }, symbol: { levelType: Symbol('x') }, 'null prototype': { levelType: Object.create(null) },
      'scale string': { levelType: 'half', scale: '1' }, 'threshold null object': { levelType: 'binary', threshold: {} },
      'subvectors bigint': { levelType: 'pq8', subvectors: 8n } }, A);
    const bad = (levelType, key, ...values) => Object.fromEntries(values.map((x) => [`${levelType} ${key} ${x}`, { levelType, [key]: x }]));
    yield* all({ ...bad('half', 'scale', 0, NaN, Infinity), ...bad('pq8', 'subvectors', 0, -1, 1.5, NaN, 2 ** 32, 1e300),
      ...bad('pq8', 'centroids', 0, 1, 257, 1.5, NaN), ...bad('pq4', 'subvectors', 0, -1, 1.5), ...bad('pq4', 'outlierThreshold', NaN, -1),
      ...bad('binary', 'threshold', NaN, Infinity) }, C);
    yield* all({ 'pq8 7 parts of 16': { levelType: 'pq8', subvectors: 7 }, 'pq4 7 parts of 16': { levelType: 'pq4', subvectors: 7 } }, D);
  },
  * levels(good, { emptyRow = D }) {
    yield* all({ ...strangers, ...objects, number: 5, undefined }, A);
    for (const { label, value, code } of matrices(good[0], { width: D, nonFinite: N, emptyRow }, true)) {
      yield entry(`level 0: ${label}`, [value, good[1]], code);
      yield entry(`level 1: ${label}`, [good[0], value], code);
    }
  },
  * layers(good, { count, optional }) {
    yield* all({ ...strangers, ...objects, number: 5, ...(optional ? {} : { undefined }) }, A);
    if (count) yield* all({ 'no layers': [], 'one layer': good.slice(1), 'three layers': [good[0], ...good] }, count);
    for (const [label, value] of Object.entries({ ...strangers, ...objects, undefined, number: 5 })) {
      if (typeof value !== 'string') yield entry(`layer ${label}`, [good[0], value], A);
    }
    yield* all({ 'malformed JSON': [good[0], '{'], 'other JSON': [good[0], '5'], 'empty string': ['', good[1]] }, 'ERR_CORRUPT');
    const closed = new ruvector.RuvectorLayer(4, 4, 2);
    closed.close();
    yield entry('closed layer', [good[0], closed], 'ERR_CLOSED');
    yield entry('layer of another width', [good[0], new ruvector.RuvectorLayer(5, 5, 1)], D);
  },
  * config(good, { fields }) {
    yield* all({ ...NOT_OPTIONS, undefined }, A);
    for (const [label, mode] of Object.entries({ ...strangers, number: 1, undefined })) yield entry(`mode ${label}`, { ...good, mode }, C);
    yield* all({ 'no mode': {}, 'other case': { mode: 'Standard' }, 'mode: toString': { mode: 'toString' }, 'unknown option': { ...good, curvatur: -1 } }, C);
    yield* all({ experts: { mode: 'moe', numExperts: 0 }, 'five experts': { mode: 'moe', topK: 5 }, mode: { mode: 'euclidean' } }, C);
    yield* all({ router: { mode: 'moe', router: 5 }, numbers: { mode: 'moe', topK: '2' } }, A);
    yield* all({ attention: { mode: 'edge_featured', edgeAttention: {} } }, 'ERR_WRONG_HANDLE');
    for (const { label, value, code } of kinds.options({}, { fields })) {
      if (typeof value === 'object' && !(label in NOT_OPTIONS)) yield entry(label, { ...good, ...value }, code);
    }
  },
  * options(_, { fields }) {
    yield* all(NOT_OPTIONS, A);
    for (const [key, { kind, make, codes }] of Object.entries(fields)) {
      for (const { label, value, code } of kinds[kind](make(), codes ?? {})) {
        yield entry(`${key}: ${label}`, { [key]: value }, code);
      }
    }
  },
};

// The arguments of attention mechanisms; calls with masks have six keys, those with many three queries.
const MASK_STRANGERS = { ...strangers, number: 5, object: {}, Float32Array: new Float32Array(6), Uint16Array: new Uint16Array(6),
  'text in it': [true, 'x', true, true, true, true], 'a 2 in it': [1, 0, 2, 1, 1, 1], 'a null in it': [true, null, true, true, true, true],
  hole: [true, , true, true, true, true] }; // eslint-disable-line no-sparse-arrays
Object.assign(kinds, {
  * queries(good, codes) {
    for (const one of matrices(good, codes)) if (one.label !== 'a vector') yield one;
    yield* all({ 'a vector of another width': vector(5, 1), 'a list of another width': [1, 2, 3, 4, 5] }, D);
  },
  * dim(_, codes) {
    for (const one of numbers(_, codes)) if (one.label !== 'object with valueOf') yield one;
  },
  * fields(good, { fields }) {
    for (const { label, value, code } of kinds.options({}, { fields })) {
      if (typeof value === 'object' && !(label in NOT_OPTIONS)) yield entry(label, { ...good, ...value }, code);
    }
    yield entry('unknown option', { ...good, head: 2 }, C);
  },
  * experts(good) {
    yield* all({ ...strangers, ...objects, number: 5, 'a mechanism': new attentionModule.FlashAttention(4) }, A);
    yield* all({ 'no experts': [], '65 experts': Array(65).fill('global'), 'unknown name': ['global', 'Local'], 'name of a prototype': ['toString'],
      'unknown class': [{ class: 'toString', options: { dim: 4 } }], 'no class': [{ options: { dim: 4 } }], 'another width': [{ class: 'FlashAttention', options: { dim: 5 } }],
      'an object of another width': [new attentionModule.FlashAttention(5), 'global'], 'unknown option': [{ class: 'FlashAttention', options: { dim: 4, x: 1 } }],
      'unknown field': [{ class: 'FlashAttention', options: { dim: 4 }, x: 1 }], 'class as a number': [{ class: 5, options: {} }] }, C);
    yield* all({ 'no options': [{ class: 'FlashAttention' }], 'options as text': [{ class: 'FlashAttention', options: 'x' }], number: [5], null: [null], undefined: [undefined],
      'dim as text': [{ class: 'FlashAttention', options: { dim: '4' } }], hole: [, 'global'] }, A); // eslint-disable-line no-sparse-arrays
    const closed = new attentionModule.FlashAttention(4);
    closed.close();
    yield entry('a closed one', [good[0], closed], 'ERR_CLOSED');
  },
  * mask(good, { optional = true }) {
    yield* all({ ...MASK_STRANGERS, ...(optional ? {} : { undefined }) }, A);
    yield* all({ empty: [], 'empty bytes': new Uint8Array(0), 'one less': good.slice(1), 'one more, bytes': new Uint8Array(7),
      detached: detached(new Uint8Array(6)) }, D);
  },
  * masks() {
    const row = [true, true, true, true, true, false];
    for (const { label, value, code } of kinds.mask(row, {})) {
      yield entry(label, value, code);
      if (label !== 'hole' && !label.startsWith('revoked') && value?.length !== 0) yield entry(`in a row: ${label}`, [row, value, row], code);
    }
    yield* all({ 'two rows': [row, row], 'four rows': [row, row, row, row], '17 bytes': new Uint8Array(17) }, D);
    yield* all({ 'rows of rows': [[row], [row], [row]], 'a row missing': [row, undefined, row] }, A);
  },
  * offsets() {
    yield* all({ ...strangers, number: 5, object: {}, Float32Array: new Float32Array(4), text: ['0', '1', '2', '3'], fraction: [0, 1.5, 2, 6], negative: [-1, 2, 3, 6],
      'negative Int32Array': Int32Array.of(0, -2, 3, 6), NaN: [0, NaN, 2, 6], bigint: [0n, 1n, 2n, 6n], falling: [0, 4, 2, 6], 'beyond the keys': [0, 2, 4, 7],
      'falling, typed': Uint32Array.of(3, 2, 1, 0), 'beyond, typed': Uint32Array.of(0, 0, 0, 2 ** 32 - 1), '2**32': [0, 1, 2, 2 ** 32] }, A);
    yield* all({ empty: [], 'three numbers': [0, 3, 6], 'five numbers': Uint32Array.of(0, 1, 2, 3, 6), detached: detached(new Uint32Array(4)) }, D);
  },
  * matrixList(good) {
    yield* all({ ...strangers, ...objects, number: 5, undefined }, A);
    yield* all({ 'no matrices': [], 'one less': good.slice(1), 'one more': [...good, good[0]], 'rows exchanged': [good[1], good[0], good[2]] }, D);
    for (const { label, value, code } of matrices(good[1], { empty: E, width: D, nonFinite: N, emptyRow: E })) {
      yield entry(`matrix 1: ${label}`, [good[0], value, good[2]], code);
    }
  },
  * parallel(good) {
    yield* all({ ...strangers, number: 5, undefined }, A);
    for (const type of ['flash', 'Spherical', '', 5, null, undefined, 'toString']) yield entry(`type ${type}`, { ...good, attentionType: type }, C);
    yield* all({ 'dim text': { ...good, dim: '4' }, 'no dim': { attentionType: 'Flash' }, 'blockSize text': { ...good, blockSize: '2' } }, A);
    yield* all({ 'dim 0': { ...good, dim: 0 }, 'blockSize 0': { ...good, blockSize: 0 } }, C);
    yield entry('another dim', { ...good, dim: 5 }, D);
  },
});

test('bad input: bases of classes are no classes', async () => {
  for (const name of ['MSELoss', 'RuvectorLayer', 'HNSWIndex']) {
    const Base = Object.getPrototypeOf(ruvector[name]);
    for (const args of [[], [{}], ['hnsws', {}], [null], [{ options: 5 }, []]]) assert.match((await fails(() => new Base(...args), A, name)).message, /^expected .* for new, received /);
  }
});

test('bad input: a revoked Proxy is told as any other object', async () => {
  const { GCNLayer, Graph, HNSWIndex, MSELoss, Reranker, Sequential, Trainer } = ruvector, bad = revoked({}), W = 'ERR_WRONG_HANDLE';
  const model = new GCNLayer({ inChannels: 2, outChannels: 2 }), loss = new MSELoss(), index = new HNSWIndex({ dim: 2 }), rows = [[1, 2]];
  const trainer = (options) => () => new Trainer({ model, loss, ...options }), fit = (...args) => () => new Trainer({ model, loss }).fit(...args);
  index.add(1, [1, 2]);
  const classes = Object.entries(ruvector).filter(([, type]) => typeof type === 'function' && /^class /.test(Function.prototype.toString.call(type)) && !/Error$/.test(type.name));
  assert.ok(classes.length > 20);
  for (const [name, type] of classes) {
    try {
      new type(bad); // of those that take nothing
    } catch (error) {
      assert.ok(error instanceof ruvector.RuvectorError && error.code === A, `${name}: ${error}`);
    }
  }
  for (const [code, run] of [
    [A, () => index.search([1, 2], 1, bad)], [A, () => index.search([1, 2], 1, { filter: bad })], [A, () => index.search([1, 2], 1, { filter: revoked([]) })], [A, () => index.searchBatch(bad, 1)],
    [A, () => index.addBatch(bad, rows)], [A, () => index.addBatch([5], bad)], [A, () => index.prepareFilter(bad)], [A, () => HNSWIndex.open(bad)], [A, () => ruvector.mergeTopK([bad], 1)],
    [A, () => model.forward(bad, Graph.fromEdges([0, 0], { nodes: 1 }))], [W, () => model.forward(rows, bad)], [A, () => loss.forward(rows, rows, bad)], [A, () => loss.forward(rows, rows, [3])],
    [A, () => Graph.fromEdges(bad, { nodes: 2 })], [A, () => Graph.fromEdges([0, 1], bad)], [A, () => Graph.fromEdgeIndex(bad, { nodes: 2 })], [A, () => Graph.fromAdjacency([bad])], [W, () => Graph.fromIndex(bad)], [A, () => Graph.open(bad)],
    [W, trainer({ model: bad })], [W, trainer({ loss: bad })], [A, trainer({ optimizer: bad })], [W, trainer({ schedule: bad })], [A, trainer({ optimizer: { groups: [bad] } })], [A, trainer({ optimizer: { frozen: bad } })],
    [A, trainer({ sampleSizes: bad })], [A, fit(bad)], [A, fit({ inputs: bad, targets: rows })], [A, fit({ inputs: { x: bad }, targets: rows })], [A, fit({ inputs: rows }, bad)],
    [A, () => new Sequential({ layers: [bad] })], [A, () => new Sequential({ layers: bad })], [A, () => new Sequential({ layers: [{ class: 'GCNLayer', options: bad }] })],
    [A, () => new Reranker({ dim: 2 }).rerank([1, 2], bad)], [A, () => new Reranker({ dim: 2 }).observe(bad, [])],
  ]) await fails(run, code, String(run));
});

Error.stackTraceLimit = 2; // of some ten thousand errors that nobody reads
const calls = [...main.calls, ...attention.calls];
const good = (args) => args.map(({ make }) => make());

for (const { name, args, run, isAsync } of calls) {
  test(`bad input: ${name}`, async () => {
    const given = good(args), expected = bits(await run(...given));
    let count = 0;
    for (const [i, { kind, make, codes, takesSet }] of args.entries()) {
      for (const { label, value, code } of kinds[kind](make(), codes, takesSet)) {
        const list = given.slice();
        list[i] = value;
        await fails(() => run(...list), code, `${name}, argument ${i} (${kind}): ${label}`, isAsync);
        assert.strictEqual(bits(await run(...given)), expected, `${name} after argument ${i}: ${label}`); // the arguments are as they were, too
        count++;
      }
    }
    assert.ok(count > 3);
  });
}

/** What the tests of indexes, of prepared filters, of stores, of graphs and of training look at. */
const ELSEWHERE = [
  ...['@ruvector/gnn/graph', '@ruvector/gnn/train', '../lib/overlay/training.js'].flatMap((file) => Object.keys(require(file))), 'BruteForceIndex', 'HNSWIndex', 'PreparedFilter', 'VectorStore', 'VectorDB', 'mergeTopK',
  ...GENERATED.map(({ type }) => type), 'adaptiveSearch', 'differentiableSearchDualSpace', 'SparseGraphAttention', // members, search-graphs, attention-graphs
];

test('no export is left out', () => {
  for (const [entry, { calls, withoutArguments }] of [[ruvector, main], [require('@ruvector/gnn/attention'), attention]]) {
    const tested = new Set([...calls.map(({ name }) => name.split('.')[0]), ...withoutArguments, ...ELSEWHERE]);
    assert.deepStrictEqual(Object.keys(entry).filter((name) => !tested.has(name)), []);
  }
});

test('a good call of each export with arguments missing from the end', async () => {
  for (const { name, args, run, isAsync } of calls) {
    if (args.length > 0 && !['TensorCompress.compress'].includes(name)) {
      await fails(() => run(), A, `${name}()`, isAsync);
    }
  }
});

test('counts that are absurd but whose memory is never needed', () => {
  assert.deepStrictEqual(ruvector.differentiableSearch([1, 2], [[1, 2]], 2 ** 32 - 1).indices, [0]);
  const empty = { data: [], rows: 0, dim: 2 ** 32 };
  assert.deepStrictEqual(ruvector.differentiableSearch([1, 2], empty, 5), { indices: [], weights: [] });
  // more rows than the library counts
  const flat = { data: [], rows: 2 ** 40, dim: 0 };
  return Promise.all([
    fails(() => ruvector.differentiableSearch([1, 2], flat, 2 ** 32 - 1), E, 'rows of length 0'),
    fails(() => ruvector.differentiableSearchBatch([[1, 2]], flat, 2 ** 32 - 1), E, 'rows of length 0, batch'),
    fails(() => new VectorSet(flat), E, 'a set of 2**40 rows of length 0'),
    fails(() => new VectorSet(Object.assign([[1]], { length: 2 ** 32 - 1 })), A, 'a sparse array'),
    fails(() => new ruvector.RuvectorLayer(65536, 65536, 1), 'ERR_OUT_OF_MEMORY', 'a layer of 200 GB'),
    fails(() => new ruvector.RuvectorLayer(4, 4, 2, 0.1, 1).forward(vector(4, 1), flat), E, 'neighbours of length 0'),
    fails(() => ruvector.frechetMean(flat), E, 'points of length 0'),
  ]);
});

test('what a review found: aborts, poisoned memory, results beyond 32 bits', async () => {
  const nothing = { data: new Float32Array(0), rows: 2 ** 39, dim: 0 };
  await fails(() => ruvector.differentiableSearchBatch(nothing, [[1]], 0), E, 'queries of length 0');
  await fails(() => ruvector.differentiableSearchBatchAsync(nothing, [], 5), E, 'queries of length 0, async');
  await fails(() => ruvector.differentiableSearch([1], { data: [], rows: 2 ** 32 - 1, dim: 0 }, 2 ** 32 - 1), E, 'candidates of length 0');
  const line = Array.from({ length: 100 }, (_, i) => [i, 1]);
  assert.strictEqual(ruvector.differentiableSearch([1, 1], line, 100).indices.length, 100);
  await fails(() => ruvector.toLorentz([0.1], -1e-80), 'ERR_OUT_OF_RANGE', 'beyond 32 bits');
  await fails(() => ruvector.transp([0.99999], [0], [1e38]), 'ERR_OUT_OF_RANGE', 'beyond 32 bits');
  await fails(() => ruvector.hierarchicalForward([Infinity, 1], [], []), 'ERR_NON_FINITE', 'no level, infinite query');
  await fails(() => new ruvector.RuvectorLayer(2, 2, 1).forward([1, 2], [], [NaN]), 'ERR_NON_FINITE', 'weights without neighbours');
  const box = new ruvector.TensorCompress();
  for (const scale of [1e-60, 1e-45]) {
    await fails(() => box.decompress(JSON.stringify({ Half: { data: [32768, 33000, 1], scale, dim: 3 } })), 'ERR_CORRUPT', `scale ${scale}`);
  }
  for (const u of [70000, -1, 0.5]) {
    await fails(() => box.decompress(JSON.stringify({ Half: { data: [32768, u, 1], scale: 1, dim: 3 } })), 'ERR_CORRUPT', `code ${u}`);
  }
  await fails(() => box.compressWithLevel([1], { levelType: 'half', scal: 3 }), 'ERR_INVALID_CONFIG', 'misspelt option');
  await fails(() => ruvector.differentiableSearchHyperbolic([0.1], [[0.1]], 1, -1, { temprature: 3 }), 'ERR_INVALID_CONFIG', 'misspelt option');
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  await fails(() => ruvector.differentiableSearch(proxy, [[1]], 1), 'ERR_INVALID_ARG', 'a revoked proxy');
  await fails(() => ruvector.mobiusMatvec({ data: detached(vector(4, 1)), rows: 0, dim: 4 }, [1, 2, 3, 4]), E, 'a matrix without rows or memory');
  await fails(() => ruvector.hierarchicalForwardV2([1], [[[1]]], undefined, { mode: 'unknown', k: Symbol('k') }), 'ERR_INVALID_ARG', 'a symbol beside an unknown mode');
});

test('what a second review found: absurd levels, strided arrays, misspelt seeds, texts that cannot be', async () => {
  const sparse = (length) => Object.assign([[1, 0]], { length });
  await fails(() => ruvector.hierarchicalForwardV2([1, 0], sparse(2 ** 32 - 1), undefined, { mode: 'standard' }), A, 'levels');
  await fails(() => ruvector.hierarchicalForwardV2Async([1, 0], sparse(2 ** 32 - 1), undefined, { mode: 'standard' }), A, 'levels', true);
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  await fails(() => new VectorSet({ data, shape: [3, 2], stride: [1, 3], offset: 0 }), 'ERR_UNSUPPORTED', 'a transposed ndarray');
  await fails(() => new VectorSet({ data, shape: [2, 2], stride: [2, 1], offset: 2 }), 'ERR_UNSUPPORTED', 'an ndarray with an offset');
  assert.deepStrictEqual(Array.from(new VectorSet({ data, shape: [3, 2], stride: [2, 1], offset: 0 }).get(1)), [3, 4]);
  await fails(() => new ruvector.RuvectorLayer(2, 2, 1, 0, { Seed: 7 }), C, 'a misspelt seed');
  await fails(() => new ruvector.RuvectorLayer(2, 2, 1, 0, [7]), C, 'a list for a seed');
  await fails(() => new ruvector.RuvectorLayer(2048, 2048, 8, 0, 1).toJson(), 'ERR_OUT_OF_MEMORY', 'JSON of 600 MB');
  const box = new ruvector.TensorCompress(), long = new Float32Array(2 ** 24 + 8).fill(1);
  assert.strictEqual(box.decompress(box.compressWithLevel(long, { levelType: 'binary' })).length, long.length);
  assert.throws(() => ruvector.differentiableSearchHyperbolic([0.1, 0.1], [[0.2, 0.1]], 1, -1e300), /received -1e300? |received -1e\+?300/);
});
