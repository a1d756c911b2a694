'use strict';

// The experts of a mechanism that is made of others: names, {class, options} or objects -> native handles, and back.
const { Handle } = require('../handle.js');
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
const MOST = 64, MOST_IN_ALL = 1024, DEEPEST = 8;
let depth = 0;

/** Mechanisms that a description makes, those inside it counted. */
const sizeOf = ({ options: { experts = [] } }) => 1 + experts.reduce((sum, expert) => sum + sizeOf(expert), 0);

/** `count` experts by name, the names in turn. */
function expertsByName(count, names = STANDARD) {
  if (!(Number.isInteger(inputs.number(count, 'numExperts')) && count >= 1 && count <= MOST)) {
    throw unexpected('ERR_INVALID_CONFIG', `an integer in 1...${MOST}`, 'numExperts', count);
  }
  return Array.from({ length: count }, (_, i) => names[i % names.length]);
}

const isObject = (value) => typeof value === 'object' && value !== null && !isList(value);

/** {handle, description, close} of one expert. */
function readExpert(given, name, dim, round) {
  const classes = require('./classes.js'), { Attention, stateOf } = require('./attention.js');
  if (Handle.is(given, Attention)) return { handle: Handle.of(given, Attention, name), description: describe(stateOf(given)), close() {} };
  if (Handle.looksLike(given)) Handle.check(given, Attention, name);
  let description = given;
  if (typeof given === 'string') {
    if (!Object.hasOwn(BY_NAME, given)) throw unexpected('ERR_INVALID_CONFIG', `one of ${NAMES.join(', ')}`, name, given);
    description = BY_NAME[given](dim, round);
  } else if (!isObject(given)) {
    throw unexpected('ERR_INVALID_ARG', 'a name, a mechanism or {class, options}', name, given);
  }
  const { class: type, options, ...rest } = inputs.options(description, ['class', 'options'], name);
  if (Object.keys(rest).length > 0 || typeof type !== 'string' || !Object.hasOwn(classes, type)) {
    throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(classes).join(', ')}`, `${name}.class`, type);
  }
  if (!isObject(options)) throw unexpected('ERR_INVALID_ARG', 'an object', `${name}.options`, options);
  const made = new classes[type](options);
  return { handle: Handle.of(made, Attention, name), description: describe(stateOf(made)), close: () => made.close() };
}

/** What makes a mechanism again, but for its weights. */
const describe = ({ row, config }) =>
  Object.freeze({ class: row.name, options: Object.freeze(Object.fromEntries(row.options.map((name) => [name, config[name]]))) });

/** Calls `body(handles)` with the experts of `list`, of which the native side makes copies; returns {result, descriptions}. */
function withExperts(list, dim, body) {
  if (!isList(list)) throw unexpected('ERR_INVALID_ARG', 'an array of experts', 'experts', list);
  const count = inputs.lengthOfList(list, 'experts');
  if (count < 1 || count > MOST) throw mismatch('ERR_INVALID_CONFIG', `1...${MOST} mechanisms`, 'experts', count);
  if (depth >= DEEPEST) throw mismatch('ERR_INVALID_CONFIG', `at most ${DEEPEST} levels of mechanisms`, 'experts', 'more');
  const rounds = {}, read = [];
  let inAll = 0;
  depth++;
  try {
    for (let i = 0; i < count; i++) {
      const given = list[i], round = typeof given === 'string' ? rounds[given] ?? 0 : 0;
      if (typeof given === 'string') rounds[given] = round + 1;
      read.push(readExpert(given, `experts[${i}]`, dim, round));
      inAll += sizeOf(read[i].description);
      if (inAll > MOST_IN_ALL) throw mismatch('ERR_INVALID_CONFIG', `at most ${MOST_IN_ALL} mechanisms in all`, 'experts', 'more');
    }
    return { result: body(read.map(({ handle }) => handle)), descriptions: Object.freeze(read.map(({ description }) => description)) };
  } finally {
    depth--;
    for (const { close } of read) close();
  }
}

module.exports = { AVERAGING, NAMES, expertsByName, withExperts };
