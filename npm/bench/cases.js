'use strict';

const { generator } = require('./measure.js');

const DIM = 128;

const made = new Map();

/** Seeded vectors; every case that asks for the same ones gets the same memory. */
function vectors(count, dim, seed, scale = 1) {
  const key = `${[count, dim, seed, scale]}`;
  if (!made.has(key)) {
    const random = generator(seed);
    made.set(key, Array.from({ length: count }, () => Float32Array.from({ length: dim }, () => scale * random())));
  }
  return made.get(key);
}

/** What one writes without a library: dot and norm in one loop, softmax over all, the top 10 by insertion. */
function plainSearch(query, candidates, k, temperature) {
  const n = candidates.length, dim = query.length;
  const scores = new Float64Array(n);
  let qq = 0, max = -Infinity, sum = 0;
  for (let i = 0; i < dim; i++) qq += query[i] * query[i];
  const qNorm = Math.sqrt(qq);
  for (let r = 0; r < n; r++) {
    const v = candidates[r];
    let dot = 0, vv = 0;
    for (let i = 0; i < dim; i++) {
      const x = v[i];
      dot += query[i] * x;
      vv += x * x;
    }
    const s = (scores[r] = vv > 0 && qNorm > 0 ? dot / (qNorm * Math.sqrt(vv)) : 0);
    if (s > max) max = s;
  }
  for (let r = 0; r < n; r++) sum += Math.exp((scores[r] - max) / temperature);
  const indices = [];
  for (let r = 0; r < n; r++) {
    if (indices.length === k && scores[r] <= scores[indices[k - 1]]) continue;
    let at = indices.length;
    while (at > 0 && scores[indices[at - 1]] < scores[r]) at--;
    indices.splice(at, 0, r);
    if (indices.length > k) indices.pop();
  }
  return { indices, weights: indices.map((r) => Math.exp((scores[r] - max) / temperature) / sum) };
}

/** The cases of one module with the API of @ruvector/gnn; `own` adds what only this package has. */
function gnnCases(gnn, label, { n, own }) {
  const candidates = vectors(n, DIM, 1, 0.05), query = vectors(1, DIM, 2, 0.05)[0];
  const cases = [
    { name: `${label} differentiableSearch, Float32Array[]`, run: () => gnn.differentiableSearch(query, candidates, 10, 1) },
  ];
  if (!own) return cases;
  cases.push({
    name: `${label} differentiableSearch, Float32Array[], a new list each time`,
    run: () => gnn.differentiableSearch(query, candidates.slice(), 10, 1),
  });
  const data = new Float32Array(n * DIM);
  candidates.forEach((v, i) => data.set(v, i * DIM));
  const packed = { data, rows: n, dim: DIM }, set = new gnn.VectorSet(packed);
  for (const [form, value] of [['packed', packed], ['VectorSet', set]]) {
    cases.push({ name: `${label} differentiableSearch, ${form}`, run: () => gnn.differentiableSearch(query, value, 10, 1) });
  }
  for (const [form, value] of [['Float32Array[]', candidates], ['packed', packed], ['VectorSet', set]]) {
    cases.push({
      name: `${label} differentiableSearchHyperbolic, ${form}`,
      run: () => gnn.differentiableSearchHyperbolic(query, value, 10, -1),
    });
  }
  return cases;
}

function layerCases(gnn, label) {
  const node = vectors(1, DIM, 3)[0], neighbors = vectors(32, DIM, 4), weights = vectors(1, 32, 5)[0].map(Math.abs);
  const layer = new gnn.RuvectorLayer(DIM, DIM, 4, 0);
  const layers = [1, 2, 3].map(() => new gnn.RuvectorLayer(DIM, DIM, 4, 0).toJson());
  const levels = [6, 7, 8].map((seed) => vectors(1000, DIM, seed));
  const query = vectors(1, DIM, 9)[0];
  return [
    { name: `${label} layer.forward, 32 neighbours, 4 heads`, run: () => layer.forward(node, neighbors, weights) },
    { name: `${label} hierarchicalForward, 3 x 1,000`, run: () => gnn.hierarchicalForward(query, levels, layers) },
  ];
}

module.exports = { DIM, gnnCases, layerCases, plainSearch, vectors };
