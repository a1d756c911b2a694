'use strict';
// The fuzz of learning from use: Reranker, and what a VectorStore has of it.
const { ruvector } = require('../../test/support/index.js');
const { form, matrixForm, numbers, strangers, vector } = require('./vectors.js');

const options = (...fields) => ({ kind: 'options', fields });
const LEARN = ['examination', 'progress:onProgress', 'signal', 'threads'];

const rows = {
  Reranker: ['rerankerOptions'],
  'Reranker.fromBuffer': ['rerankerBytes'],
  'Reranker#rerank': ['vector', 'rankCandidates', options('few:k', 'flag:track', 'flag:explain')],
  'Reranker#observe': ['impression', 'clicked'],
  'Reranker#learn': [{ ...options('candidateFinder:candidates', ...LEARN), always: ['candidates'] }],
  ...Object.fromEntries(['dim', 'rank', 'seed', 'maxObservations', 'learning', 'forget', 'toBuffer', 'closed', 'close'].map((name) => [`Reranker#${name}`, []])),
  RLNavigator: ['navigatorOptions'],
  'RLNavigator#search': ['three', options('few:k', 'few2:hops')],
  'RLNavigator#train': ['threes', options('few2:episodes', 'few2:hops', 'signal', 'progress:onProgress')],
  'RLNavigator#setWeights': ['three'],
  ...Object.fromEntries(['nodes', 'dim', 'seed', 'getWeights'].map((name) => [`RLNavigator#${name}`, []])),
  'VectorStore#observe': ['impression', 'clicked'],
  'VectorStore#observeAsync': ['impression', 'clicked'],
  'VectorStore#learn': [options(...LEARN)],
  'VectorStore#learning': [],
  'VectorStore#forget': [],
};

const SHOWN = ['a', 'b', 'c', 'd'];
function candidates(c, dim) {
  const n = c.chance.below(5);
  return { ids: SHOWN.slice(0, n), vectors: n === 0 ? [] : matrixForm(c, n, dim), scores: form(c, numbers(c, n)) };
}

const kinds = {
  rerankerOptions: (c) => (c.bad() ? c.chance.pick([...strangers(), {}, { dim: 0 }, { dim: 4, rank: -1 }, { dim: 4, maxObservations: 0.5 }, { dim: 4, x: 1 }]) : { dim: c.dim || 1, rank: c.chance.pick([1, 2, 8]), maxObservations: c.chance.pick([2, 100]) }),
  rerankerBytes(c) {
    const one = new ruvector.Reranker({ dim: 4, rank: 2, seed: 1 });
    one.observe({ query: [1, 0, 0, 0], shown: SHOWN }, ['a']);
    const bytes = one.toBuffer();
    one.close();
    if (!c.bad()) return bytes;
    if (c.chance.of(0.3)) return c.chance.pick(strangers());
    if (c.chance.of(0.5)) return bytes.subarray(0, c.chance.below(bytes.length));
    bytes[c.chance.below(bytes.length)] ^= 1 << c.chance.below(8);
    return bytes;
  },
  rankCandidates: (c) => (c.bad() ? c.chance.pick([...strangers(), { ids: ['a', 'a'], vectors: [[1], [1]], scores: [1, 2] }, { ids: ['a'], vectors: [[NaN]], scores: [1] }, { ids: [1] }]) : candidates(c, c.dim)),
  candidateFinder: (c) => (c.bad() ? c.chance.pick([...strangers(), () => { c.interfere(); return {}; }, () => ({ ids: ['a'] }), async () => { c.interfere(); }]) : () => candidates(c, c.self?.dim ?? c.dim)),
  impression(c) {
    const shown = SHOWN.slice(0, 1 + c.chance.below(4));
    if (!c.bad()) return c.chance.pick([{ query: vector(c), shown }, { query: vector(c), shown: SHOWN, model: 1, swapped: [0, 2] }]);
    return c.chance.pick([...strangers(), '{"version":1}', '{"version":1,"of":"x","query":"AAAA","shown":["a"]}', { query: vector(c), shown: ['a', 'a'] }, { query: [NaN], shown }, { query: vector(c), shown, swapped: [0, 0] }, { query: vector(c), shown: 5 }]);
  },
  clicked: (c) => (c.bad() ? c.chance.pick([...strangers(), ['z'], [1]]) : c.chance.pick([[], ['a'], ['a', 'a']])),
  navigatorOptions: (c) => (c.bad() ? c.chance.pick([...strangers(), {}, { ...small(c), sketch: -1 }, { ...small(c), start: 3 }, { ...small(c), vectors: [[1]] }]) : small(c)),
  examination: (c) => (c.bad() ? c.chance.pick([...strangers(), -1, NaN, 'other']) : c.chance.pick([undefined, 'auto', 0, 1])),
};

let ring;
/** Three nodes of three numbers. */
const small = (c) => ({ graph: (ring ??= new ruvector.Graph({ offsets: [0, 2, 4, 6], indices: [1, 2, 0, 2, 0, 1] })), vectors: matrixForm(c, 3, 3), seed: 1 });

const kept = new Map();
/** A Reranker to call a method on. */
function reranker(c, name) {
  if (name === 'RLNavigator') return new ruvector.RLNavigator({ ...small(c), vectors: [[1, 0, 0], [0, 1, 0], [0, 0, 1]] });
  if (name !== 'Reranker') return undefined;
  const dim = c.dim || 1;
  if (!kept.has(dim) || c.chance.of(0.1)) kept.set(dim, new ruvector.Reranker({ dim, rank: 2, seed: 1, maxObservations: 50 }));
  return kept.get(dim);
}

module.exports = { kinds, reranker, rows };
