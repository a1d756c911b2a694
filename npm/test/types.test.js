'use strict';
// index.d.ts as a CommonJS and an ESM user sees it: `tsc --strict` on npm/test/types, in a folder where the package is
// installed under its name.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { runTsc, tsc: tsc48 } = require('./support/typescript.js');

const root = path.resolve(__dirname, '../..');
const compilers = { 'TypeScript 4.8': tsc48, 'TypeScript 5.9': path.join(__dirname, 'support/tsc5.js') };
const skip = process.env.RUVECTOR_SKIP_TYPES ? 'RUVECTOR_SKIP_TYPES is set' : false;

/** A user's project with the package in node_modules; the compiler's complaints. */
function compile(t, tsc, files, ...options) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-types-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const installed = path.join(folder, 'node_modules/@ruvector/gnn');
  fs.mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', 'index.d.ts', 'index.d.mts', 'index.js', 'index.mjs']) fs.copyFileSync(path.join(root, file), path.join(installed, file));
  for (const part of ['wasm', 'npm/types', 'npm/entries']) fs.cpSync(path.join(root, part), path.join(installed, part), { recursive: true });
  for (const [from, to] of files) fs.copyFileSync(path.join(__dirname, 'types', from), path.join(folder, to));
  const sources = files.map(([, to]) => to);
  return runTsc(tsc, folder, '--noEmit', ...options, ...sources);
}

for (const [name, tsc] of Object.entries(compilers)) {
  test(`${name} is there`, { skip }, () => {
    const { stdout } = spawnSync(process.execPath, [tsc, '--version'], { encoding: 'utf8' });
    assert.ok(`TypeScript ${stdout.replace('Version ', '')}`.startsWith(name),
      `${tsc} is missing: npm/scripts/prepare.sh unpacks it; RUVECTOR_SKIP_TYPES=1 leaves these tests out`);
  });
}

const cases = {
  'CommonJS, node16': [[['cjs.cts', 'cjs.cts'], ['attention.cts', 'attention.cts'], ['tensors.cts', 'tensors.cts']], ['--module', 'node16', '--moduleResolution', 'node16']],
  'CommonJS, node10': [[['cjs.cts', 'cjs.ts'], ['attention.cts', 'attention.ts'], ['tensors.cts', 'tensors.ts']], ['--module', 'commonjs', '--moduleResolution', 'node']],
  'ESM, node16': [[['esm.mts', 'esm.mts']], ['--module', 'node16', '--moduleResolution', 'node16']],
  'ESM, bundler': [[['esm.mts', 'esm.ts']], ['--module', 'esnext', '--moduleResolution', 'bundler']],
};
cases['exactOptionalPropertyTypes'] = [[['exact.cts', 'exact.cts']], ['--module', 'node16', '--moduleResolution', 'node16', '--exactOptionalPropertyTypes']];
cases['using, 5.9'] = [[['using.cts', 'using.cts']], ['--module', 'node16', '--moduleResolution', 'node16', '--lib', 'es2022,esnext.disposable,dom']];
cases['using, its own declarations, 5.9'] = [[['using.cts', 'using.cts']], ['--module', 'node16', '--moduleResolution', 'node16', '--lib', 'esnext']];
for (const [compiler, tsc] of Object.entries(compilers)) {
  for (const [name, [files, options]] of Object.entries(cases)) {
    if (/bundler|5\.9/.test(name) && compiler.endsWith('4.8')) continue; // came with 5.0, 5.2
    test(`${compiler}, ${name}`, { skip }, (t) => {
      const { status, output } = compile(t, tsc, files, ...options);
      assert.strictEqual(output, '');
      assert.strictEqual(status, 0);
    });
  }
}

for (const [compiler, lib] of [['TypeScript 4.8', 'es2022,dom'], ['TypeScript 5.9', 'es2022,dom'], ['TypeScript 5.9', 'esnext,dom']]) test(`the declarations themselves, ${compiler}, ${lib}`, { skip }, (t) => {
  const tsc = compilers[compiler];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-types-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  for (const file of ['index.d.ts', 'npm/entries', 'npm/types']) fs.cpSync(path.join(root, file), path.join(folder, file), { recursive: true });
  const { status, stdout } = spawnSync(process.execPath, [tsc, '--strict', '--noEmit', '--target', 'es2022', '--lib', lib, 'index.d.ts', ...['attention', 'graph', 'train'].map((name) => `npm/entries/${name}.d.ts`)],
    { cwd: folder, encoding: 'utf8' });
  assert.strictEqual(stdout, '');
  assert.strictEqual(status, 0);
});
