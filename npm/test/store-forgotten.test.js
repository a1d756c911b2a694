'use strict';
// A reader that was idle while others wrote, deleted and saved: the list of deletions is gone by then. It takes in what is
// different, in the index that it has, whatever that is.
const assert = require('node:assert');
const test = require('node:test');
const support = require('./support/index.js');
const { entries, place } = require('./support/store.js');
const { WRITERS } = require('./support/writers.js');

const { notInWasm, ruvector, vector } = support, { VectorStore } = ruvector, skip = notInWasm('no databases');
const dim = 8, list = entries(1000, dim, support), spot = Array(dim).fill(7);
const ids = (results) => results.map(({ id }) => id);

/** Two saves of changes: what was deleted before is in both files, and nobody keeps it any longer. */
const FORGET = `for (const round of [0, 1]) {
  store.insert({ id: 'round', vector: ${JSON.stringify(spot.map((x) => -x))} }, { replace: true });
  store.save();
}`;

/** What happened meanwhile, and how many entries there are then. */
const MEANWHILE = {
  'four deletions': ["store.deleteBatch(['id-1', 'id-2', 'id-3', 'id-999']);", 997],
  'insertions, deletions and replacements': [`store.insertBatch([...make(50, 5000), { id: 'id-7', vector: ${JSON.stringify(spot)} }, ...make(100, 20)], { replace: true });
    store.deleteBatch(['id-1', 'id-2', 'id-5000', 'id-940']); store.insert({ id: 'id-1', vector: make(1, 77)[0].vector });`, 1048],
  'the deletion of everything that there was': ["store.deleteBatch(store.getAllVectors().ids); store.insertBatch(make(30, 9000));", 31],
  'the deletion of everything, and nothing new': ["store.deleteBatch(store.getAllVectors().ids);", 1],
  'entries that came and went': ["const more = make(300, 6000); store.insertBatch(more); store.deleteBatch(more.map(({ id }) => id));", 1001],
};

/** The index and the table agree, in every entry. */
function isCurrent(store) {
  const { ids: all, data } = store.getAllVectors(), graph = store.getHnswGraph();
  assert.deepStrictEqual([graph.size, store.size], [all.length, all.length]);
  all.forEach((id, i) => {
    assert.deepStrictEqual(graph.get(store.keyOf(id)), data.slice(i * dim, (i + 1) * dim), id);
  });
  for (let i = 0; i < all.length; i += 50) assert.deepStrictEqual(store.search(data.subarray(i * dim, (i + 1) * dim), { k: 1, ef: 200 })[0].distance, 0);
}

for (const [who, write] of Object.entries(WRITERS)) {
  for (const [what, [code, size]] of Object.entries(MEANWHILE)) {
    if (who !== 'a second connection' && what !== 'four deletions') continue; // the same file: once is enough
    for (const isAsync of [true, false]) {
      test(`missed by a reader: ${what}, by ${who}; then it searches${isAsync ? ' without blocking' : ''}`, { skip }, async (t) => {
        const opened = [];
        t.after(() => { for (const one of opened) one.close(); });
        const file = place(t);
        opened.push(VectorStore.open(file, { dim, metric: 'l2', M: 8, efConstruction: 60 }));
        opened[0].insertBatch(list);
        opened[0].save();
        const reader = VectorStore.open(file, { M: 8, efConstruction: 60 }), graph = reader.getHnswGraph();
        opened.push(reader);
        const ask = (query, options) => (isAsync ? reader.searchAsync(query, options) : reader.search(query, options));

        await write(file, `${code}\n${FORGET}`);
        const found = await ask(list[1].vector, { k: 5, ef: 300 });
        const exact = new ruvector.BruteForceIndex({ dim, metric: 'l2', keys: 'string' }), { ids: all, ...matrix } = reader.getAllVectors();
        exact.addBatch(all, matrix);
        assert.deepStrictEqual(ids(found), exact.search(list[1].vector, 5).keys);
        assert.strictEqual(reader.size, size);
        assert.strictEqual(reader.getHnswGraph(), graph, 'the index was made anew');
        isCurrent(reader);
        // And it goes on from there.
        await write(file, `store.insert({ id: 'new', vector: ${JSON.stringify(spot.map((x) => 2 * x))} }); store.delete('round');`);
        assert.strictEqual((await ask(spot.map((x) => 2 * x), { k: 1 }))[0].id, 'new');
        assert.strictEqual(reader.getHnswGraph(), graph);
        isCurrent(reader);
      });
    }
  }
}

test('many idle readers at once, and one that is saving', { skip }, async (t) => {
  const opened = [];
  t.after(() => { for (const one of opened) one.close(); });
  const file = place(t), open = (options) => opened[opened.push(VectorStore.open(file, options)) - 1];
  const writer = open({ dim, metric: 'l2' });
  writer.insertBatch(list.slice(0, 500));
  const readers = [open(), open(), open()], graphs = readers.map((one) => one.getHnswGraph());
  for (let i = 0; i < 5; i++) {
    writer.delete(`id-${i}`);
    writer.insert({ id: `n${i}`, vector: vector(dim, i) }, { replace: true });
    writer.save();
  }
  writer.insert({ id: 'new', vector: spot });
  readers[2].insert({ id: 'own', vector: vector(dim, 99) });
  readers[2].save();
  const found = await Promise.all(readers.flatMap((one) => [one.searchAsync(spot, { k: 1 }), one.searchAsync(spot, { k: 1 })]));
  assert.deepStrictEqual(found.map((one) => one[0].id), Array(6).fill('new'));
  readers.forEach((one, i) => {
    assert.strictEqual(one.getHnswGraph(), graphs[i], 'the index was made anew');
    isCurrent(one);
  });
});
