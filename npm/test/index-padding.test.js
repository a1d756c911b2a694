'use strict';
// What a batched search leaves where a query has fewer results than were asked for, and what keys of 64 bits may be.
const assert = require('node:assert');
const test = require('node:test');
const { fails, ruvector } = require('./support/index.js');

const { BruteForceIndex, HNSWIndex } = ruvector;
const NOTHING = { number: 0, bigint: 0n, string: '' };
const KEYS = { number: [1, 2, 3], bigint: [1n, 2n, 3n], string: ['a', 'b', 'c'] };

for (const Index of [HNSWIndex, BruteForceIndex]) {
  for (const [kind, keys] of Object.entries(KEYS)) {
    test(`${Index.name}, ${kind}: missing results of a batch are infinitely far`, async () => {
      const index = new Index({ dim: 2, metric: 'l2', keys: kind });
      index.addBatch(keys, [[0, 0], [1, 0], [2, 0]]);
      const queries = [[0, 0], [2, 0]], options = { filter: [keys[0], keys[2]] };
      for (const { keys: found, distances, counts, k } of [index.searchBatch(queries, 3, options), await index.searchBatchAsync(queries, 3, options)]) {
        assert.deepStrictEqual([k, ...counts], [3, 2, 2]);
        assert.deepStrictEqual(Array.from(distances), [0, 4, Infinity, 0, 4, Infinity]);
        assert.deepStrictEqual(Array.from(found), [keys[0], keys[2], NOTHING[kind], keys[2], keys[0], NOTHING[kind]]);
      }
      const none = index.searchBatch(queries, 2, { filter: [] });
      assert.deepStrictEqual([...none.counts, ...none.distances], [0, 0, ...Array(4).fill(Infinity)]);
      const all = index.searchBatch(queries, 3);
      assert.ok(all.distances.every(Number.isFinite));
      assert.deepStrictEqual(Array.from(index.search([0, 0], 3, options).distances), [0, 4], 'a single search gives what it has');
    });
  }

  test(`${Index.name}: bigints are signed`, async () => {
    const index = new Index({ dim: 2, keys: 'bigint' }), [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
    index.addBatch([least, most], [[1, 0], [0, 1]]);
    assert.deepStrictEqual(Array.from(index.keys()), [least, most]);
    for (const [run, name] of [[() => index.add(2n ** 63n, [1, 0]), 'key'], [() => index.has(least - 1n), 'key'], [() => index.addBatch([1n, 2n ** 64n - 1n], [[1, 0], [1, 0]]), 'keys[1]'],
      [() => index.search([1, 0], 1, { filter: [2n ** 63n] }), 'filter[0]'], [() => index.prepareFilter({ deny: [2n ** 63n] }), 'filter.deny[0]']]) {
      const { message } = await fails(run, 'ERR_OUT_OF_RANGE', name);
      assert.ok(message.startsWith(`expected a signed bigint of 64 bits (-2^63...2^63 - 1) for ${name}, received `), message);
    }
  });
}
