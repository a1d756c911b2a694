'use strict';

// The keys of an index: safe integers, bigints or strings, one kind an index. Each kind says how its keys cross to native code
// and come back.
const inputs = require('../inputs.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');
const { TextDecoder, TextEncoder } = require('../text.js');

const encoder = new TextEncoder(), decoder = new TextDecoder();
const LOW = -(2n ** 63n), HIGH = 2n ** 63n;

/** Whether a value is a Set, of whichever realm. */
function isSet(value) {
  try {
    Set.prototype.has.call(value, undefined);
    return true;
  } catch {
    return false;
  }
}

/** `Set`s and arrays (typed ones of the kind's own too) as a plain array. */
function listOf(value, name) {
  if (isList(value) || tagOf(value) !== undefined) return value;
  if (isSet(value)) return Array.from(Set.prototype.values.call(value));
  throw unexpected('ERR_INVALID_ARG', 'an array or a Set of keys', name, value);
}

const lengthOfKeys = (list, name) => (tagOf(list) === undefined ? inputs.lengthOfList(list, name) : lengthOf(list));

/** Numbers or bigints into one typed array each. */
function packed(list, name, Type, check) {
  const count = lengthOfKeys(list, name), data = inputs.allocate(count, name, Type);
  for (let i = 0; i < count; i++) data[i] = check(list[i], `${name}[${i}]`);
  return { data, offsets: undefined, count };
}

function safeInteger(value, name) {
  if (!Number.isSafeInteger(value)) throw unexpected('ERR_INVALID_ARG', "a safe integer (other keys need keys: 'bigint' or 'string')", name, value);
  return value;
}

function int64(value, name) {
  if (typeof value !== 'bigint') throw unexpected('ERR_INVALID_ARG', 'a bigint', name, value);
  if (value < LOW || value >= HIGH) throw unexpected('ERR_OUT_OF_RANGE', 'a signed bigint of 64 bits (-2^63...2^63 - 1)', name, value);
  return value;
}

function text(value, name) {
  if (typeof value !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string', name, value);
  // A lone surrogate would come back as another string.
  if (/[\ud800-\udfff]/u.test(value)) throw mismatch('ERR_INVALID_ARG', 'a string of whole characters', name, 'half a surrogate pair');
  return value;
}

/** Strings as the bytes of all, and where each begins. */
function packedText(list, name) {
  const count = lengthOfKeys(list, name), parts = [], offsets = inputs.allocate(count + 1, name, Uint32Array);
  let bytes = 0;
  for (let i = 0; i < count; i++) {
    const part = encoder.encode(text(list[i], `${name}[${i}]`));
    parts.push(part);
    offsets[i + 1] = bytes += part.length;
    if (bytes > 0xffffffff) throw mismatch('ERR_OUT_OF_RANGE', 'at most 4 GB of text in a call', name, 'more');
  }
  const data = inputs.allocate(bytes, name, Uint8Array);
  parts.forEach((part, i) => data.set(part, offsets[i]));
  return { data, offsets, count };
}

/** Room for the bytes of `count` short strings. */
const TEXT = 32;

const numbers = (Type, check) => ({
  Type,
  pack: (list, name) => packed(list, name, Type, check),
  one: (key, name) => ({ data: Type.of(check(key, name)), offsets: undefined, count: 1 }),
  /** Calls `fill(keys, offsets)`, which writes `count` keys; the keys. */
  receive(count, fill) {
    const out = inputs.allocate(count, 'keys', Type);
    fill(out, undefined);
    return out;
  },
  async receiveAsync(count, fill) {
    const out = inputs.allocate(count, 'keys', Type);
    await fill(out, undefined);
    return out;
  },
  slice: (keys, start, end) => keys.subarray(start, end),
});

const KINDS = {
  number: { name: 'number', ...numbers(Float64Array, safeInteger) },
  bigint: { name: 'bigint', ...numbers(BigInt64Array, int64) },
  string: {
    name: 'string',
    Type: Uint8Array,
    pack: packedText,
    one: (key, name) => packedText([text(key, name)], name),
    /** The same; `fill` returns the bytes that it needs, and is asked again where they were too few. */
    receive(count, fill) {
      const offsets = inputs.allocate(count + 1, 'keys', Uint32Array);
      let bytes = inputs.allocate(TEXT * count, 'keys', Uint8Array);
      for (let needed; (needed = fill(bytes, offsets)) > bytes.length;) bytes = inputs.allocate(needed, 'keys', Uint8Array);
      return this.decode(bytes, offsets, count);
    },
    async receiveAsync(count, fill) {
      const offsets = inputs.allocate(count + 1, 'keys', Uint32Array);
      let bytes = inputs.allocate(TEXT * count, 'keys', Uint8Array);
      for (let needed; (needed = await fill(bytes, offsets)) > bytes.length;) bytes = inputs.allocate(needed, 'keys', Uint8Array);
      return this.decode(bytes, offsets, count);
    },
    decode: (bytes, offsets, count) => Array.from({ length: count }, (_, i) => decoder.decode(bytes.subarray(offsets[i], offsets[i + 1]))),
    slice: (keys, start, end) => keys.slice(start, end),
  },
};

function kindOf(name) {
  if (typeof name === 'string' && Object.hasOwn(KINDS, name)) return KINDS[name];
  throw unexpected('ERR_INVALID_CONFIG', "'number', 'bigint' or 'string'", 'keys', name);
}

module.exports = { isSet, kindOf, listOf };
