'use strict';

const inputs = require('./inputs.js');

/** The most floats kept between calls. */
const KEEP = 2 ** 22;

/** Memory that the calls of this thread pack matrices into, kept from call to call while it is modest. */
class Staging {
  #memory = new Float32Array(0);
  #used = 0;

  /** `count` floats of the call's own. */
  take(count, name) {
    if (this.#memory.length - this.#used < count) {
      this.#memory = inputs.allocate(Math.max(count, Math.min(2 * this.#memory.length, KEEP)), name);
      this.#used = 0; // what was taken before keeps its memory alive
    }
    return this.#memory.subarray(this.#used, (this.#used += count));
  }

  /** Makes all of it free again. */
  clear() {
    if (this.#memory.length > KEEP) this.#memory = new Float32Array(0);
    this.#used = 0;
  }
}

let idle = new Staging();

/** Calls `body` with memory; a call inside a call (from a caller's getter) has its own. */
function withStaging(body) {
  const staging = idle ?? new Staging();
  idle = undefined;
  try {
    return body(staging);
  } finally {
    staging.clear();
    idle = staging;
  }
}

module.exports = { withStaging };
