'use strict';

// Negatives for anchors: among the rows of a matrix (NegativeMiner), or among the vectors of an index: it finds the nearest, the
// miner chooses among them.
const classes = require('../members/classes.js');
const inputs = require('../inputs.js');
const { checkFlag, abortable, threads: threadsOf } = require('../async.js');
const { matrix } = require('../matrices.js');
const { Handle } = require('../handle.js');
const { VectorIndex } = require('../indexes/vector-index.js');
const { isList, mismatch, tagOf, unexpected } = require('../errors.js');

/** Names of strategies in @ruvector/gnn's README. */
const STRATEGIES = { distance: 'hardest', hard: 'hardest' };
const OF_MINER = ['k', 'margin', 'metric', 'seed'];
/** Milliseconds of work between two turns of the event loop. */
const JOB = 10;

const minerOf = (strategy, options) => new classes.NegativeMiner({ strategy: typeof strategy === 'string' && Object.hasOwn(STRATEGIES, strategy) ? STRATEGIES[strategy] : strategy, ...options });

/** Keys that are no negatives of an anchor: a set each. */
function excluded(value, rows) {
  if (value === undefined) return Array.from({ length: rows }, () => new Set());
  const isMany = isList(value) || tagOf(value) !== undefined, count = isMany ? value.length : NaN;
  if (!isMany) throw unexpected('ERR_INVALID_ARG', 'an array with a key or an array of keys an anchor', 'exclude', value);
  if (count !== rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${rows} elements`, 'exclude', count);
  return Array.from({ length: rows }, (_, i) => new Set(isList(value[i]) || tagOf(value[i]) !== undefined ? Array.from(value[i]) : [value[i]]));
}

/** A call over an index: what to search for, and how a row of what is found becomes negatives. */
class FromIndex {
  #index;
  #miner;
  #exclude;
  #positives;
  #k;
  #pool;
  #keys = [];
  #vectors;

  constructor(anchors, index, options, own) {
    const { positives, exclude, strategy = 'hardest', pool, ef, threads, signal, ...rest } = inputs.options(options, ['positives', 'exclude', 'strategy', 'pool', 'ef', 'threads', ...own ? ['signal'] : [], ...OF_MINER]);
    const { metric, dim } = index;
    this.anchors = matrix(anchors, 'anchors', own);
    if (this.anchors.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `rows of ${dim}`, 'anchors', this.anchors.dim);
    this.#positives = positives === undefined ? undefined : matrix(positives, 'positives', own);
    for (const [name, side] of [['rows', this.anchors.rows], ['dim', dim]]) if (this.#positives && this.#positives[name] !== side) throw mismatch('ERR_DIMENSION_MISMATCH', `${side} ${name}`, 'positives', this.#positives[name]);
    this.#exclude = excluded(exclude, this.anchors.rows);
    this.#index = index;
    this.#miner = minerOf(strategy, { metric: metric === 'l2' ? 'euclidean' : 'cosine', ...rest });
    this.#k = this.#miner.k;
    try {
      if (this.#miner.strategy === 'degree') throw mismatch('ERR_UNSUPPORTED', 'a strategy that needs no degrees', 'strategy', "'degree' over an index");
      if (pool !== undefined && !(Number.isSafeInteger(inputs.number(pool, 'pool')) && pool >= this.#k)) throw unexpected('ERR_OUT_OF_RANGE', `an integer >= k = ${this.#k}`, 'pool', pool);
      this.#pool = pool ?? Math.max(100, 4 * this.#k);
      const most = this.#exclude.reduce((all, { size }) => Math.max(all, size), 0), count = Math.min(this.#pool + most, index.size);
      this.count = Math.max(count, 1);
      this.settings = { ef: ef ?? Math.max(count, 64), threads: threadsOf(threads) };
      this.signal = signal;
      this.#vectors = inputs.allocate(this.anchors.rows * this.#k * dim, 'result');
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Chooses for anchor `i` out of the results of the batch. */
  choose(i, { keys, counts, k: width }) {
    const { dim } = this.anchors, found = [], rows = [];
    for (let at = i * width; at < i * width + counts[i] && found.length < this.#pool; at++) {
      const row = this.#exclude[i].has(keys[at]) ? undefined : this.#vectorOf(keys[at]);
      if (!row) continue;
      found.push(keys[at]);
      rows.push(row);
    }
    if (found.length < this.#k) throw mismatch('ERR_INVALID_ARG', `at least ${this.#k} vectors that are not excluded`, `index (for anchors[${i}])`, found.length);
    const data = new Float32Array(rows.length * dim), part = ({ data: all }) => ({ data: all.slice(i * dim, (i + 1) * dim), rows: 1, dim });
    rows.forEach((row, r) => data.set(row, r * dim));
    // The nearest are in the order of the index, whose metric may be any.
    const chosen = this.#miner.strategy === 'hardest' ? Array.from({ length: this.#k }, (_, c) => c)
      : this.#miner.mine(part(this.anchors), { data, rows: rows.length, dim }, this.#positives && part(this.#positives)).data;
    for (const one of chosen) {
      this.#vectors.set(rows[one], this.#keys.length * dim);
      this.#keys.push(found[one]);
    }
  }

  /** The vector of a key; undefined where a writer has removed it since the search. */
  #vectorOf(key) {
    try {
      return this.#index.get(key);
    } catch (error) {
      if (error.code !== 'ERR_NOT_FOUND') throw error;
      return undefined;
    }
  }

  /** Keys and vectors, k an anchor, one after the other. */
  get result() {
    const { rows, dim } = this.anchors;
    return { keys: this.#keys, vectors: { data: this.#vectors, rows: rows * this.#k, dim }, k: this.#k };
  }

  close() {
    this.#miner.close();
  }
}

/** A list without anchors has no width: what is wrong would look like the candidates'. */
function requireAnchors(anchors) {
  if (isList(anchors) && anchors.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 row', 'anchors', 0);
}

const isIndex = (value) => Handle.looksLike(value) && value instanceof VectorIndex;

/** Negatives for each anchor, k an anchor: numbers of candidates, or {keys, vectors} of an index. */
function sampleHardNegatives(anchors, candidates, options) {
  requireAnchors(anchors);
  if (isIndex(candidates)) {
    const call = new FromIndex(anchors, candidates, options, false);
    try {
      const found = candidates.searchBatch(call.anchors, call.count, call.settings);
      for (let i = 0; i < call.anchors.rows; i++) call.choose(i, found);
      return call.result;
    } finally {
      call.close();
    }
  }
  const { positives, degrees, strategy = 'hardest', ...rest } = inputs.options(options, ['positives', 'degrees', 'strategy', ...OF_MINER]);
  const miner = minerOf(strategy, rest);
  try {
    return miner.mine(anchors, candidates, positives, degrees);
  } finally {
    miner.close();
  }
}

/** The same off the event loop. */
async function sampleHardNegativesAsync(anchors, candidates, options) {
  requireAnchors(anchors);
  if (isIndex(candidates)) {
    const call = new FromIndex(anchors, candidates, options, true), { anchors: rows, count, settings, signal } = call;
    try {
      return await abortable(signal, async (flag) => {
        const found = await candidates.searchBatchAsync(rows, count, { ...settings, signal });
        for (let i = 0, started = performance.now(); i < rows.rows; i++) {
          checkFlag(flag);
          call.choose(i, found);
          if (performance.now() - started < JOB) continue;
          await new Promise((resolve) => { setTimeout(resolve, 0); });
          started = performance.now();
        }
        return call.result;
      });
    } finally {
      call.close();
    }
  }
  const { positives, degrees, strategy = 'hardest', threads, signal, ...rest } = inputs.options(options, ['positives', 'degrees', 'strategy', 'threads', 'signal', ...OF_MINER]);
  const miner = minerOf(strategy, rest);
  try {
    return await miner.mineAsync(anchors, candidates, positives, degrees, { threads, signal });
  } finally {
    miner.close();
  }
}

module.exports = { sampleHardNegatives, sampleHardNegativesAsync };
