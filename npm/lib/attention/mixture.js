'use strict';

// Mechanisms that choose among experts: what they have besides the methods of all.
const native = require('../native.js');
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { Attention, stateOf } = require('./attention.js');
const { points } = require('./arguments.js');
const { expertsByName } = require('./experts.js');
const { isList, mismatch } = require('../errors.js');
const { nameOf } = require('../known.js');

/** The state of `self`, whose class must extend `base`. */
function stateAs(self, base) {
  const state = stateOf(self), type = state.row.base?.();
  if (type !== base && !(type?.prototype instanceof base)) throw mismatch('ERR_WRONG_HANDLE', 'a mechanism that has this method', 'this', nameOf(self));
  return state;
}

/** Runs an operation on queries alone, with `room(m)` floats of output. */
function runOnQueries(self, operation, queries, room) {
  const handle = Handle.of(self, Attention, 'this'), { config } = stateOf(self);
  const { data, rows, dim } = points(queries, 'queries', config.dim);
  const out = inputs.allocate(room(rows), 'result');
  native.run(handle, operation, [data, out], Float64Array.of(rows, dim, -1, -1), 1, undefined);
  return { out, rows };
}

/** MoEAttention and LearnedRoutingAttention: who answers which query. */
class Mixture extends Attention {
  getRouting(queries) {
    const { row, config } = stateAs(this, Mixture), k = row.choices(config);
    const { out, rows } = runOnQueries(this, 'routing', queries, (m) => 2 * m * k);
    const experts = new Int32Array(rows * k), probabilities = new Float32Array(rows * k);
    for (let i = 0; i < rows; i++) {
      experts.set(out.subarray(2 * i * k, (2 * i + 1) * k), i * k);
      probabilities.set(out.subarray((2 * i + 1) * k, (2 * i + 2) * k), i * k);
    }
    return { experts, probabilities, queries: rows, k };
  }

  getExpertUsage(queries) {
    const { numExperts } = stateAs(this, Mixture).config;
    const { out } = runOnQueries(this, 'usage', queries, () => 2 * numExperts + 1);
    return { shares: out.slice(0, numExperts), probabilities: out.slice(numExperts, 2 * numExperts), balanceLoss: out[2 * numExperts] };
  }
}

/** DynamicHeadsAttention: how far each head is open. */
class GatedHeads extends Attention {
  getGates(queries) {
    const { numHeads } = stateAs(this, GatedHeads).config, { out, rows } = runOnQueries(this, 'gates', queries, (m) => m * numHeads);
    return { data: out, rows, dim: numHeads };
  }
}

/** MoEAttention. */
class MixtureOfExperts extends Mixture {
  /** As in @ruvector/attention; the same weights each time. */
  static simple(dim, numExperts, topK) {
    return new this(dim, numExperts, topK);
  }
}

/** Experts by name where there are none, and how many there are. */
function prepareExperts(config) {
  if (config.experts === undefined) config.experts = expertsByName(config.numExperts ?? 4);
  const count = isList(config.experts) ? inputs.lengthOfList(config.experts, 'experts') : 0;
  if (config.numExperts !== undefined && isList(config.experts) && config.numExperts !== count) {
    throw mismatch('ERR_INVALID_CONFIG', `${count}, the number of experts,`, 'numExperts', config.numExperts);
  }
  config.numExperts = count;
}

function prepareMixture(config) {
  prepareExperts(config);
  config.topK ??= Math.min(2, Math.max(1, config.numExperts));
}

module.exports = { GatedHeads, Mixture, MixtureOfExperts, prepareExperts, prepareMixture };
