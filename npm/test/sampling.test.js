'use strict';
// NeighborSampler, GraphSAGE, minibatches of layers and of the Trainer: subgraphs are what they say, whole neighbourhoods give the rows of
// the whole graph, and draws depend on seed, step and node alone.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, pack, random, relative, rows, ruvector } = require('./support/index.js');
const { CrossEntropyLoss, GATv2Layer, GCNLayer, Graph, GraphSAGE, GraphSAGELayer, NeighborSampler, Sequential, Trainer } = ruvector;

/** A graph of n nodes with loops, repetitions, a node without sources; and an undirected one. */
function graphs(n = 40) {
  const next = random(5), below = (m) => Math.floor((next() + 1) / 2 * m) % m;
  const lists = Array.from({ length: n }, (_, i) => (i === 3 ? [] : Array.from({ length: below(9) }, () => below(n)).concat(i % 5 === 0 ? [i] : [])));
  const weights = Float32Array.from({ length: lists.flat().length }, (_, i) => 0.5 + (i % 7) / 4);
  return { plain: Graph.fromAdjacency(lists), weighted: Graph.fromAdjacency(lists, { weights }) };
}

const LAYERS = {
  GCNLayer: (o) => new GCNLayer({ inChannels: 4, outChannels: 3, seed: 1, ...o }),
  GraphSAGELayer: (o) => new GraphSAGELayer({ inChannels: 4, outChannels: 3, seed: 1, ...o }),
  GATv2Layer: (o) => new GATv2Layer({ inChannels: 4, outChannels: 3, heads: 2, seed: 1, ...o }),
};

test('whole neighbourhoods give the rows of the whole graph', () => {
  const x = rows(40, 4, 2), nodes = [7, 3, 7, 39, 0];
  for (const graph of Object.values(graphs())) {
    for (const [name, options] of [['GCNLayer', {}], ['GCNLayer', { normalization: 'row' }], ['GCNLayer', { addSelfLoops: false }], ['GraphSAGELayer', {}], ['GraphSAGELayer', { aggr: 'max' }], ['GATv2Layer', {}]]) {
      const layer = LAYERS[name](options), whole = layer.forward(x, graph), part = layer.forwardMinibatch(x, graph, nodes, { sizes: [Infinity] });
      assert.deepStrictEqual([part.rows, part.dim], [5, whole.dim]);
      nodes.forEach((node, i) => assert.ok(relative(part.data.subarray(i * part.dim, (i + 1) * part.dim), whole.data.subarray(node * part.dim, (node + 1) * part.dim)) < 1e-6, `${name} ${JSON.stringify(options)}`));
    }
    const deep = new Sequential({ layers: [
      { class: 'GCNLayer', options: { inChannels: 4, outChannels: 6, seed: 1 } }, { class: 'Activation', options: {} }, { class: 'GraphSAGELayer', options: { inChannels: 6, outChannels: 5, seed: 2 } },
      { class: 'GCNLayer', options: { inChannels: 5, outChannels: 3, seed: 3 } },
    ] });
    const whole = deep.forward(x, graph), part = deep.forwardMinibatch(x, graph, nodes, { sizes: [-1, -1, -1] });
    nodes.forEach((node, i) => assert.ok(relative(part.data.subarray(3 * i, 3 * i + 3), whole.data.subarray(3 * node, 3 * node + 3)) < 1e-5));
  }
});

test('rows of edges follow their entries', () => {
  const { plain } = graphs(), x = rows(40, 4, 2), edgeAttr = pack(rows(plain.edges, 2, 4)), layer = LAYERS.GATv2Layer({ edgeDim: 2 });
  const whole = layer.forward(x, plain, edgeAttr), part = layer.forwardMinibatch(x, plain, [12, 5], { sizes: [Infinity], edgeAttr });
  [12, 5].forEach((node, i) => assert.ok(relative(part.data.subarray(6 * i, 6 * i + 6), whole.data.subarray(6 * node, 6 * node + 6)) < 1e-6));
});

test('what is drawn: entries of the whole graph, at most so many, without repetition, by seed, step and node alone', () => {
  const { plain, weighted } = graphs(), { offsets, indices } = plain;
  for (const sizes of [[2], [3, 2], [1, 1, 1]]) {
    const sampler = new NeighborSampler({ sizes, seed: 9 }), { graph, nodes, rows: places, entries } = sampler.sample(plain, [8, 20, 8, 3], 4);
    assert.deepStrictEqual([...places], [0, 1, 0, 2]);
    assert.deepStrictEqual([...nodes.subarray(0, 3)], [8, 20, 3]);
    assert.strictEqual(new Set(nodes).size, nodes.length);
    const own = { offsets: graph.offsets, indices: graph.indices, weights: graph.weights };
    for (let i = 0; i < graph.nodes; i++) {
      const list = entries.subarray(own.offsets[i], own.offsets[i + 1]), whole = offsets[nodes[i] + 1] - offsets[nodes[i]];
      const isLoop = (entry) => indices[entry] === nodes[i], loops = list.filter(isLoop).length, drawn = list.length - loops;
      const others = whole - indices.subarray(offsets[nodes[i]], offsets[nodes[i] + 1]).filter((source) => source === nodes[i]).length;
      assert.ok(drawn <= Math.max(...sizes) && new Set(list).size === list.length);
      assert.ok(list.length === 0 || loops === whole - others, 'a node keeps its loops');
      list.forEach((entry, k) => {
        assert.ok(entry >= offsets[nodes[i]] && entry < offsets[nodes[i] + 1]);
        assert.strictEqual(indices[entry], nodes[own.indices[own.offsets[i] + k]]);
        if (own.weights) assert.ok(Math.abs(own.weights[own.offsets[i] + k] - (isLoop(entry) ? 1 : others / drawn)) < 1e-6, 'sums keep their expected value');
      });
    }
    // In another batch, in another order: the same entries for the same node of the first hop.
    const other = sampler.sample(plain, [20, 11], 4), row = (s, i) => [...s.entries.subarray(s.graph.offsets[i], s.graph.offsets[i + 1])];
    assert.deepStrictEqual(row(other, 0), row({ graph, entries }, 1));
    const again = new NeighborSampler({ sizes, seed: 9 }).sample(plain, [8, 20, 8, 3], 4);
    assert.deepStrictEqual([again.nodes, again.entries], [nodes, entries]);
    const steps = new Set(Array.from({ length: 8 }, (_, step) => String(sampler.sample(plain, [8, 20], step).entries)));
    assert.ok(steps.size > 3, 'steps draw anew');
  }
  const counted = new NeighborSampler({ sizes: [2], seed: 9 }), first = counted.sample(plain, [8, 20]).entries;
  assert.deepStrictEqual(first, counted.sample(plain, [8, 20], 0).entries, 'calls count from 0');
  const all = new NeighborSampler({ sizes: [Infinity], seed: 9 }).sample(weighted, [8]);
  assert.deepStrictEqual([...all.graph.weights.subarray(0, all.entries.length)], [...all.entries].map((entry) => weighted.weights[entry]));
});

test('every entry is drawn equally often, and sums are right on average', () => {
  const graph = Graph.fromAdjacency([Array.from({ length: 10 }, (_, i) => i + 1), ...Array.from({ length: 10 }, () => [])]), x = rows(11, 4, 3), layer = LAYERS.GCNLayer({ normalization: 'none', addSelfLoops: false, bias: false });
  const whole = layer.forward(x, graph).data.subarray(0, 3), sum = new Float64Array(3), counts = new Float64Array(10), draws = 4000, sampler = new NeighborSampler({ sizes: [3], seed: 2 });
  for (let step = 0; step < draws; step++) {
    const { entries } = sampler.sample(graph, [0], step);
    for (const entry of entries) counts[entry]++;
    layer.forwardMinibatch(x, graph, [0], { sizes: [3], seed: 2, step }).data.forEach((y, c) => { sum[c] += y / draws; });
  }
  const expected = draws * 0.3, deviation = Math.sqrt(draws * 0.3 * 0.7);
  counts.forEach((count) => assert.ok(Math.abs(count - expected) < 4.5 * deviation, `${count}`));
  assert.ok(relative(sum, whole) < 0.08, `${relative(sum, whole)}`);
  for (const size of [65, 70]) { // another way of drawing
    const wide = Graph.fromAdjacency([Array.from({ length: 100 }, (_, i) => i + 1), ...Array.from({ length: 100 }, () => [])]), drawn = new NeighborSampler({ sizes: [size], seed: 1 }).sample(wide, [0]).entries;
    assert.deepStrictEqual([drawn.length, new Set(drawn).size], [size, size]);
  }
});

test('a node that is a source of its own stays one, and GraphSAGE counts what was not drawn: means over draws are the rows of the whole graph', () => {
  const lists = [[0, 1, 2, 3, 4, 5], [1, 0, 2, 2, 1], [], [4, 5, 0, 1], [0, 1, 2, 3, 5], [2, 3]], x = rows(6, 3, 4), weights = Float32Array.from({ length: 22 }, (_, i) => 0.5 + (i % 5) / 2);
  const made = {
    gcn: ['none', 'row', 'symmetric'].map((normalization) => new GCNLayer({ inChannels: 3, outChannels: 2, normalization, bias: false, seed: 1 })),
    sage: ['sum', 'mean'].map((aggr) => new GraphSAGELayer({ inChannels: 3, outChannels: 2, aggr, seed: 1 })), aggregation: [new ruvector.Aggregation({ aggr: 'sum' })],
  };
  for (const graph of [Graph.fromAdjacency(lists), Graph.fromAdjacency(lists, { weights })]) {
    for (const layer of Object.values(made).flat()) {
      const whole = layer.forward(x, graph), sum = new Float64Array(whole.data.length), draws = 3000;
      for (let step = 0; step < draws; step++) layer.forwardMinibatch(x, graph, [0, 1, 2, 3, 4, 5], { sizes: [2], seed: 3, step }).data.forEach((v, i) => { sum[i] += v / draws; });
      assert.ok(relative(sum, whole.data) < 0.04, `${layer.constructor.name} ${layer.toJson().slice(0, 200)}: ${relative(sum, whole.data)}`);
    }
  }
  const { graph, nodes } = new NeighborSampler({ sizes: [1], seed: 1 }).sample(Graph.fromAdjacency(lists), [1]), sources = Array.from(graph.indices, (i) => nodes[i]);
  assert.deepStrictEqual([sources.filter((node) => node === 1).length, sources.length], [2, 3], 'both loops and one other');
});

test('a pass that throws has drawn nothing', () => {
  const x = rows(6, 3, 4), lists = x.map((_, i) => [(i + 1) % 6, (i + 2) % 6, (i + 3) % 6]), make = () => new GraphSAGE({ inputDim: 3, seed: 1, sampleSizes: [1, 1] }), [a, b] = [make(), make()];
  assert.throws(() => a.forwardMinibatch(x.map(() => [NaN, 0, 0]), lists, [1]), { code: 'ERR_NON_FINITE' });
  for (let i = 0; i < 3; i++) assert.strictEqual(bits(a.forwardMinibatch(x, lists, [1]).data), bits(b.forwardMinibatch(x, lists, [1]).data));
});

test('fewer sizes than layers that pass messages are an error, in every way in', async () => {
  const x = rows(6, 3, 4), graph = Graph.fromAdjacency(x.map((_, i) => [(i + 1) % 6, (i + 2) % 6]));
  const model = new Sequential({ layers: [{ class: 'GCNLayer', options: { inChannels: 3, outChannels: 3, seed: 1 } }, { class: 'Activation', options: {} }, { class: 'GCNLayer', options: { inChannels: 3, outChannels: 2, seed: 2 } }] });
  const before = model.getWeights(), trainer = new Trainer({ model, loss: new CrossEntropyLoss(), seed: 1, sampleSizes: [3] });
  await fails(() => model.forwardMinibatch(x, graph, [0], { sizes: [Infinity] }), 'ERR_INVALID_CONFIG', 'forwardMinibatch');
  await fails(() => new NeighborSampler({ sizes: [2], seed: 1 }).forward(model, x, graph, [0]), 'ERR_INVALID_CONFIG', 'NeighborSampler');
  await fails(() => trainer.fit({ inputs: { x, graph }, targets: Uint32Array.from([0, 1, 0, 1, 0, 1]) }, { epochs: 1 }), 'ERR_INVALID_CONFIG', 'Trainer', true);
  assert.deepStrictEqual(model.getWeights(), before);
  assert.strictEqual(model.forwardMinibatch(x, graph, [0], { sizes: [2, 2, 2] }).rows, 1, 'more are not needed, and do no harm');
});

test('GraphSAGE: the layers of its configuration, whole neighbourhoods, lists as graphs', async () => {
  const { plain } = graphs(), x = rows(40, 4, 2), sage = new GraphSAGE({ inputDim: 4, hiddenDim: 6, outputDim: 3, sampleSizes: [Infinity, Infinity], normalize: true, seed: 4 });
  const whole = sage.forward(x, plain), part = sage.forwardMinibatch(x, plain, [5, 9]);
  [5, 9].forEach((node, i) => assert.ok(relative(part.data.subarray(3 * i, 3 * i + 3), whole.data.subarray(3 * node, 3 * node + 3)) < 1e-6));
  assert.ok(Math.abs(Math.hypot(...part.data.subarray(0, 3)) - 1) < 1e-6);
  const lists = Array.from({ length: 40 }, (_, i) => [...plain.indices.subarray(plain.offsets[i], plain.offsets[i + 1])]);
  assert.strictEqual(bits(sage.forward(x, lists)), bits(whole));
  const few = new GraphSAGE({ inputDim: 4, outputDim: 3, sampleSizes: [2, 2], seed: 4 });
  assert.strictEqual(bits(few.forwardMinibatch(x, plain, [5], { step: 3 })), bits(few.forwardMinibatch(x, plain, [5], { step: 3, threads: 2 })));
  await fails(() => new GraphSAGE({ inputDim: 4, aggregator: 'median' }), 'ERR_INVALID_CONFIG', 'an aggregator that there is not');
  await fails(() => new GraphSAGE({ inputDim: 4, sampleSizes: [2] }), 'ERR_INVALID_CONFIG', 'one size for two layers');
});

test('Trainer: minibatches over whole neighbourhoods are the full graph, sampled ones learn and repeat', async () => {
  const n = 60, lists = Array.from({ length: n }, (_, i) => [(i + 1) % n, (i + n - 1) % n, (i + 2) % n, (i + n - 2) % n]), graph = Graph.fromAdjacency(lists);
  const next = random(1), labels = Uint32Array.from({ length: n }, (_, i) => Number(i >= n / 2)), x = Array.from(labels, (label) => [label + next(), next(), next()]);
  const layers = [{ class: 'GCNLayer', options: { inChannels: 3, outChannels: 8, seed: 1 } }, { class: 'Activation', options: {} }, { class: 'GraphSAGELayer', options: { inChannels: 8, outChannels: 2, seed: 2 } }];
  const fit = async (sampleSizes, epochs, threads = 1) => {
    const model = new Sequential({ layers }), trainer = new Trainer({ model, loss: new CrossEntropyLoss(), optimizer: { type: 'adam', learningRate: 0.02 }, batchSize: 10, seed: 3, ...(sampleSizes && { sampleSizes }) });
    const { loss } = await trainer.fit({ inputs: { x, graph }, targets: labels }, { epochs, threads });
    return { weights: model.getWeights(), loss, model };
  };
  const [full, all] = [await fit(undefined, 3), await fit([Infinity, Infinity], 3)];
  assert.ok(relative(all.weights, full.weights) < 1e-4, `${relative(all.weights, full.weights)}`);
  const few = await fit([2, 2], 30);
  assert.ok(few.loss.at(-1) < 0.6 * few.loss[0], `${few.loss[0]} to ${few.loss.at(-1)}`);
  assert.ok(relative(few.weights, (await fit(undefined, 30)).weights) > 1e-3, 'samples are another way');
  assert.strictEqual(bits((await fit([2, 2], 3)).weights), bits((await fit([2, 2], 3, 2)).weights));
  await fails(() => new Trainer({ model: new Sequential({ layers }), loss: new CrossEntropyLoss(), sampleSizes: [0] }), 'ERR_INVALID_CONFIG', 'no neighbours');
});

test('bad input is named', async () => {
  const bad = rows(6, 3, 4), ring = bad.map((_, i) => [(i + 1) % 6]);
  bad[5][0] = NaN;
  assert.throws(() => new GCNLayer({ inChannels: 3, outChannels: 2, seed: 1 }).forwardMinibatch(bad, Graph.fromAdjacency(ring), [4], { sizes: [Infinity] }), { code: 'ERR_NON_FINITE', message: /for features\[5\]/ });
  assert.throws(() => new GraphSAGE({ inputDim: 3, seed: 1 }).forwardMinibatch(bad, ring, [4]), { code: 'ERR_NON_FINITE', message: /for features\[5\]/ });
  for (const [config, message] of [[{ dropout: -1 }, /for dropout/], [{ dropout: NaN }, /for dropout/], [{ dropout: 2 }, /for dropout/], [{ activation: 'x' }, /for activation/]]) {
    for (const Class of [GraphSAGE, ruvector.GNNEmbedder]) assert.throws(() => new Class({ inputDim: 3, ...config }), { code: 'ERR_INVALID_CONFIG', message });
  }
  const { plain } = graphs(), x = rows(40, 4, 2), layer = LAYERS.GCNLayer(), sampler = new NeighborSampler({ sizes: [2], seed: 1 });
  await fails(() => sampler.sample(plain, [40]), 'ERR_INVALID_ARG', 'a node that there is not');
  await fails(() => sampler.sample({}, [1]), 'ERR_WRONG_HANDLE', 'no graph');
  await fails(() => sampler.sample(Graph.fromEdges([0, 1], { nodes: 2, columns: 3 }), [1]), 'ERR_DIMENSION_MISMATCH', 'other sources');
  for (const sizes of [undefined, [], [0], [1.5], [NaN], Array(65).fill(1)]) await assert.rejects(async () => new NeighborSampler({ sizes }), ({ code }) => /INVALID/.test(code));
  await fails(() => layer.forwardMinibatch(x.slice(1), plain, [1], { sizes: [2] }), 'ERR_DIMENSION_MISMATCH', 'too few rows');
  await fails(() => layer.forwardMinibatch(x, plain, [1]), 'ERR_INVALID_ARG', 'no sizes');
  assert.strictEqual(layer.forwardMinibatch(x, plain, [], { sizes: [2] }).rows, 0);
});

test('a model without a place for features of edges', async () => {
  const { Aggregation, Graph } = require('../../index.js'), graph = new Graph({ offsets: [0, 1, 2], indices: [1, 0] }), one = new Aggregation({ aggr: 'sum' }), x = [[1, 2], [3, 4]];
  const whole = one.forward(x, graph);
  assert.deepStrictEqual(Array.from(one.forwardMinibatch(x, graph, [1], { sizes: [2] }).data), Array.from(whole.data.subarray(2, 4)));
  assert.throws(() => one.forwardMinibatch(x, graph, [0], { sizes: [2], edgeAttr: [[1], [1]] }), { code: 'ERR_INVALID_ARG' });
});
