'use strict';

// Soft search: the k best of all candidates with their share of the softmax over all of them.
const native = require('./native.js');
const inputs = require('./inputs.js');
const { matrix } = require('./matrices.js');
const { Handle } = require('./handle.js');
const { BLOCK, searchBlocks, searchRows } = require('./search-blocks.js');
const { VectorSet } = require('./vector-set.js');
const { isList, lengthOf, mismatch, unexpected } = require('./errors.js');

/** The largest buffers, in elements, that stay allocated between calls. */
const KEEP = 2 ** 20;

/** Memory of this thread, kept from call to call; a call inside a call (from a getter) gets its own. */
class Workspace {
  search = native.searchCreate();
  staging = new Float32Array(BLOCK);
  indices = new Uint32Array(64);
  weights = new Float32Array(64);
  values = new Float32Array(64);

  room(k) {
    if (this.indices.length >= k) return;
    const make = (Type) => inputs.allocate(k, 'results', Type);
    [this.indices, this.weights, this.values] = [make(Uint32Array), make(Float32Array), make(Float32Array)];
  }

  /** Whether it is small enough to keep for the next call. */
  get isModest() {
    return this.indices.length <= KEEP && this.staging.length <= KEEP;
  }
}
let idle = new Workspace();

/** metric: { curvature (0: cosine), projection, temperature }. Calls `take(workspace, count)` with the results. */
function search(query, candidates, k, metric, take, name = 'candidates') {
  const workspace = idle && !native.isLost(idle.search) ? idle : new Workspace();
  idle = undefined;
  try {
    const q = inputs.vector(query, 'query');
    if (!isList(candidates)) return searchPacked(workspace, q, candidates, k, metric, take, name);
    return take(workspace, searchRows(workspace, q, candidates, k, metric, name));
  } finally {
    if (workspace.isModest) idle = workspace;
  }
}

function searchPacked(workspace, q, candidates, k, metric, take, name) {
  const { set, data, rows, dim } = resident(candidates, false, name);
  if (rows > 0 && dim !== lengthOf(q)) throw mismatch('ERR_DIMENSION_MISMATCH', `${lengthOf(q)} elements`, `${name}[0]`, dim);
  if (set === undefined && native.copies) return take(workspace, searchBlocks(workspace, q, data, rows, dim, k, metric));
  workspace.room(Math.min(k, rows));
  const { indices, weights, values } = workspace;
  return take(workspace, native.search(
    q, 1, lengthOf(q), set, data, rows, dim, k, metric.curvature, metric.projection, metric.temperature, indices, weights, values,
    1, undefined));
}

/** A VectorSet's handle, or packed memory (of our own if `own`; lists are packed into memory from `room`). */
function resident(candidates, own, name = 'candidates', room = undefined) {
  if (Handle.looksLike(candidates)) {
    const set = Handle.of(candidates, VectorSet, name);
    return { set, data: undefined, rows: candidates.size, dim: candidates.dim };
  }
  return { set: undefined, ...matrix(candidates, name, own, room) };
}

// MARK: - Metrics

const cosine = (temperature) => ({ curvature: 0, projection: 0, temperature: inputs.number(temperature, 'temperature', 1) });

const PROJECTIONS = ['clip', 'expmap'];

/** The sectional curvature, < 0. |curvature| counts: the packages this replaces pass it with either sign. */
function sectional(curvature) {
  const c = Math.abs(inputs.number(curvature, 'curvature', -1));
  if (c > 0 && c < Infinity) return -c;
  throw unexpected('ERR_INVALID_CONFIG', 'a finite number other than 0', 'curvature', curvature);
}

function hyperbolic(curvature, { temperature, projection = 'clip' }) {
  const at = PROJECTIONS.indexOf(projection);
  if (at < 0) throw unexpected('ERR_INVALID_CONFIG', "'clip' or 'expmap'", 'projection', projection);
  return { curvature: sectional(curvature), projection: at, temperature: inputs.number(temperature, 'temperature', 1) };
}

// MARK: - One query

function differentiableSearch(query, candidates, k, temperature) {
  return search(query, candidates, inputs.count(k, 'k'), cosine(temperature), ({ indices, weights }, n) => ({
    indices: Array.from(indices.subarray(0, n)),
    weights: Array.from(weights.subarray(0, n)),
  }));
}

function differentiableSearchHyperbolic(query, candidates, k, curvature, options) {
  const metric = hyperbolic(curvature, inputs.options(options, ['temperature', 'projection']));
  return search(query, candidates, inputs.count(k, 'k'), metric, ({ indices, weights }, n) => ({
    indices: Array.from(indices.subarray(0, n)),
    weights: weights.slice(0, n),
  }));
}

module.exports = { cosine, differentiableSearch, differentiableSearchHyperbolic, hyperbolic, resident, search, sectional };
