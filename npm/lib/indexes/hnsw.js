'use strict';

const native = require('../native.js');
const inputs = require('../inputs.js');
const { fromBuffer, fromBufferAsync, load, loadAsync, view } = require('./files.js');
const { Made, openToken, wrongClass } = require('./made.js');
const { isInstance } = require('../errors.js');
const { INDEXES } = require('../generated/indexes.js');
const { MOST, VectorIndex, candidates, check, defineOptions, internals } = require('./vector-index.js');

const { consistently, figure, fixed, handle, info, keysOf, placeOf } = internals;

/** [distance, highest common level, links between] of two vectors. */
function pair(index, a, b) {
  const out = new Float64Array(3);
  consistently(() => native.indexPair(handle(index), placeOf(index, a, 'a'), placeOf(index, b, 'b'), out));
  return out;
}

/** Approximate nearest neighbours by a hierarchical navigable small world graph. */
class HNSWIndex extends VectorIndex {
  constructor(options) {
    super('hnsw', options);
    if (isInstance(options, Made) && fixed(this).kind !== 'hnsw') throw wrongClass(this, options, 'an HNSWIndex', 'a BruteForceIndex');
  }

  static load(path) { return load(HNSWIndex, path); }

  static loadAsync(path, options) { return loadAsync(HNSWIndex, path, options); }

  static view(path, options) { return view(HNSWIndex, path, options); }

  static fromBuffer(bytes) { return fromBuffer(HNSWIndex, bytes); }

  static fromBufferAsync(bytes, options) { return fromBufferAsync(HNSWIndex, bytes, options); }

  static open(token) { return openToken(HNSWIndex, token); }

  // ---- Settings

  get ef() { return figure(this, 'ef'); }

  set ef(value) {
    const ef = candidates(value);
    native.indexSetEf(handle(this), ef);
  }

  // ---- The graph

  get maxLevel() { return figure(this, 'maxLevel'); }

  nodeLevel(key) {
    return consistently(() => native.indexLevel(handle(this), placeOf(this, key)));
  }

  neighbors(key, level = 0) {
    const index = handle(this), at = inputs.count(level, 'level'), places = new Uint32Array(2 * fixed(this).M);
    return consistently(() => keysOf(this, places.subarray(0, native.indexNeighbors(index, placeOf(this, key), at, places))));
  }

  commonLayer(a, b) {
    return pair(this, a, b)[1];
  }

  shortestPathDistance(a, b) {
    const steps = pair(this, a, b)[2];
    return steps < 0 ? null : steps;
  }

  searchLayer(query, k, level, ef) {
    const index = handle(this), q = inputs.vector(query, 'query'), n = Math.min(inputs.count(k, 'k'), figure(this, 'places'));
    const places = new Uint32Array(n), distances = new Float32Array(n);
    const at = inputs.count(level, 'level'), most = ef === undefined ? this.ef : Math.min(inputs.count(ef, 'ef'), MOST);
    return consistently(() => {
      const found = native.indexSearchLayer(index, q, n, at, most, places, distances);
      return { keys: keysOf(this, places.subarray(0, found)), distances: distances.subarray(0, found) };
    });
  }

  toCSR(level = 0) {
    const index = handle(this), at = inputs.count(level, 'level'), counts = new Float64Array(2);
    let places = new Uint32Array(0), offsets = new Uint32Array(1), indices = new Uint32Array(0);
    return consistently(() => {
      for (;;) {
        native.indexCsr(index, at, counts, places, offsets, indices);
        const [rows, links] = counts;
        if (rows <= places.length && links <= indices.length) {
          return { offsets: offsets.subarray(0, rows + 1), indices: indices.subarray(0, links), keys: keysOf(this, places.subarray(0, rows)) };
        }
        [places, offsets, indices] = [new Uint32Array(rows), new Uint32Array(rows + 1), new Uint32Array(links)];
      }
    });
  }

  stats() {
    const { size, removed, bytes, bytesPerVector, evaluations, maxLevel } = info(this);
    const levels = new Uint32Array(32), degrees = new Uint32Array(2 * fixed(this).M + 1);
    native.indexStatistics(handle(this), levels, degrees);
    return { size, removed, bytes, bytesPerVector, evaluations, levels: Array.from(levels.subarray(0, maxLevel + 1)), degrees: Array.from(degrees) };
  }
}

/** What is not as it was made, or not with all its digits. */
const OTHERS = ['ef', 'seed'];
defineOptions(HNSWIndex, 'hnsw', Object.keys(INDEXES.hnsw).filter((name) => !(name in INDEXES.brute_force) && !OTHERS.includes(name)));

/** Throws what `new HNSWIndex(options)` would, and adding rows {data, rows, dim} to it; makes no index. */
const checkIndex = (options, matrix) => check('hnsw', options, matrix);

module.exports = { HNSWIndex, checkIndex };
