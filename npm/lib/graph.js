'use strict';

// Graph: a directed graph in CSR form that stays in native memory, for layers that pass messages along its edges.
const native = require('./native.js');
const { Handle } = require('./handle.js');
const inputs = require('./inputs.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('./errors.js');
const { numberOf } = require('./tokens.js');

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
  const { sources, targets } = inputs.options(pairs ?? null, ['sources', 'targets'], 'pairs');
  const from = inputs.indices(sources, 'pairs.sources'), to = inputs.indices(targets, 'pairs.targets');
  if (lengthOf(from) !== lengthOf(to)) throw mismatch('ERR_DIMENSION_MISMATCH', `${lengthOf(from)} elements`, 'pairs.targets', lengthOf(to));
  return { from, to, step: 1, names: ['pairs.sources', 'pairs.targets'] };
}

function checkBelow(x, most, name, i) {
  if (x >= most) throw mismatch('ERR_INVALID_ARG', `numbers below ${most}`, name, `${x} at element ${i}`);
}

/** Edges in CSR form, those of a target in their order: a counting sort. */
function sorted(pairs, nodes, columns) {
  const { from, to, step, names } = ends(pairs), length = lengthOf(from), shift = step - 1;
  const offsets = inputs.allocate(nodes + 1, 'nodes', Uint32Array), indices = inputs.allocate(length / step, 'pairs', Uint32Array);
  for (let i = 0; i < length; i += step) {
    checkBelow(from[i], columns, names[0], i);
    checkBelow(to[i + shift], nodes, names[1], i + shift);
    offsets[to[i + shift] + 1]++;
  }
  for (let node = 0; node < nodes; node++) offsets[node + 1] += offsets[node];
  const next = offsets.slice(0, nodes);
  for (let i = 0; i < length; i += step) indices[next[to[i + shift]]++] = from[i];
  return { offsets, indices };
}

class Graph extends Handle {
  #nodes;
  #columns;
  #edges;
  #token;

  constructor(graph, secret) {
    if (secret === OPEN) super(graph, Graph);
    else {
      const { offsets, indices, columns } = inputs.options(graph ?? null, ['offsets', 'indices', 'columns'], 'graph');
      super(native.graphCreate(inputs.indices(offsets, 'offsets'), inputs.indices(indices, 'indices'), columnsOf(columns)), Graph);
    }
    const info = new Float64Array(4);
    native.graphInfo(Handle.of(this, Graph, 'this'), info);
    [this.#nodes, this.#columns, this.#edges, this.#token] = info;
  }

  /** The graph with these edges; those of one target keep their order. */
  static fromEdges(pairs, options) {
    const given = inputs.options(options ?? null, ['nodes', 'columns']), nodes = count(given.nodes, 'nodes', 0), columns = columnsOf(given.columns);
    const { offsets, indices } = sorted(pairs, nodes, columns || nodes);
    return new Graph(native.graphCreate(offsets, indices, columns), OPEN);
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
    native.graphCopy(handle, out, undefined);
    return out;
  }

  /** A copy. */
  get indices() {
    const handle = Handle.of(this, Graph, 'this'), out = inputs.allocate(this.#edges, 'indices', Uint32Array);
    native.graphCopy(handle, undefined, out);
    return out;
  }

  /** A plain object to post to a worker, which gives it to `Graph.open`. Valid while any thread has the graph open. */
  get token() {
    Handle.of(this, Graph, 'this');
    return { graph: this.#token };
  }
}

module.exports = { Graph };
