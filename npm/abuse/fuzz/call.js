'use strict';
// One call of the fuzz: what its arguments share (width, number of rows, buffers), how bad they are.
const { stateOf } = require('../../lib/members/member.js');

const DIMS = [1, 2, 3, 4, 4, 4, 4, 8, 8, 8, 12, 16, 17, 64, 130];

class Call {
  /** Buffers made for the arguments: what `interfere` detaches, resizes or spoils. */
  buffers = [];
  /** Whether other threads write into an argument: its values are anybody's guess. */
  raced = false;
  /** Keys of attention, and the width of their values. */
  keyCount = 0;
  valueDim = 0;
  /** The mechanism called: its row of npm/lib/overlay/attention.js, its options, its parameters. */
  mechanismRow = undefined;
  config = undefined;
  parameterCount = 0;
  /** What a method is called on. */
  self = undefined;
  /** The index called and the kind of its keys. */
  index = undefined;
  keyKind = undefined;
  #badness;
  #chain;

  constructor(chance, world) {
    this.chance = chance;
    this.world = world;
    this.dim = chance.of(0.01) ? 0 : chance.pick(DIMS);
    this.rows = chance.of(0.01) ? 513 + chance.below(600) : chance.below(12);
    this.keyCount = chance.below(9);
    this.valueDim = chance.of(0.7) ? this.dim : chance.pick(DIMS);
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

  /** The same for an index. */
  fitIndex(index) {
    this.index = index;
    this.dim = index.dim;
    this.keyKind = index.keyKind;
  }

  /** The same for a mechanism of attention. */
  fitMechanism(self, row) {
    this.mechanismRow = row;
    this.config = Object.fromEntries([...row.options.keys()].map((name) => [name, self[name]]));
    this.width = self.closed ? undefined : stateOf(self).sizes.width;
    this.parameterCount = self.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    this.dim = self.dim;
    if (this.valueDim !== this.dim && this.chance.of(0.6)) this.valueDim = this.dim;
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

  /** Under what other names a success counts: that of the mechanism's class instead of `Attention`. */
  also(name) {
    return this.mechanismRow ? [name.replace(':Attention#', `:${this.mechanismRow.class}#`)].filter((other) => other !== name) : [];
  }

  /** What a getter of the caller's does in the middle of a call; seldom enough that calls get somewhere. */
  interfere() {
    if (this.chance.of(0.4)) return this.world.interfere(this.buffers);
    return undefined;
  }
}

module.exports = { Call };
