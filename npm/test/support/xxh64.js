'use strict';

// XXH64 (seed 0) of a Buffer, as the specification writes it: the checksum of index files.
const MASK = 2n ** 64n - 1n;
const [P1, P2, P3, P4, P5] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n];
const rotate = (x, n) => ((x << n) | (x >> (64n - n))) & MASK;
const round = (lane, input) => (rotate((lane + input * P2) & MASK, 31n) * P1) & MASK;

function xxh64(bytes) {
  const lanes = [(P1 + P2) & MASK, P2, 0n, -P1 & MASK];
  let at = 0, h = P5;
  for (; at + 32 <= bytes.length; at += 32) lanes.forEach((lane, i) => { lanes[i] = round(lane, bytes.readBigUInt64LE(at + 8 * i)); });
  if (at > 0) {
    h = [1n, 7n, 12n, 18n].reduce((sum, n, i) => sum + rotate(lanes[i], n), 0n) & MASK;
    for (const lane of lanes) h = ((h ^ round(0n, lane)) * P1 + P4) & MASK;
  }
  h = (h + BigInt(bytes.length)) & MASK;
  for (; at + 8 <= bytes.length; at += 8) h = (rotate(h ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4) & MASK;
  for (; at + 4 <= bytes.length; at += 4) h = (rotate(h ^ ((BigInt(bytes.readUInt32LE(at)) * P1) & MASK), 23n) * P2 + P3) & MASK;
  for (; at < bytes.length; at++) h = (rotate(h ^ ((BigInt(bytes[at]) * P5) & MASK), 11n) * P1) & MASK;
  h = ((h ^ (h >> 33n)) * P2) & MASK;
  h = ((h ^ (h >> 29n)) * P3) & MASK;
  return h ^ (h >> 32n);
}

module.exports = { xxh64 };
