'use strict';

// Arguments of a constructor -> a native mechanism and the options it has.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { randomSeed } = require('../random.js');
const { MECHANISMS, OPTIONS } = require('./table.js');
const { withExperts } = require('./experts.js');
const { optionOf, snake } = require('../snake.js');
const { TextDecoder } = require('../text.js');
const { isList, RuvectorError, tagOf, unexpected } = require('../errors.js');

const readers = {
  number: (value, name) => inputs.number(value, name),
  flag(value, name) {
    if (typeof value === 'boolean') return value;
    throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
  },
  experts: (value) => value, // looked at one by one in experts.js
  word(value, name) {
    if (typeof value === 'string') return value;
    throw unexpected('ERR_INVALID_CONFIG', 'a string', name, value);
  },
  seed(value, name) {
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value;
    throw unexpected('ERR_INVALID_CONFIG', 'an integer', name, value);
  },
};

/** What options are called in the wrappers of the existing packages. */
const snakes = (names) => names.map(snake);

/** The options a caller gives, as an object or one by one; those left out are missing. */
function given(row, [first, ...rest]) {
  const isObject = typeof first === 'object' && first !== null && !isList(first) && !tagOf(first);
  const list = {};
  if (!isObject) {
    if (row.positional.length === 0) throw unexpected('ERR_INVALID_ARG', 'an object', 'options', first);
    [...row.positional, ...row.ignored ?? []].forEach((name, i) => { list[name] = i === 0 ? first : rest[i - 1]; });
    for (const name of row.ignored ?? []) {
      if (list[name] !== undefined) inputs.number(list[name], name);
      delete list[name];
    }
    Object.assign(list, typeof row.fixed === 'function' ? row.fixed(list) : row.fixed);
  } else {
    const extra = rest.find((value) => value !== undefined);
    if (extra !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing behind the options', 'arguments', extra);
    const known = row.unread ? [...row.options, ...row.unread] : row.options, options = inputs.options(first, known, 'options', snakes(known));
    for (const name of row.options) list[name] = optionOf(options, name);
  }
  for (const name of Object.keys(list)) {
    if (list[name] !== undefined || (row.required ?? ['dim']).includes(name)) list[name] = readers[OPTIONS[name].kind](list[name], name);
    else if (name === 'seed') list.seed = randomSeed();
    else delete list[name];
  }
  return list;
}

const nativeName = (name) => OPTIONS[name].native ?? name;

/** A value as the native side takes it. */
function toNative(row, name, value) {
  const { kind, toNative: convert } = OPTIONS[name];
  if (kind === 'word') return value;
  if (kind === 'seed') return BigInt.asUintN(64, BigInt(value));
  return convert?.(value, row) ?? Number(value);
}

/** A native mechanism with these options; `experts` are handles. */
function make(row, config, experts = []) {
  const known = Object.entries(config).filter(([name]) => OPTIONS[name].native !== null && name !== 'experts');
  const list = known.flatMap(([name, value]) => [nativeName(name), toNative(row, name, value)]);
  try {
    return native.create('attention', row.mechanism, list.concat(experts.flatMap((handle) => ['experts', handle])));
  } catch (error) {
    throw inOurNames(error, row);
  }
}

/**
 * {handle, config, parameters, extras}: `config` has every option of the class, `parameters` the names and shapes of its
 * weights, `extras` says what calls take besides (extras.js).
 */
function create(row, args) {
  const config = given(row, args);
  row.prepare?.(config);
  let handle, extras = row;
  if (config.experts === undefined) handle = make(row, config);
  else {
    ({ result: handle, descriptions: config.experts } = withExperts(config.experts, config.dim, (experts) => make(row, config, experts)));
    extras = Object.assign({}, ...config.experts.map(({ class: name, options }) => extrasOf(MECHANISMS[name], options)));
  }
  const { options, weights } = describe(handle);
  for (const name of row.options) {
    const value = options[nativeName(name)];
    config[name] ??= OPTIONS[name].kind === 'flag' ? value !== 0 : value;
  }
  config.dim ??= row.dim(config);
  const parameters = weights.map(({ name, shape }) => Object.freeze({ name, shape: Object.freeze(shape) }));
  return { handle, config, parameters: Object.freeze(parameters), extras };
}

/** What an expert's calls take besides, by the fields that are there. */
function extrasOf(row, { experts = [] }) {
  const own = Object.entries(row).filter(([key]) => ['context', 'keyOnly', 'features', 'edges'].includes(key));
  return Object.assign(Object.fromEntries(own), ...experts.map(({ class: name, options }) => extrasOf(MECHANISMS[name], options)));
}

/** The error with the names that options have here. */
function inOurNames(error, row) {
  let { message } = error;
  for (const name of row.options) {
    message = message.replace(` for ${nativeName(name)},`, ` for ${name},`).replace(` of ${nativeName(name)} (`, ` of ${name} (`);
  }
  return message === error.message ? error : new RuvectorError(error.code, message, { cause: error });
}

const decoder = new TextDecoder();

/** What the native side says of a mechanism. */
function describe(handle) {
  let bytes = new Uint8Array(1024);
  const length = native.describe(handle, bytes);
  if (length >= bytes.length) native.describe(handle, bytes = new Uint8Array(length + 1));
  return JSON.parse(decoder.decode(bytes.subarray(0, length)));
}

module.exports = { create };
