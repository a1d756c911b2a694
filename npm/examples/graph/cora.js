'use strict';
// Node classification on Cora: GCN and GAT as in their papers, and a tuned GCN, on the public split.
//   npm run example -- cora --data <folder> [--model gcn|gat|tuned] [--seeds 20] [--first 0] [--threads 1]
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
  /** After Luo, Shi, Wu 2024, "Classic GNNs are Strong Baselines": three wide layers, much dropout. */
  tuned: {
    epochs: 300, lr: 0.001, decay: { 0: 5e-4, 3: 5e-4, 6: 5e-4 },
    layers: (seed) => [
      { class: 'GCNLayer', options: { inChannels: 1433, outChannels: 512, seed } },
      { class: 'Activation', options: { function: 'relu' } }, { class: 'Dropout', options: { p: 0.7 } },
      { class: 'GCNLayer', options: { inChannels: 512, outChannels: 512, seed: seed + 1000 } },
      { class: 'Activation', options: { function: 'relu' } }, { class: 'Dropout', options: { p: 0.7 } },
      { class: 'GCNLayer', options: { inChannels: 512, outChannels: 7, seed: seed + 2000 } },
    ],
  },
};

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
async function run(name, data, seed, threads) {
  const { epochs, lr, decay, layers, patience = Infinity } = MODELS[name], { x, graph, labels, nodes } = data;
  const model = new Sequential({ layers: layers(seed) });
  const groups = Object.entries(decay).map(([layer, weightDecay]) => ({ parameters: layer, weightDecay })), loss = new CrossEntropyLoss();
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: lr, groups }, seed });
  let best = { accuracy: 0, loss: Infinity, test: 0, epoch: 0 }, most = { accuracy: 0, loss: Infinity }, lastGood = 0;
  const stop = new AbortController();
  try {
    await trainer.fit({ inputs: { x, graph }, targets: labels.filter((_, i) => nodes.isTrain[i]), rows: nodes.train }, {
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

async function cora({ data: folder, model = 'gcn', seeds = '20', first = '0', threads = '1' }) {
  if (typeof folder !== 'string') throw new Error('--data <folder> is wanted: where the files are');
  const data = load(folder), results = [];
  data.nodes.isTrain = Array.from(data.labels, (_, i) => data.nodes.train.includes(i));
  console.log(`Cora, ${model}: ${data.graph.nodes} nodes, ${data.graph.edges} entries, ${data.nodes.train.length} to learn from`);
  for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
    const start = performance.now(), best = await run(model, data, seed, Number(threads));
    results.push(100 * best.test);
    console.log(`seed ${seed}: test ${(100 * best.test).toFixed(1)} at epoch ${best.epoch} (validation ${(100 * best.accuracy).toFixed(1)}), ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
  const mean = results.reduce((a, b) => a + b, 0) / results.length;
  const deviation = Math.sqrt(results.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, results.length - 1));
  console.log(`${model}: ${mean.toFixed(2)} ± ${deviation.toFixed(2)} (${results.length} seeds)`);
  return { mean, deviation };
}

module.exports = { cora, judge, lines };
