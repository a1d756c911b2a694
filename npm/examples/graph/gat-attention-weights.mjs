// Which neighbours a trained GAT looks at.   node npm/examples/graph/gat-attention-weights.mjs
import { CrossEntropyLoss, GATLayer, Graph, Trainer } from '@ruvector/gnn';

// Two groups of four that know each other, and node 8, linked to one of each. Node 8's features are those of the first group.
const links = [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [4, 5], [4, 6], [5, 6], [5, 7], [6, 7], [8, 0], [8, 4]];
const graph = Graph.fromEdges(links.flatMap(([a, b]) => [a, b, b, a]), { nodes: 9, coalesce: true });
const x = Array.from({ length: 9 }, (_, i) => [i < 4 || i === 8 ? 1 : 0, i >= 4 && i < 8 ? 1 : 0, (i * 7 % 5) / 10]);
console.log(`${graph.nodes} nodes, ${graph.edges} entries, degrees ${graph.degrees.join(' ')}`);

const gat = new GATLayer({ inChannels: 3, outChannels: 2, heads: 1, seed: 3 });
const trainer = new Trainer({ model: gat, loss: new CrossEntropyLoss(), optimizer: { type: 'adam', learningRate: 0.05 }, seed: 1 });
const { loss } = await trainer.fit({ inputs: { x, graph }, targets: [0, 0, 0, 0, 1, 1, 1, 1, 0], rows: [0, 1, 2, 3, 4, 5, 6, 7, 8] }, { epochs: 150 });
console.log(`loss ${loss[0].toFixed(2)} -> ${loss.at(-1).toFixed(2)}`);

// A weight an entry of the graph, in its order, and one for the loop that the layer adds to each node: together 1.
const { output, attention, loops } = gat.forwardWithAttention(x, graph), { offsets, indices } = graph;
for (let e = offsets[8]; e < offsets[9]; e++) console.log(`node 8 looks at node ${indices[e]}: ${attention.data[e].toFixed(2)}`);
console.log(`and at itself: ${loops.data[8].toFixed(2)}`);
console.log('classes', Array.from({ length: 9 }, (_, i) => (output.data[2 * i] > output.data[2 * i + 1] ? 0 : 1)).join(' '));
for (const one of [trainer, gat, graph]) one.close();
