'use strict';

// Many embeddings have a large part in common: one that all queries share, and one that all candidates share. What tells them apart is then
// small, and an optimizer whose steps have one length hardly finds it. So training sees queries without most of their mean, candidates
// without theirs, and both at a deviation of 1. None of it is a computation of a search but the query's mean: the deviations are put into
// the weights, and the candidates' mean adds the same to every score.
const { unhurried } = require('./unhurried.js');

/** How much of the queries' mean stays, in deviations: a constant, by which what all queries want is learned. Queries with a smaller mean stay as they are. */
const KEPT = 0.5;
/** A deviation below this is the noise of floats. */
const LEAST = 1e-4;

/** {mean, deviation} of rows of length one: the root of the mean square of what is left of a row without the mean. */
async function spreadOf({ data, rows, dim }, pause) {
  const mean = new Float64Array(dim);
  let square = 0, own = 0;
  for (let i = 0, at = 0; i < rows; i++) {
    if (i % 16 === 0) await pause();
    for (let d = 0; d < dim; d++, at++) {
      mean[d] += data[at] / rows;
      square += data[at] * data[at] / rows;
    }
  }
  for (let d = 0; d < dim; d++) own += mean[d] * mean[d];
  return { mean, length: Math.sqrt(own), deviation: Math.sqrt(Math.max(0, square - own)) };
}

/** Each row x becomes factor · (x − centre); zeros, which have no direction, stay zeros. */
async function shift({ data, rows, dim }, centre, factor, pause) {
  for (let i = 0; i < rows; i++) {
    if (i % 16 === 0) await pause();
    const row = data.subarray(i * dim, (i + 1) * dim);
    if (row.every((x) => x === 0)) continue;
    for (let d = 0; d < dim; d++) row[d] = factor * (row[d] - centre[d]);
  }
}

/**
 * Centres the lists' queries and candidates in place. {centre, ofQueries, ofRows}: what a query loses when it is searched for, and the
 * factors that belong into A and B.
 */
async function centred({ queries, rows, n }, dim, check) {
  const pause = unhurried(check), all = { data: queries, rows: n, dim }, asked = await spreadOf(all, pause), found = await spreadOf(rows, pause);
  const kept = asked.deviation > LEAST ? Math.min(1, KEPT * asked.deviation / asked.length) : 1;
  const centre = Float32Array.from(asked.mean, (x) => (kept < 1 ? (1 - kept) * x : 0)), factor = ({ deviation }) => (deviation > LEAST ? 1 / deviation : 1);
  await shift(all, centre, factor(asked), pause);
  await shift(rows, found.mean, factor(found), pause);
  return { centre, ofQueries: factor(asked), ofRows: factor(found) };
}

module.exports = { centred };
