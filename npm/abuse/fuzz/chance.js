'use strict';
// Random choices that depend on a seed only.
const { random } = require('../../test/support/index.js');

class Chance {
  #next;

  constructor(seed) {
    const next = random(seed);
    this.#next = () => (next() + 1) / 2;
  }

  /** A number in [0, 1). */
  unit() { return this.#next(); }
  /** An integer in 0..<n. */
  below(n) { return Math.floor(this.#next() * n); }
  /** True with probability p. */
  of(p) { return this.#next() < p; }
  pick(list) { return list[this.below(list.length)]; }
}

module.exports = { Chance };
