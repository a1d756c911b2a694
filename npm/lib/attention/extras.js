'use strict';

// What some mechanisms read beside queries, keys and values. A row of table.js says which:
//   context   names of columns: `position` is the options queryPositions and keyPositions, a number each query and key
//   keyOnly   those of them that queries do not have
//   features  the options queryFeatures and keyFeatures, a matrix each
//   edges     the option edges, a matrix
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { lengthOf, mismatch } = require('../errors.js');

const NONE = { data: new Float32Array(0), rows: 0, dim: 0 };
const plural = (column) => `${column[0].toUpperCase()}${column.slice(1)}s`;
const SIDES = ['query', 'key'];

/** The names of the options that a row adds to a call. */
function extraNames({ context = [], keyOnly = [], features: isMatrix, edges }) {
  const both = isMatrix ? ['Features'] : context.filter((name) => !keyOnly.includes(name)).map(plural);
  return [...both.flatMap((name) => SIDES.map((side) => side + name)), ...keyOnly.map((name) => `key${plural(name)}`), ...(edges ? ['edges'] : [])];
}

/** [rows, columns] out of one vector a column; columns that are left out are 0. */
function columns(names, side, count, given) {
  if (names.every((name) => given[side + plural(name)] === undefined)) return NONE;
  const data = inputs.allocate(count * names.length, 'context');
  names.forEach((column, c) => {
    const name = side + plural(column);
    if (given[name] === undefined) return;
    const list = inputs.vector(given[name], name);
    if (lengthOf(list) !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} numbers`, name, lengthOf(list));
    for (let i = 0; i < count; i++) data[i * names.length + c] = list[i];
  });
  return { data, rows: count, dim: names.length };
}

/** A matrix with one of `counts` rows, or none where it is left out. */
function rows(value, name, counts, own) {
  if (value === undefined) return NONE;
  const m = matrix(value, name, own);
  if (!counts.includes(m.rows)) throw mismatch('ERR_DIMENSION_MISMATCH', `${[...new Set(counts)].join(' or ')} rows`, name, m.rows);
  return m;
}

/** The matrices of queries' context, keys' context and edges (`pairs` of a pattern); empty where there are none. */
function readExtras(row, given, m, n, own, pairs) {
  const edges = rows(given.edges, 'edges', pairs === undefined ? [n, m * n] : [pairs], own);
  if (row.features) return [rows(given.queryFeatures, 'queryFeatures', [m], own), rows(given.keyFeatures, 'keyFeatures', [n], own), edges];
  if (!row.context) return [NONE, NONE, edges];
  return [columns(row.context, 'query', m, given), columns(row.context, 'key', n, given), edges];
}

module.exports = { extraNames, plural, readExtras };
