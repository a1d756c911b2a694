// RuvectorLayerV2: the graph layer with a mechanism of attention of one's choice; trained, saved, in a walk beside a V1 layer, and
// trained through the walk together with it.
//   node npm/examples/graph/v2-layers.mjs
import { HierarchicalModel, MSELoss, RuvectorLayer, RuvectorLayerV2, Trainer, hierarchicalForwardV2 } from '@ruvector/gnn';

let s = 3;
const random = () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1;
const rows = (n, dim, scale = 0.5) => Array.from({ length: n }, () => Float32Array.from({ length: dim }, () => scale * random()));

// What is to be learned: the neighbour that is most like the node, its coordinates scaled as a layer norm scales them.
const dim = 4, nodes = rows(200, dim), neighbors = nodes.map((_, i) => rows(3 + (i % 4), dim));
const dot = (a, b) => a.reduce((sum, x, c) => sum + x * b[c], 0);
const targets = nodes.map((node, i) => {
  const [best] = [...neighbors[i]].sort((a, b) => dot(node, b) - dot(node, a)), mean = best.reduce((a, b) => a + b, 0) / dim;
  const deviation = Math.sqrt(best.reduce((sum, x) => sum + (x - mean) ** 2, 0) / dim);
  return best.map((x) => (x - mean) / deviation);
});

const layers = {
  withMultiHead: RuvectorLayerV2.withMultiHead(dim, dim, { numHeads: 2, seed: 1 }),
  withDualSpace: RuvectorLayerV2.withDualSpace(dim, dim, { seed: 1 }),
  withHyperbolic: RuvectorLayerV2.withHyperbolic(dim, dim, { curvature: -1, maps: true, seed: 1 }),
  withEdgeFeatured: RuvectorLayerV2.withEdgeFeatured(dim, dim, { seed: 1 }),
  withMoE: RuvectorLayerV2.withMoE(dim, dim, { seed: 1 }),
};
for (const [name, layer] of Object.entries(layers)) {
  const loss = new MSELoss(), trainer = new Trainer({ model: layer, loss, optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 20, seed: 1 });
  const { loss: history } = await trainer.fit({ inputs: { node: nodes, neighbors }, targets }, { epochs: 60 });
  console.log(`${name.padEnd(16)} ${layer.getWeights().length} parameters, loss ${history[0].toFixed(1)}, in the end below a third of it: ${history.at(-1) < history[0] / 3}`);
  for (const one of [trainer, loss]) one.close();
}

// As text and back; in a walk down two levels, the second with a V1 layer.
const text = layers.withHyperbolic.toJson(), again = RuvectorLayerV2.fromJson(text);
const walk = (layer) => hierarchicalForwardV2(nodes[0], [neighbors[1], neighbors[2]], [layer, new RuvectorLayer(dim, dim, 1, 0, 7)], { mode: 'hyperbolic' });
console.log(`version ${JSON.parse(text).version}; a walk ends at radius ${Math.hypot(...walk(again)).toFixed(2)}; the same by its text: ${String(walk(text)) === String(walk(again))}`);

// Trained through the walk: queries near one of 16 fine nodes are to end at the shape of its coarse node; a V2 layer first, then a V1.
const coarse = rows(4, dim, 1), fine = Array.from({ length: 16 }, (_, i) => coarse[i % 4].map((x) => x + 0.3 * random())), wanted = coarse.map((row) => row.map((x) => Math.sign(x)));
const chosen = Array.from({ length: 120 }, (_, i) => i % 16), near = (i) => fine[i].map((x) => x + 0.2 * random());
const hierarchy = { nodes: [...coarse, ...fine], levels: [...coarse.map(() => 0), ...fine.map(() => 1)] };
const model = new HierarchicalModel({ layers: [RuvectorLayerV2.withMultiHead(dim, dim, { numHeads: 2, seed: 1 }), new RuvectorLayer(dim, dim, 1, 0, 2)], k: 4, temperature: 0.2 });
const mse = new MSELoss(), whole = new Trainer({ model, loss: mse, optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 20, seed: 1 });
const { loss: losses } = await whole.fit({ inputs: { queries: chosen.map(near), ...hierarchy }, targets: chosen.map((i) => wanted[i % 4]) }, { epochs: 60 });
const fresh = Array.from({ length: 200 }, (_, i) => i % 16), signs = (row) => String(Array.from(row, Math.sign));
const right = () => fresh.filter((i) => signs(hierarchicalForwardV2(near(i), [coarse, fine], model.toLayers(), { mode: 'standard', k: 4, temperature: 0.2 })) === signs(wanted[i % 4])).length;
console.log(`through a walk of V2 and V1: loss ${losses[0].toFixed(1)}, in the end below a fifth of it: ${losses.at(-1) < losses[0] / 5}; of 200 new queries more than 180 end right: ${right() > 180}`);
for (const one of [...Object.values(layers), again, whole, mse, model]) one.close();
