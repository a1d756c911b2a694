'use strict';

// Adding to an index in two steps, for stores: rows go in hidden, and are shown when the database has them. Each step exists
// for the calling thread and as a promise; native code lets one writer in at a time and the others wait.
const inputs = require('../inputs.js');
const native = require('../native.js');
const { internals } = require('./vector-index.js');
const { following } = require('./progress.js');

const NONE = 0xffffffff;

/** Stores rows hidden, behind those of the ticket (0: a new one); the ticket. */
const stage = {
  sync: (index, ticket, { data, rows, dim }, { threads = 1 }) => native.indexStage(internals.handle(index), ticket, data, rows, dim, threads, undefined),
  async: (index, ticket, { data, rows, dim }, { threads = 1, flag = new Uint32Array(1), onProgress = undefined }) =>
    following(flag, onProgress, (state) => native.indexStageAsync(internals.handle(index), ticket, data, rows, dim, threads, state)),
};

const keysOf = (list) => (list instanceof Float64Array ? list : Float64Array.from(list));

/** Shows the rows of a ticket under these keys and removes others; bytes of the index. */
const commit = {
  sync: (index, ticket, keys, removed) => native.resize(internals.handle(index),
    native.indexCommit(internals.handle(index), ticket, keysOf(keys), undefined, keysOf(removed), undefined, 1, undefined)),
  async: async (index, ticket, keys, removed) => {
    const bytes = await native.indexCommitAsync(internals.handle(index), ticket, keysOf(keys), undefined, keysOf(removed), undefined, 1, undefined);
    if (!index.closed) native.resize(internals.handle(index), bytes);
  },
};

/** Forgets the rows of a ticket; with 0, waits for who is writing. */
const discard = {
  sync: (index, ticket) => native.indexDiscard(internals.handle(index), ticket, 1, undefined),
  async: (index, ticket) => native.indexDiscardAsync(internals.handle(index), ticket, 1, undefined),
};

/** At most so many steps of repair; whether more is left. */
const repair = {
  sync: (index, steps) => native.indexRepair(internals.handle(index), steps, 1, undefined) === 1,
  async: async (index, steps) => (await native.indexRepairAsync(internals.handle(index), steps, 1, undefined)) === 1,
};

/** The places of keys (a Float64Array), `NONE` where the index does not have them. */
function placesOf(index, keys) {
  const places = new Uint32Array(keys.length);
  native.indexPlaces(internals.handle(index), keys, undefined, places);
  return places;
}

/** The vectors of keys (a Float64Array), one after the other: of length 1 in an index of cosines. ERR_NOT_FOUND where one is missing. */
function vectorsOf(index, keys, dim) {
  const rows = inputs.allocate(keys.length * dim, 'vectors');
  native.indexGet(internals.handle(index), keys, undefined, rows);
  return rows;
}

/** The distance from a vector to those of keys (a Float64Array). ERR_NOT_FOUND where one is missing. */
function distancesTo(index, query, keys) {
  const out = new Float32Array(keys.length);
  native.indexDistances(internals.handle(index), query, keys, undefined, out);
  return out;
}

module.exports = { NONE, commit, discard, distancesTo, placesOf, repair, stage, vectorsOf };
