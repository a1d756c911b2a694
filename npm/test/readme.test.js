'use strict';

// Every JavaScript example of README.md runs and prints what the block after it says.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const root = path.resolve(__dirname, '../..');

/** Pairs of a `js` block and the `text` block behind it. */
function examples(file) {
  const text = fs.readFileSync(path.join(root, file), 'utf8');
  return [...text.matchAll(/```js\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)].map(([, code, output]) => ({ code, output }));
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-readme-'));
fs.mkdirSync(path.join(folder, 'node_modules/@ruvector'), { recursive: true });
fs.symlinkSync(root, path.join(folder, 'node_modules/@ruvector/gnn'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

for (const [i, { code, output }] of examples('README.md').entries()) {
  test(`README example ${i + 1}`, () => {
    const file = path.join(folder, `example${i}.js`);
    fs.writeFileSync(file, code);
    assert.strictEqual(execFileSync(process.execPath, [file], { encoding: 'utf8' }), output);
  });
}

test('README has examples and at most 120 lines', () => {
  assert.ok(examples('README.md').length >= 2);
  assert.ok(fs.readFileSync(path.join(root, 'README.md'), 'utf8').split('\n').length <= 121);
});
