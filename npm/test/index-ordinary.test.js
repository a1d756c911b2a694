'use strict';
// Vectors as programs have them, and not as a generator of normal numbers makes them: lengths that differ, elements that are never
// negative, all vectors far from the origin, elements of another size than the others.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, notInWasm, random, ruvector } = require('./support/index.js');
const { generator } = require('../lib/random.js');

const { BruteForceIndex, HNSWIndex, VectorStore } = ruvector;
const files = { skip: notInWasm('no files') };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-ordinary-'));
test.after(() => fs.rmSync(folder, { recursive: true, force: true }));

function normals(seed) {
  const next = random(seed);
  return () => Math.sqrt(-2 * Math.log(1 - Math.abs(next()))) * Math.cos(Math.PI * next());
}

/** Uniform and normal numbers. */
function mulberry(seed) {
  const uniform = generator(seed);
  return { uniform, normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()) };
}

/** n rows of `element(i, j, normal, uniform)`, all in one matrix. */
function matrix(n, dim, seed, element) {
  const normal = normals(seed), next = random(seed + 1), uniform = () => Math.abs(next()), data = new Float32Array(n * dim);
  for (let i = 0; i < n; i++) for (let j = 0; j < dim; j++) data[i * dim + j] = element(i, j, normal, uniform);
  return { data, rows: n, dim };
}
const row = ({ data, dim }, i) => data.subarray(i * dim, (i + 1) * dim);
const numbers = (n, from = 0) => Float64Array.from({ length: n }, (_, i) => from + i);
const part = (all, from, to) => ({ data: all.data.subarray(from * all.dim, to * all.dim), rows: to - from, dim: all.dim });

const kept = new WeakMap();
/** Of each query the keys that floats find by looking at each vector; of equal distances any. Looked for once by the same lists. */
function exactly(metric, all, queries, k) {
  if (!kept.has(queries)) {
    const exact = new BruteForceIndex({ dim: all.dim, metric });
    exact.addBatch(numbers(all.rows), all);
    kept.set(queries, { asked: [metric, all, k], wanted: queries.map((query) => {
      const { keys, distances } = exact.search(query, 2 * k);
      return new Set(keys.filter((_, i) => distances[i] <= distances[k - 1]));
    }) });
    exact.close();
  }
  const { asked, wanted } = kept.get(queries);
  assert.ok([metric, all, k].every((x, i) => x === asked[i]), 'other neighbours, other queries');
  return wanted;
}

/** The share of what floats find. */
function recall(index, all, queries, k, ef) {
  const wanted = exactly(index.metric, all, queries, k);
  let hits = 0;
  queries.forEach((query, i) => { for (const key of index.search(query, k, ef ? { ef } : {}).keys) if (wanted[i].has(key)) hits++; });
  return hits / (k * queries.length);
}

const DOORS = {
  addBatch: (index, all) => index.addBatch(numbers(all.rows), all),
  'addBatch in parts': (index, all) => {
    for (let i = 0; i < all.rows; i += 250) index.addBatch(numbers(250, i), part(all, i, i + 250));
  },
  addBatchAsync: (index, all) => index.addBatchAsync(numbers(all.rows), all, { threads: 2 }),
  add: (index, all) => { for (let i = 0; i < all.rows; i++) index.add(i, row(all, i)); },
};

// MARK: Inner products

/** Rows with lengths of their own. */
function withLengths(all, length) {
  for (let i = 0; i < all.rows; i++) {
    const scale = length() / Math.hypot(...row(all, i));
    row(all, i).forEach((x, j, own) => { own[j] = x * scale; });
  }
  return all;
}
const uniform = (seed) => { const next = random(seed); return () => Math.abs(next()); };
const pareto = (alpha, seed) => { const next = uniform(seed); return () => (1 - next()) ** (-1 / alpha); };
const logNormal = (sigma, seed) => { const next = normals(seed); return () => Math.exp(sigma * next()); };
const positive = (i, j, normal) => Math.abs(normal()), any = (i, j, normal) => normal();
const PRODUCTS = {
  'lengths of Pareto, positive': () => withLengths(matrix(3000, 24, 1, positive), pareto(1.5, 2)),
  'lengths of Pareto': () => withLengths(matrix(3000, 24, 3, any), pareto(2, 4)),
  'log-normal lengths, positive': () => withLengths(matrix(3000, 24, 5, positive), logNormal(1, 6)),
  'uniform elements': () => matrix(3000, 24, 7, (i, j, _, next) => next()),
  'Pareto 0.5, positive': () => withLengths(matrix(3000, 24, 10, positive), pareto(0.5, 11)),
  'a few a million times as long': () => matrix(3000, 24, 12, (i, j, normal) => (i % 700 ? 1 : 1e6) * normal()),
  'one in 60 far from the others': () => matrix(3000, 24, 13, (i, j, normal) => (i % 60 ? 0 : 1000) + normal()),
  'one length, around a mean': () => withLengths(matrix(3000, 24, 8, (i, j, normal) => 3 + normal()), () => 1),
};

for (const [name, make] of Object.entries(PRODUCTS)) {
  test(`inner products, ${name}: 95 of the 100 best are found`, async () => {
    const all = make(), kinds = { any, positive }, queries = {};
    for (const kind of Object.keys(kinds)) queries[kind] = Array.from({ length: 40 }, (_, i) => row(matrix(40, 24, 9, kinds[kind]), i));
    queries['like them'] = Array.from({ length: 40 }, (_, i) => row(all, 70 * i));
    const doors = name.startsWith('log') || name.startsWith('a few') ? Object.keys(DOORS) : ['addBatch'];
    for (const door of doors) {
      for (const storage of door === 'addBatch' ? ['f32', 'f16', 'i8'] : ['f32']) {
        const index = new HNSWIndex({ dim: 24, metric: 'ip', storage });
        await DOORS[door](index, all);
        for (const [kind, list] of Object.entries(queries)) {
          const found = recall(index, all, list, 100, 512);
          assert.ok(found >= 0.95, `${door}, ${storage}, queries ${kind}: ${found}`);
        }
        index.close();
      }
    }
  });
}

test('inner products: a walk that begins among short vectors finds the long ones; also once the longest are removed, and loaded', () => {
  // Of these, two seeds of four had the entry point among short vectors, from which no link led to the long ones.
  const n = 10000, dim = 128, data = new Float32Array(n * dim), { uniform, normal } = mulberry(154);
  for (let i = 0; i < n; i++) {
    const one = data.subarray(i * dim, (i + 1) * dim);
    for (let j = 0; j < dim; j++) one[j] = Math.abs(normal());
    const scale = Math.exp(2 * normal()) / Math.hypot(...one);
    for (let j = 0; j < dim; j++) one[j] *= scale;
  }
  const all = { data, rows: n, dim }, queries = Array.from({ length: 10 }, () => Float32Array.from({ length: dim }, () => uniform()));
  const exact = new BruteForceIndex({ dim, metric: 'ip' }), answer = (one) => queries.map((query) => Array.from(one.search(query, 10).keys));
  const share = (index) => answer(index).flatMap((found, q) => Array.from(exact.search(queries[q], 10).keys).filter((key) => found.includes(key))).length / 100;
  for (const seed of [2, 5]) {
    const index = new HNSWIndex({ dim, metric: 'ip', seed });
    for (const one of [index, exact]) one.addBatch(numbers(n), all);
    assert.ok(share(index) > 0.95, `seed ${seed}: ${share(index)}`);
    const again = HNSWIndex.fromBuffer(index.toBuffer());
    assert.deepStrictEqual(answer(again), answer(index));
    const gone = Array.from(exact.search(queries[0], 20).keys);
    for (const one of [index, exact]) one.removeBatch(gone);
    assert.ok(share(index) > 0.95, `seed ${seed}, after removal: ${share(index)}`);
    for (const one of [index, again]) one.close();
    exact.clear();
  }
});

test('inner products: also after half of the vectors were removed, and others have come', () => {
  const all = PRODUCTS['log-normal lengths, positive'](), index = new HNSWIndex({ dim: 24, metric: 'ip' });
  index.addBatch(numbers(2000), part(all, 0, 2000));
  index.removeBatch(numbers(1000));
  index.addBatch(numbers(1000, 2000), part(all, 2000, 3000));
  for (let i = 0; i < 1000; i++) index.add(i, row(all, i));
  const queries = Array.from({ length: 40 }, (_, i) => row(matrix(40, 24, 9, any), i)), found = recall(index, all, queries, 100, 512);
  assert.ok(found >= 0.95, `${found}`);
});

// MARK: Small storage

const SMALL = {
  'far from the origin': { storage: ['i8', 'f16'], all: () => matrix(1500, 32, 11, (i, j, _, next) => 999 + 2 * next()) },
  latitudes: { storage: ['i8', 'f16'], all: () => matrix(1500, 2, 12, (i, j, _, next) => 47.99 + 0.02 * next()) },
  'one large element': { storage: ['i8'], all: () => matrix(1500, 32, 13, (i, j, normal) => (j ? normal() : 100)) },
  'beyond 65504': { storage: ['f16'], all: () => matrix(1500, 32, 14, (i, j, normal) => 1e5 * normal()) },
  'a column of times, in seconds': { storage: ['i8'], all: () => matrix(1500, 32, 18, (i, j, normal) => (j ? normal() : 1.7e9 + 60 * i)) },
  'a column of numbers beyond a million': { storage: ['i8'], all: () => matrix(1500, 32, 19, (i, j, normal) => (j ? normal() : 1.7e6 + i)) },
  'near each other': { storage: ['i8', 'f16'], all: () => matrix(1500, 32, 15, (i, j, normal) => Math.sin((i % 50) * 37.1 + j * 11.3) + 1e-5 * normal()) },
};

for (const [name, { storage: storages, all: make }] of Object.entries(SMALL)) {
  test(`small storage, ${name}: found by floats, or an error`, async () => {
    const all = make(), queries = Array.from({ length: 30 }, (_, i) => row(all, 49 * i));
    for (const storage of storages) {
      for (const Class of [BruteForceIndex, HNSWIndex]) {
        for (const [door, add] of Object.entries(DOORS)) {
          const index = new Class({ dim: all.dim, metric: 'l2', storage });
          await add(index, all);
          const found = recall(index, all, queries, 10, 100);
          assert.ok(found >= 0.99, `${Class.name}, ${door}, ${storage}: ${found}`);

          // Rows that come to equal ones of the same storage cannot be told from equal rows any more.
          if (name === 'near each other' && door !== 'addBatch') continue;
          const without = new Class({ dim: all.dim, metric: 'l2', storage, rerank: false });
          await fails(() => add(without, all), 'ERR_OUT_OF_RANGE', `${Class.name}, ${door}, ${storage} without floats`, door === 'addBatchAsync');
          if (door === 'addBatch') assert.strictEqual(without.size, 0);
          const { size } = without;
          assert.ok(size < 150, `${door}: ${size}`);
          if (door === 'add') await fails(() => without.add(1e6, row(all, size)), 'ERR_OUT_OF_RANGE', 'the same again');
        }
      }
    }
  });
}

test('small storage, cosine and inner products far from the origin', async () => {
  const all = matrix(1500, 32, 16, (i, j, _, next) => 99 + 2 * next());
  for (const metric of ['cosine', 'ip']) {
    const queries = Array.from({ length: 30 }, (_, i) => row(all, 49 * i));
    for (const Class of [BruteForceIndex, HNSWIndex]) {
      const index = new Class({ dim: 32, metric, storage: 'i8' });
      index.addBatch(numbers(1500), all);
      const found = recall(index, all, queries, 10, 200);
      assert.ok(found >= 0.99, `${Class.name}, ${metric}: ${found}`);
      const without = new Class({ dim: 32, metric, storage: 'i8', rerank: false });
      await fails(() => without.addBatch(numbers(1500), all), 'ERR_OUT_OF_RANGE', `${Class.name}, ${metric} without floats`);
    }
  }
});

test('small storage: ordinary vectors are no error', () => {
  const kinds = {
    normal: any,
    equal: (i, j) => 1 + 0.37 * j,
    zero: () => 0,
    bits: (i, j, _, next) => (next() < 0.5 ? 0 : 1),
    sparse: (i, j, normal, next) => (next() < 0.1 ? normal() : 0),
    'heavy tails': (i, j, normal) => Math.sign(normal()) * Math.exp(2 * normal()),
    repeated: (i, j) => Math.sin((i % 60) * (1 + j) * 1.37),
    clustered: (i, j, normal) => Math.sin((i % 40) * (1 + j) * 1.37) + 0.3 * normal(),
    '5 times as large': (i, j, normal) => (j ? normal() : 5),
  };
  for (const [name, element] of Object.entries(kinds)) {
    const all = matrix(1000, 32, 17, element); // row by row: fewer are the first of these
    for (const metric of ['l2', 'cosine', 'ip']) {
      for (const storage of ['i8', 'f16']) {
        for (const [door, n] of [['addBatch', 1000], ['add', 150], ['addBatch in parts', 1000], ['addBatch', 2], ['addBatch', 1]]) {
          const index = new BruteForceIndex({ dim: 32, metric, storage, rerank: false });
          try {
            DOORS[door](index, part(all, 0, n));
          } catch (error) {
            assert.fail(`${name}, ${metric}, ${storage}, ${door} of ${n}: ${error.message}`);
          }
        }
      }
    }
  }
});

test('small storage: vectors far from the origin that come later', async () => {
  const near = matrix(1000, 16, 18, any), far = matrix(1000, 16, 19, (i, j, _, next) => 999 + 2 * next());
  const both = { data: Float32Array.from([...near.data, ...far.data]), rows: 2000, dim: 16 }, queries = Array.from({ length: 30 }, (_, i) => row(both, 66 * i));
  for (const Class of [BruteForceIndex, HNSWIndex]) {
    const index = new Class({ dim: 16, metric: 'l2', storage: 'i8' }), without = new Class({ dim: 16, metric: 'l2', storage: 'i8', rerank: false });
    for (const one of [index, without]) one.addBatch(numbers(1000), near);
    index.addBatch(numbers(1000, 1000), far);
    const found = recall(index, both, queries, 10, 100);
    assert.ok(found >= 0.99, `${Class.name}: ${found}`);
    await fails(() => without.addBatch(numbers(1000, 1000), far), 'ERR_OUT_OF_RANGE', 'without floats');
    assert.strictEqual(without.size, 1000);
  }
});

/** Rows of which some are far from the origin: whether row i is. */
const FAR = { 'every second': (i) => i % 2 === 1, 'one in ten': (i) => i % 10 === 3, 'the last tenth': (i, n) => i >= 0.9 * n };

test('small storage: a part of the vectors is far from the origin', async () => {
  const n = 2000, dim = 24;
  for (const [name, isFar] of Object.entries(FAR)) {
    for (const [storage, offset] of [['i8', 1000], ['f16', 20000]]) {
      const all = matrix(n, dim, 27, (i, j, normal) => (isFar(i, n) ? offset : 0) + normal());
      const queries = Array.from({ length: n }, (_, i) => i).filter((i) => isFar(i, n)).slice(0, 60).map((i) => row(all, i));
      for (const [door, add] of Object.entries(DOORS)) {
        for (const Class of [BruteForceIndex, HNSWIndex]) {
          const index = new Class({ dim, metric: 'l2', storage });
          await add(index, all);
          const found = recall(index, all, queries, 10);
          assert.ok(found >= 0.98, `${name}, ${storage}, ${door}, ${Class.name}: ${found}`);
        }
        if (door === 'add') continue; // what has become equal is not told from copies (docs/hnsw-index.md)
        await fails(() => DOORS[door](new BruteForceIndex({ dim, metric: 'l2', storage, rerank: false }), all), 'ERR_OUT_OF_RANGE', `${name}, ${storage}, ${door}, without floats`);
      }
    }
  }
});

test('small storage: small clusters, whose vectors are nearer to each other than bytes tell apart', async () => {
  const dim = 24, clusters = 100, of = 20, normal = normals(28), centres = Array.from({ length: clusters }, () => Array.from({ length: dim }, normal));
  for (const spread of [1e-3, 1e-4]) {
    const all = matrix(clusters * of, dim, 29, (i, j, next) => centres[Math.floor(i / of)][j] + spread * next());
    for (const storage of ['i8', 'f16']) {
      const index = new HNSWIndex({ dim, metric: 'l2', storage });
      index.addBatch(numbers(all.rows), all);
      let lost = 0;
      for (let i = 0; i < all.rows; i += 7) if (index.search(row(all, i), 1).keys[0] !== i) lost++;
      assert.strictEqual(lost, 0, `${storage}, ${spread}`);
      if (storage === 'i8') await fails(() => new BruteForceIndex({ dim, metric: 'l2', storage, rerank: false }).addBatch(numbers(all.rows), all), 'ERR_OUT_OF_RANGE', 'without floats');
    }
  }
});

test('small storage: files, opened in each way, and stores', files, () => {
  const all = SMALL['far from the origin'].all(), queries = Array.from({ length: 20 }, (_, i) => row(all, 70 * i));
  for (const Class of [BruteForceIndex, HNSWIndex]) {
    const index = new Class({ dim: 32, metric: 'l2', storage: 'i8' }), at = path.join(folder, 'a.rvi');
    index.addBatch(numbers(1500), all);
    index.save(at);
    for (const other of [Class.load(at), Class.view(at), Class.view(at, { floats: 'read' })]) {
      const found = recall(other, all, queries, 10, 100);
      assert.ok(found >= 0.99, `${Class.name}: ${found}`);
    }
    const loaded = Class.load(at);
    loaded.removeBatch(numbers(700, 100));
    loaded.addBatch(numbers(700, 100), part(all, 100, 800));
    const found = recall(loaded, all, queries, 10, 100);
    assert.ok(found >= 0.99, `${Class.name}, changed: ${found}`);
  }
});

// MARK: Ranges

test('similarities are cosines: none beyond 1', async () => {
  for (const dim of [3, 17, 64, 384]) {
    const all = matrix(300, dim, 20, any), queries = Array.from({ length: 300 }, (_, i) => row(all, i));
    for (const candidates of [all, new ruvector.VectorSet(all), queries]) {
      const opposite = queries.map((query) => query.map((x) => -3 * x));
      for (const list of [queries, opposite, queries.map((query) => query.map((x) => x / 7))]) {
        const { similarities } = ruvector.differentiableSearchBatch(list, candidates, 300);
        const later = (await ruvector.differentiableSearchBatchAsync(list, candidates, 300)).similarities;
        for (const list of [similarities, later]) assert.strictEqual(list.find((s) => Number.isNaN(Math.acos(s))), undefined, `of ${dim}`);
      }
    }
    for (const storage of ['f32', 'f16', 'i8']) {
      const index = new BruteForceIndex({ dim, storage, rerank: false });
      index.addBatch(numbers(300), all);
      for (const query of queries.slice(0, 50)) {
        for (const one of [query, query.map((x) => -x)]) {
          assert.strictEqual(index.search(one, 300).distances.find((d) => !(d >= 0 && d <= 2)), undefined, `${storage} of ${dim}`);
        }
      }
    }
  }
});

test('a store of small storage far from the origin', files, () => {
  const all = SMALL['far from the origin'].all(), store = VectorStore.open(path.join(folder, 'a.db'), { dim: 32, metric: 'l2', storage: 'i8' });
  store.insertBatch(Array.from({ length: 1500 }, (_, i) => ({ id: `v${i}`, vector: row(all, i) })));
  let found = 0;
  for (let i = 0; i < 30; i++) if (store.search(row(all, 49 * i), { k: 1 })[0].id === `v${49 * i}`) found++;
  assert.strictEqual(found, 30);
  store.close();
});
