'use strict';

// Many queries in one call, and the Promise forms.
const native = require('./native.js');
const inputs = require('./inputs.js');
const { matrix } = require('./matrices.js');
const { abortable, threads } = require('./async.js');
const { mismatch } = require('./errors.js');
const { cosine, hyperbolic, resident } = require('./search.js');

/** Everything a native search needs, in its order, except the cancel flag; and what to make of the results. */
function prepare(queries, candidates, k, metric, options, own) {
  const q = matrix(queries, 'queries', own);
  const c = resident(candidates, own);
  const perQuery = Math.min(inputs.count(k, 'k'), c.rows);
  const room = q.rows * perQuery;
  const indices = inputs.allocate(room, 'results', Uint32Array);
  const weights = inputs.allocate(room, 'results'), values = inputs.allocate(room, 'results');
  const call = [
    q.data, q.rows, q.dim, c.set, c.data, c.rows, c.dim, perQuery, metric.curvature, metric.projection, metric.temperature,
    indices, weights, values, threads(options.threads),
  ];
  const name = metric.curvature === 0 ? 'similarities' : 'distances';
  return { call, results: { indices, weights, [name]: values, k: perQuery } };
}

function batch(queries, candidates, k, metric, options) {
  const { call, results } = prepare(queries, candidates, k, metric, options, false);
  native.search(...call, undefined);
  return results;
}

function batchAsync(queries, candidates, k, metric, options) {
  return abortable(options.signal, async (flag) => {
    const { call, results } = prepare(queries, candidates, k, metric, options, true);
    await native.searchAsync(...call, flag);
    return results;
  });
}

/** One query as a batch of one. */
function single(query) {
  const data = inputs.ownVector(query, 'query');
  if (data.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'query', 0);
  return { data, rows: 1, dim: data.length };
}

const COSINE = ['temperature', 'threads'], BALL = [...COSINE, 'projection'];

function differentiableSearchBatch(queries, candidates, k, options) {
  const o = inputs.options(options, COSINE);
  return batch(queries, candidates, k, cosine(o.temperature), o);
}

function differentiableSearchHyperbolicBatch(queries, candidates, k, curvature, options) {
  const o = inputs.options(options, BALL);
  return batch(queries, candidates, k, hyperbolic(curvature, o), o);
}

async function differentiableSearchBatchAsync(queries, candidates, k, options) {
  const o = inputs.options(options, [...COSINE, 'signal']);
  return batchAsync(queries, candidates, k, cosine(o.temperature), o);
}

async function differentiableSearchHyperbolicBatchAsync(queries, candidates, k, curvature, options) {
  const o = inputs.options(options, [...BALL, 'signal']);
  return batchAsync(queries, candidates, k, hyperbolic(curvature, o), o);
}

async function differentiableSearchAsync(query, candidates, k, temperature, options) {
  const o = inputs.options(options, ['threads', 'signal']);
  const { indices, weights } = await batchAsync(single(query), candidates, k, cosine(temperature), o);
  return { indices: Array.from(indices), weights: Array.from(weights) };
}

async function differentiableSearchHyperbolicAsync(query, candidates, k, curvature, options) {
  const o = inputs.options(options, [...BALL, 'signal']);
  const { indices, weights } = await batchAsync(single(query), candidates, k, hyperbolic(curvature, o), o);
  return { indices: Array.from(indices), weights };
}

module.exports = {
  differentiableSearchAsync,
  differentiableSearchBatch,
  differentiableSearchBatchAsync,
  differentiableSearchHyperbolicAsync,
  differentiableSearchHyperbolicBatch,
  differentiableSearchHyperbolicBatchAsync,
};
