// A search whose candidates a graph ranks anew: mammals by their embeddings, then by embeddings that know their hypernyms.
//   node npm/examples/graph/search-with-gnn.mjs [epochs]
// Asked for are the ancestors and descendants of a mammal that the index does not hold. Of 1,180 every fifth is a question; the layer
// learns from the others.
import { createRequire } from 'node:module';
import { BruteForceIndex, Graph, GraphSAGE, searchWithGnn } from '@ruvector/gnn';

const require = createRequire(import.meta.url), { DIM, readHierarchy, readVectors, row } = require('../mammals-data.js'), { judge, trainOnQuestions } = require('./questions.js');
const { names, above, below } = readHierarchy(), vectors = readVectors('wordnet_mammals_euclid5.f32');
const related = names.map((_, i) => new Set([...above[i], ...below[i]].filter((j) => j !== i)));
const asked = names.map((_, i) => i).filter((i) => i % 5 === 0), held = names.map((_, i) => i).filter((i) => i % 5 !== 0), isHeld = new Set(held);

const index = new BruteForceIndex({ dim: DIM, metric: 'cosine' });
index.addBatch(held, held.map((i) => row(vectors, i)));

// Direct hypernyms: ancestors that are nobody's ancestor's ancestor. Links go both ways, among what the index holds.
const parents = names.map((_, i) => [...above[i]].filter((a) => a !== i && ![...above[i]].some((b) => b !== i && b !== a && above[b].has(a))));
const pairs = held.flatMap((i) => parents[i].filter((a) => isHeld.has(a)).flatMap((a) => [i, a, a, i])), graph = Graph.fromEdges(pairs, { nodes: names.length });

const hierarchy = { n: names.length, dim: DIM, row: (i) => row(vectors, i), asked, held, related, isHeld, index, pairs };
const shown = ({ recall, gain }) => `R10rel ${recall.toFixed(1)}, NDCG@10 ${gain.toFixed(1)}`;

console.log(`${held.length} mammals, ${graph.edges / 2} links, ${asked.length} questions`);
console.log(`plain search:       ${shown(judge(hierarchy, (i) => [...index.search(row(vectors, i), 10).keys]))}`);

const sage = new GraphSAGE({ inputDim: DIM, hiddenDim: 64, outputDim: 32, numLayers: 2, sampleSizes: [8, 8], normalize: true, seed: 2 });
const options = { candidates: 944, graph, queryLinks: 4, gnnWeight: 1 };
const ranked = () => shown(judge(hierarchy, (i) => searchWithGnn(index, row(vectors, i), sage, 10, options).map(({ key }) => key)));
console.log(`untrained layer:    ${ranked()}`);

// Training: questions as a search puts them, nodes linked to their nearest mammals but themselves; each shall be near one of its relatives.
const history = await trainOnQuestions(sage.model, hierarchy, { queryLinks: options.queryLinks, epochs: Number(process.argv[2] ?? 600) });
console.log(`loss ${history[0].toFixed(0)} -> ${history.at(-1).toFixed(0)}`);
console.log(`trained layer:      ${ranked()}`);

const whale = names.indexOf('dolphin.n.02');
const found = searchWithGnn(index, row(vectors, whale), sage, 3, options);
console.log(`a question about ${names[whale]}: ${found.filter(({ key }) => related[whale].has(key)).length} of 3 are relatives or itself`);
for (const one of [sage, graph, index]) one.close();
