'use strict';

// Mechanisms that choose among experts: what they have besides the methods of all.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Attention } = require('../attention/attention.js');
const { points } = require('../attention/arguments.js');
const { handleOf, stateOf } = require('../members/member.js');
const { mismatch } = require('../errors.js');
const { nameOf } = require('../known.js');

/** The state of `self`, whose row must have this base. */
function stateAs(self, base) {
  const state = stateOf(self);
  if (state.row.base !== base) throw mismatch('ERR_WRONG_HANDLE', 'a mechanism that has this method', 'this', nameOf(self));
  return state;
}

/** Runs an operation on queries alone, with `room(m)` floats of output. */
function runOnQueries(self, operation, queries, room) {
  const handle = handleOf(self), { config } = stateOf(self);
  const { data, rows, dim } = points(queries, 'queries', config.dim);
  const out = inputs.allocate(room(rows), 'result');
  native.run(handle, operation, [data, out], Float64Array.of(rows, dim, -1, -1), 1, undefined);
  return { out, rows };
}

/** MoEAttention and LearnedRoutingAttention: who answers which query. */
class Mixture extends Attention {
  getRouting(queries) {
    const { row, config } = stateAs(this, 'mixture'), k = row.choices(config);
    const { out, rows } = runOnQueries(this, 'routing', queries, (m) => 2 * m * k);
    const experts = new Int32Array(rows * k), probabilities = new Float32Array(rows * k);
    for (let i = 0; i < rows; i++) {
      experts.set(out.subarray(2 * i * k, (2 * i + 1) * k), i * k);
      probabilities.set(out.subarray((2 * i + 1) * k, (2 * i + 2) * k), i * k);
    }
    return { experts, probabilities, queries: rows, k };
  }

  getExpertUsage(queries) {
    const { numExperts } = stateAs(this, 'mixture').config;
    const { out } = runOnQueries(this, 'usage', queries, () => 2 * numExperts + 1);
    return { shares: out.slice(0, numExperts), probabilities: out.slice(numExperts, 2 * numExperts), balanceLoss: out[2 * numExperts] };
  }
}

/** DynamicHeadsAttention: how far each head is open. */
class GatedHeads extends Attention {
  getGates(queries) {
    const { numHeads } = stateAs(this, 'gated').config, { out, rows } = runOnQueries(this, 'gates', queries, (m) => m * numHeads);
    return { data: out, rows, dim: numHeads };
  }
}

module.exports = { GatedHeads, Mixture };
