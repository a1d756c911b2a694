'use strict';

// Data as programs have it: inner products of vectors with lengths of their own or without negative elements, and small storage of
// vectors far from the origin. What HNSWIndex finds of what floats find by looking at each vector; seeded, no data to fetch.
const { gnn: { BruteForceIndex, HNSWIndex } } = require('./library.js');

function generator(seed) {
  let s = seed >>> 0;
  const uniform = () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** n rows of `element(j, generator)`; scaled to `length(generator)` if there is one. */
function rowsOf(n, dim, seed, element, length) {
  const g = generator(seed), data = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) {
    const row = data.subarray(i * dim, (i + 1) * dim);
    for (let j = 0; j < dim; j++) row[j] = element(j, g);
    if (!length) continue;
    const scale = length(g) / Math.hypot(...row);
    for (let j = 0; j < dim; j++) row[j] *= scale;
  }
  return { data, rows: n, dim };
}
const list = ({ data, dim, rows }, count) => Array.from({ length: count }, (_, i) => data.subarray(Math.floor(i * rows / count) * dim, (Math.floor(i * rows / count) + 1) * dim));

/** The share of the k nearest that `index` finds; of equal distances any. */
function recall(index, exact, queries, k, ef) {
  let hits = 0;
  for (const query of queries) {
    const { keys, distances } = exact.search(query, 2 * k), wanted = new Set(Array.from(keys).filter((_, i) => distances[i] <= distances[k - 1]));
    for (const key of index.search(query, k, ef ? { ef } : {}).keys) if (wanted.has(key)) hits++;
  }
  return (hits / (k * queries.length)).toFixed(3);
}

function made(Class, all, options) {
  const index = new Class({ dim: all.dim, ...options });
  index.addBatch(Float64Array.from({ length: all.rows }, (_, i) => i), all);
  return index;
}

const normal = (j, g) => g.normal(), positive = (j, g) => Math.abs(g.normal()), uniform = (j, g) => g.uniform();
const pareto = (alpha) => (g) => (1 - g.uniform()) ** (-1 / alpha), logNormal = (sigma) => (g) => Math.exp(sigma * g.normal());
const PRODUCTS = [
  ['normal elements', normal], ['|normal|', positive], ['uniform', uniform], ['3 + normal, length 1', (j, g) => 3 + g.normal(), () => 1],
  ...[1.5, 2, 3].flatMap((a) => [[`normal, Pareto ${a} lengths`, normal, pareto(a)], [`|normal|, Pareto ${a} lengths`, positive, pareto(a)]]),
  ...[0.5, 1, 2].flatMap((s) => [[`normal, log-normal ${s} lengths`, normal, logNormal(s)], [`|normal|, log-normal ${s} lengths`, positive, logNormal(s)]]),
  ['|normal|, Pareto 0.5 lengths', positive, pareto(0.5)], ['normal, one length in 100 a million, others 1', normal, (g) => (g.uniform() < 0.01 ? 1e6 : 1)],
];
const SMALL = [
  ['normal', 32, normal], ['1000 ± 1', 32, (j, g) => 999 + 2 * g.uniform()], ['48 ± .01', 2, (j, g) => 47.99 + 0.02 * g.uniform()],
  ['normal, one element 100', 32, (j, g) => (j ? g.normal() : 100)], ['100,000 · normal', 32, (j, g) => 1e5 * g.normal()],
];

function ordinary(section, { quick }) {
  const n = quick ? 2000 : 20000, dim = 32, count = quick ? 20 : 100;
  const products = PRODUCTS.map(([name, element, length], i) => {
    process.stderr.write('.');
    const all = rowsOf(n, dim, i + 1, element, length), exact = made(BruteForceIndex, all, { metric: 'ip' }), index = made(HNSWIndex, all, { metric: 'ip' });
    const kinds = [normal, positive].map((kind) => list(rowsOf(count, dim, 99, kind), count));
    const figures = [...kinds, list(all, count)].flatMap((queries) => [recall(index, exact, queries, 10, 64), recall(index, exact, queries, 100, 512)]);
    for (const one of [exact, index]) one.close();
    return [name, ...figures];
  });
  section(`Index: inner products, ${n.toLocaleString('en')} x ${dim}: recall@10 at ef 64, recall@100 at ef 512, by queries`,
    ['vectors', 'normal', '', '|normal|', '', 'like them', ''], products);
  const small = SMALL.flatMap(([name, width, element], i) => ['i8', 'f16'].map((storage) => {
    const all = rowsOf(n / 2, width, i + 51, element), exact = made(BruteForceIndex, all, { metric: 'l2' }), queries = list(all, count);
    const figures = [{}, { rerank: false }].flatMap((more) => [BruteForceIndex, HNSWIndex].map((Class) => {
      try {
        return recall(made(Class, all, { metric: 'l2', storage, ...more }), exact, queries, 10);
      } catch (error) {
        return error.code;
      }
    }));
    return [name, storage, ...figures];
  }));
  section(`Index: small storage, ${(n / 2).toLocaleString('en')} vectors, l2: recall@10`,
    ['elements', 'storage', 'brute force', 'HNSW', 'without floats: brute force', 'HNSW'], small);
}

module.exports = { ordinary };
