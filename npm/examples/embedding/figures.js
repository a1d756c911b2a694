'use strict';

// What the examples of embeddings measure and print.
const { BruteForceIndex } = require('../../../index.js');

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
/** "1.234 ± 0.056": mean and standard deviation (n − 1). */
function spread(list, digits = 3) {
  const m = mean(list), sd = Math.sqrt(list.reduce((sum, x) => sum + (x - m) ** 2, 0) / Math.max(1, list.length - 1));
  return `${m.toFixed(digits)}${list.length > 1 ? ` ± ${sd.toFixed(digits)}` : ''}`;
}

/** For each node what is above it, and what is below: sets of numbers. */
function relatives(nodes, children, parents) {
  const above = Array.from({ length: nodes }, () => new Set()), below = Array.from({ length: nodes }, () => new Set());
  children.forEach((child, i) => {
    above[child].add(parents[i]);
    below[parents[i]].add(child);
  });
  return { above, below };
}

/**
 * R10rel, and R10anc: of the ten nearest of all other points, the share that is above or below (above only), of ten or as many as there
 * are; mean over `queries`.
 */
function recall({ data, rows, dim }, { above, below }, queries = above.map((_, i) => i), metric = 'poincare') {
  const index = new BruteForceIndex({ dim, metric }), rel = [], anc = [];
  index.addBatch(Array.from({ length: rows }, (_, i) => i), { data, rows, dim });
  for (const i of queries) {
    const top = [...index.search(data.subarray(i * dim, (i + 1) * dim), 11).keys].filter((j) => j !== i).slice(0, 10);
    const among = (isOne) => top.filter(isOne).length, all = above[i].size + below[i].size;
    if (all > 0) rel.push(among((j) => above[i].has(j) || below[i].has(j)) / Math.min(10, all));
    if (above[i].size > 0) anc.push(among((j) => above[i].has(j)) / Math.min(10, above[i].size));
  }
  index.close();
  return { r10rel: mean(rel), r10anc: mean(anc) };
}

/** All pairs that follow from direct ones. */
function closureOf({ names, children, parents }) {
  const up = names.map(() => []), found = { names, children: [], parents: [] };
  children.forEach((child, i) => up[child].push(parents[i]));
  names.forEach((_, node) => {
    const seen = new Set([node]), stack = [node];
    while (stack.length > 0) {
      for (const to of up[stack.pop()]) {
        if (seen.has(to)) continue;
        seen.add(to);
        stack.push(to);
        found.children.push(node);
        found.parents.push(to);
      }
    }
  });
  return found;
}

module.exports = { closureOf, mean, recall, relatives, spread };
