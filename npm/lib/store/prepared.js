'use strict';

// Prepared filters of a store: which ids and what metadata. The index keeps the keys that they allow; entries that came since
// are looked at before each search (keys rise with time).
const native = require('../native.js');
const { Handle } = require('../handle.js');
const { PreparedFilter } = require('../indexes/filter.js');
const { internals } = require('../indexes/vector-index.js');
const { query } = require('./database.js');
const { compile } = require('./where.js');
const { idFilter } = require('./id-filter.js');
const { mismatch, unexpected } = require('../errors.js');
const inputs = require('../inputs.js');

/** PreparedFilter -> {follower, ids, deny, where, seen}. */
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
  const filter = new PreparedFilter(native.indexPrepare(internals.handle(follower.index), ALLOW, new Float64Array(0), undefined, 1, undefined));
  known.set(filter, { ...wanted, follower, seen: 0 });
  return filter;
}

const extend = (filter, keys) => ({
  sync: () => native.preparedExtend(Handle.of(filter, PreparedFilter, 'filter'), keys, undefined, 1, undefined),
  async: () => native.preparedExtendAsync(Handle.of(filter, PreparedFilter, 'filter'), keys, undefined, 1, undefined),
});

/** Looks at the entries that came since the last time. `.ERR_WRONG_HANDLE` for a filter of another store or of an index. */
function* refresh(db, follower, filter) {
  const one = known.get(filter);
  if (one?.follower !== follower) throw mismatch('ERR_WRONG_HANDLE', 'a filter of this store', 'filter', 'one of another');
  const { ids, deny, where } = one, holds = where ? ` AND ${where.sql}` : '';
  for (;;) {
    const { values } = yield* query(db, `SELECT key${ids ? ', id' : ''} FROM entries WHERE key > ?${holds} ORDER BY key LIMIT ${SLICE}`, one.seen, ...(where?.values ?? []));
    if (values.length === 0) return;
    const keys = ids ? values.filter((_, i) => i % 2 === 0 && ids.has(values[i + 1]) !== deny) : values;
    if (keys.length > 0) yield extend(filter, Float64Array.from(keys));
    one.seen = Math.max(one.seen, values.at(ids ? -2 : -1));
  }
}

module.exports = { make, readFilter, refresh };
