'use strict';

// The optimizers of a Trainer: {type, …options, groups: [{parameters, …options}]} -> a native optimizer a group.
const inputs = require('../inputs.js');
const { Handle } = require('../handle.js');
const { oneOf } = require('../closest.js');
const classes = require('../members/classes.js');
const { MEMBERS } = require('../members/rows.js');
const { optionOf, snake } = require('../snake.js');
const { isInstance, isList, mismatch, unexpected } = require('../errors.js');

const OPTIMIZERS = MEMBERS.filter(({ family }) => family === 'optimizer');
/** In the place of a group: parameters that stay as they are. */
const FROZEN = 0xffffffff;

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** A pattern without memory: with the flags g and y the caller's own would go on from its last match, in the next name. */
function patternOf({ source, flags }) {
  return flags.includes('y') ? new RegExp(`^(?:${source})`, flags.replace(/[gy]/g, '')) : new RegExp(source, flags.replace('g', ''));
}

/**
 * Whether a parameter belongs to a group: by names, beginnings of names, or a pattern. Each of them must have one among the
 * `parameters`: a word that is misspelt would do nothing.
 */
function matcher(value, name, parameters) {
  if (isList(value)) {
    const all = value.map((one, i) => matcher(one, `${name}[${i}]`, parameters));
    return (parameter) => all.some((one) => one(parameter));
  }
  let matches;
  if (typeof value === 'string') matches = (parameter) => parameter === value || parameter.startsWith(`${value}.`);
  else if (isInstance(value, RegExp)) {
    const pattern = patternOf(value);
    matches = (parameter) => pattern.test(parameter);
  } else throw unexpected('ERR_INVALID_ARG', 'a name, a RegExp or an array of them', name, value);
  if (!parameters.some((one) => matches(one.name))) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', name, 'a name of none');
  return matches;
}

/** Whether a value is an object of options, of whosoever's class: no list, no member, no Date. */
function isOptions(value) {
  try {
    return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]' && !Handle.looksLike(value);
  } catch {
    return false; // a revoked Proxy
  }
}

function memberOf(type, name) {
  const names = OPTIMIZERS.map((one) => one.name), found = OPTIMIZERS.find((one) => one.name === type);
  if (!found) throw unexpected('ERR_INVALID_CONFIG', typeof type === 'string' ? oneOf(names, type) : 'a string', name, type);
  return found;
}

/** Options of an optimizer, inherited ones too, without its size, which the trainer knows; `more`: what else may stand there. */
function optionsOf(given, { options }, more, name) {
  const names = options.map(([one]) => one).filter((one) => one !== 'size');
  inputs.options(given, [...more, ...names], name, [...names.map(snake), 'size']);
  return Object.fromEntries(names.map((one) => [one, optionOf(given, one)]).filter(([, value]) => value !== undefined));
}

/** {optimizers, groups}: an open optimizer a group, and of each parameter its group. */
function groupsOf(given, parameters) {
  const config = typeof given === 'string' ? { type: given } : given;
  if (typeof config !== 'object' || config === null) throw unexpected('ERR_INVALID_ARG', "a name or {type: 'adam', …}", 'optimizer', given);
  if (!isOptions(config)) throw unexpected('ERR_INVALID_ARG', 'the options of an optimizer', 'optimizer', config);
  const { type = 'adam', groups: others = [], frozen } = config, member = memberOf(type, 'optimizer.type');
  const common = optionsOf(config, member, ['type', 'groups', 'frozen'], 'optimizer');
  if (!isList(others)) throw unexpected('ERR_INVALID_ARG', 'an array', 'optimizer.groups', others);
  const rest = others.map((group, i) => {
    const name = `optimizer.groups[${i}]`;
    if (!isOptions(group)) throw unexpected('ERR_INVALID_ARG', 'an object', name, group);
    const its = group.type === undefined ? member : memberOf(group.type, `${name}.type`);
    return { matches: matcher(group.parameters, `${name}.parameters`, parameters), options: { ...common, ...optionsOf(group, its, ['parameters', 'type'], name) }, member: its };
  });
  const isFrozen = frozen === undefined ? () => false : matcher(frozen, 'optimizer.frozen', parameters);
  const all = [...rest, { matches: () => true, options: common, member }], sizes = all.map(() => 0);
  const place = parameters.map(({ name, shape }) => {
    if (isFrozen(name)) return FROZEN;
    const group = all.findIndex(({ matches }) => matches(name));
    sizes[group] += product(shape);
    return group;
  });
  const used = all.map((_, i) => i).filter((i) => sizes[i] > 0), made = [];
  try {
    // Those that no parameter has, too: their options may be wrong.
    for (const [i, one] of all.entries()) made.push(new classes[one.member.type]({ ...one.options, size: Math.max(sizes[i], 1) }));
    rest.forEach((_, i) => { if (sizes[i] === 0) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', `optimizer.groups[${i}].parameters`, 'a name of none'); });
    if (used.length === 0) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', 'optimizer', 'none to train');
  } catch (error) {
    for (const one of made) one.close();
    throw error;
  }
  for (const [i, one] of made.entries()) if (sizes[i] === 0) one.close();
  return { optimizers: used.map((i) => made[i]), groups: Uint32Array.from(place, (group) => (group === FROZEN ? FROZEN : used.indexOf(group))) };
}

module.exports = { groupsOf };
