'use strict';
// TaxonomyHead: new embeddings find what is above them; the map's formula; files; calls that are wrong.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { bits, fails, random, relative, ruvector } = require('./support/index.js');
const { pack, unpack } = require('../lib/model-bytes.js');

const { BruteForceIndex, TaxonomyHead, TaxonomyMap } = ruvector;
const DIM = 24;

/** A tree of names and embeddings that say where in it one is: each node's is its parent's and some noise. */
function world(nodes, seed) {
  const next = random(seed), vectors = [], up = [];
  for (let i = 0; i < nodes; i++) {
    up.push(i === 0 ? -1 : Math.floor((i - 1) / 4));
    vectors.push(Float32Array.from({ length: DIM }, (_, c) => (i === 0 ? next() : vectors[up[i]][c]) + 0.7 * next()));
  }
  const above = (i) => { const list = []; for (let at = up[i]; at >= 0; at = up[at]) list.push(at); return list; };
  return { vectors, above, name: (i) => `n${i}` };
}

const { vectors, above, name } = world(340, 3);
// Every fifth leaf is new to the head.
const isNew = (i) => i > 84 && i % 5 === 0;
const KNOWN = vectors.map((_, i) => i).filter((i) => !isNew(i)), FRESH = vectors.map((_, i) => i).filter(isNew);
const EMBEDDINGS = new Map(KNOWN.map((i) => [name(i), vectors[i]])), RELATIONS = KNOWN.flatMap((i) => above(i).map((up) => [name(i), name(up)]));
const OPTIONS = { size: 8, hiddenDim: 16, seed: 5, alpha: 0.1, epochs: 120 };

const share = (head) => FRESH.reduce((sum, i) => {
  const wanted = new Set(above(i).map(name));
  return sum + head.nearest(vectors[i], 10).filter((one) => wanted.has(one.name)).length / wanted.size;
}, 0) / FRESH.length;

test('new embeddings are led to what is above them', async () => {
  const head = new TaxonomyHead(OPTIONS), told = [];
  const report = await head.fit(EMBEDDINGS, RELATIONS, { onProgress: ({ done }) => told.push(done) });
  assert.deepStrictEqual([report.nodes, report.pairs, report.left, report.cycles, told.at(-1)], [KNOWN.length, RELATIONS.length, 0, [], 1]);
  const hits = share(head);
  // The nearest by embeddings alone, for comparison.
  const cosine = (a, b) => a.reduce((sum, x, c) => sum + x * b[c], 0) / Math.hypot(...a) / Math.hypot(...b);
  const plain = FRESH.reduce((sum, i) => {
    const near = KNOWN.map((j) => [cosine(vectors[i], vectors[j]), j]).sort(([a], [b]) => b - a).slice(0, 10), wanted = new Set(above(i));
    return sum + near.filter(([, j]) => wanted.has(j)).length / wanted.size;
  }, 0) / FRESH.length;
  assert.ok(hits > 0.7 && hits > plain + 0.2, `${hits}, by cosine ${plain}`);
  const found = head.ancestors(vectors[FRESH[0]], 3), depth = Math.hypot(...head.project(vectors[FRESH[0]]));
  for (const one of found) assert.ok(head.embedding.norm(one.name) < depth);
  assert.deepStrictEqual([head.inDim, head.names.length, head.sharpness], [DIM, KNOWN.length, report.sharpness]);
  head.close();
});

test('the same by Map, object and rows, at once and in turns, after saving', async (t) => {
  const options = { ...OPTIONS, epochs: 3 }, probe = { data: Float32Array.from(FRESH.flatMap((i) => [...vectors[i]])), rows: FRESH.length, dim: DIM };
  const seen = [], folder = fs.mkdtempSync(path.join(os.tmpdir(), 'taxonomy-')), file = path.join(folder, 'head');
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const rows = { names: KNOWN.map(name), vectors: KNOWN.map((i) => vectors[i]) };
  for (const embeddings of [EMBEDDINGS, Object.fromEntries(EMBEDDINGS), rows]) {
    for (const isLater of [false, true]) {
      const head = new TaxonomyHead(options);
      if (isLater) await head.fit(embeddings, RELATIONS, { threads: 2 });
      else head.fitSync(embeddings, RELATIONS);
      seen.push(bits(head.project(probe).data), bits((await head.projectAsync(probe, { threads: 2 })).data));
      head.save(file);
      const loaded = TaxonomyHead.load(file);
      seen.push(bits(loaded.project(probe).data));
      assert.deepStrictEqual([loaded.names, loaded.sharpness, loaded.seed], [head.names, head.sharpness, 5]);
      assert.strictEqual(bits(loaded.project(vectors[FRESH[0]])), bits(head.project(probe).data.slice(0, 8)));
      assert.strictEqual(bits(await loaded.projectAsync(vectors[FRESH[0]])), bits(head.project(probe).data.slice(0, 8)));
      loaded.close();
      head.close();
    }
  }
  assert.strictEqual(new Set(seen).size, 1);
});

test('a sharpness that is given, a wide hidden layer, nodes without relations', () => {
  const head = new TaxonomyHead({ ...OPTIONS, hiddenDim: 40, sharpness: 50, epochs: 1 });
  const { left, sharpness } = head.fitSync(new Map([...EMBEDDINGS, ['alone', new Float32Array(DIM).fill(1)]]), RELATIONS);
  assert.deepStrictEqual([left, sharpness, head.sharpness, head.names.includes('alone')], [1, 50, 50, false]);
  assert.ok([...head.project(new Float32Array(DIM))].every(Number.isFinite)); // a row of zeros
  head.close();
});

test('what all embeddings have in common does not count', () => {
  for (const offset of [0, 15, 100]) {
    const moved = (v) => v.map((x, c) => x + offset * (1 + (c % 3))), head = new TaxonomyHead({ ...OPTIONS, epochs: 60 });
    head.fitSync(new Map(KNOWN.map((i) => [name(i), moved(vectors[i])])), RELATIONS);
    let hits = 0, precise = 0, found = 0;
    for (const i of FRESH) {
      const wanted = new Set(above(i).map(name)), own = moved(vectors[i]);
      hits += head.nearest(own, 10).filter((one) => wanted.has(one.name)).length / wanted.size;
      for (const one of head.ancestors(own, 3)) { found++; precise += wanted.has(one.name) ? 1 : 0; }
    }
    assert.ok(hits / FRESH.length > 0.7 && precise / found > 0.5, `offset ${offset}: ${hits / FRESH.length}, ${precise / found}`);
    // One by one, as many, later, after saving: the same points.
    const loaded = TaxonomyHead.fromBuffer(head.toBuffer()), rows = FRESH.map((i) => moved(vectors[i])), many = head.project(rows);
    assert.strictEqual(bits(loaded.project(rows)), bits(many));
    assert.strictEqual(bits(head.project(rows[3])), bits(many.data.slice(24, 32)));
    assert.strictEqual(bits(rows[3]), bits(moved(vectors[FRESH[3]]))); // the caller's are as they were
    loaded.close();
    head.close();
  }
});

test('files without a mean are of heads that did not centre', () => {
  const head = new TaxonomyHead({ ...OPTIONS, epochs: 2 });
  head.fitSync(EMBEDDINGS, RELATIONS);
  const { header: { arrays: _, ...header }, arrays: { weights, mean, embedding } } = unpack('RVTAXON1', head.toBuffer()), old = TaxonomyHead.fromBuffer(pack('RVTAXON1', header, { weights, embedding }));
  assert.strictEqual(mean.length, DIM);
  for (const i of FRESH.slice(0, 5)) assert.strictEqual(bits(old.project(vectors[i].map((x, c) => x - mean[c]))), bits(head.project(vectors[i])));
  assert.throws(() => TaxonomyHead.fromBuffer(pack('RVTAXON1', header, { weights, embedding, mean: mean.slice(1) })), { code: 'ERR_CORRUPT' });
  assert.throws(() => TaxonomyHead.fromBuffer(pack('RVTAXON1', header, { weights, embedding, mean: mean.map(() => NaN) })), { code: 'ERR_CORRUPT' });
});

test('options as gensim and the authors spell them', async () => {
  const one = new TaxonomyHead({ size: 4, hidden_dim: 7, batch_size: 5, burn_in: 3, burn_in_alpha: 0.002, init_range: 0.001, seed: 1 }), other = new TaxonomyHead({ size: 4, hiddenDim: 7, batchSize: 5, burnIn: 3, burnInAlpha: 0.002, initRange: 0.001, seed: 1 });
  assert.strictEqual(one.hiddenDim, 7);
  for (const head of [one, other]) head.fitSync(EMBEDDINGS, RELATIONS, { epochs: 5 });
  assert.strictEqual(bits(one.project(vectors[0])), bits(other.project(vectors[0])));
  await fails(() => new TaxonomyHead({ burn_inn: 3 }), 'ERR_INVALID_CONFIG', 'misspelt');
});

test('a fit gives others their turn of the event loop, all the way', async (t) => {
  // A clock that only searches move: 2 ms each, so that the test does not depend on the machine's.
  let clock = 0, turns = 0, isOn = true, last = -1, row = 0, longest = 0, added = 0;
  const { search, addBatch } = BruteForceIndex.prototype;
  t.mock.method(performance, 'now', () => clock);
  t.mock.method(BruteForceIndex.prototype, 'search', function search2(...args) {
    clock += 2;
    row = turns === last ? row + 1 : 1;
    [last, longest] = [turns, Math.max(longest, row)];
    return search.apply(this, args);
  });
  t.mock.method(BruteForceIndex.prototype, 'addBatch', function add(...args) { added++; return addBatch.apply(this, args); });
  const tick = () => { turns++; if (isOn) setImmediate(tick); };
  setImmediate(tick);
  const later = new TaxonomyHead({ ...OPTIONS, epochs: 1 }), now = new TaxonomyHead({ ...OPTIONS, epochs: 1 });
  await later.fit(EMBEDDINGS, RELATIONS);
  isOn = false;
  assert.ok(longest > 0 && longest <= 12, `${longest} searches in a turn`);
  assert.strictEqual(added, 0, 'rows are added off the event loop');
  const stop = new AbortController();
  setImmediate(() => stop.abort());
  await fails(() => now.fit(EMBEDDINGS, RELATIONS, { signal: stop.signal }), 'ERR_ABORTED', 'between turns');
  now.fitSync(EMBEDDINGS, RELATIONS);
  assert.strictEqual(bits(now.project(vectors[0])), bits(later.project(vectors[0])));
});

test('the map is what its formula says', () => {
  const [inDim, hiddenDim, size, nodes] = [7, 5, 3, 11], map = new TaxonomyMap({ inDim, hiddenDim, size, nodes, seed: 1 }), next = random(2);
  const w = map.getWeights(), W = w.subarray(0, 35), K = w.subarray(35, 35 + 55), V = w.subarray(90);
  const x = Float32Array.from({ length: 2 * inDim }, next), { data } = map.forward({ data: x, rows: 2, dim: inDim });
  for (let r = 0; r < 2; r++) {
    const row = x.subarray(r * inDim, (r + 1) * inDim), norm = Math.hypot(...row);
    const q = Array.from({ length: hiddenDim }, (_, h) => row.reduce((sum, v, i) => sum + v / norm * W[h * inDim + i], 0));
    const e = Array.from({ length: nodes }, (_, i) => Math.exp(q.reduce((sum, v, h) => sum + v * K[i * hiddenDim + h], 0))), all = e.reduce((a, b) => a + b);
    const z = Array.from({ length: size }, (_, c) => e.reduce((sum, v, i) => sum + v / all * V[i * size + c], 0)), length = Math.hypot(...z);
    assert.ok(relative(data.subarray(r * size, (r + 1) * size), z.map((v) => Math.tanh(length) * v / length)) < 1e-5);
    assert.ok(relative(map.hidden(row).data, q) < 1e-5);
  }
  // Values far out: points stay in the ball.
  map.setWeights(w.map((v, i) => (i >= 90 ? 1e4 * v : v)));
  const far = map.forward(x.subarray(0, inDim)).data;
  assert.ok(Math.hypot(...far) < 1 && Math.hypot(...far) > 0.9999);
  map.close();
});

test('wrong: embeddings, relations, options; closed; two calls; bytes', async () => {
  const head = new TaxonomyHead({ ...OPTIONS, epochs: 1 });
  for (const call of [() => head.project(vectors[0]), () => head.nearest(vectors[0]), () => head.toBuffer(), () => head.embedding]) await fails(call, 'ERR_EMPTY_INPUT', 'not fitted');
  for (const [embeddings, relations, code] of [
    [EMBEDDINGS, [['n1', 'unknown']], 'ERR_NOT_FOUND'], [EMBEDDINGS, [], 'ERR_EMPTY_INPUT'], [undefined, RELATIONS, 'ERR_INVALID_ARG'], [[vectors[0]], RELATIONS, 'ERR_INVALID_ARG'],
    [new Map([['n0', [1, 2]], ['n1', [1]]]), [['n1', 'n0']], 'ERR_DIMENSION_MISMATCH'], [new Map([['n0', [1, NaN]], ['n1', [1, 2]]]), [['n1', 'n0']], 'ERR_NON_FINITE'],
    [{ names: ['n0'], vectors: [[1], [2]] }, [['n1', 'n0']], 'ERR_DIMENSION_MISMATCH'], [{ names: ['n0', 'n0'], vectors: [[1], [2]] }, [['n0', 'n0']], 'ERR_DUPLICATE_KEY'],
  ]) {
    await fails(() => head.fit(embeddings, relations), code, code);
    await fails(() => head.fitSync(embeddings, relations), code, code);
  }
  for (const bad of [{ hiddenDim: 0 }, { hiddenDim: 1.5 }, { sharpness: 0 }, { sharpness: NaN }, { size: 0 }, { nodes: 3 }]) await fails(() => new TaxonomyHead(bad), 'ERR_INVALID_CONFIG', JSON.stringify(bad));
  await head.fit(EMBEDDINGS, RELATIONS);
  const known = bits(head.project(vectors[0])), stop = new AbortController();
  await fails(() => head.fit(EMBEDDINGS, RELATIONS, { epochs: 1e6, signal: stop.signal, onProgress: () => stop.abort() }), 'ERR_ABORTED', 'called off');
  assert.strictEqual(bits(head.project(vectors[0])), known); // it is as it was
  const running = head.fit(EMBEDDINGS, RELATIONS);
  await fails(() => head.fit(EMBEDDINGS, RELATIONS), 'ERR_BUSY', 'a second');
  await running;
  for (const bad of [[1, 2], new Float32Array(DIM + 1)]) await fails(() => head.project(bad), 'ERR_DIMENSION_MISMATCH', 'another width');
  await fails(() => head.nearest([vectors[0]]), 'ERR_INVALID_ARG', 'several');
  const bytes = head.toBuffer();
  for (let at = 0; at < bytes.length; at += 1009) {
    await fails(() => TaxonomyHead.fromBuffer(bytes.subarray(0, at)), 'ERR_CORRUPT', `cut at ${at}`);
    const changed = bytes.slice();
    changed[at] ^= 4;
    await fails(() => TaxonomyHead.fromBuffer(changed), 'ERR_CORRUPT', `changed at ${at}`);
  }
  await fails(() => TaxonomyHead.fromBuffer(head.embedding.toBuffer()), 'ERR_CORRUPT', 'those of an embedding');
  head.close();
  head.close();
  for (const call of [() => head.project(vectors[0]), () => head.fit(EMBEDDINGS, RELATIONS)]) await fails(call, 'ERR_CLOSED', 'closed');
});
