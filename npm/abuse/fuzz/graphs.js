'use strict';
// The fuzz of Graph: rows, and arguments of its own.
const { ruvector } = require('../../test/support/index.js');
const { strangers } = require('./vectors.js');

const rows = {
  Graph: ['graphArrays'],
  'Graph.fromEdges': ['graphEdges', 'graphOptions'],
  'Graph.fromEdgeIndex': ['graphIndex', 'graphOptions'],
  'Graph.fromAdjacency': ['graphLists', 'graphMore'],
  'Graph.fromIndex': ['anyIndex', 'graphLevel'],
  'Graph.open': ['graphToken'],
  'Graph.load': ['graphFile'],
  'Graph#toBuffer': [],
  'Graph#save': ['weightsFile'],
  ...Object.fromEntries(['nodes', 'columns', 'edges', 'offsets', 'indices', 'weights', 'degrees', 'reversed', 'token', 'closed', 'close'].map((name) => [`Graph#${name}`, []])),
};
// The class is found by the first of its two names.
for (const [name, row] of Object.entries(rows)) {
  delete rows[name];
  rows[`CSR${name}`] = row;
}
const NOW = { kind: 'options', fields: ['threads'] }, LATER = { kind: 'options', fields: ['threads', 'signal'] }, NONE = { kind: 'nothing' }, SIZES = { kind: 'options', fields: ['sampleSizes:sizes', 'index:seed'] };
Object.assign(rows, {
  GNNEmbedder: ['embedderConfig'],
  ...Object.fromEntries(['config', 'model', 'closed', 'close'].map((name) => [`GNNEmbedder#${name}`, []])),
  'GNNEmbedder#encode': ['nodeRows', 'nodeGraph', NONE, NOW],
  'GNNEmbedder#encodeAsync': ['nodeRows', 'nodeGraph', NONE, LATER],
  MessagePassing: ['aggregation'],
  ...Object.fromEntries(['aggr', 'closed', 'close'].map((name) => [`MessagePassing#${name}`, []])),
  'MessagePassing#aggregate': ['nodeRows', 'nodeGraph', NOW],
  'MessagePassing#aggregateBackward': ['nodeRows', 'nodeGraph', 'nodeRows', NOW],
  'MessagePassing#update': [] /* gives back what it takes */,
  GraphSAGE: ['sageConfig'],
  ...Object.fromEntries(['config', 'model', 'closed', 'close'].map((name) => [`GraphSAGE#${name}`, []])),
  'GraphSAGE#forward': ['nodeRows', 'nodeGraph', NOW],
  'GraphSAGE#encode': ['nodeRows', 'nodeGraph', NONE, NOW],
  'GraphSAGE#forwardMinibatch': ['nodeRows', 'nodeGraph', 'someNodes', NOW],
  NeighborSampler: [{ ...SIZES, always: ['sizes'] }],
  'NeighborSampler#sizes': [],
  'NeighborSampler#seed': [],
  'NeighborSampler#sample': ['nodeGraph', 'someNodes', 'index'],
  'NeighborSampler#forward': ['aLayer', 'nodeRows', 'nodeGraph', 'someNodes', NOW],
  searchWithGnn: ['anyIndex', 'vector', 'aLayer', 'k', { kind: 'options', fields: ['few:candidates', 'few:neighbors', 'few:queryLinks', 'share:gnnWeight', 'temperature'] }],
  differentiableSearchDualSpace: ['vector', 'candidates', 'k', { kind: 'options', fields: ['temperature', 'curvature', 'projection', 'share:euclideanWeight'] }],
  adaptiveSearch: ['vector', 'candidates', 'k', { kind: 'options', fields: ['temperature', 'curvature', 'few:numExperts', 'few:topK'] }],
  'MessagePassing#forward': ['nodeRows', 'nodeGraph', NOW],
});

/** Whole numbers in a form that a caller may give them. */
function whole(c, list) {
  const { chance, buffers } = c, into = (array) => { array.set(list); buffers.push(array.buffer); return array; };
  switch (chance.below(6)) {
    case 0: return list;
    case 1: return into(new Int32Array(list.length));
    case 2: return into(new Uint32Array(new SharedArrayBuffer(4 * list.length)));
    case 3: return into(new Uint32Array(new ArrayBuffer(4 * list.length, { maxByteLength: 8 * list.length })));
    default: return into(new Uint32Array(list.length));
  }
}

/** The same with an element spoilt, or one behind a getter that interferes. */
function badWhole(c, list) {
  const { chance } = c, at = chance.below(list.length || 1), copy = list.slice();
  if (chance.of(0.3)) return chance.pick(strangers());
  if (chance.of(0.3)) return Object.defineProperty(copy, at, { configurable: true, enumerable: true, get: () => { c.interfere(); return list[at]; } });
  copy[at] = chance.pick([-1, 0.5, NaN, 2 ** 31, 2 ** 32 - 1, 2 ** 32, '1', undefined, 1n]);
  return copy;
}
const numbers = (c, list) => (c.bad() ? badWhole(c, list) : whole(c, list));

/** Sources of a random graph, a list a node. */
const random = ({ chance }, nodes, columns) => Array.from({ length: nodes }, () => Array.from({ length: columns > 0 ? chance.below(4) : 0 }, () => chance.below(columns)));

const ABSURD = [0, -1, 1.5, NaN, 2 ** 31, 2 ** 53, '3', null];

/** Whether a receiver, which may be anything, even a proxy that is revoked, is an embedder. */
function isEmbedder(value) {
  try {
    return value instanceof ruvector.GNNEmbedder || value instanceof ruvector.GraphSAGE;
  } catch {
    return false;
  }
}

/** An index of the width of the call, with some rows. */
function filled(c) {
  const index = new ruvector.HNSWIndex({ dim: c.dim >= 1 ? c.dim : 4, M: 4, efConstruction: 8 });
  for (let i = 0; i < 5; i++) index.add(i, Float32Array.from({ length: index.dim }, () => c.chance.unit()));
  return c.world.keep(index);
}

const kinds = {
  nothing: () => undefined,
  graphFile(c) {
    const { chance } = c, graph = chance.pick(c.world.graphs.filter((one) => !one.closed)), bytes = graph?.toBuffer() ?? new Uint8Array(9);
    if (!c.bad()) return bytes;
    if (chance.of(0.3)) return chance.pick([...strangers(), 'no such file']);
    if (chance.of(0.5)) return bytes.subarray(0, chance.below(bytes.length));
    bytes[chance.below(bytes.length)] ^= 1 << chance.below(8);
    return bytes;
  },
  graphArrays(c) {
    const { chance } = c, nodes = chance.below(6), columns = chance.of(0.5) ? undefined : 1 + chance.below(9), lists = random(c, nodes, columns ?? nodes), offsets = [0];
    for (const list of lists) offsets.push(offsets.at(-1) + list.length);
    if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), { offsets }, { offsets, indices: [], colums: 3 }, { offsets: [], indices: [] }]);
    const given = { offsets: numbers(c, offsets), indices: numbers(c, lists.flat()) };
    if (columns !== undefined) given.columns = c.bad() ? chance.pick(ABSURD) : columns;
    return given;
  },
  graphEdges(c) {
    const { chance } = c, nodes = c.graphNodes = 1 + chance.below(5), lists = random(c, nodes, nodes);
    const [sources, targets] = [lists.flat(), lists.flatMap((list, i) => list.map(() => i))];
    if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), { sources }, { sources, targets: [...targets, 0] }, [0, 0, 0]]);
    return chance.of(0.5) ? { sources: numbers(c, sources), targets: numbers(c, targets) } : numbers(c, sources.flatMap((source, i) => [source, targets[i]]));
  },
  graphOptions(c) {
    const { chance } = c, nodes = c.graphNodes ?? 3;
    if (!c.bad()) return chance.of(0.5) ? { nodes } : { nodes, columns: nodes + chance.below(3) };
    return chance.pick([...strangers(), { nodes: chance.pick(ABSURD) }, { nodes, columns: chance.pick(ABSURD) }, { nodes: 0 }, { nodes, column: 2 }]);
  },
  graphIndex(c) {
    const { chance } = c, nodes = c.graphNodes = 1 + chance.below(5), lists = random(c, nodes, nodes);
    const [sources, targets] = [lists.flat(), lists.flatMap((list, i) => list.map(() => i))];
    if (c.bad() && chance.of(0.3)) return chance.pick([...strangers(), [sources], [sources, [...targets, 0]], { data: sources, rows: 2, dim: 9 }, { data: sources, rows: 1, dim: sources.length }]);
    return chance.of(0.5) ? [numbers(c, sources), numbers(c, targets)] : { data: numbers(c, [...sources, ...targets]), rows: 2, dim: sources.length };
  },
  graphLists(c) {
    const { chance } = c, nodes = c.graphNodes = chance.below(5);
    return c.bad() && chance.of(0.3) ? chance.pick(strangers()) : random(c, nodes, nodes).map((list) => numbers(c, list));
  },
  graphMore(c) {
    const { chance } = c, nodes = c.graphNodes ?? 3;
    if (!c.bad()) return chance.pick([undefined, {}, { nodes }, { coalesce: true }, { columns: nodes + 2 }]);
    return chance.pick([...strangers(), { nodes: chance.pick(ABSURD) }, { weights: [NaN] }, { weights: [1] }, { coalesce: 1 }]);
  },
  anyIndex(c) {
    const { chance, world } = c;
    if (c.bad()) return chance.pick([...strangers(), ...world.graphs, ...world.indexes]);
    const those = world.indexes.filter((one) => one instanceof ruvector.HNSWIndex && (chance.of(0.2) || (!one.closed && one.dim === c.dim && one.size > 0)));
    return those.length > 0 ? chance.pick(those) : filled(c);
  },
  graphLevel: (c) => (c.bad() ? c.chance.pick([...ABSURD, ...strangers()]) : c.chance.pick([undefined, 0, 0, 1])),
  embedderConfig(c) {
    const { chance } = c, width = chance.pick([1, 2, 4]);
    const good = { layer: chance.pick(['gcn', 'gat', 'gatv2', 'sage', 'transformer']), inputDim: width, hiddenDim: 4, outputDim: chance.pick([1, 3]), numLayers: chance.pick([1, 2, 3]), numHeads: chance.pick([1, 2]), dropout: chance.pick([0, 0.5]), normalize: chance.of(0.5), seed: chance.pick([1, 2n]) };
    if (!c.bad()) return good;
    return chance.of(0.4) ? chance.pick(strangers()) : { ...good, [chance.pick(Object.keys(good))]: chance.pick([...ABSURD, ...strangers()]) };
  },
  sageConfig(c) {
    const { chance } = c, width = chance.pick([1, 2, 4]), good = { inputDim: width, hiddenDim: 4, outputDim: chance.pick([1, 3]), numLayers: 2, sampleSizes: [2, Infinity], aggregator: chance.pick(['mean', 'max', 'sum']), normalize: chance.of(0.5), seed: 1 };
    if (!c.bad()) return good;
    return chance.of(0.4) ? chance.pick(strangers()) : { ...good, [chance.pick(Object.keys(good))]: chance.pick([...ABSURD, ...strangers()]) };
  },
  sampleSizes: (c) => (c.bad() ? c.chance.pick([...strangers(), [], [0], [1.5], [NaN], [2 ** 40], Array(65).fill(1)]) : c.chance.pick([[1], [2, 2], [Infinity], [-1, 3]])),
  someNodes: (c) => (c.bad() ? c.chance.pick([...strangers(), [99], [-1], [0.5]]) : numbers(c, Array.from({ length: c.chance.below(4) }, () => c.chance.below(Math.max(1, c.nodeGraph?.closed === false ? c.nodeGraph.nodes : 1))))),
  aLayer: (c) => (c.bad() ? c.chance.pick([...strangers(), ...c.world.sets, { encode: () => { c.interfere(); } }, { forward: () => ({ data: [], rows: 9 }) }])
    : new ruvector.GraphSAGELayer({ inChannels: c.dim > 0 ? c.dim : 3, outChannels: 2, seed: 1 })),
  aggregation: (c) => (c.bad() ? c.chance.pick([...strangers(), { aggr: 'lstm' }, { aggr: 3 }]) : c.chance.pick([undefined, {}, { aggr: 'max' }, { aggr: 'mean' }])),
  nodeRows(c) {
    const { chance } = c, graph = c.nodeGraph = chance.pick(c.world.graphs), dim = isEmbedder(c.self) ? c.self.config.inputDim : (c.dim = chance.pick([1, 3]));
    if (c.bad()) return chance.pick([...strangers(), { data: new Float32Array(6), rows: 2, dim: 3 }]);
    const rows = graph?.closed === false ? graph.nodes : 2;
    return { data: Float32Array.from({ length: rows * dim }, () => chance.unit()), rows, dim };
  },
  nodeGraph: (c) => (c.bad() ? c.chance.pick([...strangers(), ...c.world.graphs, ...c.world.sets]) : c.nodeGraph),
  graphToken: (c) => (c.bad() ? c.chance.pick([{ graph: c.chance.pick([-1, 0, 0.5, 2 ** 52, NaN, 1n, '1']) }, ...c.world.tokens, ...strangers()]) : c.chance.pick(c.world.graphTokens)),
};

module.exports = { kinds, rows };
