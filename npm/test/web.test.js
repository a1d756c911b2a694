'use strict';
// npm run demo:web in headless Chromium: the points are drawn, search as you type, drag = Möbius translation.
const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const test = require('node:test');
const { BruteForceIndex } = require('@ruvector/gnn');
const { Page } = require('./support/browser.js');
const { readPng } = require('./support/png.js');

const root = path.resolve(__dirname, '../..');
const COLOURS = [[0x2f, 0x6f, 0xde], [0xd9, 0x48, 0x2b], [0x2a, 0x9d, 0x5c], [0xa0, 0x4c, 0xcf], [0xd9, 0x8b, 0x0b], [0x0f, 0x9b, 0xb0], [0xc2, 0x40, 0x7e], [0x6f, 0x7d, 0x1c]];

/** For each group's colour its pixels, as [x, y]. */
function coloured({ width, height, at }) {
  const found = COLOURS.map(() => []);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const pixel = at(x, y), group = COLOURS.findIndex((colour) => colour.every((c, i) => c === pixel[i]));
      if (group >= 0) found[group].push([x, y]);
    }
  }
  return found;
}

const mean = (points) => [0, 1].map((axis) => points.reduce((sum, p) => sum + p[axis], 0) / points.length);

test('the mammals in the browser', { timeout: 120_000 }, async (t) => {
  const server = spawn(process.execPath, [path.join(root, 'npm/scripts/demo-web.js')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const url = await new Promise((resolve) => { server.stdout.setEncoding('utf8').once('data', (text) => resolve(text.trim())); });
  const page = await Page.open(url);
  t.after(() => page.close());
  await page.until("document.documentElement.dataset.ready === 'yes'");

  await t.test('points of all groups are drawn, inside the disc', async () => {
    const groups = coloured(readPng(await page.screenshot()));
    const [cx, cy] = await page.evaluate('(({ clientWidth: w, clientHeight: h }) => [w / 2, h / 2])(document.getElementById("disc"))');
    groups.forEach((points, i) => {
      assert.ok(points.length > 100, `group ${i}: ${points.length} pixels`);
      for (const [x, y] of points) assert.ok(Math.hypot(x - cx, y - cy) <= Math.min(cx, cy), `${x}, ${y} is outside`);
    });
    assert.ok(groups.flat().length > 5000, `${groups.flat().length} pixels`);
  });

  const results = () => page.evaluate('[...document.querySelectorAll("#results tr")].map((line) => [...line.cells].map((cell) => cell.textContent))');

  await t.test('search as you type', async () => {
    await page.evaluate("document.getElementById('query').focus()");
    await page.type('whal');
    assert.match((await results())[0][0], /whale/);
    await page.type('e');
    const lines = await results();
    assert.strictEqual(lines.length, 10);
    assert.deepStrictEqual(lines[0].slice(0, 2), ['whale', '0.00']);
    assert.ok(lines.slice(0, 10).filter(([name]) => /whale|dolphin|cetacean|porpoise|narwhal|blackfish/.test(name)).length >= 6, JSON.stringify(lines));
    assert.match(await page.evaluate("document.getElementById('status').textContent"), /^10 of 1180 in [\d.]+ ms \(simd128\)$/);
    await page.type('x');
    assert.deepStrictEqual(await results(), []);
    assert.match(await page.evaluate("document.getElementById('status').textContent"), /no mammal called/);
  });

  await t.test('a drag moves everything and stays in the disc', async () => {
    const before = coloured(readPng(await page.screenshot()));
    await page.drag([250, 350], [400, 350]);
    const after = coloured(readPng(await page.screenshot()));
    for (const group of [0, 2]) {
      assert.ok(mean(after[group])[0] > mean(before[group])[0] + 20, `group ${group} went to the right`);
    }
    assert.ok(after.flat().length > 3000);
  });

  await t.test('nothing else can be fetched', async () => {
    for (const name of ['/../package.json', '/package.json', '/data/../mammals.js', '/wasm/../../package.json', '/%2e%2e/package.json']) {
      assert.strictEqual((await fetch(`${url.slice(0, -1)}${name}`)).status, 404, name);
    }
  });
  assert.deepStrictEqual(page.errors, []);
});

test('the library in a Web Worker', { timeout: 120_000 }, async (t) => {
  const server = spawn(process.execPath, [path.join(root, 'npm/scripts/demo-web.js')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(() => server.kill());
  const url = await new Promise((resolve) => { server.stdout.setEncoding('utf8').once('data', (text) => resolve(text.trim())); });
  const page = await Page.open(`${url}worker.html`);
  t.after(() => page.close());
  await page.until("document.documentElement.dataset.ready === 'yes'");
  assert.match(await page.evaluate("document.getElementById('status').textContent"), /^3000 vectors \(simd128\); the page had \d+ turns/);
  assert.strictEqual(await page.evaluate('document.querySelectorAll("#results li").length'), 10);
  // The index was built on another thread: this one had turns. (On its own it would have had none.)
  assert.ok(await page.evaluate('window.example.ticks') >= 3);
  assert.strictEqual(await page.evaluate('window.example.isMoved'), true, 'the vectors moved, and were not copied');

  // What comes back is what the native library finds; several questions are answered each by its own number.
  const { rows, dim, vectors } = await page.evaluate('(({ rows, dim, vector }) => ({ rows, dim, vectors: Array.from({ length: rows + 20 }, (_, i) => [...vector(i)]) }))(window.example)');
  const whole = new BruteForceIndex({ dim, metric: 'l2' });
  whole.addBatch(vectors.slice(0, rows).map((_, i) => i), vectors.slice(0, rows));
  const answers = await page.evaluate(`Promise.all(Array.from({ length: 20 }, (_, i) => window.example.ask('search', { query: window.example.vector(${rows} + i), k: 10 })
    .then(({ keys, distances }) => ({ keys, distances: [...distances] }))))`);
  let found = 0;
  answers.forEach(({ keys, distances }, i) => {
    const { keys: nearest, distances: exact } = whole.search(vectors[rows + i], 10), known = new Map([...nearest].map((key, at) => [key, exact[at]]));
    keys.forEach((key, at) => {
      if (!known.has(key)) return;
      found++;
      assert.ok(Math.abs(distances[at] - known.get(key)) < 1e-4, `query ${i}, ${key}`);
    });
  });
  whole.close();
  assert.ok(found >= 0.9 * 200, `${found} of 200`);

  const error = await page.evaluate("window.example.ask('search', { query: new Float32Array(3), k: 10 }).catch(({ code, message }) => ({ code, message }))");
  assert.strictEqual(error.code, 'ERR_DIMENSION_MISMATCH');
  assert.match(error.message, /expected 32/);
  assert.deepStrictEqual(page.errors, []);
});
