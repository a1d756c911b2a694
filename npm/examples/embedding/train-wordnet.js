'use strict';

// npm run example -- train-wordnet [--root animal.n.01] [--dim 10] [--epochs 300] [--seeds 1] [--threads 1] [--batch 10] [--alpha 0.05]
//   [--dampening 0.25] [--manifold ball] [--every 50] [--sample 2000] [--file <model>]
// Trains what lies below a noun of WordNet, or all 82,115 nouns, on all pairs that follow from hypernyms, and prints the curve.
// bash npm/examples/wordnet/prepare.sh fetches WordNet. `--alpha 20:0.03,100:0.1` is 0.03 from epoch 20, then 0.1 from 100;
// `--decay 0.9`: from that share of the epochs on it falls to a twentieth.
const { table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { below, readNouns } = require('../wordnet/nouns.js');
const { closureOf, recall, relatives, spread } = require('./figures.js');
const { PoincareEmbedding } = require('../../../index.js');

/** "20:0.03,100:0.1" -> the rate of an epoch. */
function rateOf(text, epochs, decay) {
  const steps = text.split(',').map((step) => (step.includes(':') ? step : `0:${step}`).split(':').map(Number)), cut = decay * epochs;
  const plain = (epoch) => steps.reduce((rate, [from, value]) => (epoch >= from ? value : rate), steps[0][1]);
  return (epoch) => plain(epoch) * (epoch > cut ? Math.max(0.05, 1 - (epoch - cut) / (epochs - cut)) : 1);
}

async function trainWordnet({ root, dim = '10', epochs = '300', seeds = '1', threads = '1', batch = '10', alpha = '0.05', decay = '1', dampening = '0.25', manifold = 'ball', every = '50', sample = '2000', burnIn = '20', file }) {
  const all = readNouns(), pairs = closureOf(root === undefined ? all : below(all, root)), nodes = pairs.names.length, last = [];
  console.log(`${nodes} nouns${root === undefined ? '' : ` below ${root}`}, ${pairs.children.length} pairs, ${dim} dimensions, batches of ${batch}, ${threads} threads, ${manifold}`);
  // Every so-manieth node, if there are many, says how far training is.
  const some = pairs.names.filter((_, i) => i % Math.max(1, Math.floor(nodes / Number(sample))) === 0), rate = rateOf(alpha, Number(epochs), Number(decay));
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const model = new PoincareEmbedding({ size: Number(dim), seed, manifold, batchSize: Number(batch), dampening: Number(dampening), burnIn: Number(burnIn), alpha: rate });
    let cpu = 0, wall = 0;
    for (let epoch = 0; epoch < Number(epochs);) {
      const more = Math.min(Number(every), Number(epochs) - epoch), options = { epochs: more, threads: Number(threads), onProgress: bar(`seed ${seed}`) };
      const before = process.cpuUsage(), start = performance.now();
      await (epoch === 0 ? model.fit(pairs, options) : model.train(options));
      const { user, system } = process.cpuUsage(before);
      [cpu, wall, epoch] = [cpu + (user + system) / 1e6, wall + (performance.now() - start) / 1e3, epoch + more];
      const { meanRank, map } = await model.evaluate({ nodes: some, threads: Number(threads) });
      console.log(`epoch ${String(epoch).padStart(5)}  mean rank ${meanRank.toFixed(2).padStart(8)}  MAP ${map.toFixed(4)}  CPU ${cpu.toFixed(0)} s  wall ${wall.toFixed(0)} s`);
      if (file !== undefined) model.save(file);
    }
    const { meanRank, map } = await model.evaluate({ threads: Number(threads) });
    const r10rel = nodes <= 20000 ? recall(model.vectors(), relatives(nodes, pairs.children, pairs.parents)).r10rel : NaN;
    last.push([meanRank, map, r10rel, cpu]);
    model.close();
  }
  const column = (i, digits) => spread(last.map((row) => row[i]), digits);
  console.log(table(['all nodes', '', 'mean rank', 'MAP', 'R10rel', 'CPU s'], [[`${seeds} seeds`, '', column(0, 3), column(1, 4), column(2, 3), column(3, 1)]]));
}

module.exports = { trainWordnet };
