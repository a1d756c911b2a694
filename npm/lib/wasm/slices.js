'use strict';

// Promise forms of calls that may take long, in slices. Each gets the calls of the backend, the arguments, and `pause`, which gives
// others their turn and throws once the call is aborted.
const { TextDecoder } = require('../text.js');

const decoder = new TextDecoder();

/** Multiply-adds of a search between two turns: some 10 ms. */
const SEARCHED = 2e7;

/** A search with few enough queries at a time; `pause` gives the turn and throws once the search is cancelled. */
async function search(native, values, pause) {
  const [queries, rows, dim, set, data, n, width, k, curvature, projection, temperature, indices, weights, distances, ...control] = values;
  const most = Math.max(1, Math.floor(SEARCHED / Math.max(1, n * width)));
  const step = most > 16 ? most - most % 16 : most; // the library reads the candidates once for 16 queries
  if (rows <= step) return native.search(...values);
  let found = 0;
  for (let start = 0; start < rows; start += step) {
    if (start > 0) await pause();
    const end = Math.min(start + step, rows), part = (array, size) => array.subarray(start * size, end * size);
    try {
      found = native.search(part(queries, dim), end - start, dim, set, data, n, width, k, curvature, projection, temperature,
        part(indices, k), part(weights, k), part(distances, k), ...control);
    } catch (error) {
      if (error.code === 'ERR_TRAP' || error.code === 'ERR_OUT_OF_MEMORY') throw error;
      return native.search(...values); // the whole call says it with the right index of the query
    }
  }
  return found;
}

/** Numbers read for the candidates of vectors that are added between two turns: 20 to 40 ms. */
const ADDED = 5e6;
/** Steps of repair that take as long, and what a removed vector needs. */
const REPAIRED = 1024, STEPS = 16;

/** Rows that are added in a slice: by what the options say, so that the same calls make the same index. */
function rowsOfSlice(native, index, dim) {
  const bytes = new Uint8Array(1024), { options } = JSON.parse(decoder.decode(bytes.subarray(0, native.indexDescribe(index, bytes))));
  return Math.max(1, Math.floor(ADDED / ((options.efConstruction ?? 1) * (dim + 70))));
}

/** Rows a few at a time, hidden, which are shown at the end or forgotten. */
async function indexAdd(native, values, pause) {
  const [index, keys, offsets, data, rows, dim, replacing, threads, state] = values, step = rowsOfSlice(native, index, dim);
  if (rows <= step) return native.indexAdd(...values);
  native.indexAccepts(index, keys, offsets, data, rows, dim, replacing);
  let ticket = 0, bytes;
  try {
    for (let start = 0, end; start < rows; start = end) {
      end = Math.min(start + step, rows);
      native.indexRepair(index, Math.min(STEPS * (end - start), REPAIRED), 1, undefined); // of batches that were called off
      ticket = native.indexStage(index, ticket, data.subarray(start * dim, end * dim), end - start, dim, threads, undefined);
      if (state.length > 1) state[1] = end / rows * 0xffffffff;
      await pause();
    }
    bytes = native.indexAddStaged(index, ticket, keys, offsets, replacing, threads, undefined);
  } catch (error) {
    if (!native.isLost(index)) native.indexDiscard(index, ticket, 1, undefined);
    throw error;
  }
  await repairInSlices(native, index, rows, pause);
  return bytes;
}

/** What replaced vectors have left; an abort leaves the rest to later changes. */
async function repairInSlices(native, index, rows, pause) {
  try {
    for (let left = STEPS * rows; left > 0 && native.indexRepair(index, Math.min(left, REPAIRED), 1, undefined) === 1; left -= REPAIRED) await pause();
  } catch { /* it has been added */ }
}

module.exports = { indexAdd, search };
