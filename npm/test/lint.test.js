'use strict';
// What npm/scripts/lint.js finds: a mistake of each kind, and nothing in code that is right.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { complaints } = require('../scripts/lint.js');

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
