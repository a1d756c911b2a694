'use strict';
// Layers over graphs from JavaScript: graphs of all forms, ordinary and bad input, weights of edges, containers. (Formulas: graph-golden.test.js,
// contract: members.test.js.)
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, random, ruvector } = require('./support/index.js');

const { Activation, Aggregation, CSRGraph, Dropout, GATLayer, GATv2Layer, GCNLayer, GNNEmbedder, Graph, GraphSAGELayer, HNSWIndex, LayerNorm, Linear, MessagePassing, MSELoss, Sequential, TransformerLayer } = ruvector;
const matrix = (rows, dim, seed = 1) => {
  const draw = random(seed);
  return { data: Float32Array.from({ length: rows * dim }, draw), rows, dim };
};
const LAYERS = {
  gcn: () => new GCNLayer({ inChannels: 4, outChannels: 3, seed: 1 }), gat: () => new GATLayer({ inChannels: 4, outChannels: 3, heads: 2, edgeDim: 2, seed: 1 }),
  gatv2: () => new GATv2Layer({ inChannels: 4, outChannels: 3, heads: 2, edgeDim: 2, seed: 1 }), sage: () => new GraphSAGELayer({ inChannels: 4, outChannels: 3, seed: 1 }),
  max: () => new GraphSAGELayer({ inChannels: 4, outChannels: 3, aggr: 'max', seed: 1 }),
  lstm: () => new GraphSAGELayer({ inChannels: 4, outChannels: 3, aggr: 'lstm', seed: 1 }), gated: () => new TransformerLayer({ inChannels: 4, outChannels: 3, heads: 2, edgeDim: 2, beta: true, seed: 1 }), transformer: () => new TransformerLayer({ inChannels: 4, outChannels: 3, heads: 2, edgeDim: 2, seed: 1 }),
};

test('graphs of the same edges, however they are given', () => {
  const lists = [[1, 2, 2], [], [0]], one = Graph.fromAdjacency(lists), all = [
    new Graph({ offsets: [0, 3, 3, 4], indices: [1, 2, 2, 0] }), Graph.fromEdges([1, 0, 2, 0, 0, 2, 2, 0], { nodes: 3 }),
    Graph.fromEdgeIndex([[1, 2, 0, 2], [0, 0, 2, 0]], { nodes: 3 }), Graph.fromEdgeIndex({ data: Uint32Array.of(1, 2, 0, 2, 0, 0, 2, 0), rows: 2, dim: 4 }, { nodes: 3 }),
    Graph.fromAdjacency(lists.map((list) => Uint32Array.from(list)), { nodes: 3 }),
  ];
  for (const graph of all) assert.deepStrictEqual([graph.offsets, graph.indices, graph.weights], [one.offsets, one.indices, undefined]);
  assert.strictEqual(CSRGraph, Graph);
  assert.deepStrictEqual([...one.degrees], [3, 0, 1]);
  const weighted = Graph.fromEdges({ sources: [1, 2, 0, 2], targets: [0, 0, 2, 0] }, { nodes: 3, weights: [1, 2, 3, 4] });
  assert.deepStrictEqual([weighted.indices, weighted.weights], [one.indices, Float32Array.of(1, 2, 4, 3)], 'weights go with their edges');
  const reversed = weighted.reversed();
  assert.deepStrictEqual([reversed.offsets, reversed.indices, reversed.weights], [Uint32Array.of(0, 1, 2, 4), Uint32Array.of(2, 0, 0, 0), Float32Array.of(3, 1, 2, 4)]);
  const few = new Graph({ offsets: [0, 4], indices: [0, 0, 0, 0], weights: [1, 2, 3, 4], coalesce: true });
  assert.deepStrictEqual([few.edges, few.weights], [1, Float32Array.of(10)]);
  const rising = Graph.fromEdges([4, 0, 1, 0, 4, 0, 0, 0], { nodes: 1, columns: 5, coalesce: true });
  assert.deepStrictEqual([rising.indices, rising.weights], [Uint32Array.of(0, 1, 4), undefined]);
});

test('bad graphs', async () => {
  for (const bad of [undefined, null, 3, [[0]], [[0], [0], [0]]]) await fails(() => Graph.fromEdgeIndex(bad, { nodes: 2 }), Array.isArray(bad) ? 'ERR_DIMENSION_MISMATCH' : 'ERR_INVALID_ARG', `${bad}`);
  await fails(() => Graph.fromEdgeIndex([[0, 1], [0]], { nodes: 2 }), 'ERR_DIMENSION_MISMATCH', 'rows of two lengths');
  const packed = { data: [0, 1, 1, 0], rows: 2, dim: 2 };
  assert.strictEqual(Graph.fromEdgeIndex(packed, { nodes: 2 }).edges, 2);
  for (const bad of [undefined, null, '2', 2n, Symbol('s'), {}, [2], 1.5, -1, NaN, Infinity]) {
    for (const side of ['rows', 'dim']) await fails(() => Graph.fromEdgeIndex({ ...packed, [side]: bad }, { nodes: 2 }), 'ERR_INVALID_ARG', `${side} ${String(bad)}`);
  }
  await fails(() => Graph.fromEdgeIndex({ data: [0, 1, 2], rows: 2, dim: 1.5 }, { nodes: 3 }), 'ERR_INVALID_ARG', 'as many numbers as 2 * 1.5');
  for (const sides of [{ rows: 1 }, { rows: 3 }, { dim: 1 }, { dim: 3 }]) await fails(() => Graph.fromEdgeIndex({ ...packed, ...sides }, { nodes: 2 }), 'ERR_DIMENSION_MISMATCH', JSON.stringify(sides));
  assert.match((await fails(() => Graph.fromEdgeIndex([[0, 5], [0, 1]], { nodes: 2 }), 'ERR_INVALID_ARG', 'beyond')).message, /below 2 for edgeIndex\[0\], received 5 at element 1/);
  assert.match((await fails(() => Graph.fromAdjacency([[1], [2]]), 'ERR_INVALID_ARG', 'beyond')).message, /below 2 for lists\[1\], received 2 at element 0/);
  await fails(() => Graph.fromAdjacency([[0]], { nodes: 2 }), 'ERR_DIMENSION_MISMATCH', 'another number of lists');
  await fails(() => Graph.fromAdjacency('x'), 'ERR_INVALID_ARG', 'a text');
  for (const weights of [[1], [1, 2, 3]]) await fails(() => Graph.fromEdges([0, 1, 1, 0], { nodes: 2, weights }), 'ERR_DIMENSION_MISMATCH', 'weights');
  await fails(() => new Graph({ offsets: [0, 1], indices: [0], weights: [NaN] }), 'ERR_NON_FINITE', 'NaN');
  await fails(() => new Graph({ offsets: [0, 1], indices: [0], coalesce: 1 }), 'ERR_INVALID_ARG', 'coalesce');
  for (const bad of [undefined, {}, new Graph({ offsets: [0], indices: [] })]) await fails(() => Graph.fromIndex(bad), 'ERR_WRONG_HANDLE', 'no index');
});

test('graphs in files', async () => {
  const file = path.join(os.tmpdir(), `graph-${process.pid}.safetensors`);
  const graphs = [new Graph({ offsets: [0, 2, 2, 3], indices: [1, 2, 4], columns: 5 }), Graph.fromEdges([0, 1, 1, 0], { nodes: 2, weights: [0.5, -2] }), new Graph({ offsets: [0], indices: [] })];
  for (const graph of graphs) {
    graph.save(file);
    for (const again of [Graph.load(file), Graph.load(graph.toBuffer())]) {
      assert.deepStrictEqual([again.offsets, again.indices, again.weights, again.columns], [graph.offsets, graph.indices, graph.weights, graph.columns]);
    }
  }
  fs.rmSync(file);
  await fails(() => Graph.load(file), 'ERR_NOT_FOUND', 'no file');
  await fails(() => Graph.load(3), 'ERR_INVALID_ARG', 'a number');
  const good = graphs[1].toBuffer(), other = new Linear({ inChannels: 1, outChannels: 1, seed: 1 }).weightsToBuffer();
  await fails(() => Graph.load(other), 'ERR_CORRUPT', 'weights of a layer');
  for (let byte = 0; byte < good.length; byte++) {
    await assert.rejects(async () => Graph.load(good.subarray(0, byte)), ({ code }) => code === 'ERR_CORRUPT', `${byte} bytes`);
    const bytes = good.slice();
    bytes[byte] ^= 0x11;
    try {
      Graph.load(bytes).close();
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_CORRUPT', `byte ${byte}: ${error.message}`);
    }
  }
});

test('a level of an index', () => {
  const index = new HNSWIndex({ dim: 4, M: 4, seed: 1 }), points = matrix(50, 4);
  index.addBatch(Array.from({ length: 50 }, (_, i) => i + 100), points);
  const { graph, keys } = Graph.fromIndex(index), { offsets, indices } = index.toCSR(0);
  assert.deepStrictEqual([graph.nodes, keys.length, graph.offsets, graph.indices], [50, 50, offsets, indices]);
});

test('empty graphs, nodes without neighbours', async () => {
  const none = new Graph({ offsets: [0], indices: [] }), alone = new Graph({ offsets: [0, 0, 0], indices: [] });
  for (const [name, make] of Object.entries(LAYERS)) {
    const layer = make(), width = layer.forward(matrix(2, 4), alone).dim;
    assert.deepStrictEqual(layer.forward({ data: new Float32Array(0), rows: 0, dim: 4 }, none), { data: new Float32Array(0), rows: 0, dim: width }, name);
    const x = matrix(2, 4), { data } = layer.forward(x, alone);
    assert(data.every(Number.isFinite), name);
    const gradients = layer.backward(x, alone, undefined, matrix(2, width));
    assert(gradients.x.every(Number.isFinite) && gradients.parameters.every(Number.isFinite), name);
  }
  const gat = new GATLayer({ inChannels: 4, outChannels: 3, addSelfLoops: false, seed: 1 });
  gat.setWeights(gat.getWeights().map((w, i, all) => (i >= all.length - 3 ? i : w)));
  const { data } = gat.forward(matrix(2, 4), alone), bias = gat.getWeights().slice(-3);
  assert.deepStrictEqual([...data], [...bias, ...bias], 'the bias');
});

test('NaN is named by its row', async () => {
  const graph = Graph.fromAdjacency([[1], [0], [3], [2]]);
  for (const [name, make] of Object.entries(LAYERS)) {
    const x = matrix(4, 4);
    x.data[13] = NaN;
    assert.match((await fails(() => make().forward(x, graph), 'ERR_NON_FINITE', name)).message, /x\[3\], received NaN at element 1/, name);
  }
  for (const layer of [new Dropout(), new Activation(), new LayerNorm({ inChannels: 4 }), new Linear({ inChannels: 4, outChannels: 2, seed: 1 })]) {
    const x = matrix(4, 4);
    x.data[6] = Infinity;
    assert.match((await fails(() => layer.forward(x), 'ERR_NON_FINITE', layer.constructor.name)).message, /x\[1\], received (Infinity|inf) at element 2/);
  }
});

test('another number of nodes or edges', async () => {
  const graph = Graph.fromAdjacency([[1], [0, 2], []]);
  for (const [name, make] of Object.entries(LAYERS)) {
    const layer = make();
    await fails(() => layer.forward(matrix(4, 4), graph), 'ERR_DIMENSION_MISMATCH', `${name}: nodes`);
    await fails(() => layer.forward(matrix(3, 5), graph), 'ERR_DIMENSION_MISMATCH', `${name}: columns`);
    if (layer.edgeDim) for (const [rows, dim] of [[2, 2], [4, 2], [3, 3]]) await fails(() => layer.forward(matrix(3, 4), graph, matrix(rows, dim)), 'ERR_DIMENSION_MISMATCH', `${name}: edges`);
    layer.close();
    await fails(() => layer.forward(matrix(3, 4), graph), 'ERR_CLOSED', name);
    await fails(() => make().forward(matrix(3, 4), new Graph({ offsets: [0, 1, 2, 3], indices: [0, 5, 1], columns: 6 })), 'ERR_DIMENSION_MISMATCH', `${name}: other sources`);
  }
});

test('weights of edges: of each node 1 in all', () => {
  const draw = random(3), lists = Array.from({ length: 30 }, (_, i) => Array.from({ length: i % 5 }, () => Math.floor((draw() * 0.5 + 0.5) * 30)));
  const graph = Graph.fromAdjacency(lists), edgeAttr = matrix(graph.edges, 2, 5), x = matrix(30, 4, 6);
  for (const layer of [LAYERS.gat(), LAYERS.gatv2(), LAYERS.transformer()]) {
    const { attention, loops } = layer.forwardWithAttention(x, graph, edgeAttr), { offsets } = graph;
    for (let i = 0; i < 30; i++) {
      for (let h = 0; h < 2; h++) {
        let sum = loops.data[2 * i + h];
        for (let e = offsets[i]; e < offsets[i + 1]; e++) sum += attention.data[2 * e + h];
        assert(Math.abs(sum - (layer.addSelfLoops === undefined && lists[i].length === 0 ? 0 : 1)) < 1e-6, `node ${i}`);
      }
    }
  }
});

test('now and later, one thread and two: the same bits', async () => {
  const draw = random(9), graph = Graph.fromAdjacency(Array.from({ length: 700 }, (_, i) => Array.from({ length: i % 7 }, () => Math.floor((draw() * 0.5 + 0.5) * 700))));
  const x = matrix(700, 4, 2), edgeAttr = matrix(graph.edges, 2, 3);
  for (const [name, make] of Object.entries(LAYERS)) {
    const layer = make(), edges = layer.edgeDim ? edgeAttr : undefined, one = layer.forward(x, graph, edges);
    assert.deepStrictEqual(await layer.forwardAsync(x, graph, edges, { threads: 2 }), one, name);
    assert.deepStrictEqual(layer.forward(Array.from({ length: 700 }, (_, i) => x.data.subarray(4 * i, 4 * i + 4)), graph, edges), one, `${name}: rows`);
    const g = matrix(700, one.dim, 4);
    assert.deepStrictEqual(await layer.backwardAsync(x, graph, edges, g, { threads: 2 }), layer.backward(x, graph, edges, g), name);
  }
});

test('Sequential: what fits', async () => {
  const linear = (inChannels, outChannels) => ({ class: 'Linear', options: { inChannels, outChannels, seed: 1 } });
  const cases = {
    'no layers': [[], 'ERR_INVALID_CONFIG'], 'no list': ['x', 'ERR_INVALID_ARG'], 'widths that differ': [[linear(3, 4), linear(5, 2)], 'ERR_INVALID_CONFIG'],
    'nothing fixes a width': [[{ class: 'Dropout', options: {} }], 'ERR_INVALID_CONFIG'], 'no such class': [[{ class: 'Nothing', options: {} }], 'ERR_INVALID_CONFIG'],
    'a class of another family': [[{ class: 'MSELoss', options: {} }], 'ERR_INVALID_CONFIG'], 'a loss': [[new MSELoss()], 'ERR_WRONG_HANDLE'], 'a graph': [[Graph.fromAdjacency([[0]])], 'ERR_WRONG_HANDLE'],
    'bad options': [[linear(0, 4)], 'ERR_INVALID_CONFIG'], 'unknown options': [[{ class: 'Linear', options: { inChannels: 1, outChannels: 1, x: 1 } }], 'ERR_INVALID_CONFIG'], 'null': [[null], 'ERR_INVALID_ARG'],
    'rows of edges of two widths': [[{ class: 'GATLayer', options: { inChannels: 2, outChannels: 2, edgeDim: 2 } }, { class: 'GATLayer', options: { inChannels: 2, outChannels: 2, edgeDim: 3 } }], 'ERR_INVALID_CONFIG'],
    'too many': [Array.from({ length: 65 }, () => linear(2, 2)), 'ERR_INVALID_CONFIG'],
  };
  for (const [what, [layers, code]] of Object.entries(cases)) await fails(() => new Sequential({ layers }), code, what);
  await fails(() => new Sequential({ layers: [linear(3, 4)], skip: 'add' }), 'ERR_INVALID_CONFIG', 'added to another width');
  let deep = linear(2, 2);
  for (let k = 0; k < 9; k++) deep = { class: 'Sequential', options: { layers: [deep] } };
  await fails(() => new Sequential({ layers: [deep] }), 'ERR_INVALID_CONFIG', 'too deep');

  const own = new Linear({ inChannels: 3, outChannels: 3, seed: 4 }), model = new Sequential({ layers: [own, { class: 'Activation', options: { function: 'tanh' } }], skip: 'concat' });
  const graph = Graph.fromAdjacency([[], [0]]), x = matrix(2, 3), { data, dim } = model.forward(x, graph);
  const inner = own.forward(x);
  assert.strictEqual(dim, 6);
  for (let i = 0; i < 2; i++) for (let c = 0; c < 3; c++) {
    assert.strictEqual(data[6 * i + c], x.data[3 * i + c]);
    assert(Math.abs(data[6 * i + 3 + c] - Math.tanh(inner.data[3 * i + c])) < 1e-6);
  }
  own.setWeights(new Float32Array(12));
  assert.deepStrictEqual(model.forward(x, graph).data, data, 'layers are copied');
  const again = Sequential.fromJson(model.toJson());
  assert.deepStrictEqual(again.forward(x, graph).data, data);
  assert.deepStrictEqual(again.layers, model.layers);
});

test('MessagePassing and Aggregation', async () => {
  const graph = new Graph({ offsets: [0, 2, 2, 3], indices: [1, 2, 0], weights: [1, 3, 2] }), x = [[1, 10], [2, -20], [4, 40]];
  const rows = (aggr) => [...new Aggregation({ aggr }).forward(x, graph).data];
  assert.deepStrictEqual(rows('sum'), [14, 100, 0, 0, 2, 20], 'weighted');
  assert.deepStrictEqual(rows('mean'), [3.5, 25, 0, 0, 1, 10]);
  assert.deepStrictEqual(rows('max'), [4, 40, 0, 0, 1, 10], 'weights are not read');
  class Own extends MessagePassing {
    update({ data, ...rest }, given) {
      return { ...rest, data: data.map((value, i) => value + given.flat()[i]) };
    }
  }
  const own = new Own({ aggr: 'max' });
  assert.deepStrictEqual([...own.forward(x, graph).data], [5, 50, 2, -20, 5, 50]);
  assert.deepStrictEqual([...own.aggregateBackward(x, graph, [[1, 2], [3, 4], [5, 6]])], [5, 6, 0, 0, 1, 2]);
  assert.deepStrictEqual([own.aggr, new MessagePassing().aggr, own.closed], ['max', 'sum', false]);
  own.close();
  await fails(() => own.forward(x, graph), 'ERR_CLOSED', 'closed');
  await fails(() => new MessagePassing({ aggr: 'lstm' }), 'ERR_INVALID_CONFIG', 'lstm');
});

test('GNNEmbedder', async () => {
  const graph = Graph.fromAdjacency([[1, 2], [0], [0, 1], []]), vectors = matrix(4, 6);
  for (const layer of ['gcn', 'gat', 'gatv2', 'sage', 'transformer']) {
    const one = new GNNEmbedder({ layer, inputDim: 6, hiddenDim: 8, outputDim: 5, numLayers: 3, numHeads: 2, dropout: 0.1, normalize: true, seed: 3 });
    const encoded = one.encode(vectors, graph);
    assert.deepStrictEqual([encoded.rows, encoded.dim], [4, 5], layer);
    for (let i = 0; i < 4; i++) assert(Math.abs(Math.hypot(...encoded.data.subarray(5 * i, 5 * i + 5)) - 1) < 1e-5, layer);
    assert.deepStrictEqual(await one.encodeAsync(vectors, graph), encoded);
    assert.deepStrictEqual(new GNNEmbedder(one.config).encode(vectors, graph), encoded, 'its configuration makes the same');
    one.close();
    await fails(() => one.encode(vectors, graph), 'ERR_CLOSED', layer);
  }
  const plain = new GNNEmbedder({ inputDim: 6 });
  assert.deepStrictEqual([plain.config.layer, plain.config.outputDim, plain.config.hiddenDim, plain.config.numLayers], ['sage', 6, 6, 2]);
  for (const bad of [{}, { inputDim: 0 }, { inputDim: 4, layer: 'x' }, { inputDim: 4, layer: 'gat', numHeads: 3 }, { inputDim: 4, layer: 'gcn', edgeDim: 2 }, { inputDim: 4, dropout: 2 }, { inputDim: 4, activation: 'x' }, { inputDim: 4, numLayers: 0 }, { inputDim: 4, x: 1 }]) {
    await assert.rejects(async () => new GNNEmbedder(bad), ({ code }) => ['ERR_INVALID_CONFIG', 'ERR_INVALID_ARG'].includes(code), JSON.stringify(bad));
  }
});

test('a node with many sources: sums of small numbers are as exact as those of few', () => {
  const n = 200_000, graph = new Graph({ offsets: Uint32Array.from({ length: n + 1 }, (_, i) => (i === 0 ? 0 : n)), indices: Uint32Array.from({ length: n }, (_, i) => i) });
  const x = { data: new Float32Array(n).fill(0.1), rows: n, dim: 1 }, one = Math.fround(0.1);
  const near = (found, wanted, what) => assert.ok(Math.abs(found / wanted - 1) < 5e-5, `${what}: ${found} for ${wanted}`);
  near(new Aggregation({ aggr: 'sum' }).forward(x, graph).data[0], n * one, 'sum');
  near(new Aggregation({ aggr: 'mean' }).forward(x, graph).data[0], one, 'mean');
  const gcn = new GCNLayer({ inChannels: 1, outChannels: 1, normalization: 'row', addSelfLoops: false, bias: false }), gat = new GATLayer({ inChannels: 1, outChannels: 1, addSelfLoops: false, bias: false, seed: 1 });
  gcn.setWeights([1]);
  near(gcn.forward(x, graph).data[0], one, 'GCN');
  gat.setWeights(gat.getWeights().fill(1));
  near(gat.forward(x, graph).data[0], one, 'GAT');
  // All nodes read node 0: the gradient of its row is the sum of theirs.
  const star = new Graph({ offsets: Uint32Array.from({ length: n + 1 }, (_, i) => i), indices: new Uint32Array(n) }), slopes = new Aggregation({ aggr: 'sum' }).backward(x, star, { data: x.data, rows: n, dim: 1 });
  near(slopes.x[0], n * one, 'gradient');
});

test('LayerNorm of equal elements without eps, gelu far from 0', () => {
  const norm = new LayerNorm({ inChannels: 2, eps: 0 }), gelu = new Activation({ function: 'gelu' });
  norm.setWeights([2, 2, 5, 6]);
  assert.deepStrictEqual([...norm.forward([[3, 3]]).data], [5, 6]);
  assert.deepStrictEqual([...norm.backward([[3, 3]], [[1, 2]]).x], [0, 0]);
  assert.deepStrictEqual([...gelu.backward([[1e20, -1e20, 3e38]], [[1, 1, 1]]).x], [1, 0, 1]);
});

test('a layer without its graph: what came in its place', () => {
  const layer = new ruvector.GCNLayer({ inChannels: 2, outChannels: 2, seed: 1 });
  for (const [graph, received] of [[undefined, 'undefined'], [null, 'null'], [7, '7'], ['graph', '"graph"'], [[[0]], 'an array'], [new Float32Array(1), 'Float32Array'], [{}, 'another object'], [layer, 'a GCNLayer']]) {
    assert.throws(() => layer.forward([[1, 0]], graph), { code: 'ERR_WRONG_HANDLE', message: `expected a Graph for graph, received ${received}` });
  }
});
