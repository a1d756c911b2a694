'use strict';

// One query over candidates that pass by in blocks. `workspace`: memory of this thread (search.js).
const native = require('./native.js');
const inputs = require('./inputs.js');
const { packRows } = require('./matrices.js');
const { ROWS, blocksOf, placesOf } = require('./row-places.js');
const { lengthOf, plain } = require('./errors.js');

/** Floats of a first workspace: 512 rows of 128 stay in the second-level cache between packing and scoring. */
const BLOCK = ROWS * 128;

/** Candidates in an array, block by block: packed, or read where they are known to be. */
function searchRows(workspace, q, candidates, k, metric, name) {
  const { search } = workspace;
  native.searchBegin(search, q, metric.curvature, metric.projection, k, metric.temperature);
  const n = inputs.lengthOfList(candidates, name), dim = lengthOf(q);
  const block = Math.min(n, ROWS);
  if (workspace.staging.length < block * dim) workspace.staging = inputs.allocate(block * dim, name);
  const blocks = blocksOf(candidates, n);
  for (let start = 0, number = 0; start < n; start += block, number++) {
    const rows = Math.min(block, n - start), places = blocks && placesOf(blocks, number, candidates, start, rows, dim);
    if (places) {
      native.searchFeedPlaces(search, places, rows, dim);
      continue;
    }
    packRows(candidates, start, rows, dim, workspace.staging, name);
    native.searchFeed(search, workspace.staging, rows, dim);
  }
  workspace.room(Math.min(k, n));
  return native.searchFinish(search, workspace.indices, workspace.weights, workspace.values);
}

/** Packed candidates, block by block, where memory is copied on its way in: a block stays in the cache in between. */
function searchBlocks(workspace, q, data, rows, dim, k, metric) {
  const { search } = workspace, floats = plain(data);
  native.searchBegin(search, q, metric.curvature, metric.projection, k, metric.temperature);
  for (let start = 0; start < rows; start += ROWS) {
    const end = Math.min(rows, start + ROWS);
    native.searchFeed(search, floats.subarray(start * dim, end * dim), end - start, dim);
  }
  workspace.room(Math.min(k, rows));
  return native.searchFinish(search, workspace.indices, workspace.weights, workspace.values);
}

module.exports = { BLOCK, searchBlocks, searchRows };
