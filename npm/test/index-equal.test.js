'use strict';

// Equal vectors are one node with many keys: others are found beside them, all of their keys come in the order of their age,
// and neither adding nor removing them costs much. Vectors that are nearly equal hide nobody either.
const { after, test } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { HNSWIndex, BruteForceIndex, VectorStore } = require('../..');
const { fails, notInWasm, random, rows, vector } = require('./support/index.js');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-equal-'));
after(() => fs.rmSync(folder, { recursive: true }));
const isNative = process.env.RUVECTOR_BACKEND !== 'wasm', options = { skip: notInWasm('no files') };

const DIM = 24;
const list = (result) => Array.from(result.keys, Number);
const numbers = (count, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const WAYS = {
  add: (index, first, vectors) => vectors.forEach((v, i) => index.add(first + i, v)),
  addBatch: (index, first, vectors) => index.addBatch(numbers(vectors.length, first), vectors),
  addBatchAsync: (index, first, vectors) => index.addBatchAsync(numbers(vectors.length, first), vectors),
};

/** How many of the vectors from key `first` on are not among the ten nearest to themselves. */
function lost(index, first, vectors, k = 10) {
  return vectors.filter((v, i) => !list(index.search(v, k)).includes(first + i)).length;
}

for (const metric of ['l2', 'cosine', 'ip']) {
  for (const [way, add] of Object.entries(WAYS)) {
    test(`${metric}, ${way}: 20 vectors behind 1,000 equal ones, and behind 5,000 zeros`, async () => {
      const others = rows(20, DIM, 3);
      for (const [count, one] of [[1000, vector(DIM, 7)], [5000, new Float32Array(DIM)]]) {
        const index = new HNSWIndex({ dim: DIM, metric });
        await add(index, 0, Array(count).fill(one));
        await add(index, count, others);
        if (metric !== 'ip') assert.strictEqual(lost(index, count, others), 0, `${count} equal ones hide others`);
        assert.strictEqual(index.size, count + 20);
        if (metric !== 'ip') assert.deepStrictEqual(list(index.search(one, 50)), numbers(50), 'ties by age');
        const all = list(index.search(one, count + 20));
        assert.deepStrictEqual(all.filter((key) => key < count), numbers(count), 'every key of theirs, in the order of age');
        index.close();
      }
    });

    test(`${metric}, ${way}: vectors that are nearly equal hide nobody`, async () => {
      for (const [spread, many] of [[1e-3, 20], [1e-5, 20], [1e-6, 100]]) {
        const one = vector(DIM, 9), next = random(11), others = rows(many, DIM, 5).map((v) => v.map((x) => 2 * x));
        const index = new HNSWIndex({ dim: DIM, metric });
        await add(index, 0, Array.from({ length: 1000 }, () => one.map((x) => x + spread * next())));
        await add(index, 1000, others);
        if (metric !== 'ip') assert.strictEqual(lost(index, 1000, others), 0, `spread ${spread}`);
        index.remove(500); // the walk that asks who is still there
        if (metric !== 'ip') assert.strictEqual(lost(index, 1000, others), 0, `spread ${spread}, one removed`);
        index.close();
      }
    });
  }
}

for (const metric of ['l2', 'cosine']) {
  test(`${metric}: several crowds of nearly equal vectors, one behind the other, and vectors between them`, () => {
    for (const [dim, M, spread] of [[8, 32, 1e-4], [8, 16, 1e-6], [24, 16, 1e-4]]) {
      for (const way of ['add', 'addBatch']) {
        const index = new HNSWIndex({ dim, metric, M });
        const checked = [];
        for (const [crowd, count] of [[205, 500], [215, 500], [225, 1000]]) {
          const one = vector(dim, crowd), next = random(crowd * 7 + 1), others = rows(10, dim, crowd + 1);
          WAYS.addBatch(index, index.size, Array.from({ length: count }, () => one.map((x) => x + spread * next())));
          checked.push([index.size, others]);
          WAYS[way](index, index.size, others);
        }
        for (const [first, others] of checked) assert.strictEqual(lost(index, first, others), 0, `dim ${dim}, M ${M}, ${way}`);
      }
    }
  });

  test(`${metric}: a crowd that comes after the others hides none of them`, () => {
    for (const M of [4, 8, 16]) {
      for (const [spread, count, seed] of [[1e-2, 1000, 71], [1e-4, 1000, 71], [1e-4, 100, 1], [1e-4, 100, 2], [1e-4, 150, 3]]) {
        const index = new HNSWIndex({ dim: DIM, metric, M }), others = rows(20, DIM, seed), one = vector(DIM, seed + 50), next = random(seed);
        WAYS.add(index, 0, others);
        WAYS.add(index, 20, Array.from({ length: count }, () => one.map((x) => x + spread * next())));
        assert.strictEqual(lost(index, 0, others), 0, `M ${M}, ${count} with a spread of ${spread}`);
      }
    }
  });
}

test('cosine: 50 vectors behind 6,000 that are so near to each other that floats do not order them', () => {
  const hidden = { add: 0, addBatch: 0 };
  for (const seed of [1, 2, 3]) {
    const index = new HNSWIndex({ dim: DIM, metric: 'cosine', M: 8, efConstruction: 40 }), others = rows(50, DIM, 13 * seed + 5);
    const one = vector(DIM, 31 * seed), next = random(7 * seed + 1);
    WAYS.addBatch(index, 0, Array.from({ length: 6000 }, () => one.map((x) => x + 1e-5 * next())));
    for (const [way, each] of [['addBatch', HNSWIndex.fromBuffer(index.toBuffer())], ['add', index]]) {
      WAYS[way](each, 6000, others);
      hidden[way] += lost(each, 6000, others);
    }
  }
  assert.ok(hidden.add < 2 && hidden.addBatch < 2, `${JSON.stringify(hidden)} of 150 are hidden`); // 7 to 9 with a tree edge like everybody's
});

test('vectors on a few spots, one after the other by add, spot after spot and in turns', () => {
  const next = random(7), gauss = () => Math.sqrt(-2 * Math.log((next() + 1) / 2 + 1e-12)) * Math.cos(Math.PI * next());
  for (const [metric, length] of [['l2', 1], ['cosine', 1], ['poincare', 0.1]]) {
    for (const spread of [1e-2, 1e-3]) {
      for (const spotOf of [(i) => Math.floor(i / 200), (i) => i % 20]) {
        const centres = numbers(20).map(() => numbers(32).map(() => length * gauss())), vectors = numbers(4000).map((i) => Float32Array.from(centres[spotOf(i)], (x) => x + length * spread * gauss()));
        const index = new HNSWIndex({ dim: 32, metric, seed: 1 }), exact = new BruteForceIndex({ dim: 32, metric });
        WAYS.add(index, 0, vectors);
        exact.addBatch(numbers(4000), vectors);
        const asked = numbers(400).map((i) => vectors[10 * i]), nearest = asked.map((v) => exact.search(v, 10).distances);
        const missed = asked.filter((v, i) => index.search(v, 1).distances[0] > nearest[i][0] + 1e-6);
        const hits = asked.map((v, i) => index.search(v, 10).distances.filter((d) => d <= nearest[i][9] * (1 + 1e-5) + 1e-7).length);
        const found = hits.reduce((a, b) => a + b, 0);
        assert.ok(missed.length === 0 && found > 3980, `${metric}, ${spread}, ${spotOf(1) === 0 ? 'spot after spot' : 'in turns'}: ${missed.length} of 400 missed, ${found} of 4000 found`);
      }
    }
  }
});

test('200 spots of 40 vectors, spot after spot by add: each is found, and from afar the nearest spot', () => {
  const next = random(7), gauss = () => Math.sqrt(-2 * Math.log((next() + 1) / 2 + 1e-12)) * Math.cos(Math.PI * next()), spotOf = ({ keys }) => Math.floor(keys[0] / 40);
  for (const metric of ['l2', 'cosine']) {
    const spots = numbers(200).map(() => numbers(64).map(gauss)), vectors = numbers(8000).map((i) => Float32Array.from(spots[Math.floor(i / 40)], (x) => x + 1e-5 * gauss()));
    const index = new HNSWIndex({ dim: 64, metric, seed: 1 }), exact = new BruteForceIndex({ dim: 64, metric });
    WAYS.add(index, 0, vectors);
    exact.addBatch(numbers(8000), vectors);
    const missed = numbers(2000).filter((i) => spotOf(index.search(vectors[4 * i], 1)) !== Math.floor(i / 10));
    const near = numbers(200).map(() => Float32Array.from({ length: 64 }, gauss)).filter((query) => spotOf(index.search(query, 1)) === spotOf(exact.search(query, 1)));
    assert.ok(missed.length === 0 && near.length > 175, `${metric}: ${missed.length} of 2000 missed, ${near.length} of 200 nearest spots`);
  }
});

test('a crowd larger than the widest pool hides nobody who comes after it', () => {
  const index = new HNSWIndex({ dim: 8, metric: 'l2', M: 8, efConstruction: 40 }), others = rows(8, 8, 83), one = vector(8, 89), next = random(97);
  WAYS.addBatch(index, 0, Array.from({ length: 9000 }, () => one.map((x) => x + 1e-4 * next())));
  WAYS.add(index, 9000, others);
  assert.strictEqual(lost(index, 9000, others), 0);
});

test('2,000 different vectors among four times 500 equal ones', () => {
  const bases = rows(4, DIM, 13), all = rows(4000, DIM, 17).map((v, i) => (i % 2 ? bases[(i >> 1) % 4] : v));
  const exact = new BruteForceIndex({ dim: DIM, metric: 'l2' });
  WAYS.addBatch(exact, 0, all);
  const nearest = all.map((v, key) => (key % 8 === 0 ? list(exact.search(v, 10)) : undefined));
  for (const way of ['add', 'addBatch']) {
    const index = new HNSWIndex({ dim: DIM, metric: 'l2' });
    WAYS[way](index, 0, all);
    let found = 0;
    all.forEach((v, key) => {
      if (key % 2 === 0) assert.strictEqual(list(index.search(v, 1))[0], key, way);
      if (key % 8 === 0) found += list(index.search(v, 10)).filter((other) => nearest[key].includes(other)).length / 10;
    });
    assert.ok(found / 500 > 0.97, `${way}: recall ${found / 500}`);
  }
});

test('equal vectors take less memory than others, and a file of them less of the disk', options, () => {
  const made = (vectors) => {
    const index = new HNSWIndex({ dim: 128, metric: 'l2' }), file = path.join(folder, 'size.rvi');
    vectors.forEach((v, i) => index.add(i, v));
    index.save(file);
    return { bytes: index.stats().bytes, file: fs.statSync(file).size };
  };
  const different = made(rows(3000, 128, 19)), equal = made(Array(3000).fill(vector(128, 19)));
  assert.ok(equal.bytes < different.bytes / 8, `${equal.bytes} bytes of equal ones, ${different.bytes} of others`);
  assert.ok(equal.file < different.file / 8, `${equal.file} bytes in a file of equal ones, ${different.file} of others`);
});

test('filters and removals know equal vectors one by one', () => {
  const one = vector(DIM, 23), index = new HNSWIndex({ dim: DIM, metric: 'l2' });
  index.addBatch(numbers(2000), [...Array(1000).fill(one), ...rows(1000, DIM, 29)]);
  const prepared = index.prepareFilter([7, 500, 1500]), bits = new Uint8Array(250);
  for (const key of [7, 500, 1500]) bits[key >> 3] |= 1 << (key & 7);
  for (const filter of [[500, 1500, 7], prepared, bits]) {
    assert.deepStrictEqual(list(index.search(one, 5, { filter })), [7, 500, 1500]);
  }
  for (const key of numbers(999)) if (key !== 500) index.remove(key);
  assert.deepStrictEqual(list(index.search(one, 2)), [500, 999]);
  assert.deepStrictEqual(list(index.search(one, 5, { filter: prepared })), [500, 1500]);
  index.removeBatch([500, 999]);
  assert.ok(list(index.search(one, 10)).every((key) => key >= 1000));
  index.add(500, one); // its node is gone or on its way out
  assert.deepStrictEqual(list(index.search(one, 1)), [500]);
  assert.deepStrictEqual(list(index.search(one, 1, { filter: prepared })), [500]);
});

test('an update to an equal vector, to another, and back; 0 and −0', () => {
  const [a, b] = rows(2, DIM, 31), index = new HNSWIndex({ dim: DIM, metric: 'l2' });
  index.addBatch([1, 2, 3], [a, a, b]);
  index.update(1, a);
  assert.deepStrictEqual(list(index.search(a, 2)), [2, 1], 'the age is that of the vector');
  index.update(2, b);
  assert.deepStrictEqual(list(index.search(b, 2)), [3, 2]);
  assert.deepStrictEqual(list(index.search(a, 1)), [1]);
  index.addBatch([1, 2], [b, a], { replace: true });
  assert.deepStrictEqual([list(index.search(a, 1)), list(index.search(b, 2))], [[2], [3, 1]]);
  assert.deepStrictEqual(index.get(1), b);
  index.add(4, new Float32Array(DIM));
  index.add(5, new Float32Array(DIM).fill(-0));
  assert.deepStrictEqual(list(index.search(new Float32Array(DIM), 2)), [4, 5]);
  assert.strictEqual(index.shortestPathDistance(4, 5), 0, 'one node');
});

test('the graph of equal vectors: each has the links, others lead to the oldest', () => {
  const index = new HNSWIndex({ dim: DIM, metric: 'l2' }), different = rows(300, DIM, 37);
  index.addBatch(numbers(330), [...different, ...Array(30).fill(different[0])]);
  assert.deepStrictEqual(index.neighbors(310), index.neighbors(0));
  for (const key of numbers(330)) assert.ok(index.neighbors(key).every((other) => other < 300), `neighbours of ${key}`);
  assert.strictEqual(index.shortestPathDistance(0, 320), 0);
  const { offsets, indices, keys } = index.toCSR();
  assert.strictEqual(keys.length, 330);
  keys.forEach((key, i) => assert.deepStrictEqual(Array.from(indices.subarray(offsets[i], offsets[i + 1]), (j) => keys[j]), Array.from(index.neighbors(key))));
  const { levels, degrees } = index.stats();
  for (const counts of [levels, degrees]) assert.strictEqual(counts.reduce((x, y) => x + y), 330);
});

for (const keys of ['number', 'string']) {
  test(`random operations over few different vectors, keys of kind ${keys}`, async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const next = random(seed * 101), below = (n) => Math.min(n - 1, Math.floor((next() + 1) / 2 * n)), values = rows(9, 5, seed).map((v) => v.map((x) => Math.round(4 * x)));
      let index = new HNSWIndex({ dim: 5, metric: 'l2', keys, M: 4, efConstruction: 20 }), age = 0;
      const known = new Map(), name = (i) => (keys === 'number' ? i : `k${i}`), read = (key) => (keys === 'number' ? Number(key) : key);
      const some = (from, n) => [...new Set(Array.from({ length: n }, () => from[below(from.length)]))];
      for (let step = 0; step < 120; step++) {
        const there = [...known.keys()], free = numbers(60).map(name).filter((key) => !known.has(key)), act = below(8);
        const set = (key, v) => { known.delete(key); known.set(key, { v, age: age++ }); };
        if (act <= 1 && free.length > 0) {
          const key = free[below(free.length)], v = values[below(values.length)];
          index.add(key, v);
          set(key, v);
        } else if (act === 2 && free.length > 0) {
          const chosen = some(free, 1 + below(12)), vs = chosen.map(() => values[below(values.length)]);
          if (below(2)) index.addBatch(chosen, vs); else await index.addBatchAsync(chosen, vs);
          chosen.forEach((key, i) => set(key, vs[i]));
        } else if (act === 3 && there.length > 0) {
          const chosen = some([...there, ...free], 1 + below(12)), vs = chosen.map(() => values[below(values.length)]);
          index.addBatch(chosen, vs, { replace: true });
          chosen.forEach((key, i) => set(key, vs[i]));
        } else if (act === 4 && there.length > 0) {
          const chosen = some(there, 1 + below(10));
          index.removeBatch(chosen);
          chosen.forEach((key) => known.delete(key));
        } else if (act === 5 && there.length > 0) {
          const key = there[below(there.length)];
          index.remove(key);
          known.delete(key);
        } else if (act === 6 && there.length > 0) {
          const key = there[below(there.length)], v = values[below(values.length)];
          index.update(key, v);
          set(key, v);
        } else if (act === 7 && isNative && below(4) === 0) {
          const file = path.join(folder, 'random.rvi');
          index.save(file);
          const view = HNSWIndex.view(file, { verify: true });
          assert.strictEqual(view.size, known.size);
          view.close();
          index.close();
          index = HNSWIndex.load(file);
        }
        if (step % 10 === 9) {
          const query = values[below(values.length)], what = `seed ${seed}, step ${step}`;
          const order = [...known].map(([key, { v, age: own }]) => ({ key, own, d: v.reduce((sum, x, i) => sum + (x - query[i]) ** 2, 0) })).sort((x, y) => x.d - y.d || x.own - y.own);
          const result = index.search(query, Math.max(1, known.size), { ef: 200 }), found = Array.from(result.keys, read);
          assert.strictEqual(index.size, known.size, what);
          assert.deepStrictEqual(Array.from(result.distances), order.map(({ d }) => d), what);
          // Equal vectors by age; different ones at the same distance as they come.
          const of = (key) => known.get(key);
          for (let i = 1; i < found.length; i++) if (of(found[i]).v === of(found[i - 1]).v) assert.ok(of(found[i - 1]).age < of(found[i]).age, `${what}: ages`);
          assert.deepStrictEqual([...found].sort(), [...known.keys()].sort(), what);
        }
      }
      index.close();
    }
  });
}

test('files of equal vectors: a copy, a view, another process of an older release is told', options, async () => {
  const one = vector(DIM, 41), index = new HNSWIndex({ dim: DIM, metric: 'l2' }), others = rows(50, DIM, 43), file = path.join(folder, 'equal.rvi');
  index.addBatch(numbers(350), [...Array(300).fill(one), ...others]);
  index.removeBatch([0, 5, 320]);
  index.save(file);
  const expected = list(index.search(one, 400));
  for (const opened of [HNSWIndex.load(file), HNSWIndex.view(file), HNSWIndex.view(file, { verify: true })]) {
    assert.deepStrictEqual(list(opened.search(one, 400)), expected);
    assert.strictEqual(lost(opened, 321, others.slice(21)), 0);
  }
  const copy = HNSWIndex.load(file);
  copy.add(1000, one);
  assert.strictEqual(list(copy.search(one, 299)).at(-1), 1000, 'the youngest is the last');
  assert.strictEqual(fs.readFileSync(file).readUInt32LE(8), 2, 'the version of the format');
  const plain = new HNSWIndex({ dim: DIM, metric: 'l2' });
  plain.addBatch(numbers(50), others);
  plain.save(file);
  assert.strictEqual(fs.readFileSync(file).readUInt32LE(8), 1, 'files without equal vectors are as before');
});

test('damaged chains are found', options, async () => {
  const index = new HNSWIndex({ dim: DIM, metric: 'l2' }), file = path.join(folder, 'damaged.rvi');
  index.addBatch(numbers(60), [...Array(30).fill(vector(DIM, 47)), ...rows(30, DIM, 53)]);
  index.save(file);
  const whole = fs.readFileSync(file), count = whole.readUInt32LE(12);
  const sections = numbers(count).map((i) => 192 + 32 * i).map((at) => ({ kind: whole.readUInt32LE(at), offset: Number(whole.readBigUInt64LE(at + 8)), bytes: Number(whole.readBigUInt64LE(at + 16)) }));
  for (const { offset, bytes } of sections.filter(({ kind }) => kind === 11 || kind === 12)) {
    for (let at = offset; at < offset + bytes; at += 4) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt32LE((whole.readUInt32LE(at) + 1) >>> 0, at);
      fs.writeFileSync(file, damaged);
      await fails(() => HNSWIndex.load(file), 'ERR_CORRUPT', 'a copy');
      try {
        const view = HNSWIndex.view(file); // not verified: wrong results at most
        view.search(vector(DIM, 47), 60);
        view.close();
      } catch (error) {
        assert.strictEqual(error.code, 'ERR_CORRUPT');
      }
    }
  }
});

test('removing one of many equal ones is cheap: no repair follows, however many go', () => {
  const index = new HNSWIndex({ dim: DIM, metric: 'l2' }), one = vector(DIM, 59);
  index.addBatch(numbers(5000), [...Array(4000).fill(one), ...rows(1000, DIM, 61)]);
  for (let key = 0; key < 3999; key++) index.remove(key);
  assert.strictEqual(index.stats().removed, 0, 'no node is without a vector');
  assert.deepStrictEqual(list(index.search(one, 1)), [3999]);
});

test('groups that go as a whole and come back, while the graph is repaired around them', () => {
  const values = rows(300, DIM, 71), next = random(73), index = new HNSWIndex({ dim: DIM, metric: 'l2', M: 8, efConstruction: 60 });
  const groups = values.map(() => []);
  let key = 0;
  const add = (i) => {
    index.add(key, values[i]);
    groups[i].push(key++);
  };
  for (let round = 0; round < 3; round++) values.forEach((_, i) => add(i));
  let repaired = 0, removed = 0;
  for (let round = 0; round < 12; round++) {
    for (const i of numbers(300).filter(() => next() < -0.4)) {
      if (round % 2) index.removeBatch(groups[i]); else groups[i].forEach((one) => index.remove(one));
      groups[i] = [];
      const now = index.stats().removed;
      if (now < removed) repaired++;
      removed = now;
      if (next() < 0.4) for (let n = 0; n < 3; n++) add(i);
    }
    assert.strictEqual(index.size, groups.flat().length);
    groups.forEach((group, i) => assert.deepStrictEqual(list(index.search(values[i], 3)).slice(0, group.length), group, `round ${round}, value ${i}`));
    groups.forEach((group, i) => { if (group.length === 0 && next() < 0) add(i); });
  }
  assert.ok(repaired > 3, 'repairs have ended');
});

test('a store of failed embeddings: 3,000 zeros, and entries that are found', options, () => {
  const store = VectorStore.open(path.join(folder, 'zeros.db'), { dim: DIM }), others = rows(20, DIM, 67);
  store.insertBatch(Array.from({ length: 3000 }, () => ({ vector: new Float32Array(DIM) })));
  store.insertBatch(others.map((v, i) => ({ id: `o${i}`, vector: v })));
  others.forEach((v, i) => assert.strictEqual(store.search(v, { k: 1 })[0].id, `o${i}`));
  store.close();
  const again = VectorStore.open(path.join(folder, 'zeros.db'));
  others.forEach((v, i) => assert.strictEqual(again.search(v, { k: 1 })[0].id, `o${i}`));
  again.close();
});
