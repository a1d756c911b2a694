'use strict';

// A learned order: the native ranker (Sources/RuvectorTraining/Ranking/BilinearRanker.swift), and how much of it is in use.
const native = require('../native.js');
const { standardised } = require('../standardised.js');

const NONE = -1;

/** Calls an operation with buffers: matrices {data, rows, dim} or typed arrays. */
function call(handle, operation, list, { threads = 1, flag, isLater = false } = /** @type {any} */ ({})) {
  const buffers = list.map((one) => one.data ?? one), shapes = new Float64Array(2 * list.length).fill(NONE);
  list.forEach((one, i) => { if (one.data) shapes.set([one.rows, one.dim], 2 * i); });
  return isLater ? native.runAsync(handle, operation, buffers, shapes, threads, flag) : native.run(handle, operation, buffers, shapes, threads, undefined);
}

const create = ({ dim, rank, seed }) => native.create('ranker', 'bilinear', ['dim', dim, 'rank', rank, 'seed', BigInt.asUintN(64, BigInt(seed))]);
/** Of the native weights: A, B, scale. ERR_INVALID_CONFIG for a width or rank that there is not. */
const floatsOf = ({ dim, rank }) => native.weightsNeeded('ranker', 'bilinear', [...dim === undefined ? [] : ['dim', dim], 'rank', rank]);
/** Whether so many numbers are a learned order: the native weights, and behind them what queries lose. Orders that were learned before queries lost anything end with the scale. */
function isWhole(count, shape) {
  const floats = floatsOf(shape);
  return count === floats + shape.dim || count === floats;
}

/** Of length one; zeros stay zeros. */
function unit(row, out = new Float32Array(row.length)) {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] * row[i];
  const factor = sum > 0 && Number.isFinite(sum) ? 1 / Math.sqrt(sum) : 0;
  for (let i = 0; i < row.length; i++) out[i] = row[i] * factor;
  return out;
}

/** Places by falling score, of equals the earlier one first; the first `most`. */
function orderOf(scores, most = scores.length) {
  if (most > 16) return Array.from(scores, (_, i) => i).sort((i, j) => scores[j] - scores[i] || i - j).slice(0, most);
  const order = [];
  for (let i = 0; i < scores.length; i++) {
    if (order.length === most && !(scores[i] > scores[order[most - 1]])) continue;
    let at = order.length < most ? order.length : most - 1;
    for (; at > 0 && scores[i] > scores[order[at - 1]]; at--) order[at] = order[at - 1];
    order[at] = i;
  }
  return order;
}

/** Weights in use. `share`: α of the learned part. */
class Model {
  #handle;
  #shapes;
  #centre;

  constructor(shape, weights, share) {
    this.#handle = create(shape);
    const floats = floatsOf(shape);
    native.weightsSet(this.#handle, '', weights.subarray(0, floats));
    this.#centre = weights.subarray(floats);
    this.dim = shape.dim;
    this.#shapes = Float64Array.of(1, shape.dim, NONE, NONE);
    this.share = share;
    this.scale = weights[floats - 1];
  }

  /** Bᵀ A (q − m) of a query of length one, times α. Nothing of a query without a direction. */
  project(query) {
    const out = new Float32Array(this.dim), q = unit(query), m = this.#centre;
    if (q.every((x) => x === 0)) return out;
    for (let i = 0; i < m.length; i++) q[i] -= m[i];
    native.run(this.#handle, 'project', [q, out], this.#shapes, 1, undefined);
    for (let i = 0; i < out.length; i++) out[i] *= this.share;
    return out;
  }

  close() {
    native.close(this.#handle);
  }
}

/** {scores, first, learned}: what candidates with these scores of the first stage get; `learned`: α⟨t, x⟩ of each. */
function combine(scale, firstScores, learned) {
  const first = standardised(firstScores, new Float32Array(firstScores.length)), scores = new Float64Array(first.length);
  for (let i = 0; i < first.length; i++) scores[i] = (first[i] *= scale) + learned[i];
  return { first, learned, scores };
}

module.exports = { Model, call, combine, create, floatsOf, isWhole, orderOf, unit };
