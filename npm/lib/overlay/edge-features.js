'use strict';

// Features of the edges of a hierarchical graph, for EdgeFeaturedAttention.
const inputs = require('../inputs.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');

/** Numbers >= 0, `count` of them; zeros where they are left out. */
function numbers(value, name, count) {
  if (value === undefined) return new Float32Array(count);
  const list = inputs.vector(value, name);
  if (lengthOf(list) !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} numbers, one an edge`, name, lengthOf(list));
  for (let i = 0; i < count; i++) {
    if (!Number.isFinite(list[i])) throw unexpected('ERR_NON_FINITE', 'a finite number', `${name}[${i}]`, list[i]);
    if (list[i] < 0) throw unexpected('ERR_OUT_OF_RANGE', 'a number >= 0', `${name}[${i}]`, list[i]);
  }
  return list;
}

/** Four features an edge: 1/(distance + 1e-6), level, ln(1 + degree), 1. */
class HNSWEdgeFeatureExtractor {
  get edgeDim() {
    return 4;
  }

  extract(edges) {
    const { distances, levels, degrees } = inputs.options(edges, ['distances', 'levels', 'degrees'], 'edges');
    const d = inputs.vector(distances, 'distances'), count = lengthOf(d);
    numbers(d, 'distances', count);
    const l = numbers(levels, 'levels', count), g = numbers(degrees, 'degrees', count);
    const data = inputs.allocate(4 * count, 'result');
    for (let i = 0; i < count; i++) data.set([1 / (d[i] + 1e-6), l[i], Math.log1p(g[i]), 1], 4 * i);
    return { data, rows: count, dim: 4 };
  }
}

module.exports = { HNSWEdgeFeatureExtractor };
