'use strict';

// SparseGraphAttention: exact softmax attention of nodes to their sources in a graph, to a window around them and to global nodes.
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { edgesOf } = require('./graph-methods.js');
const { matrix } = require('../matrices.js');
const { FlashAttention } = /** @type {any} */ (require('../attention/classes.js'));
const { SparsityPattern, whole } = require('../attention/pattern.js');
const { mismatch } = require('../errors.js');
const { optionOf, snake } = require('../snake.js');

const OPTIONS = ['dim', 'numHeads', 'localWindow', 'globalTokens'];

/** The pattern of a graph: rows with each source once. */
function patternOf(graph, nodes) {
  const { offsets, indices } = edgesOf(graph, nodes), starts = new Uint32Array(nodes + 1), list = [];
  for (let i = 0; i < nodes; i++) {
    for (const j of new Set(indices.subarray(offsets[i], offsets[i + 1]))) list.push(j);
    starts[i + 1] = list.length;
  }
  return SparsityPattern.fromCsr(starts, Uint32Array.from(list), nodes);
}

let isSparseGraphAttention;
class SparseGraphAttention {
  #attention;
  #localWindow;
  #globalTokens;

  constructor(options) {
    const given = inputs.required(options, [...new Set([...OPTIONS, ...OPTIONS.map(snake)])]);
    const [dim, numHeads = 1, localWindow = 0, globalTokens = 0] = OPTIONS.map((name) => optionOf(given, name));
    this.#localWindow = whole(localWindow, 'localWindow', 0);
    this.#globalTokens = whole(globalTokens, 'globalTokens', 0);
    this.#attention = new FlashAttention({ dim: inputs.number(dim, 'dim'), numHeads });
  }

  get dim() { return this.#attention.dim; }

  get numHeads() { return this.#attention.numHeads; }

  get localWindow() { return this.#localWindow; }

  get globalTokens() { return this.#globalTokens; }

  /** Who sees whom among n nodes: itself and the window, the global nodes, the sources in the graph. */
  attentionMask(n, graph) {
    const local = SparsityPattern.local(n, n, this.#localWindow).union(SparsityPattern.global(n, n, this.#globalTokens));
    return graph === undefined ? local : local.union(patternOf(graph, n));
  }

  /** Rows of all nodes [n, dim]; the pairs of `attentionMask`. */
  forward(features, graph, options) {
    const { threads } = inputs.options(options, ['threads']), m = matrix(features, 'features');
    if (m.rows > 0 && m.dim !== this.#attention.dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.#attention.dim} elements`, 'features[0]', m.dim);
    return this.#attention.computeBatch(m, m, m, { pattern: this.attentionMask(m.rows, graph), ...(threads !== undefined && { threads }) });
  }

  get closed() { return this.#attention.closed; }

  close() { this.#attention.close(); }

  static {
    isSparseGraphAttention = (value) => typeof value === 'object' && value !== null && #attention in value;
  }
}
guard(SparseGraphAttention, isSparseGraphAttention);

module.exports = { SparseGraphAttention };
