'use strict';

// Prepared filters of a store: which ids and what metadata. The index keeps the keys that they allow; entries that came since
// are looked at before each search (keys rise with time).
const native = require('../native.js');
const { filters } = require('../indexes/filter.js');
const { NONE, placesOf } = require('../indexes/staging.js');
const { internals } = require('../indexes/vector-index.js');
const { query } = require('./database.js');
const { compile } = require('./where.js');
const { idFilter } = require('./id-filter.js');
const { mismatch, unexpected } = require('../errors.js');
const inputs = require('../inputs.js');

/** PreparedFilter -> {follower, ids, deny, where, seen, allowed, generation}. */
const known = new WeakMap();
const SLICE = 16384;
// rv_filter: keys of a store are never used twice
const ALLOW_ONCE = 5;

/** What a caller asks for, read once. */
function readFilter(options) {
  const { filter, where } = inputs.options(options, ['filter', 'where']);
  if (filter === undefined && where === undefined) throw mismatch('ERR_INVALID_ARG', 'filter or where', 'options', 'neither');
  const ids = idFilter(filter);
  if (ids?.prepared) throw unexpected('ERR_INVALID_ARG', 'ids', 'filter', filter);
  return { ids: ids && new Set(ids.ids), deny: ids?.deny ?? false, where: compile(where) };
}

function make(follower, wanted) {
  const filter = filters.make(native.indexPrepare(internals.handle(follower.index), ALLOW_ONCE, new Float64Array(0), undefined, 1, undefined));
  known.set(filter, { ...wanted, follower, seen: 0, allowed: [], generation: follower.generation, version: 0 });
  return filter;
}

/** At once, so that no other search sees a part. */
const change = (name, handle, keys) => { if (keys.length > 0) native[name](handle, Float64Array.from(keys), undefined, 1, undefined); };

/** Keys behind `seen` that are allowed, rising, and the last key looked at. */
function* allowedKeys(db, { ids, deny, where }, seen) {
  const keys = [], holds = where ? ` AND ${where.sql}` : '', { values: [last] } = yield* query(db, 'SELECT ifnull(max(key), 0) FROM entries');
  for (let at = seen; at < last;) {
    const { values } = yield* query(db, `SELECT key${ids ? ', id' : ''} FROM entries WHERE key > ? AND key <= ?${holds} ORDER BY key LIMIT ${SLICE}`, at, last, ...(where?.values ?? []));
    if (values.length === 0) break;
    for (let i = 0; i < values.length; i += ids ? 2 : 1) if (!ids || ids.has(values[i + 1]) !== deny) keys.push(values[i]);
    at = values.at(ids ? -2 : -1);
  }
  return { keys, seen: Math.max(seen, last) };
}

/**
 * Looks at the entries that came since the last time. Metadata that another program may have changed under the same key is
 * looked at anew. ERR_WRONG_HANDLE for a filter of another store or of an index.
 */
function* refresh(db, follower, { filter, handle }) {
  const one = known.get(filter);
  if (one?.follower !== follower) throw mismatch('ERR_WRONG_HANDLE', 'a filter of this store', 'filter', 'one of another');
  for (;;) {
    const { generation } = follower, { version } = one, isAnew = one.where !== undefined && one.generation !== generation;
    const { keys, seen } = yield* allowedKeys(db, one, isAnew ? 0 : one.seen);
    if (version !== one.version) continue; // another search was faster
    if (isAnew) {
      const before = new Set(one.allowed), now = new Set(keys);
      change('preparedExtend', handle, keys.filter((key) => !before.has(key)));
      change('preparedShrink', handle, one.allowed.filter((key) => !now.has(key)));
      one.allowed = keys;
    } else {
      change('preparedExtend', handle, keys);
      if (one.where) note(one, keys);
    }
    Object.assign(one, { seen, generation, version: version + (isAnew || keys.length > 0 ? 1 : 0) });
    return;
  }
}

/** Keys that are allowed, to be compared when metadata has changed; those of entries that went are dropped now and then. */
function note(one, keys) {
  const { follower: { index, seenKey } } = one;
  for (const key of keys) one.allowed.push(key);
  if (one.allowed.length < 4096 + 4 * index.size) return;
  const places = placesOf(index, Float64Array.from(one.allowed));
  one.allowed = one.allowed.filter((key, i) => key > seenKey || places[i] !== NONE);
}

/** {ids, deny, where} of a filter of a store. */
const definition = (filter) => known.get(filter);

module.exports = { definition, make, readFilter, refresh };
