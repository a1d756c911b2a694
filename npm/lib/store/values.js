'use strict';

// Values of SQL <-> the packed bytes of rv_database_run: a byte for the type, then the value (ruvector.h).
const { mismatch } = require('../errors.js');
const { allocate } = require('../inputs.js');
const { TextDecoder, TextEncoder } = require('../text.js');

const NULL = 0, INTEGER = 1, REAL = 2, TEXT = 3;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Packs values one after the other. */
class Packer {
  #bytes;
  #view;
  #length = 0;

  /** With room for so many bytes at first. */
  constructor(bytes = 256) {
    this.#bytes = allocate(bytes, 'parameters', Uint8Array);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What has been packed; valid until more is. */
  get bytes() {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count) {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = allocate(Math.max(needed, 2 * this.#bytes.length), 'parameters', Uint8Array);
    larger.set(this.bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  #head(type, bytes) {
    if (bytes > 0x7fffffff) throw mismatch('ERR_OUT_OF_RANGE', 'less than 2^31 bytes', 'a value', `${bytes}`);
    this.#bytes[this.#length] = type;
    this.#view.setUint32(this.#length + 1, bytes, true);
    this.#length += 5;
  }

  null() {
    this.#reserve(1);
    this.#bytes[this.#length++] = NULL;
    return this;
  }

  integer(x) {
    this.#reserve(9);
    this.#bytes[this.#length] = INTEGER;
    this.#view.setBigInt64(this.#length + 1, BigInt(x), true);
    this.#length += 9;
    return this;
  }

  text(x) {
    this.#reserve(5 + 3 * x.length);
    const { written } = encoder.encodeInto(x, this.#bytes.subarray(this.#length + 5));
    this.#head(TEXT, written);
    this.#length += written;
    return this;
  }

  /** Numbers of a Float32Array of ours, as they lie in memory. */
  floats(x) {
    this.#reserve(5 + x.byteLength);
    this.#head(4, x.byteLength);
    this.#bytes.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), this.#length);
    this.#length += x.byteLength;
    return this;
  }

  /** A string, an integer or null by its type. */
  value(x) {
    return x === null ? this.null() : typeof x === 'string' ? this.text(x) : this.integer(x);
  }
}

/** The values of rows in their order: null, numbers, strings; a blob as the Uint8Array of its place. */
function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), values = [];
  for (let at = 0; at < bytes.length;) {
    const type = bytes[at++];
    if (type === NULL) values.push(null);
    else if (type === INTEGER || type === REAL) {
      values.push(type === REAL ? view.getFloat64(at, true) : view.getInt32(at + 4, true) * 2 ** 32 + view.getUint32(at, true));
      at += 8;
    } else {
      const start = at + 4, end = start + view.getUint32(at, true), piece = bytes.subarray(start, end);
      values.push(type === TEXT ? decoder.decode(piece) : piece);
      at = end;
    }
  }
  return values;
}

module.exports = { Packer, unpack };
