'use strict';
// What the examples of searches with a graph have in common: hierarchies of which some nodes are questions and the others are held by an
// index; how good answers are; a layer that is trained on questions as a search puts them.
const { Graph, InfoNCELoss, Trainer } = require('../../../index.js');

/** Of each node its ancestors and descendants by direct pairs: [Set]. */
function relatives(n, pairs) {
  const above = Array.from({ length: n }, () => []), all = Array.from({ length: n }, () => new Set());
  for (const [child, parent] of pairs) above[child].push(parent);
  for (let i = 0; i < n; i++) {
    const stack = [...above[i]], seen = new Set();
    while (stack.length > 0) {
      const j = stack.pop();
      if (j === i || seen.has(j)) continue;
      seen.add(j);
      all[i].add(j);
      all[j].add(i);
      stack.push(...above[j]);
    }
  }
  return all;
}

/** R10rel: how many of the ten (or as many as there are) are relatives; NDCG@10. `search(i)`: the numbers found for question i. */
function judge({ asked, related, isHeld }, search) {
  let recall = 0, gain = 0, count = 0;
  for (const i of asked) {
    const wanted = [...related[i]].filter((j) => isHeld.has(j));
    if (wanted.length === 0) continue;
    const hits = search(i).map((key) => related[i].has(key));
    const ideal = Array.from({ length: Math.min(10, wanted.length) }, (_, r) => 1 / Math.log2(r + 2)).reduce((a, b) => a + b, 0);
    recall += hits.filter(Boolean).length / Math.min(10, wanted.length);
    gain += hits.reduce((sum, hit, r) => sum + (hit ? 1 / Math.log2(r + 2) : 0), 0) / ideal;
    count++;
  }
  return { recall: recall / count, gain: gain / count };
}

/**
 * Trains `model` on questions: each node that is held is also a second node that only sees the `queryLinks` nearest others, as a query
 * does, and shall be near one of its relatives and far from 256 nodes at random. `pairs`: links of the graph, both ways, as a flat list;
 * `row(i)`: the vector of node i. Resolves to the losses of the epochs.
 */
async function trainOnQuestions(model, { n, dim, row, held, related, isHeld, index, pairs }, { queryLinks, epochs, temperature = 0.1, seed = 5, rate = 0.005, threads = 1 }) {
  const data = new Float32Array(2 * n * dim);
  for (let i = 0; i < n; i++) {
    const length = Math.hypot(...row(i)), unit = Float32Array.from(row(i), (x) => x / length); // as an index by cosine has it
    data.set(unit, i * dim);
    data.set(unit, (n + i) * dim);
  }
  const asking = held.flatMap((i) => [...index.search(row(i), queryLinks + 1).keys].filter((j) => j !== i).slice(0, queryLinks).flatMap((j) => [j, n + i]));
  const both = Graph.fromEdges([...pairs, ...asking], { nodes: 2 * n }), infoNce = new InfoNCELoss({ temperature });
  const answers = new Map(held.map((i) => [i, [...related[i]].filter((j) => isHeld.has(j))]));
  let s = seed;
  const draw = (count) => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) % count;
  const loss = ({ data: rows, dim: width }) => {
    const gradient = new Float32Array(rows.length), many = [], pick = (list) => list.map((i) => rows.subarray(i * width, (i + 1) * width));
    while (many.length < 256) {
      const a = held[draw(held.length)], list = answers.get(a);
      if (list.length > 0) many.push([n + a, list[draw(list.length)]]);
    }
    const parts = [many.map(([a]) => a), many.map(([, b]) => b), Array.from({ length: 256 }, () => held[draw(held.length)])];
    const { loss: value, gradients } = infoNce.computeWithGradients(...parts.map(pick));
    Object.values(gradients).forEach((g, p) => parts[p].forEach((node, k) => { for (let c = 0; c < width; c++) gradient[node * width + c] += g[k * width + c]; }));
    return { loss: value, gradient };
  };
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: rate }, shuffle: false, seed: 1 });
  try {
    const { loss: history } = await trainer.fit({ inputs: { x: { data, rows: 2 * n, dim }, graph: both } }, { epochs, threads });
    return history;
  } finally {
    for (const one of [trainer, infoNce, both]) one.close();
  }
}

module.exports = { judge, relatives, trainOnQuestions };
