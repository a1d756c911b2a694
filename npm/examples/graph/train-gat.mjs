// A GAT of two layers learns communities from a few labels; its weights go into a file and come back.   node npm/examples/graph/train-gat.mjs
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrossEntropyLoss, Graph, Sequential, Trainer } from '@ruvector/gnn';

// Three communities of 40; within one a pair is linked with probability .2, across with .01. Features say little.
let s = 11;
const random = () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const n = 120, pairs = [], label = (i) => i % 3;
for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) if (random() < (label(i) === label(j) ? 0.2 : 0.01)) pairs.push(i, j, j, i);
const graph = Graph.fromEdges(pairs, { nodes: n });
const x = Array.from({ length: n }, (_, i) => Array.from({ length: 8 }, (__, c) => (c === label(i) ? 0.5 : 0) + random()));

const layers = [
  { class: 'Dropout', options: { p: 0.2 } }, { class: 'GATLayer', options: { inChannels: 8, outChannels: 4, heads: 4, seed: 1 } },
  { class: 'Activation', options: { function: 'elu' } },
  { class: 'GATLayer', options: { inChannels: 16, outChannels: 3, heads: 2, concat: false, seed: 2 } },
];
const model = new Sequential({ layers }), known = Array.from({ length: 12 }, (_, i) => i), rest = Array.from({ length: n - 12 }, (_, i) => i + 12);
const accuracy = (one) => {
  const { data } = one.forward(x, graph);
  return rest.filter((i) => [0, 1, 2].every((c) => data[3 * i + label(i)] >= data[3 * i + c])).length / rest.length;
};
console.log(`${graph.edges / 2} links, ${model.getWeights().length} parameters, ${known.length} labels`);
const trainer = new Trainer({ model, loss: new CrossEntropyLoss(), optimizer: { type: 'adam', learningRate: 0.02, weightDecay: 5e-4 }, seed: 3 });
const { loss } = await trainer.fit({ inputs: { x, graph }, targets: known.map(label), rows: known }, { epochs: 100 });
console.log(`loss ${loss[0].toFixed(1)} -> ${loss.at(-1).toFixed(1)}, right for ${(100 * accuracy(model)).toFixed(0)} % of the others`);

const file = join(tmpdir(), `gat-${process.pid}.safetensors`), again = new Sequential({ layers });
for (const storage of ['f32', 'f16', 'int8']) {
  const { bytes, parameters } = model.saveWeights(file, { storage });
  again.loadWeights(file);
  console.log(`${storage}: ${bytes} bytes, loses at most ${(100 * Math.max(...parameters.map((one) => one.loss))).toFixed(2)} % of the largest number, right for ${(100 * accuracy(again)).toFixed(0)} %`);
}
rmSync(file);
for (const one of [trainer, model, again, graph]) one.close();
