'use strict';

// The options of a PoincareEmbedding, by gensim's names and by those of the authors' program.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { MEMBERS } = require('../generated/registry.js');
const { describe } = require('../members/create.js');
const { randomSeed } = require('../random.js');
const { snake } = require('../snake.js');
const { isList, mismatch, unexpected } = require('../errors.js');

/** What the native side takes and has defaults for; the others are of training. */
const MADE_WITH = MEMBERS.find(({ type }) => type === 'PoincareEmbedding').options.map(([name]) => name).filter((name) => name !== 'nodes');
const OPTIONS = [...MADE_WITH, 'alpha', 'lr', 'burnIn', 'burnInAlpha', 'epochs', 'dim', 'negs'];
const STANDARD = { burnIn: 20, epochs: 300 };

/** Spellings of gensim (Python's) and of the authors' program -> ours. */
const SPELLINGS = { burnin: 'burnIn', batchsize: 'batchSize', ...Object.fromEntries(OPTIONS.filter((name) => snake(name) !== name).map((name) => [snake(name), name])) };

/** Options by our `names`, whichever way they are spelt; ours count where both are there. */
function spelt(options, names, spellings = SPELLINGS) {
  const given = inputs.options(options, names, 'options', Object.keys(spellings));
  /** @type {any} */
  const read = {};
  for (const name of names) read[name] = given[name];
  for (const [other, name] of Object.entries(spellings)) if (names.includes(name)) read[name] ??= given[other];
  return read;
}

/** gensim's range of first coordinates is a pair, (-0.001, 0.001). */
function rangeOf(value) {
  return isList(value) && value.length === 2 && value[0] === -value[1] ? value[1] : value;
}

/** One of two names for an option. */
function either(options, name, other) {
  if (options[name] !== undefined && options[other] !== undefined) throw mismatch('ERR_INVALID_CONFIG', `${name} or ${other}`, 'options', 'both');
  return options[name] ?? options[other];
}

/** A learning rate. */
function rateOf(value, name) {
  if (typeof value !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', name, value);
  if (!(value > 0 && value <= 1000)) throw unexpected('ERR_OUT_OF_RANGE', 'a number > 0, at most 1000', name, value);
  return value;
}

function wholeNumber(value, name, most = 1e9) {
  if (!(Number.isInteger(inputs.number(value, name)) && value >= 0 && value <= most)) throw unexpected('ERR_OUT_OF_RANGE', `an integer in 0...${most}`, name, value);
  return value;
}

/** alpha as a function of the epoch; `lr`, which is for the mean of a batch, is batchSize times that. */
function scheduleOf(options, batchSize) {
  either(options, 'alpha', 'lr');
  const name = options.lr === undefined ? 'alpha' : 'lr', given = options[name] ?? 0.05, divisor = name === 'lr' ? batchSize : 1;
  if (typeof given === 'function') return { alpha: (epoch) => rateOf(given(epoch), `${name}(${epoch})`) / divisor, fixed: undefined };
  const alpha = rateOf(given, name) / divisor;
  return { alpha: () => alpha, fixed: alpha };
}

/** The options of a constructor, read: those of the native side are checked there. */
function readOptions(given) {
  const options = spelt(given, OPTIONS);
  /** @type {any} */
  const read = {};
  for (const name of MADE_WITH) {
    const other = { size: 'dim', negative: 'negs' }[name], value = (other ? either(options, name, other) : options[name]) ?? undefined;
    if (name === 'seed') read.seed = value === undefined ? randomSeed() : value;
    else if (name === 'manifold') read.manifold = value;
    else if (value !== undefined) read[name] = inputs.number(name === 'initRange' ? rangeOf(value) : value, name);
  }
  if (typeof read.seed !== 'bigint' && !Number.isSafeInteger(read.seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', read.seed);
  if (read.manifold !== undefined && (typeof read.manifold !== 'string' || read.manifold.includes('\0'))) throw unexpected('ERR_INVALID_CONFIG', 'ball or hyperboloid', 'manifold', read.manifold);
  read.epochs = wholeNumber(options.epochs ?? STANDARD.epochs, 'epochs');
  read.burnIn = wholeNumber(options.burnIn ?? STANDARD.burnIn, 'burnIn');
  const made = create(read, 1); // the native side looks at the others, and knows the defaults
  try {
    const { options: known } = describe(made);
    for (const name of MADE_WITH) read[name] ??= known[name];
  } finally {
    native.close(made);
  }
  const { alpha, fixed } = scheduleOf(options, read.batchSize);
  const burnInAlpha = options.burnInAlpha === undefined ? undefined : rateOf(options.burnInAlpha, 'burnInAlpha');
  return { ...read, alpha, fixedAlpha: fixed, burnInAlpha };
}

/** A seed out of a file, where it is a text: a number where that holds it. */
function seedOf(text) {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** A native embedding of so many nodes. */
function create(options, nodes) {
  const list = ['nodes', nodes];
  for (const name of MADE_WITH) if (options[name] !== undefined) list.push(name, name === 'seed' ? BigInt.asUintN(64, BigInt(options.seed)) : options[name]);
  return native.create('embedding', 'poincare', list);
}

module.exports = { create, readOptions, scheduleOf, seedOf, spelt, SPELLINGS, wholeNumber };
