// Attention over the edges of a graph, and a pipeline that learns on it.   node npm/examples/attention/graph-attention.mjs
import {
  EdgeFeaturedAttention, GraphAttentionPipeline, HNSWEdgeFeatureExtractor, SparsityPattern, graphStatistics, recommendMechanism,
} from '@ruvector/gnn/attention';

const show = (list) => Array.from(list, (x) => x.toFixed(2)).join(' ');

// Two triangles with an edge between them, in CSR form: node i has the neighbours indices[offsets[i]] up to offsets[i + 1].
const offsets = [0, 2, 4, 7, 10, 12, 14], indices = [1, 2, 0, 2, 0, 1, 3, 2, 4, 5, 3, 5, 3, 4];
const nodes = [[1, 0.1, 0, 0], [0.9, 0, 0.2, 0], [0.7, 0.3, 0, 0.1], [0, 0.2, 0.8, 0.1], [0.1, 0, 0.9, 0.3], [0, 0.1, 1, 0]];

const statistics = graphStatistics({ offsets, indices });
console.log(`${statistics.nodes} nodes, ${indices.length} entries, clustering ${statistics.clustering.toFixed(2)}`);
const choice = recommendMechanism(statistics, { queries: 6, keys: 6, dim: 4, hasEdgeFeatures: true });
console.log(`${choice.class}: ${choice.reasons[0]}`);

// A pattern is the graph as attention sees it; an edge has a row of features, in the pattern's order.
const pattern = SparsityPattern.fromCsr(offsets, indices, nodes.length);
const ends = [...pattern.indices].map((to, e) => [nodes[offsets.findIndex((end) => end > e) - 1], nodes[to]]);
const distances = ends.map(([from, to]) => Math.hypot(...from.map((x, i) => x - to[i])));
const degrees = [...pattern.indices].map((to) => offsets[to + 1] - offsets[to]);
const edges = new HNSWEdgeFeatureExtractor().extract({ distances, degrees });

const attention = new EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 4, numHeads: 2, addSelfLoops: true, seed: 7 });
const { dim } = attention.computeBatch(nodes, nodes, nodes, { pattern, edges });
const weights = attention.attentionWeights(nodes, nodes, { pattern, edges });
console.log(`outputs of ${dim}; node 2, head 0:`);
for (let e = offsets[2]; e < offsets[3]; e++) console.log(`  from ${pattern.indices[e]}: ${weights.data[e].toFixed(2)}`);

// Edge attention, rotation by position and the fusion of graph and latent neighbours, trained as one: let the nodes of a triangle
// agree. loss = 1/2 sum (output - target)^2, so d(loss)/d(output) = output - target.
const pipeline = new GraphAttentionPipeline({ dim: 4, edgeDim: 4, numHeads: 2, seed: 7 });
const options = { pattern, edges, keyKinds: [0, 0, 1, 1, 0, 0] }; // nodes 2 and 3 count as latent neighbours
const targets = [0, 0, 0, 1, 1, 1].flatMap((triangle) => (triangle === 0 ? [1, 0, 0, 0] : [0, 0, 1, 0]));
for (let step = 0; step <= 200; step++) {
  const difference = pipeline.computeBatch(nodes, nodes, nodes, options).data.map((x, i) => x - targets[i]);
  if (step % 50 === 0) console.log(`step ${step}: loss ${(difference.reduce((sum, x) => sum + x * x, 0) / 2).toFixed(2)}`);
  const { parameters } = pipeline.backward(nodes, nodes, nodes, difference, options);
  pipeline.setWeights(pipeline.getWeights().map((w, i) => w - 0.02 * parameters[i]));
}
const { data } = pipeline.computeBatch(nodes, nodes, nodes, options);
for (let i = 0; i < 6; i++) console.log(`node ${i}: ${show(data.subarray(4 * i, 4 * i + 4))}`);
