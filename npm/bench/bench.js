'use strict';

// npm run bench [-- search layer kernels graph attention wasm index training learning] [--peer gnn=<path>] [--json <file>] [--quick]
//   index alone: [--rows <part of a name>] [--large] (index.js)
// One thread. Every figure is a median of interleaved rounds; ratios are to the plain-JS loop of cases.js.
//
// npm run bench -- <sections> --against <folder of a built checkout> [--turns 12] [--rows <part of a name>] [--json <file>]
// The gate for speed (gate.js): status 1 where a row is slower than in the other checkout.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { attentionSections } = require('./attention.js');
const { DIM, gnnCases, kernelCases, layerCases, plainSearch, vectors } = require('./cases.js');
const { graphSections } = require('./graph.js');
const { gate } = require('./gate.js');
const { gnn, native, wasm } = require('./library.js');
const { measure, table } = require('./measure.js');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: 'string', multiple: true, default: [] }, json: { type: 'string' }, quick: { type: 'boolean' }, large: { type: 'boolean' },
    against: { type: 'string' }, turns: { type: 'string' }, rows: { type: 'string' },
  },
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
  const list = kernelCases(native).map((item) => ({ ...item, run: item.make() }));
  const work = new Map(list.map(({ name, run }) => [name, run()]));
  const times = measure(list, { ...settings, milliseconds: 10 * settings.milliseconds }); // matrices stay warm in a round
  const rate = ({ name }) => work.get(name) / times.get(name) / 1e3;
  const peak = rate(list[1]);
  section('Kernels', ['kernel', 'rate', 'unit', 'of peak'], list.map((item) => [
    item.name, rate(item), item.unit, item.unit === 'GFLOP/s' ? (rate(item) / peak).toFixed(3) : '',
  ]));
}

function buildWasm() {
  const { status } = spawnSync('bash', [path.join(__dirname, '../scripts/wasm.sh'), '--if-missing'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('npm/scripts/wasm.sh has failed');
}

/** Each case natively and as WebAssembly, in the same rounds. */
function webAssembly() {
  buildWasm();
  const other = wasm();
  const cases = (library) => [...gnnCases(library, '', { n: 10000, own: true }), ...layerCases(library, '')];
  const [ours, theirs] = [cases(gnn), cases(other)];
  process.stderr.write('WebAssembly ...\n');
  const times = measure([ours, theirs].flatMap((list, i) => list.map((one) => ({ ...one, name: `${i}${one.name}` }))), settings);
  section('WebAssembly beside native, 10,000 x 128', ['case', 'native µs', 'wasm µs', 'ratio'], ours.map(({ name }) => {
    const [mine, wasm] = [0, 1].map((i) => times.get(`${i}${name}`));
    return [name.trim(), mine, wasm, (wasm / mine).toFixed(2)];
  }));
}

const save = () => {
  if (values.json) fs.writeFileSync(values.json, JSON.stringify(report, null, 2));
};

async function print() {
  console.log(`ruvector ${gnn.version()}, ${gnn.simdLevel()}, Node ${process.version}, one thread, medians of ${settings.rounds} rounds`);
  if (wanted('search')) search();
  if (wanted('layer')) layers();
  if (wanted('kernels')) kernels();
  if (wanted('graph')) graphSections(settings, section, values.quick);
  if (wanted('attention')) attentionSections(settings, section, values.quick);
  if (wanted('wasm')) webAssembly();
  if (positionals.includes('training')) {
    await require('./training.js').trainingSections(settings, section, values.quick);
    require('./poincare.js').poincareSections(section, values.quick);
  }
  if (positionals.includes('learning')) await require('./learning.js').learningSections(section, values.quick);
  /** By its name only: it takes a quarter of an hour. */
  if (positionals.includes('index')) await require('./index.js').indexSections(section, values);
  save();
}

async function compare() {
  report.sections.gate = await gate(positionals.length > 0 ? positionals : ['search', 'layer', 'kernels', 'attention'], values);
  save();
}

(values.against === undefined ? print() : compare()).catch((error) => {
  console.error(error);
  process.exitCode = 2;
});
