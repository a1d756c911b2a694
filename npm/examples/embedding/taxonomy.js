'use strict';

// npm run example -- taxonomy [--splits 5] [--dim 10] [--epochs 200] [--alpha 0.1] [--share 0.2] [--sharpness <number>]
// A head that places new texts in a taxonomy: the 4,017 animals of WordNet, each a definition embedded by a sentence model (384 numbers;
// bash npm/examples/wordnet/prepare.sh animals makes them). A fifth of them is new to the head. For each of these: what share of its
// ancestors is among the ten nearest of all other animals?
const fs = require('node:fs');
const path = require('node:path');
const { table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { below, cache, readNouns } = require('../wordnet/nouns.js');
const { closureOf, recall, relatives, spread } = require('./figures.js');
const { TaxonomyHead } = require('../../../index.js');

const WIDTH = 384;

/** Numbers in 0..<n in a random order of a seed. */
function shuffled(n, seed) {
  let s = seed >>> 0;
  const order = Array.from({ length: n }, (_, i) => i), next = () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

async function taxonomy({ splits = '5', dim = '10', epochs = '200', alpha = '0.1', share = '0.2', sharpness: given }) {
  const file = path.join(cache, 'animals.f32');
  if (!fs.existsSync(file)) throw new Error(`there are no embeddings in ${file}: run bash npm/examples/wordnet/prepare.sh animals`);
  const animals = below(readNouns(), 'animal.n.01'), { names, words, glosses } = animals, { children, parents } = closureOf(animals);
  const nodes = names.length, { above } = relatives(nodes, children, parents), none = names.map(() => new Set());
  const texts = new Float32Array(new Uint8Array(fs.readFileSync(file)).buffer), text = (i) => texts.subarray(i * WIDTH, (i + 1) * WIDTH), rows = [], all = [[], []];
  let head;
  for (let split = 1; split <= Number(splits); split++) {
    const isNew = new Uint8Array(nodes), fresh = shuffled(nodes, split).slice(0, Math.round(Number(share) * nodes));
    for (const i of fresh) isNew[i] = 1;
    const known = names.map((_, i) => i).filter((i) => !isNew[i]), relations = [];
    children.forEach((child, i) => { if (!isNew[child] && !isNew[parents[i]]) relations.push([names[child], names[parents[i]]]); });
    head?.close();
    head = new TaxonomyHead({ size: Number(dim), seed: split, alpha: Number(alpha), ...given !== undefined && { sharpness: Number(given) } });
    const { sharpness, left } = await head.fit(new Map(known.map((i) => [names[i], text(i)])), relations, { epochs: Number(epochs), onProgress: bar(`split ${split}`) });
    // All animals as points: those that the head knows where it put them, the others (and what had no relation) where their texts lead.
    const points = head.project({ data: texts, rows: nodes, dim: WIDTH });
    names.forEach((name, i) => { if (head.embedding.has(name)) points.data.set(head.embedding.vector(name), i * Number(dim)); });
    const { r10anc } = recall(points, { above, below: none }, fresh);
    const cosine = recall({ data: texts, rows: nodes, dim: WIDTH }, { above, below: none }, fresh, 'cosine').r10anc;
    all[0].push(r10anc);
    all[1].push(cosine);
    rows.push([String(split), '', `${known.length - left}`, String(relations.length), String(sharpness), cosine.toFixed(3), r10anc.toFixed(3)]);
  }
  console.log(`${nodes} animals, ${Number(share) * 100} % of them new to the head; ${dim} dimensions, ${epochs} epochs`);
  console.log('Ancestors among the ten nearest of all others (R10anc), new animals:');
  console.log(table(['split', '', 'nodes', 'pairs', 'sharpness', 'cosine of texts', 'head'], [...rows, ['all', '', '', '', '', spread(all[1]), spread(all[0])]]));
  console.log('\nWhere do new ones belong?');
  for (const i of shuffled(nodes, Number(splits)).slice(0, 5)) {
    console.log(`  ${words[i]}: ${glosses[i].slice(0, 60)}\n    ${head.ancestors(text(i), 4).map(({ name }) => `${name}${[...above[i]].some((up) => names[up] === name) ? '' : ' (not above it)'}`).join(', ')}`);
  }
  head.close();
}

module.exports = { taxonomy };
