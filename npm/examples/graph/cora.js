'use strict';
// Node classification on Cora: GCN and GAT as in their papers, and a tuned GCN, on the public split, or on random ones of as many nodes.
//   npm run example -- cora --data <folder> [--model gcn|gat|tuned] [--split public|random] [--seeds 20] [--first 0] [--threads 1]
// The folder has cora_nodes.tsv.gz (node, class, split, words) and cora_edges.tsv.gz (undirected links).
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { CrossEntropyLoss, Graph, Sequential, Trainer } = require('../../../index.js');

const lines = (file) => zlib.gunzipSync(fs.readFileSync(file)).toString().split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));

/** {x, graph, labels, nodes: {train, val, test}}: rows of words sum to 1. */
function load(folder) {
  const nodes = lines(path.join(folder, 'cora_nodes.tsv.gz')), width = 1433, x = { data: new Float32Array(nodes.length * width), rows: nodes.length, dim: width };
  const labels = new Uint32Array(nodes.length), split = { train: [], val: [], test: [], '-': [] };
  nodes.forEach(([, label, part, words], i) => {
    labels[i] = Number(label);
    split[part].push(i);
    const list = words ? words.split(' ').map(Number) : [];
    for (const word of list) x.data[i * width + word] = 1 / list.length;
  });
  const pairs = lines(path.join(folder, 'cora_edges.tsv.gz')).flatMap(([a, b]) => [Number(a), Number(b), Number(b), Number(a)]);
  return { x, graph: Graph.fromEdges(pairs, { nodes: nodes.length }), labels, nodes: split };
}

const MODELS = {
  /** Kipf and Welling 2017: L2 on the first layer alone. */
  gcn: {
    epochs: 200, lr: 0.01, decay: { 1: 5e-4 },
    layers: (seed) => [
      { class: 'Dropout', options: { p: 0.5 } }, { class: 'GCNLayer', options: { inChannels: 1433, outChannels: 16, seed } },
      { class: 'Activation', options: { function: 'relu' } },
      { class: 'Dropout', options: { p: 0.5 } }, { class: 'GCNLayer', options: { inChannels: 16, outChannels: 7, seed: seed + 1000 } },
    ],
  },
  /** Veličković et al. 2018. */
  gat: {
    epochs: 1000, lr: 0.005, decay: { 1: 5e-4, 4: 5e-4 }, patience: 100,
    layers: (seed) => [
      { class: 'Dropout', options: { p: 0.6 } }, { class: 'GATLayer', options: { inChannels: 1433, outChannels: 8, heads: 8, dropout: 0.6, seed } },
      { class: 'Activation', options: { function: 'elu' } },
      { class: 'Dropout', options: { p: 0.6 } }, { class: 'GATLayer', options: { inChannels: 64, outChannels: 7, heads: 1, dropout: 0.6, seed: seed + 1000 } },
    ],
  },
  /** Luo, Shi, Wu 2024, "Classic GNNs are Strong Baselines": three wide layers and a linear one, much dropout, words as 0 and 1.
   *  (The code of the paper measures on one random split.) */
  tuned: {
    isBinary: true, epochs: 500, lr: 0.001, decay: { 0: 5e-4, 3: 5e-4, 6: 5e-4, 9: 5e-4 },
    layers: (seed) => [
      ...[1433, 512, 512].flatMap((inChannels, i) => [
        { class: 'GCNLayer', options: { inChannels, outChannels: 512, seed: seed + 1000 * i } }, { class: 'Activation', options: { function: 'relu' } }, { class: 'Dropout', options: { p: 0.7 } },
      ]),
      { class: 'Linear', options: { inChannels: 512, outChannels: 7, seed: seed + 3000 } },
    ],
  },
};

/** 20 nodes of each class to learn from, 500 to choose by, 1,000 to test, by the seed (mulberry32; Fisher and Yates). */
function randomSplit(labels, seed) {
  let a = (seed + 1) >>> 0;
  const below = (count) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * count);
  };
  const order = Array.from(labels.keys()), counts = {};
  for (let i = order.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const train = order.filter((i) => (counts[labels[i]] = (counts[labels[i]] ?? 0) + 1) <= 20), taken = new Set(train), rest = order.filter((i) => !taken.has(i));
  return { train: train.sort((one, other) => one - other), val: rest.slice(0, 500), test: rest.slice(500, 1500) };
}

/** The share of `nodes` whose largest score is that of their class, and their mean loss. */
function judge({ data, dim }, labels, nodes) {
  let right = 0, loss = 0;
  for (const i of nodes) {
    const row = data.subarray(i * dim, (i + 1) * dim), top = Math.max(...row);
    if (row.indexOf(top) === labels[i]) right++;
    loss += Math.log(row.reduce((sum, score) => sum + Math.exp(score - top), 0)) + top - row[labels[i]];
  }
  return { accuracy: right / nodes.length, loss: loss / nodes.length };
}

/** Test accuracy at the epoch that was best on the validation nodes. */
async function run(name, { x: words, graph, labels, nodes }, seed, threads) {
  const { isBinary = false, epochs, lr, decay, layers, patience = Infinity } = MODELS[name], x = isBinary ? { ...words, data: words.data.map(Math.sign) } : words;
  const model = new Sequential({ layers: layers(seed) });
  const groups = Object.entries(decay).map(([layer, weightDecay]) => ({ parameters: layer, weightDecay })), loss = new CrossEntropyLoss();
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: lr, groups }, seed });
  let best = { accuracy: 0, loss: Infinity, test: 0, epoch: 0 }, most = { accuracy: 0, loss: Infinity }, lastGood = 0;
  const stop = new AbortController();
  try {
    await trainer.fit({ inputs: { x, graph }, targets: Uint32Array.from(nodes.train, (i) => labels[i]), rows: nodes.train }, {
      epochs, threads, signal: stop.signal,
      onEpoch({ epoch }) {
        const output = model.forward(x, graph, undefined, { threads }), val = judge(output, labels, nodes.val);
        // With patience as in the code of GAT: what improves either goes on, what improves both is the best.
        const isBest = patience < Infinity ? val.accuracy >= most.accuracy && val.loss <= most.loss
          : val.accuracy > best.accuracy || (val.accuracy === best.accuracy && val.loss < best.loss);
        if (isBest) best = { ...val, test: judge(output, labels, nodes.test).accuracy, epoch };
        if (val.accuracy >= most.accuracy || val.loss <= most.loss) lastGood = epoch;
        most = { accuracy: Math.max(most.accuracy, val.accuracy), loss: Math.min(most.loss, val.loss) };
        if (epoch - lastGood >= patience) stop.abort();
      },
    });
  } catch (error) {
    if (error.code !== 'ERR_ABORTED') throw error;
  }
  for (const one of [trainer, loss, model]) one.close();
  return best;
}

async function cora({ data: folder, model = 'gcn', split = 'public', seeds = '20', first = '0', threads = '1' }) {
  if (typeof folder !== 'string') throw new Error('--data <folder> is wanted: where the files are');
  const data = load(folder), results = [];
  console.log(`Cora, ${model}, ${split} split: ${data.graph.nodes} nodes, ${data.graph.edges} entries, ${data.nodes.train.length} to learn from`);
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    const start = performance.now(), nodes = split === 'random' ? randomSplit(data.labels, seed) : data.nodes, best = await run(model, { ...data, nodes }, seed, Number(threads));
    results.push(100 * best.test);
    console.log(`seed ${seed}: test ${(100 * best.test).toFixed(1)} at epoch ${best.epoch} (validation ${(100 * best.accuracy).toFixed(1)}), ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  const mean = results.reduce((a, b) => a + b, 0) / results.length;
  const deviation = Math.sqrt(results.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, results.length - 1));
  console.log(`${model}: ${mean.toFixed(2)} ± ${deviation.toFixed(2)} (${results.length} seeds)`);
  return { mean, deviation };
}

module.exports = { cora, judge, lines };
