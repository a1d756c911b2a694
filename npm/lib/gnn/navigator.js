'use strict';

// RLNavigator: walks a neighbour graph towards a query by a policy that is learned, and measures a vector only where it goes.
const inputs = require('../inputs.js');
const { Graph } = require('../graph.js');
const { Handle } = require('../handle.js');
const { guard } = require('../guard.js');
const { matrix } = require('../matrices.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');
const { generator, randomSeed } = require('../random.js');
const { watcher } = require('../slices.js');
const { whole } = require('../ranking/options.js');
const { unhurried } = require('../ranking/unhurried.js');

/** What a policy knows of a node that it has not measured: its sketch's cosine with the query's, the cosine of where it was seen from, its degree. */
const FEATURES = 3, WIDEST = 16;

const cosine = (a, i, b, j, dim) => {
  let dot = 0, left = 0, right = 0;
  for (let d = 0; d < dim; d++) {
    const x = a[i * dim + d], y = b[j * dim + d];
    dot += x * y;
    left += x * x;
    right += y * y;
  }
  return left > 0 && right > 0 ? dot / Math.sqrt(left * right) : 0;
};

const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

let isOne;
class RLNavigator {
  #offsets;
  #indices;
  #rows;
  #sketches;
  #projection;
  #bits;
  #weights = new Float64Array([8, 2, 0]);
  #seed;
  #start;

  constructor(options) {
    const { graph, vectors, sketch, start, seed = randomSeed() } = inputs.required(options, ['graph', 'vectors', 'sketch', 'start', 'seed']);
    Handle.of(graph, Graph, 'graph');
    const { offsets, indices } = graph, rows = matrix(vectors, 'vectors', true), nodes = offsets.length - 1;
    if (rows.rows !== nodes || nodes === 0) throw mismatch('ERR_DIMENSION_MISMATCH', `${Math.max(1, nodes)} rows, as the graph has nodes,`, 'vectors', rows.rows);
    if (graph.columns !== nodes) throw mismatch('ERR_DIMENSION_MISMATCH', 'as many sources as targets', 'graph', graph.columns);
    for (let i = 0; i < rows.data.length; i++) if (rows.data[i] - rows.data[i] !== 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', 'vectors', String(rows.data[i]));
    if (!Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    this.#bits = whole(sketch, 'sketch', 1, 1024, 32);
    this.#start = whole(start, 'start', 0, nodes - 1, 0);
    [this.#offsets, this.#indices, this.#rows, this.#seed] = [offsets, indices, rows, seed];
    const next = generator(seed);
    this.#projection = Float32Array.from({ length: this.#bits * rows.dim }, () => normal(next));
    this.#sketches = new Float32Array(nodes * this.#bits);
    for (let i = 0; i < nodes; i++) this.#sketch(rows.data, i, this.#sketches, i);
  }

  #sketch(from, i, to, at) {
    const { dim } = this.#rows;
    for (let b = 0; b < this.#bits; b++) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += this.#projection[b * dim + d] * from[i * dim + d];
      to[at * this.#bits + b] = sum;
    }
  }

  get nodes() {
    return this.#rows.rows;
  }

  get dim() {
    return this.#rows.dim;
  }

  get seed() {
    return this.#seed;
  }

  getWeights() {
    return Float64Array.from(this.#weights);
  }

  setWeights(weights) {
    const given = inputs.ownVector(weights, 'weights');
    if (lengthOf(given) !== FEATURES) throw mismatch('ERR_DIMENSION_MISMATCH', `${FEATURES} elements`, 'weights', lengthOf(given));
    for (let i = 0; i < FEATURES; i++) if (!Number.isFinite(given[i])) throw mismatch('ERR_NON_FINITE', 'a finite number', `weights[${i}]`, String(given[i]));
    this.#weights.set(given);
  }

  /**
   * One walk of at most `hops` nodes: {path, similarities, gradient}. `choose(probabilities)` picks among the likeliest of the frontier;
   * `until` ends the walk. The gradient is that of the log-likelihood of what was chosen.
   */
  #walk(query, hops, choose, until = -1) {
    const { dim, rows, data } = this.#rows, seen = new Uint8Array(rows), frontier = [], path = [], similarities = [], sketch = new Float32Array(this.#bits), gradient = new Float64Array(FEATURES);
    this.#sketch(query, 0, sketch, 0);
    let at = this.#start;
    seen[at] = 1;
    for (;;) {
      const similarity = cosine(query, 0, data, at, dim);
      path.push(at);
      similarities.push(similarity);
      if (path.length === hops || at === until) break;
      for (let e = this.#offsets[at]; e < this.#offsets[at + 1]; e++) {
        const node = this.#indices[e];
        if (seen[node]) continue;
        seen[node] = 1;
        const features = [cosine(sketch, 0, this.#sketches, node, this.#bits), similarity, Math.log1p(this.#offsets[node + 1] - this.#offsets[node])];
        frontier.push({ node, features, logit: features.reduce((sum, x, i) => sum + x * this.#weights[i], 0) });
      }
      if (frontier.length === 0) break;
      frontier.sort((a, b) => b.logit - a.logit || a.node - b.node);
      const best = frontier.slice(0, WIDEST), odds = best.map(({ logit }) => Math.exp(logit - best[0].logit)), total = odds.reduce((a, b) => a + b), p = odds.map((x) => x / total), taken = choose(p);
      for (let f = 0; f < FEATURES; f++) gradient[f] += best[taken].features[f] - p.reduce((sum, share, i) => sum + share * best[i].features[f], 0);
      at = best[taken].node;
      frontier.splice(taken, 1);
    }
    return { path, similarities, gradient };
  }

  #query(value, name) {
    const query = inputs.ownVector(value, name);
    if (lengthOf(query) !== this.dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.dim} elements`, name, lengthOf(query));
    for (let i = 0; i < query.length; i++) if (!Number.isFinite(query[i])) throw mismatch('ERR_NON_FINITE', 'a finite number', `${name}[${i}]`, String(query[i]));
    return query;
  }

  /** {indices, similarities, evaluations}: the `k` best of the nodes that the policy goes to, `hops` of them. */
  search(query, options) {
    const given = inputs.options(options, ['k', 'hops']), row = this.#query(query, 'query'), k = inputs.count(given.k ?? 10, 'k'), hops = whole(given.hops, 'hops', 1, 1e9, 100);
    const { path, similarities } = this.#walk(row, hops, () => 0), order = path.map((_, i) => i).sort((i, j) => similarities[j] - similarities[i] || path[i] - path[j]).slice(0, k);
    return { indices: order.map((i) => path[i]), similarities: order.map((i) => similarities[i]), evaluations: path.length };
  }

  /**
   * REINFORCE with a baseline (Williams 1992): walks by chance to the nearest node of each query; the fewer hops, the better.
   * {rewards}: the mean of each episode.
   */
  async train(queries, options) {
    const given = inputs.options(options, ['episodes', 'hops', 'learningRate', 'onProgress', 'signal']), watch = watcher(given);
    const rows = matrix(queries, 'queries', true), episodes = whole(given.episodes, 'episodes', 1, 1e6, 20), hops = whole(given.hops, 'hops', 1, 1e9, 100), rate = inputs.number(given.learningRate, 'learningRate', 5);
    if (rows.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 query', 'queries', 0);
    if (!(rate > 0 && rate <= 100)) throw unexpected('ERR_OUT_OF_RANGE', 'a number in 0...100, not 0', 'learningRate', rate);
    const list = Array.from({ length: rows.rows }, (_, i) => this.#query(rows.data.subarray(i * rows.dim, (i + 1) * rows.dim), `queries[${i}]`));
    const before = this.getWeights(), pause = unhurried(watch.check), next = generator(this.#seed + 1), rewards = [], { data, dim, rows: nodes } = this.#rows;
    try {
      watch.check();
      const targets = [];
      for (const query of list) {
        let best = 0, most = -Infinity;
        for (let i = 0; i < nodes; i++) {
          const x = cosine(query, 0, data, i, dim);
          if (x > most) [best, most] = [i, x];
        }
        targets.push(best);
        await pause();
      }
      const choose = (p) => {
        let x = next(), i = 0;
        while (i < p.length - 1 && (x -= p[i]) >= 0) i++;
        return i;
      };
      let baseline;
      for (let episode = 0; episode < episodes; episode++) {
        const step = new Float64Array(FEATURES);
        let sum = 0;
        for (const [i, query] of list.entries()) {
          const { path, gradient } = this.#walk(query, hops, choose, targets[i]), reward = path.at(-1) === targets[i] ? 1 - path.length / (2 * hops) : 0;
          baseline ??= reward;
          for (let f = 0; f < FEATURES; f++) step[f] += (reward - baseline) * gradient[f];
          baseline += 0.05 * (reward - baseline);
          sum += reward;
          await pause();
        }
        for (let f = 0; f < FEATURES; f++) this.#weights[f] += rate * step[f] / list.length;
        rewards.push(sum / list.length);
        watch.tell({ episode: episode + 1, episodes, reward: rewards.at(-1), done: (episode + 1) / episodes });
      }
      return { rewards };
    } catch (error) {
      this.#weights.set(before); // outcome and error agree
      throw error;
    }
  }

  static {
    isOne = (value) => typeof value === 'object' && value !== null && #bits in value;
  }
}
guard(RLNavigator, isOne);

module.exports = { RLNavigator };
