'use strict';

// Reranker: puts the candidates of any first stage in an order that is learned from what people click.
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');
const { threads: threadsOf } = require('../async.js');
const { mismatch, RuvectorError, unexpected } = require('../errors.js');
const { generator, getRandomValues, randomSeed } = require('../random.js');
const { watcher } = require('../slices.js');
const { corrupt, pack, unpack } = require('../model-bytes.js');
const impressions = require('./impression.js');
const { learn } = require('./learner.js');
const { readCandidates } = require('./lists.js');
const { Log } = require('./log.js');
const { flag, readExamination, readShare, swapOf, whole } = require('./options.js');
const { Model, combine, floatsOf, isWhole, orderOf, unit } = require('./model.js');

const MAGIC = 'RVRERANK';
const RANK = 128, MOST = 100000;

/** What tells a Reranker's impressions from those of others. */
const newName = () => `reranker ${Array.from(getRandomValues(new Uint32Array(3)), (x) => x.toString(16).padStart(8, '0')).join('')}`;

const checkId = (id, name) => {
  if (typeof id !== 'string' || id === '') throw unexpected('ERR_INVALID_ARG', 'a string that is not empty', name, id);
  return id;
};

let isOne;
class Reranker {
  #shape;
  #most;
  #log;
  #model;
  #weights;
  #report;
  #version = 0;
  #name = newName();
  /** Whether the caller has chosen the seed: chance is then the same for the same past. How often it was asked. */
  #isSeeded;
  #explored = 0;
  #isLearning = false;
  #isClosed = false;

  constructor(options) {
    const { dim, rank, seed: given, maxObservations } = inputs.required(options, ['dim', 'rank', 'seed', 'maxObservations']), seed = given ?? randomSeed();
    if (!Number.isSafeInteger(seed) && typeof seed !== 'bigint') throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    this.#shape = { dim: dim === undefined ? dim : inputs.number(dim, 'dim'), rank: inputs.number(rank, 'rank', RANK), seed };
    floatsOf(this.#shape); // the native side knows which there are
    this.#most = whole(maxObservations, 'maxObservations', 1, 1e7, MOST);
    this.#log = new Log(this.#most, seed);
    this.#isSeeded = given !== undefined;
  }

  #check() {
    if (this.#isClosed) throw mismatch('ERR_CLOSED', 'an open Reranker', 'this', 'a closed one');
  }

  get dim() {
    return this.#shape.dim;
  }

  get rank() {
    return this.#shape.rank;
  }

  get seed() {
    return this.#shape.seed;
  }

  get maxObservations() {
    return this.#most;
  }

  get closed() {
    return this.#isClosed;
  }

  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#model?.close();
    this.#model = undefined;
  }

  /** The `k` best of {ids, vectors, scores} in the learned order: [{id, score, place}]. */
  rerank(query, candidates, options) {
    this.#check();
    const { dim } = this.#shape, o = inputs.options(options, ['k', 'track', 'explore', 'explain']);
    const k = inputs.count(o.k ?? 10, 'k'), isTracked = flag(o.track, 'track'), share = readShare(o.explore), isExplained = flag(o.explain, 'explain');
    if (isTracked && k > impressions.MOST) throw mismatch('ERR_OUT_OF_RANGE', `at most ${impressions.MOST}, since it is tracked,`, 'k', k);
    if (share > 0 && !isTracked) throw mismatch('ERR_INVALID_CONFIG', 'track: true', 'explore', 'a search that nobody observes');
    const row = inputs.ownVector(query, 'query');
    if (row.length !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'query', row.length);
    for (let i = 0; i < dim; i++) if (!Number.isFinite(row[i])) throw mismatch('ERR_NON_FINITE', 'a finite number', `query[${i}]`, String(row[i]));
    const found = readCandidates(candidates, dim, 'candidates'), count = found.ids.length, model = this.#model;
    const byFirst = found.ids.map((_, i) => i).sort((i, j) => found.scores[j] - found.scores[i] || i - j);
    const learned = new Float32Array(count);
    if (model) {
      const t = model.project(row), x = new Float32Array(dim);
      byFirst.forEach((at, i) => {
        unit(found.data.subarray(at * dim, (at + 1) * dim), x);
        let dot = 0;
        for (let d = 0; d < dim; d++) dot += t[d] * x[d];
        learned[i] = dot;
      });
    }
    const { scores, first } = combine(model?.scale ?? 1, Float32Array.from(byFirst, (at) => found.scores[at]), learned);
    const order = orderOf(scores, Math.min(k, count)), swapped = swapOf(share, order.length, this.#chance());
    if (swapped) [order[swapped[0]], order[swapped[1]]] = [order[swapped[1]], order[swapped[0]]];
    /** @type {any} */
    const hits = order.map((i) => ({ id: found.ids[byFirst[i]], score: scores[i], place: byFirst[i], ...isExplained && { explain: { firstStage: first[i], attention: learned[i] } } }));
    if (isTracked) hits.impression = impressions.write({ query: row, shown: hits.map(({ id }) => id), model: this.#version, swapped }, this.#name);
    return hits;
  }

  /** Where a seed was given, the chance of a search depends on it, and on how many observations and explorations there were: not on when it was loaded. */
  #chance() {
    if (!this.#isSeeded) return Math.random;
    return generator(Number(BigInt.asUintN(32, BigInt(this.#shape.seed))) ^ Math.imul(this.#log.total + 1, 0x9e3779b1) ^ Math.imul(++this.#explored, 0x85ebca6b));
  }

  /** Notes what was clicked of what was shown: none at all, too. */
  observe(impression, clicked) {
    this.#check();
    const shown = impressions.read(impression, { dim: this.#shape.dim, of: this.#name, checkId });
    this.#log.add({ ...shown, clicked: impressions.ranksOf(clicked, shown.shown) });
  }

  /** Learns from the log; the report of `learning()`. */
  async learn(options) {
    this.#check();
    const o = inputs.required(options, ['candidates', 'examination', 'onProgress', 'signal', 'threads']), { candidates } = o;
    if (typeof candidates !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function that gives the candidates of a query', 'candidates', candidates);
    const examination = readExamination(o.examination), threads = threadsOf(o.threads), watch = watcher(o);
    if (this.#isLearning) throw mismatch('ERR_BUSY', 'no learning in flight', 'this', 'one');
    if (this.#log.size === 0) throw mismatch('ERR_EMPTY_INPUT', 'observations', 'this', 'none');
    this.#isLearning = true;
    try {
      const check = () => {
        this.#check();
        watch.check();
      };
      check();
      const { weights, share, report } = await learn(this.#shape, this.#log.grouped(), candidates, { examination, check, threads, onProgress: watch.tell, seed: this.#version + 1 });
      check();
      if (weights) this.#adopt(weights, share, this.#version + 1);
      this.#report = report;
      return this.learning();
    } finally {
      this.#isLearning = false;
    }
  }

  #adopt(weights, share, version) {
    const model = new Model(this.#shape, weights, share);
    this.#model?.close();
    [this.#model, this.#weights, this.#version] = [model, weights, version];
  }

  /** What was observed and learned. */
  learning() {
    this.#check();
    const report = this.#report;
    return {
      observations: this.#log.size, observed: this.#log.total, queries: this.#log.queries, model: this.#version, share: this.#model?.share ?? 0, live: report?.isLive ?? false,
      examination: report?.examination, gain: report?.gain && { mean: report.gain.mean, low: report.gain.low, high: report.gain.high, t: report.gain.t },
      lists: report?.lists ?? 0, bytes: this.#weights?.byteLength ?? 0,
    };
  }

  /** Back to the order of the first stage; what was observed goes, too. */
  forget() {
    this.#check();
    if (this.#isLearning) throw mismatch('ERR_BUSY', 'no learning in flight', 'this', 'one');
    this.#model?.close();
    [this.#model, this.#weights, this.#report] = [undefined, undefined, undefined];
    this.#version++;
    this.#log = new Log(this.#most, this.#shape.seed);
  }

  /** Weights and log as bytes. */
  toBuffer() {
    this.#check();
    const { queries, ...log } = this.#log.toJson(), { dim } = this.#shape, rows = new Float32Array(queries.length * dim);
    queries.forEach((query, i) => { rows.set(query, i * dim); });
    return pack(MAGIC, { ...this.#shape, seed: String(this.#shape.seed), name: this.#name, isSeeded: this.#isSeeded, explored: this.#explored, maxObservations: this.#most, version: this.#version, share: this.#model?.share ?? 0, report: this.#report, log, queries: queries.length }, { weights: this.#weights ?? new Float32Array(0), rows });
  }

  static fromBuffer(bytes) {
    const { header, arrays: { weights, rows } } = unpack(MAGIC, bytes);
    try {
      // Before Rerankers had names, those of one width had the same.
      const { dim, rank, seed, name = `reranker ${dim}`, isSeeded = false, explored = 0, maxObservations, version, share, report, log, queries } = header;
      const one = new Reranker({ dim, rank, seed: BigInt(seed), maxObservations });
      if (rows.length !== queries * dim || (weights.length !== 0 && !isWhole(weights.length, { dim, rank }))) throw corrupt('the sizes of a Reranker', 'bytes', 'others');
      one.#log = Log.fromJson({ ...log, queries: Array.from({ length: queries }, (_, i) => rows.slice(i * dim, (i + 1) * dim)) }, maxObservations, BigInt(seed));
      one.#report = report;
      [one.#name, one.#isSeeded, one.#explored] = [name, isSeeded, explored];
      if (weights.length > 0) one.#adopt(weights, share, version);
      else one.#version = version;
      return one;
    } catch (error) {
      if (error instanceof RuvectorError && error.code === 'ERR_CORRUPT') throw error;
      throw corrupt('the fields of a Reranker', 'bytes', 'others');
    }
  }

  static {
    isOne = (value) => typeof value === 'object' && value !== null && #shape in value;
  }
}
guard(Reranker, isOne);

module.exports = { Reranker };
