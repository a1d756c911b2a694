'use strict';

// Hierarchical search on real data: the 1,180 mammals of WordNet, embedded in the Poincaré ball (5 dimensions).
//   node npm/examples/mammals.js [word]
// Near the origin are the general terms, near the rim the special ones; the hyperbolic distance follows the tree.

const { DIM, find, packed, readHierarchy, readVectors, row, table } = require('./mammals-data.js');
const { trainedMammals } = require('./mammals-trained.js');
const {
  VectorSet, differentiableSearchBatch, differentiableSearchHyperbolic, differentiableSearchHyperbolicBatch, dist, dist0,
} = require('../../index.js');

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

async function main(word) {
  const hierarchy = readHierarchy();
  const { names, above, below } = hierarchy;
  const number = find(hierarchy, word);
  if (number === undefined) return;
  const model = await trainedMammals(), points = model.vectors().data;
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
  model.close();
}

main(process.argv[2] ?? 'dog');
