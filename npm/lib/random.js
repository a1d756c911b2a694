'use strict';

// Random bits, in Node (18 has no global `crypto`) and in browsers.
/** @type {any} */
const crypto = globalThis.crypto ?? require('node:crypto').webcrypto;

const getRandomValues = (array) => crypto.getRandomValues(array);

/** An integer in 0..<2^47. */
function randomSeed() {
  const [high, low] = getRandomValues(new Uint32Array(2));
  return (high >>> 17) * 2 ** 32 + low;
}

module.exports = { getRandomValues, randomSeed };
