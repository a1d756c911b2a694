'use strict';

// What a path of a predicate leads to, as document stores have it: the value there and, where it is an array, each of its elements;
// an array on the way stands for those of its elements that are objects. Parts of a path are '."name"'. What functions here give
// is {sql, values}. (CASE looks at what follows only where it has to; AND and OR of a value do not.)

/**
 * Whether `condition` holds for what lies at `path` of `json` (SQL of an object), or for one of its elements. It has `types`, words of
 * json_type, and `test(value, values)`, about a value of such a type that is SQL with parameters.
 */
function holdsAt(json, path, { types, test }, elementsOnly) {
  const one = test(`json_extract(${json}, ?)`, [path]), each = test('element.value', []), own = elementsOnly ? [] : types;
  return {
    sql: `CASE json_type(${json}, ?) ${own.map((type) => `WHEN '${type}' THEN ${one.sql} `).join('')}WHEN 'array' THEN EXISTS
      (SELECT 1 FROM json_each(${json}, ?) AS element WHERE element.type IN (${types.map((type) => `'${type}'`)}) AND ${each.sql}) ELSE 0 END`,
    values: [path, ...own.flatMap(() => one.values), path, ...each.values],
  };
}

/** The objects at `path` of `json`, as an array: the one there, or those of an array. */
const opened = (json) => `CASE json_type(${json}, ?) WHEN 'array' THEN json_extract(${json}, ?) WHEN 'object' THEN json_array(json_extract(${json}, ?)) ELSE '[]' END`;

/** An element of step i, if it is an object. */
const object = (i) => `CASE step${i}.type WHEN 'object' THEN step${i}.value END`;

/** `last(json, path)` for whatever a path leads to. */
function anywhere(parts, last) {
  const direct = last('metadata', `$${parts.join('')}`), end = parts.length - 2;
  if (end < 0) return direct;
  const prefixes = parts.slice(0, -1).map((_, i) => `$${parts.slice(0, i + 1).join('')}`);
  const steps = parts.slice(0, -1).map((_, i) => opened(i === 0 ? 'metadata' : object(i - 1))), behind = last(object(end), `$${parts[end + 1]}`);
  return {
    sql: `CASE WHEN ${direct.sql} THEN 1 WHEN 'array' IN (${prefixes.map(() => 'json_type(metadata, ?)')}) THEN EXISTS
      (SELECT 1 FROM ${steps.map((step, i) => `json_each(${step}) AS step${i}`)} WHERE ${behind.sql}) ELSE 0 END`,
    values: [...direct.values, ...prefixes, ...parts.slice(0, -1).flatMap((part) => Array(3).fill(`$${part}`)), ...behind.values],
  };
}

/** Whether `condition` holds for what a path leads to, or for one of its elements. */
const leads = (parts, condition, elementsOnly) => anywhere(parts, (json, path) => holdsAt(json, path, condition, elementsOnly));

/** Whether a path leads to anything. */
const isReached = (parts) => anywhere(parts, (json, path) => ({ sql: `json_type(${json}, ?) IS NOT NULL`, values: [path] }));

module.exports = { isReached, leads };
