'use strict';

// Predicates about metadata -> an expression of SQL over `metadata`, and its values. Every leaf is 0 or 1, never null, so
// that `not` is its opposite. What callers pass (paths, values) is always a parameter, never part of the text.
const { isList, mismatch, unexpected } = require('../errors.js');
const { keysOf, lengthOfList } = require('../inputs.js');
const { isReached, leads } = require('./where-paths.js');

const MOST_LEAVES = 200, MOST_LEVELS = 16; // SQLite's parser takes 100 nested pieces
const COMPARE = { $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' };
const OPERATORS = ['$eq', '$ne', ...Object.keys(COMPARE), '$in', '$nin', '$contains', '$containsAny', '$exists', '$not'];
const GROUPS = ['$and', '$or', '$not'];
const VALUES = 'a string without zero characters, a finite number, a boolean, null or a valid Date';

/** Numbers go through SQLite's own parser on both sides: what was equal as text stays equal. */
const real = (sql) => `CAST(${sql} AS REAL)`, GIVEN = real("json_extract(?, '$')");

// Conditions for leads(): which types of JSON, and what has to hold for a value of one.
const TEXT = ['text'], NUMBER = ['integer', 'real'];
const texts = (rest, given) => ({ types: TEXT, test: (value, values) => ({ sql: `${value} ${rest}`, values: [...values, given] }) });
const numbers = (rest, given) => ({ types: NUMBER, test: (value, values) => ({ sql: `${real(value)} ${rest}`, values: [...values, JSON.stringify(given)] }) });
const compares = (sign, value) => (typeof value === 'string' ? texts(`${sign} ?`, value) : numbers(`${sign} ${GIVEN}`, value));

/** The condition to be equal to `value`. */
function equals(value) {
  if (typeof value === 'string' || typeof value === 'number') return compares('=', value);
  return { types: [value === null ? 'null' : String(value)], test: () => ({ sql: '1', values: [] }) }; // a boolean
}

/** The conditions of which one holds for the values of `list`. */
function equalsOne(list, name) {
  if (!isList(list)) throw unexpected('ERR_INVALID_ARG', 'an array', name, list);
  const values = Array.from({ length: lengthOfList(list, name) }, (_, i) => checked(list[i], `${name}[${i}]`)), conditions = [];
  const strings = values.filter((value) => typeof value === 'string'), reals = values.filter((value) => typeof value === 'number');
  if (strings.length > 0) conditions.push(texts('IN (SELECT value FROM json_each(?))', JSON.stringify(strings)));
  if (reals.length > 0) conditions.push(numbers(`IN (SELECT ${real('value')} FROM json_each(?))`, reals));
  const others = new Set(values.filter((value) => value === null || typeof value === 'boolean'));
  return [...conditions, ...Array.from(others, equals)];
}

class Compiler {
  values = [];
  #leaves = 0;

  /** One condition about what a path leads to: the value there or, where it is an array, one of its elements. */
  #leaf(path, condition, elementsOnly = false) {
    if (++this.#leaves > MOST_LEAVES) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST_LEAVES} conditions`, 'where', 'more');
    const { sql, values } = condition ? leads(path, condition, elementsOnly) : isReached(path);
    this.values.push(...values);
    return sql;
  }

  #one(path, conditions, elementsOnly) {
    return any(conditions.map((condition) => this.#leaf(path, condition, elementsOnly)));
  }

  condition(path, operator, value, name, level) {
    switch (operator) {
      case '$eq': return this.#leaf(path, equals(checked(value, name)));
      case '$ne': return `NOT ${this.#leaf(path, equals(checked(value, name)))}`;
      case '$in': return this.#one(path, equalsOne(value, name));
      case '$nin': return `NOT ${this.#one(path, equalsOne(value, name))}`;
      case '$contains': return this.#leaf(path, equals(checked(value, name)), true);
      case '$containsAny': return this.#one(path, equalsOne(value, name), true);
      case '$not': return `NOT ${this.field(path, value, name, level + 1)}`;
      case '$exists':
        if (typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
        return `${value ? '' : 'NOT '}${this.#leaf(path)}`;
      default: {
        const bound = checked(value, name);
        if (bound === null || typeof bound === 'boolean') throw unexpected('ERR_INVALID_ARG', 'a number, a string or a Date', name, bound);
        return this.#leaf(path, compares(COMPARE[operator], bound));
      }
    }
  }

  /** What is said of one field: a value to equal, or operators. */
  field(path, said, name, level) {
    if (level > MOST_LEVELS) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST_LEVELS} levels`, 'where', 'more');
    if (isList(said)) throw unexpected('ERR_INVALID_ARG', 'a value or operators ($in: one of these; $containsAny: an array with one of these)', name, said);
    if (typeof said !== 'object' || said === null || timeOf(said) !== undefined) return this.#leaf(path, equals(checked(said, name)));
    const parts = entriesOf(said, name).map(([operator, value]) => {
      if (!OPERATORS.includes(operator)) throw unexpected('ERR_INVALID_ARG', `one of ${OPERATORS.join(', ')}`, name, operator);
      return this.condition(path, operator, value, `${name}.${operator}`, level);
    });
    if (parts.length === 0) throw mismatch('ERR_INVALID_ARG', 'a value or operators', name, 'an empty object');
    return all(parts);
  }

  group(where, name, level) {
    if (level > MOST_LEVELS) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST_LEVELS} levels`, 'where', 'more');
    const parts = entriesOf(where, name).map(([key, value]) => {
      const at = `${name}.${key}`;
      if (key === '$not') return `NOT ${this.group(value, at, level + 1)}`;
      if (key === '$and' || key === '$or') {
        if (!isList(value)) throw unexpected('ERR_INVALID_ARG', 'an array', at, value);
        const members = Array.from({ length: lengthOfList(value, at) }, (_, i) => this.group(value[i], `${at}[${i}]`, level + 1));
        return key === '$and' ? all(members) : any(members);
      }
      if (key.startsWith('$')) throw unexpected('ERR_INVALID_ARG', `a field or one of ${GROUPS.join(', ')}`, name, key);
      return this.field(pathOf(key, name), value, at, level + 1);
    });
    return all(parts);
  }
}

const all = (parts) => (parts.length === 0 ? '1' : parts.length === 1 ? parts[0] : `(${parts.join(' AND ')})`);
const any = (parts) => (parts.length === 0 ? '0' : parts.length === 1 ? parts[0] : `(${parts.join(' OR ')})`);

/** The own properties of a plain object. */
function entriesOf(value, name) {
  if (typeof value !== 'object' || value === null) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  return keysOf(value, name).map((key) => [key, value[key]]);
}

/** The time of a Date of any realm, undefined for everything else. */
function timeOf(value) {
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}

/** A value of JSON that can be compared; a Date as JSON keeps it. */
function checked(value, name) {
  if (value === null || typeof value === 'boolean' || (typeof value === 'string' && !value.includes('\0')) || Number.isFinite(value)) return value;
  if (value === undefined) throw unexpected('ERR_INVALID_ARG', `${VALUES} ({ $exists: false }: where the field is missing)`, name, value);
  const time = typeof value === 'object' ? timeOf(value) : undefined;
  if (Number.isFinite(time)) return new Date(time).toISOString();
  throw unexpected('ERR_INVALID_ARG', VALUES, name, value);
}

/** 'a.b' -> SQLite's paths $."a" and $."b". It has no way to write a quote in a name. */
function pathOf(key, name) {
  const parts = key.split('.');
  if (parts.some((part) => part === '' || /["\\\u0000-\u001f]/.test(part))) {
    throw unexpected('ERR_INVALID_ARG', 'names without quotes, backslashes and control characters, between dots', `a field of ${name}`, key);
  }
  return parts.map((part) => `."${part}"`);
}

/** {sql, values} of a predicate, or undefined for none. */
function compile(where) {
  if (where === undefined) return undefined;
  const compiler = new Compiler();
  return { sql: compiler.group(where, 'where', 0), values: compiler.values };
}

module.exports = { compile };
