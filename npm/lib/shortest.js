'use strict';

const { lengthOf } = require('./errors.js');

const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * A number that prints as the shortest decimal (7 to 9 digits) which reads back as the float `x`: JSON of floats is
 * half as long with it. Exact because m * 10^e and m / 10^e round once for m < 2^53 and e <= 22.
 */
function shortest(x) {
  const magnitude = Math.abs(x);
  if (!(magnitude >= 1e-9 && magnitude < 1e9)) return x;
  const exponent = Math.floor(Math.log10(magnitude));
  for (let digits = 7; digits <= 9; digits++) {
    const shift = digits - 1 - exponent;
    const m = shift >= 0 ? Math.round(x * POWERS[shift]) : Math.round(x / POWERS[-shift]);
    const y = shift >= 0 ? m / POWERS[shift] : m * POWERS[-shift];
    if (Math.fround(y) === x) return y;
  }
  return x;
}

/** All of them, as an array that JSON.stringify prints. */
function shortestAll(floats) {
  const length = lengthOf(floats), out = new Array(length);
  for (let i = 0; i < length; i++) out[i] = shortest(floats[i]);
  return out;
}

module.exports = { shortest, shortestAll };
