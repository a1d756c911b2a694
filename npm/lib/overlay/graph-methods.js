'use strict';

// Mechanisms over whole graphs: every node asks the sources of its row, and those that an index finds for it (latent ones).
// Keys are gathered for some nodes at a time, so that memory does not grow with the edges.
const inputs = require('../inputs.js');
const { Attention } = require('../attention/attention.js');
const { stateOf } = require('../members/member.js');
const { matrix } = require('../matrices.js');
const { Graph } = require('../graph.js');
const { Handle } = require('../handle.js');
const { MECHANISMS } = require('./attention.js');
const { isList, mismatch, unexpected } = require('../errors.js');

/** Rows that are gathered at a time. */
const GATHERED = 2 ** 16;

/** {offsets, indices} of a Graph, of lists of sources, or of CSR arrays, with `nodes` rows. */
function edgesOf(graph, nodes) {
  const own = Handle.looksLike(graph) ? undefined : isList(graph) ? Graph.fromAdjacency(graph) : new Graph(graph);
  try {
    const one = own ?? graph;
    Handle.of(one, Graph, 'graph');
    if (one.nodes !== nodes || one.columns !== nodes) throw mismatch('ERR_DIMENSION_MISMATCH', `a graph of ${nodes} nodes`, 'graph', one.nodes === nodes ? one.columns : one.nodes);
    return { offsets: one.offsets, indices: one.indices };
  } finally {
    own?.close();
  }
}

/** An index that can be searched. */
function indexOf(value) {
  if (typeof value?.search === 'function' && typeof value.dim === 'number') return value;
  throw unexpected('ERR_WRONG_HANDLE', 'an index', 'index', value);
}

/** {keys, distances}: the k nearest at a level of the index, but for those of `deny`. */
function latent(index, embedding, k, level, deny = []) {
  const wanted = inputs.count(k, 'k'), at = inputs.count(level, 'level');
  if (at === 0) return index.search(embedding, wanted, ...deny.length > 0 ? [{ filter: { deny } }] : []);
  if (typeof index.searchLayer !== 'function') throw unexpected('ERR_UNSUPPORTED', 'level 0 of an index without levels', 'level', level);
  const without = new Set(deny), found = index.searchLayer(embedding, wanted + without.size, at), keys = [], distances = [];
  found.keys.forEach((key, i) => {
    if (without.has(key) || keys.length >= wanted) return;
    keys.push(key);
    distances.push(found.distances[i]);
  });
  return { keys, distances: Float32Array.from(distances) };
}

const LATENT = ['index', 'keys', 'kLatent', 'level'];

/** Of each node those that the index finds for it beside its sources: (i) => nodes; undefined without an index. */
function latentNodes(m, { offsets, indices }, { index, keys, kLatent = 10, level = 0 }) {
  if (index === undefined) return undefined;
  const one = indexOf(index), list = keys === undefined ? Array.from({ length: m.rows }, (_, i) => i) : inputs.keys(keys, 'keys');
  if (list.length !== m.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${m.rows} keys, one a node,`, 'keys', list.length);
  const nodes = new Map(list.map((key, i) => [key, i]));
  return (i) => {
    const linked = [i, ...indices.subarray(offsets[i], offsets[i + 1])].map((j) => list[j]);
    const found = latent(one, m.data.subarray(i * m.dim, (i + 1) * m.dim), kLatent, level, [...new Set(linked)]);
    return Array.from(found.keys, (key) => nodes.get(key)).filter((node) => node !== undefined);
  };
}

/** `options(entries)` of a call for some nodes: entries are {node, source, edge (undefined: latent)} in the order of the keys. */
function overGraph(self, m, edges, latentOf, threads, options) {
  const { offsets, indices } = edges, width = stateOf(self).sizes.width ?? m.dim, out = inputs.allocate(m.rows * width, 'result');
  for (let first = 0; first < m.rows;) {
    const entries = [], ends = [0];
    let end = first;
    do {
      for (let at = offsets[end]; at < offsets[end + 1]; at++) entries.push({ node: end, source: indices[at], edge: at });
      for (const source of latentOf?.(end) ?? []) entries.push({ node: end, source, edge: undefined });
      ends.push(entries.length);
      end++;
    } while (end < m.rows && entries.length + offsets[end + 1] - offsets[end] <= GATHERED);
    const data = inputs.allocate(entries.length * m.dim, 'graph');
    entries.forEach(({ source }, k) => data.set(m.data.subarray(source * m.dim, (source + 1) * m.dim), k * m.dim));
    const keys = { data, rows: entries.length, dim: m.dim }, queries = { data: m.data.subarray(first * m.dim, end * m.dim), rows: end - first, dim: m.dim };
    const { data: rows } = Attention.prototype.computeBatch.call(self, queries, keys, keys, { offsets: Uint32Array.from(ends), ...(threads !== undefined && { threads }), ...options(entries, first, end) });
    out.set(rows, first * width);
    first = end;
  }
  return { data: out, rows: m.rows, dim: width };
}

/** Rows are finite. (They are gathered for the calls, which would name their places there.) */
function requireFinite({ data, dim }, name) {
  const bad = data.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', `${name}[${Math.floor(bad / dim)}]`, `${data[bad]} at element ${bad % dim}`);
}

/** The features of nodes, which must be as wide as the mechanism. */
function featuresOf(value, dim) {
  const m = matrix(value, 'features', true); // ours: an index may belong to anybody
  requireFinite(m, 'features');
  if (m.rows > 0 && m.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'features[0]', m.dim);
  return m.rows === 0 ? { ...m, dim } : m;
}

/** The rows of edges that a caller gives, one an entry of the graph. */
function edgeRows(value, edges, edgeDim) {
  if (value === undefined) return undefined;
  const rows = matrix(value, 'edgeFeatures'), count = edges.indices.length;
  if (rows.rows !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} rows, one an entry of the graph,`, 'edgeFeatures', rows.rows);
  if (count > 0 && rows.dim !== edgeDim) throw mismatch('ERR_DIMENSION_MISMATCH', `${edgeDim} elements`, 'edgeFeatures[0]', rows.dim);
  requireFinite(rows, 'edgeFeatures');
  return rows;
}

/** A row an entry: the caller's, zeros for latent ones. */
function gatheredEdges(rows, entries, edgeDim) {
  const data = inputs.allocate(entries.length * edgeDim, 'edgeFeatures');
  entries.forEach(({ edge }, k) => { if (edge !== undefined) data.set(rows.data.subarray(edge * edgeDim, (edge + 1) * edgeDim), k * edgeDim); });
  return { data, rows: entries.length, dim: edgeDim };
}

/** As HNSWEdgeFeatureExtractor: 1/(distance + 1e-6), level, ln(1 + degree), 1 of the source. */
function ownEdges(m, { offsets }, levels, entries) {
  const data = inputs.allocate(4 * entries.length, 'edgeFeatures');
  entries.forEach(({ node, source }, k) => {
    let sum = 0;
    for (let c = 0; c < m.dim; c++) sum += (m.data[node * m.dim + c] - m.data[source * m.dim + c]) ** 2;
    data.set([1 / (Math.sqrt(sum) + 1e-6), levels[source], Math.log1p(offsets[source + 1] - offsets[source]), 1], 4 * k);
  });
  return { data, rows: entries.length, dim: 4 };
}

/** Steps from a node along the sources of rows, `most` where none lead. */
function stepsFrom(reference, { offsets, indices }, most) {
  const steps = new Float32Array(offsets.length - 1).fill(most);
  steps[reference] = 0;
  for (let queue = [reference]; queue.length > 0;) {
    const next = [];
    for (const i of queue) {
      for (let at = offsets[i]; at < offsets[i + 1]; at++) {
        const j = indices[at];
        if (j === reference || steps[j] !== most || steps[i] + 1 >= most) continue;
        steps[j] = steps[i] + 1;
        next.push(j);
      }
    }
    queue = next;
  }
  return steps;
}

/** Class -> its methods over graphs. */
const GRAPH_METHODS = {
  EdgeFeaturedAttention: {
    /** Every node of a graph asks its sources: rows [n, width]. */
    forward(features, graph, options) {
      const { config: { edgeDim }, sizes } = stateOf(this, MECHANISMS.EdgeFeaturedAttention), { edgeFeatures, threads } = inputs.options(options, ['edgeFeatures', 'threads']);
      const m = featuresOf(features, sizes.dim), edges = edgesOf(graph, m.rows), rows = edgeRows(edgeFeatures, edges, edgeDim);
      return overGraph(this, m, edges, undefined, threads, (entries) => (rows ? { edges: gatheredEdges(rows, entries, edgeDim) } : {}));
    },
  },
  GraphLatentAttention: {
    /** The k nearest of an index that are in no list `deny`: {keys, distances}. */
    findLatentNeighbors(index, embedding, k, level = 0, options = undefined) {
      stateOf(this, MECHANISMS.GraphLatentAttention);
      const { deny } = inputs.options(options, ['deny']);
      if (deny !== undefined && !isList(deny)) throw unexpected('ERR_INVALID_ARG', 'an array of keys', 'deny', deny);
      return latent(indexOf(index), embedding, k, level, deny);
    },
    /** Every node of a graph asks its sources and those that the index finds besides. */
    forward(features, graph, options) {
      const { config: { dim } } = stateOf(this, MECHANISMS.GraphLatentAttention), given = inputs.options(options, [...LATENT, 'threads']);
      const m = featuresOf(features, dim), edges = edgesOf(graph, m.rows);
      return overGraph(this, m, edges, latentNodes(m, edges, given), given.threads, (entries) => ({ keyKinds: entries.map(({ edge }) => Number(edge === undefined)) }));
    },
    forwardBatch(embeddings, adjacency, index, level = 0, options = undefined) {
      stateOf(this, MECHANISMS.GraphLatentAttention);
      return GRAPH_METHODS.GraphLatentAttention.forward.call(this, embeddings, adjacency, { ...inputs.options(options, ['keys', 'kLatent', 'threads']), index, level });
    },
  },
  GraphAttentionPipeline: {
    /** The same with the rows of edges, and with rotation by the steps from a node of reference. */
    forward(features, graph, options) {
      const { config: { dim, edgeDim, maxPosition } } = stateOf(this, MECHANISMS.GraphAttentionPipeline);
      const given = inputs.options(options, [...LATENT, 'edgeFeatures', 'reference', 'threads']), { index, keys, edgeFeatures, threads } = given;
      const m = featuresOf(features, dim), edges = edgesOf(graph, m.rows), rows = edgeRows(edgeFeatures, edges, edgeDim), reference = inputs.count(given.reference ?? 0, 'reference');
      if (m.rows > 0 && reference >= m.rows) throw unexpected('ERR_OUT_OF_RANGE', `a number below ${m.rows}`, 'reference', reference);
      const latentOf = latentNodes(m, edges, given), steps = m.rows > 0 ? stepsFrom(reference, edges, maxPosition - 1) : new Float32Array(0);
      const hasLevels = typeof index?.nodeLevel === 'function', names = keys === undefined ? undefined : inputs.keys(keys, 'keys');
      const levelOf = (key) => (hasLevels && index.has(key) ? index.nodeLevel(key) : 0), levels = Float32Array.from({ length: m.rows }, (_, i) => levelOf(names ? names[i] : i));
      return overGraph(this, m, edges, latentOf, threads, (entries, first, end) => {
        const sources = entries.map(({ source }) => source), own = rows ? gatheredEdges(rows, entries, edgeDim) : edgeDim === 4 ? ownEdges(m, edges, levels, entries) : undefined;
        return {
          ...(own && { edges: own }), keyKinds: entries.map(({ edge }) => Number(edge === undefined)),
          queryPositions: steps.subarray(first, end), keyPositions: sources.map((j) => steps[j]), queryLevels: levels.subarray(first, end), keyLevels: sources.map((j) => levels[j]),
        };
      });
    },
  },
};

module.exports = { GRAPH_METHODS, edgesOf };
