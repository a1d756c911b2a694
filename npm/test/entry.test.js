'use strict';
// The ways in: require and import, the declared names, the loader's search, the instruction set asked for.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { relative, root, ruvector } = require('./support/index.js');

/** All that the main entry exports again is of its declarations, too. */
const index = fs.readFileSync(path.join(root, 'index.d.ts'), 'utf8'), parts = [...index.matchAll(/^export \* from '\.\/(.*)\.js';/gm)].map(([, file]) => `${file}.d.ts`);
const declarations = ['index.d.ts', ...parts].map((file) => fs.readFileSync(path.join(root, file), 'utf8')).join('\n');
const { exports: entries } = require(path.join(root, 'package.json'));

function node(code, { env = {}, cwd = root } = {}) {
  const { RUVECTOR_BINARY, RUVECTOR_SIMD, ...rest } = process.env;
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', code], { env: { ...rest, ...env }, cwd, encoding: 'utf8' });
  assert.strictEqual(signal, null, stderr);
  return { status, stdout: stdout.trim(), stderr };
}

const attention = require('@ruvector/gnn/attention');
/** Entry -> its objects and declarations. */
const entryPoints = [['index', ruvector, declarations], ['npm/entries/attention', attention, ['npm/entries/attention.d.ts', 'npm/types/overlay-training.d.ts'].map((file) => fs.readFileSync(path.join(root, file), 'utf8')).join('\n')]];

test('require and import give the same objects', async () => {
  for (const [file, required] of entryPoints) {
    const module = await import(path.join(root, `${file}.mjs`));
    assert.deepStrictEqual(Object.keys(module).filter((name) => name !== 'default').sort(), Object.keys(required).sort());
    assert.strictEqual(module.default, required);
    for (const name of Object.keys(required)) assert.strictEqual(module[name], required[name], name);
  }
  assert.strictEqual(attention.RuvectorError, ruvector.RuvectorError);
});

test('by its own name, both ways', () => {
  const code = `import('@ruvector/gnn').then((m) => {
    const r = require('@ruvector/gnn');
    return import('@ruvector/gnn/attention').then((n) => console.log(m.RuvectorLayer === r.RuvectorLayer && m.RuvectorError === n.RuvectorError &&
      n.FlashAttention === require('@ruvector/gnn/attention').FlashAttention, require('@ruvector/gnn/package.json').name));
  })`;
  assert.strictEqual(node(code).stdout, 'true @ruvector/gnn');
});

test('the main entry frozen, inherited from, with a field replaced', () => {
  const code = `const g = require('@ruvector/gnn'), mine = Object.create(g);
    mine.version = () => 'mine';
    Object.freeze(g);
    console.log(g.version() === g.version(), g.version() !== 'mine', mine.version(), Object.keys(mine).join(), typeof g.Graph)`;
  assert.strictEqual(node(code).stdout, 'true true mine version function');
});

test('the files that package.json names exist', () => {
  const walk = (value) => (typeof value === 'string' ? [value] : Object.values(value).flatMap(walk));
  for (const file of walk(entries)) assert.ok(fs.existsSync(path.join(root, file)), file);
});

/** Names that one file of types hands on from another. */
const everything = entryPoints.map(([, , text]) => text).join('\n');

test('every export is declared, and every declaration is exported', () => {
  for (const [, module, declarations] of entryPoints) {
    const declared = [...declarations.matchAll(/^export (?:declare |abstract )?(?:function|class|const) (\w+)/gm)].map(([, name]) => name);
    for (const [, names] of declarations.matchAll(/^export {(.*)}/gm)) declared.push(...names.split(',').map((name) => name.trim()));
    assert.deepStrictEqual([...new Set(declared)].sort(), Object.keys(module).sort());
    for (const name of declared.filter((name) => typeof module[name] !== 'object' && name !== 'RuvectorError')) {
      const isClass = new RegExp(`^export ((abstract )?class ${name}\\b|const ${name}: (typeof [A-Z]|${name}Constructor;))`, 'm').test(everything);
      assert.strictEqual(typeof module[name], 'function', name);
      assert.strictEqual(/^class /.test(Function.prototype.toString.call(module[name])), isClass, name);
    }
  }
});

/** What a class has of WeightFiles, where it says so. */
const weightFiles = /^export interface WeightFiles [^]*?^}/m.exec(fs.readFileSync(path.join(root, 'npm/types/members.d.ts'), 'utf8'))[0];
const ofFiles = (name, text) => (new RegExp(`^export interface ${name}(<.*>)? extends WeightFiles {}`, 'm').test(text) ? weightFiles : '');

test('the members of the classes are declared, and the other way round', () => {
  for (const name of ['VectorSet', 'Graph', 'RuvectorLayer', 'TensorCompress', 'HNSWIndex', 'BruteForceIndex', 'PoincareEmbedding', 'TaxonomyHead']) {
    const body = new RegExp(`^export (?:class ${name}\\b|interface ${name}Constructor)[^]*?^}`, 'm').exec(declarations)[0];
    const shared = new RegExp(`^export interface ${name}<.*> extends VectorIndex<K> [^]*?^}`, 'm').exec(declarations);
    const declared = [...(body + ofFiles(name, declarations) + (shared ? shared[0] + /^export interface VectorIndex<[^]*?^}/m.exec(declarations)[0] : '')).matchAll(/^ {2}(?:static |readonly )*(\w+)(?=[(:?<])/gm)].map(([, member]) => member).filter((m) => m !== 'constructor' && m !== 'prototype');
    const actual = new Set();
    for (let p = ruvector[name].prototype; p !== Object.prototype; p = Object.getPrototypeOf(p)) {
      for (const key of Object.getOwnPropertyNames(p)) if (key !== 'constructor') actual.add(key);
    }
    for (const key of Object.getOwnPropertyNames(ruvector[name])) if (!['length', 'name', 'prototype'].includes(key)) actual.add(key);
    assert.deepStrictEqual([...new Set(declared)].sort(), [...actual].sort(), name);
  }
});

test('the members of the mechanisms of attention are declared, and the other way round', () => {
  const text = `${entryPoints[1][2]}\n${everything}`, keys = (object) => Object.getOwnPropertyNames(object).filter((key) => !['constructor', 'length', 'name', 'prototype'].includes(key));
  const classes = Object.keys(attention).filter((name) => name !== 'RuvectorError' && /^class /.test(String(attention[name])));
  assert.ok(classes.length >= 24);
  for (const name of classes) {
    const type = attention[name], actual = new Set([...keys(type.prototype), ...keys(type)]), declared = new Set();
    if (type.name !== name || name === 'Mixture') continue; // another name of a class; what its classes share
    // What lies between a class and Attention belongs to it; so does what lies above Attention.
    for (let p = type; name !== 'Attention' && (p = Object.getPrototypeOf(p)) !== attention.Attention && p !== Function.prototype;) {
      for (const key of [...keys(p.prototype), ...keys(p)]) actual.add(key);
    }
    if (name === 'Attention') for (let p = type.prototype; (p = Object.getPrototypeOf(p)) !== Object.prototype;) for (const key of keys(p)) actual.add(key);
    for (let at = name; at && (at === name || at !== 'Attention');) {
      const [body, next] = new RegExp(`^(?:export|declare) (?:abstract )?class ${at}(?:<.*?>)? (?:extends (\\w+))?[^]*?^}`, 'm').exec(text);
      for (const [, member] of (body + ofFiles(at, entryPoints[1][2])).matchAll(/^ {2}(?:static |readonly )*(\w+)(?=[(:?<])/gm)) if (member !== 'constructor') declared.add(member);
      at = next;
    }
    assert.deepStrictEqual([...declared].sort(), [...actual].sort(), name);
  }
});

test('the codes declared are the codes of the C header', () => {
  const { CODES } = require(path.join(root, 'npm/lib/errors.js'));
  const declared = [...declarations.matchAll(/'(ERR_\w+)'/g)].map(([, code]) => code);
  assert.deepStrictEqual([...new Set(declared)].sort(), CODES.filter((code) => code !== 'OK').sort());
  const header = fs.readFileSync(path.join(root, 'Sources/CRuvector/include/ruvector.h'), 'utf8');
  const status = /typedef enum rv_status {([^}]*)}/.exec(header)[1];
  for (const [, name, value] of status.matchAll(/RV_(\w+) = (\d+)/g)) {
    const code = name === 'OK' ? 'OK' : `ERR_${name.replace('ARGUMENT', 'ARG')}`;
    assert.strictEqual(CODES[value], code);
  }
});

test('docs/troubleshooting.md has cause and cure of each code, and calls none reserved', () => {
  const { CODES } = require(path.join(root, 'npm/lib/errors.js')), page = fs.readFileSync(path.join(root, 'docs/troubleshooting.md'), 'utf8');
  const listed = Array.from(page.matchAll(/^\| (`ERR_[^|]*) \| (.{20,}) \| (.{8,}) \|$/gm), ([, codes]) => codes.split(', ').map((code) => code.slice(1, -1))).flat();
  assert.deepStrictEqual(listed.sort(), CODES.filter((code) => code !== 'OK').sort());
  assert.doesNotMatch(page, /reserved/i);
});

test('version, simdLevel, init', () => {
  assert.strictEqual(ruvector.version(), require(path.join(root, 'package.json')).version);
  assert.ok(['scalar', 'v1', 'v3', 'v4', 'neon'].includes(ruvector.simdLevel()));
  assert.strictEqual(typeof ruvector.init(), 'string');
});

test('RuvectorError', () => {
  const cause = new Error('x'), error = new ruvector.RuvectorError('ERR_IO', 'm', { cause });
  assert.ok(error instanceof Error && error.stack.startsWith('RuvectorError: m'));
  assert.deepStrictEqual([error.name, error.code, error.message, error.cause], ['RuvectorError', 'ERR_IO', 'm', cause]);
  assert.deepStrictEqual(Object.keys(error), ['code']);
});

/** A copy of the package without any binary. */
function bare(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-entry-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.cpSync(path.join(root, 'npm/lib'), path.join(folder, 'npm/lib'), { recursive: true });
  fs.cpSync(path.join(root, 'npm/entries'), path.join(folder, 'npm/entries'), { recursive: true });
  for (const file of ['index.js', 'index.mjs', 'package.json']) fs.copyFileSync(path.join(root, file), path.join(folder, file));
  return folder;
}
const report = `try { require('./index.js'); console.log('loaded'); } catch (e) { console.log(JSON.stringify({ name: e.name, code: e.code, message: e.message, cause: !!e.cause })); }`;

test('no binary: each place tried, with the reason', (t) => {
  const cwd = bare(t), text = path.join(cwd, 'text.node');
  fs.writeFileSync(text, 'no library');
  const places = [path.join(cwd, 'prebuilds'), path.join(cwd, 'build/Release/ruvector.node')];

  const nothing = JSON.parse(node(report, { cwd }).stdout);
  assert.deepStrictEqual([nothing.name, nothing.code], ['RuvectorError', 'ERR_NO_BINARY']);
  for (const place of places) assert.ok(nothing.message.includes(place), nothing.message);
  assert.match(nothing.message, /does not exist/);
  assert.match(nothing.message, /npm run build/);

  const broken = JSON.parse(node(report, { cwd, env: { RUVECTOR_BINARY: text } }).stdout);
  assert.strictEqual(broken.code, 'ERR_NO_BINARY');
  assert.ok(broken.cause);
  for (const place of [text, ...places]) assert.ok(broken.message.includes(place), broken.message);
  assert.match(broken.message, /RUVECTOR_BINARY: .*text\.node does not load: .+/);

  const missing = JSON.parse(node(report, { cwd, env: { RUVECTOR_BINARY: path.join(cwd, 'missing.node') } }).stdout);
  assert.match(missing.message, /RUVECTOR_BINARY: .*missing\.node does not exist/);
});

test('RUVECTOR_BINARY names the binary; what does not load is passed over', (t) => {
  const cwd = bare(t), binary = path.join(root, 'build/Release/ruvector.node');
  assert.strictEqual(node(report, { cwd, env: { RUVECTOR_BINARY: binary } }).stdout, 'loaded');
  const text = path.join(cwd, 'text.node');
  fs.writeFileSync(text, 'no library');
  fs.mkdirSync(path.join(cwd, 'build/Release'), { recursive: true });
  fs.copyFileSync(binary, path.join(cwd, 'build/Release/ruvector.node'));
  assert.strictEqual(node(report, { cwd, env: { RUVECTOR_BINARY: text } }).stdout, 'loaded');
  fs.mkdirSync(path.join(cwd, 'prebuilds'));
  fs.writeFileSync(path.join(cwd, 'prebuilds', `${process.platform}-${process.arch}.node`), 'no library');
  assert.strictEqual(node(report, { cwd }).stdout, 'loaded');
});

const compute = `const r = require('./index.js');
  const v = (n, s) => Float32Array.from({ length: n }, (_, i) => Math.sin(i * 1.7 + s) * .2);
  const list = Array.from({ length: 700 }, (_, i) => v(37, i)), layer = new r.RuvectorLayer(37, 24, 3, .1, 1);
  const order = (x) => { const all = []; x.indices.forEach((j, i) => { all[j] = x.weights[i]; }); return all; };
  console.log(JSON.stringify({ level: r.simdLevel(), values: [order(r.differentiableSearch(v(37, .5), list, 700, .1)),
    order(r.differentiableSearchHyperbolic(v(37, .5), list, 700, -1)), order(r.differentiableSearchHyperbolic(v(37, .5), list, 700, -2, { projection: 'expmap' })),
    Array.from(layer.forward(v(37, 3), list.slice(0, 50))), Array.from(r.hierarchicalForward(v(37, 3), [list], [layer]))] }));`;

test('RUVECTOR_SIMD: each level this CPU has, with results that agree', () => {
  const best = JSON.parse(node(compute).stdout), order = ['scalar', 'v1', 'v3', 'v4'];
  const levels = best.level === 'neon' ? ['scalar', 'neon'] : order.slice(0, order.indexOf(best.level) + 1);
  for (const level of levels) {
    const { level: used, values } = JSON.parse(node(compute, { env: { RUVECTOR_SIMD: level } }).stdout);
    assert.strictEqual(used, level);
    values.forEach((value, i) => assert.ok(relative(value, best.values[i]) < 2e-5, `${level}, result ${i}: ${relative(value, best.values[i])}`));
    for (const other of order) {
      if (levels.includes(other)) continue;
      assert.strictEqual(JSON.parse(node(report, { env: { RUVECTOR_SIMD: other } }).stdout).code, 'ERR_INVALID_CONFIG');
    }
  }
});

test('RUVECTOR_SIMD with a level nobody has', () => {
  for (const level of ['bogus', 'V3', 'v5', ' ']) {
    const { name, code, message } = JSON.parse(node(report, { env: { RUVECTOR_SIMD: level } }).stdout);
    assert.deepStrictEqual([name, code], ['RuvectorError', 'ERR_INVALID_CONFIG'], level);
    assert.ok(message.includes('RUVECTOR_SIMD') && message.includes('scalar') && message.includes(ruvector.simdLevel()), message);
  }
});
