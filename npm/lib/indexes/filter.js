'use strict';

// Which keys a search may return: a Set or an array of them, a bitmap, {allow} or {deny} with one of these, or what an index
// has prepared of one.
const native = require('../native.js');
const { Handle } = require('../handle.js');
const { listOf } = require('./keys.js');
const { mismatch, tagOf } = require('../errors.js');

const NONE = { kind: 0, data: undefined, offsets: undefined, prepared: undefined };

/** A filter for many searches of the index that prepared it, which follows what comes and goes. */
class PreparedFilter extends Handle {
  /** Internal: `VectorIndex.prepareFilter` and `VectorStore.prepareFilter` make them. */
  constructor(handle) {
    if (handle === undefined || typeof handle !== 'object' || handle === null || handle.constructor === Object) {
      throw mismatch('ERR_INVALID_ARG', 'index.prepareFilter(filter)', 'a PreparedFilter', 'its constructor');
    }
    super(handle, PreparedFilter);
  }

  get size() {
    return native.preparedSize(Handle.of(this, PreparedFilter, 'this'));
  }
}

/** {kind (rv_filter), data, offsets, prepared}; `own`: a copy of what the caller might change. */
function filterOf(value, kind, own) {
  if (value === undefined) return NONE;
  if (Handle.looksLike(value)) return { ...NONE, prepared: Handle.of(value, PreparedFilter, 'filter') };
  if (typeof value === 'object' && value !== null && ('allow' in value || 'deny' in value)) {
    const { allow, deny } = value;
    if ((allow === undefined) === (deny === undefined)) {
      throw mismatch('ERR_INVALID_ARG', '{allow} or {deny}', 'filter', allow === undefined ? 'neither' : 'both');
    }
    return allow === undefined ? listed(deny, kind, 2, 'filter.deny', own) : listed(allow, kind, 1, 'filter.allow', own);
  }
  return listed(value, kind, 1, 'filter', own);
}

/** `code` 1: these, 2: all others. */
function listed(value, kind, code, name, own) {
  if (tagOf(value) === 'Uint8Array') return { ...NONE, kind: code + 2, data: own ? new Uint8Array(value) : value };
  const { data, offsets } = kind.pack(listOf(value, name), name);
  return { ...NONE, kind: code, data, offsets };
}

module.exports = { PreparedFilter, filterOf };
