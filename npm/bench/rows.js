'use strict';

// The rows of each section that the gate (gate.js) compares: cases of measure.js, which are timed, and figures
// {name, figure, unit, repeat}, where `figure()` gives the number itself or a promise of it. Less is better in all of them.
const { gnn, native, wasm } = require('./library.js');
const { DIM, gnnCases, kernelCases, layerCases } = require('./cases.js');

const sized = (label, cases) => cases.map((one) => ({ ...one, name: `${label}${String(one.name).trim()}` }));

function search() {
  return [10000, 100000].flatMap((n) => sized(`${n.toLocaleString('en')} x ${DIM}: `, gnnCases(gnn, '', { n, own: true })));
}

function attention() {
  const cases = require('./attention-cases.js'), { listCases } = require('./attention-lists.js');
  return [
    ...[100000, 10000, 1000].map((n) => cases.memoryCase(`one query, ${n.toLocaleString('en')} keys`, n)),
    ...cases.batchCases(1024, '1024², 8 heads x 64, '),
    ...sized('10,000 keys: ', cases.mechanismCases(10000)),
    ...listCases(1000).flatMap(({ name, same, copied }) => [{ name: `1,000 rows: ${name}`, make: same }, { name: `1,000 rows, new lists: ${name}`, make: copied }]),
    ...cases.linearCases(1024, '1,024 queries and keys x 64, '),
    cases.makingCase(256, 'making 256 orthogonal directions'),
  ];
}

const SECTIONS = {
  search,
  layer: () => sized('', layerCases(gnn, '')),
  kernels: () => kernelCases(native),
  attention,
  wasm: () => [...gnnCases(wasm(), '', { n: 10000, own: true }), ...layerCases(wasm(), '')].map((one) => ({ ...one, name: one.name.trim() })),
  index: () => require('./index-cases.js').indexRows(),
};

module.exports = { SECTIONS };
