'use strict';
// Indexes in which vectors come, change and go by the thousand, against a Map and a look at every vector: nothing is lost, memory is
// used again, and searching stays as good and as cheap as in an index that is new.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { notInWasm, rows, ruvector, vector } = require('./support/index.js');
const { KEYS, agrees, integers, recall } = require('./support/oracle.js');

const { BruteForceIndex, HNSWIndex } = ruvector, threads = notInWasm('one thread');
const dim = 8, ef = 120;
/** Few links, so that whatever is not mended shows at once. */
const create = (Class, kind, more) => new Class({ dim, metric: 'l2', keys: kind, ...(Class === HNSWIndex && { M: 6, efConstruction: 60, ...more }) });

/** Random changes of an index and of a Map, which depend on the seed only. */
class Churn {
  #pick;
  #made = 500000; // none of those it starts with
  #seed;
  constructor(index, map, kind, seed) {
    Object.assign(this, { index, map, key: KEYS[kind] });
    this.#pick = integers(seed);
    this.#seed = seed;
  }

  vector() { return vector(dim, this.#seed * 1000003 + this.#made++); }

  /** A key of the Map. */
  one() {
    const keys = this.keys ??= [...this.map.keys()];
    for (;;) {
      const key = keys[this.#pick(keys.length)];
      if (this.map.has(key)) return key;
      if (keys.length > 2 * this.map.size) keys.splice(0, keys.length, ...this.map.keys());
    }
  }

  add() {
    // Of twice as many keys as there are vectors: some are used again.
    let key;
    do key = this.key(this.#pick(2 * this.map.size + 10)); while (this.map.has(key));
    const v = this.vector();
    this.index.add(key, v);
    this.map.set(key, v);
    this.keys?.push(key);
  }

  remove() {
    const key = this.one();
    this.index.remove(key);
    this.map.delete(key);
  }

  update() {
    const key = this.one(), v = this.vector();
    this.index.update(key, v);
    this.map.set(key, v);
  }

  run(count) {
    for (let i = 0; i < count; i++) [() => this.add(), () => this.remove(), () => this.update()][this.#pick(3)]();
  }
}

function started(Class, kind, n, seed) {
  const index = create(Class, kind), list = rows(n, dim, seed), map = new Map(list.map((v, i) => [KEYS[kind](i), v]));
  index.addBatch([...map.keys()], list);
  return new Churn(index, map, kind, seed);
}

const file = (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-churn-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'index.rvi');
};

for (const [Class, kind] of [[HNSWIndex, 'number'], [HNSWIndex, 'string'], [BruteForceIndex, 'bigint']]) {
  test(`${Class.name}, keys of kind ${kind}: thousands of additions, removals and updates; a file in the middle`, { skip: notInWasm('no files') }, (t) => {
    const churn = started(Class, kind, 1000, 11), { index, map } = churn, at = file(t);
    for (let round = 0; round < 3; round++) {
      churn.run(1200);
      agrees(index, map, { ef, what: `round ${round}`, seed: round });
      // With removed vectors in it that have not been mended yet.
      for (let i = 0; index.stats().removed === 0; i++) assert.ok(churn.remove() === undefined && i < 100);
      index.save(at);
      const copy = Class.load(at), again = new Churn(copy, new Map(map), kind, 100 + round);
      assert.deepStrictEqual([copy.size, copy.stats().removed > 0], [map.size, true]);
      agrees(copy, map, { ef, what: `loaded in round ${round}`, most: 300, count: 15, seed: round });
      again.run(500);
      agrees(copy, again.map, { ef, what: `loaded in round ${round}, changed`, most: 300, count: 15, seed: round });
      const view = Class.view(at);
      agrees(view, map, { ef, what: `viewed in round ${round}`, most: 300, count: 15, seed: round });
      for (const one of [copy, view]) one.close();
    }
    // All but a few go, then they come back.
    while (map.size > 20) churn.remove();
    agrees(index, map, { ef, what: 'twenty left' });
    while (map.size > 0) churn.remove();
    agrees(index, map, { ef, what: 'none left' });
    for (let i = 0; i < 600; i++) churn.add();
    agrees(index, map, { ef, what: 'refilled' });
    index.clear();
    map.clear();
    for (let i = 0; i < 300; i++) churn.add();
    agrees(index, map, { ef, what: 'cleared, refilled' });
  });

  test(`${Class.name}, keys of kind ${kind}: the same through Promises and batches`, { skip: threads }, async () => {
    const { index, map } = started(Class, kind, 900, 12), pick = integers(5), key = KEYS[kind];
    for (let round = 0; round < 6; round++) {
      const v = (i) => vector(dim, 5e6 + 10000 * round + i), gone = [...map.keys()].filter(() => pick(8) === 0);
      if (round % 2) await index.removeBatchAsync(gone);
      else for (const one of gone.slice(0, 60)) await index.removeAsync(one);
      for (const one of round % 2 ? gone : gone.slice(0, 60)) map.delete(one);
      const places = [...new Set(Array.from({ length: 300 }, () => pick(1500)))], keys = places.map(key);
      await index.addBatchAsync(keys, places.map(v), { replace: true, threads: 1 + round % 2 });
      places.forEach((place, i) => map.set(keys[i], v(place, i)));
      for (const one of keys.slice(0, 30)) await index.updateAsync(one, map.get(one).map((x) => -x)).then(() => map.set(one, map.get(one).map((x) => -x)));
      agrees(index, map, { ef, what: `round ${round}`, most: 400, count: 20, seed: round });
    }
  });

  test(`${Class.name}, keys of kind ${kind}: memory is used again, whoever comes and goes`, () => {
    const n = 200, key = KEYS[kind], list = rows(n, dim, 21), fresh = create(Class, kind), { bytes: least } = (list.forEach((v, i) => fresh.add(key(i), v)), fresh.stats());
    const TURNOVERS = {
      'keys that are always new': (index, round) => list.forEach((v, i) => {
        index.remove(key(n * round + i));
        index.add(key(n * (round + 1) + i), v);
      }),
      'updates': (index, round) => list.forEach((v, i) => index.update(key(i), list[(i + round) % n].map((x) => x + round))),
      'all removed, all added': (index, round) => {
        index.removeBatch(list.map((_, i) => key(n * round + i)));
        index.addBatch(list.map((_, i) => key(n * (round + 1) + i)), list);
      },
      'batches that replace': (index) => index.addBatch(list.map((_, i) => key(i)), list, { replace: true }),
    };
    for (const [name, turnOver] of Object.entries(TURNOVERS)) {
      const index = create(Class, kind), sizes = [];
      index.addBatch(list.map((_, i) => key(i)), list);
      for (let round = 0; round < 12; round++) {
        turnOver(index, round);
        sizes.push(index.stats().bytes);
      }
      assert.strictEqual(index.size, n, name);
      assert.ok(Math.max(...sizes) <= 4 * least, `${name}: ${Math.max(...sizes)} bytes, ${least} in an index of as many`);
      assert.ok(sizes.at(-1) <= 1.25 * Math.max(...sizes.slice(0, 6)), `${name}: it grows: ${sizes}`);
    }
  });
}

test('the same calls give the same results, whatever was removed', () => {
  const [a, b] = [0, 1].map(() => {
    const churn = started(HNSWIndex, 'number', 1000, 31);
    churn.run(2500);
    churn.index.removeBatch([...churn.map.keys()].slice(0, 200));
    churn.index.addBatch(rows(200, dim, 32).map((_, i) => 1e6 + i), rows(200, dim, 32), { threads: 2 });
    return churn.index;
  });
  for (const query of rows(60, dim, 33)) assert.deepStrictEqual(a.search(query, 10), b.search(query, 10));
  assert.deepStrictEqual(a.toCSR(0), b.toCSR(0));
  assert.strictEqual(a.stats().removed, b.stats().removed);
});

test('after one removal a search computes as many distances as before; with a tenth removed, few more', () => {
  const n = 3000, list = rows(n, dim, 41), queries = rows(50, dim, 42), cost = (index) => queries.reduce((sum, query) => (index.search(query, 10, { ef: 64 }), sum + index.stats().evaluations), 0);
  const index = create(HNSWIndex, 'number'), map = new Map(list.map((v, i) => [i, v]));
  index.addBatch([...map.keys()], list);
  const before = cost(index), good = recall(index, map, queries, { ef: 64 });
  for (const change of [() => index.remove(17), () => index.update(18, vector(dim, 43)), () => index.add(17, list[17])]) {
    change();
    assert.ok(cost(index) <= 1.1 * before, `${String(change)}: ${cost(index)} distances, ${before} before`);
  }
  map.set(18, vector(dim, 43));
  for (let i = 0; i < n / 10; i++) {
    const key = (i * 7 + 100) % n;
    index.remove(key);
    map.delete(key);
  }
  assert.ok(cost(index) <= 1.2 * before, `a tenth removed: ${cost(index)} distances, ${before} before`);
  assert.ok(recall(index, map, queries, { ef: 64 }) >= good - 0.005, `recall ${recall(index, map, queries, { ef: 64 })}, ${good} before`);
});

test('after full turnovers an index finds as well, at as many distances, as one that is new', () => {
  const n = 1000, index = create(HNSWIndex, 'number'), map = new Map(), queries = rows(60, dim, 51);
  for (let i = 0; i < 5 * n; i++) {
    const v = vector(dim, 52e6 + i);
    index.add(i, v);
    map.set(i, v);
    if (i >= n) index.remove(i - n), map.delete(i - n);
  }
  const fresh = create(HNSWIndex, 'number');
  fresh.addBatch([...map.keys()], [...map.values()]);
  const cost = (one) => queries.reduce((sum, query) => (one.search(query, 10, { ef: 40 }), sum + one.stats().evaluations), 0);
  const [old, now] = [index, fresh].map((one) => recall(one, map, queries, { ef: 40 }));
  assert.ok(old >= now - 0.01, `recall ${old}, ${now} in a new one`);
  assert.ok(cost(index) <= 1.15 * cost(fresh), `${cost(index)} distances, ${cost(fresh)} in a new one`);
});
