'use strict';
// What the fuzz calls: one row an export or member, with the kind of each argument (kinds.js). `Class` is a
// constructor, `Class.name` a static method, `Class#name` a method or getter. A member without a row fails the fuzz. Those of
// @ruvector/gnn/attention (attention.js) are called `attention:name`.
const { ruvector } = require('../../test/support/index.js');
const { attention, rows: attentionRows } = require('./attention.js');
const { rows: embeddingRows } = require('./embeddings.js');
const { rows: graphRows } = require('./graphs.js');
const { rows: indexRows } = require('./indexes.js');
const { rows: memberRows } = require('./members.js');
const { rows: rankingRows } = require('./ranking.js');
const { rows: storeRows } = require('./stores.js');
const { rows: trainingRows } = require('./training.js');

const THREADS = ['threads'], ASYNC = ['threads', 'signal'], BALL = ['temperature', 'projection'];
const options = (...fields) => ({ kind: 'options', fields });
const WALK = { ...options('mode', 'k', 'temperature', 'curvature', 'share:euclideanWeight', 'explain', 'few:numExperts', 'few:topK'), always: ['mode'] };

const rows = {
  differentiableSearch: ['vector', 'candidates', 'k', 'temperature'],
  differentiableSearchAsync: ['vector', 'candidates', 'k', 'temperature', options(...ASYNC)],
  differentiableSearchBatch: ['matrix', 'candidates', 'k', options('temperature', ...THREADS)],
  differentiableSearchBatchAsync: ['matrix', 'candidates', 'k', options('temperature', ...ASYNC)],
  differentiableSearchHyperbolic: ['vector', 'candidates', 'k', 'curvature', options(...BALL)],
  differentiableSearchHyperbolicAsync: ['vector', 'candidates', 'k', 'curvature', options(...BALL, ...ASYNC)],
  differentiableSearchHyperbolicBatch: ['matrix', 'candidates', 'k', 'curvature', options(...BALL, ...THREADS)],
  differentiableSearchHyperbolicBatchAsync: ['matrix', 'candidates', 'k', 'curvature', options(...BALL, ...ASYNC)],
  hierarchicalForward: ['vector', 'levels', 'layers'],
  hierarchicalForwardV2: ['vector', 'levels', 'stack', WALK],
  hierarchicalForwardV2Async: ['vector', 'levels', 'stack', WALK, options(...ASYNC)],

  VectorSet: ['matrix'],
  'VectorSet.open': ['token'],
  'VectorSet#get': ['index'],
  'VectorSet#size': [],
  'VectorSet#dim': [],
  'VectorSet#token': [],
  'VectorSet#closed': [],
  'VectorSet#close': [],

  ...embeddingRows,
  ...graphRows,
  ...storeRows,
  ...memberRows,
  ...trainingRows,
  ...rankingRows,

  RuvectorLayer: ['size', 'size', 'heads', 'share', 'seed'],
  'RuvectorLayer.fromJson': ['layerJson'],
  'RuvectorLayer#forward': ['vector', 'matrix', 'weights'],
  'RuvectorLayer#backward': ['vector', 'matrix', 'weights', 'hidden'],
  'RuvectorLayer#parameters': [],
  'RuvectorLayer#getWeights': [],
  'RuvectorLayer#setWeights': ['layerWeights'],
  'RuvectorLayer#toJson': [],
  'RuvectorLayer#inputDim': [],
  'RuvectorLayer#hiddenDim': [],
  'RuvectorLayer#heads': [],
  'RuvectorLayer#dropout': [],
  'RuvectorLayer#seed': [],
  'RuvectorLayer#closed': [],
  'RuvectorLayer#close': [],

  TensorCompress: [],
  'TensorCompress#compress': ['vector', 'share'],
  'TensorCompress#compressWithLevel': ['vector', 'level'],
  'TensorCompress#decompress': ['compressedJson'],
  getCompressionLevel: ['share'],

  mobiusAdd: ['vector', 'vector', 'curvature'],
  mobiusSub: ['vector', 'vector', 'curvature'],
  mobiusScalarMul: ['scalar', 'vector', 'curvature'],
  mobiusMatvec: ['matrix', 'vector', 'curvature'],
  gyration: ['vector', 'vector', 'vector', 'curvature'],
  expMap: ['vector', 'vector', 'curvature'],
  expMap0: ['vector', 'curvature'],
  logMap: ['vector', 'vector', 'curvature'],
  logMap0: ['vector', 'curvature'],
  dist: ['vector', 'vector', 'curvature'],
  dist0: ['vector', 'curvature'],
  poincareDistance: ['vector', 'vector', 'curvature'],
  projx: ['vector', 'curvature'],
  egrad2rgrad: ['vector', 'vector', 'curvature'],
  lambdaX: ['vector', 'curvature'],
  transp: ['vector', 'vector', 'vector', 'curvature'],
  geodesic: ['scalar', 'vector', 'vector', 'curvature'],
  weightedMidpoint: ['matrix', 'weights', 'curvature'],
  frechetMean: ['matrix', 'weights', 'curvature'],
  toLorentz: ['vector', 'curvature'],
  toPoincare: ['vector', 'curvature'],

  ...indexRows,

  RuvectorError: ['code', 'message'],
  init: [],
  simdLevel: [],
  version: [],
};

const isClass = (value) => typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value));

/** Classes that nobody constructs. */
const ABSTRACT = [attention.Attention, attention.Mixture, attention.SparsityPattern, ruvector.PreparedFilter, ruvector.VectorStore];

/** Everything a module offers, a class once, if it has two names: name -> (receiver, arguments) => result. Members of a base class are that class's. */
function members(module) {
  const found = new Map(), bases = new Set(Object.values(module).map((value) => value?.prototype));
  const seen = new Set();
  for (const [name, value] of Object.entries(module)) {
    if (typeof value !== 'function' || (isClass(value) && seen.has(value))) continue;
    seen.add(value);
    if (!isClass(value)) {
      found.set(name, (_, args) => value(...args));
      continue;
    }
    if (!ABSTRACT.includes(value)) found.set(name, (_, args) => new value(...args));
    let type = value;
    do { // what classes between Attention and this one add
      for (const [key, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
        if (typeof method === 'function') found.set(`${name}.${key}`, (_, args) => value[key](...args));
      }
      type = Object.getPrototypeOf(type);
    } while (type.prototype instanceof attention.Attention);
    for (let p = value.prototype; p && p !== Object.prototype && p !== Error.prototype; p = Object.getPrototypeOf(p)) {
      if (p !== value.prototype && bases.has(p)) break;
      for (const [key, { get, value: method }] of Object.entries(Object.getOwnPropertyDescriptors(p))) {
        const call = get ?? method;
        if (key !== 'constructor' && typeof call === 'function') found.set(`${name}#${key}`, (self, args) => call.apply(self, args));
      }
    }
  }
  return found;
}

/** [{name, call, kinds}]; throws where the table and the modules differ. */
function entries() {
  return [...entriesOf(ruvector, rows, ''), ...entriesOf(attention, attentionRows, 'attention:')];
}

function entriesOf(module, rows, prefix) {
  const found = members(module);
  const untold = [...found.keys()].filter((name) => !Object.hasOwn(rows, name));
  const gone = Object.keys(rows).filter((name) => !found.has(name));
  if (untold.length + gone.length > 0) {
    throw new Error(`npm/abuse/fuzz/${prefix ? 'attention' : 'table'}.js: no row for [${untold}], rows for nothing [${gone}]`);
  }
  return Object.entries(rows).map(([name, kinds]) => ({
    name: prefix + name, call: found.get(name), kinds: kinds.map((kind) => (typeof kind === 'string' ? { kind } : kind)),
  }));
}

module.exports = { entries, entriesOf, rows };
