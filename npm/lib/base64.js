'use strict';

// Base64, in Node and in browsers.
const hasBuffer = typeof Buffer === 'function';

function toBase64(bytes) {
  if (hasBuffer) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes of a text; of one that is no base64 some others, which its reader refuses. */
function fromBase64(text) {
  if (hasBuffer) return new Uint8Array(Buffer.from(text, 'base64'));
  try {
    return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

module.exports = { fromBase64, toBase64 };
