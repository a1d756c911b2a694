'use strict';
// The tarball of `npm run pack`, installed as a stranger does it: in an empty folder, without scripts, offline; and its types, as
// users of CommonJS and ESM see them: the programs of npm/test/types.
const assert = require('node:assert');
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { asTypeScript, examples, pages } = require('./support/examples.js');
const { compilers, complaints, withNode } = require('./support/typescript.js');

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

/** Module and moduleResolution of users; `bundler` came with TypeScript 5.0. */
const node10 = ['--module', 'commonjs', '--moduleResolution', 'node'], node16 = ['--module', 'node16', '--moduleResolution', 'node16'], bundler = ['--module', 'esnext', '--moduleResolution', 'bundler'];
const NEW = 'TypeScript 5.9', skip = process.env.RUVECTOR_SKIP_TYPES ? 'RUVECTOR_SKIP_TYPES is set' : false;

for (const name of Object.keys(compilers)) {
  test(`${name} is there`, { skip }, () => {
    assert.ok(fs.existsSync(compilers[name]) && `TypeScript ${require(compilers[name]).version}`.startsWith(name),
      `${compilers[name]} is missing: npm/scripts/prepare.sh unpacks it; RUVECTOR_SKIP_TYPES=1 leaves these tests out`);
  });
}

for (const [name, [file, options, only]] of Object.entries({
  'node10': ['use.ts', node10], 'node16, CommonJS': ['use.cts', node16], 'node16, ESM': ['use.mts', node16], 'bundler': ['bundled.ts', bundler, NEW],
})) {
  for (const compiler of only ? [only] : Object.keys(compilers)) {
    test(`${compiler} finds the types: ${name}`, { skip }, () => {
      // `exports` (and so /wasm) is unknown to node10.
      const wasm = options === node10 ? '' : "import * as wasm from '@ruvector/gnn/wasm';\nconst there: number[] = wasm.differentiableSearch([1], [[1]], 1).indices;\n";
      fs.writeFileSync(path.join(folder, file), `import { hierarchicalForwardV2, type AttentionConfig } from '@ruvector/gnn';\nimport { FlashAttention } from '@ruvector/gnn/attention';\n${wasm}` +
        "const config: AttentionConfig = { mode: 'hyperbolic' };\nexport const y: Float32Array | object = hierarchicalForwardV2([1], [], [], config);\n" +
        "export const z: Float32Array = new FlashAttention({ dim: 2 }).compute([1, 2], [[1, 1]], [[1, 1]]);\n// @ts-expect-error a number\nnew FlashAttention('2');\n" +
        "// @ts-expect-error the types are really there\nhierarchicalForwardV2('x');\n");
      assert.strictEqual(complaints(compiler, folder, ...withNode, ...options, file), '');
    });
  }
}

/** Writes every example of README.md and docs/ as TypeScript; the files. */
function writeExamples() {
  const files = pages.flatMap((page) => examples(page).map(({ code }, i) => {
    const file = `${path.basename(page, '.md')}${i + 1}.cts`, text = asTypeScript(code);
    assert.doesNotMatch(text, /^(const|let) .*\brequire\(/m, page);
    fs.writeFileSync(path.join(folder, file), text);
    return file;
  }));
  assert.ok(files.length >= 15);
  return files;
}

/** Programs of npm/test/types: their files there, as what they are compiled, options. */
const programs = {
  'CommonJS, node16, with every example of README.md and docs/': [['cjs.cts', 'attention.cts', 'tensors.cts'], '.cts', node16],
  'CommonJS, node10': [['cjs.cts', 'attention.cts', 'tensors.cts'], '.ts', node10],
  'ESM, node16': [['esm.mts'], '.mts', node16],
  'ESM, bundler': [['esm.mts'], '.ts', bundler, NEW],
  'exactOptionalPropertyTypes': [['exact.cts'], '.cts', [...node16, '--exactOptionalPropertyTypes']],
  'using': [['using.cts'], '.cts', [...node16, '--lib', 'es2022,esnext.disposable,dom'], NEW], // came with 5.2
  'using, its own declarations': [['using.cts'], '.cts', [...node16, '--lib', 'esnext'], NEW],
};
for (const compiler of Object.keys(compilers)) {
  for (const [name, [files, extension, options, only = compiler]] of Object.entries(programs)) {
    if (compiler !== only) continue;
    test(`${compiler}, ${name}`, { skip }, () => {
      const sources = files.map((file) => path.parse(file).name + extension);
      files.forEach((file, i) => fs.copyFileSync(path.join(__dirname, 'types', file), path.join(folder, sources[i])));
      if (/example/.test(name)) sources.push(...writeExamples());
      assert.strictEqual(complaints(compiler, folder, ...withNode, ...options, ...sources), '');
    });
  }

  for (const lib of ['es2022,dom', ...(compiler === NEW ? ['esnext,dom'] : [])]) {
    test(`${compiler}, the declarations themselves, ${lib}`, { skip }, () => {
      const entries = ['attention', 'graph', 'train'].map((name) => `npm/entries/${name}.d.ts`);
      assert.strictEqual(complaints(compiler, installed, '--skipDefaultLibCheck', '--lib', lib, 'index.d.ts', ...entries), '');
    });
  }
}

test('TypeScript 4.8, npm/examples/service.ts', { skip }, () => {
  assert.strictEqual(complaints('TypeScript 4.8', root, ...withNode, ...node16, 'npm/examples/service.ts'), '');
});
