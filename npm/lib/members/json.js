'use strict';

// The JSON of a member: {version: 1, class, options, weights: [{name, shape, data}]}.
const { isList, mismatch, RuvectorError, unexpected } = require('../errors.js');
const { withArticle } = require('../known.js');
const { shortestAll } = require('../shortest.js');
const { withBudget } = require('./create.js');

const VERSION = 1;
/** Parameters that fit in the longest string of V8 as JSON. */
const MOST_SAVED = 4e7;
const product = (shape) => shape.reduce((a, b) => a * b, 1);

function stringify({ row, config, parameters, floats: count }, floats) {
  if (count > MOST_SAVED) throw mismatch('ERR_OUT_OF_MEMORY', `at most ${MOST_SAVED} parameters for a text`, 'this', count);
  let at = 0;
  const weights = parameters.map(({ name, shape }) => ({ name, shape, data: shortestAll(floats.subarray(at, (at += product(shape)))) }));
  const options = plain(row, Object.fromEntries([...row.options.keys()].map((name) => [name, config[name]])));
  return JSON.stringify({ version: VERSION, class: row.class, options, weights });
}

const corrupt = (wanted, name, received) => mismatch('ERR_CORRUPT', wanted, name, received);

/** Whether a seed has 64 bits; more are not used. */
const isSeed = (seed) => seed >= -(2n ** 63n) && seed < 2n ** 64n;

/** The options of a member, and of its children, as JSON has them: seeds beyond 2^53 as text. */
const plain = (row, config) => Object.fromEntries(Object.entries(config).map(([name, value]) => {
  if (isList(value)) return [name, value.map(({ class: type, options }) => ({ class: type, options: plain(row, options) }))];
  if (isObject(value)) return [name, { class: value.class, options: plain(row, value.options) }];
  return [name, typeof value === 'bigint' ? String(isSeed(value) ? value : BigInt.asUintN(64, value)) : value];
}));

/** A seed of 64 bits, with or without sign, in its text. */
function seedOf(text) {
  const seed = /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (seed === undefined || !isSeed(seed)) throw corrupt('an integer of 64 bits', 'options.seed', text.length > 40 ? 'a long text' : JSON.stringify(text));
  return seed;
}

/** The same the other way round. */
function revived(options) {
  const list = { ...options };
  for (const [name, value] of Object.entries(list)) {
    if (name === 'seed' && typeof value === 'string') list[name] = seedOf(value);
    if (isList(value)) list[name] = value.map((child) => ({ ...child, options: revived(child.options) }));
    else if (isObject(value)) list[name] = { ...value, options: revived(value.options) };
  }
  return list;
}

const isObject = (value) => typeof value === 'object' && value !== null && !isList(value);

/** The floats of one weight, checked by itself. */
function readData(weight, i) {
  const { shape, data } = isObject(weight) ? weight : {};
  if (!isList(shape) || !isList(data)) throw corrupt('{name, shape, data}', `weights[${i}]`, 'something else');
  if (!shape.every((x) => Number.isSafeInteger(x) && x > 0) || product(shape) !== data.length) {
    throw corrupt('as many numbers as its shape says', `weights[${i}].data`, data.length);
  }
  if (!data.every((x) => typeof x === 'number')) throw corrupt('numbers', `weights[${i}].data`, 'something else');
  return data;
}

/** {options, floats, weights}: what the text says. */
function read(text, row) {
  const object = JSON.parse(text);
  if (!isObject(object)) throw corrupt('an object', 'json', 'something else');
  if (object.version !== VERSION) throw unexpected('ERR_CORRUPT', `${VERSION}`, 'version', object.version);
  if (object.class !== row.class) throw unexpected('ERR_CORRUPT', row.class, 'class', object.class);
  const options = isObject(object.options) ? revived(object.options) : {};
  for (const [name, { before }] of row.options) if (options[name] === undefined) options[name] = before;
  const missing = [...row.options.keys()].find((name) => options[name] === undefined);
  if (missing) throw corrupt('a value', `options.${missing}`, 'none');
  if (!isList(object.weights)) throw corrupt('an array', 'weights', 'something else');
  const lists = object.weights.map(readData), floats = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const list of lists) {
    floats.set(list, at);
    at += list.length;
  }
  return { options, floats, weights: object.weights };
}

const shown = (list) => list.map(({ name, shape }) => `${name}[${shape}]`).join(', ');

/** A member of class `type` (with this row) from its JSON; ERR_CORRUPT for anything else. */
function parse(type, row, text) {
  if (typeof text !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string of JSON', 'json', text);
  let made;
  try {
    const { options, floats, weights } = read(text, row);
    made = withBudget(floats.length, () => new type(options));
    if (shown(made.parameters) !== shown(weights)) throw corrupt(shown(made.parameters).slice(0, 100), 'weights', shown(weights).slice(0, 100));
    made.setWeights(floats);
    return made;
  } catch (cause) {
    made?.close();
    if (cause.code === 'ERR_OUT_OF_MEMORY' || cause.code === 'ERR_CORRUPT') throw cause;
    throw new RuvectorError('ERR_CORRUPT', `expected the JSON of ${withArticle(row.class)}: ${cause.message}`, { cause });
  }
}

module.exports = { parse, stringify };
