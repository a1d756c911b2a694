'use strict';

// How much the nodes most like an embedding count in where a TaxonomyHead leads it (taxonomy.js), found by leaving nodes out in turn.
const { BruteForceIndex } = require('../indexes/brute-force.js');
const { normals } = require('../random.js');

/** Sharpnesses that are tried, neighbours that they are tried with, and how many nodes are asked. */
const GRID = [5, 10, 20, 30, 40, 60, 80, 120, 200, 400, 800], NEIGHBOURS = 32, ASKED = 512;
/** Rows that are added to an index at a time. */
const ADDED = 4096;

/**
 * The sharpness with which nodes find what is above them by the other nodes alone: each of some nodes is left out in turn and led to a
 * point by those like it; the share of its ancestors among the nearest ten is taken, of all nodes and of the points of the others that
 * are left out (new ones must not crowd each other).
 */
function* sharpest(queries, values, embedding, pairs, { hiddenDim, size, seed, pause }) {
  const nodes = pairs.names.length, above = new Map();
  for (let i = 0; i < pairs.children.length; i++) {
    if (i % 256 === 0 && pause.isDue) yield pause.turn;
    const child = pairs.children[i];
    above.set(child, (above.get(child) ?? new Set()).add(pairs.parents[i]));
  }
  const keys = [...above.keys()], normal = normals(seed);
  const asked = keys.length <= ASKED ? keys : keys.map((key) => [normal(), key]).sort(([a], [b]) => a - b).slice(0, ASKED).map(([, key]) => key);
  const add = (index, ids, rows) => (isLater) => (isLater ? index.addBatchAsync(ids, rows) : index.addBatch(ids, rows));
  const like = new BruteForceIndex({ dim: hiddenDim, metric: 'ip' }), near = new BruteForceIndex({ dim: size, metric: 'poincare' });
  try {
    const ids = Array.from({ length: nodes }, (_, i) => i), others = [];
    for (let at = 0; at < nodes; at += ADDED) {
      const end = Math.min(at + ADDED, nodes);
      yield add(like, ids.slice(at, end), { data: queries.subarray(at * hiddenDim, end * hiddenDim), rows: end - at, dim: hiddenDim });
    }
    yield add(near, ids, embedding.vectors());
    for (const node of asked) {
      if (pause.isDue) yield pause.turn;
      const query = queries.subarray(node * hiddenDim, (node + 1) * hiddenDim), found = [...like.search(query, Math.min(nodes, NEIGHBOURS + 1)).keys].filter((i) => i !== node);
      others.push(found.map((i) => [i, dot(query, queries.subarray(i * hiddenDim, (i + 1) * hiddenDim))]));
    }
    let best = { hits: -1, sharpness: GRID[0] };
    for (const sharpness of GRID) {
      const points = new Float32Array(asked.length * size), left = new BruteForceIndex({ dim: size, metric: 'poincare' });
      for (const [at, list] of others.entries()) {
        if (pause.isDue) yield pause.turn;
        points.set(meanOf(list, values, size, sharpness), at * size);
      }
      try {
        yield add(left, asked.map((_, at) => at), { data: points, rows: asked.length, dim: size });
        let hits = 0;
        for (const [at, node] of asked.entries()) {
          if (pause.isDue) yield pause.turn;
          const query = points.subarray(at * size, (at + 1) * size), ancestors = above.get(node), list = [];
          const take = ({ keys: found, distances }, own, isAbove) => found.forEach((i, rank) => { if (i !== own) list.push([distances[rank], isAbove(i)]); });
          take(near.search(query, 11), node, (i) => ancestors.has(i));
          take(left.search(query, 11), at, () => false);
          hits += list.sort(([a], [b]) => a - b).slice(0, 10).filter(([, isAbove]) => isAbove).length / Math.min(10, ancestors.size);
        }
        if (hits > best.hits) best = { hits, sharpness };
      } finally {
        left.close();
      }
    }
    return best.sharpness;
  } finally {
    like.close();
    near.close();
  }
}

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

/** Where attention to these nodes, [node, score], leads: as TaxonomyMap does it. */
function meanOf(list, values, size, sharpness) {
  const z = new Float64Array(size), most = Math.max(...list.map(([, score]) => score));
  let sum = 0;
  for (const [node, score] of list) {
    const w = Math.exp(sharpness * (score - most));
    sum += w;
    for (let c = 0; c < size; c++) z[c] += w * values[node * size + c];
  }
  const length = Math.hypot(...z) / sum, factor = length === 0 ? 0 : Math.tanh(Math.min(length, 6.1)) / length / sum;
  return z.map((x) => factor * x);
}

module.exports = { sharpest };
