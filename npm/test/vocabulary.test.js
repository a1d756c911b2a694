'use strict';
// Every name of the specification has a working equivalent. Tests/Fixtures/vocabulary.tsv has a row a name: kind, name, our name,
// and a call that gives true, or the mark "to come".
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const attention = require('@ruvector/gnn/attention');
const { notInWasm, root, rows, ruvector } = require('./support/index.js');

/** What may be to come: the rows behind these headings. */
const LATER = ['compression', 'command line'];
/** Rows that need files or databases. */
const NATIVE = ['VectorDB'];

const lines = fs.readFileSync(path.join(root, 'Tests/Fixtures/vocabulary.tsv'), 'utf8').split('\n').filter(Boolean);
const table = [];
let heading = '';
for (const line of lines) {
  if (line.startsWith('#')) [, heading] = /^# ([^:(]*)/.exec(line);
  else table.push([heading.trim(), ...line.split('\t')]);
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** What the calls may use. Eight nodes in a ring, each with two neighbours; their rows are x [8, 4]. */
function scope() {
  const x = rows(8, 4, 3, 0.4), graph = ruvector.Graph.fromAdjacency(Array.from({ length: 8 }, (_, i) => [(i + 7) % 8, (i + 1) % 8]));
  const index = new ruvector.HNSWIndex({ dim: 4, seed: 1 });
  index.addBatch(x.map((_, i) => i), x);
  const finite = (value) => {
    const list = value?.data ?? value;
    return list.length > 0 && Array.from(list).every(Number.isFinite);
  };
  const fails = (code, run) => {
    try {
      run();
    } catch (error) {
      return error.code === code;
    }
    return false;
  };
  const folder = () => fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-vocabulary-'));
  return { ...attention, ...ruvector, attention, x, q: x[0], graph, index, finite, fails, folder, edges: rows(16, 4, 5), near: (a, b) => Math.abs(a - b) < 1e-4 };
}

for (const [section, kind, name, ours, call] of table) {
  test(`${kind} ${name}: ${ours}`, { skip: NATIVE.includes(name) && notInWasm('no databases') }, async () => {
    assert.ok(kind && name && ours && call, 'four columns');
    if (ours === 'to come') {
      assert.ok(LATER.includes(section), `${name} has no equivalent yet`);
      return;
    }
    const names = scope();
    assert.strictEqual(await new AsyncFunction('$', `with ($) return (${call});`)(names), true, call);
  });
}

test('the table has every section and no name twice', () => {
  assert.deepStrictEqual([...new Set(table.map(([section]) => section))], ['attention', 'training', 'compression', 'gnn', 'command line']);
  assert.strictEqual(new Set(table.map(([, kind, name]) => `${kind} ${name}`)).size, table.length);
  assert.ok(table.length >= 70);
});
