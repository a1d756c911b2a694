'use strict';
// What npm/scripts/lint.js finds: a mistake of each kind, and nothing in code that is right. What it cannot see: names and requires that
// are out of place.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { complaints } = require('../scripts/lint.js');
const { MECHANISMS } = require('../lib/overlay/attention.js');
const { MEMBERS } = require('../lib/members/rows.js');
const { root } = require('./support/index.js');

const SKIP = process.env.RUVECTOR_SKIP_TYPES === '1' && 'RUVECTOR_SKIP_TYPES is set';

test('mistakes', { skip: SKIP }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-lint-'));
  try {
    fs.writeFileSync(path.join(folder, 'other.js'), "'use strict';\nmodule.exports = { one: (a, b) => a + b };\n");
    fs.mkdirSync(path.join(folder, 'deep'));
    fs.writeFileSync(path.join(folder, 'deep/wrong.js'), `'use strict';
const { one, two } = require('../other.js');
const unused = 1;
class Thing { constructor() { this.here = 1; } }
module.exports = [one(1, 2, 3), two, undefinedName, new Thing().gone, Math.maxi(1)];
`);
    fs.writeFileSync(path.join(folder, 'right.js'), `'use strict';
class Thing { #kept; constructor({ a, b } = {}) { this.all = [a, b]; } get kept() { return this.#kept ??= [...this.all]; } }
module.exports = { Thing };
`);
    const found = complaints(folder).map((line) => line.replace(/^[^(]*\//, ''));
    assert.ok(found.every((line) => line.startsWith('wrong.js')), found.join('\n'));
    for (const [line, words] of [[2, "'two'"], [3, "'unused'"], [5, 'undefinedName'], [5, "'gone'"], [5, "'maxi'"], [5, 'arguments, but got 3']]) {
      assert.ok(found.some((one) => one.startsWith(`wrong.js(${line},`) && one.includes(words)), `${words}: ${found.join('\n')}`);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});

/** [file, number of the line, its code] of every line of JavaScript in npm/lib, comments left out. */
function* lines() {
  const lib = path.join(root, 'npm/lib');
  for (const file of fs.readdirSync(lib, { recursive: true }).filter((name) => name.endsWith('.js'))) {
    const text = fs.readFileSync(path.join(lib, file), 'utf8').replace(/\/\*[^]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
    for (const [i, line] of text.split('\n').entries()) yield [file, i + 1, line.replace(/(^|\s)\/\/.*$/, '')];
  }
}

test('classes of members are named in the overlay and in generated files alone', () => {
  const families = ['layer', 'attention', 'codec', 'graph', 'dense', 'loss', 'optimizer', 'schedule'];
  const names = new Set([...Object.keys(MECHANISMS), ...MEMBERS.filter(({ family }) => families.includes(family)).map(({ type }) => type)]);
  names.delete('Linear'); // also a way in which a temperature falls
  const named = new RegExp(`\\b(${[...names].join('|')})\\b`), found = [...lines()].filter(([file, , line]) => !/^(overlay|generated)\//.test(file) && named.test(line));
  assert.deepStrictEqual(found, []);
  assert.ok([...lines()].some(([file, , line]) => file.startsWith('overlay/') && named.test(line)), 'the words are found where they may stand');
});

test('a require inside a function is of a module that most programs do not need', () => {
  const inside = [...lines()].filter(([file, , line]) => !/^generated\//.test(file) && /^\s+.*require\('\.{1,2}\//.test(line)).map(([file, , line]) => [file, /require\('([^']*)'\)/.exec(line)[1]]);
  const known = {
    'attention/index.js': /./, // a list of modules, at its top
    'members/classes.js': /attention\/(classes|experts)\.js$/, 'members/member.js': /\/weights\.js$/, 'native.js': /ruvector\.node$|linux-x64\.node$|wasm\/file\.js$/, 'store/vector-store.js': /\/gnn\.js$/,
  };
  assert.deepStrictEqual(inside.filter(([file, module]) => !known[file]?.test(module)), []);
});
