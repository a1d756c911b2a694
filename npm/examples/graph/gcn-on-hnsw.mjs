// Vectors smoothed over the graph of their index: noise goes, what neighbours share stays.   node npm/examples/graph/gcn-on-hnsw.mjs
import { Aggregation, Graph, HNSWIndex, MessagePassing } from '@ruvector/gnn';

/** Numbers in [-1, 1) that depend on the seed only. */
function generator(seed) {
  let s = seed >>> 0;
  return () => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return s / 2 ** 31 - 1;
  };
}

// 600 points around 6 centres, with twice as much noise as signal.
const random = generator(7), dim = 16, centres = Array.from({ length: 6 }, () => Array.from({ length: dim }, random));
const points = Array.from({ length: 600 }, (_, i) => Float32Array.from(centres[i % 6], (x) => x + 2 * random()));

const index = new HNSWIndex({ dim, metric: 'l2', M: 8, seed: 1 });
index.addBatch(points.map((_, i) => i), points);
const { graph, keys } = Graph.fromIndex(index);
console.log(`${graph.nodes} nodes, ${graph.edges} links at the lowest level`);

// Node i of the graph is the vector of keys[i]: the rows in that order.
const rows = { data: Float32Array.from(Array.from(keys, (key) => [...points[key]]).flat()), rows: graph.nodes, dim };

/** A node's mean with its neighbours: a layer of one's own. */
class Smoothing extends MessagePassing {
  constructor(share) {
    super({ aggr: 'mean' });
    this.share = share;
  }

  update(means, x) {
    return { ...means, data: means.data.map((mean, k) => (1 - this.share) * x.data[k] + this.share * mean) };
  }
}

/** How many of the nearest ten have the same centre. */
function purity({ data }) {
  let same = 0;
  for (let i = 0; i < graph.nodes; i += 7) {
    const distances = Array.from({ length: graph.nodes }, (_, j) => {
      let sum = 0;
      for (let c = 0; c < dim; c++) sum += (data[i * dim + c] - data[j * dim + c]) ** 2;
      return [sum, j];
    });
    same += distances.sort(([a], [b]) => a - b).slice(1, 11).filter(([, j]) => keys[j] % 6 === keys[i] % 6).length;
  }
  return same / (10 * Math.ceil(graph.nodes / 7));
}

const smooth = new Smoothing(0.5);
let x = rows;
console.log(`nearest ten of the same centre: ${(100 * purity(x)).toFixed(0)} %`);
for (let step = 1; step <= 3; step++) {
  x = smooth.forward(x, graph);
  console.log(`after ${step} steps: ${(100 * purity(x)).toFixed(0)} %`);
}

// The sum is native, forward and backward; sums of the same rows by hand agree.
const sum = new Aggregation({ aggr: 'sum' }), { data } = sum.forward(rows, graph), { offsets, indices } = graph;
const byHand = Array.from({ length: dim }, (_, c) => indices.slice(offsets[0], offsets[1]).reduce((all, j) => all + rows.data[j * dim + c], 0));
console.log(`by hand the same: ${byHand.every((value, c) => Math.abs(value - data[c]) < 1e-4)}`);
for (const one of [smooth, sum, graph, index]) one.close();
