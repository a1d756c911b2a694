'use strict';

// A walk down a hierarchy: level l holds the mammals with l ancestors; from the root on, each step keeps the five best
// nodes of a level and draws the query towards them. Without trained layers ('identity'), the geometry does the work.
//   node npm/examples/mammals-walk.js [word]

const { DIM, find, packed, readHierarchy, row, table } = require('./mammals-data.js');
const { trainedMammals } = require('./mammals-trained.js');
const { VectorSet, differentiableSearchHyperbolicBatch, hierarchicalForwardV2 } = require('../../index.js');

/** Members of each level, and the level as a VectorSet. */
function readLevels({ names, above }, points) {
  const levels = [];
  names.forEach((_, i) => (levels[above[i].size] ??= []).push(i));
  return levels.map((members) => {
    const rows = new Float32Array(members.length * DIM);
    members.forEach((i, at) => rows.set(row(points, i), at * DIM));
    return { members, set: new VectorSet(packed(rows)) };
  });
}

const walk = (points, levels, number, depth, mode) => hierarchicalForwardV2(
  row(points, number), levels.slice(0, depth).map(({ set }) => set), Array(depth).fill('identity'), { mode, explain: true });

/** Share of the levels that hold ancestors of a mammal where one of them is kept, mean over all mammals. */
function recall({ names, above }, levels, kept) {
  let sum = 0, walks = 0;
  names.forEach((_, i) => {
    const depth = above[i].size;
    if (depth < 2) return; // the root is no choice
    const hits = kept(i, depth).filter((nodes, l) => nodes.some((j) => above[i].has(levels[l].members[j])));
    const possible = levels.slice(0, depth).filter(({ members }) => members.some((j) => above[i].has(j)));
    sum += hits.length / possible.length;
    walks++;
  });
  return (sum / walks).toFixed(3);
}

async function main(word) {
  const hierarchy = readHierarchy();
  const { names, above } = hierarchy;
  const number = find(hierarchy, word);
  if (number === undefined) return;
  const model = await trainedMammals(), points = model.vectors().data;
  model.close();
  const levels = readLevels(hierarchy, points);

  const depth = above[number].size;
  const { levels: steps } = walk(points, levels, number, depth, 'hyperbolic');
  const rows = steps.map(({ indices, weights }, l) => {
    const best = levels[l].members[indices[0]];
    const ancestors = [...indices].map((j) => levels[l].members[j]).filter((i) => above[number].has(i));
    return [names[best], ancestors.map((i) => names[i]).join(', ') || '-', String(l), weights[0].toFixed(3)];
  });
  console.log(`\nA walk down to ${names[number]} (hyperbolic):\n${table(['best node', 'ancestors among the five kept', 'level', 'weight'], rows)}`);

  console.error(`walking down to all ${names.length} mammals ...`);
  const by = (mode) => recall(hierarchy, levels, (i, n) => walk(points, levels, i, n, mode).levels.map(({ indices }) => [...indices]));
  const flat = levels.map(({ set }) => differentiableSearchHyperbolicBatch(packed(points), set, 5));
  const unmoved = (i, n) => flat.slice(0, n).map(({ indices, k }) => [...indices.subarray(i * k, (i + 1) * k)]);
  console.log('\nLevels of the walk at which an ancestor is kept, mean over all mammals:');
  console.log(table(['mode', 'how', 'recall'], [
    ['standard', 'cosine', by('standard')],
    ['hyperbolic', 'Poincaré distance', by('hyperbolic')],
    ['dual_space', 'both', by('dual_space')],
    ['edge_featured', 'cosine, weighted by distance', by('edge_featured')],
    ['moe', 'the experts that a router chooses', by('moe')],
    ['(none)', 'each level searched with the query itself', recall(hierarchy, levels, unmoved)],
  ]));
  for (const { set } of levels) set.close();
}

main(process.argv[2] ?? 'dog');
