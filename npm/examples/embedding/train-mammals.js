'use strict';

// npm run example -- train-mammals [--seeds 5] [--dim 5] [--epochs 300] [--manifold ball|hyperboloid] [--batch 10] [--svg <file>]
// Trains the 1,180 mammals of WordNet (Nickel and Kiela 2017, table 1), seed by seed, and draws a disc of two dimensions.
const fs = require('node:fs');
const path = require('node:path');
const { closure, readHierarchy, table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { disc } = require('./disc.js');
const { recall, spread } = require('./figures.js');
const { PoincareEmbedding } = require('../../../index.js');

async function trainMammals({ seeds = '5', dim = '5', epochs = '300', manifold = 'ball', batch = '10', svg = path.join(__dirname, '../../../build/mammals.svg') }) {
  const pairs = closure(), { names, above, below } = readHierarchy(), rows = [], found = { meanRank: [], map: [], r10rel: [] };
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const model = new PoincareEmbedding({ size: Number(dim), seed, manifold, batchSize: Number(batch) }), before = process.cpuUsage();
    await model.fit(pairs, { epochs: Number(epochs), onProgress: bar(`seed ${seed}`) });
    const { user, system } = process.cpuUsage(before), { meanRank, map } = await model.evaluate(), { r10rel } = recall(model.vectors(), { above, below });
    rows.push([String(seed), '', meanRank.toFixed(3), map.toFixed(4), r10rel.toFixed(3), ((user + system) / 1e6).toFixed(1)]);
    Object.entries({ meanRank, map, r10rel }).forEach(([name, value]) => found[name].push(value));
    model.close();
  }
  console.log(`${names.length} mammals, ${pairs.length} pairs, ${dim} dimensions, ${epochs} epochs, ${manifold}, batches of ${batch}`);
  console.log(table(['seed', '', 'mean rank', 'MAP', 'R10rel', 'CPU s'], [...rows, ['all', '', spread(found.meanRank), spread(found.map, 4), spread(found.r10rel), '']]));
  console.log('published (Nickel and Kiela 2017), 5 dimensions: 1.26 / 0.927');

  const flat = new PoincareEmbedding({ size: 2, seed: 1, manifold, epsilon: 1e-4 });
  await flat.fit(pairs, { epochs: Number(epochs), onProgress: bar('the disc') });
  const { meanRank, map } = await flat.evaluate();
  // What is directly above a node: above it, and below nothing else that is.
  const links = names.flatMap((_, i) => [...above[i]].filter((up) => ![...above[i]].some((other) => other !== up && above[other].has(up))).map((up) => [i, up]));
  const labels = names.map((name, i) => [i, name.split('.')[0].replaceAll('_', ' '), below[i].size]).sort((a, b) => b[2] - a[2]).slice(0, 24);
  fs.mkdirSync(path.dirname(svg), { recursive: true });
  fs.writeFileSync(svg, disc(flat.vectors(), links, labels));
  console.log(`two dimensions: ${meanRank.toFixed(2)} / ${map.toFixed(3)}, drawn in ${path.relative(process.cwd(), svg)}`);
  flat.close();
}

module.exports = { trainMammals };
