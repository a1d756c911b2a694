'use strict';

// What callers may say of learned orders, read in one place, and the chance that exploring takes.
const inputs = require('../inputs.js');
const { unexpected } = require('../errors.js');

const whole = (value, name, low, high, standard) => {
  const number = inputs.number(value, name, standard);
  if (!(Number.isInteger(number) && number >= low && number <= high)) throw unexpected('ERR_OUT_OF_RANGE', `an integer in ${low}...${high}`, name, value);
  return number;
};

/** `explore`: the share of searches in which two ranks of what is shown change places. */
function readShare(value) {
  const share = inputs.number(value, 'explore', 0);
  if (!(share >= 0 && share <= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'a number in 0...1', 'explore', value);
  return share;
}

/** `examination`: 'auto', or η of θ = rank^−η. */
function readExamination(value = 'auto') {
  if (value === 'auto' || (typeof value === 'number' && value >= 0 && value <= 10)) return value;
  throw unexpected('ERR_INVALID_CONFIG', "'auto' or a number in 0...10", 'examination', value);
}

const flag = (value, name, standard = false) => {
  if (value !== undefined && typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
  return value ?? standard;
};

/** Two ranks of `count` that change places in a share of searches; `next()` in 0..<1. */
function swapOf(share, count, next) {
  if (share === 0 || count < 2 || next() >= share) return undefined;
  const i = Math.floor(next() * count), j = Math.floor(next() * (count - 1));
  return [i, j < i ? j : j + 1];
}

module.exports = { flag, readExamination, readShare, swapOf, whole };
