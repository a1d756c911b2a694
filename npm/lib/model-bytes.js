'use strict';

// Bytes of trained models: a magic text, a header in JSON, arrays of numbers, a checksum.
//   8 bytes magic; u32 bytes of the header; the header; zeros up to a multiple of 8; arrays, each padded so; u32 CRC, 4 zeros
const { bytesOf } = require('./indexes/files.js');
const inputs = require('./inputs.js');
const { TextDecoder, TextEncoder } = require('./text.js');
const { mismatch, RuvectorError } = require('./errors.js');

const TYPES = { u32: Uint32Array, f32: Float32Array, f64: Float64Array };
const padded = (bytes) => Math.ceil(bytes / 8) * 8;

let table;
/** CRC-32 (ISO 3309). */
function crc(bytes) {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c >>> 0;
  });
  let c = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) c = table[(c ^ bytes[i]) & 0xff] ^ (c >>> 8);
  return (c ^ 0xffffffff) >>> 0;
}

/** The bytes of `header`, an object, and of `arrays`, by names. */
function pack(magic, header, arrays) {
  const parts = Object.entries(arrays).map(([name, data]) => ({ name, type: Object.keys(TYPES).find((one) => data instanceof TYPES[one]), count: data.length }));
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: parts })), start = padded(12 + text.length);
  const bytes = inputs.allocate(Object.values(arrays).reduce((sum, { byteLength }) => sum + padded(byteLength), start) + 8, 'bytes', Uint8Array);
  bytes.set(new TextEncoder().encode(magic));
  new DataView(bytes.buffer).setUint32(8, text.length, true);
  bytes.set(text, 12);
  let at = start;
  for (const data of Object.values(arrays)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += padded(data.byteLength);
  }
  new DataView(bytes.buffer).setUint32(at, crc(bytes.subarray(0, at)), true);
  return bytes;
}

const corrupt = (wanted, name, received) => mismatch('ERR_CORRUPT', wanted, name, received);

/** {header, arrays} of such bytes. ERR_CORRUPT for anything else. */
function unpack(magic, value) {
  const bytes = bytesOf(value, true), view = new DataView(bytes.buffer);
  if (bytes.length < 24 || bytes.length % 8 !== 0) throw corrupt('a whole file', 'bytes', `${bytes.length} bytes`);
  const start = new TextDecoder().decode(bytes.subarray(0, 8));
  if (start !== magic) throw corrupt(JSON.stringify(magic), 'the first 8 bytes', 'something else');
  const end = bytes.length - 8;
  if (view.getUint32(end, true) !== crc(bytes.subarray(0, end))) throw corrupt('the right checksum', 'bytes', 'another');
  try {
    const { arrays: parts, ...header } = JSON.parse(new TextDecoder().decode(bytes.subarray(12, 12 + view.getUint32(8, true))));
    let at = padded(12 + view.getUint32(8, true));
    const arrays = {};
    for (const { name, type, count } of parts) {
      const Type = TYPES[type];
      arrays[name] = new Type(bytes.buffer.slice(at, at + count * Type.BYTES_PER_ELEMENT));
      if (arrays[name].length !== count) throw corrupt(`${count} numbers`, name, arrays[name].length);
      at += padded(arrays[name].byteLength);
    }
    if (at !== end) throw corrupt(`${at} bytes`, 'bytes', end);
    return { header, arrays };
  } catch (cause) {
    throw cause instanceof RuvectorError ? cause : new RuvectorError('ERR_CORRUPT', `expected bytes of a model: ${cause.message}`, { cause });
  }
}

module.exports = { corrupt, pack, unpack };
