'use strict';

// What VectorSet and RuvectorLayer have in common: a native object that is closed once, by hand or by the collector.
const native = require('./native.js');
const { mismatch } = require('./errors.js');

class Handle {
  #native;

  constructor(handle) {
    this.#native = handle;
  }

  /** The native object of `value`, which must be a `kind`; internal. */
  static of(value, kind, name) {
    if (typeof value !== 'object' || value === null || !(#native in value) || !(value instanceof kind)) {
      throw mismatch('ERR_WRONG_HANDLE', `a ${kind.name}`, name, 'another object');
    }
    if (value.#native === undefined) throw mismatch('ERR_CLOSED', `an open ${kind.name}`, name, 'a closed one');
    return value.#native;
  }

  /** Whether `value` is a `kind`, open or closed; internal. */
  static is(value, kind) {
    return typeof value === 'object' && value !== null && #native in value && value instanceof kind;
  }

  get closed() {
    if (!(#native in this)) throw mismatch('ERR_WRONG_HANDLE', 'a handle', 'this', 'another object');
    return this.#native === undefined;
  }

  /** Frees the native memory as soon as calls in flight are done. Closing twice is fine. */
  close() {
    if (this.closed) return;
    native.close(this.#native);
    this.#native = undefined;
  }
}
if (Symbol.dispose) {
  Object.defineProperty(Handle.prototype, Symbol.dispose, { value() { this.close(); }, configurable: true, writable: true });
}

module.exports = { Handle };
