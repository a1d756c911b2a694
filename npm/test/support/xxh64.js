'use strict';

// XXH64 (seed 0) of a Buffer, as the specification writes it: the checksum of index files.
const low = (x) => BigInt.asUintN(64, x); // V8 calculates these in registers
const [P1, P2, P3, P4, P5] = [0x9e3779b185ebca87n, 0xc2b2ae3d27d4eb4fn, 0x165667b19e3779f9n, 0x85ebca77c2b2ae63n, 0x27d4eb2f165667c5n];
const rotate = (x, n) => low((x << n) | (x >> (64n - n)));
const round = (lane, input) => low(rotate(low(lane + low(input * P2)), 31n) * P1);

function xxh64(bytes) {
  const lanes = [low(P1 + P2), P2, 0n, low(-P1)];
  let at = 0, h = P5;
  for (; at + 32 <= bytes.length; at += 32) lanes.forEach((lane, i) => { lanes[i] = round(lane, bytes.readBigUInt64LE(at + 8 * i)); });
  if (at > 0) {
    h = [1n, 7n, 12n, 18n].reduce((sum, n, i) => low(sum + rotate(lanes[i], n)), 0n);
    for (const lane of lanes) h = low((h ^ round(0n, lane)) * P1 + P4);
  }
  h = low(h + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) h = low(rotate(h ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * P1 + P4);
  for (; at + 4 <= bytes.length; at += 4) h = low(rotate(h ^ low(BigInt(bytes.readUInt32LE(at)) * P1), 23n) * P2 + P3);
  for (; at < bytes.length; at++) h = low(rotate(h ^ low(BigInt(bytes[at]) * P5), 11n) * P1);
  h = low((h ^ (h >> 33n)) * P2);
  h = low((h ^ (h >> 29n)) * P3);
  return h ^ (h >> 32n);
}

module.exports = { xxh64 };
