// A search whose candidates a graph ranks anew: mammals by their embeddings, then by embeddings that know their hypernyms.
//   node npm/examples/graph/search-with-gnn.mjs
// Asked for are the ancestors and descendants of a mammal that the index does not hold. Of 1,180 every fifth is a question; the layer
// learns from the others.
import { createRequire } from 'node:module';
import { BruteForceIndex, Graph, GraphSAGE, InfoNCELoss, Trainer, searchWithGnn } from '@ruvector/gnn';

const { DIM, readHierarchy, readVectors, row } = createRequire(import.meta.url)('../mammals-data.js');
const { names, above, below } = readHierarchy(), vectors = readVectors('wordnet_mammals_euclid5.f32');
const related = names.map((_, i) => new Set([...above[i], ...below[i]].filter((j) => j !== i)));
const asked = names.map((_, i) => i).filter((i) => i % 5 === 0), held = names.map((_, i) => i).filter((i) => i % 5 !== 0), isHeld = new Set(held);

const index = new BruteForceIndex({ dim: DIM, metric: 'cosine' });
index.addBatch(held, held.map((i) => row(vectors, i)));

// Direct hypernyms: ancestors that are nobody's ancestor's ancestor. Links go both ways, among what the index holds.
const parents = names.map((_, i) => [...above[i]].filter((a) => a !== i && ![...above[i]].some((b) => b !== i && b !== a && above[b].has(a))));
const pairs = held.flatMap((i) => parents[i].filter((a) => isHeld.has(a)).flatMap((a) => [i, a, a, i])), graph = Graph.fromEdges(pairs, { nodes: names.length });

/** R10rel: how many of the ten (or as many as there are) are relatives, and NDCG@10. */
function judge(search) {
  let recall = 0, gain = 0, count = 0;
  for (const i of asked) {
    const wanted = [...related[i]].filter((j) => isHeld.has(j));
    if (wanted.length === 0) continue;
    const hits = search(row(vectors, i)).map((key) => related[i].has(key));
    const ideal = Array.from({ length: Math.min(10, wanted.length) }, (_, r) => 1 / Math.log2(r + 2)).reduce((a, b) => a + b, 0);
    recall += hits.filter(Boolean).length / Math.min(10, wanted.length);
    gain += hits.reduce((sum, hit, r) => sum + (hit ? 1 / Math.log2(r + 2) : 0), 0) / ideal;
    count++;
  }
  return `R10rel ${(recall / count).toFixed(1)}, NDCG@10 ${(gain / count).toFixed(1)}`;
}

console.log(`${held.length} mammals, ${graph.edges / 2} links, ${asked.length} questions`);
console.log(`plain search:       ${judge((q) => [...index.search(q, 10).keys])}`);

const sage = new GraphSAGE({ inputDim: DIM, hiddenDim: 64, outputDim: 32, numLayers: 2, sampleSizes: [8, 8], normalize: true, seed: 2 });
const options = { candidates: 944, graph, queryLinks: 4, gnnWeight: 1 };
const ranked = () => judge((q) => searchWithGnn(index, q, sage, 10, options).map(({ key }) => key));
console.log(`untrained layer:    ${ranked()}`);

// Training: questions as a search puts them, nodes linked to their nearest mammals but themselves; each shall be near one of its relatives.
const n = names.length, units = Float32Array.from(vectors, (x, k) => x / Math.hypot(...row(vectors, Math.floor(k / DIM))));
const twice = { data: Float32Array.from([...units, ...units]), rows: 2 * n, dim: DIM };
const asking = held.flatMap((i) => [...index.search(row(vectors, i), options.queryLinks + 1).keys].filter((j) => j !== i).slice(0, options.queryLinks).flatMap((j) => [j, n + i]));
const both = Graph.fromEdges([...pairs, ...asking], { nodes: 2 * n });
let s = 5;
const draw = (count) => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) % count;
const infoNce = new InfoNCELoss({ temperature: 0.1 });
const loss = ({ data, dim }) => {
  const gradient = new Float32Array(data.length), many = [], rows = (list) => list.map((i) => data.subarray(i * dim, (i + 1) * dim));
  while (many.length < 256) {
    const a = held[draw(held.length)], list = [...related[a]].filter((j) => isHeld.has(j));
    if (list.length > 0) many.push([n + a, list[draw(list.length)]]);
  }
  const parts = [many.map(([a]) => a), many.map(([, b]) => b), Array.from({ length: 256 }, () => held[draw(held.length)])];
  const { loss: value, gradients } = infoNce.computeWithGradients(...parts.map(rows));
  Object.values(gradients).forEach((g, p) => parts[p].forEach((node, k) => { for (let c = 0; c < dim; c++) gradient[node * dim + c] += g[k * dim + c]; }));
  return { loss: value, gradient };
};
const trainer = new Trainer({ model: sage.model, loss, optimizer: { type: 'adam', learningRate: 0.005 }, shuffle: false, seed: 1 });
const { loss: history } = await trainer.fit({ inputs: { x: twice, graph: both } }, { epochs: 600 });
console.log(`loss ${history[0].toFixed(0)} -> ${history.at(-1).toFixed(0)}`);
console.log(`trained layer:      ${ranked()}`);

const whale = names.indexOf('dolphin.n.02');
const found = searchWithGnn(index, row(vectors, whale), sage, 3, options);
console.log(`a question about ${names[whale]}: ${found.filter(({ key }) => related[whale].has(key)).length} of 3 are relatives or itself`);
for (const one of [trainer, infoNce, sage, graph, both, index]) one.close();
