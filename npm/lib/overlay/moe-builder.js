'use strict';

// Mixtures of experts that grow: MoEAttention.addExpert, MoEAttention.builder.
const inputs = require('../inputs.js');
const { guard } = require('../guard.js');

/** The weights of `from` in `to` where the names are the same; of a gate, whose rows are experts, the first rows. */
function copyWeights(from, to) {
  const all = from.getWeights(), out = to.getWeights(), known = new Map();
  const size = ({ shape }) => shape.reduce((a, b) => a * b, 1);
  let at = 0;
  for (const parameter of from.parameters) known.set(parameter.name, all.subarray(at, (at += size(parameter))));
  at = 0;
  for (const parameter of to.parameters) {
    const own = known.get(parameter.name), room = size(parameter);
    if (own && own.length <= room) out.set(own, at);
    at += room;
  }
  to.setWeights(out);
}

/** A mixture as `self`, whose state is given, with an expert behind the others. */
function withExpert(self, { config }, expert) {
  const { numExperts: _, experts, ...options } = config, made = new self.constructor({ ...options, experts: [...experts, expert] });
  try {
    copyWeights(self, made);
    return made;
  } catch (error) {
    made.close();
    throw error;
  }
}

let isBuilder;
class MoEBuilder {
  #options;
  #experts = [];
  #type;

  constructor(options, type) {
    this.#options = { ...inputs.required(options, ['dim', 'topK', 'expertCapacity', 'balance', 'seed']) };
    this.#type = type;
  }

  /** A name, {class, options} or a mechanism. */
  addExpert(expert) {
    this.#experts.push(expert);
    return this;
  }

  addLocalExpert(localWindow = 32) {
    return this.addExpert({ class: 'LocalGlobalAttention', options: { dim: this.#options.dim, localWindow, globalTokens: 0 } });
  }

  addSparseExpert(localWindow = 32, globalTokens = 8) {
    return this.addExpert({ class: 'LocalGlobalAttention', options: { dim: this.#options.dim, localWindow, globalTokens } });
  }

  addHyperbolicExpert(curvature = -1) {
    return this.addExpert({ class: 'HyperbolicAttention', options: { dim: this.#options.dim, curvature } });
  }

  addLinearExpert(numFeatures = 64) {
    return this.addExpert({ class: 'LinearAttention', options: { dim: this.#options.dim, numFeatures, seed: this.#experts.length } });
  }

  build() {
    return new this.#type({ ...this.#options, experts: this.#experts });
  }

  static {
    isBuilder = (value) => typeof value === 'object' && value !== null && #experts in value;
  }
}
guard(MoEBuilder, isBuilder);

module.exports = { MoEBuilder, withExpert };
