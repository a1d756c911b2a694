'use strict';

// Scores of different kinds on one scale.

/** Differences below this share of the largest score are noise: scores have 24 bits. */
const NOISE = 1e-6;

/**
 * Scores with mean 0 and deviation 1; zeros where all are alike.
 * @param {ArrayLike<number>} scores
 * @param {Float32Array | Float64Array} [out]
 */
function standardised(scores, out = new Float64Array(scores.length)) {
  let mean = 0, square = 0, most = 0;
  for (let i = 0; i < scores.length; i++) {
    mean += scores[i] / scores.length;
    most = Math.max(most, Math.abs(scores[i]));
  }
  for (let i = 0; i < scores.length; i++) square += (scores[i] - mean) ** 2 / scores.length;
  const factor = square > (NOISE * most) ** 2 && Number.isFinite(square) ? 1 / Math.sqrt(square) : 0;
  for (let i = 0; i < scores.length; i++) out[i] = factor === 0 ? 0 : (scores[i] - mean) * factor;
  return out;
}

module.exports = { standardised };
