// A mechanism of one's own, from those that are there, with its gradient.   node npm/examples/attention/custom-mechanism.mjs
import { FlashAttention, HyperbolicAttention, MoEAttention, MultiHeadAttention } from '@ruvector/gnn/attention';

/** Numbers in [-scale, scale) that depend on the seed only. */
function matrix(rows, dim, seed, scale) {
  const data = new Float32Array(rows * dim);
  for (let i = 0, s = seed; i < data.length; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    data[i] = scale * (s / 2 ** 31 - 1);
  }
  return { data, rows, dim };
}
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);

// 1. A mixture with experts of our own: a class with its options, or an object, which is copied.
const sharp = new MultiHeadAttention({ dim: 4, numHeads: 2, seed: 1 });
const mixture = new MoEAttention({
  dim: 4, topK: 1, seed: 3, experts: [{ class: 'FlashAttention', options: { dim: 4, numHeads: 2 } }, sharp, { class: 'HyperbolicAttention', options: { dim: 4 } }],
});
const words = matrix(6, 4, 5, 0.4), { experts } = mixture.getRouting(words);
console.log('experts of the queries:', [...experts].join(' '), '   parameters:', mixture.getWeights().length);

/**
 * 2. A composition: attention in the ball, whose result asks a second, Euclidean attention; the outputs are added with a learned
 * weight t. y = (1 - t) a + t b, a = ball(q, K, V), b = flat(a, K, V).
 */
class TwoSteps {
  constructor(dim, t) {
    this.ball = new HyperbolicAttention({ dim, curvature: -1 });
    this.flat = new FlashAttention({ dim });
    this.t = t;
  }

  computeBatch(queries, keys, values) {
    const a = this.ball.computeBatch(queries, keys, values), b = this.flat.computeBatch(a, keys, values);
    return { data: a.data.map((x, i) => (1 - this.t) * x + this.t * b.data[i]), rows: a.rows, dim: a.dim };
  }

  /** The chain rule by hand: b's gradient goes through its queries, which are a. */
  backward(queries, keys, values, gradient) {
    const a = this.ball.computeBatch(queries, keys, values), b = this.flat.computeBatch(a, keys, values), { t } = this;
    const second = this.flat.backward(a, keys, values, gradient.map((g) => t * g));
    const first = this.ball.backward(queries, keys, values, gradient.map((g, i) => (1 - t) * g + second.queries[i]));
    return {
      queries: first.queries,
      keys: first.keys.map((x, i) => x + second.keys[i]),
      values: first.values.map((x, i) => x + second.values[i]),
      t: dot(gradient, b.data.map((x, i) => x - a.data[i])),
    };
  }
}

// Is it right? Against central differences of loss = g · y.
const own = new TwoSteps(4, 0.3), [q, k, v] = [matrix(2, 4, 11, 0.4), matrix(5, 4, 12, 0.4), matrix(5, 4, 13, 0.4)], g = matrix(2, 4, 14, 1).data;
const gradients = own.backward(q, k, v, g), loss = () => dot(g, own.computeBatch(q, k, v).data), h = 2 ** -7;
const slope = (set, x) => {
  const sides = [h, -h].map((step) => (set(x + step), loss()));
  set(x);
  return (sides[0] - sides[1]) / (2 * h);
};
for (const [name, { data }] of Object.entries({ queries: q, keys: k, values: v })) {
  const differences = data.map((x, i) => slope((y) => { data[i] = y; }, x));
  const error = Math.max(...differences.map((d, i) => Math.abs(d - gradients[name][i])));
  console.log(`${name}: gradient agrees with differences:`, error < 2e-3);
}
console.log('t: gradient agrees with differences:', Math.abs(slope((y) => { own.t = y; }, own.t) - gradients.t) < 2e-3);

// And it learns: t and the values.
const target = matrix(2, 4, 15, 0.4).data;
for (let step = 0; step <= 60; step++) {
  const difference = own.computeBatch(q, k, v).data.map((x, i) => x - target[i]);
  if (step % 30 === 0) console.log(`step ${step}: t ${own.t.toFixed(2)}, loss ${(dot(difference, difference) / 2).toFixed(3)}`);
  const { t, values } = own.backward(q, k, v, difference);
  own.t -= 0.1 * t;
  v.data.forEach((x, i) => { v.data[i] = x - 0.1 * values[i]; });
}
