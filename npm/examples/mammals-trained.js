'use strict';

// The mammals of WordNet as points of the Poincaré ball: trained here, some seconds the first time, and kept in build/.
const fs = require('node:fs');
const path = require('node:path');
const { DIM, closure } = require('./mammals-data.js');
const { bar } = require('./progress.js');
const { PoincareEmbedding } = require('../../index.js');

const file = path.join(__dirname, '../../build/mammals.rvp');

/** The embedding that was kept, if it is whole. */
function kept() {
  try {
    return PoincareEmbedding.load(file);
  } catch {
    return undefined;
  }
}

/** A PoincareEmbedding of the mammals; the order of its names is that of readHierarchy. */
async function trainedMammals() {
  const known = kept();
  if (known) return known;
  const model = new PoincareEmbedding({ size: DIM, seed: 1 }), start = performance.now();
  if (!process.stderr.isTTY) console.error('training the mammals ...');
  const { nodes, pairs } = await model.fit(closure(), { onProgress: bar('training the mammals') });
  const seconds = (performance.now() - start) / 1000, { meanRank, map } = await model.evaluate();
  console.log(`Trained ${nodes} mammals on ${pairs} pairs in ${DIM} dimensions, ${seconds.toFixed(1)} s: mean rank ${meanRank.toFixed(2)}, MAP ${map.toFixed(3)}.`);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  model.save(file);
  return model;
}

module.exports = { trainedMammals };
