'use strict';
// @ruvector/gnn/wasm: the ways in, the choice of a backend, results beside those of the native addon.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { pathToFileURL } = require('node:url');
const zlib = require('node:zlib');
const { pack, relative, root, rows, ruvector: native, vector } = require('./support/index.js');
const { calls } = require('./support/calls.js');

const wasm = require('@ruvector/gnn/wasm'), whole = require('@ruvector/gnn/wasm/attention');
const file = path.join(root, 'wasm/ruvector.wasm');

for (const [name, limit] of [['ruvector.wasm', 550e3], ['attention/ruvector.wasm', 690e3]]) {
  test(`wasm/${name} is ${limit / 1000} kB at most, gzipped, and asks nothing of its surroundings`, () => {
    const bytes = fs.readFileSync(path.join(root, 'wasm', name)), size = zlib.gzipSync(bytes, { level: 9 }).length;
    assert.ok(size <= limit, `${size}`);
    const compiled = new WebAssembly.Module(bytes);
    assert.deepStrictEqual(WebAssembly.Module.imports(compiled), []);
    assert.deepStrictEqual(WebAssembly.Module.customSections(compiled, 'name'), [], 'not stripped');
  });
}

test('require and import give the same objects, other ones than the native library', async () => {
  const module = await import('@ruvector/gnn/wasm');
  assert.deepStrictEqual(Object.keys(wasm).sort(), Object.keys(native).sort());
  assert.deepStrictEqual(Object.keys(whole).sort(), [...Object.keys(native), 'attention'].sort());
  assert.deepStrictEqual(Object.keys(whole.attention).sort(), Object.keys(require('@ruvector/gnn/attention')).sort());
  assert.strictEqual(whole.attention.RuvectorError, whole.RuvectorError);
  assert.notStrictEqual(whole.RuvectorLayer, wasm.RuvectorLayer, 'two modules');
  assert.strictEqual((await import('@ruvector/gnn/wasm/attention')).attention, whole.attention);
  assert.ok((await import(pathToFileURL(path.join(root, 'wasm/attention/browser.mjs')))).attention.FlashAttention);
  assert.strictEqual(module.default, wasm);
  for (const name of Object.keys(wasm)) assert.strictEqual(module[name], wasm[name], name);
  assert.deepStrictEqual([wasm.simdLevel(), wasm.version()], ['simd128', native.version()]);
  assert.notStrictEqual(native.simdLevel(), 'simd128');
  assert.notStrictEqual(wasm.VectorSet, native.VectorSet);
  const q = vector(4, 1), set = new native.VectorSet(rows(3, 4, 1));
  assert.throws(() => wasm.differentiableSearch(q, set, 1), { name: 'RuvectorError' });
});

test('browser.mjs: an ES module that needs no bundler and no Node', async () => {
  const url = pathToFileURL(path.join(root, 'wasm/browser.mjs'));
  const module = await import(url);
  assert.deepStrictEqual(Object.keys(module).sort(), [...Object.keys(wasm), 'default'].sort());
  assert.strictEqual(module.simdLevel(), 'simd128');
  // Once more with nothing but what browsers have: the module by fetch, once with a type that streaming refuses.
  const code = `
    import fs from 'node:fs';
    const bytes = fs.readFileSync(${JSON.stringify(file)}), type = process.argv[1];
    const text = 'const Buffer = undefined, process = undefined;' + fs.readFileSync(${JSON.stringify(path.join(root, 'wasm/browser.mjs'))}, 'utf8').replace('import.meta.url', '"http://127.0.0.1/browser.mjs"');
    const fetched = [], print = console.log.bind(console);
    // What a browser answers, by hand: Node's own fetch refuses addresses of files and needs Buffer.
    globalThis.fetch = async (url) => { fetched.push(String(url)); return { ok: true, clone: () => ({ arrayBuffer: async () => new Uint8Array(bytes).buffer }) }; };
    WebAssembly.compileStreaming = async () => { if (type !== 'application/wasm') throw new TypeError('MIME type'); return WebAssembly.compile(bytes); };
    Object.defineProperty(globalThis, 'setImmediate', { value: undefined });
    const r = await import('data:text/javascript,' + encodeURIComponent(text));
    const tensor = new r.TensorCompress(), v = Float32Array.from({ length: 16 }, (_, i) => i);
    const data = { data: Float32Array.from({ length: 16000 }, (_, i) => Math.sin(i * i)), rows: 2000, dim: 8 };
    const many = await r.differentiableSearchBatchAsync(data, data, 1);
    print(JSON.stringify([fetched, r.simdLevel(), r.dist([.1], [.2]), Array.from(tensor.decompress(tensor.compress(v, 0.5))),
      many.indices.every((x, i) => x === i), typeof new r.RuvectorLayer(4, 4, 2).seed]));`;
  for (const type of ['application/wasm', 'text/plain']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code, type], { encoding: 'utf8', timeout: 60000 });
    assert.strictEqual(status, 0, stderr);
    assert.deepStrictEqual(JSON.parse(stdout), [['http://127.0.0.1/ruvector.wasm'], 'simd128', native.dist([0.1], [0.2]), Array.from({ length: 16 }, (_, i) => i), true, 'number']);
  }
});

// MARK: - The choice of a backend

const describe = `try { const r = require('./index.js'); console.log(JSON.stringify({ level: r.simdLevel(), d: r.dist([.1], [.2]) })); }
  catch (e) { console.log(JSON.stringify({ name: e.name, code: e.code, message: e.message })); }`;
function choose(env, cwd = root) {
  const { RUVECTOR_BINARY, RUVECTOR_SIMD, RUVECTOR_BACKEND, ...rest } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', describe], { env: { ...rest, ...env }, cwd, encoding: 'utf8' });
  assert.notStrictEqual(stdout, '', stderr);
  return JSON.parse(stdout);
}

test('without a native binary the library is WebAssembly, unless RUVECTOR_BACKEND=native', (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-wasm-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  for (const part of ['npm/lib', 'npm/entries', 'index.js', 'package.json']) fs.cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  const there = path.join(folder, 'wasm/attention/ruvector.wasm');

  const nothing = choose({}, folder);
  assert.strictEqual(nothing.code, 'ERR_NO_BINARY');
  for (const part of ['prebuilds', 'build/Release/ruvector.node', there, 'npm run build:wasm']) assert.ok(nothing.message.includes(part), nothing.message);
  fs.mkdirSync(path.dirname(there), { recursive: true });
  fs.writeFileSync(there, 'no module');
  assert.match(choose({}, folder).message, /WebAssembly: .*ruvector\.wasm does not load: .+/);
  fs.copyFileSync(file, there);
  assert.deepStrictEqual(choose({}, folder), { level: 'simd128', d: native.dist([0.1], [0.2]) });
  assert.strictEqual(choose({ RUVECTOR_BACKEND: 'wasm' }, folder).level, 'simd128');
  const only = choose({ RUVECTOR_BACKEND: 'native' }, folder);
  assert.strictEqual(only.code, 'ERR_NO_BINARY');
  assert.ok(!only.message.includes(there), only.message);
});

test('RUVECTOR_BACKEND and RUVECTOR_SIMD', () => {
  assert.strictEqual(choose({}).level, native.simdLevel());
  assert.strictEqual(choose({ RUVECTOR_BACKEND: '' }).level, native.simdLevel());
  assert.strictEqual(choose({ RUVECTOR_BACKEND: 'native' }).level, native.simdLevel());
  assert.strictEqual(choose({ RUVECTOR_BACKEND: 'wasm' }).level, 'simd128');
  assert.strictEqual(choose({ RUVECTOR_BACKEND: 'wasm', RUVECTOR_SIMD: 'scalar' }).level, 'scalar');
  for (const [env, variable] of [[{ RUVECTOR_BACKEND: 'WASM' }, 'RUVECTOR_BACKEND'], [{ RUVECTOR_BACKEND: 'wasm', RUVECTOR_SIMD: 'v3' }, 'RUVECTOR_SIMD'],
    [{ RUVECTOR_BACKEND: 'wasm', RUVECTOR_SIMD: 'a name of more than 16 letters' }, 'RUVECTOR_SIMD']]) {
    const { name, code, message } = choose(env);
    assert.deepStrictEqual([name, code], ['RuvectorError', 'ERR_INVALID_CONFIG']);
    assert.ok(message.includes(variable), message);
  }
});

// MARK: - Results

/** All numbers of a result; indices by themselves, as ties may change places. */
function numbers(value) {
  if (typeof value === 'number') return [value];
  if (typeof value === 'string') return Array.from(value.matchAll(/-?\d[\d.e+-]*/g), ([x]) => Number(x));
  if (typeof value !== 'object') return [];
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return Array.from(value).flatMap(numbers);
  return Object.entries(value).flatMap(([key, x]) => (key === 'indices' ? [] : numbers(x)));
}
const theirs = (value) => {
  if (value instanceof native.RuvectorLayer) return wasm.RuvectorLayer.fromJson(value.toJson());
  return Array.isArray(value) ? value.map(theirs) : value;
};

test('every function gives what the native one gives', async () => {
  const seen = new Set();
  for (const { name, args } of calls) {
    if (typeof native[name] !== 'function' || /^class/.test(String(native[name]))) continue;
    const given = args.map(({ make }) => make());
    const [a, b] = [await wasm[name](...given.map(theirs)), await native[name](...given)];
    assert.strictEqual(typeof a, typeof b, name);
    if (b.indices) assert.deepStrictEqual(a.indices, b.indices, name);
    assert.strictEqual(Object.prototype.toString.call(a), Object.prototype.toString.call(b), name);
    const [x, y] = [numbers(a), numbers(b)];
    const bound = name.startsWith('hierarchical') ? 1e-5 : 4e-7; // a layer norm magnifies what four numbers differ in
    assert.ok(relative(x, y) <= bound, `${name}: ${relative(x, y)}`);
    seen.add(name);
  }
  const q = vector(6, 1, 0.3), some = rows(30, 6, 2, 0.3);
  for (const name of ['differentiableSearchDualSpace', 'adaptiveSearch']) {
    const [a, b] = [wasm[name](q, some, 5), native[name](q, some, 5)];
    assert.deepStrictEqual(Array.from(a.indices), Array.from(b.indices), name);
    assert.ok(relative(numbers(a.weights), numbers(b.weights)) <= 4e-7, name);
    seen.add(name);
  }
  const found = [wasm, native].map((library) => {
    const index = new library.HNSWIndex({ dim: 6, seed: 1 }), layer = new library.GraphSAGELayer({ inChannels: 6, outChannels: 4, seed: 1 });
    index.addBatch(some.map((_, i) => i), some);
    return library.searchWithGnn(index, q, layer, 5).map(({ key }) => key);
  });
  assert.deepStrictEqual(found[0], found[1]);
  seen.add('searchWithGnn');
  const rest = Object.keys(native).filter((name) => !seen.has(name) && !/^class/.test(String(native[name])) && !(name in require('@ruvector/gnn/train'))); // members.test.js looks at those
  assert.deepStrictEqual(rest.sort(), ['RuvectorError', 'init', 'mergeTopK', 'simdLevel', 'version'].filter((name) => rest.includes(name)).sort());
  assert.ok(seen.size > 25, `${seen.size}`);
});

test('indexes give what the native ones give', () => {
  for (const metric of ['cosine', 'l2', 'ip', 'poincare']) {
    for (const storage of metric === 'poincare' ? ['f32'] : ['f32', 'f16', 'i8']) {
      const list = rows(400, 20, 5, 0.2), keys = list.map((_, i) => `k${i}`), q = vector(20, 6, 0.2);
      const [a, b] = [wasm, native].map((library) => {
        const graph = new library.HNSWIndex({ dim: 20, metric, storage, keys: 'string' }), all = new library.BruteForceIndex({ dim: 20, metric, storage, keys: 'string' });
        for (const index of [graph, all]) {
          index.addBatch(keys, list);
          index.removeBatch(keys.slice(0, 100));
        }
        const [found, exact] = [graph, all].map((index) => index.search(q, 9, { ef: 100, filter: { deny: ['k200'] } }));
        assert.deepStrictEqual(found.keys, exact.keys);
        return { ...exact, parts: library.mergeTopK([exact, found], 4) };
      });
      assert.deepStrictEqual([a.keys, a.parts.keys], [b.keys, b.parts.keys]);
      assert.ok(relative(a.distances, b.distances) < 1e-5, `${metric} ${storage}`);
    }
  }
});

/** n rows in d dimensions: n eps in all, and what the temperature makes of a score's last bits. */
for (const [n, d] of [[1, 1], [7, 3], [300, 17], [2000, 128], [64, 513]]) {
  test(`searches, layers and hierarchies of ${n} x ${d}`, () => {
    const list = rows(n, d, n, 0.3 / Math.sqrt(d)), q = vector(d, 7, 0.3 / Math.sqrt(d)), bound = Math.max(d, 16) * 2 ** -23;
    const compare = (name, run) => {
      const [x, y] = [wasm, native].map((library) => numbers(run(library)));
      assert.ok(relative(x, y) <= bound, `${name}: ${relative(x, y)} > ${bound}`);
    };
    const order = ({ indices, weights }) => { const all = new Float64Array(n); indices.forEach((j, i) => { all[j] = weights[i]; }); return all; };
    for (const make of [(l) => l, pack, (l, library) => new library.VectorSet(l)]) {
      compare('cosine', (library) => order(library.differentiableSearch(q, make(list, library), n, 0.5)));
      compare('ball', (library) => order(library.differentiableSearchHyperbolic(q, make(list, library), n, -1)));
      compare('expmap', (library) => order(library.differentiableSearchHyperbolic(q, make(list, library), n, -2, { projection: 'expmap' })));
    }
    const layer = (library) => new library.RuvectorLayer(d, 8, 2, 0.1, 11);
    assert.strictEqual(layer(wasm).toJson(), layer(native).toJson(), 'the same seed gives the same weights');
    compare('layer', (library) => layer(library).forward(q, list.slice(0, 40), vector(Math.min(n, 40), 3).map(Math.abs)));
    compare('hierarchy', (library) => library.hierarchicalForward(q, [list], [layer(library)]));
    for (const levelType of ['none', 'half', 'pq8', 'pq4', 'binary']) {
      if (d % 8 !== 0 && levelType.startsWith('pq')) continue;
      compare(levelType, (library) => { const t = new library.TensorCompress(); return t.decompress(t.compressWithLevel(vector(d * 8, 5), { levelType })); });
    }
  });
}
