'use strict';

// Which keys a search may return: a Set or an array of them, a bitmap, or {allow} or {deny} with one of these.
const { listOf } = require('./keys.js');
const { mismatch, tagOf } = require('../errors.js');

const NONE = { kind: 0, data: undefined, offsets: undefined };

/** {kind (rv_filter), data, offsets}. */
function filterOf(value, kind) {
  if (value === undefined) return NONE;
  if (typeof value === 'object' && value !== null && ('allow' in value || 'deny' in value)) {
    const { allow, deny } = value;
    if ((allow === undefined) === (deny === undefined)) {
      throw mismatch('ERR_INVALID_ARG', '{allow} or {deny}', 'filter', allow === undefined ? 'neither' : 'both');
    }
    return allow === undefined ? listed(deny, kind, 2, 'filter.deny') : listed(allow, kind, 1, 'filter.allow');
  }
  return listed(value, kind, 1, 'filter');
}

/** `code` 1: these, 2: all others. */
function listed(value, kind, code, name) {
  if (tagOf(value) === 'Uint8Array') return { kind: code + 2, data: new Uint8Array(value), offsets: undefined };
  const { data, offsets } = kind.pack(listOf(value, name), name);
  return { kind: code, data, offsets };
}

module.exports = { filterOf };
