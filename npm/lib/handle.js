'use strict';

// What all objects with a native one have in common: it is closed once, by hand or by the collector.
const native = require('./native.js');
const { isForeign, nameOf, register, withArticle } = require('./known.js');
const { inPlace, isInstance, mismatch } = require('./errors.js');

/** Where a realm has no Symbol.dispose: the name that esbuild and Babel fall back to. */
const DISPOSE = Symbol.dispose ?? Symbol.for('Symbol.dispose'), ASYNC_DISPOSE = Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose');

/** What console.log leaves out. */
const LONG = ['token', 'parameters', 'offsets', 'indices'];

const isObject = (value) => typeof value === 'object' && value !== null;

class Handle {
  #native;
  #kind;

  constructor(handle, kind) {
    this.#native = handle;
    this.#kind = kind;
    register(this, new.target.name);
  }

  /** The native object of `value`, which must be a `kind`; internal. */
  static of(value, kind, name) {
    Handle.check(value, kind, name);
    if (Handle.#isClosed(value)) throw mismatch('ERR_CLOSED', `an open ${kind.name}`, name, 'a closed one');
    return value.#native;
  }

  /** `value` must be a `kind`, open or closed; a prototype that somebody set makes none. Internal. */
  static check(value, kind, name) {
    if (!Handle.is(value, kind)) throw mismatch('ERR_WRONG_HANDLE', withArticle(kind.name), name, inPlace(value));
  }

  /** Whether `value` is a `kind`, open or closed; internal. */
  static is(value, kind) {
    return isObject(value) && #native in value && value.#kind === kind;
  }

  /** Whether `value` is meant as a handle, of whatever kind, of whatever copy of the package; internal. */
  static looksLike(value) {
    return isInstance(value, Handle) || (isObject(value) && (#native in value || isForeign(value)));
  }

  static #isClosed(value) {
    if (!(isObject(value) && #native in value)) throw mismatch('ERR_WRONG_HANDLE', 'a handle', 'this', nameOf(value) ?? 'another object');
    return value.#native === undefined || native.isLost(value.#native);
  }

  /** Whether `value`, which must be a `kind`, has no native object any more; internal. */
  static isClosed(value, kind) {
    Handle.check(value, kind, 'this');
    return Handle.#isClosed(value);
  }

  get closed() {
    return Handle.#isClosed(this);
  }

  /** Frees the native memory as soon as calls in flight are done. Closing twice is fine. */
  close() {
    if (Handle.#isClosed(this)) return;
    native.close(this.#native);
    this.#native = undefined;
  }

  /** For `using`; a subclass's own `close` counts. */
  [DISPOSE]() {
    if (!Handle.#isClosed(this)) this.close();
  }

  /** What console.log shows: the properties that the object's classes give it, but for long ones. */
  [Symbol.for('nodejs.util.inspect.custom')](depth, options, inspect) {
    const isClosed = Handle.#isClosed(this) || this.closed === true, name = this.constructor?.name, shown = {};
    if (isClosed) return `${name} (closed)`;
    if (!(this instanceof this.#kind)) return `${name} {}`; // in disguise
    for (let at = Object.getPrototypeOf(this); at !== null && at !== Handle.prototype; at = Object.getPrototypeOf(at)) {
      for (const [key, { get }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
        if (get && !LONG.includes(key)) shown[key] ??= this[key];
      }
    }
    return `${name} ${inspect(shown, options)}`;
  }
}

module.exports = { ASYNC_DISPOSE, Handle };
