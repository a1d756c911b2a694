'use strict';
// What the fuzz calls of @ruvector/gnn/attention. A class of npm/lib/overlay/attention.js needs no word here: its row there says
// what its constructor, options and calls take (an option whose good values are few has its line in VALUES).
const attention = require('../../entries/attention.js');
const { extraNames } = require('../../lib/attention/extras.js');
const { MEMBERS } = require('../../lib/overlay/members.js');
const { GatedHeads } = require('../../lib/overlay/mixture.js');
const { NAMES } = require('../../lib/overlay/expert-names.js');
const { MECHANISMS } = require('../../lib/overlay/attention.js');
const { weightFiles } = require('./members.js');
const { form, matrix, matrixForm, numbers, strangers, trapped, vector } = require('./vectors.js');

const { attentionRows } = require('./training.js');

const options = (...fields) => ({ kind: 'options', fields });
const ASYNC = options('threads', 'signal');
const call = (...fields) => ({ kind: 'callOptions', fields });

/** Exports that are none of the classes, and what all classes share. */
const rows = {
  'Attention#compute': ['query', 'keys', 'values'],
  'Attention#computeRaw': ['query', 'keys', 'values'], 'Attention#feed': ['query', 'keys', 'values', options('index:first', 'attentionState:state')], 'Attention#merge': ['attentionStates'],
  'Attention#finish': ['attentionState'],
  'Attention#computeWithMask': ['query', 'keys', 'values', 'maskRow'],
  'Attention#computeAsync': ['query', 'keys', 'values', call('maskRow:mask', 'threads', 'signal')],
  'Attention#computeBatch': ['queries', 'keys', 'values', call('mask', 'offsets', 'pattern', 'threads')],
  'Attention#computeBatchAsync': ['queries', 'keys', 'values', call('mask', 'offsets', 'pattern', 'threads', 'signal')],
  'Attention#attentionWeights': ['queries', 'keys', call('mask', 'offsets', 'pattern', 'threads')],
  'Attention#backward': ['queries', 'keys', 'values', 'gradient', call('mask', 'offsets', 'pattern', 'threads')],
  'Attention#backwardAsync': ['queries', 'keys', 'values', 'gradient', call('mask', 'offsets', 'pattern', 'threads', 'signal')],
  'Attention#forwardWithMetadata': ['query', 'keys', 'values', options('places:distances', 'places:hnswLayers', 'places:edgeWeights', 'keys:structuralFeatures')],
  'Attention#describe': [],
  'Attention#parameters': [],
  'Attention#getWeights': [],
  'Attention#setWeights': ['parameters'],
  'Attention#toJson': [],
  ...weightFiles('Attention'),
  'Attention#closed': [],
  'Attention#close': [],

  scaledDotAttention: ['query', 'keys', 'values'],
  computeAttentionAsync: ['query', 'keys', 'values', 'width', ASYNC],
  computeFlashAttentionAsync: ['query', 'keys', 'values', 'width', 'blockSize', ASYNC],
  batchAttentionCompute: ['matrix', 'keyLists', 'keyLists', 'width', ASYNC],
  batchFlashAttentionCompute: ['matrix', 'keyLists', 'keyLists', 'width', 'blockSize', ASYNC],
  parallelAttentionCompute: ['parallelConfig', 'matrix', 'keyLists', 'keyLists', ASYNC],

  projectToPoincareBall: ['vector', 'curvature'],
  poincareDistance: ['vector', 'vector', 'curvature'],
  mobiusAddition: ['vector', 'vector', 'curvature'],
  expMap: ['vector', 'vector', 'curvature'],
  logMap: ['vector', 'vector', 'curvature'],
  computeHyperbolicAttentionAsync: ['query', 'keys', 'values', 'width', 'curvature', ASYNC],
  benchmarkAttention: ['attentionType', 'size', 'few', 'few'],

  'Mixture#getRouting': ['queries'],
  'Mixture#getExpertUsage': ['queries'],
  'SparsityPattern.local': ['index', 'index', 'index'],
  'SparsityPattern.strided': ['index', 'index', 'size'],
  'SparsityPattern.block': ['index', 'index', 'size'],
  'SparsityPattern.global': ['index', 'index', 'index'],
  'SparsityPattern.random': ['index', 'index', 'index', 'seed'],
  'SparsityPattern.fromCsr': ['offsets', 'keyIndices', 'size'],
  'SparsityPattern#union': ['pattern'],
  ...Object.fromEntries(['toMask', 'offsets', 'indices', 'queries', 'keys', 'count', 'density'].map((name) => [`SparsityPattern#${name}`, []])),
  graphStatistics: ['graph', options('few:sources', 'index:seed')],
  structuralFeatures: ['graph', options('share:damping', 'share:tolerance')],
  recommendMechanism: ['statistics', { ...options('index:queries', 'index:keys', 'size:dim', 'explain:hasEdgeFeatures', 'share:normBound'), always: ['queries', 'keys', 'dim'] }],
  SparseGraphAttention: [{ ...options('width:dim', 'few:localWindow', 'few:globalTokens'), always: ['dim'] }],
  ...Object.fromEntries(['dim', 'numHeads', 'localWindow', 'globalTokens', 'closed', 'close'].map((name) => [`SparseGraphAttention#${name}`, []])),
  'SparseGraphAttention#attentionMask': ['nodeCount', 'adjacency'],
  'SparseGraphAttention#forward': ['nodeFeatures', 'adjacency', options('threads')],
  HNSWEdgeFeatureExtractor: [],
  'HNSWEdgeFeatureExtractor#edgeDim': [],
  'HNSWEdgeFeatureExtractor#extract': [{ ...options('lengths:distances', 'lengths:levels', 'lengths:degrees'), always: ['distances'] }],

  ...attentionRows,

  RuvectorError: ['code', 'message'],
  info: [],
  version: [],
};
/** What classes of the table have besides: a row for each name, whichever class it is. */
const ADDED = {
  '#getRouting': ['queries'], '#getExpertUsage': ['queries'], '#getGates': ['queries'], '#getSpaceContributions': ['queries', 'keys'],
  '#computeWithEdges': ['query', 'keys', 'values', 'edges'], '#computeWithPositions': ['query', 'keys', 'values', 'index', 'places'],
  '#applyRotary': ['query', 'index'], '.simple': ['size', 'heads', 'heads'], '.withConfig': ['size', 'curvature', 'explain', 'temperature'],
  '#headOutput': ['query', 'keys', 'values', 'index'], '#addExpert': ['expert'], '.builder': [{ ...options('width:dim', 'few:topK', 'index:seed'), always: ['dim'] }],
  '#applyRotation': ['nodeFeatures', 'nodePlaces', 'nodePlaces'], '#applyRelativeRotation': ['query', 'query', 'index', 'index'], '#encodeDistance': ['index', 'index'],
  '#forward': ['nodeFeatures', 'adjacency', options('anyIndex:index', 'few:kLatent', 'threads')],
  '#forwardBatch': ['nodeFeatures', 'adjacency', 'anyIndex', 'index', options('few:kLatent')], '#findLatentNeighbors': ['anyIndex', 'vector', 'few', 'index'],
  '.withWeights': ['size', 'curvature', 'share', 'share'], '.encodeDistance': ['index', 'size'], '.distanceToPosition': ['index', 'size'],
};

for (const [name, row] of Object.entries(MECHANISMS)) {
  rows[name] = [{ kind: 'creation', row, spread: true }];
  rows[`${name}.fromJson`] = [{ kind: 'mechanismJson', row }];
  for (const option of row.options.keys()) rows[`${name}#${option}`] = [];
  rows[`${name}#dim`] = [];
  if (row.options.has('numHeads')) rows[`${name}#headDim`] = [];
  const { methods, statics } = MEMBERS[name] ?? {}, objects = [['#', methods ?? {}], ['.', statics?.(attention[name]) ?? {}]];
  if (row.base === 'gated') objects.push(['#', GatedHeads.prototype]); // Mixture is an export of its own
  for (const [mark, object] of objects) {
    for (const key of Object.getOwnPropertyNames(object)) if (ADDED[mark + key]) rows[name + mark + key] = ADDED[mark + key];
  }
}

// MARK: - Mechanisms

/** What a walk may be made of. */
const WALKS = [
  [{ class: 'RuvectorLayer', options: { inputDim: 2, hiddenDim: 3, heads: 1, seed: 1 } }],
  [{ class: 'RuvectorLayerV2', options: { inputDim: 2, hiddenDim: 4, attention: 'local', seed: 1 } }, { class: 'RuvectorLayer', options: { inputDim: 4, hiddenDim: 2, heads: 2, seed: 2 } }],
];

/** What a Sequential may be made of. */
const LAYERS = [
  [{ class: 'Linear', options: { inChannels: 2, outChannels: 3, seed: 1 } }],
  [{ class: 'Dropout', options: { p: 0.5 } }, { class: 'GATv2Layer', options: { inChannels: 2, outChannels: 2, edgeDim: 2, seed: 1 } }, { class: 'Activation', options: { function: 'elu' } }],
];

const VALUES = {
  dim: [1, 2, 4, 4, 8, 8, 12, 16], numHeads: [1, 1, 2, 4], blockSize: [1, 3, 16, 512], numFeatures: [1, 8, 64], localWindow: [0, 1, 4, 64], numExperts: [1, 2, 4],
  curvature: [-1, -0.5, 1, 1e-3], model: ['poincare', 'lorentz'], version: ['v1', 'v2'], nodeDim: [1, 2, 4, 8], edgeDim: [1, 2, 4], euclideanDim: [0, 1, 3],
  hyperbolicDim: [1, 2], sphericalDim: [0, 2], maxPosition: [8, 512], base: [10, 10000], levels: [1, 3], outputHeadDim: [1, 4], topK: [1, 2],
  layers: LAYERS, curvatureFrom: [-0.1, -1], curvatureTo: [-1, -2], hyperbolicCurvature: [-1, -0.3], sphericalCurvature: [1, 0.3],
};
const BY_KIND = {
  children: (c) => Array.from({ length: 1 + c.chance.below(3) }, () => c.chance.pick([
    c.chance.pick(NAMES), { class: 'FlashAttention', options: { dim: c.dim, blockSize: 3 } }, c.chance.pick(c.world.mechanisms) ?? 'local'])),
  integer: (c) => c.chance.pick([0, 1, 1, 2, 4]),
  number: (c) => c.chance.pick([0, 1, 1, 2, 4, 0.5, 0.1]),
  flag: (c) => c.chance.of(0.5),
  seed: (c) => c.chance.pick([0, 7, 2n ** 63n]),
};
const BAD = [0, -1, NaN, Infinity, 1.5, 1e-30, 1e30, 65536, 65537, 2 ** 32, 2 ** 53, -0, 2n, ...strangers()];

/** A bad value. What is only large is no wider than some hundreds in `dim`, whose square memory grows with (elu: 17 GB). */
function bad(c, name) {
  const value = c.chance.pick(BAD);
  return name === 'dim' && value === 65536 ? 512 : value;
}

function option(c, row, name) {
  const values = row.family === 'walk' && name === 'layers' ? WALKS : VALUES[name], value = values ? c.chance.pick(values) : BY_KIND[row.options.get(name).kind]?.(c);
  if (name === 'dim') c.dim = value; // of experts too
  return value;
}

/** Options that a class needs, or that its positional form has (numExperts: experts may be given in its place). */
const isWanted = (row, name) => ((row.positional ?? []).includes(name) && name !== 'numExperts') || (row.required ?? []).includes(name);

/** The arguments of a constructor: an object, or one by one as in @ruvector/attention. */
function creation(c, { row }) {
  const { chance } = c, isBad = c.bad();
  if (row.positional && chance.of(0.4)) {
    const list = row.positional.map((name) => option(c, row, name));
    list.length = chance.pick([list.length, list.length, 1]);
    if (row.ignored && chance.of(0.3)) list.push(1);
    if (isBad) {
      const at = chance.below(list.length);
      list[at] = bad(c, row.positional[at]);
    }
    return list;
  }
  const o = {};
  for (const name of row.options.keys()) if (chance.of(isWanted(row, name) ? 0.95 : !row.positional && row.options.get(name).kind === 'integer' ? 0.9 : 0.5)) o[name] = option(c, row, name);
  if (!isBad) return [o];
  const named = chance.of(0.9) ? chance.pick([...row.options.keys()]) : chance.pick(['dims', 'constructor', '__proto__']);
  const value = chance.of(0.1) ? o.dim : bad(c, named);
  if (chance.of(0.1)) Object.defineProperty(o, named, { enumerable: true, get: () => { c.interfere(); return value; } });
  else o[named] = value;
  return chance.of(0.1) ? [o, chance.pick(strangers())] : [o];
}

/** A mechanism of class `row`, with good options; undefined where the choice of options is none. */
function make(c, row) {
  try {
    const o = Object.fromEntries([...row.options.keys()].filter((name) => isWanted(row, name) || c.chance.of(0.5)).map((name) => [name, option(c, row, name)]));
    const made = c.world.keep(new attention[row.class](o));
    return made.closed ? undefined : made; // a full world closes one
  } catch {
    return undefined;
  }
}

/** One of the world's mechanisms (of class `name`, where that is one), made where there is none; arguments will fit it. */
function mechanism(c, name) {
  const type = attention[name];
  if (type === attention.SparsityPattern) return pattern(c);
  if (type === attention.HNSWEdgeFeatureExtractor) return new type();
  if (type === attention.SparseGraphAttention) return new type({ dim: (c.dim = c.dim > 0 ? c.dim : 4) });
  const row = MECHANISMS[name] ?? c.chance.pick(Object.values(MECHANISMS).filter((one) => attention[one.class].prototype instanceof type));
  const known = c.world.mechanisms.filter((one) => one instanceof attention[row.class] && (!one.closed || c.chance.of(0.2)));
  const self = known.length > 0 ? c.chance.pick(known) : make(c, row);
  if (self) c.fitMechanism(self, row);
  return self;
}

function mechanismJson(c, { row }) {
  const json = c.chance.pick(c.world.mechanismJson.filter((text) => text.startsWith(`{"version":1,"class":"${row.class}"`))) ?? make(c, row)?.toJson() ?? '{}';
  return json;
}

// MARK: - Arguments of calls

/** A mask of one row, or with `rows` one a query; all forms. */
function maskRow(c) {
  if (c.bad()) return c.chance.pick([...strangers(), new Uint8Array(c.keyCount + 1), [2], trapped(c, [true, false])]);
  const flags = Array.from({ length: c.keyCount }, () => c.chance.of(0.7));
  return c.chance.of(0.5) ? flags : Uint8Array.from(flags, Number);
}

function mask(c) {
  switch (c.chance.below(4)) {
    case 0: return Uint8Array.from({ length: c.rows * c.keyCount }, () => c.chance.below(2));
    case 1: return Array.from({ length: c.rows }, () => maskRow(c));
    default: return maskRow(c);
  }
}

function offsets(c) {
  const ends = Array.from({ length: Math.max(c.rows - 1, 0) }, () => c.chance.below(c.keyCount + 1)).sort((a, b) => a - b);
  const list = [0, ...ends, c.keyCount].slice(0, c.rows + 1);
  if (c.bad()) list[c.chance.below(list.length)] = c.chance.pick([-1, 0.5, NaN, c.keyCount + 1, 2 ** 32, 2 ** 31, '1', undefined]);
  const type = c.chance.pick([Array, Uint32Array, Int32Array, Float32Array]);
  return type.from(list, c.chance.of(0.9) ? undefined : (x) => x);
}

/** Numbers a column, features or edges: what `extraNames` says. */
function extra(c, name) {
  if (c.bad()) return matrix(c);
  if (name === 'edges') return matrixForm(c, c.chance.pick([c.keyCount, c.rows * c.keyCount]), c.config?.edgeDim ?? 2);
  const count = name.startsWith('query') ? c.rows : c.keyCount;
  return name.endsWith('Features') ? matrixForm(c, count, c.config?.numFeatures ?? 2) : places(c, count);
}

/** Positions, levels, kinds: small integers. */
const places = (c, count = c.keyCount) => form(c, Array.from({ length: count }, () => c.chance.below(4)));

/** Adds to the options of a call those that the mechanism has. */
function addExtras(c, o) {
  if (c.mechanismRow) for (const name of extraNames(c.mechanismRow)) if (c.chance.of(0.7)) o[name] = extra(c, name);
}

const outputDim = (c) => c.width ?? c.valueDim;
const keyMatrix = (c, width) => (c.bad() ? matrix(c) : matrixForm(c, c.keyCount, width));
/** A matrix for each query, the first two of three calls with as many rows as each other. */
const keyLists = (c) => (c.bad() ? c.chance.pick([...strangers(), [matrix(c)], [[]]])
  : Array.from({ length: c.rows }, (_, i) => matrixForm(c, 1 + i % 3, c.dim)));

function parallelConfig(c) {
  const config = { attentionType: c.chance.pick(Object.values(attention.AttentionType)), dim: c.dim };
  if (c.chance.of(0.3)) Object.assign(config, { blockSize: 4, numFeatures: 8, localWindow: 2, globalTokens: 1 });
  if (!c.bad()) return config;
  return c.chance.pick([...strangers(), { ...config, attentionType: c.chance.pick(['Unknown', 5, '__proto__']) }, { ...config, dim: bad(c, 'dim') }]);
}

function pattern(c) {
  const { SparsityPattern: P } = attention, kind = c.chance.pick(['local', 'strided', 'block', 'global', 'random']);
  return c.bad() ? c.chance.pick(strangers()) : P[kind](c.rows, c.keyCount, 1 + c.chance.below(3), ...(kind === 'random' ? [c.chance.below(9)] : []));
}

/** A graph of up to eight nodes. */
function graph(c) {
  const n = c.keyCount, ends = Array.from({ length: n }, () => c.chance.below(3));
  if (c.bad()) return c.chance.pick([...strangers(), { offsets: offsets(c), indices: [c.chance.pick([0, 1, 2 ** 31, 2 ** 32, -1, 0.5])] }]);
  if (c.chance.of(0.5)) return attention.SparsityPattern.random(n, n, c.chance.below(n + 1), 1);
  const starts = ends.reduce((list, x) => [...list, list.at(-1) + Math.min(x, n)], [0]);
  return { offsets: starts, indices: ends.flatMap((x, i) => Array.from({ length: Math.min(x, n) }, (_, j) => (i + j) % n)) };
}

function statistics(c) {
  if (c.bad()) return c.chance.pick([...strangers(), { nodes: NaN }]);
  return c.chance.of(0.3) ? undefined : attention.graphStatistics(attention.SparsityPattern.local(c.keyCount, c.keyCount, 2));
}

/** A state of `feed` for the object that is called. */
function attentionState(c) {
  let heads = 1;
  try {
    heads = c.self?.numHeads ?? 1;
  } catch { /* a stranger */ }
  const { chance } = c, state = Float64Array.from({ length: 2 * heads + (c.valueDim ?? 4) + 1 }, () => chance.pick([0, 1, -2, 0.5]));
  state[state.length - 1] = chance.below(5);
  if (!c.bad()) return state;
  return chance.pick([...strangers(), state.subarray(1), state.map(() => NaN), state.map(() => 1e300), new Float64Array(0)]);
}

const kinds = {
  graph, statistics, attentionState,
  attentionStates: (c) => (c.bad() ? c.chance.pick([...strangers(), [], [null]]) : Array.from({ length: 1 + c.chance.below(3) }, () => attentionState(c))),
  nodeCount: (c) => (c.nodes = c.bad() ? c.chance.pick([0, -1, 1.5, NaN, 2 ** 40]) : 1 + c.chance.below(5)),
  nodeFeatures: (c) => (c.bad() ? matrix(c) : matrixForm(c, (c.nodes = 1 + c.chance.below(5)), c.dim)),
  nodePlaces: (c) => (c.bad() ? vector(c) : places(c, c.nodes ?? 3)),
  adjacency(c) {
    const n = c.nodes ?? 3, lists = Array.from({ length: Number.isInteger(n) && n > 0 && n < 9 ? n : 2 }, (_, i) => [i, 0].slice(0, c.chance.below(3)));
    return c.bad() ? c.chance.pick([...strangers(), ...c.world.graphs, [[9]], { offsets: [0, 1], indices: [0] }]) : lists;
  },
  expert: (c) => (c.bad() ? c.chance.pick([...strangers(), { class: 'Nobody', options: {} }, { class: 'FlashAttention', options: { dim: 3 } }]) : BY_KIND.children(c)[0]),
  pattern,
  places: (c) => (c.bad() ? vector(c) : places(c)),
  lengths: (c) => (c.bad() ? vector(c) : form(c, numbers(c, c.keyCount).map(Math.abs))),
  edges: (c) => extra(c, 'edges'),
  keyIndices: (c) => (c.bad() ? c.chance.pick([...strangers(), [0.5], [2 ** 32]]) : Array.from({ length: c.keyCount }, (_, i) => i)),
  attentionType: (c) => (c.bad() ? c.chance.pick([...strangers(), 'flash', '__proto__']) : c.chance.pick(Object.values(attention.AttentionType))),
  few: (c) => (c.bad() ? c.chance.pick([0, -1, NaN, 1.5, 1e8, 2 ** 53, ...strangers()]) : 1 + c.chance.below(3)),
  query: vector,
  queries: (c) => (c.chance.of(0.2) ? ((c.rows = 1), vector(c)) : matrix(c)),
  keys: (c) => keyMatrix(c, c.dim),
  values: (c) => keyMatrix(c, c.valueDim),
  gradient: (c) => (c.bad() ? matrix(c) : matrixForm(c, c.rows, outputDim(c))),
  parameters: (c) => (c.bad() ? vector(c) : form(c, numbers(c, c.parameterCount))),
  width: (c) => (c.bad() ? bad(c, 'dim') : c.dim),
  blockSize: (c) => (c.bad() ? c.chance.pick(BAD) : c.chance.pick([undefined, 1, 3, 512])),
  parallelConfig,
  creation, keyLists, mask, maskRow, mechanismJson, offsets,
};

module.exports = { LAYERS, WALKS, addExtras, attention, kinds, mechanism, rows };
