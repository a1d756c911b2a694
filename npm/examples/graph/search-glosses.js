'use strict';
// Does the graph of hypernyms help a search among definitions? WordNet's synsets, each a definition embedded by a sentence model; a fifth
// of them are questions, the index and the graph have the others. Right are a question's ancestors and descendants.
//   npm run example -- search-glosses [--set birds] [--seeds 5] [--epochs 300] [--candidates 50] [--threads 1]
//   --set birds     872, in 96 directions of 384; in the repository
//   --set animals   4,017, all 384: bash npm/examples/wordnet/prepare.sh animals
const fs = require('node:fs');
const path = require('node:path');
const { BruteForceIndex, Graph, GraphSAGE, searchWithGnn } = require('../../../index.js');
const { generator } = require('../rank/collection.js');
const { judge, relatives, trainOnQuestions } = require('./questions.js');

const floats = (bytes, type) => new type(new Uint8Array(bytes).buffer);

/** {n, dim, row(i), links}: links are [child, parent]. */
const SETS = {
  birds() {
    const folder = path.join(__dirname, '../data'), dim = 96, data = floats(fs.readFileSync(path.join(folder, 'birds.i8')), Int8Array);
    const lines = fs.readFileSync(path.join(folder, 'birds.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t')).filter((line) => line.length > 1);
    const numbers = new Map(lines.map(([name], i) => [name, i]));
    return { n: lines.length, dim, row: (i) => Float32Array.from(data.subarray(i * dim, (i + 1) * dim)), links: lines.flatMap(([, parent], i) => (numbers.has(parent) ? [[i, numbers.get(parent)]] : [])) };
  },
  animals() {
    const { below, cache, readNouns } = require('../wordnet/nouns.js'), file = path.join(cache, 'animals.f32'), dim = 384;
    if (!fs.existsSync(file)) throw new Error(`there are no embeddings in ${file}: run bash npm/examples/wordnet/prepare.sh animals`);
    const { names, children, parents } = below(readNouns(), 'animal.n.01'), data = floats(fs.readFileSync(file), Float32Array);
    return { n: names.length, dim, row: (i) => data.subarray(i * dim, (i + 1) * dim), links: children.map((child, i) => [child, parents[i]]) };
  },
};

/** The numbers of a seed: name of a row -> {recall, gain}. */
async function run({ n, dim, row, links }, related, seed, { epochs, candidates, threads }) {
  const random = generator(seed), order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const count = Math.round(n / 5), asked = order.slice(0, count), held = order.slice(count).sort((a, b) => a - b), isHeld = new Set(held);
  const index = new BruteForceIndex({ dim, metric: 'cosine' });
  index.addBatch(held, held.map(row));
  const pairs = links.filter((pair) => pair.every((i) => isHeld.has(i))).flatMap(([a, b]) => [a, b, b, a]), graph = Graph.fromEdges(pairs, { nodes: n });
  const hierarchy = { n, dim, row, asked, held, related, isHeld, index, pairs }, options = { candidates, graph, queryLinks: 4 };
  const make = () => new GraphSAGE({ inputDim: dim, hiddenDim: 64, outputDim: 32, numLayers: 2, sampleSizes: [8, 8], normalize: true, seed }), sage = make();
  const results = { 'plain search': judge(hierarchy, (i) => [...index.search(row(i), 10).keys]) };
  const ranked = (name, layer = sage, how = options) => {
    for (const gnnWeight of [1, 0.5]) results[`${name}, weight ${gnnWeight}`] = judge(hierarchy, (i) => searchWithGnn(index, row(i), layer, 10, { ...how, gnnWeight }).map(({ key }) => key));
  };
  ranked('untrained');
  await trainOnQuestions(sage.model, hierarchy, { queryLinks: options.queryLinks, epochs, seed: seed + 5, threads });
  ranked('trained');
  // What of it is the graph's: the same layer, trained in the same way on vectors alone.
  const alone = make(), bare = Graph.fromEdges([], { nodes: n });
  await trainOnQuestions(alone.model, { ...hierarchy, pairs: [] }, { queryLinks: 0, epochs, seed: seed + 5, threads });
  ranked('trained without links', alone, { ...options, graph: bare, queryLinks: 0 });
  // The best that an order of these candidates could be.
  results['the candidates in the best order'] = judge(hierarchy, (i) => {
    const keys = [...index.search(row(i), candidates).keys], isRight = (key) => related[i].has(key);
    return [...keys.filter(isRight), ...keys.filter((key) => !isRight(key))].slice(0, 10);
  });
  for (const one of [sage, alone, graph, bare, index]) one.close();
  return results;
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list) => Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));
const shown = (list, digits = 3) => `${mean(list).toFixed(digits)} ± ${deviation(list).toFixed(digits)}`;

async function searchGlosses({ set = 'birds', seeds = '5', epochs = '300', candidates = '50', threads = '1' }) {
  if (!Object.hasOwn(SETS, set)) throw new Error(`expected one of ${Object.keys(SETS).join(', ')} for --set, received ${set}`);
  const data = SETS[set](), related = relatives(data.n, data.links), all = [];
  console.log(`${set}: ${data.n} definitions, ${data.links.length} links; a fifth are questions; ${candidates} candidates, ${epochs} epochs, seeds 0 to ${Number(seeds) - 1}`);
  for (let seed = 0; seed < Number(seeds); seed++) all.push(await run(data, related, seed, { epochs: Number(epochs), candidates: Number(candidates), threads: Number(threads) }));
  for (const name of Object.keys(all[0])) {
    const [recall, gain] = ['recall', 'gain'].map((what) => all.map((one) => one[name][what])), gains = all.map((one) => one[name].gain - one['plain search'].gain);
    console.log(`${name.padEnd(34)} R10rel ${shown(recall)}   NDCG@10 ${shown(gain)}   beside plain, by seed: ${shown(gains)}`);
  }
  return all;
}

module.exports = { searchGlosses };
