'use strict';

// npm run example -- navigator [--nodes 5000] [--queries 200] [--episodes 15]
// Does a learned policy find the nearest neighbour with fewer measured vectors than a walk by distances? The graph is level 0 of an
// HNSWIndex over the definitions of WordNet's instruments; queries are words.
const { table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { collection, generator, mean, shuffled } = require('./collection.js');
const { Graph, HNSWIndex, RLNavigator } = require('../../../index.js');

/** The walk by distances (a beam of `ef`), on the same graph and from the same start: {best, evaluations}. */
function beam({ offsets, indices }, similarity, start, ef) {
  const seen = new Set([start]), found = [{ node: start, s: similarity(start) }], open = [found[0]];
  while (open.length > 0) {
    open.sort((a, b) => b.s - a.s);
    const at = open.shift();
    if (found.length >= ef && at.s < found[found.length - 1].s) break;
    for (let e = offsets[at.node]; e < offsets[at.node + 1]; e++) {
      const node = indices[e];
      if (seen.has(node)) continue;
      seen.add(node);
      const one = { node, s: similarity(node) };
      open.push(one);
      found.push(one);
    }
    found.sort((a, b) => b.s - a.s);
    found.length = Math.min(found.length, ef);
  }
  return { best: found[0].node, evaluations: seen.size };
}

async function navigator({ nodes = '5000', queries = '200', episodes = '15', rate = '5' }) {
  const data = collection('hyper'), next = generator(1), order = shuffled(Array.from({ length: data.n }, (_, i) => i), next).slice(0, Number(nodes));
  const index = new HNSWIndex({ dim: data.width, metric: 'cosine', M: 8, seed: 1 });
  index.addBatch(order.map((_, i) => i), order.map((i) => data.document(i)));
  const { graph, keys } = Graph.fromIndex(index, 0), vectors = Array.from(keys, (key) => data.document(order[key])), { offsets, indices } = graph, start = 0;
  const asked = shuffled(order, next), train = asked.slice(0, Number(queries)).map(data.query), test = asked.slice(Number(queries), 2 * Number(queries)).map(data.query);
  const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0), nearest = test.map((q) => vectors.reduce((best, v, i) => { const s = dot(q, v); return s > best.s ? { i, s } : best; }, { i: -1, s: -2 }).i);
  const rows = [], timed = (work) => { const from = performance.now(), result = work(); return [result, (performance.now() - from) * 1e3 / test.length]; };
  for (const ef of [1, 4, 16, 64]) {
    const [found, time] = timed(() => test.map((q) => beam({ offsets, indices }, (i) => dot(q, vectors[i]), start, ef)));
    rows.push([`by distances, ef ${ef}`, mean(found.map(({ best }, i) => Number(best === nearest[i]))).toFixed(3), mean(found.map(({ evaluations }) => evaluations)).toFixed(0), time.toFixed(0)]);
  }
  for (const sketch of [8, 32]) {
    const walker = new RLNavigator({ graph, vectors, seed: 1, sketch, start });
    for (const trained of [false, true]) {
      if (trained) await walker.train(train, { episodes: Number(episodes), hops: 200, learningRate: Number(rate), onProgress: bar(`sketch of ${sketch}`) });
      for (const hops of [50, 200]) {
        const [found, time] = timed(() => test.map((q) => walker.search(q, { k: 1, hops })));
        rows.push([`policy, sketch ${sketch}, ${trained ? `learned (${Array.from(walker.getWeights(), (x) => x.toFixed(1))})` : 'as it begins'}, ${hops} hops`, mean(found.map((one, i) => Number(one.indices[0] === nearest[i]))).toFixed(3), mean(found.map(({ evaluations }) => evaluations)).toFixed(0), time.toFixed(0)]);
      }
    }
  }
  for (const ef of [16, 64]) {
    const [found, time] = timed(() => test.map((q) => keys.indexOf(index.search(q, 1, { ef }).keys[0])));
    rows.push([`HNSWIndex.search, ef ${ef}`, mean(found.map((one, i) => Number(one === nearest[i]))).toFixed(3), '', time.toFixed(0)]);
  }
  console.log(`${nodes} nodes, ${indices.length} edges, ${queries} queries`);
  console.log(table(['walk', 'recall@1', 'measured', 'µs'], rows));
}

module.exports = { navigator };
