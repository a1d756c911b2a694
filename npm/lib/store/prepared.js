'use strict';

// Prepared filters of a store: which ids and what metadata. The index keeps the keys that they allow; entries that came since
// are looked at before each search (keys rise with time).
const native = require('../native.js');
const { filters } = require('../indexes/filter.js');
const { internals } = require('../indexes/vector-index.js');
const { query } = require('./database.js');
const { compile } = require('./where.js');
const { idFilter } = require('./id-filter.js');
const { mismatch, unexpected } = require('../errors.js');
const inputs = require('../inputs.js');

/** PreparedFilter -> {follower, ids, deny, where, seen, allowed, generation}. */
const known = new WeakMap();
const SLICE = 16384;
// rv_filter
const ALLOW = 1;

/** What a caller asks for, read once. */
function readFilter(options) {
  const { filter, where } = inputs.options(options, ['filter', 'where']);
  if (filter === undefined && where === undefined) throw mismatch('ERR_INVALID_ARG', 'filter or where', 'options', 'neither');
  const ids = idFilter(filter);
  if (ids?.prepared) throw unexpected('ERR_INVALID_ARG', 'ids', 'filter', filter);
  return { ids: ids && new Set(ids.ids), deny: ids?.deny ?? false, where: compile(where) };
}

function make(follower, wanted) {
  const filter = filters.make(native.indexPrepare(internals.handle(follower.index), ALLOW, new Float64Array(0), undefined, 1, undefined));
  known.set(filter, { ...wanted, follower, seen: 0, allowed: [], generation: follower.generation });
  return filter;
}

const change = (name, handle, keys) => ({
  sync: () => native[name](handle, Float64Array.from(keys), undefined, 1, undefined),
  async: () => native[`${name}Async`](handle, Float64Array.from(keys), undefined, 1, undefined),
});

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
  const { generation } = follower;
  if (one.where && one.generation !== generation) {
    const { keys, seen } = yield* allowedKeys(db, one, 0), before = new Set(one.allowed), now = new Set(keys);
    const gone = one.allowed.filter((key) => !now.has(key)), come = keys.filter((key) => !before.has(key));
    if (come.length > 0) yield change('preparedExtend', handle, come);
    if (gone.length > 0) yield change('preparedShrink', handle, gone);
    Object.assign(one, { seen, generation, allowed: keys });
    return;
  }
  const { keys, seen } = yield* allowedKeys(db, one, one.seen);
  if (keys.length > 0) yield change('preparedExtend', handle, keys);
  if (one.where) for (const key of keys) one.allowed.push(key); // two searches at once may note a key twice, which is harmless
  one.seen = Math.max(one.seen, seen);
}

/** {ids, deny, where} of a filter of a store. */
const definition = (filter) => known.get(filter);

module.exports = { definition, make, readFilter, refresh };
