'use strict';

// Which keys a search may return: a Set or an array of them, a bitmap, {allow} or {deny} with one of these, or what an index
// has prepared of one.
const native = require('../native.js');
const { Handle } = require('../handle.js');
const { listOf } = require('./keys.js');
const { has, isInstance, mismatch, tagOf } = require('../errors.js');

const NONE = { kind: 0, data: undefined, offsets: undefined, prepared: undefined };

/** What this package does with prepared filters, and nobody else. */
let filters;

/** A filter for many searches of the index that prepared it, which follows what comes and goes. */
class PreparedFilter extends Handle {
  /** Searches of several steps that use it, and whether it goes with the last of them. */
  #uses = 0;
  #isClosing = false;

  /** Internal: `VectorIndex.prepareFilter` and `VectorStore.prepareFilter` make them. */
  constructor(handle) {
    if (!isInstance(handle, Made)) throw mismatch('ERR_INVALID_ARG', 'index.prepareFilter(filter)', 'a PreparedFilter', 'its constructor');
    super(handle.handle, PreparedFilter);
  }

  static #of(value, name) {
    const handle = Handle.of(value, PreparedFilter, name);
    if (value.#isClosing) throw mismatch('ERR_CLOSED', 'an open PreparedFilter', name, 'a closed one');
    return handle;
  }

  static {
    filters = {
      make: (handle) => new PreparedFilter(new Made(handle)),
      /** The native filter of `value`, or of a `Held` one. */
      handleOf: (value) => (isInstance(value, Held) ? value.handle : PreparedFilter.#of(value, 'filter')),
      /** Keeps an open filter for a search of several steps, until `letGo` of what this returns. */
      hold(filter) {
        const held = new Held(PreparedFilter.#of(filter, 'filter'), filter);
        filter.#uses++;
        return held;
      },
      letGo({ filter }) {
        filter.#uses--;
        if (filter.#isClosing && filter.#uses === 0) Handle.prototype.close.call(filter);
      },
    };
  }

  get size() {
    return native.preparedSize(PreparedFilter.#of(this, 'this'));
  }

  get closed() {
    return Handle.isClosed(this, PreparedFilter) || this.#isClosing;
  }

  close() {
    Handle.check(this, PreparedFilter, 'this');
    if (this.#uses > 0) this.#isClosing = true;
    else super.close();
  }
}

/** What the constructor takes: a native filter. */
class Made {
  constructor(handle) {
    this.handle = handle;
  }
}

/** A filter that stays open for a search. */
class Held {
  constructor(handle, filter) {
    this.handle = handle;
    this.filter = filter;
  }
}

/** {kind (rv_filter), data, offsets, prepared}; `own`: a copy of what the caller might change. */
function filterOf(value, kind, own) {
  if (value === undefined) return NONE;
  if (isInstance(value, Held) || Handle.looksLike(value)) return { ...NONE, prepared: filters.handleOf(value) };
  if (has(value, 'allow') || has(value, 'deny')) {
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

module.exports = { PreparedFilter, filterOf, filters };
