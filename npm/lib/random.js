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

/** Uniform numbers in 0..<1 of a seed (mulberry32). */
function generator(seed) {
  let s = Number(BigInt.asUintN(32, BigInt(seed)));
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Normal numbers of a seed (Box and Muller). */
function normals(seed) {
  const next = generator(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

module.exports = { generator, getRandomValues, normals, randomSeed };
