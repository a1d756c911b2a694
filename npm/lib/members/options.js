'use strict';

// The options of a constructor: types are checked here by what the registry says of them, ranges by the native side.
const inputs = require('../inputs.js');
const { randomSeed } = require('../random.js');
const { optionOf, snake } = require('../snake.js');
const { isList, tagOf, unexpected } = require('../errors.js');

/** Kind of an option (Option.Kind in Swift) -> how its value is read. */
const READERS = {
  integer: (value, name) => inputs.number(value, name),
  number: (value, name) => inputs.number(value, name),
  flag(value, name) {
    if (typeof value === 'boolean') return value;
    throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
  },
  choice(value, name) {
    if (typeof value === 'string' && !value.includes('\0')) return value; // a text in C ends there
    throw unexpected('ERR_INVALID_CONFIG', 'a string', name, value);
  },
  seed(value, name) {
    if (typeof value === 'bigint' || Number.isSafeInteger(value)) return value;
    throw unexpected('ERR_INVALID_CONFIG', 'an integer', name, value);
  },
  children: (value) => value, // looked at one by one where they are made
};

/** The options a caller gives, as an object or, where the row has positional ones, one by one. */
function given(row, [first, ...rest]) {
  const { positional = [], ignored = [], unread = [] } = row, names = [...row.options.keys()];
  const isObject = typeof first === 'object' && first !== null && !isList(first) && !tagOf(first), list = {};
  if (isObject || positional.length === 0) {
    const extra = rest.find((value) => value !== undefined);
    if (extra !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing behind the options', 'arguments', extra);
    if (first === undefined && row.required === undefined) return Object.fromEntries(names.map((name) => [name, undefined])); // what has no default, the native side misses
    if (!isObject) throw unexpected('ERR_INVALID_ARG', 'an object', 'options', first);
    const known = [...names, ...unread], options = inputs.options(first, known, 'options', known.map(snake));
    for (const name of names) list[name] = optionOf(options, name);
    return list;
  }
  [...positional, ...ignored].forEach((name, i) => { list[name] = i === 0 ? first : rest[i - 1]; });
  for (const name of ignored) {
    if (list[name] !== undefined) inputs.number(list[name], name);
    delete list[name];
  }
  return Object.assign(list, typeof row.fixed === 'function' ? row.fixed(list) : row.fixed);
}

/** The same, read; those left out are missing. A seed that is left out is drawn. */
function readOptions(row, args) {
  const list = given(row, args);
  for (const name of Object.keys(list)) {
    const { kind } = row.options.get(name);
    if (list[name] !== undefined || (row.required ?? []).includes(name)) list[name] = READERS[kind](list[name], name);
    else if (kind === 'seed') list[name] = randomSeed();
    else delete list[name];
  }
  return list;
}

/** A value as the native side takes it. */
function toNative(row, name, value) {
  const { kind } = row.options.get(name);
  if (kind === 'choice') return value;
  if (kind === 'seed') return BigInt.asUintN(64, BigInt(value));
  return row.toNative?.[name]?.(value) ?? Number(value);
}

/** [key, value, ...] for the native side; `children` are handles. */
function nativeOptions(row, config, children = []) {
  const list = [];
  for (const [name, value] of Object.entries(config)) {
    const { native, kind } = row.options.get(name);
    if (native !== null && kind !== 'children') list.push(native, toNative(row, name, value));
  }
  return list.concat(children.flatMap((handle) => [row.children, handle]));
}

module.exports = { nativeOptions, readOptions };
