'use strict';

// NeighborSampler: subgraphs around some nodes, and passes of a layer over them.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { Graph, graphOfHandle } = require('../graph.js');
const { Handle } = require('../handle.js');
const { matrix } = require('../matrices.js');
const { Member, stateOf } = require('../members/member.js');
const { randomSeed } = require('../random.js');
const { isList, lengthOf, mismatch, renamed, unexpected } = require('../errors.js');

const MOST = 2 ** 24;

/** Entries a node and hop: a Float32Array, Infinity as −1. */
function readSizes(value, name = 'sizes') {
  if (!isList(value)) throw unexpected('ERR_INVALID_ARG', 'an array of numbers', name, value);
  const count = inputs.lengthOfList(value, name);
  if (count < 1 || count > 64) throw mismatch('ERR_INVALID_CONFIG', '1...64 numbers', name, count);
  return Float32Array.from(inputs.mapList(value, count, (size, h) => {
    const x = inputs.number(size, `${name}[${h}]`);
    if (x === Infinity || x === -1) return -1;
    if (Number.isInteger(x) && x >= 1 && x <= MOST) return x;
    throw unexpected('ERR_INVALID_CONFIG', `an integer in 1...${MOST}, or Infinity,`, `${name}[${h}]`, size);
  }));
}

/** A copy of numbers whose memory may be gone. */
const copied = (list) => (lengthOf(list) === 0 ? new Uint32Array(0) : new Uint32Array(list));

/** Rows of a matrix. */
function rowsAt({ data, dim }, list) {
  const out = inputs.allocate(list.length * dim, 'batch');
  list.forEach((row, i) => out.set(data.subarray(row * dim, (row + 1) * dim), i * dim));
  return { data: out, rows: list.length, dim };
}

/** A Graph, or one made of lists, CSR arrays. */
function graphOf(value) {
  if (Handle.looksLike(value)) return { graph: (Handle.of(value, Graph, 'graph'), value), close() {} };
  const graph = isList(value) ? Graph.fromAdjacency(value) : new Graph(value);
  return { graph, close: () => graph.close() };
}

/** Whether a model's "forward" has a place for features of edges: an aggregation has none. */
function readsEdges(model) {
  if (!(model instanceof Member)) return true;
  const { isGenerated, operations: { forward } } = stateOf(model).row;
  return !isGenerated || forward?.inputs.some(({ name }) => name === 'edgeAttr') !== false;
}

/** What is said of a row of the subgraph is said of the node. */
function named(nodes, run) {
  try {
    return run();
  } catch (error) {
    throw renamed(error, ({ subject }) => {
      const [, row] = /^x\[(\d+)\]$/.exec(subject) ?? [];
      return row === undefined ? undefined : { subject: `features[${nodes[row]}]` };
    });
  }
}

let isNeighborSampler;
class NeighborSampler {
  #sizes;
  #seed;
  #calls = 0;

  constructor(options) {
    const { sizes, seed = randomSeed() } = inputs.required(options, ['sizes', 'seed']);
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    this.#sizes = readSizes(sizes);
    this.#seed = seed;
  }

  get sizes() { return Array.from(this.#sizes, (x) => (x < 0 ? Infinity : x)); }

  get seed() { return this.#seed; }

  /** {graph, nodes, rows, entries}: a subgraph, the numbers of its nodes and entries in the whole, the row of each node asked for. */
  sample(graph, nodes, step) {
    const handle = Handle.of(graph, Graph, 'graph'), list = copied(inputs.indices(nodes, 'nodes')), seed = BigInt.asUintN(64, BigInt(this.#seed));
    const at = step === undefined ? this.#calls : inputs.count(step, 'step');
    const part = graphOfHandle(native.graphSample(handle, list, this.#sizes, Number(seed >> 32n), Number(seed & 0xffffffffn), at));
    if (step === undefined) this.#calls++;
    const own = new Uint32Array(part.nodes), entries = new Uint32Array(part.edges), places = new Map();
    native.graphOrigin(Handle.of(part, Graph, 'graph'), own, entries);
    for (const node of list) if (!places.has(node)) places.set(node, places.size);
    return { graph: part, nodes: own, rows: Uint32Array.from(list, (node) => places.get(node)), entries };
  }

  /** What a layer, a Sequential or an embedder gives for some nodes, in their order: of the rows and edges it would see there. */
  forward(model, features, graph, nodes, options) {
    const { edgeAttr, step, threads } = inputs.options(options, ['edgeAttr', 'step', 'threads']), run = model?.encode ?? model?.forward;
    if (typeof run !== 'function') throw unexpected('ERR_INVALID_ARG', 'a layer or an embedder', 'model', model);
    // The features last: from then on no caller's getter runs.
    const whole = graphOf(graph), more = threads === undefined ? {} : { threads }, list = copied(inputs.indices(nodes, 'nodes'));
    try {
      const e = edgeAttr === undefined ? undefined : matrix(edgeAttr, 'edgeAttr', true), m = matrix(features, 'features');
      if (m.rows !== whole.graph.nodes) throw mismatch('ERR_DIMENSION_MISMATCH', `${whole.graph.nodes} rows`, 'features', m.rows);
      if (e && !readsEdges(model)) throw unexpected('ERR_INVALID_ARG', 'nothing', 'edgeAttr', edgeAttr);
      if (e && e.rows !== whole.graph.edges) throw mismatch('ERR_DIMENSION_MISMATCH', `${whole.graph.edges} rows`, 'edgeAttr', e.rows);
      const part = this.sample(whole.graph, list, step === undefined ? this.#calls : step);
      try {
        const edges = readsEdges(model) ? [e && rowsAt(e, part.entries)] : [];
        const rows = matrix(named(part.nodes, () => run.call(model, rowsAt(m, part.nodes), part.graph, ...edges, more)), 'model(…)');
        if (rows.rows !== part.nodes.length) throw mismatch('ERR_DIMENSION_MISMATCH', `${part.nodes.length} rows`, 'model(…)', rows.rows);
        if (step === undefined) this.#calls++; // what throws has drawn nothing
        return rowsAt(rows, part.rows);
      } finally {
        part.graph.close();
      }
    } finally {
      whole.close();
    }
  }

  static {
    isNeighborSampler = (value) => typeof value === 'object' && value !== null && #sizes in value;
  }
}
guard(NeighborSampler, isNeighborSampler);

module.exports = { NeighborSampler, graphOf, readSizes, readsEdges };
