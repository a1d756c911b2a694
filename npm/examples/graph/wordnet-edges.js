'use strict';
// What types of edges are worth on a graph of WordNet: the class of a noun from its neighbours' features, with the types of edges in
// the scores of GATv2, in the messages too (TransformerLayer), shuffled, and without them.
//   npm run example -- wordnet-edges --data <folder> [--seeds 3] [--first 0] [--settings none,types,shuffled,message] [--threads 1]
// The folder has nodes.tsv.gz (node, class or -1, features) and edges.tsv.gz (source, target, type).
const path = require('node:path');
const { CrossEntropyLoss, Graph, Sequential, Trainer } = require('../../../index.js');
const { judge, lines } = require('./cora.js');

const CLASSES = 9, EPOCHS = 60, LOOK = 5;

/** Numbers in [0, 1) of a seed (mulberry32). */
function generator(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffle(list, random) {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** {x, graph, types, width, labels}: entries by target, each node's loop with a type of its own. */
function load(folder) {
  const nodes = lines(path.join(folder, 'nodes.tsv.gz')), n = nodes.length, rows = nodes.map(([, , features]) => features.split(' ').map(Number));
  const x = { data: Float32Array.from(rows.flat()), rows: n, dim: rows[0].length }, labels = Int32Array.from(nodes, ([, label]) => Number(label));
  const edges = lines(path.join(folder, 'edges.tsv.gz')).map((row) => row.map(Number)), width = edges.reduce((most, [, , type]) => Math.max(most, type), 0) + 2;
  for (let i = 0; i < n; i++) edges.push([i, i, width - 1]);
  edges.sort((a, b) => a[1] - b[1]);
  return { x, graph: Graph.fromEdges(edges.flatMap(([source, target]) => [source, target]), { nodes: n }), types: edges.map(([, , type]) => type), width, labels };
}

const oneHot = (types, width) => {
  const data = new Float32Array(types.length * width);
  types.forEach((type, e) => { data[e * width + type] = 1; });
  return { data, rows: types.length, dim: width };
};

function layersOf(setting, dim, width, seed) {
  const edgeDim = setting === 'none' ? 0 : width, type = setting === 'message' ? 'TransformerLayer' : 'GATv2Layer';
  // The graph has a loop a node: no layer adds another, or the node's own row besides.
  const more = type === 'GATv2Layer' ? { addSelfLoops: false } : { rootWeight: false };
  return [
    { class: 'Dropout', options: { p: 0.2 } },
    { class: type, options: { inChannels: dim, outChannels: 16, heads: 4, edgeDim, seed, ...more } },
    { class: 'Activation', options: { function: 'elu' } },
    { class: 'Dropout', options: { p: 0.4 } },
    { class: type, options: { inChannels: 64, outChannels: CLASSES, heads: 2, concat: false, edgeDim, seed: seed + 1000, ...more } },
  ];
}

/** Test accuracy at the epoch that was best on the validation nodes, of those looked at. */
async function run(setting, { x, graph, types, width, labels }, seed, threads) {
  const random = generator(seed + 1), known = shuffle(Array.from(labels.keys()).filter((i) => labels[i] >= 0), random);
  const train = known.slice(0, 0.6 * known.length), validation = known.slice(0.6 * known.length, 0.8 * known.length), test = known.slice(0.8 * known.length);
  const edgeAttr = setting === 'none' ? undefined : oneHot(setting === 'shuffled' ? shuffle([...types], random) : types, width);
  const model = new Sequential({ layers: layersOf(setting, x.dim, width, seed) }), loss = new CrossEntropyLoss();
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: 0.01, weightDecay: 5e-4 }, seed });
  let best = { accuracy: 0, test: 0 };
  await trainer.fit({ inputs: { x, graph, edgeAttr }, targets: Uint32Array.from(train, (i) => labels[i]), rows: Uint32Array.from(train) }, {
    epochs: EPOCHS, threads,
    onEpoch({ epoch }) {
      if (epoch % LOOK !== 0) return;
      const output = model.forward(x, graph, edgeAttr, { threads }), { accuracy } = judge(output, labels, validation);
      if (accuracy > best.accuracy) best = { accuracy, test: judge(output, labels, test).accuracy, epoch };
    },
  });
  for (const one of [trainer, loss, model]) one.close();
  return best.test;
}

async function wordnetEdges({ data: folder, seeds = '3', first = '0', settings = 'none,types,shuffled,message', threads = '1' }) {
  if (typeof folder !== 'string') throw new Error('--data <folder> is wanted: where the files are');
  const data = load(folder), results = {};
  console.log(`WordNet: ${data.graph.nodes} nodes, ${data.graph.edges} entries of ${data.width} types`);
  for (const setting of settings.split(',')) {
    results[setting] = [];
    for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
      const start = performance.now();
      results[setting].push(await run(setting, data, seed, Number(threads)));
      console.log(`${setting}, seed ${seed}: ${results[setting].at(-1).toFixed(3)}, ${((performance.now() - start) / 1000).toFixed(0)} s`);
    }
  }
  const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
  for (const [setting, list] of Object.entries(results)) {
    const gains = results.none ? list.map((value, i) => value - results.none[i]) : [];
    console.log(`${setting}: ${mean(list).toFixed(3)}${setting !== 'none' && results.none ? `, minus none ${mean(gains) >= 0 ? '+' : ''}${mean(gains).toFixed(3)} (${gains.map((gain) => gain.toFixed(3)).join(' ')})` : ''}`);
  }
  return results;
}

module.exports = { wordnetEdges };
