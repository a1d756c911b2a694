'use strict';

// What is measured: cases {name, run} or {name, make} (measure.js), used by the print-out and by the gate (gate.js).
const { generator, once } = require('./measure.js');

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
  const list = () => vectors(n, DIM, 1, 0.05), query = vectors(1, DIM, 2, 0.05)[0];
  const packed = once(() => {
    const data = new Float32Array(n * DIM);
    list().forEach((v, i) => data.set(v, i * DIM));
    return { data, rows: n, dim: DIM };
  });
  const set = once(() => new gnn.VectorSet(packed()));
  const search = (candidates) => () => gnn.differentiableSearch(query, candidates, 10, 1);
  const hyperbolic = (candidates) => () => gnn.differentiableSearchHyperbolic(query, candidates, 10, -1);
  const cases = [{ name: `${label} differentiableSearch, Float32Array[]`, make: () => search(list()) }];
  if (!own) return cases;
  cases.push({
    name: `${label} differentiableSearch, Float32Array[], a new list each time`,
    make: () => () => gnn.differentiableSearch(query, list().slice(), 10, 1),
  });
  for (const [form, value] of [['packed', packed], ['VectorSet', set]]) {
    cases.push({ name: `${label} differentiableSearch, ${form}`, make: () => search(value()) });
  }
  for (const [form, value] of [['Float32Array[]', list], ['packed', packed], ['VectorSet', set]]) {
    cases.push({ name: `${label} differentiableSearchHyperbolic, ${form}`, make: () => hyperbolic(value()) });
  }
  return cases;
}

function layerCases(gnn, label) {
  const node = vectors(1, DIM, 3)[0], neighbors = vectors(32, DIM, 4), weights = vectors(1, 32, 5)[0].map(Math.abs);
  const made = () => new gnn.RuvectorLayer(DIM, DIM, 4, 0);
  return [
    {
      name: `${label} layer.forward, 32 neighbours, 4 heads`,
      make() {
        const layer = made();
        return () => layer.forward(node, neighbors, weights);
      },
    },
    {
      name: `${label} hierarchicalForward, 3 x 1,000`,
      make() {
        const layers = [1, 2, 3].map(() => made().toJson()), levels = [6, 7, 8].map((seed) => vectors(1000, DIM, seed));
        const query = vectors(1, DIM, 9)[0];
        return () => gnn.hierarchicalForward(query, levels, layers);
      },
    },
  ];
}

/** Kernels by themselves; `run` returns the bytes, operations or elements of a call. */
function kernelCases(native) {
  const buffer = (n) => Float32Array.from(vectors(1, n, 11)[0]);
  const small = once(() => buffer(4096)), out = new Float32Array(4096);
  const square = (n) => [buffer(n * n), buffer(n * n), new Float32Array(n * n)];
  return [
    ['read 51 MB', 'GB/s', () => ['sum', [new Float32Array(12.8e6).fill(0.5)], undefined, 0]],
    ['multiply-add peak', 'GFLOP/s', () => ['fma', [], undefined, 20000]],
    ['gemm 256', 'GFLOP/s', () => ['gemm', square(256), undefined, 256]],
    ['gemm 1024', 'GFLOP/s', () => ['gemm', square(1024), undefined, 1024]],
    ['exp 4,096', 'elements/ns', () => ['exp', [small(), out], undefined, 0]],
    ['softmax 4,096', 'elements/ns', () => ['softmax', [out], undefined, 0]],
  ].map(([name, unit, call]) => ({
    name,
    unit,
    make() {
      const args = call();
      return () => native.kernel(...args);
    },
  }));
}

module.exports = { DIM, gnnCases, kernelCases, layerCases, plainSearch, vectors };
