'use strict';
// Graph: edges that stay in native memory, shared by token, closed while calls use them. (Bad input: bad-input.test.js.)
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const test = require('node:test');
const { Worker } = require('node:worker_threads');
const { fails, notInWasm, root, ruvector } = require('./support/index.js');
const { Handle } = require('../lib/handle.js');
const native = require('../lib/native.js');

const { Graph, RuvectorLayer, VectorSet } = ruvector;
const arrays = { offsets: Uint32Array.of(0, 3, 3, 5), indices: Uint32Array.of(2, 0, 2, 4, 2), columns: 5 };

test('a graph and copies of its arrays', () => {
  const graph = new Graph(arrays);
  assert.deepStrictEqual([graph.nodes, graph.columns, graph.edges, graph.closed], [3, 5, 5, false]);
  assert.deepStrictEqual([graph.offsets, graph.indices], [arrays.offsets, arrays.indices], 'repetitions, loops and the order of entries are kept');
  graph.indices.fill(9);
  assert.deepStrictEqual(graph.indices, arrays.indices, 'a copy');
  const plain = new Graph({ offsets: [0, 3, 3, 5], indices: Int32Array.from(arrays.indices), columns: 5 }), again = new Graph(graph);
  for (const one of [plain, again]) assert.deepStrictEqual([one.offsets, one.indices, one.columns], [graph.offsets, graph.indices, 5]);
  assert.strictEqual(new Graph({ offsets: [0, 1], indices: [0] }).columns, 1, 'as many as there are nodes');
  const none = new Graph({ offsets: [0], indices: [] });
  assert.deepStrictEqual([none.nodes, none.columns, none.edges, none.indices], [0, 0, 0, new Uint32Array(0)]);
  assert.deepStrictEqual(new Graph({ offsets: [0, 0], indices: [], columns: 7 }).columns, 7);
});

test('what the caller does with the arrays afterwards does not matter', () => {
  const offsets = arrays.offsets.slice(), indices = arrays.indices.slice(), graph = new Graph({ offsets, indices, columns: 5 });
  offsets.fill(7);
  indices.fill(7);
  assert.deepStrictEqual([graph.offsets, graph.indices], [arrays.offsets, arrays.indices]);
});

test('of pairs: those of a target keep their order', () => {
  const pairs = [3, 1, 1, 0, 0, 1, 3, 1], sources = [3, 1, 0, 3], targets = [1, 0, 1, 1];
  for (const given of [pairs, Uint32Array.from(pairs), Int32Array.from(pairs), { sources, targets }, { sources: Uint32Array.from(sources), targets: Int32Array.from(targets) }]) {
    const graph = Graph.fromEdges(given, { nodes: 2, columns: 4 });
    assert.deepStrictEqual([graph.nodes, graph.columns, graph.offsets, graph.indices], [2, 4, Uint32Array.of(0, 1, 4), Uint32Array.of(1, 3, 0, 3)]);
  }
  assert.strictEqual(Graph.fromEdges([0, 2], { nodes: 3 }).columns, 3);
  assert.deepStrictEqual(Graph.fromEdges([], { nodes: 2 }).offsets, new Uint32Array(3));
  assert.deepStrictEqual(Graph.fromEdges({ sources: [], targets: [] }, { nodes: 0 }).offsets, new Uint32Array(1));
});

test('errors name the element as the caller has it', async () => {
  const messages = new Map([
    [() => new Graph({ ...arrays, columns: 4 }), 'expected numbers below 4 for indices, received 4 at element 3'],
    [() => new Graph({ ...arrays, offsets: [0, 3, 2, 5] }), 'expected rising numbers from 0 to 5 for offsets, received 2 at element 2'],
    [() => Graph.fromEdges([0, 1, 5, 1], { nodes: 2 }), 'expected numbers below 2 for pairs, received 5 at element 2'],
    [() => Graph.fromEdges([0, 1, 1, 2], { nodes: 2 }), 'expected numbers below 2 for pairs, received 2 at element 3'],
    [() => Graph.fromEdges({ sources: [0, 1], targets: [0, 2] }, { nodes: 2 }), 'expected numbers below 2 for pairs.targets, received 2 at element 1'],
    [() => Graph.fromEdges({ sources: [0, 3], targets: [0, 1] }, { nodes: 2, columns: 3 }), 'expected numbers below 3 for pairs.sources, received 3 at element 1'],
  ]);
  for (const [run, message] of messages) assert.strictEqual((await fails(run, 'ERR_INVALID_ARG', message)).message, message);
});

test('a closed graph', async () => {
  const graph = new Graph(arrays), { token } = graph;
  graph.close();
  for (const key of ['nodes', 'columns', 'edges', 'offsets', 'indices', 'token']) await fails(() => graph[key], 'ERR_CLOSED', key);
  await fails(() => new Graph(graph), 'ERR_CLOSED', 'copied');
  await fails(() => Graph.open(token), 'ERR_NOT_FOUND', 'opened');
});

test('by its token, in the same thread', () => {
  const graph = new Graph(arrays), twin = Graph.open(structuredClone(graph.token));
  graph.close();
  assert.deepStrictEqual([twin.nodes, twin.columns, twin.edges, twin.indices], [3, 5, 5, arrays.indices]);
  twin.close();
});

test('by its token, in a worker that keeps it', { skip: notInWasm('graphs belong to one instance, and each worker has its own') }, async (t) => {
  const graph = new Graph(arrays), { token } = graph;
  const worker = new Worker(`
    const { parentPort, workerData } = require('node:worker_threads'), { Graph } = require(${JSON.stringify(root)}), graph = Graph.open(workerData);
    parentPort.on('message', (what) => { if (what === 'close') graph.close(); parentPort.postMessage(what === 'close' || [graph.columns, graph.indices]); });
    parentPort.postMessage('open');`, { eval: true, workerData: token });
  t.after(() => worker.terminate());
  const answer = () => new Promise((resolve, reject) => { worker.once('message', resolve); worker.once('error', reject); });
  assert.strictEqual(await answer(), 'open');
  graph.close();
  worker.postMessage('look');
  assert.deepStrictEqual(await answer(), [5, arrays.indices]);
  Graph.open(token).close();
  worker.postMessage('close');
  await answer();
  await fails(() => Graph.open(token), 'ERR_NOT_FOUND', 'gone with its last holder');
});

// Operations take graphs among their buffers. Whether one does, its mechanism says; here the answer of one that takes none
// shows that the graph has come through.

const layer = new RuvectorLayer(2, 2, 1), set = new VectorSet([[1, 2]]);
const handleOf = (object) => Handle.of(object, object.constructor, 'object');
const shapes = Float64Array.of(0, -1, 0, 2, 0, -1, 0, -1);
const buffers = (first) => [first, new Float32Array(0), new Float32Array(0), new Float32Array(2)];

test('a graph among the buffers of an operation', async () => {
  const graph = new Graph(arrays), closed = new Graph(arrays), gone = handleOf(closed), run = (first) => native.run(handleOf(layer), 'forward', buffers(first), shapes, 1, undefined);
  closed.close();
  const refused = await fails(() => run(handleOf(graph)), 'ERR_INVALID_ARG', 'a layer that takes none');
  assert.strictEqual(refused.message, 'expected 32-bit floats for node, received a graph');
  assert.strictEqual(run(Float32Array.of(1, 2)), 2, 'what it does take');
  await fails(() => run(gone), 'ERR_CLOSED', 'a closed one');
  for (const other of [set, layer]) await fails(() => run(handleOf(other)), 'ERR_WRONG_HANDLE', 'a handle of another kind');
});

test('closed while asynchronous calls are in flight: they keep it', async () => {
  const graph = new Graph(arrays), { token } = graph, handle = handleOf(graph), flag = new Uint32Array(1);
  const start = () => native.runAsync(handleOf(layer), 'forward', buffers(handle), shapes, 1, flag);
  const jobs = Promise.all(Array.from({ length: 12 }, () => fails(start, 'ERR_INVALID_ARG', 'in flight', true)));
  graph.close();
  const twin = Graph.open(token);
  assert.deepStrictEqual(twin.indices, arrays.indices, 'alive in the calls');
  twin.close();
  await fails(start, 'ERR_CLOSED', 'a call after that', true);
  await jobs;
  await fails(() => Graph.open(token), 'ERR_NOT_FOUND', 'gone with the last call');
});

test('an open graph outlives the calls that used it', async () => {
  const graph = new Graph(arrays), flag = new Uint32Array(1);
  for (let i = 0; i < 20; i++) await native.runAsync(handleOf(layer), 'forward', buffers(handleOf(graph)), shapes, 1, flag).catch(() => {});
  assert.deepStrictEqual([graph.indices, Graph.open(graph.token).edges], [arrays.indices, 5]);
});

test('graphs that do not fit in memory: an error with a code, whatever makes them', { skip: notInWasm('a memory of its own') || (process.platform !== 'linux' && 'ulimit') }, () => {
  const script = `
    const { Graph } = require(${JSON.stringify(root)}), seen = [], wide = new Graph({ offsets: [0, 0], indices: [], columns: 3e8 });
    for (const make of [() => Graph.fromEdges([0, 1], { nodes: 3e8 }), () => Graph.fromEdges({ sources: [0], targets: [1] }, { nodes: 5e8 }), () => wide.reversed().degrees]) {
      try { make(); seen.push('made'); } catch (error) { seen.push(error.code ?? String(error)); }
    }
    console.log(JSON.stringify(seen));`;
  const { status, stdout, stderr } = spawnSync('bash', ['-c', 'ulimit -v 3000000; exec "$0" -e "$1"', process.execPath, script], { encoding: 'utf8' });
  assert.strictEqual(status, 0, stderr);
  for (const outcome of JSON.parse(stdout)) assert.ok(['made', 'ERR_OUT_OF_MEMORY'].includes(outcome), stdout);
});

test('a file says its columns in plain digits', async () => {
  const { parseHeader, write } = require('../lib/members/safetensors.js'), bytes = new Graph(arrays).toBuffer();
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), { tensors, metadata } = parseHeader(bytes.subarray(8, 8 + length), bytes.length);
  assert.deepStrictEqual([metadata.columns, [...tensors.keys()].sort()], ['5', ['indices', 'offsets']]);
  const of = (columns, rows = arrays) => write([{ name: 'offsets', dtype: 'U32', shape: [rows.offsets.length], data: rows.offsets }, { name: 'indices', dtype: 'U32', shape: [rows.indices.length], data: rows.indices }], columns === undefined ? {} : { columns });
  assert.deepStrictEqual(Graph.load(of('5')).indices, arrays.indices);
  for (const columns of [undefined, '', ' 5', '5 ', '0x5', '5e0', '05', '+5', '-5', '5.0', '2147483647', '99999999999999999999', 'NaN', '0', '4']) await fails(() => Graph.load(of(columns)), 'ERR_CORRUPT', `columns ${columns}`);
  // No columns are those of a graph without nodes: where there are nodes, a graph has sources.
  const none = { offsets: Uint32Array.of(0), indices: new Uint32Array(0) };
  assert.strictEqual(Graph.load(of('0', none)).columns, 0);
  await fails(() => Graph.load(of('0', { ...none, offsets: Uint32Array.of(0, 0) })), 'ERR_CORRUPT', 'nodes, and no sources');
});
