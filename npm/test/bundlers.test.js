'use strict';
// docs/bundlers.md: programs that esbuild has bundled, with the package external, with the addon copied, and where it is missing.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { root } = require('./support/index.js');

const esbuild = process.env.RUVECTOR_ESBUILD || 'esbuild', isThere = spawnSync(esbuild, ['--version']).status === 0;
const skip = process.env.RUVECTOR_SKIP_BUNDLERS ? 'RUVECTOR_SKIP_BUNDLERS is set' : process.env.RUVECTOR_BACKEND === 'wasm' && 'WebAssembly: no addon';
const prebuilt = `prebuilds/${process.platform}-${process.arch}.node`;

const project = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-bundle-')), installed = path.join(project, 'node_modules/@ruvector/gnn');
process.on('exit', () => fs.rmSync(project, { recursive: true, force: true }));
fs.cpSync(path.join(root, 'npm/lib'), path.join(installed, 'npm/lib'), { recursive: true });
fs.cpSync(path.join(root, 'npm/entries'), path.join(installed, 'npm/entries'), { recursive: true });
for (const file of ['package.json', 'index.js', 'index.mjs']) fs.copyFileSync(path.join(root, file), path.join(installed, file));
fs.mkdirSync(path.join(installed, 'prebuilds'));
fs.copyFileSync(path.join(root, 'build/Release/ruvector.node'), path.join(installed, prebuilt));
const body = `const index = new HNSWIndex({ dim: 2, keys: 'string' });
index.add('x', [1, 0]);
console.log(index.search([1, 0], 1).keys[0], new FlashAttention(1).compute([1], [[1]], [[7]])[0], simdLevel());`;
fs.writeFileSync(path.join(project, 'app.js'), `const { HNSWIndex, simdLevel } = require('@ruvector/gnn'), { FlashAttention } = require('@ruvector/gnn/attention');\n${body}`);
fs.writeFileSync(path.join(project, 'app.mjs'), `import { HNSWIndex, simdLevel } from '@ruvector/gnn';\nimport { FlashAttention } from '@ruvector/gnn/attention';\n${body}`);
const WORKS = /^x 7 (scalar|v1|v3|v4|neon)\n$/;

/** The bundle of `entry` in a folder of its own, below the project or elsewhere; what esbuild said. */
function bundle(t, entry, options, place = project) {
  const folder = fs.mkdtempSync(path.join(place, 'dist-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  const { status, stderr } = spawnSync(esbuild, [entry, '--bundle', '--platform=node', `--outdir=${folder}`, ...options], { cwd: project, encoding: 'utf8' });
  return { folder, status, stderr };
}

const { RUVECTOR_BINARY, RUVECTOR_BACKEND, ...env } = process.env;
const run = (file) => spawnSync(process.execPath, [file], { encoding: 'utf8', env });

test('esbuild is there', { skip }, () => assert.ok(isThere, 'npm/scripts/prepare.sh installs it; RUVECTOR_SKIP_BUNDLERS=1 leaves these tests out'));

test('esbuild, external: CommonJS and ES modules', { skip }, (t) => {
  for (const [entry, options, output] of [['app.js', [], 'app.js'], ['app.mjs', [], 'app.js'], ['app.mjs', ['--format=esm', '--out-extension:.js=.mjs'], 'app.mjs']]) {
    const { folder, status, stderr } = bundle(t, entry, ['--external:@ruvector/gnn', ...options]);
    assert.strictEqual(status, 0, stderr);
    assert.match(run(path.join(folder, output)).stdout, WORKS, `${entry} ${options}`);
  }
});

test('esbuild, the addon copied beside the bundle: loaders `copy` and `file`, without node_modules', { skip }, (t) => {
  for (const entry of ['app.js', 'app.mjs']) {
    for (const loader of ['copy', 'file']) {
      const { folder, status, stderr } = bundle(t, entry, [`--loader:.node=${loader}`], os.tmpdir());
      assert.strictEqual(status, 0, stderr);
      assert.strictEqual(fs.readdirSync(folder).filter((name) => name.endsWith('.node')).length, 1);
      const { stdout, stderr: said } = run(path.join(folder, 'app.js'));
      assert.match(stdout, WORKS, said);
    }
  }
});

test('esbuild, without any of these: it says itself which file it cannot bundle', { skip }, (t) => {
  const { status, stderr } = bundle(t, 'app.js', []);
  assert.strictEqual(status, 1);
  assert.match(stderr, /No loader is configured for "\.node" files: .*prebuilds/);
});

test('a bundle without the addon: the error says what to do in the words of each bundler', { skip }, (t) => {
  for (const options of [['--external:*.node'], ['--external:*.node', '--minify'], ['--loader:.node=empty']]) {
    const { folder, status, stderr } = bundle(t, 'app.js', options, os.tmpdir());
    assert.strictEqual(status, 0, stderr);
    const { status: ended, stderr: message } = run(path.join(folder, 'app.js'));
    assert.strictEqual(ended, 1);
    for (const words of ['ERR_NO_BINARY', 'bundle', 'external', '--external:@ruvector/gnn', "serverExternalPackages: ['@ruvector/gnn']", "'commonjs @ruvector/gnn'", 'docs/bundlers.md']) {
      assert.ok(message.includes(words), `${words}: ${message}`);
    }
    assert.doesNotMatch(message, /Swift|npm run build/);
  }
});

test('literal paths are where the package has its binaries', () => {
  const text = fs.readFileSync(path.join(root, 'npm/lib/native.js'), 'utf8');
  assert.deepStrictEqual(Array.from(text.matchAll(/require\('\.\.\/\.\.\/([^']+\.node)'\)/g), ([, file]) => file), ['prebuilds/linux-x64.node', 'build/Release/ruvector.node']);
});

const page = fs.readFileSync(path.join(root, 'docs/bundlers.md'), 'utf8');

test('docs/bundlers.md: its commands for esbuild work', { skip }, (t) => {
  const blocks = Array.from(page.matchAll(/```sh\n([^]*?)```/g), ([, text]) => text);
  assert.strictEqual(blocks.length, 3);
  fs.cpSync(path.join(root, 'wasm'), path.join(installed, 'wasm'), { recursive: true });
  fs.writeFileSync(path.join(project, 'page.mjs'), "import { differentiableSearch, simdLevel } from '@ruvector/gnn/wasm';\nconsole.log('x', 7 * differentiableSearch([1], [[1]], 1).weights[0], simdLevel() === 'simd128' ? 'v1' : '');");
  t.after(() => fs.rmSync(path.join(project, 'dist'), { recursive: true, force: true }));
  for (const block of blocks) {
    fs.rmSync(path.join(project, 'dist'), { recursive: true, force: true });
    const { status, stderr } = spawnSync('sh', ['-ec', block.replaceAll('npx esbuild', esbuild)], { cwd: project, encoding: 'utf8' });
    assert.strictEqual(status, 0, `${block}${stderr}`);
    const [name] = fs.readdirSync(path.join(project, 'dist')).filter((file) => /\.m?js$/.test(file)), { stdout, stderr: said } = run(path.join(project, 'dist', name));
    assert.match(stdout, WORKS, `${block}${said}`);
  }
});

test('docs/bundlers.md: its settings for the others are JavaScript', (t) => {
  const blocks = Array.from(page.matchAll(/```javascript\n([^]*?)```/g), ([, text]) => text), file = path.join(project, 'settings.mjs');
  assert.ok(blocks.length >= 6);
  for (const block of blocks) {
    fs.writeFileSync(file, block);
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    assert.strictEqual(status, 0, `${block}${stderr}`);
    assert.match(block, /@ruvector\\?\/gnn|\.node/, block);
  }
});
