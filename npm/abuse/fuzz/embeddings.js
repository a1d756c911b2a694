'use strict';
// The fuzz of PoincareEmbedding and TaxonomyHead: rows, and arguments of their own.
const { ruvector } = require('../../test/support/index.js');
const { form, numbers, strangers } = require('./vectors.js');

const options = (...fields) => ({ kind: 'options', fields });
const TRAIN = ['few:epochs', 'rate:alpha', 'rate:lr', 'threads', 'signal', 'progress:onProgress'], FIT = [...TRAIN, 'closure', 'names:nodes'], EVALUATE = ['names:nodes', 'threads', 'signal', 'progress:onProgress'];
const GETTERS = ['size', 'seed', 'names', 'closed', 'close', 'toBuffer'];

const rows = {
  PoincareEmbedding: ['poincareOptions'],
  'PoincareEmbedding.fromBuffer': ['modelBytes'],
  'PoincareEmbedding.load': ['modelPath'],
  'PoincareEmbedding#save': ['modelPath'],
  'PoincareEmbedding#fit': ['relations', options(...FIT)],
  'PoincareEmbedding#fitSync': ['relations', options(...FIT)],
  'PoincareEmbedding#train': [options(...TRAIN)],
  'PoincareEmbedding#trainSync': [options(...TRAIN)],
  ...Object.fromEntries(['evaluate', 'evaluateSync', 'meanRank', 'map'].map((name) => [`PoincareEmbedding#${name}`, [options(...EVALUATE)]])),
  ...Object.fromEntries(['has', 'vector', 'norm'].map((name) => [`PoincareEmbedding#${name}`, ['node']])),
  'PoincareEmbedding#distance': ['modelPoint', 'modelPoint'],
  ...Object.fromEntries(['nearest', 'ancestors', 'descendants'].map((name) => [`PoincareEmbedding#${name}`, ['modelPoint', 'k']])),
  'PoincareEmbedding#vectors': [],
  'PoincareEmbedding#toIndex': [options('size:M', 'size:efConstruction')],
  ...Object.fromEntries([...GETTERS, 'dim', 'negative', 'epsilon', 'initRange', 'dampening', 'batchSize', 'manifold', 'burnIn', 'alpha', 'burnInAlpha', 'epoch', 'count'].map((name) => [`PoincareEmbedding#${name}`, []])),

  TaxonomyHead: ['headOptions'],
  'TaxonomyHead.fromBuffer': ['modelBytes'],
  'TaxonomyHead.load': ['modelPath'],
  'TaxonomyHead#save': ['modelPath'],
  'TaxonomyHead#fit': ['named', 'relations', options(...TRAIN, 'closure')],
  'TaxonomyHead#fitSync': ['named', 'relations', options(...TRAIN, 'closure')],
  'TaxonomyHead#project': ['text', options('threads')],
  'TaxonomyHead#projectAsync': ['text', options('threads', 'signal')],
  'TaxonomyHead#nearest': ['text', 'k'],
  'TaxonomyHead#ancestors': ['text', 'k'],
  ...Object.fromEntries([...GETTERS, 'embedding', 'hiddenDim', 'sharpness', 'inDim'].map((name) => [`TaxonomyHead#${name}`, []])),
};

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'], PAIRS = [['b', 'a'], ['c', 'a'], ['d', 'b'], ['d', 'a'], ['e', 'c'], ['e', 'a'], ['f', 'e'], ['f', 'f'], ['a', 'f']];
const WIDTH = 4, SIZE = 3;

let known;
/** A fitted one of each class, as bytes. */
function bytes() {
  if (known) return known;
  const one = new ruvector.PoincareEmbedding({ size: SIZE, seed: 1, epochs: 1 }), head = new ruvector.TaxonomyHead({ size: SIZE, hiddenDim: 2, seed: 1, epochs: 1 });
  one.fitSync(PAIRS);
  head.fitSync(Object.fromEntries(NAMES.map((name, i) => [name, Array.from({ length: WIDTH }, (_, c) => Math.sin(i * WIDTH + c))])), PAIRS);
  known = { PoincareEmbedding: one.toBuffer(), TaxonomyHead: head.toBuffer() };
  one.close();
  head.close();
  return known;
}

const absurd = (c) => c.chance.pick([...strangers(), 0, -1, NaN, Infinity, 1e300, 0.5, 2 ** 32]);
const number = (good) => (c) => (c.bad() ? absurd(c) : c.chance.pick(good));
/** An object with some of these options. */
function some(c, fields) {
  if (c.chance.of(0.2)) return undefined;
  if (c.bad() && c.chance.of(0.3)) return c.chance.pick(strangers());
  const o = {};
  for (const [name, good] of Object.entries(fields)) if (c.chance.of(0.3)) o[name] = number(good)(c);
  return o;
}
const POINTS = {
  size: [SIZE, SIZE, 1, 9], negative: [1, 3, 20], epsilon: [1e-5, 0.1], initRange: [1e-3, 1e-6], dampening: [0, 0.75], batchSize: [1, 10, 100], manifold: ['ball', 'hyperboloid'], seed: [1, -5, 2n ** 63n],
  alpha: [0.1, 1, 1000, () => 0.1], burnIn: [0, 1], burnInAlpha: [0.01], epochs: [0, 1, 2],
};

const kinds = {
  poincareOptions: (c) => some(c, POINTS),
  headOptions: (c) => some(c, { ...POINTS, hiddenDim: [1, 2, 8], sharpness: [1, 50] }),
  few: (c) => (c.bad() ? c.chance.pick([-1, 0.5, NaN, '1', null]) : c.chance.pick([0, 1, 2, 3])),
  rate: (c) => (c.bad() ? absurd(c) : c.chance.pick([undefined, undefined, 0.1, 1, 100])),
  closure: (c) => (c.bad() ? c.chance.pick(strangers()) : c.chance.of(0.5)),
  names: (c) => (c.bad() ? c.chance.pick([...strangers(), ['a', 'a'], ['a', 5], []]) : c.chance.of(0.5) ? undefined : NAMES),
  progress: (c) => (c.bad() ? c.chance.pick([1, 'f', null]) : () => { if (c.chance.of(0.1)) c.interfere(); }),
  relations(c) {
    const pairs = Array.from({ length: 1 + c.chance.below(8) }, () => c.chance.pick(PAIRS).slice());
    if (c.bad()) {
      if (c.chance.of(0.4)) return c.chance.pick([...strangers(), [], [['a', 'a']], { names: NAMES, children: [0, 9], parents: [1, 1] }, { names: NAMES, children: [0], parents: [1, 2] }]);
      pairs[0][c.chance.below(2)] = c.chance.pick(strangers());
      return pairs;
    }
    if (c.chance.of(0.7)) return pairs;
    const number = (name) => NAMES.indexOf(name);
    return { names: NAMES, children: pairs.map(([child]) => number(child)), parents: Uint32Array.from(pairs, ([, up]) => number(up)) };
  },
  node: (c) => (c.bad() ? c.chance.pick(['x', '', '__proto__', ...strangers()]) : c.chance.pick(NAMES)),
  modelPoint: (c) => (c.chance.of(0.5) ? kinds.node(c) : form(c, numbers(c, c.bad() ? 5 : c.model?.size ?? SIZE))),
  text: (c) => (c.bad() ? c.chance.pick([...strangers(), [1, NaN, 2, 3]]) : c.chance.of(0.5) ? form(c, numbers(c, c.model?.inDim ?? WIDTH)) : [form(c, numbers(c, c.model?.inDim ?? WIDTH))]),
  named(c) {
    if (c.bad()) return c.chance.pick([...strangers(), { a: [1, 2], b: [1] }, new Map([['a', [1, NaN]]]), { names: ['a'], vectors: [[1], [2]] }]);
    const rows = NAMES.map((name) => [name, form(c, numbers(c, WIDTH))]);
    return c.chance.pick([() => new Map(rows), () => Object.fromEntries(rows), () => ({ names: NAMES, vectors: rows.map(([, row]) => row) })])();
  },
  modelBytes(c) {
    const good = bytes()[c.chance.pick(['PoincareEmbedding', 'TaxonomyHead'])].slice();
    if (!c.bad()) return c.chance.of(0.5) ? good : good.buffer;
    if (c.chance.of(0.3)) return c.chance.pick(strangers());
    if (c.chance.of(0.5)) return good.subarray(0, c.chance.below(good.length));
    good[c.chance.below(good.length)] ^= 1 << c.chance.below(8);
    return good;
  },
  modelPath: (c) => (c.bad() ? c.chance.pick([...strangers(), '', '/no/such/folder/x', 'a\0b']) : c.chance.pick(['embedding.rv', 'other.rv'])),
};

/** An open one of the class `name`, fitted mostly. */
function model(c, name) {
  if (!Object.hasOwn(bytes(), name)) return undefined;
  const old = c.world.models.filter((one) => one instanceof ruvector[name] && (!one.closed || c.chance.of(0.1)));
  c.model = old.length > 0 && c.chance.of(0.7) ? c.chance.pick(old) : c.world.keep(ruvector[name].fromBuffer(bytes()[name]));
  return c.model;
}

module.exports = { kinds, model, rows };
