'use strict';

// Soft searches by more than one geometry: both spaces weighed (dual space), or experts that a router chooses (adaptive).
const inputs = require('./inputs.js');
const { cosine, hyperbolic, resident, search } = require('./search.js');
const { standardised } = require('./standardised.js');
const { hierarchicalForwardV2 } = require('./overlay/hierarchical-v2.js');
const { isList, unexpected } = require('./errors.js');

const ALL = 2 ** 32 - 1, EXPERTS = ['local', 'hierarchical', 'global', 'structural'];

/** The scores of all candidates by one metric, standardised. */
function scoresBy(query, candidates, metric, sign) {
  return search(query, candidates, ALL, metric, ({ indices, values }, n) => {
    const scores = new Float64Array(n);
    for (let i = 0; i < n; i++) scores[indices[i]] = sign * values[i];
    return standardised(scores, scores);
  });
}

/** The k largest of scores, the first of equal ones first. */
function best(scores, k) {
  const order = Uint32Array.from(scores, (_, i) => i).sort((a, b) => scores[b] - scores[a] || a - b);
  return Array.from(order.subarray(0, k));
}

/** How far the k best of a space stand out: the mean of their standardised scores; 0 where there are no others. */
const standing = (scores, k) => (k < scores.length ? best(scores, k).reduce((sum, i) => sum + scores[i], 0) / Math.max(k, 1) : 0);

/**
 * The k best by w·z(cosine) + (1 − w)·z(−Poincaré distance), with their share of the softmax over all. w `euclideanWeight`, or found
 * for the query: each space counts by how far its k best stand out.
 */
function differentiableSearchDualSpace(query, candidates, k, options) {
  const { temperature, curvature, projection, euclideanWeight } = inputs.options(options, ['temperature', 'curvature', 'projection', 'euclideanWeight']), most = inputs.count(k, 'k');
  if (euclideanWeight !== undefined && !(inputs.number(euclideanWeight, 'euclideanWeight') >= 0 && euclideanWeight <= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'a number in 0...1', 'euclideanWeight', euclideanWeight);
  const inBall = hyperbolic(curvature, { temperature, projection }), heat = inputs.number(temperature, 'temperature', 1);
  if (!(heat > 0 && heat < Infinity)) throw unexpected('ERR_OUT_OF_RANGE', 'a finite number > 0', 'temperature', temperature);
  const euclidean = scoresBy(query, candidates, cosine(1), 1), poincare = scoresBy(query, candidates, { ...inBall, temperature: 1 }, -1), n = Math.min(most, euclidean.length);
  const [a, b] = [standing(euclidean, n), standing(poincare, n)], w = euclideanWeight ?? (a + b > 0 ? a / (a + b) : 0.5); // each half where nothing stands out
  const scores = euclidean.map((x, i) => w * x + (1 - w) * poincare[i]), indices = best(scores, n), top = scores.reduce((m, x) => Math.max(m, x), -Infinity);
  const sum = scores.reduce((total, x) => total + Math.exp((x - top) / heat), 0);
  return { indices, weights: Float32Array.from(indices, (i) => Math.exp((scores[i] - top) / heat) / sum), euclideanWeight: w };
}

/** The k best by experts that a router chooses for the query (mode 'moe' of hierarchicalForwardV2), and the routing. */
function adaptiveSearch(query, candidates, k, options) {
  const given = inputs.options(options, ['temperature', 'curvature', 'numExperts', 'topK', 'router']), most = inputs.count(k, 'k');
  const rows = isList(candidates) ? inputs.lengthOfList(candidates, 'candidates') : resident(candidates, false).rows;
  // One level; of nothing, or of none wanted, the arguments are looked at all the same.
  const { levels: [level] } = /** @type {any} */ (hierarchicalForwardV2(query, [candidates], undefined, { ...given, mode: 'moe', k: Math.max(1, Math.min(most, rows)), explain: true }));
  const count = Math.min(most, level.indices.length);
  const routing = rows === 0 ? [] : EXPERTS.map((expert, i) => ({ expert, probability: level.routing.experts[i] }));
  return { indices: Array.from(level.indices.subarray(0, count)), weights: level.weights.slice(0, count), routing };
}

module.exports = { adaptiveSearch, differentiableSearchDualSpace };
