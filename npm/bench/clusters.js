'use strict';

// Seeded clusters, the same on every machine: rows around 1,000 centres whose coordinates are standard normal, with noise of
// deviation .25, then scaled to length one; queries of the same mixture.
const { generator } = require('./measure.js');

const DIM = 128, CENTRES = 1000, DEVIATION = 0.25;

/** Fills `out` with normal numbers times `scale` (Box and Muller). */
function normals(random, out, scale) {
  for (let i = 0; i < out.length; i += 2) {
    const size = scale * Math.sqrt(-2 * Math.log(1 - (random() + 1) / 2)), angle = Math.PI * random();
    out[i] = size * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = size * Math.sin(angle);
  }
  return out;
}

/** `count` rows of the mixture: {data, rows, dim}. */
function mixture(random, centres, count) {
  const data = normals(random, new Float32Array(count * DIM), DEVIATION);
  for (let r = 0; r < count; r++) {
    const start = r * DIM, centre = Math.floor((random() + 1) / 2 * CENTRES) * DIM;
    let square = 0;
    for (let i = 0; i < DIM; i++) {
      data[start + i] += centres[centre + i];
      square += data[start + i] ** 2;
    }
    for (let i = 0; i < DIM; i++) data[start + i] /= Math.sqrt(square);
  }
  return { data, rows: count, dim: DIM };
}

/** {base, keys, queries}: a matrix, its rows' numbers, and vectors to search for. */
function clusters(count, asked = 200, seed = 20) {
  const random = generator(seed), centres = normals(random, new Float32Array(CENTRES * DIM), 1);
  const { data } = mixture(random, centres, asked);
  return {
    queries: Array.from({ length: asked }, (_, q) => data.slice(q * DIM, (q + 1) * DIM)),
    base: mixture(random, centres, count),
    keys: Float64Array.from({ length: count }, (_, i) => i),
  };
}

/** Rows [start, end) of a matrix. */
const part = ({ data, dim }, start, end) => ({ data: data.subarray(start * dim, end * dim), rows: end - start, dim });

module.exports = { clusters, DIM, part };
