'use strict';

// A native member and what it says of itself.
const native = require('../native.js');
const { TextDecoder } = require('../text.js');
const { nativeOptions, readOptions } = require('./options.js');
const { RuvectorError, mismatch, partsOf, renamed } = require('../errors.js');

/** The error with the names that options have here; what the registry does not know, Package.swift's traits have left out. */
function inOurNames(error, row) {
  const { subject, received } = partsOf(error);
  if ((subject === 'family' && received === `"${row.family}"`) || (subject === row.family && received === `"${row.native}"`)) {
    return new RuvectorError('ERR_UNSUPPORTED', `This build has no ${row.class}: it was made without the trait of Package.swift that has it.`, { cause: error });
  }
  return renamed(error, ({ subject }) => {
    for (const [name, { native: its }] of row.options) if (its === subject && its !== name) return { subject: name };
    return undefined;
  });
}

const decoder = new TextDecoder();

/** What the native side says of a member. */
function describe(handle) {
  let bytes = new Uint8Array(1024);
  const length = native.describe(handle, bytes);
  if (length >= bytes.length) native.describe(handle, bytes = new Uint8Array(length + 1));
  return JSON.parse(decoder.decode(bytes.subarray(0, length)));
}

/** {total, taken}: floats that a text has weights for, and those of members made of it; what its options make must not be more. */
let budget;

/** `body()` with members made from a text that holds `floats` weights; nothing is allocated beyond them. */
function withBudget(floats, body) {
  const before = budget;
  budget = { total: floats, taken: 0 };
  try {
    return body();
  } finally {
    budget = before;
  }
}

/** Refuses options whose weights are more than the text has, or has left beside those of other children. */
function check(row, list, hasChildren) {
  let wanted;
  try {
    wanted = native.weightsNeeded(row.family, row.native, list);
  } catch (error) {
    if (error.code !== 'ERR_OUT_OF_MEMORY') throw error;
    wanted = 'more'; // than there ever are
  }
  const left = budget.total - (hasChildren ? 0 : budget.taken); // children's were taken before their parent is made
  if (!(wanted <= left)) throw mismatch('ERR_CORRUPT', `${wanted} numbers`, 'weights', left);
  if (!hasChildren) budget.taken += wanted;
}

/** A native member with these options. */
function make(row, config, children) {
  const list = nativeOptions(row, config, children);
  try {
    if (budget !== undefined) check(row, list, children !== undefined);
    return native.create(row.family, row.native, list);
  } catch (error) {
    throw inOurNames(error, row);
  }
}

/**
 * {handle, config, parameters, floats, sizes, extras}: `config` has every option of the class, `parameters` the names and shapes
 * of its weights, `floats` how many numbers they are, `sizes` the sides of ports that the options fix.
 */
function create(row, args) {
  const config = readOptions(row, args);
  row.prepare?.(config);
  const { handle, extras } = row.withChildren ? row.withChildren(config, (children) => make(row, config, children)) : { handle: make(row, config) };
  const { options, weights, sizes } = describe(handle);
  for (const [name, { native: its, kind }] of row.options) config[name] ??= kind === 'flag' ? options[its] !== 0 : options[its];
  const parameters = Object.freeze(weights.map(({ name, shape }) => Object.freeze({ name, shape: Object.freeze(shape) })));
  const floats = parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  return { row, handle, config, parameters, floats, sizes, extras: extras ?? row };
}

module.exports = { create, describe, withBudget };
