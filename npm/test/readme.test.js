'use strict';

// Every JavaScript example of README.md and docs/ runs and prints what the block after it says.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { notInWasm } = require('./support/index.js');
const { blocks, examples, pages } = require('./support/examples.js');

const root = path.resolve(__dirname, '../..');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-readme-'));
fs.mkdirSync(path.join(folder, 'node_modules/@ruvector'), { recursive: true });
fs.symlinkSync(root, path.join(folder, 'node_modules/@ruvector/gnn'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

for (const page of pages) {
  for (const [i, { code, output }] of examples(page).entries()) {
    const skip = (code.includes('new Worker(') && notInWasm('shared with a worker; each has its own instance')) ||
      (/VectorStore/.test(code) && notInWasm('no databases'));
    test(`${page}, example ${i + 1}`, { skip }, () => {
      const file = path.join(folder, `example${i}.js`);
      fs.writeFileSync(file, code);
      assert.strictEqual(execFileSync(process.execPath, [file], { encoding: 'utf8', cwd: folder }), output);
    });
  }
}

test('every example has its output behind it', () => {
  for (const page of pages) {
    assert.strictEqual(examples(page).length, blocks(page, 'js').length, page);
  }
});

test('README begins with two commands', () => {
  const [, first] = /```sh\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(root, 'README.md'), 'utf8'));
  assert.deepStrictEqual(first.trim().split('\n').map((line) => line.replace(/\s+#.*/, '')), ['npm run demo', 'npm test']);
});

test('README has examples and at most 120 lines', () => {
  assert.ok(examples('README.md').length >= 2);
  assert.ok(fs.readFileSync(path.join(root, 'README.md'), 'utf8').split('\n').length <= 121);
});
