'use strict';

// The cases of npm run bench -- attention, for its print-out (attention.js) and for the gate (gate.js). Matrices are packed: of
// 10,000 separate arrays the reading alone would be measured.
const { attention: A } = require('./library.js');
const { generator, once } = require('./measure.js');

const DIM = 128;

/** A packed matrix of numbers in (-scale, scale). */
function matrix(rows, dim, seed, scale = 1) {
  const random = generator(seed), data = new Float32Array(rows * dim);
  for (let i = 0; i < data.length; i++) data[i] = scale * random();
  return { data, rows, dim };
}

/** One query and `n` keys; `name` is that of the case. */
function memoryCase(name, n) {
  return {
    name,
    make() {
      const q = matrix(1, DIM, 1).data, [k, v] = [matrix(n, DIM, 2), matrix(n, DIM, 3)], one = new A.DotProductAttention(DIM);
      return () => one.compute(q, k, v);
    },
  };
}

/** n queries and n keys, 8 heads of 64. */
function batchCases(n, label = '') {
  const heads = 8, dim = 512, inputs = once(() => [1, 2, 3].map((seed) => matrix(n, dim, seed)));
  return [['all', {}, 1], ['causal', { causal: true }, 1], ['all, 2 threads', {}, 2]].map(([name, options, threads]) => ({
    name: label + name,
    make() {
      const one = new A.FlashAttention({ dim, numHeads: heads, ...options }), [q, k, v] = inputs();
      return () => one.computeBatch(q, k, v, { threads });
    },
  }));
}

const seed = 1;
/** Mechanisms, and what their calls read besides queries, keys and values: [name, make, options of a call]. */
const MECHANISMS = [
  ['dot product', () => new A.DotProductAttention(DIM)],
  ['flash', () => new A.FlashAttention(DIM)],
  ['multi-head 8', () => new A.MultiHeadAttention(DIM, 8)],
  ['multi-head 8, projections', () => new A.MultiHeadAttention({ dim: DIM, numHeads: 8, seed })],
  ['dynamic heads 8', () => new A.DynamicHeadsAttention({ dim: DIM, numHeads: 8, seed })],
  ['local-global, window 128, 8 tokens', () => new A.LocalGlobalAttention(DIM, 128, 8)],
  ['linear, 64 features', () => new A.LinearAttention(DIM, 64)],
  ['hyperbolic, midpoint', () => new A.HyperbolicAttention({ dim: DIM })],
  ['hyperbolic, Fréchet mean', () => new A.HyperbolicAttention(DIM)],
  ['manifold, ball', () => new A.ManifoldAttention({ dim: DIM })],
  ['Lorentz cascade, 4 heads', () => new A.LorentzCascadeAttention(DIM, 4)],
  ['mixed curvature 64 + 64', () => new A.MixedCurvatureAttention({ euclideanDim: 64, hyperbolicDim: 64 })],
  ['edge-featured v2, 4 heads, 16-d edges', () => new A.EdgeFeaturedAttention({ nodeDim: DIM, edgeDim: 16, numHeads: 4, seed }), (x) => ({ edges: x.edges })],
  ['edge-featured v1, 4 heads, 16-d edges', () => new A.EdgeFeaturedAttention({ nodeDim: DIM, edgeDim: 16, numHeads: 4, version: 'v1', seed }), (x) => ({ edges: x.edges })],
  ['graph RoPE', () => new A.GraphRoPEAttention(DIM), (x) => ({ keyPositions: x.positions })],
  ['dual-space, projections', () => new A.DualSpaceAttention({ dim: DIM, seed })],
  ['graph and latent', () => new A.GraphLatentAttention({ dim: DIM, seed }), (x) => ({ keyKinds: x.kinds })],
  ['HNSW-aware', () => new A.HNSWAwareAttention({ dim: DIM, seed }), (x) => ({ keyLevels: x.levels })],
  ['structural, 4 features', () => new A.StructuralAttention({ dim: DIM, seed }), (x) => ({ keyFeatures: x.small })],
  ['graph pipeline, 4-d edges', () => new A.GraphAttentionPipeline({ dim: DIM, seed }), (x) => ({ edges: x.small, keyPositions: x.positions, keyKinds: x.kinds })],
  ['mixture, 4 experts, top 2', () => new A.MoEAttention({ dim: DIM, numExperts: 4, topK: 2, seed })],
  ['learned routing, 4 experts', () => new A.LearnedRoutingAttention({ dim: DIM, numExperts: 4, seed })],
];

/** Every mechanism with one query and n keys. */
function mechanismCases(n) {
  const inputs = once(() => ({ q: matrix(1, DIM, 1, 0.08).data, k: matrix(n, DIM, 2, 0.08), v: matrix(n, DIM, 3, 0.08) }));
  const extras = once(() => {
    const list = (value) => Float32Array.from({ length: n }, (_, i) => value(i));
    return { edges: matrix(n, 16, 4), small: matrix(n, 4, 6), levels: list((i) => i % 4), positions: list((i) => i % 512), kinds: list((i) => i % 2) };
  });
  return MECHANISMS.map(([name, create, options]) => ({
    name,
    make() {
      const one = create(), { q, k, v } = inputs(), o = options?.(extras());
      return () => one.computeBatch(q, k, v, o);
    },
  }));
}

/** Exact attention and random features, n queries and keys. */
function linearCases(n, label = '') {
  const dim = 64, inputs = once(() => [1, 2, 3].map((seed) => matrix(n, dim, seed, 0.3)));
  return [['exact', () => new A.FlashAttention(dim)], ['linear', () => new A.LinearAttention(dim, 64)]].map(([name, create]) => ({
    name: label + name,
    make() {
      const one = create(), [q, k, v] = inputs();
      return () => one.computeBatch(q, k, v);
    },
  }));
}

/** Drawing as many orthogonal directions as there are dimensions. */
const makingCase = (dim, name = dim) => ({ name, make: () => () => new A.LinearAttention(dim, dim).close() });

module.exports = { batchCases, DIM, linearCases, makingCase, matrix, mechanismCases, memoryCase };
