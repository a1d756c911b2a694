'use strict';
// One call of the fuzz: what its arguments share (width, number of rows, buffers), how bad they are.

const DIMS = [1, 2, 3, 4, 4, 4, 4, 8, 8, 8, 12, 16, 17, 64, 130];

class Call {
  /** Buffers made for the arguments: what `interfere` detaches, resizes or spoils. */
  buffers = [];
  /** Whether other threads write into an argument: its values are anybody's guess. */
  raced = false;
  #badness;
  #chain;

  constructor(chance, world) {
    this.chance = chance;
    this.world = world;
    this.dim = chance.of(0.01) ? 0 : chance.pick(DIMS);
    this.rows = chance.of(0.01) ? 513 + chance.below(600) : chance.below(12);
    this.#badness = chance.pick([0, 0, 0.1, 0.2, 0.4]); // most calls are good in most arguments, or nothing is ever reached
  }

  /** Whether the next value should be a bad one. */
  bad() {
    return this.chance.of(this.#badness);
  }

  /** Makes the following arguments fit `layer`; of a very wide one only a few rows. */
  fit(layer) {
    this.dim = layer.inputDim;
    this.layer = layer;
    if (this.dim > 1000) this.rows %= 3;
  }

  /** Layers of the world that fit each other, the first as wide as the query; the same for all arguments. */
  chain() {
    if (this.#chain) return this.#chain;
    this.#chain = [];
    for (let dim = this.dim, left = this.chance.below(4); left > 0; left--) {
      const next = this.world.layers.filter((layer) => layer.inputDim === dim);
      if (next.length === 0) break;
      this.#chain.push(this.chance.pick(next));
      dim = this.#chain.at(-1).hiddenDim;
    }
    return this.#chain;
  }

  /** What a getter of the caller's does in the middle of a call; seldom enough that calls get somewhere. */
  interfere() {
    if (this.chance.of(0.4)) return this.world.interfere(this.buffers);
    return undefined;
  }
}

module.exports = { Call };
