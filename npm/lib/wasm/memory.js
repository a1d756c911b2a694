'use strict';

// The linear memory of one instance: views by element type, and an area for the arguments of one call.
const { lengthOf, tagOf } = require('../errors.js');
const { TextDecoder, TextEncoder } = require('../text.js');

/** Typed arrays that may cross: their `rv_type` and bytes an element (Sources/CRuvector/include/ruvector.h). */
const TYPES = {
  Float32Array: { code: 1, bytes: 4, Type: Float32Array },
  Float64Array: { code: 2, bytes: 8, Type: Float64Array },
  Int8Array: { code: 4, bytes: 1, Type: Int8Array },
  Uint8Array: { code: 5, bytes: 1, Type: Uint8Array },
  Uint8ClampedArray: { code: 5, bytes: 1, Type: Uint8Array },
  Uint32Array: { code: 6, bytes: 4, Type: Uint32Array },
  BigUint64Array: { code: 7, bytes: 8, Type: BigUint64Array },
  BigInt64Array: { code: 9, bytes: 8, Type: BigInt64Array },
};
const typeOf = (value) => TYPES[tagOf(value) ?? ''];

/** `set` of typed arrays, whatever a caller made of his own. */
const { set: setElements } = Object.getPrototypeOf(Uint8Array.prototype);

/** What stays allocated between calls, in bytes. */
const KEEP = 2 ** 24;
const decoder = new TextDecoder(), encoder = new TextEncoder();
const aligned = (bytes) => (bytes + 15) & ~15;

class Memory {
  #exports;
  #views;
  #area = 0;
  #areaBytes = 0;
  #used = 0;

  constructor(exports) {
    this.#exports = exports;
    this.#look();
  }

  /** A grown memory leaves its old views empty. */
  #look() {
    const { buffer } = this.#exports.memory;
    this.#views = Object.fromEntries(Object.entries(TYPES).map(([tag, { Type }]) => [tag, new Type(buffer)]));
  }

  /** All of the memory as a typed array of this name. */
  view(tag = 'Uint32Array') {
    if (this.#views.Uint8Array.length === 0) this.#look();
    return this.#views[tag];
  }

  /** Makes room for `bytes` (as `roomFor` counts them) in the area that `put` fills from its start; false if refused. */
  reserve(bytes) {
    this.#used = 0;
    if (bytes <= this.#areaBytes) return true;
    this.#exports.free(this.#area);
    const wanted = bytes <= KEEP ? Math.max(2 * this.#areaBytes, bytes, 2 ** 16) : bytes;
    this.#area = this.#exports.malloc(wanted);
    this.#areaBytes = this.#area === 0 ? 0 : wanted;
    return this.#area !== 0;
  }

  /** Gives a large area back to the allocator. */
  settle() {
    if (this.#areaBytes <= KEEP) return;
    this.#exports.free(this.#area);
    this.#area = this.#areaBytes = 0;
  }

  take(bytes) {
    const at = this.#area + this.#used;
    this.#used += aligned(bytes);
    return at;
  }

  static roomFor(value) {
    return typeof value === 'string' ? aligned(3 * value.length + 1) : aligned(lengthOf(value) * typeOf(value).bytes);
  }

  /** The address of the value's memory: a copy in the area, or only room for one. */
  put(value, copy) {
    const { bytes } = typeOf(value), length = lengthOf(value), at = this.take(length * bytes);
    if (copy && length > 0) this.view(tagOf(value)).set(value, at / bytes);
    return at;
  }

  putText(text) {
    const at = this.take(3 * text.length + 1), view = this.view('Uint8Array');
    const { written } = encoder.encodeInto(text, view.subarray(at, at + 3 * text.length));
    view[at + written] = 0;
    return at;
  }

  /** Copies what a call has written at `at` back to the caller. */
  fetch(value, at) {
    const { bytes } = typeOf(value), length = lengthOf(value);
    if (length > 0) setElements.call(value, this.view(tagOf(value)).subarray(at / bytes, at / bytes + length));
  }

  text(at) {
    const view = this.view('Uint8Array');
    return decoder.decode(view.subarray(at, view.indexOf(0, at)));
  }
}

module.exports = { Memory, typeOf };
