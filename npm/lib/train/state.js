'use strict';

// The bytes of a run: a header in JSON, the weights of the trainer, a checksum. Made and read by Trainer.
const { TextDecoder, TextEncoder } = require('../text.js');
const { isList, mismatch } = require('../errors.js');

const MAGIC = 'ruvector trainer 1\n';

/** A sum that sees every bit and its place (FNV-1a over words). */
function checksum(words) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < words.length; i++) hash = Math.imul(hash ^ words[i], 0x01000193);
  return hash >>> 0;
}

const corrupt = (wanted, received) => mismatch('ERR_CORRUPT', wanted, 'state', received);

function pack(header, floats) {
  const words = new Uint32Array(floats.buffer, floats.byteOffset, floats.length), encoder = new TextEncoder();
  const head = encoder.encode(`${MAGIC}${JSON.stringify({ ...header, floats: floats.length, checksum: checksum(words) })}\n`);
  const bytes = new Uint8Array(head.length + floats.byteLength);
  bytes.set(head);
  bytes.set(new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength), head.length);
  return bytes;
}

/** {header, floats}; `count` floats are wanted. ERR_CORRUPT for bytes that are cut, foreign or of another model. */
function unpack(bytes, count) {
  const decoder = new TextDecoder(), magic = decoder.decode(bytes.subarray(0, MAGIC.length));
  if (magic !== MAGIC) throw corrupt('the state of a Trainer', 'something else');
  const end = bytes.indexOf(10, MAGIC.length);
  if (end < 0) throw corrupt('a whole header', 'one that is cut');
  let header;
  try {
    header = JSON.parse(decoder.decode(bytes.subarray(MAGIC.length, end)));
  } catch {
    throw corrupt('a header of JSON', 'something else');
  }
  if (typeof header !== 'object' || header === null || !isList(header.parameters)) throw corrupt('a header', 'something else');
  if (header.floats !== count) throw corrupt(`${count} numbers`, String(header.floats));
  const rest = bytes.subarray(end + 1);
  if (rest.length !== 4 * count) throw corrupt(`${4 * count} bytes of numbers`, rest.length);
  const floats = new Float32Array(rest.slice().buffer);
  if (checksum(new Uint32Array(floats.buffer)) !== header.checksum) throw corrupt('numbers as they were written', 'others');
  return { header, floats };
}

module.exports = { pack, unpack };
