'use strict';

// Hierarchical search on real data: the 1,180 mammals of WordNet, embedded in the Poincaré ball (5 dimensions).
//   node npm/examples/mammals.js [word]
// Near the origin are the general terms, near the rim the special ones; the hyperbolic distance follows the tree.

const fs = require('node:fs');
const path = require('node:path');
const {
  VectorSet, differentiableSearchBatch, differentiableSearchHyperbolic, differentiableSearchHyperbolicBatch, dist, dist0,
} = require('../../index.js');

const DIM = 5;
const file = (name) => path.join(__dirname, 'data', name);

/** Names in the order of the embeddings, and for each the set of its ancestors and descendants. */
function readHierarchy() {
  const numbers = new Map();
  const add = (name) => {
    if (!numbers.has(name)) numbers.set(name, numbers.size);
    return numbers.get(name);
  };
  const above = [], below = [];
  for (const line of fs.readFileSync(file('wordnet_mammals_closure.tsv'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [child, ancestor] = line.split('\t').map(add);
    (above[child] ??= new Set()).add(ancestor);
    (below[ancestor] ??= new Set()).add(child);
  }
  const names = [...numbers.keys()];
  const of = (list) => names.map((_, i) => list[i] ?? new Set());
  return { names, numbers, above: of(above), below: of(below) };
}

function readVectors(name) {
  const bytes = fs.readFileSync(file(name));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

const packed = (data) => ({ data, rows: data.length / DIM, dim: DIM });
const row = (data, i) => data.subarray(i * DIM, (i + 1) * DIM);

function table(header, rows) {
  const all = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...all.map((cells) => cells[c].length)));
  return all.map((cells) => cells.map((cell, c) => (c < 2 ? cell.padEnd(widths[c]) : cell.padStart(widths[c]))).join('  ').trimEnd()).join('\n');
}

/** R10rel: share of the ancestors and descendants among the ten nearest, mean over all nodes (itself left out). */
function recall(hierarchy, search) {
  let sum = 0;
  const { indices, k } = search(11);
  hierarchy.names.forEach((_, i) => {
    const related = (j) => hierarchy.above[i].has(j) || hierarchy.below[i].has(j);
    const top = [...indices.subarray(i * k, (i + 1) * k)].filter((j) => j !== i).slice(0, 10);
    sum += top.filter(related).length / Math.min(10, hierarchy.above[i].size + hierarchy.below[i].size);
  });
  return (sum / hierarchy.names.length).toFixed(3);
}

function main(word) {
  const hierarchy = readHierarchy();
  const { names, numbers, above, below } = hierarchy;
  const name = numbers.has(word) ? word : names.find((candidate) => candidate.startsWith(`${word}.n.`));
  const number = numbers.get(name);
  if (number === undefined) {
    console.error(`There is no mammal called "${word}" in WordNet. Try dog, whale, bat, elephant or carnivore.`);
    process.exitCode = 1;
    return;
  }
  const points = readVectors('wordnet_mammals_poincare5.f32');
  const set = new VectorSet(packed(points));
  const query = row(points, number);
  console.error(`${names.length} mammals in ${DIM} dimensions; searching ...`);

  // The answer: all nodes by distance with their share of the softmax; depth = distance from the origin.
  const { indices, weights } = differentiableSearchHyperbolic(query, set, set.size, -1);
  const found = indices.map((i, rank) => ({
    i, weight: weights[rank], distance: dist(query, row(points, i)), depth: dist0(row(points, i)),
  }));
  const own = dist0(query);
  const show = (question, list) => {
    const rows = list.slice(0, 8).map(({ i, distance, weight }) => [
      names[i], above[number].has(i) ? 'above' : below[number].has(i) ? 'below' : 'beside', distance.toFixed(3), weight.toFixed(4),
    ]);
    console.log(`\n${question}\n${table(['name', 'in WordNet', 'distance', 'weight'], rows)}`);
  };
  const others = found.filter(({ i }) => i !== number);
  show(`What is near ${names[number]}?`, others);
  show(`What is above it? (the nearest that lie closer to the origin)`, others.filter(({ depth }) => depth < own));
  show(`What is below it? (the nearest that lie farther out)`, others.filter(({ depth }) => depth > own));

  const euclid = packed(readVectors('wordnet_mammals_euclid5.f32'));
  console.log(`\nAncestors and descendants among the ten nearest (R10rel), all ${names.length} mammals:`);
  console.log(table(['search', 'embedding', 'R10rel'], [
    ['Poincaré distance', 'Poincaré', recall(hierarchy, (k) => differentiableSearchHyperbolicBatch(packed(points), set, k, -1))],
    ['cosine', 'Euclidean', recall(hierarchy, (k) => differentiableSearchBatch(euclid, euclid, k))],
    ['cosine', 'Poincaré', recall(hierarchy, (k) => differentiableSearchBatch(packed(points), set, k))],
  ]));
  set.close();
}

main(process.argv[2] ?? 'dog');
