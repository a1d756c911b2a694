'use strict';

// The experts of a mechanism that is made of others: names, {class, options} or objects -> native handles, and back.
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { stateOf } = require('../members/member.js');
const { BY_NAME, MOST, NAMES } = require('../overlay/expert-names.js');
const { Attention } = require('./attention.js');
const { isList, mismatch, unexpected, within } = require('../errors.js');

const MOST_IN_ALL = 1024, DEEPEST = 8;
let depth = 0;

/** Class -> constructor: filled where the classes are made, some of which have experts. */
/** @type {Record<string, any>} */
const CLASSES = {};

/** Mechanisms that a description makes, those inside it counted. */
const sizeOf = ({ options: { experts = [] } }) => 1 + experts.reduce((sum, expert) => sum + sizeOf(expert), 0);

const isObject = (value) => typeof value === 'object' && value !== null && !isList(value);

/** {handle, description, close} of one expert. */
function readExpert(given, name, dim, round) {
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
  if (Object.keys(rest).length > 0 || typeof type !== 'string' || !Object.hasOwn(CLASSES, type)) {
    throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(CLASSES).join(', ')}`, `${name}.class`, type);
  }
  if (!isObject(options)) throw unexpected('ERR_INVALID_ARG', 'an object', `${name}.options`, options);
  let made;
  try {
    made = new CLASSES[type](options);
  } catch (error) {
    throw typeof given === 'string' ? error : within(error, `${name}.options`);
  }
  return { handle: Handle.of(made, Attention, name), description: describe(stateOf(made)), close: () => made.close() };
}

/** What makes a mechanism again, but for its weights. */
const describe = ({ row, config }) =>
  Object.freeze({ class: row.class, options: Object.freeze(Object.fromEntries([...row.options.keys()].map((name) => [name, config[name]]))) });

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

/** What an expert's calls take besides, by the fields that are there. */
function extrasOf({ class: name, options: { experts = [] } }, rows) {
  const own = Object.entries(rows[name]).filter(([key]) => ['context', 'keyOnly', 'features', 'edges'].includes(key));
  return Object.assign(Object.fromEntries(own), ...experts.map((expert) => extrasOf(expert, rows)));
}

/** {handle, extras} of a mechanism that `make(handles)` makes of its experts; the options get their descriptions. */
function makeOfExperts(rows, config, make) {
  const { result: handle, descriptions } = withExperts(config.experts, config.dim, make);
  config.experts = descriptions;
  return { handle, extras: Object.assign({}, ...descriptions.map((expert) => extrasOf(expert, rows))) };
}

/** {handle} of a member that is made of one mechanism, its option `attention`, as wide as `hiddenDim`. */
function makeOfAttention(config, make) {
  const given = config.attention, one = isList(given) ? given[0] : given;
  if (one === undefined) throw mismatch('ERR_INVALID_CONFIG', '1 mechanism', 'attention', 'nothing');
  if (isList(given) && given.length !== 1) throw mismatch('ERR_INVALID_CONFIG', '1 mechanism', 'attention', given.length);
  const { handle, description, close } = readExpert(one, 'attention', config.hiddenDim, 0);
  try {
    const made = make([handle]);
    config.attention = description;
    return { handle: made };
  } finally {
    close();
  }
}

module.exports = { CLASSES, makeOfAttention, makeOfExperts };
