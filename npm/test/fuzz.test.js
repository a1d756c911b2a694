'use strict';
// A short run of `npm run fuzz`, from a seed that never changes and from one that always does.
const test = require('node:test');
const { fuzz } = require('../abuse/fuzz/index.js');

const fresh = Math.floor(Math.random() * 2 ** 31);
for (const [calls, seed] of [[40000, 1], [20000, fresh]]) {
  test(`${calls} random calls, seed ${seed}`, () => fuzz(calls, seed));
}
