'use strict';
// What an index must say, by a Map and by looking at every vector. Distances are squared differences (metric 'l2'), whose vectors
// come back bit by bit.
const assert = require('node:assert');
const { pack, random, vector } = require('./index.js');

const KEYS = { number: (i) => i * 3 - 20, bigint: (i) => BigInt(i) * 2n ** 40n - 5n, string: (i) => `schlüssel ${i} \u{1f642}` };

/** Integers below n, one after the other, that depend on the seed only. */
function integers(seed) {
  const next = random(seed);
  return (n) => Math.min(n - 1, Math.floor((next() + 1) / 2 * n));
}

const squared = (a, b) => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return sum;
};

/** Keys of the k nearest in a Map of vectors, the nearest first, of those that `allows(key)`. */
function nearest(map, query, k, allows = () => true) {
  const found = [];
  for (const [key, v] of map) if (allows(key)) found.push([squared(query, v), key]);
  return found.sort((a, b) => a[0] - b[0]).slice(0, k).map(([, key]) => key);
}

/** The share of the k nearest that the index finds for `queries`, and that what it finds is sorted, allowed and never there twice. */
function recall(index, map, queries, { k = 10, ef, filter, allows = () => true, what = '' }) {
  let hits = 0, all = 0;
  const allowed = [...map.keys()].filter(allows).length, options = { ...(ef && { ef }), ...(filter !== undefined && { filter }) };
  for (const query of queries) {
    const right = new Set(nearest(map, query, k, allows)), { keys, distances } = index.search(query, k, options), found = Array.from(keys);
    assert.strictEqual(found.length, Math.min(k, allowed), `${what}: the number of results`);
    assert.strictEqual(new Set(found).size, found.length, `${what}: a key twice`);
    found.forEach((key, i) => {
      assert.ok(map.has(key) && allows(key), `${what}: ${String(key)} is not allowed`);
      assert.ok(Math.abs(distances[i] - squared(query, map.get(key))) <= 1e-4 * (1 + distances[i]), `${what}: the distance of ${String(key)}`);
      assert.ok(i === 0 || distances[i] >= distances[i - 1], `${what}: not sorted`);
      if (right.has(key)) hits++;
    });
    all += right.size;
  }
  return all === 0 ? 1 : hits / all;
}

/**
 * The index holds what the Map does, finds each vector by itself (or `most` of them), and nearly all of the nearest of `count`
 * others.
 */
function agrees(index, map, { ef, what = '', least = 0.99, count = 40, most = Infinity, seed = 1 } = {}) {
  const options = index.M === undefined ? undefined : { ef }, keys = Array.from(index.keys());
  assert.deepStrictEqual([index.size, keys.length, new Set(keys).size], [map.size, map.size, map.size], `${what}: sizes`);
  for (const key of keys) assert.ok(map.has(key), `${what}: ${String(key)} is gone`);
  if (map.size === 0) return;
  const step = Math.max(1, Math.ceil(map.size / most)), all = [...map].filter((_, i) => i % step === 0);
  for (const [key, v] of all) assert.ok(squared(index.get(key), v) === 0, `${what}: the vector of ${String(key)}`);
  const found = index.searchBatch(pack(all.map(([, v]) => v)), 1, options);
  let lost = 0;
  all.forEach(([, v], i) => { if (found.counts[i] !== 1 || squared(v, map.get(found.keys[i]) ?? [NaN]) !== 0) lost++; });
  assert.strictEqual(lost, 0, `${what}: vectors that are not found by themselves`);
  const queries = Array.from({ length: count }, (_, i) => vector(index.dim, seed * 7919 + i)), share = recall(index, map, queries, { ...options, what });
  assert.ok(share >= least, `${what}: recall ${share}`);
}

module.exports = { KEYS, agrees, integers, nearest, recall, squared };
