'use strict';
// Any member as the contract suite (members.test.js) sees it: a subject {row, type, operations, member}. What comes from the registry:
// good options and bad ones, good arguments by the ports of an operation. Classes of npm/lib/overlay/attention.js have other names for
// their operations, and options in the place of ports that may be left out: `methodOf` and `listOf` know which.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const attention = require('@ruvector/gnn/attention');
const { root, ruvector } = require('./index.js');
const { extraNames, plural } = require('../../lib/attention/extras.js');
const { GENERATED, MEMBERS, rowOf } = require('../../lib/members/rows.js');
const { stateOf } = require('../../lib/members/member.js');
const { MECHANISMS } = require('../../lib/overlay/attention.js');

/** Operation of a mechanism -> its method. */
const METHODS = {
  forward: 'computeBatch', weights: 'attentionWeights', backward: 'backward', routing: 'getRouting', usage: 'getExpertUsage', gates: 'getGates', contributions: 'getSpaceContributions', rotate: 'applyRotation',
};
/** What needs no method: those over a pattern are the same methods with the option `pattern`; the last three are parts of `compute` and of attention in parts. */
const INSIDE = ['sparse forward', 'sparse weights', 'sparse backward', 'feed', 'merge', 'finish'];

function mechanism(row) {
  const operations = {};
  for (const [name, { inputs, outputs }] of Object.entries(row.operations)) {
    if (INSIDE.includes(name)) continue;
    // The weights do not depend on the values: the method takes none.
    operations[name] = { inputs: inputs.filter((port) => name !== 'weights' || port.name !== 'values'), outputs };
  }
  return { row, type: attention[row.class], operations, isMechanism: true };
}

const SUBJECTS = [
  ...GENERATED.map((member) => rowOf(member)).map((row) => ({ row, type: ruvector[row.class], operations: row.operations, isMechanism: false })),
  ...Object.values(MECHANISMS).map(mechanism),
];

/** The name of the method that runs an operation. */
function methodOf({ isMechanism }, operation) {
  return isMechanism ? METHODS[operation] ?? assert.fail(`"${operation}" has no method`) : operation;
}

/** Whether that method takes options, and has a form that gives a Promise. */
const takesOptions = ({ isMechanism }, operation) => !isMechanism || ['forward', 'weights', 'backward'].includes(operation);
const isAsync = ({ type, ...rest }, operation) => `${methodOf(rest, operation)}Async` in type.prototype;

/** The options of a call in the place of the context of queries or keys. */
function contextOptions(one, side, value) {
  const { features, context, keyOnly = [] } = stateOf(one).extras;
  if (value === undefined) return {};
  if (features) return { [`${side}Features`]: value };
  const names = context.filter((name) => side === 'key' || !keyOnly.includes(name));
  if (!(value.data instanceof Float32Array)) return { [side + plural(names[0])]: value };
  return Object.fromEntries(names.map((name) => [side + plural(name), Float32Array.from({ length: value.rows }, (_, i) => value.data[i * value.dim + context.indexOf(name)])]));
}

/** Whether a method takes what stands for a port. */
function isReachable({ isMechanism }, one, { name, need }) {
  if (!isMechanism || need !== 'free' || name === 'mask' || name === 'offsets') return true;
  const names = extraNames(stateOf(one).extras);
  return name === 'edges' ? names.includes('edges') : names.some((option) => option.startsWith(name.replace('Context', '')));
}

/** The arguments of a method: a value a port (undefined: left out), and `options`. */
function listOf(subject, one, operation, args, ...options) {
  if (!subject.isMechanism) return [...args, ...options];
  if (!takesOptions(subject, operation)) return args;
  const names = subject.operations[operation].inputs.map(({ name }) => name), given = Object.fromEntries(names.map((name, i) => [name, args[i]]));
  const { queryContext, keyContext, mask, offsets, edges } = given, positional = names.filter((name) => ['queries', 'keys', 'values', 'outputGradient'].includes(name)).map((name) => given[name]);
  const extras = { ...contextOptions(one, 'query', queryContext), ...contextOptions(one, 'key', keyContext), mask, offsets, edges };
  return [...positional, { ...Object.fromEntries(Object.entries(extras).filter(([, value]) => value !== undefined)), ...options[0] }, ...options.slice(1)];
}

/** Calls an operation with a value a port. */
const run = (subject, one, operation, args, ...options) => one[methodOf(subject, operation)](...listOf(subject, one, operation, args, ...options));
const runAsync = (subject, one, operation, args, ...options) => one[`${methodOf(subject, operation)}Async`](...listOf(subject, one, operation, args, ...options));

// MARK: - Options

/** Of members that are made of others. */
const LAYERS = [
  { class: 'GATv2Layer', options: { inChannels: 3, outChannels: 2, heads: 2, edgeDim: 2, seed: 7 } },
  { class: 'Activation', options: { function: 'elu' } }, { class: 'Dropout', options: { p: 0.5 } },
  { class: 'Linear', options: { inChannels: 4, outChannels: 3, seed: 8 } },
];
/** Of a walk: a layer of each kind. */
const WALK = [
  { class: 'RuvectorLayer', options: { inputDim: 4, hiddenDim: 6, heads: 2, seed: 7 } },
  { class: 'RuvectorLayerV2', options: { inputDim: 6, hiddenDim: 2, attention: { class: 'MultiHeadAttention', options: { dim: 2, seed: 9 } }, seed: 8 } },
];
/** Experts that read levels, edges and neither, of a width. */
const expertsOf = (dim) => [{ class: 'HNSWAwareAttention', options: { dim, levels: 3, seed: 7 } }, { class: 'EdgeFeaturedAttention', options: { nodeDim: dim, edgeDim: 3, seed: 8 } }, 'global'];

/** Options of a member: those that Swift has no default for are small integers, the others as `more` says. */
function optionsOf({ row, type, isMechanism }, more = {}) {
  const options = {}, sizes = isMechanism ? [4, 3, 2] : [3, 2, 4, 5];
  for (const [name, { kind }] of row.options) if (kind === 'seed') options[name] = 7;
  let count = isMechanism ? 0 : Object.keys(options).length;
  for (;;) {
    try {
      new type({ ...options, ...more }).close();
      return { ...options, ...more };
    } catch ({ message }) {
      const [, divided, divisor] = /a divisor of (\d+) for (\w+),/.exec(message) ?? [];
      if (divisor && options[divisor] !== Number(divided)) {
        options[divisor] = Number(divided);
        continue;
      }
      const [, subjects] = / for (\w+(?:, \w+)*), received (?:nothing|undefined|0)/.exec(message) ?? assert.fail(message), [name, ...others] = subjects.split(', ');
      if (name in more || name in options) assert.fail(message);
      for (const other of others) options[other] = 2;
      if (name === 'attention') options[name] = { class: 'MultiHeadAttention', options: { dim: options.hiddenDim ??= 4, seed: 9 } };
      else options[name] = row.options.get(name).kind === 'children' ? (row.family === 'walk' ? WALK : LAYERS) : sizes[count % sizes.length];
      count = isMechanism ? count + 1 : Object.keys(options).length;
    }
  }
}

/** The names that an option takes, from what Swift says of a wrong one. */
function choicesOf(subject, name) {
  try {
    new subject.type(optionsOf(subject, { [name]: 'no such thing' }));
  } catch ({ message }) {
    return /expected one of (.*) for /.exec(message)[1].split(', ');
  }
  return assert.fail('taken');
}

/** The options with every number that has a default at another value. */
function otherNumbers(subject) {
  const options = optionsOf(subject), standard = new subject.type(options), isTaken = (more) => {
    try {
      new subject.type({ ...options, ...more }).close();
      return true;
    } catch {
      return false;
    }
  };
  for (const [name, { kind }] of subject.row.options) {
    if (options[name] !== undefined || !['integer', 'number'].includes(kind)) continue;
    const other = [standard[name] / 2, 2 * standard[name], 0.25, 0.5, 2, 3, 1].find((value) => value !== standard[name] && isTaken({ [name]: value }));
    if (other !== undefined) options[name] = other;
  }
  return options;
}

/**
 * Sets of options that between them give every flag and choice each of its values, numbers another than their default, two heads, experts
 * of other kinds, an odd width.
 */
function variants(subject) {
  const { row, type, isMechanism } = subject, list = [optionsOf(subject)], numbers = otherNumbers(subject);
  if (Object.keys(numbers).length > Object.keys(list[0]).length) list.push(numbers);
  for (const [name, { kind, native }] of row.options) {
    if (kind === 'flag') list.push(optionsOf(subject, { [name]: !new type(list[0])[name] }));
    if (/Dim$/.test(name) && kind === 'integer' && list[0][name] === undefined && !isMechanism) list.push(optionsOf(subject, { [name]: 2 }));
    if (native === 'heads') list.push(optionsOf(subject, { [name]: 2 }));
    if (kind === 'choice') for (const value of choicesOf(subject, name)) list.push(optionsOf(subject, { [name]: value }));
    if (kind === 'children' && isMechanism) list.push(optionsOf(subject, { [name]: expertsOf(list[0].dim), ...row.options.has('topK') && { topK: 3 } })); // all are asked
    if (native === 'dim' && isMechanism) {
      const options = { ...list[0], [name]: 5 };
      try {
        new type(options).close();
        list.push(options);
      } catch (error) {
        assert.match(error.message, /even/, 'the reason why a width may not be odd');
      }
    }
  }
  return list;
}

const page = fs.readFileSync(path.join(root, 'docs/options.md'), 'utf8');

/** Numbers that an option refuses, by what docs/options.md (generated from the registry) says that it takes. */
function beyond({ row }, name) {
  const { native, kind } = row.options.get(name);
  if (native === null) return [NaN, -1, 1.5];
  const section = page.slice(page.indexOf(`\n### \`${row.native}\` (${MEMBERS.find((one) => one.family === row.family && one.name === row.native).type})`) + 1), [, range] = new RegExp(`^\\| \`${native}\` \\| (.*?) \\|`, 'm').exec(section);
  const always = [NaN, Infinity, -Infinity, ...kind === 'integer' ? [1.5, 2 ** 60] : []];
  if (row.toNative?.[name]) return [...always, 0]; // a curvature, of which the sign does not count
  const [, low, high] = /^(?:integer|number) in (\S+?)\.\.[.<](\S+)$/.exec(range) ?? [];
  if (low !== undefined) return [...always, Number(low) - Math.max(1, Math.abs(low) / 8), Number(high) + Math.max(1, Math.abs(high) / 8)];
  const signs = { 'finite number > 0': [0, -1], 'finite number < 0': [0, 1], 'finite number': [] };
  return [...always, ...signs[range] ?? assert.fail(`${row.class}.${name}: ${range}`)];
}

// MARK: - Arguments

/** Good arguments of an operation, n rows, with `draw` for numbers; `skip`: ports that are left out. */
function argumentsOf(subject, one, operation, draw, n = 5, skip = []) {
  const { operations, isMechanism } = subject, { inputs } = operations[operation], { forward, backward, valueAndGradients } = operations;
  const sides = new Map(Object.entries(stateOf(one).sizes)), made = [];
  // Vectors of what has no gradient are rates, steps, degrees, losses: not below 0.
  const isMeasure = ![forward, backward, valueAndGradients].some((each) => each?.inputs === inputs);
  /** Of sides that neither the options nor another port fix. */
  const free = { n: () => n, m: () => (isMechanism && n !== 5 ? n : 3), v: () => sides.get('dim') ?? 3, width: () => size('v'), pairs: () => size('m * n') };
  const sizeOf = (side) => {
    if (/^\d+$/.test(side)) return Number(side);
    if (!sides.has(side)) sides.set(side, free[side]?.() ?? 3);
    return sides.get(side);
  };
  const size = (side) => side.split(' * ').reduce((product, part) => product * part.split(' + ').reduce((sum, term) => sum + sizeOf(term), 0), 1);
  const isLeftOut = (port) => skip.includes(port.name) || !isReachable(subject, one, port) || (port.need !== 'required' && port.shape.some((side) => !['n', 'm'].includes(side) && sides.get(side) === 0));
  const args = inputs.map((port) => {
    const { name, type, need, shape } = port;
    if (isLeftOut(port)) return undefined;
    if (type === 'graph') {
      // A node without sources, loops, repeated edges.
      const count = size(shape[0]), lists = Array.from({ length: count }, (_, i) => (i === 1 ? [] : [i, (i + 2) % count, (i + 2) % count, (3 * i + 1) % count].slice(0, 1 + (i % 4))));
      const graph = new ruvector.Graph({ offsets: lists.reduce((all, list) => [...all, all.at(-1) + list.length], [0]), indices: lists.flat() });
      sides.set(shape[2], graph.edges);
      made.push(graph);
      return graph;
    }
    const sizes = shape.map(size), length = sizes.reduce((a, b) => a * b, 1);
    if (type === 'uint32' && need === 'free') return Uint32Array.from({ length }, (_, i) => Math.ceil((i * sizeOf('n')) / Math.max(1, length - 1))); // rising: each query its own run of keys
    if (type === 'uint32') return Uint32Array.from({ length }, (_, i) => i % 2); // each below any size there is
    if (type === 'uint8') return Uint8Array.from({ length }, (_, i) => Number(i % 4 !== 1));
    // Context: positions, levels, kinds, which are whole numbers; there are at least two of each.
    const isContext = isMechanism && need !== 'required' && !backward.outputs.some((part) => part.name === name);
    const data = Float32Array.from({ length }, isContext ? (_, i) => (i * i) % 3 % 2 : isMeasure && shape.length === 1 ? () => Math.abs(draw()) : draw);
    return sizes.length === 1 ? data : { data, rows: sizes[0], dim: sizes[1] };
  });
  return { args, close: () => made.forEach((graph) => graph.close()) };
}

/** Which ports are left out, of those that may be in any mixture: all, all but each of them, none. */
function omissions(subject, one, operation) {
  const { args } = argumentsOf(subject, one, operation, () => 0.5), { inputs } = subject.operations[operation];
  const names = inputs.filter(({ need }, i) => need === 'free' && args[i] !== undefined).map(({ name }) => name);
  return names.length === 0 ? [[]] : [names, ...names.map((name) => names.filter((other) => other !== name)), []];
}

module.exports = { INSIDE, METHODS, SUBJECTS, argumentsOf, beyond, isAsync, listOf, methodOf, omissions, optionsOf, run, runAsync, takesOptions, variants };
