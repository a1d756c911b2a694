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

/** Whether a parameter belongs to a group: by names, beginnings of names, or a pattern. */
function matcher(value, name) {
  if (typeof value === 'string') return (parameter) => parameter === value || parameter.startsWith(`${value}.`);
  if (value instanceof RegExp) return (parameter) => value.test(parameter);
  if (isList(value)) {
    const all = value.map((one, i) => matcher(one, `${name}[${i}]`));
    return (parameter) => all.some((one) => one(parameter));
  }
  throw unexpected('ERR_INVALID_ARG', 'a name, a RegExp or an array of them', name, value);
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
    return { matches: matcher(which, `optimizer.groups[${i}].parameters`), options: { ...common, ...options }, type: options.type ?? type };
  });
  const isFrozen = frozen === undefined ? () => false : matcher(frozen, 'optimizer.frozen');
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
