'use strict';

const inputs = require('./inputs.js');
const { matrix, packRows } = require('./matrices.js');
const { isList, mismatch } = require('./errors.js');

const NONE = new Float32Array(0);
let staging = new Float32Array(64 * 128);

/** Neighbours packed for one synchronous call. Rows are converted first, so that no caller's code runs in between. */
function packNeighbors(neighbors, dim) {
  if (!isList(neighbors)) return packedNeighbors(neighbors, dim);
  const rows = inputs.lengthOfList(neighbors, 'neighbors');
  if (rows === 0) return { data: NONE, rows: 0, dim };
  const plain = inputs.mapList(neighbors, rows, (row, i) => inputs.vector(row, `neighbors[${i}]`));
  const room = rows * dim;
  if (staging.length < room) staging = inputs.allocate(room, 'neighbors');
  packRows(plain, 0, rows, dim, staging, 'neighbors');
  return { data: staging.length === room ? staging : staging.subarray(0, room), rows, dim };
}

function packedNeighbors(neighbors, dim) {
  const packed = matrix(neighbors, 'neighbors');
  if (packed.rows > 0 && packed.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'neighbors[0]', packed.dim);
  return packed;
}

module.exports = { packNeighbors };
