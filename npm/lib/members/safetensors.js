'use strict';

// The format safetensors (https://github.com/huggingface/safetensors): 8 bytes that say how long a header of JSON is, the header, the
// tensors without holes between them. Ours begin at a multiple of 64 bytes, larger elements first.
const { TextDecoder, TextEncoder } = require('../text.js');
const { isList, mismatch } = require('../errors.js');

/** Longest header that the format allows. */
const MOST_HEADER = 100_000_000;
const SIZES = { F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4, F16: 2, BF16: 2, I16: 2, U16: 2, I8: 1, U8: 1, BOOL: 1, F8_E4M3: 1, F8_E5M2: 1 };

const corrupt = (wanted, name, received) => mismatch('ERR_CORRUPT', wanted, name, received);
const product = (shape) => shape.reduce((a, b) => a * b, 1);

// ---- Numbers ----

const scratch = new Float32Array(1), word = new Uint32Array(scratch.buffer);

/** The nearest half of a number, ties to even: its 16 bits. Infinite beyond 65519. */
function toHalf(x) {
  scratch[0] = x;
  const bits = word[0], sign = (bits >>> 16) & 0x8000, size = bits & 0x7fffffff;
  if (size > 0x7f800000) return sign | 0x7e00;
  if (size >= 0x477ff000) return sign | 0x7c00;
  if (size < 0x38800000) { // below 2^-14: steps of 2^-24
    const steps = Math.abs(scratch[0]) * 2 ** 24, whole = Math.floor(steps), rest = steps - whole;
    return sign | (rest > 0.5 || (rest === 0.5 && whole & 1) ? whole + 1 : whole);
  }
  const shifted = size - 0x38000000, half = shifted >>> 13, rest = shifted & 0x1fff;
  return sign | (rest > 0x1000 || (rest === 0x1000 && half & 1) ? half + 1 : half);
}

function fromHalf(bits) {
  const exponent = (bits >>> 10) & 31, fraction = bits & 1023, sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

function fromBrain(bits) {
  word[0] = bits << 16;
  return scratch[0];
}

/** Little-endian elements of a dtype as floats; `view` begins with them. */
const READERS = {
  F32: (view, i) => view.getFloat32(4 * i, true),
  F64: (view, i) => view.getFloat64(8 * i, true),
  F16: (view, i) => fromHalf(view.getUint16(2 * i, true)),
  BF16: (view, i) => fromBrain(view.getUint16(2 * i, true)),
  I8: (view, i) => view.getInt8(i),
};

const isLittle = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The elements of a tensor (a Uint8Array) as floats. */
function floatsOf(bytes, dtype, count) {
  const out = new Float32Array(count);
  if (dtype === 'F32' && isLittle) {
    new Uint8Array(out.buffer).set(bytes); // wherever the bytes lie
    return out;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), read = READERS[dtype];
  for (let i = 0; i < count; i++) out[i] = read(view, i);
  return out;
}

// ---- Writing ----

/** Bytes of tensors [{name, dtype, shape, data}], data as the dtype's typed array (halves as Uint16Array). */
function write(tensors, metadata) {
  const sorted = [...tensors].sort((a, b) => SIZES[b.dtype] - SIZES[a.dtype]), header = {};
  if (metadata !== undefined) header.__metadata__ = metadata;
  let at = 0;
  for (const { name, dtype, shape, data } of sorted) {
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] };
    at += data.byteLength;
  }
  const text = new TextEncoder().encode(JSON.stringify(header)), length = Math.ceil((8 + text.length) / 64) * 64 - 8;
  const bytes = new Uint8Array(8 + length + at);
  bytes.fill(32, 8, 8 + length);
  bytes.set(text, 8);
  new DataView(bytes.buffer).setUint32(0, length, true);
  at = 8 + length;
  for (const { data } of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

// ---- Reading ----

/** The length of the header of a file of `size` bytes, from its first eight; before anything is allocated by it. */
function headerLength(first, size) {
  if (first.length < 8) throw corrupt('at least 8 bytes', 'file', size);
  const view = new DataView(first.buffer, first.byteOffset, 8), length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > MOST_HEADER || length > size - 8) throw corrupt(`a header of at most ${Math.min(MOST_HEADER, size - 8)} bytes`, 'file', `one of ${length}`);
  return length;
}

/** {tensors: Map of name -> {dtype, shape, start, end}, metadata, from} of a header; offsets count from its end, which is byte `from` of the file. */
function parseHeader(bytes, size) {
  let header;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw corrupt('a header of JSON', 'header', 'something else');
  }
  if (bytes[0] !== 123 || typeof header !== 'object' || header === null || isList(header)) throw corrupt('a JSON object', 'header', 'something else');
  const { __metadata__: metadata = {}, ...entries } = header, tensors = new Map(), room = size - 8 - bytes.length;
  if (typeof metadata !== 'object' || metadata === null || Object.values(metadata).some((value) => typeof value !== 'string')) throw corrupt('texts by name', 'header.__metadata__', 'something else');
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

module.exports = { READERS, SIZES, corrupt, floatsOf, headerLength, isLittle, parseHeader, product, toHalf, write };
