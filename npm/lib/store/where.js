'use strict';

// Predicates about metadata -> an expression of SQL over `metadata`, and its values. Every leaf is 0 or 1, never null, so
// that `not` is its opposite. What callers pass (paths, values) is always a parameter, never part of the text.
const { isList, mismatch, unexpected } = require('../errors.js');
const { lengthOfList } = require('../inputs.js');

const MOST_LEAVES = 200, MOST_LEVELS = 16; // SQLite's parser takes 100 nested pieces
const COMPARE = { $gt: '>', $gte: '>=', $lt: '<', $lte: '<=' };
const OPERATORS = ['$eq', '$ne', ...Object.keys(COMPARE), '$in', '$nin', '$exists', '$not'];
const GROUPS = ['$and', '$or', '$not'];

/** Numbers go through SQLite's own parser on both sides: what was equal as text stays equal. */
const NUMBER = 'CAST(json_extract(metadata, ?) AS REAL)', GIVEN = "CAST(json_extract(?, '$') AS REAL)";
const IS_NUMBER = "json_type(metadata, ?) IN ('integer', 'real')", IS_TEXT = "json_type(metadata, ?) = 'text'";
const TEXT = 'json_extract(metadata, ?)';

class Compiler {
  values = [];
  #leaves = 0;

  leaf(sql, ...values) {
    if (++this.#leaves > MOST_LEAVES) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST_LEAVES} conditions`, 'where', 'more');
    this.values.push(...values);
    return `ifnull(${sql}, 0)`;
  }

  /** One of `list`, a list of strings or of numbers, as JSON. */
  #among(path, texts, numbers) {
    const parts = [];
    if (texts.length > 0) parts.push(this.leaf(`${IS_TEXT} AND ${TEXT} IN (SELECT value FROM json_each(?))`, path, path, JSON.stringify(texts)));
    if (numbers.length > 0) parts.push(this.leaf(`${IS_NUMBER} AND ${NUMBER} IN (SELECT CAST(value AS REAL) FROM json_each(?))`, path, path, JSON.stringify(numbers)));
    return parts;
  }

  equal(path, value, name) {
    switch (typeof checked(value, name)) {
      case 'string': return this.leaf(`${IS_TEXT} AND ${TEXT} = ?`, path, path, value);
      case 'number': return this.leaf(`${IS_NUMBER} AND ${NUMBER} = ${GIVEN}`, path, path, JSON.stringify(value));
      default: return this.leaf('json_type(metadata, ?) = ?', path, value === null ? 'null' : String(value)); // a boolean
    }
  }

  isIn(path, list, name) {
    if (!isList(list)) throw unexpected('ERR_INVALID_ARG', 'an array', name, list);
    const values = Array.from({ length: lengthOfList(list, name) }, (_, i) => checked(list[i], `${name}[${i}]`));
    const of = (type) => values.filter((value) => typeof value === type);
    const others = new Set(values.filter((value) => value === null || typeof value === 'boolean'));
    const parts = [...this.#among(path, of('string'), of('number')), ...[...others].map((value) => this.equal(path, value, name))];
    return any(parts);
  }

  compare(path, operator, value, name) {
    const sign = COMPARE[operator];
    if (typeof checked(value, name) === 'string') return this.leaf(`${IS_TEXT} AND ${TEXT} ${sign} ?`, path, path, value);
    if (typeof value === 'number') return this.leaf(`${IS_NUMBER} AND ${NUMBER} ${sign} ${GIVEN}`, path, path, JSON.stringify(value));
    throw unexpected('ERR_INVALID_ARG', 'a number or a string', name, value);
  }

  condition(path, operator, value, name, level) {
    if (operator === '$eq') return this.equal(path, value, name);
    if (operator === '$ne') return `NOT ${this.equal(path, value, name)}`;
    if (operator === '$in') return this.isIn(path, value, name);
    if (operator === '$nin') return `NOT ${this.isIn(path, value, name)}`;
    if (operator === '$not') return `NOT ${this.field(path, value, name, level + 1)}`;
    if (operator !== '$exists') return this.compare(path, operator, value, name);
    if (typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
    return this.leaf(`json_type(metadata, ?) IS ${value ? 'NOT ' : ''}NULL`, path);
  }

  /** What is said of one field: a value to equal, or operators. */
  field(path, said, name, level) {
    if (level > MOST_LEVELS) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST_LEVELS} levels`, 'where', 'more');
    if (typeof said !== 'object' || said === null) return this.equal(path, said, name);
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
  if (typeof value !== 'object' || value === null || isList(value)) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  return Object.entries(value);
}

/** A value of JSON that can be compared. */
function checked(value, name) {
  const fits = value === null || typeof value === 'boolean' || (typeof value === 'string' && !value.includes('\0')) || Number.isFinite(value);
  if (fits) return value;
  throw unexpected('ERR_INVALID_ARG', 'a string without zero characters, a finite number, a boolean or null', name, value);
}

/** 'a.b' -> SQLite's path $."a"."b". It has no way to write a quote in a name. */
function pathOf(key, name) {
  const parts = key.split('.');
  if (parts.some((part) => part === '' || /["\\\u0000-\u001f]/.test(part))) {
    throw unexpected('ERR_INVALID_ARG', 'names without quotes, backslashes and control characters, between dots', `a field of ${name}`, key);
  }
  return `$${parts.map((part) => `."${part}"`).join('')}`;
}

/** {sql, values} of a predicate, or undefined for none. */
function compile(where) {
  if (where === undefined) return undefined;
  const compiler = new Compiler();
  return { sql: compiler.group(where, 'where', 0), values: compiler.values };
}

module.exports = { compile };
