'use strict';

// The experts that @ruvector/attention knows by name.
const inputs = require('../inputs.js');
const { isList, mismatch, unexpected } = require('../errors.js');

/**
 * Experts by name; the `round`-th of a name differs from those before it, so that a mixture of eight has no two alike. The
 * one place that says which class a name stands for.
 */
const BY_NAME = {
  local: (dim, round) => ({ class: 'LocalGlobalAttention', options: { dim, localWindow: 32 * 2 ** Math.min(round, 25), globalTokens: 8 } }),
  hierarchical: (dim, round) => ({ class: 'HyperbolicAttention', options: { dim, curvature: -(2 ** round) } }),
  global: (dim, round) => ({ class: 'ScaledDotProductAttention', options: { dim, temperature: 2 ** round } }),
  structural: (dim, round) => ({ class: 'EdgeFeaturedAttention', options: { nodeDim: dim, edgeDim: 4, seed: round } }),
};
const NAMES = Object.keys(BY_NAME);
/** Those of a mixture that is not told, and those whose outputs are averages of any values from the first call on. */
const STANDARD = ['local', 'hierarchical', 'global', 'structural'], AVERAGING = ['global', 'local'];
const MOST = 64;

/** `count` experts by name, the names in turn. */
function expertsByName(count, names = STANDARD) {
  if (!(Number.isInteger(inputs.number(count, 'numExperts')) && count >= 1 && count <= MOST)) {
    throw unexpected('ERR_INVALID_CONFIG', `an integer in 1...${MOST}`, 'numExperts', count);
  }
  return Array.from({ length: count }, (_, i) => names[i % names.length]);
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

module.exports = { AVERAGING, BY_NAME, MOST, NAMES, expertsByName, prepareExperts, prepareMixture };
