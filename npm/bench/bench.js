'use strict';

// npm run bench [-- search layer kernels attention wasm index] [--peer gnn=<path>] [--json <file>] [--quick]
// One thread. Every figure is a median of interleaved rounds; ratios are to the plain-JS loop of cases.js.
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const gnn = require('../../index.js');
const native = require('../lib/native.js');
const { attentionSections } = require('./attention.js');
const { DIM, gnnCases, layerCases, plainSearch, vectors } = require('./cases.js');
const { measure, table } = require('./measure.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { peer: { type: 'string', multiple: true, default: [] }, json: { type: 'string' }, quick: { type: 'boolean' } },
});
const wanted = (name) => positionals.length === 0 || positionals.includes(name);
const settings = values.quick ? { rounds: 5, milliseconds: 1 } : { rounds: 31, milliseconds: 4 };
const peers = values.peer.map((text) => {
  const [name, file] = text.split('=');
  return { name, module: require(path.resolve(file ?? name)) };
});
const report = { simd: gnn.simdLevel(), node: process.version, rounds: settings.rounds, sections: {} };

const number = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toPrecision(3));

function section(title, header, rows) {
  console.log(`\n${title}\n${table([header, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? number(cell) : cell)))])}`);
  report.sections[title] = rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}

/** Cases against a baseline that runs in the same rounds. */
function against(title, baseline, cases) {
  process.stderr.write(`${title} ...\n`);
  const times = measure([baseline, ...cases], settings);
  const base = times.get(baseline.name);
  section(title, ['case', 'µs', 'ratio'], [...times].map(([name, time]) => [name, time, (time / base).toFixed(4)]));
}

function plain(n) {
  const candidates = vectors(n, DIM, 1, 0.05), query = vectors(1, DIM, 2, 0.05)[0];
  return { name: `plain JS loop, ${n.toLocaleString('en')} x ${DIM}`, run: () => plainSearch(query, candidates, 10, 1) };
}

function search() {
  against('Search, 10,000 x 128, k = 10', plain(10000), [
    ...gnnCases(gnn, 'ours', { n: 10000, own: true }),
    ...peers.flatMap((peer) => gnnCases(peer.module, peer.name, { n: 10000 })),
  ]);
  const data = new Float32Array(100000 * DIM).fill(0.5);
  const read = { name: 'reading 100,000 x 128 floats', run: () => native.kernel('sum', [data], undefined, 0) };
  against('Search, 100,000 x 128, k = 10, against the memory', read, gnnCases(gnn, 'ours', { n: 100000, own: true }));
}

function layers() {
  against('Layers', plain(10000), [
    ...layerCases(gnn, 'ours'), ...peers.flatMap((peer) => layerCases(peer.module, peer.name)),
  ]);
}

function kernels() {
  process.stderr.write('Kernels ...\n');
  const buffer = (n) => Float32Array.from(vectors(1, n, 11)[0]);
  const big = new Float32Array(12.8e6).fill(0.5), small = buffer(4096), out = new Float32Array(4096);
  const square = (n) => [buffer(n * n), buffer(n * n), new Float32Array(n * n)];
  const [m256, m1024] = [square(256), square(1024)];
  const list = [
    ['read 51 MB', 'GB/s', 'sum', [big], undefined, 0], ['multiply-add peak', 'GFLOP/s', 'fma', [], undefined, 20000],
    ['gemm 256', 'GFLOP/s', 'gemm', m256, undefined, 256], ['gemm 1024', 'GFLOP/s', 'gemm', m1024, undefined, 1024],
    ['exp 4,096', 'elements/ns', 'exp', [small, out], undefined, 0], ['softmax 4,096', 'elements/ns', 'softmax', [out], undefined, 0],
  ].map(([name, unit, ...call]) => ({ name, unit, work: native.kernel(...call), run: () => native.kernel(...call) }));
  const times = measure(list, { ...settings, milliseconds: 10 * settings.milliseconds }); // matrices stay warm in a round
  const rate = ({ name, work }) => work / times.get(name) / 1e3;
  const peak = rate(list[1]);
  section('Kernels', ['kernel', 'rate', 'unit', 'of peak'], list.map((item) => [
    item.name, rate(item), item.unit, item.unit === 'GFLOP/s' ? (rate(item) / peak).toFixed(3) : '',
  ]));
}

/** Each case natively and as WebAssembly, in the same rounds. */
function webAssembly() {
  const other = require('@ruvector/gnn/wasm');
  const cases = (library) => [...gnnCases(library, '', { n: 10000, own: true }), ...layerCases(library, '')];
  const [ours, theirs] = [cases(gnn), cases(other)];
  process.stderr.write('WebAssembly ...\n');
  const times = measure([ours, theirs].flatMap((list, i) => list.map(({ name, run }) => ({ name: `${i}${name}`, run }))), settings);
  section('WebAssembly beside native, 10,000 x 128', ['case', 'native µs', 'wasm µs', 'ratio'], ours.map(({ name }) => {
    const [mine, wasm] = [0, 1].map((i) => times.get(`${i}${name}`));
    return [name.trim(), mine, wasm, (wasm / mine).toFixed(2)];
  }));
}

console.log(`ruvector ${gnn.version()}, ${gnn.simdLevel()}, Node ${process.version}, one thread, medians of ${settings.rounds} rounds`);
if (wanted('search')) search();
if (wanted('layer')) layers();
if (wanted('kernels')) kernels();
if (wanted('attention')) attentionSections(settings, section, values.quick);
if (wanted('wasm')) webAssembly();
/** By its name only: it takes a quarter of an hour. */
const indexes = positionals.includes('index') ? require('./index.js').indexSections(section, values.quick) : Promise.resolve();
indexes.then(() => {
  if (values.json) fs.writeFileSync(values.json, JSON.stringify(report, null, 2));
});
