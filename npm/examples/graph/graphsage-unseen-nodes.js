'use strict';
// GraphSAGE answers for nodes that were not there in training: neither they nor their links.
//   npm run example -- graphsage-unseen-nodes [--data <folder of Cora>] [--seeds 5]
// Trained twice in minibatches of sampled neighbours, with and without the nodes that are asked for. Without --data: 400 nodes in four
// communities that it draws.
const path = require('node:path');
const { CrossEntropyLoss, Graph, GraphSAGE, Trainer } = require('../../../index.js');
const { lines } = require('./cora.js');

/** Nodes with labels of which a part is asked for: {x, nodes, pairs, labels, known, asked, classes}. */
function communities(seed) {
  let s = seed + 11;
  const random = () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32, nodes = 400, classes = 4, pairs = [];
  const labels = Uint32Array.from({ length: nodes }, (_, i) => i % classes);
  for (let i = 0; i < nodes; i++) for (let j = 0; j < i; j++) if (random() < (labels[i] === labels[j] ? 0.15 : 0.01)) pairs.push([i, j]);
  const data = Float32Array.from({ length: nodes * 8 }, (_, k) => (k % 8 === labels[k >> 3] ? 0.25 : 0) + random());
  return { x: { data, rows: nodes, dim: 8 }, nodes, pairs, labels, known: Array.from({ length: 40 }, (_, i) => i), asked: Array.from({ length: 100 }, (_, i) => 300 + i), classes };
}

function cora(folder) {
  const rows = lines(path.join(folder, 'cora_nodes.tsv.gz')), dim = 1433, data = new Float32Array(rows.length * dim), known = [], asked = [];
  rows.forEach(([, , part, words], i) => {
    const list = words ? words.split(' ').map(Number) : [];
    for (const word of list) data[i * dim + word] = 1 / list.length;
    if (part === 'train') known.push(i);
    if (part === 'test') asked.push(i);
  });
  const pairs = lines(path.join(folder, 'cora_edges.tsv.gz')).map((pair) => pair.map(Number));
  return { x: { data, rows: rows.length, dim }, nodes: rows.length, pairs, labels: Uint32Array.from(rows, ([, label]) => Number(label)), known, asked, classes: 7 };
}

const graphOf = (pairs, nodes) => Graph.fromEdges(pairs.flatMap(([a, b]) => [a, b, b, a]), { nodes });

/** The share of the nodes asked for that are right, once all are there. */
async function accuracy({ x, nodes, pairs, labels, known, asked, classes }, whole, seed, isSeen) {
  const unseen = new Set(isSeen ? [] : asked), place = new Map();
  for (let i = 0; i < nodes; i++) if (!unseen.has(i)) place.set(i, place.size);
  // The graph as it was then: without those nodes.
  const rows = { data: new Float32Array(place.size * x.dim), rows: place.size, dim: x.dim };
  for (const [node, at] of place) rows.data.set(x.data.subarray(node * x.dim, (node + 1) * x.dim), at * x.dim);
  const graph = graphOf(pairs.filter((pair) => pair.every((node) => place.has(node))).map((pair) => pair.map((node) => place.get(node))), place.size);
  const sage = new GraphSAGE({ inputDim: x.dim, hiddenDim: 32, outputDim: classes, dropout: 0.5, sampleSizes: [10, 10], seed });
  const trainer = new Trainer({
    model: sage.model, loss: new CrossEntropyLoss(), optimizer: { type: 'adam', learningRate: 0.01, weightDecay: 5e-4 }, batchSize: 20, sampleSizes: [10, 10], seed,
  });
  await trainer.fit({ inputs: { x: rows, graph }, targets: known.map((node) => labels[node]), rows: known.map((node) => place.get(node)) }, { epochs: 60 });
  const { data } = sage.forward(x, whole), right = asked.filter((node) => {
    const scores = data.subarray(node * classes, (node + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === labels[node];
  });
  // Neighbourhoods of 10 do nearly as well, whatever the size of the graph.
  const few = sage.forwardMinibatch(x, whole, asked), sampled = asked.filter((node, i) => {
    const scores = few.data.subarray(i * classes, (i + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === labels[node];
  });
  for (const one of [trainer, sage, graph]) one.close();
  return { whole: 100 * right.length / asked.length, sampled: 100 * sampled.length / asked.length };
}

async function graphsageUnseenNodes({ data: folder, seeds = folder ? '5' : '1' }) {
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length, found = { seen: [], unseen: [], sampled: [] };
  for (let seed = 0; seed < Number(seeds); seed++) {
    const data = folder ? cora(folder) : communities(seed), whole = graphOf(data.pairs, data.nodes);
    if (seed === 0) console.log(`${data.nodes} nodes, ${data.pairs.length} links; ${data.known.length} labels to learn from, ${data.asked.length} nodes asked for`);
    const seen = await accuracy(data, whole, seed, true), unseen = await accuracy(data, whole, seed, false);
    found.seen.push(seen.whole);
    found.unseen.push(unseen.whole);
    found.sampled.push(unseen.sampled);
    whole.close();
  }
  // Of several seeds the standard deviation, too.
  const shown = (list) => mean(list).toFixed(1) + (list.length > 1 ? ` ± ${Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / (list.length - 1)).toFixed(1)}` : '');
  console.log(`seen in training:   ${shown(found.seen)} % right`);
  console.log(`unseen in training: ${shown(found.unseen)} % right (${shown(found.sampled)} % by 10 neighbours a hop)`);
  if (found.seen.length > 1) console.log(`unseen − seen, by seed: ${shown(found.unseen.map((x, i) => x - found.seen[i]))}`);
  return found;
}

module.exports = { graphsageUnseenNodes };
if (require.main === module) graphsageUnseenNodes({});
