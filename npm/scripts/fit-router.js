'use strict';
// Fits the gate of hierarchicalForwardV2's mode `moe`: which expert keeps the most relevant nodes, given the statistics that the
// gate sees. Logistic regression with soft labels (ties are shared) on half of the queries; recall of the other half is printed.
//   node npm/scripts/fit-router.js [--write]     writes Sources/RuvectorHierarchy/HierarchyRouter+Fitted.swift
const fs = require('node:fs');
const path = require('node:path');
const { packed, readHierarchy, readVectors, row } = require('../examples/mammals-data.js');
const { VectorSet, hierarchicalForwardV2 } = require('../../index.js');

const EXPERTS = ['local', 'hierarchical', 'global', 'structural'], STATISTICS = 8, K = 10, QUERIES = 400;

/** A seeded generator of standard normal numbers (sums of twelve uniform ones). */
function normals(seed) {
  let state = seed >>> 0;
  const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  return { uniform, normal: () => Array.from({ length: 12 }, uniform).reduce((a, b) => a + b) - 6 };
}

/** The mammals: relevant are ancestors and descendants. */
function mammals(name, file) {
  const { names, above, below } = readHierarchy(), points = readVectors(file);
  return { name, data: points, dim: 5, count: names.length, relevant: (i) => (j) => above[i].has(j) || below[i].has(j), query: (i) => row(points, i) };
}

/** Points around centres: relevant are those of the same centre. `unit`: brought to length 1, as text embeddings are. */
function clusters(name, { dim, centres, each, spread, unit, seed }) {
  const { normal } = normals(seed), count = centres * each, data = new Float32Array(count * dim);
  const middle = Array.from({ length: centres }, () => Array.from({ length: dim }, () => normal() / Math.sqrt(dim)));
  for (let i = 0; i < count; i++) {
    const x = middle[i % centres].map((m) => m + spread * normal() / Math.sqrt(dim)), length = unit ? Math.hypot(...x) : 1;
    data.set(x.map((v) => v / length), i * dim);
  }
  return { name, data, dim, count, relevant: (i) => (j) => i % centres === j % centres, query: (i) => data.subarray(i * dim, (i + 1) * dim) };
}

/** Items whose length is how often they are wanted: relevant are the largest true products, the query is a noisy direction. */
function wanted(name, { dim, count, seed }) {
  const { normal, uniform } = normals(seed), data = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const scale = Math.exp(1.2 * normal()) * 0.6, x = Array.from({ length: dim }, normal), length = Math.hypot(...x);
    data.set(x.map((v) => v / length * scale), i * dim);
  }
  const queries = Array.from({ length: QUERIES }, () => {
    const x = Array.from({ length: dim }, normal), length = Math.hypot(...x) / (0.5 + uniform());
    return Float32Array.from(x, (v) => v / length);
  });
  const product = (q, j) => q.reduce((sum, x, c) => sum + x * data[j * dim + c], 0);
  const best = queries.map((q) => {
    const order = Array.from({ length: count }, (_, j) => j).sort((a, b) => product(q, b) - product(q, a));
    return new Set(order.slice(0, K));
  });
  return { name, data, dim, count, isFree: true, relevant: (i) => (j) => best[i].has(j), query: (i) => queries[i].map((x) => x + 0.05 * normal()) };
}

const TASKS = [
  mammals('mammals, Poincaré ball', 'wordnet_mammals_poincare5.f32'), mammals('mammals, Euclidean', 'wordnet_mammals_euclid5.f32'),
  clusters('Gaussian clusters, 32-d', { dim: 32, centres: 60, each: 20, spread: 0.7, seed: 3 }),
  clusters('unit-norm clusters, 128-d', { dim: 128, centres: 60, each: 20, spread: 1.1, unit: true, seed: 4 }),
  wanted('lengths that count, 32-d', { dim: 32, count: 1200, seed: 5 }),
];

const alone = (expert) => Float32Array.from({ length: EXPERTS.length * STATISTICS }, (_, i) => (i === expert * STATISTICS ? 1e4 : 0));

/** Share of the first K nodes that are relevant (a query that is a node itself is left out). */
function recall(task, set, i, config) {
  const { levels: [{ indices, routing }] } = hierarchicalForwardV2(task.query(i), [set], undefined, { mode: 'moe', k: K + 1, explain: true, ...config });
  const found = [...indices].filter((j) => task.isFree || j !== i).slice(0, K), test = task.relevant(i);
  return { value: found.filter(test).length / K, statistics: routing.statistics };
}

function examples(task) {
  const set = new VectorSet({ data: task.data, rows: task.count, dim: task.dim }), list = [];
  const step = task.isFree ? 1 : Math.max(1, Math.floor(task.count / QUERIES));
  for (let n = 0; n < QUERIES && n * step < (task.isFree ? QUERIES : task.count); n++) {
    const runs = EXPERTS.map((_, e) => recall(task, set, n * step, { topK: 1, router: alone(e) }));
    list.push({ i: n * step, statistics: runs[0].statistics, values: runs.map(({ value }) => value) });
  }
  return { task, set, train: list.filter((_, n) => n % 2 === 0), test: list.filter((_, n) => n % 2 === 1) };
}

const softmax = (x) => {
  const top = Math.max(...x), e = x.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b);
  return e.map((v) => v / sum);
};

/** Gradient descent on the cross entropy with soft labels, a little weight decay. */
function fit(data) {
  const weights = EXPERTS.map(() => new Float64Array(STATISTICS));
  for (let step = 0; step < 40000; step++) {
    const gradient = EXPERTS.map(() => new Float64Array(STATISTICS));
    for (const { statistics, label } of data) {
      const p = softmax(weights.map((w) => w.reduce((sum, x, c) => sum + x * statistics[c], 0)));
      p.forEach((x, e) => statistics.forEach((f, c) => { gradient[e][c] += (x - label[e]) * f / data.length; }));
    }
    weights.forEach((w, e) => w.forEach((x, c) => { w[c] -= 4 * (gradient[e][c] + 1e-5 * x); }));
  }
  return weights;
}

const sets = TASKS.map((task) => {
  process.stderr.write(`${task.name} ...\n`);
  return examples(task);
});
const data = sets.flatMap(({ train }) => train.map(({ statistics, values }) => {
  const top = Math.max(...values), best = values.map((v) => (v > top - 1e-9 ? 1 : 0)), count = best.reduce((a, b) => a + b);
  return { statistics, label: best.map((b) => b / count) };
}));
const weights = fit(data).map((w) => Array.from(w, (x) => Number(x.toFixed(2))));
const router = weights.flat();

const mean = (list) => (list.reduce((a, b) => a + b, 0) / list.length).toFixed(3);
console.log(['recall of the other half'.padEnd(28), ...EXPERTS, 'moe, topK 1', 'moe, topK 2'].join('  '));
for (const { task, set, test } of sets) {
  const cells = [...EXPERTS.map((_, e) => mean(test.map(({ values }) => values[e]))), ...[1, 2].map((topK) => mean(test.map(({ i }) => recall(task, set, i, { topK, router }).value)))];
  console.log([task.name.padEnd(28), ...cells.map((cell, c) => cell.padStart([...EXPERTS, 'moe, topK 1', 'moe, topK 2'][c].length))].join('  '));
}
console.log(weights.map((w, e) => `${EXPERTS[e].padEnd(12)} ${w.join(' ')}`).join('\n'));

if (process.argv.includes('--write')) {
  const rows = weights.map((w) => `    ${w.join(', ')},`).join('\n');
  fs.writeFileSync(path.resolve(__dirname, '../../Sources/RuvectorHierarchy/HierarchyRouter+Fitted.swift'),
    `extension HierarchyRouter {\n  /// Written by \`npm/scripts/fit-router.js --write\`.\n  static let fitted: [Double] = [\n${rows}\n  ]\n}\n`);
}
