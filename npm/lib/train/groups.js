'use strict';

// The optimizers of a Trainer: {type, …options, groups: [{parameters, …options}]} -> a native optimizer a group.
const inputs = require('../inputs.js');
const { oneOf } = require('../closest.js');
const classes = require('../members/classes.js');
const { MEMBERS } = require('../members/rows.js');
const { isList, mismatch, unexpected } = require('../errors.js');

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
  else if (value instanceof RegExp) {
    const pattern = patternOf(value);
    matches = (parameter) => pattern.test(parameter);
  } else throw unexpected('ERR_INVALID_ARG', 'a name, a RegExp or an array of them', name, value);
  if (!parameters.some((one) => matches(one.name))) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', name, 'a name of none');
  return matches;
}

/** {optimizers, groups}: an open optimizer a group, and of each parameter its group. */
function groupsOf(given, parameters) {
  const config = typeof given === 'string' ? { type: given } : given;
  if (typeof config !== 'object' || config === null) throw unexpected('ERR_INVALID_ARG', "a name or {type: 'adam', …}", 'optimizer', given);
  const { type = 'adam', groups: others = [], frozen, ...common } = config, names = OPTIMIZERS.map(({ name }) => name);
  const member = OPTIMIZERS.find(({ name }) => name === type);
  if (!member) throw unexpected('ERR_INVALID_CONFIG', typeof type === 'string' ? oneOf(names, type) : 'a string', 'optimizer.type', type);
  if (!isList(others)) throw unexpected('ERR_INVALID_ARG', 'an array', 'optimizer.groups', others);
  const rest = others.map((group, i) => {
    if (typeof group !== 'object' || group === null) throw unexpected('ERR_INVALID_ARG', 'an object', `optimizer.groups[${i}]`, group);
    const { parameters: which, ...options } = group;
    return { matches: matcher(which, `optimizer.groups[${i}].parameters`, parameters), options: { ...common, ...options }, type: options.type ?? type };
  });
  const isFrozen = frozen === undefined ? () => false : matcher(frozen, 'optimizer.frozen', parameters);
  const all = [...rest, { matches: () => true, options: common, type }], sizes = all.map(() => 0);
  const place = parameters.map(({ name, shape }) => {
    if (isFrozen(name)) return FROZEN;
    const group = all.findIndex(({ matches }) => matches(name));
    sizes[group] += product(shape);
    return group;
  });
  const used = all.map((_, i) => i).filter((i) => sizes[i] > 0);
  rest.forEach((_, i) => { if (sizes[i] === 0) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', `optimizer.groups[${i}].parameters`, 'a name of none'); });
  if (used.length === 0) throw mismatch('ERR_INVALID_CONFIG', 'at least 1 parameter', 'optimizer', 'none to train');
  const optimizers = [];
  try {
    for (const i of used) {
      const { type: its, ...options } = { ...all[i].options, type: undefined, size: sizes[i] };
      const { type: name } = OPTIMIZERS.find((one) => one.name === all[i].type) ?? member;
      optimizers.push(new classes[name](inputs.options(options, Object.keys(options))));
    }
  } catch (error) {
    for (const one of optimizers) one.close();
    throw error;
  }
  return { optimizers, groups: Uint32Array.from(place, (group) => (group === FROZEN ? FROZEN : used.indexOf(group))) };
}

module.exports = { groupsOf };
