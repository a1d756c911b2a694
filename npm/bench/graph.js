'use strict';

// npm run bench -- graph: sums along edges beside a gather of the same rows, layers, growth; one thread unless it says two. Beside
// PyTorch Geometric (and DGL) where RUVECTOR_PYTHON names a Python that has them. Layers on one thread, and theirs, are measured by
// the time that the process computed, which other programs on the machine disturb less; two threads by the clock.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const { gnn, handleOf, native } = require('./library.js');
const { generator, measure, median } = require('./measure.js');

const NODES = 100_000, EDGES = 1_600_000;

/** A random directed graph, sources drawn alike, entries by target. */
function randomGraph(nodes, edges, seed) {
  const random = generator(seed), offsets = new Uint32Array(nodes + 1), indices = new Uint32Array(edges), weights = new Float32Array(edges);
  const draw = () => Math.min(nodes - 1, Math.floor((random() * 0.5 + 0.5) * nodes));
  for (let e = 0; e < edges; e++) offsets[draw() + 1]++;
  for (let i = 0; i < nodes; i++) offsets[i + 1] += offsets[i];
  for (let e = 0; e < edges; e++) {
    indices[e] = draw();
    weights[e] = random();
  }
  return { offsets, indices, weights };
}

const rowsOf = (rows, dim, seed) => {
  const random = generator(seed), data = new Float32Array(rows * dim);
  for (let i = 0; i < data.length; i++) data[i] = random();
  return { data, rows, dim };
};

const milliseconds = (micro) => micro / 1000;

function layersOf(seed = 1) {
  return {
    gcn: new gnn.GCNLayer({ inChannels: 128, outChannels: 64, seed }),
    gat: new gnn.GATLayer({ inChannels: 128, outChannels: 8, heads: 8, seed }),
    sage: new gnn.Sequential({ layers: [
      { class: 'GraphSAGELayer', options: { inChannels: 128, outChannels: 64, seed } },
      { class: 'Activation', options: {} },
      { class: 'GraphSAGELayer', options: { inChannels: 64, outChannels: 64, seed } },
    ] }),
  };
}

/** Sums over neighbours beside reading the same rows in the same order. */
function sums(section, settings, arrays) {
  const rows = [], graph = new gnn.Graph(arrays);
  for (const dim of [64, 128]) {
    const x = rowsOf(NODES, dim, 3), out = new Float32Array(NODES * dim), row = new Float32Array(dim), ends = Uint32Array.of(0, EDGES);
    const cases = [
      { name: 'gather', run: () => native.kernel('gather', [arrays.indices, x.data, ends, row], undefined, dim) },
      { name: 'sum', run: () => native.kernel('propagate', [handleOf(graph, gnn.Graph), x.data, out], undefined, dim) },
    ];
    const times = measure(cases, settings), base = times.get('gather');
    rows.push([`gather of the rows, F = ${dim}`, milliseconds(base), '1.000']);
    rows.push([`weighted sum over neighbours, F = ${dim}`, milliseconds(times.get('sum')), (times.get('sum') / base).toFixed(3)]);
  }
  graph.close();
  section(`Sums along ${EDGES.toLocaleString('en')} edges of ${NODES.toLocaleString('en')} nodes, one thread`, ['case', 'ms', 'ratio'], rows);
}

function python(quick) {
  const times = {};
  for (const program of (process.env.RUVECTOR_PYTHON ?? '').split(path.delimiter).filter(Boolean)) {
    const { status, stdout, stderr, error } = spawnSync(program, [path.join(__dirname, 'peers/graph.py'), NODES, EDGES, quick ? 1 : 5], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
    const { error: missing, ...found } = JSON.parse(stdout);
    if (missing) console.error(`${program}: ${missing}`);
    Object.assign(times, found);
  }
  return times;
}

function layers(section, settings, arrays, quick) {
  const graph = new gnn.Graph({ offsets: arrays.offsets, indices: arrays.indices }), x = rowsOf(NODES, 128, 5), g = rowsOf(NODES, 64, 6);
  const all = layersOf(), cases = (threads, label) => Object.entries(all).flatMap(([name, layer]) => [
    { name: `${name} ${label}`, run: () => layer.forward(x, graph, undefined, { threads }) },
    { name: `${name} backward ${label}`, run: () => layer.backward(x, graph, undefined, g, { threads }) },
  ]);
  const times = new Map([...measure(cases(1, 1), { ...settings, clock: 'cpu' }), ...measure([...cases(1, 'wall'), ...cases(2, 2)], settings)]), peers = python(quick), rows = [];
  const titles = { gcn: 'GCN 128 -> 64', gat: 'GAT 128 -> 8 heads x 8', sage: 'GraphSAGE 128 -> 64 -> 64' };
  for (const [name, title] of Object.entries(titles)) {
    const one = times.get(`${name} 1`), back = times.get(`${name} backward 1`);
    rows.push([title, milliseconds(one), '1.00', '']);
    rows.push([`${title}, forward and backward`, milliseconds(back), (back / one).toFixed(2), '']);
    for (const [what, key] of [['', name], [', forward and backward', `${name} backward`]]) {
      const two = times.get(`${key} 2`), wall = times.get(`${key} wall`);
      rows.push([`${title}${what}, two threads, by the clock`, milliseconds(two), '', `one takes ${(wall / two).toFixed(2)} times as long`]);
    }
    for (const [peer, time] of Object.entries(peers)) {
      if (!peer.startsWith(`${name} `)) continue;
      const ours = milliseconds(peer.endsWith('backward') ? back : one);
      rows.push([`${title}, ${peer.slice(name.length + 1)}`, time, (time / milliseconds(one)).toFixed(2), (time / ours).toFixed(2)]);
    }
  }
  section('Layers of graphs, one thread', ['case', 'ms', 'to our forward', 'it / ours'], rows);
  for (const one of [graph, ...Object.values(all)]) one.close();
}

/** Time and memory from 10,000 to 1M nodes with 16 edges each. */
function growth(section, quick) {
  const rows = [];
  for (const nodes of quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000]) {
    const arrays = randomGraph(nodes, 16 * nodes, 7), graph = new gnn.Graph({ offsets: arrays.offsets, indices: arrays.indices }), x = rowsOf(nodes, 128, 8);
    const g = rowsOf(nodes, 64, 9);
    for (const [name, layer] of Object.entries(layersOf())) {
      const time = (run) => median(Array.from({ length: nodes > 500_000 ? 3 : 7 }, () => {
        const start = performance.now();
        run();
        return performance.now() - start;
      }));
      layer.forward(x, graph);
      const forward = time(() => layer.forward(x, graph)), both = time(() => layer.backward(x, graph, undefined, g));
      rows.push([name, nodes.toLocaleString('en'), forward, (forward * 1e6) / nodes, (both * 1e6) / nodes, (process.memoryUsage().rss / 2 ** 30).toFixed(2)]);
      layer.close();
    }
    graph.close();
  }
  section('Growth, 16 edges a node, one thread', ['layer', 'nodes', 'forward, ms', 'ns a node', 'with backward, ns a node', 'resident GB'], rows);
}

function graphSections(settings, section, quick) {
  const slow = { ...settings, rounds: quick ? 3 : 9 }, arrays = randomGraph(NODES, EDGES, 2);
  sums(section, slow, arrays);
  layers(section, slow, arrays, quick);
  growth(section, quick);
}

module.exports = { graphSections };
