'use strict';

// The rows of the section `index` that the gate compares: one index of 10,000 clustered rows, what is asked of it, and what
// changing it costs. Changes are figures of CPU time: an index is not the same after them.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { gnn: { BruteForceIndex, HNSWIndex, VectorStore } } = require('./library.js');
const { clusters, DIM, part } = require('./clusters.js');
const { CLOCKS, once } = require('./measure.js');

const N = 10000, K = 10, EXTRA = 2000;
const data = once(() => clusters(N + EXTRA));
const base = () => part(data().base, 0, N), keys = () => data().keys.subarray(0, N), names = once(() => Array.from(keys(), (key) => `key-${key}`));

function built(Class, options = {}) {
  const index = new Class({ dim: DIM, ...options });
  index.addBatch(options.keys === 'string' ? names() : keys(), base());
  return index;
}
const plain = once(() => built(HNSWIndex)), bytes = once(() => built(HNSWIndex, { storage: 'i8' })), texts = once(() => built(HNSWIndex, { keys: 'string' }));
const exact = once(() => built(BruteForceIndex));
const store = once(() => {
  const made = VectorStore.open(':memory:', { dim: DIM });
  made.insertBatch({ ids: names(), vectors: base(), metadata: names().map((_, i) => ({ group: i % 100 })) });
  return made;
});

/** A search of one query after the other. */
function searching(name, index, options = () => undefined) {
  return {
    name,
    make() {
      const one = index(), { queries } = data(), given = options();
      let at = 0;
      return () => one.search(queries[at = (at + 1) % queries.length], K, given);
    },
  };
}

/** A bitmap of a share of the keys. */
function bitmap(share) {
  const bits = new Uint8Array(Math.ceil(N / 8)), every = Math.round(1 / share);
  for (let key = 0; key < N; key += every) bits[key >> 3] |= 1 << (key & 7);
  return bits;
}

/** CPU milliseconds of `work(prepare())`; short ones are repeated in each turn. */
const costing = (name, prepare, work, repeat = 1) => ({
  name,
  unit: 'ms',
  repeat,
  async figure() {
    const input = await prepare(), start = CLOCKS.cpu();
    const output = await work(input);
    const spent = (CLOCKS.cpu() - start) / 1e3;
    (output?.close ? output : input)?.close?.();
    return spent;
  },
});

const row = (i) => data().base.data.subarray(i * DIM, (i + 1) * DIM);
const each = (from, to, change) => (index) => {
  for (let i = from; i < to; i++) change(index, i);
};

const folder = once(() => {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-bench-'));
  process.on('exit', () => fs.rmSync(made, { recursive: true }));
  return made;
});
const saved = once(() => {
  const file = path.join(folder(), 'plain.rvi');
  plain().save(file);
  return file;
});
/** An index like `plain`, to be changed. */
const copy = () => HNSWIndex.load(saved());

function one(dim) {
  return {
    name: `search of an index of one vector, ${dim} dimensions`,
    make() {
      const index = new HNSWIndex({ dim }), query = new Float32Array(dim).fill(0.1);
      index.add(1, query);
      return () => index.search(query, K);
    },
  };
}

function storeRows() {
  const query = (options) => () => {
    const { queries } = data(), opened = store();
    let at = 0;
    return () => opened.search(queries[at = (at + 1) % queries.length], { k: K, ...options });
  };
  return [
    { name: 'store, search', make: query({}) },
    { name: 'store, search where 1 %', make: query({ where: { group: 3 } }) },
    costing('store, insertBatch of 2,000', () => VectorStore.open(':memory:', { dim: DIM }),
      (opened) => void opened.insertBatch({ vectors: part(data().base, 0, EXTRA) })),
    costing('store, 200 single inserts', () => VectorStore.open(':memory:', { dim: DIM }), each(0, 200, (opened, i) => opened.insert({ id: `x${i}`, vector: row(i) })), 5),
    costing('store, 200 single deletes of 2,000', () => {
      const opened = VectorStore.open(':memory:', { dim: DIM });
      opened.insertBatch({ ids: names().slice(0, EXTRA), vectors: part(data().base, 0, EXTRA) });
      return opened;
    }, each(0, 200, (opened, i) => opened.delete(`key-${i}`))),
  ];
}

function indexRows() {
  return [
    one(4), one(DIM),
    searching('search', plain), searching('search, ef 200', plain, () => ({ ef: 200 })), searching('search, string keys', texts), searching('search, i8', bytes),
    searching('search, BruteForceIndex', exact),
    { name: 'searchBatch of 100', make: () => () => plain().searchBatch(part(data().base, 0, 100), K) },
    ...[0.5, 0.05, 0.005].map((share) => searching(`search, bitmap of ${100 * share} %`, plain, () => ({ filter: bitmap(share) }))),
    ...[0.5, 0.05].map((share) => searching(`search, prepared filter of ${100 * share} %`, plain, () => ({ filter: plain().prepareFilter(bitmap(share)) }))),
    searching('search, a Set of 50 %', plain, () => ({ filter: new Set(keys().filter((key) => key % 2 === 0)) })),
    searching('search, BruteForceIndex, bitmap of 50 %', exact, () => ({ filter: bitmap(0.5) })),
    searching('search after one removal', once(() => {
      const index = copy();
      index.remove(17);
      return index;
    })),
    costing('building 10,000', () => new HNSWIndex({ dim: DIM }), (index) => index.addBatch(keys(), base())),
    costing('building 10,000, BruteForceIndex', () => new BruteForceIndex({ dim: DIM }), (index) => index.addBatch(keys(), base()), 9),
    costing('2,000 single adds to 10,000', copy, each(N, N + EXTRA, (index, i) => index.add(i, row(i)))),
    costing('2,000 single updates of 10,000', copy, each(0, EXTRA, (index, i) => index.update(i, row(N + i)))),
    costing('an asynchronous replacement of 2,000 of 10,000', copy,
      (index) => index.addBatchAsync(keys().subarray(0, EXTRA), part(data().base, N, N + EXTRA), { replace: true })),
    costing('2,000 single removals of 10,000', copy, each(0, EXTRA, (index, i) => index.remove(i))),
    costing('2,000 single adds, BruteForceIndex', () => new BruteForceIndex({ dim: DIM }), each(0, EXTRA, (index, i) => index.add(i, row(i))), 9),
    costing('saving and loading', plain, (index) => {
      const file = path.join(folder(), 'again.rvi');
      index.save(file);
      return HNSWIndex.load(file);
    }, 9),
    ...storeRows(),
  ];
}

module.exports = { indexRows };
