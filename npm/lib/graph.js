'use strict';

// Graph: a directed graph in CSR form that stays in native memory, for layers that pass messages along its edges.
const native = require('./native.js');
const { Handle } = require('./handle.js');
const inputs = require('./inputs.js');
const { isList, isRevoked, lengthOf, mismatch, tagOf, unexpected } = require('./errors.js');
const { isSize } = require('./tensors.js');
const { numberOf } = require('./tokens.js');
const { corrupt, floatsOf, write } = require('./members/safetensors.js');
const { pathOf, writeFile } = require('./files.js');
const { reading } = require('./members/tensor-files.js');

const OPEN = Symbol('open');
/** As ResidentGraph.most in Swift. */
const MOST = 2 ** 31 - 2;

/** How many nodes there are, at least `least`. */
function count(value, name, least) {
  if (Number.isInteger(inputs.number(value, name)) && value >= least && value <= MOST) return value;
  throw unexpected('ERR_OUT_OF_RANGE', `an integer in ${least}...${MOST}`, name, value);
}
/** Source nodes; 0: as many as targets. */
const columnsOf = (value) => (value === undefined ? 0 : count(value, 'columns', 1));

/** Edges of either form: those of `from[i]` and `to[i + step - 1]`, i a multiple of `step`. */
function ends(pairs) {
  if (tagOf(pairs) !== undefined || isList(pairs)) {
    const list = inputs.indices(pairs, 'pairs');
    if (lengthOf(list) % 2 !== 0) throw mismatch('ERR_DIMENSION_MISMATCH', 'an even number of elements', 'pairs', lengthOf(list));
    return { from: list, to: list, step: 2, names: ['pairs', 'pairs'] };
  }
  const { sources, targets } = inputs.required(pairs, ['sources', 'targets'], 'pairs');
  const from = inputs.indices(sources, 'pairs.sources'), to = inputs.indices(targets, 'pairs.targets');
  if (lengthOf(from) !== lengthOf(to)) throw mismatch('ERR_DIMENSION_MISMATCH', `${lengthOf(from)} elements`, 'pairs.targets', lengthOf(to));
  return { from, to, step: 1, names: ['pairs.sources', 'pairs.targets'] };
}

function checkBelow(x, most, name, i) {
  if (x >= most) throw mismatch('ERR_INVALID_ARG', `numbers below ${most}`, name, `${x} at element ${i}`);
}

/** true or false, false where it is left out. */
function flag(value, name) {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
}

const weightsOf = (value) => (value === undefined || value === null ? undefined : inputs.vector(value, 'weights'));

/** What all ways to make a graph take. */
const SETTINGS = ['nodes', 'columns', 'weights', 'coalesce'];
const settingsOf = (options) => {
  const { nodes, columns, weights, coalesce } = inputs.required(options, SETTINGS);
  return { nodes: nodes === undefined ? undefined : count(nodes, 'nodes', 0), columns: columnsOf(columns), weights: weightsOf(weights), coalesce: flag(coalesce, 'coalesce') };
};

/** Edges in CSR form, those of a target in their order, with their weights: a counting sort. */
function sorted({ from, to, step, names }, nodes, columns, weights) {
  const length = lengthOf(from), shift = step - 1;
  if (weights !== undefined && lengthOf(weights) !== length / step) throw mismatch('ERR_DIMENSION_MISMATCH', `${length / step} elements`, 'weights', lengthOf(weights));
  const offsets = inputs.allocate(nodes + 1, 'nodes', Uint32Array), indices = inputs.allocate(length / step, 'pairs', Uint32Array);
  for (let i = 0; i < length; i += step) {
    checkBelow(from[i], columns, names[0], i);
    checkBelow(to[i + shift], nodes, names[1], i + shift);
    offsets[to[i + shift] + 1]++;
  }
  for (let node = 0; node < nodes; node++) offsets[node + 1] += offsets[node];
  const own = weights && inputs.allocate(length / step, 'weights');
  for (let i = 0; i < length; i += step) {
    const place = offsets[to[i + shift]]++;
    indices[place] = from[i];
    if (own) own[place] = weights[i / step];
  }
  // Where a node's entries began, the next one's begin now: moved on by one they are the offsets again, without a copy of them.
  offsets.copyWithin(1, 0, nodes);
  offsets[0] = 0;
  return { offsets, indices, weights: own };
}

class Graph extends Handle {
  #nodes;
  #columns;
  #edges;
  #token;
  #isWeighted;

  constructor(graph, secret) {
    if (secret === OPEN) super(graph, Graph);
    else {
      const { offsets, indices, columns, weights, coalesce } = inputs.required(graph, ['offsets', 'indices', 'columns', 'weights', 'coalesce'], 'graph');
      const rows = inputs.indices(offsets, 'offsets'), list = inputs.indices(indices, 'indices');
      super(native.graphCreate(rows, list, weightsOf(weights), columnsOf(columns), Number(flag(coalesce, 'coalesce'))), Graph);
    }
    const info = new Float64Array(5);
    native.graphInfo(Handle.of(this, Graph, 'this'), info);
    [this.#nodes, this.#columns, this.#edges, this.#token] = info;
    this.#isWeighted = info[4] !== 0;
  }

  /** The graph with these edges; those of one target keep their order. */
  static fromEdges(pairs, options) {
    return made(ends(pairs), settingsOf(options));
  }

  /** The graph of an edge index as PyTorch Geometric has it: sources, and targets behind them, as a matrix of two rows or two lists. */
  static fromEdgeIndex(edgeIndex, options) {
    return made(rowsOfIndex(edgeIndex), settingsOf(options));
  }

  /** The graph in which node i has the sources `lists[i]`. */
  static fromAdjacency(lists, options = {}) {
    if (!isList(lists)) throw unexpected('ERR_INVALID_ARG', 'an array of lists', 'lists', lists);
    const { nodes, columns, weights, coalesce } = settingsOf(options), length = inputs.lengthOfList(lists, 'lists');
    if (nodes !== undefined && nodes !== length) throw mismatch('ERR_DIMENSION_MISMATCH', `${nodes} lists`, 'lists', length);
    const rows = Array.from({ length }, (_, i) => inputs.indices(lists[i], `lists[${i}]`));
    const offsets = inputs.allocate(length + 1, 'nodes', Uint32Array);
    rows.forEach((row, i) => { offsets[i + 1] = offsets[i] + lengthOf(row); });
    const indices = inputs.allocate(offsets[length], 'lists', Uint32Array);
    rows.forEach((row, i) => {
      for (let k = 0; k < lengthOf(row); k++) {
        checkBelow(row[k], columns || length, `lists[${i}]`, k);
        indices[offsets[i] + k] = row[k];
      }
    });
    return new Graph(native.graphCreate(offsets, indices, weights, columns, Number(coalesce)), OPEN);
  }

  /** One level of an HNSWIndex: {graph, keys}. Node i of the graph is the vector of `keys[i]`; its sources are what that is linked to. */
  static fromIndex(index, level = 0) {
    if (isRevoked(index) || typeof index?.toCSR !== 'function') throw unexpected('ERR_WRONG_HANDLE', 'an HNSWIndex', 'index', index);
    const { offsets, indices, keys } = index.toCSR(level);
    return { graph: new Graph({ offsets, indices }), keys };
  }

  /** The graph behind a `token` made in this or another thread of the process; it is shared, not copied. */
  static open(token) {
    return new Graph(native.graphOpen(numberOf(token, 'graph', 'a Graph')), OPEN);
  }

  /** Target nodes. */
  get nodes() {
    Handle.of(this, Graph, 'this');
    return this.#nodes;
  }

  /** Source nodes. */
  get columns() {
    Handle.of(this, Graph, 'this');
    return this.#columns;
  }

  /** Entries of all rows. */
  get edges() {
    Handle.of(this, Graph, 'this');
    return this.#edges;
  }

  /** A copy. */
  get offsets() {
    const handle = Handle.of(this, Graph, 'this'), out = inputs.allocate(this.#nodes + 1, 'offsets', Uint32Array);
    native.graphCopy(handle, out, undefined, undefined);
    return out;
  }

  /** A copy. */
  get indices() {
    const handle = Handle.of(this, Graph, 'this'), out = inputs.allocate(this.#edges, 'indices', Uint32Array);
    native.graphCopy(handle, undefined, out, undefined);
    return out;
  }

  /** A copy; undefined where it has none. */
  get weights() {
    const handle = Handle.of(this, Graph, 'this');
    if (!this.#isWeighted) return undefined;
    const out = inputs.allocate(this.#edges, 'weights');
    native.graphCopy(handle, undefined, undefined, out);
    return out;
  }

  /** How many entries each node has. */
  get degrees() {
    Handle.of(this, Graph, 'this');
    const { offsets } = this;
    for (let i = 0; i < this.#nodes; i++) offsets[i] = offsets[i + 1] - offsets[i];
    return offsets.subarray(0, this.#nodes);
  }

  /** The graph of the same edges the other way round; entries of a node in the order in which they stand here. */
  reversed() {
    Handle.of(this, Graph, 'this');
    const { offsets, indices, weights } = this, to = inputs.allocate(this.#edges, 'edges', Uint32Array);
    for (let i = 0; i < this.#nodes; i++) to.fill(i, offsets[i], offsets[i + 1]);
    return made({ from: to, to: indices, step: 1, names: ['indices', 'indices'] }, { nodes: this.#columns, columns: this.#nodes, weights, coalesce: false });
  }

  /** The graph as bytes of the format safetensors: tensors "offsets", "indices" and, where it has them, "weights". */
  toBuffer() {
    Handle.of(this, Graph, 'this');
    const { offsets, indices, weights } = this, tensors = [['offsets', 'U32', offsets], ['indices', 'U32', indices], ['weights', 'F32', weights]];
    return write(tensors.filter(([, , data]) => data).map(([name, dtype, data]) => ({ name, dtype, shape: [data.length], data })), { class: 'Graph', columns: String(this.#columns) });
  }

  /** The same into a file. */
  save(path) {
    Handle.of(this, Graph, 'this');
    const where = pathOf(path);
    writeFile(where, this.toBuffer());
  }

  /** The graph of such a file, or of its bytes. */
  static load(source) {
    return reading(source, ({ tensors, metadata }, part) => {
      const list = (name, dtype) => {
        const tensor = tensors.get(name);
        if (tensor?.dtype !== dtype || tensor.shape.length !== 1) throw corrupt(`a tensor ${name}, a vector of ${dtype},`, 'file', tensor ? 'another' : 'none');
        return part(tensor.start, tensor.end);
      };
      const whole = (name) => {
        const bytes = list(name, 'U32'), view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const out = inputs.allocate(bytes.length / 4, name, Uint32Array);
        for (let i = 0; i < out.length; i++) out[i] = view.getUint32(4 * i, true);
        return out;
      };
      const columns = /^(0|[1-9]\d{0,9})$/.test(metadata.columns ?? '') ? Number(metadata.columns) : NaN, offsets = whole('offsets'), indices = whole('indices');
      const bytes = tensors.has('weights') ? list('weights', 'F32') : undefined, weights = bytes && floatsOf(bytes, 'F32', bytes.length / 4);
      if (!(columns <= MOST) || (columns === 0 && offsets.length > 1)) throw corrupt('a number of columns', 'file', metadata.columns === undefined ? 'none' : JSON.stringify(metadata.columns).slice(0, 40));
      try {
        // No sources are as many as there are targets only where there are no targets either.
        return new Graph({ offsets, indices, columns: columns || undefined, weights });
      } catch (cause) {
        if (['ERR_OUT_OF_MEMORY'].includes(cause.code)) throw cause;
        throw corrupt('a graph', 'file', cause.message);
      }
    });
  }

  /** A plain object to post to a worker, which gives it to `Graph.open`. Valid while any thread has the graph open. */
  get token() {
    Handle.of(this, Graph, 'this');
    return { graph: this.#token };
  }
}

/** A graph of these edges. */
function made(edges, { nodes, columns, weights, coalesce }) {
  const size = count(nodes, 'nodes', 0), csr = sorted(edges, size, columns || size, weights);
  return new Graph(native.graphCreate(csr.offsets, csr.indices, csr.weights, columns, Number(coalesce)), OPEN);
}

/** The two rows of an edge index. */
function rowsOfIndex(edgeIndex) {
  const names = ['edgeIndex[0]', 'edgeIndex[1]'];
  if (isList(edgeIndex)) {
    const rows = inputs.lengthOfList(edgeIndex, 'edgeIndex');
    if (rows !== 2) throw mismatch('ERR_DIMENSION_MISMATCH', '2 rows', 'edgeIndex', rows);
    const [from, to] = [0, 1].map((r) => inputs.indices(edgeIndex[r], names[r]));
    if (lengthOf(from) !== lengthOf(to)) throw mismatch('ERR_DIMENSION_MISMATCH', `${lengthOf(from)} elements`, names[1], lengthOf(to));
    return { from, to, step: 1, names };
  }
  const { data, rows, dim } = inputs.required(edgeIndex, ['data', 'rows', 'dim'], 'edgeIndex');
  if (!(isSize(rows) && isSize(dim))) throw mismatch('ERR_INVALID_ARG', '{data, rows, dim} with two integers', 'edgeIndex', 'another shape');
  const all = inputs.indices(data, 'edgeIndex.data');
  if (rows !== 2) throw mismatch('ERR_DIMENSION_MISMATCH', '2 rows', 'edgeIndex', rows);
  if (lengthOf(all) !== 2 * dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${2 * dim} elements`, 'edgeIndex.data', lengthOf(all));
  const part = (r) => {
    const out = inputs.allocate(dim, 'edgeIndex.data', Uint32Array);
    for (let i = 0; i < dim; i++) out[i] = all[r * dim + i];
    return out;
  };
  return { from: part(0), to: part(1), step: 1, names };
}

/** A Graph of a native one; internal. */
const graphOfHandle = (handle) => new Graph(handle, OPEN);

module.exports = { CSRGraph: Graph, Graph, graphOfHandle };
