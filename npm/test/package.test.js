'use strict';
// The tarball of `npm run pack`, installed as a stranger does it: in an empty folder, without scripts, offline.
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');

const root = path.resolve(__dirname, '../..');
const { version } = require('../../package.json');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-package-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const installed = path.join(folder, 'node_modules/@ruvector/gnn');

/** Everything that may be in the package; every line must match a file. */
const ALLOWED = [
  /^package\.json$/, /^README\.md$/, /^CHANGELOG\.md$/, /^LICENSE$/, /^NOTICE$/,
  /^index\.(js|mjs|d\.ts|d\.mts)$/, /^npm\/entries\/(attention|graph|train)\.(js|mjs|d\.ts|d\.mts)$/, /^npm\/lib\/((attention|embedding|generated|gnn|indexes|members|overlay|ranking|store|train|wasm)\/)?[a-z0-9-]+\.js$/, /^npm\/types\/[a-z-]+\.d\.ts$/,
  /^docs\/[a-z-]+\.md$/, /^prebuilds\/linux-x64\.node$/, /^wasm\/ruvector\.wasm$/, /^wasm\/(index|browser)\.(js|mjs|d\.ts|d\.mts)$/,
  /^wasm\/attention\/ruvector\.wasm$/, /^wasm\/attention\/(index|browser)\.(js|mjs|d\.ts|d\.mts)$/,
];

const node = (code, { esm = false, env = {} } = {}) => execFileSync(
  process.execPath, [...(esm ? ['--input-type=module'] : []), '-e', code],
  { cwd: folder, encoding: 'utf8', env: { ...process.env, RUVECTOR_BINARY: '', RUVECTOR_BACKEND: '', ...env } });

test('packs, and installs into an empty folder without scripts', () => {
  const tarball = execFileSync(process.execPath, [path.join(root, 'npm/scripts/pack.js')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  assert.strictEqual(path.basename(tarball), `ruvector-gnn-${version}.tgz`);
  fs.writeFileSync(path.join(folder, 'package.json'), '{"name": "stranger", "version": "1.0.0"}');
  execFileSync('npm', ['install', '--ignore-scripts', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder, stdio: 'ignore' });
  assert.deepStrictEqual(fs.readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.')), ['@ruvector'], 'no dependencies');
});

test('holds what the allow-list says and nothing else', () => {
  const files = fs.readdirSync(installed, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.relative(installed, path.join(entry.parentPath ?? entry.path, entry.name)));
  assert.deepStrictEqual(files.filter((file) => !ALLOWED.some((pattern) => pattern.test(file))), []);
  assert.deepStrictEqual(ALLOWED.filter((pattern) => !files.some((file) => pattern.test(file))), []);
});

test('runs nothing at installation', () => {
  const manifest = JSON.parse(fs.readFileSync(path.join(installed, 'package.json')));
  for (const field of ['scripts', 'gypfile', 'private', 'dependencies', 'optionalDependencies', 'peerDependencies']) assert.strictEqual(manifest[field], undefined, field);
  assert.ok(!fs.existsSync(path.join(installed, 'binding.gyp')));
});

const use = 'const r = gnn.differentiableSearchHyperbolic([0.1, 0.2], [[0.5, 0], [0.1, 0.1]], 1, -1); console.log(r.indices[0], gnn.simdLevel());';

test('require, import and the browser build, from the installed package', () => {
  const levels = {
    native: [node(`const gnn = require('@ruvector/gnn'); ${use}`), node(`import gnn from '@ruvector/gnn'; ${use}`, { esm: true })],
    wasm: [node(`const gnn = require('@ruvector/gnn/wasm'); ${use}`), node(`import * as gnn from '@ruvector/gnn/wasm'; ${use}`, { esm: true }),
      node(`const gnn = require('@ruvector/gnn'); ${use}`, { env: { RUVECTOR_BACKEND: 'wasm' } })],
  };
  for (const text of levels.native) assert.match(text, /^1 (scalar|v1|v3|v4|neon)\n$/);
  for (const text of levels.wasm) assert.match(text, /^1 simd128\n$/);
  assert.strictEqual(node("import { VectorSet } from '@ruvector/gnn'; import { createRequire } from 'node:module'; const require = createRequire(process.cwd() + '/x.js'); console.log(require('@ruvector/gnn').VectorSet === VectorSet);", { esm: true }), 'true\n');
  assert.strictEqual(node("console.log(require('@ruvector/gnn/package.json').version)"), `${version}\n`);
  const attend = 'console.log(new FlashAttention(2).compute([1, 2], [[1, 1]], [[7]])[0])';
  assert.strictEqual(node(`const { FlashAttention } = require('@ruvector/gnn/attention'); ${attend}`), '7\n');
  assert.strictEqual(node(`import { FlashAttention } from '@ruvector/gnn/attention'; ${attend}`, { esm: true }), '7\n');
  assert.strictEqual(node(`const { FlashAttention } = require('@ruvector/gnn/wasm/attention').attention; ${attend}`), '7\n');
  assert.throws(() => node("require('@ruvector/gnn/npm/lib/native.js')"), /ERR_PACKAGE_PATH_NOT_EXPORTED/);
});

const tsc4 = path.join(root, '.deps/usr/share/nodejs/typescript/bin/tsc'), tsc5 = path.join(__dirname, 'support/tsc5.js');
const nodeTypes = path.join(root, '.deps/usr/share/nodejs/@types');
const skip = process.env.RUVECTOR_SKIP_TYPES ? 'RUVECTOR_SKIP_TYPES is set' : false;
const kinds = {
  'node10': ['use.ts', tsc4, 'commonjs', 'node'],
  'node16, CommonJS': ['use.cts', tsc4, 'node16', 'node16'],
  'node16, ESM': ['use.mts', tsc4, 'node16', 'node16'],
  'node16, CommonJS, 5.9': ['use5.cts', tsc5, 'node16', 'node16'],
  'node16, ESM, 5.9': ['use5.mts', tsc5, 'node16', 'node16'],
  'bundler, 5.9': ['bundled.ts', tsc5, 'esnext', 'bundler'],
};
for (const [name, [file, tsc, module, resolution]] of Object.entries(kinds)) {
  test(`TypeScript finds the types: ${name}`, { skip }, () => {
    // `exports` (and so /wasm) is unknown to node10.
    const wasm = resolution === 'node' ? '' : "import * as wasm from '@ruvector/gnn/wasm';\nconst there: number[] = wasm.differentiableSearch([1], [[1]], 1).indices;\n";
    fs.writeFileSync(path.join(folder, file), `import { hierarchicalForwardV2, type AttentionConfig } from '@ruvector/gnn';\nimport { FlashAttention } from '@ruvector/gnn/attention';\n${wasm}` +
      "const config: AttentionConfig = { mode: 'hyperbolic' };\nexport const y: Float32Array | object = hierarchicalForwardV2([1], [], [], config);\n" +
      "export const z: Float32Array = new FlashAttention({ dim: 2 }).compute([1, 2], [[1, 1]], [[1, 1]]);\n// @ts-expect-error a number\nnew FlashAttention('2');\n" +
      "// @ts-expect-error the types are really there\nhierarchicalForwardV2('x');\n");
    const { stdout, status } = spawnSync(process.execPath, [tsc, '--strict', '--noEmit', '--skipLibCheck', '--target', 'es2022', '--typeRoots', nodeTypes, '--types', 'node',
      '--module', module, '--moduleResolution', resolution, file], { cwd: folder, encoding: 'utf8' });
    assert.strictEqual(stdout, '');
    assert.strictEqual(status, 0);
  });
}
