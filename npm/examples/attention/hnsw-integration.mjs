// Dual-space attention with neighbours from an index: a query's neighbours in the graph, and those that the metric finds though
// no link leads there ("latent" ones).   node npm/examples/attention/hnsw-integration.mjs
import { createRequire } from 'node:module';
import { HNSWIndex, BruteForceIndex } from '@ruvector/gnn';
import { DualSpaceAttention, graphStatistics, recommendMechanism } from '@ruvector/gnn/attention';

const { DIM, packed, readHierarchy, readVectors, row } = createRequire(import.meta.url)('../mammals-data.js');
const { names, numbers, above, below } = readHierarchy(), vectors = readVectors('wordnet_mammals_poincare5.f32');
const related = (a, b) => [above, below].some((sets) => sets[numbers.get(a)].has(numbers.get(b)));

// Points of the Poincaré ball under their names.
const options = { dim: DIM, metric: 'poincare', keys: 'string' };
const index = new HNSWIndex({ ...options, ef: 64 }), exact = new BruteForceIndex(options);
for (const one of [index, exact]) one.addBatch(names, packed(vectors));

let found = 0;
names.forEach((_, i) => {
  const vector = row(vectors, i);
  const right = new Set(exact.search(vector, 10).keys);
  for (const key of index.search(vector, 10).keys) if (right.has(key)) found++;
});
console.log(`${index.size} mammals in ${index.maxLevel + 1} levels; recall@10 at ef 64: ${(found / (10 * names.length)).toFixed(2)}`);

const graph = index.toCSR(), statistics = graphStatistics(graph);
console.log(`mean degree ${statistics.meanDegree.toFixed(1)}; attention for it: ${recommendMechanism(statistics, { queries: 1, keys: names.length, dim: DIM }).class}`);

const attention = new DualSpaceAttention({ dim: DIM, projections: false, euclideanWeight: 0.2, hyperbolicWeight: 1, temperature: 1 });
for (const name of ['whale.n.02', 'terrier.n.01']) {
  const query = index.get(name), linked = index.neighbors(name);
  const latent = index.search(query, 10, { filter: { deny: [name, ...linked] } }).keys;
  const keys = [...linked, ...latent], rows = keys.map((key) => index.get(key));
  const { data } = attention.attentionWeights([query], rows);
  const best = keys.map((key, i) => ({ key, weight: data[i], isLatent: i >= linked.length })).sort((a, b) => b.weight - a.weight).slice(0, 6);
  console.log(`${name}: ${linked.length} linked, ${latent.length} latent; steps to the cat: ${index.shortestPathDistance(name, 'cat.n.01')}`);
  for (const { key, weight, isLatent } of best) console.log(`  ${weight.toFixed(3)} ${key}${isLatent ? ' (latent)' : ''}${related(name, key) ? ', a relative' : ''}`);
  const output = attention.compute(query, rows, rows);
  console.log(`  their mean lies nearest to ${index.search(output, 1).keys[0]}`);
}
