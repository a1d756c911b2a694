'use strict';

// searchWithGnn: candidates of an index, ranked anew by the embeddings that a layer over a graph gives them and the query.
const inputs = require('../inputs.js');
const { Graph } = require('../graph.js');
const { Handle } = require('../handle.js');
const { cosine, search } = require('../search.js');
const { matrix } = require('../matrices.js');
const { readsEdges } = require('./sampler.js');
const { standardised } = require('../standardised.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');

const MOST = 2 ** 32 - 1; // candidates
const OPTIONS = ['candidates', 'neighbors', 'queryLinks', 'graph', 'keys', 'gnnWeight', 'temperature', 'ef', 'threads'];

const share = (value, name, standard) => {
  const x = inputs.number(value, name, standard);
  if (x >= 0 && x <= 1) return x;
  throw unexpected('ERR_OUT_OF_RANGE', 'a number in 0...1', name, value);
};

/** The options of a search, read. */
function read(options, k, more = []) {
  const given = inputs.options(options, [...OPTIONS, ...more]), { candidates, neighbors = 8, queryLinks = 8, temperature = 1, threads } = given;
  const wanted = candidates === undefined ? Math.max(50, Math.min(4 * k, MOST)) : inputs.count(candidates, 'candidates');
  if (!(inputs.number(temperature, 'temperature') > 0 && temperature < Infinity)) throw unexpected('ERR_OUT_OF_RANGE', 'a finite number > 0', 'temperature', temperature);
  return {
    ...given, candidates: Math.max(wanted, k), neighbors: inputs.count(neighbors, 'neighbors'), queryLinks: inputs.count(queryLinks, 'queryLinks'), temperature,
    gnnWeight: share(given.gnnWeight, 'gnnWeight', 1), threads: threads === undefined ? {} : { threads },
  };
}

/** key -> [[key of a source, weight]]: those of the caller's graph, or the links of the index. `keyOf`: a key as the index has it. */
function sourcesOf(index, { graph, keys }, keyOf) {
  if (graph === undefined) return typeof index.neighbors === 'function' ? (key) => Array.from(index.neighbors(key), (source) => [source, 1]) : () => [];
  Handle.of(graph, Graph, 'graph');
  const { offsets, indices, weights } = graph, given = keys === undefined ? undefined : inputs.keys(keys, 'keys');
  if (given && given.length !== graph.nodes) throw mismatch('ERR_DIMENSION_MISMATCH', `${graph.nodes} keys, one a node,`, 'keys', given.length);
  const names = Array.from({ length: graph.nodes }, (_, node) => (given ? keyOf(given[node], `keys[${node}]`) : node)), nodes = new Map(names.map((key, node) => [key, node]));
  return (key) => {
    const node = nodes.get(key);
    return node === undefined ? [] : Array.from(indices.subarray(offsets[node], offsets[node + 1]), (source, i) => [names[source], weights ? weights[offsets[node] + i] : 1]);
  };
}

/** A key that an index may have. */
function ownKey(key, name) {
  if (typeof key === 'string' || typeof key === 'bigint' || Number.isSafeInteger(key)) return key;
  throw unexpected('ERR_INVALID_ARG', 'a key of the index', name, key);
}

/**
 * Ranks hits {keys, distances} of an index anew: [{key, score, weight, distance, attention}]. The graph has the query as its first node,
 * linked to the nearest hits as if it had been inserted, then the hits and their sources.
 */
function rerank(index, query, gnn, k, { keys, distances }, options, keyOf = ownKey) {
  const { neighbors, queryLinks, temperature, gnnWeight, threads } = options, encode = gnn?.encode ?? gnn?.forward;
  if (typeof encode !== 'function') throw unexpected('ERR_INVALID_ARG', 'a layer or an embedder', 'gnn', gnn);
  if (keys.length === 0 || k === 0) return [];
  const sources = sourcesOf(index, options, keyOf), places = new Map(Array.from(keys, (key, i) => [key, i + 1])), all = Array.from(keys), lists = [Array.from({ length: Math.min(queryLinks, keys.length) }, (_, i) => i + 1)], weights = lists[0].map(() => 1);
  for (const key of keys) {
    const list = [];
    for (const [source, weight] of sources(key)) {
      if (list.length >= neighbors) break;
      if (!places.has(source)) {
        if (!index.has(source)) continue;
        places.set(source, all.push(source));
      }
      list.push(places.get(source));
      weights.push(weight);
    }
    lists.push(list);
  }
  while (lists.length <= all.length) lists.push([]); // nodes that are seen, but see nobody
  const { dim } = index, data = inputs.allocate((all.length + 1) * dim, 'candidates');
  data.set(index.metric === 'cosine' ? unit(query) : query); // as its rows
  all.forEach((key, i) => data.set(index.get(key), (i + 1) * dim));
  const offsets = new Uint32Array(lists.length + 1);
  lists.forEach((list, i) => { offsets[i + 1] = offsets[i] + list.length; });
  const graph = new Graph({ offsets, indices: lists.flat(), ...(weights.some((weight) => weight !== 1) && { weights }) }), x = { data, rows: all.length + 1, dim };
  try {
    const rows = matrix(encode.call(gnn, x, graph, ...(readsEdges(gnn) ? [undefined] : []), threads), 'gnn(…)'), count = keys.length, width = rows.dim;
    if (rows.rows !== x.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${x.rows} rows`, 'gnn(…)', rows.rows);
    const bad = rows.data.findIndex((number) => !Number.isFinite(number));
    if (bad >= 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', `gnn(…)[${Math.floor(bad / width)}]`, String(rows.data[bad]));
    const row = (i) => rows.data.subarray(i * width, (i + 1) * width);
    // One pass over the candidates in constant memory, the softmax running along.
    const byGnn = search(row(0), { data: rows.data.subarray(width, (count + 1) * width), rows: count, dim: width }, count, cosine(1), ({ indices, values }, n) => {
      const cosines = new Array(n);
      for (let i = 0; i < n; i++) cosines[indices[i]] = values[i];
      return cosines;
    });
    const scores = gnnWeight === 1 ? byGnn : mixed(byGnn, distances, gnnWeight);
    const best = scores.reduce((x, y) => Math.max(x, y), -Infinity), terms = scores.map((s) => Math.exp((s - best) / temperature)), sum = terms.reduce((a, b) => a + b, 0), attention = attentionOf(gnn, x, graph, lists, all, threads);
    const order = scores.map((_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
    return order.map((i) => ({ key: keys[i], score: scores[i], weight: terms[i] / sum, distance: distances[i], ...(attention && { attention: attention(i + 1) }) }));
  } finally {
    graph.close();
  }
}

/** A row of length 1; of zeros as it is. */
function unit(row) {
  const length = Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)) || 1;
  return row.map((x) => x / length);
}

/** w z(score) + (1 − w) z(−distance) */
function mixed(scores, distances, w) {
  const near = standardised(Array.from(distances, (d) => -d));
  return Array.from(standardised(scores), (x, i) => w * x + (1 - w) * near[i]);
}

/** Of a layer that has weights of edges: node -> [{key, weight}], the mean over heads, largest first. */
function attentionOf(gnn, x, graph, lists, all, threads) {
  if (typeof gnn.forwardWithAttention !== 'function') return undefined;
  const { attention: { data, dim } } = gnn.forwardWithAttention(x, graph, undefined, threads), { offsets } = graph;
  return (node) => lists[node].map((source, i) => {
    let sum = 0;
    for (let h = 0; h < dim; h++) sum += data[(offsets[node] + i) * dim + h];
    return { key: all[source - 1], weight: sum / dim };
  }).sort((a, b) => b.weight - a.weight);
}

function queryOf(value, dim) {
  const q = inputs.ownVector(value, 'query');
  if (lengthOf(q) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'query', lengthOf(q));
  return q;
}

/** Of an index: [{key, score, weight, distance}]; of a store: [{id, score, weight, distance, metadata}]. */
function searchWithGnn(source, query, gnn, k, options) {
  const count = inputs.count(k, 'k');
  if (typeof source?.getHnswGraph === 'function') return source.searchWithGnn(query, gnn, count, options);
  if (typeof source?.search !== 'function' || typeof source.get !== 'function') throw unexpected('ERR_WRONG_HANDLE', 'an index or a store', 'source', source);
  const o = read(options, count), q = queryOf(query, source.dim), hits = source.search(q, o.candidates, o.ef === undefined ? {} : { ef: o.ef });
  return rerank(source, q, gnn, count, hits, o);
}

module.exports = { queryOf, read, rerank, searchWithGnn };
