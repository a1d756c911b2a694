'use strict';

const { fromBuffer, fromBufferAsync, load, loadAsync, view } = require('./files.js');
const { isInstance } = require('../errors.js');
const { Made, openToken, wrongClass } = require('./made.js');
const { VectorIndex, internals } = require('./vector-index.js');

/** Exact nearest neighbours: looks at every vector. */
class BruteForceIndex extends VectorIndex {
  constructor(options) {
    super('brute_force', options);
    if (isInstance(options, Made) && internals.fixed(this).kind !== 'brute_force') throw wrongClass(this, options, 'a BruteForceIndex', 'an HNSWIndex');
  }

  static load(path) { return load(BruteForceIndex, path); }

  static loadAsync(path, options) { return loadAsync(BruteForceIndex, path, options); }

  static view(path, options) { return view(BruteForceIndex, path, options); }

  static fromBuffer(bytes) { return fromBuffer(BruteForceIndex, bytes); }

  static fromBufferAsync(bytes, options) { return fromBufferAsync(BruteForceIndex, bytes, options); }

  static open(token) { return openToken(BruteForceIndex, token); }

  stats() {
    const { size, removed, bytes, bytesPerVector, evaluations } = internals.info(this);
    return { size, removed, bytes, bytesPerVector, evaluations };
  }
}

module.exports = { BruteForceIndex };
