'use strict';

// The points of named nodes in the Poincaré ball, and what lies near them.
const inputs = require('../inputs.js');
const { dist } = /** @type {any} */ (require('../geometry.js'));
const { BruteForceIndex } = require('../indexes/brute-force.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');

class Points {
  #names;
  #numbers;
  #points;
  #size;
  #exact;

  constructor({ names, numbers, points }, size) {
    [this.#names, this.#numbers, this.#points, this.#size] = [names, numbers, points, size];
  }

  has(name) {
    return this.#numbers.has(name);
  }

  number(name, what = 'name') {
    const number = this.#numbers.get(name);
    if (number === undefined) throw unexpected('ERR_NOT_FOUND', 'the name of a node', what, name);
    return number;
  }

  vector(name) {
    const i = this.number(name);
    return this.#points.slice(i * this.#size, (i + 1) * this.#size);
  }

  all() {
    return { data: this.#points.slice(), rows: this.#names.length, dim: this.#size };
  }

  /** A node's point, or a point given as a vector. */
  #point(where, name = 'query') {
    if (typeof where === 'string') return this.vector(where);
    const vector = inputs.ownVector(where, name);
    if (lengthOf(vector) !== this.#size) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.#size} elements`, name, lengthOf(vector));
    return vector;
  }

  distance(a, b) {
    return dist(Float64Array.from(this.#point(a, 'a')), Float64Array.from(this.#point(b, 'b')));
  }

  /** The nodes nearest to a node or a point: those for which `keep(norm, norm of the query)` holds, k of them. */
  near(where, k, keep) {
    const query = this.#point(where), wanted = inputs.count(k, 'k'), own = Math.hypot(...query), itself = typeof where === 'string' ? this.number(where) : -1, found = [];
    this.#exact ??= this.indexOf(BruteForceIndex, {});
    for (let asked = wanted + 1; ; asked *= 4) {
      const { keys, distances } = this.#exact.search(query, Math.min(asked, this.#names.length));
      found.length = 0;
      keys.forEach((name, rank) => {
        const i = this.#numbers.get(name);
        if (i !== itself && found.length < wanted && keep(Math.hypot(...this.#points.subarray(i * this.#size, (i + 1) * this.#size)), own)) found.push({ name, distance: distances[rank] });
      });
      if (found.length === wanted || asked >= this.#names.length) return found;
    }
  }

  /** An index of all points by name. */
  indexOf(Index, options) {
    const index = new Index({ ...options, dim: this.#size, metric: 'poincare', curvature: -1, keys: 'string' });
    try {
      index.addBatch(this.#names, { data: this.#points, rows: this.#names.length, dim: this.#size });
      return index;
    } catch (error) {
      index.close();
      throw error;
    }
  }

  close() {
    this.#exact?.close();
  }
}

module.exports = { Points };
