'use strict';

// The index of a store: an HNSWIndex whose keys are those of the table.
const { HNSWIndex, checkIndex } = require('../indexes/hnsw.js');

const createIndex = (options) => new HNSWIndex({ ...options, keys: 'number' });

/** Throws what `createIndex` would. */
const checkOptions = (options) => checkIndex({ ...options, keys: 'number' });

/** Metrics that cannot hold every finite vector. */
const BOUNDED = ['l2', 'ip', 'lorentz'];

/** What the index would refuse is refused before it is in the table. */
function checkVectors({ dim, metric, curvature }, data) {
  if (BOUNDED.includes(metric) && data.length > 0) checkIndex({ dim, metric, curvature }, { data, rows: data.length / dim, dim });
}

/** Keys that a search may return, as the index takes them fastest: a bitmap, unless there are few of many. */
function allowed(keys) {
  const last = keys.reduce((a, b) => Math.max(a, b), 0);
  if (last > 64 * keys.length) return keys;
  const bits = new Uint8Array((last >> 3) + 1);
  for (const key of keys) bits[key >> 3] |= 1 << (key & 7);
  return bits;
}

module.exports = { allowed, checkOptions, checkVectors, createIndex };
