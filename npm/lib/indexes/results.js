'use strict';

// Memory for results of single searches: many short views of one buffer cost a tenth of as many buffers.
const native = require('../native.js');
const inputs = require('../inputs.js');

const SLAB = 16384;

class Results {
  #slab = new ArrayBuffer(0);
  #used = 0;

  /** Float64Array or BigInt64Array for k keys, and Float32Array for k distances, nobody else's. */
  take(Type, k) {
    const bytes = (12 * k + 7) & ~7;
    if (bytes > SLAB / 8) return { keys: inputs.allocate(k, 'results', Type), distances: inputs.allocate(k, 'results') };
    if (this.#used + bytes > this.#slab.byteLength) {
      this.#slab = new ArrayBuffer(SLAB);
      native.keepInPlace(this.#slab); // whoever transferred one result would take all others along
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += bytes;
    return { keys: new Type(this.#slab, at, k), distances: new Float32Array(this.#slab, at + 8 * k, k) };
  }
}

/** The results of a batch; where a query has fewer than k, the rest is infinitely far. */
function padded({ distances, counts, rows, k }, keys) {
  for (let i = 0; i < rows; i++) if (counts[i] < k) distances.fill(Infinity, i * k + counts[i], (i + 1) * k);
  return { keys, distances, counts, k };
}

module.exports = { Results, padded };
