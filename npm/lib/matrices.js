'use strict';

// Callers' matrices -> packed Float32Arrays with their rows and width.
const { allocate, array, lengthOfList, ownArray, vector } = require('./inputs.js');
const native = require('./native.js');
const { ROWS, blocksOf, placesOf } = require('./row-places.js');
const { has, isList, lengthOf, mismatch, tagOf, unexpected } = require('./errors.js');
const { checkPacked, dataOf, isSize, matrixSizes } = require('./tensors.js');

/** Writes rows[start, start + count) into `out` one after the other, each `dim` long. */
function packRows(rows, start, count, dim, out, name) {
  for (let i = 0; i < count; i++) {
    const row = rows[start + i];
    if (tagOf(row) === 'Float32Array' && lengthOf(row) === dim) out.set(row, i * dim);
    else out.set(otherRow(row, dim, `${name}[${start + i}]`), i * dim);
  }
}

/** One block of a list, `count` rows from a multiple of ROWS on; those of a list that comes again may be known by their places. */
function packBlock(blocks, list, start, count, dim, out, name) {
  const places = blocks && placesOf(blocks, start / ROWS, list, start, count, dim);
  if (places) native.gatherRows(places, out, count, dim);
  else packRows(list, start, count, dim, out, name);
}

/** A whole list, `count` rows. */
function packList(list, count, dim, out, name) {
  const blocks = blocksOf(list, count);
  if (blocks === undefined) return packRows(list, 0, count, dim, out, name);
  for (let start = 0; start < count; start += ROWS) {
    const rows = Math.min(ROWS, count - start);
    packBlock(blocks, list, start, rows, dim, out.subarray(start * dim, (start + rows) * dim), name);
  }
}

function otherRow(row, dim, name) {
  const v = vector(row, name);
  if (lengthOf(v) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, name, lengthOf(v));
  return v;
}

/** [rows, dim] of `{data, rows, dim}`, `{data, dims}` (tensors) or `{data, shape}` (ndarrays), else undefined. */
function packedShape(value, name) {
  if (typeof value !== 'object' || value === null || isList(value) || tagOf(value)) return undefined;
  if (!has(value, 'data')) return undefined; // not read yet: a tensor says first where it lies
  const { rows, dim } = value;
  const isOurs = rows !== undefined || dim !== undefined;
  if (isOurs && !(isSize(rows) && isSize(dim))) throw mismatch('ERR_INVALID_ARG', '{data, rows, dim} with two integers', name, 'another shape');
  const shape = isOurs ? [rows, dim] : matrixSizes(value, name);
  checkPacked(value, shape, name);
  return shape;
}

const MATRIX = 'an array of vectors, {data, rows, dim}, {data, dims} or {data, shape}';

/** A matrix as {data, rows, dim}, packed into memory from `room`; `data` may be the caller's own unless `own`. */
function matrix(value, name, own = false, room = allocate) {
  if (isList(value)) {
    const rows = lengthOfList(value, name);
    if (rows === 0) return { data: new Float32Array(0), rows: 0, dim: 0 };
    const dim = lengthOf(vector(value[0], `${name}[0]`));
    if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', `${name}[0]`, 0);
    const data = room(rows * dim, name);
    packList(value, rows, dim, data, name);
    return { data, rows, dim };
  }
  const shape = packedShape(value, name);
  if (!shape) throw unexpected('ERR_INVALID_ARG', MATRIX, name, value);
  const data = (own ? ownArray : array)(dataOf(value, name), `${name}.data`);
  const [rows, dim] = shape;
  if (rows > 0 && dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', `${name}[0]`, 0);
  if (lengthOf(data) !== rows * dim) {
    throw mismatch('ERR_DIMENSION_MISMATCH', `rows * dim = ${rows * dim} elements`, `${name}.data`, lengthOf(data));
  }
  return { data, rows, dim };
}

module.exports = { matrix, packBlock, packRows };
