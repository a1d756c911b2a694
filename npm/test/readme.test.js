'use strict';

// Every JavaScript example of README.md and docs/ runs and prints what the block after it says.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { notInWasm } = require('./support/index.js');
const { asTypeScript, blocks, examples, pages } = require('./support/examples.js');
const { runTsc, tsc } = require('./support/typescript.js');

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

const compilers = { 'TypeScript 4.8': tsc, 'TypeScript 5.9': path.join(__dirname, 'support/tsc5.js') };
for (const [compiler, tsc] of Object.entries(compilers)) {
  test(`every example is TypeScript, too: ${compiler}`, { skip: process.env.RUVECTOR_SKIP_TYPES ? 'RUVECTOR_SKIP_TYPES is set' : notInWasm('the same types') }, () => {
    const files = pages.flatMap((page) => examples(page).map(({ code }, i) => {
      const file = `${path.basename(page, '.md')}${i + 1}.cts`, text = asTypeScript(code);
      assert.doesNotMatch(text, /^(const|let) .*\brequire\(/m, page);
      fs.writeFileSync(path.join(folder, file), text);
      return file;
    }));
    assert.ok(files.length >= 15);
    const { status, output } = runTsc(tsc, folder, '--noEmit', '--module', 'node16', '--moduleResolution', 'node16', '--preserveSymlinks', ...files);
    assert.strictEqual(output, '');
    assert.strictEqual(status, 0);
  });
}

test('README begins with two commands', () => {
  const [, first] = /```sh\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(root, 'README.md'), 'utf8'));
  assert.deepStrictEqual(first.trim().split('\n').map((line) => line.replace(/\s+#.*/, '')), ['npm run demo', 'npm test']);
});

test('README has examples and at most 120 lines', () => {
  assert.ok(examples('README.md').length >= 2);
  assert.ok(fs.readFileSync(path.join(root, 'README.md'), 'utf8').split('\n').length <= 121);
});
