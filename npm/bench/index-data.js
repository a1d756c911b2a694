'use strict';

// What the rows about changes and filters share: indexes of clustered rows, each built once a run and kept in a file, and how
// much of the exact answer a search finds.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { gnn: { BruteForceIndex, HNSWIndex } } = require('./library.js');
const { clusters, DIM, part } = require('./clusters.js');

const K = 10, TURN = 100000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-bench-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

let kept;
/** Data of `count` rows; the last ones that were asked for are kept. */
function dataOf(count) {
  if (kept?.base.rows !== count) {
    kept = undefined;
    kept = clusters(count);
  }
  return kept;
}

const named = (key) => `key-${key}`;

/** An index of rows and keys, built on two threads. */
function build(base, keys, options = {}) {
  const index = new HNSWIndex({ dim: DIM, ...options });
  index.addBatch(options.keys === 'string' ? Array.from(keys, named) : keys, base, { threads: 2 });
  return index;
}

/** An index of `count` rows, loaded from the file that the first call makes; each call gives another one. */
function indexOf(count, options = {}) {
  const file = path.join(folder, `${count}-${options.keys ?? 'number'}.rvi`);
  if (!fs.existsSync(file)) {
    process.stderr.write(`building ${count.toLocaleString('en')} ... `);
    const { base, keys } = dataOf(count), index = build(base, keys, options);
    index.save(file);
    index.close();
  }
  return HNSWIndex.load(file);
}

/** All rows in an exact index. */
function exactOf({ base, keys }) {
  const index = new BruteForceIndex({ dim: DIM });
  for (let start = 0; start < base.rows; start += TURN) {
    const end = Math.min(base.rows, start + TURN);
    index.addBatch(keys.subarray(start, end), part(base, start, end));
  }
  return index;
}

/** The K nearest keys of each query. */
function truthOf(exact, queries, options) {
  const data = new Float32Array(queries.length * DIM);
  queries.forEach((query, q) => data.set(query, q * DIM));
  const { keys, counts, k } = exact.searchBatch({ data, rows: queries.length, dim: DIM }, K, { ...options, threads: 2 });
  return queries.map((_, q) => new Set(keys.slice(q * k, q * k + counts[q])));
}

/** The share of the true neighbours among what `search(query)` gives. */
function recall(search, queries, truth) {
  let hits = 0, all = 0;
  queries.forEach((query, q) => {
    all += truth[q].size;
    for (const key of search(query)) if (truth[q].has(key)) hits++;
  });
  return all === 0 ? 1 : hits / all;
}

module.exports = { build, DIM, K, dataOf, exactOf, folder, indexOf, named, recall, truthOf };
