'use strict';

// The format safetensors (https://github.com/huggingface/safetensors): 8 bytes that say how long a header of JSON is, the header, the
// tensors without holes between them. Ours begin at a multiple of 64 bytes, larger elements first.
const { TextDecoder, TextEncoder } = require('../text.js');
const inputs = require('../inputs.js');
const { isList, mismatch } = require('../errors.js');
const { drive, Pause } = require('../slices.js');

/** Longest header that the format allows. */
const MOST_HEADER = 100_000_000;
const SIZES = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 };

const corrupt = (wanted, name, received) => mismatch('ERR_CORRUPT', wanted, name, received);
const product = (shape) => shape.reduce((a, b) => a * b, 1);

// ---- Numbers ----

/** Elements between two looks at the clock: some tenths of a millisecond. */
const SLICE = 2 ** 16;

/** `body(start, end)` for `count` elements, slice by slice; a generator for `drive` and `driveLater`. */
function* inSlices(count, pause, body) {
  for (let at = 0; at < count; at += SLICE) {
    if (pause.isDue) yield pause.turn;
    body(at, Math.min(at + SLICE, count));
  }
}

/** Copies a typed array into another of its kind. */
const copying = (from, to, at, pause) => inSlices(from.length, pause, (start, end) => { to.set(from.subarray(start, end), at + start); });

/**
 * The nearest halves of floats, ties to even: 16 bits each. Infinite beyond 65519. (`words`: the floats' bits.) Rounding adds half a step
 * less one, and the last bit that stays, before the bits behind it are cut: no branch that a processor cannot foresee.
 */
function toHalves(words, out, start, end) {
  for (let i = start; i < end; i++) {
    const bits = words[i], sign = (bits >>> 16) & 0x8000, size = bits & 0x7fffffff;
    if (size >= 0x477ff000) out[i] = sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00); // 65520 and more; NaN
    else if (size >= 0x38800000) out[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13);
    else if (size >= 0x33000000) { // below 2^-14, from 2^-25 on: steps of 2^-24
      const shift = 126 - (size >>> 23), digits = (size & 0x7fffff) | 0x800000;
      out[i] = sign | ((digits + (1 << (shift - 1)) - 1 + ((digits >>> shift) & 1)) >>> shift);
    } else out[i] = sign; // less than half a step
  }
}

function fromHalf(bits) {
  const exponent = (bits >>> 10) & 31, fraction = bits & 1023, sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

let table;
/** The number of each half: 256 KB, made when first asked for. */
function halves() {
  if (!table) {
    table = new Float32Array(2 ** 16);
    for (let bits = 0; bits < table.length; bits++) table[bits] = fromHalf(bits);
  }
  return table;
}

/** The numbers of halves in memory. */
function fromHalves(from, out) {
  const known = halves();
  for (let i = 0; i < from.length; i++) out[i] = known[from[i]];
}

/** Little-endian elements of a dtype as floats; `view` begins with the first of them. Loops of their own: a call an element is ten times slower. */
const READERS = {
  F32: (view, out, start, end) => { for (let i = start; i < end; i++) out[i] = view.getFloat32(4 * i, true); },
  F64: (view, out, start, end) => { for (let i = start; i < end; i++) out[i] = view.getFloat64(8 * i, true); },
  F16: (view, out, start, end) => {
    const known = halves();
    for (let i = start; i < end; i++) out[i] = known[view.getUint16(2 * i, true)];
  },
  BF16: (view, out, start, end) => {
    const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
    for (let i = start; i < end; i++) words[i] = view.getUint16(2 * i, true) << 16;
  },
  I8: (view, out, start, end) => { for (let i = start; i < end; i++) out[i] = view.getInt8(i); },
};

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Steps to the elements of a tensor (a Uint8Array) as floats. */
function* reading(bytes, dtype, count, pause) {
  const out = inputs.allocate(count, 'file');
  if (dtype === 'F32' && isLittle) {
    yield* copying(bytes, new Uint8Array(out.buffer), 0, pause); // wherever the bytes lie
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), read = READERS[dtype];
  yield* inSlices(count, pause, (start, end) => { read(view, out, start, end); });
  return out;
}

/** The elements of a tensor (a Uint8Array) as floats. */
const floatsOf = (bytes, dtype, count) => drive(reading(bytes, dtype, count, new Pause(() => {})));

// ---- Writing ----

/** Steps to the bytes of tensors [{name, dtype, shape, data}], data as the dtype's typed array (halves as Uint16Array). */
function* writing(tensors, metadata, pause) {
  const sorted = [...tensors].sort((a, b) => SIZES[b.dtype] - SIZES[a.dtype]), header = {};
  if (metadata !== undefined) header.__metadata__ = metadata;
  let at = 0;
  for (const { name, dtype, shape, data } of sorted) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header)), length = Math.ceil((8 + text.length) / 64) * 64 - 8;
  const bytes = inputs.allocate(8 + length + at, 'file', Uint8Array);
  bytes.fill(32, 8, 8 + length);
  bytes.set(text, 8);
  new DataView(bytes.buffer).setUint32(0, length, true);
  at = 8 + length;
  for (const { data } of sorted) {
    yield* copying(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), bytes, at, pause);
    at += data.byteLength;
  }
  return bytes;
}

/** The same at once. */
const write = (tensors, metadata) => drive(writing(tensors, metadata, new Pause(() => {})));

// ---- Reading ----

/** The length of the header of a file of `size` bytes, from its first eight; before anything is allocated by it. */
function headerLength(first, size) {
  if (first.length < 8) throw corrupt('at least 8 bytes', 'file', size);
  const view = new DataView(first.buffer, first.byteOffset, 8), length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MOST_HEADER || length > size - 8) throw corrupt(`a header of at most ${Math.min(MOST_HEADER, size - 8)} bytes`, 'file', `one of ${length}`);
  return length;
}

/** A name that an object has twice in the text of a header (of valid JSON), or in an object in it: JSON.parse would keep the last. One pass. */
function twiceIn(text) {
  const seen = [undefined, new Set(), new Set()];
  let depth = 0, begin = 0, end = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) { // a string: to the quotation mark that ends it
      begin = i++;
      while (text.charCodeAt(i) !== 34) i += text.charCodeAt(i) === 92 ? 2 : 1;
      end = i + 1;
    } else if (code === 58 && depth <= 2) { // a colon: the last string was a name
      const name = JSON.parse(text.slice(begin, end));
      if (seen[depth].has(name)) return name;
      seen[depth].add(name);
    } else if (code === 123 || code === 91) {
      if (++depth === 2) seen[2].clear();
    } else if (code === 125 || code === 93) depth--;
  }
  return undefined;
}

/** {tensors: Map of name -> {dtype, shape, start, end}, metadata, from} of a header; offsets count from its end, which is byte `from` of the file. */
function parseHeader(bytes, size) {
  let text, header;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw corrupt('a header of JSON', 'header', 'something else');
  }
  if (bytes[0] !== 123 || typeof header !== 'object' || header === null || isList(header)) throw corrupt('a JSON object', 'header', 'something else');
  const twice = twiceIn(text);
  if (twice !== undefined) throw corrupt('each name once', 'header', `${JSON.stringify(twice).slice(0, 60)} twice`);
  const { __metadata__: metadata = {}, ...entries } = header, tensors = new Map(), room = size - 8 - bytes.length;
  if (typeof metadata !== 'object' || metadata === null || isList(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) throw corrupt('texts by name', 'header.__metadata__', 'something else');
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = typeof entry === 'object' && entry !== null ? entry : {};
    if (!Object.hasOwn(SIZES, dtype ?? '')) throw corrupt(`one of ${Object.keys(SIZES).join(', ')}`, `${name}.dtype`, String(dtype));
    const isCount = (x) => Number.isSafeInteger(x) && x >= 0;
    if (!isList(shape) || !shape.every(isCount)) throw corrupt('sizes', `${name}.shape`, 'something else');
    if (!isList(offsets) || offsets.length !== 2 || !offsets.every(isCount)) throw corrupt('two places', `${name}.data_offsets`, 'something else');
    const [start, end] = offsets, bytesOf = product(shape) * SIZES[dtype];
    if (end > room || start > end) throw corrupt(`places up to ${room}`, `${name}.data_offsets`, `${start}, ${end}`);
    if (bytesOf !== end - start) throw corrupt(`${bytesOf} bytes`, name, end - start);
    tensors.set(name, { dtype, shape, start, end });
  }
  // Neither holes nor overlaps: together they are the file.
  let at = 0;
  for (const { start, end, name } of [...tensors].map(([name, tensor]) => ({ name, ...tensor })).sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== at) throw corrupt(`data from ${at} on`, `${name}.data_offsets`, start);
    at = end;
  }
  if (at !== room) throw corrupt(`${at} bytes of tensors`, 'file', room);
  return { tensors, metadata, from: 8 + bytes.length };
}

module.exports = { READERS, SIZES, copying, corrupt, floatsOf, fromHalves, headerLength, inSlices, isLittle, parseHeader, product, reading, toHalves, write, writing };
