'use strict';
// A short run of `npm run operations`, from seeds that never change: what a new seed finds is not what a change has broken.
const assert = require('node:assert');
const test = require('node:test');
const { missing, operations } = require('../abuse/operations.js');

for (const [count, seed] of [[20000, 1], [10000, 2]]) {
  test(`${count} random operations, seed ${seed}`, () => {
    const { table, failed } = operations(count, seed, { perObject: 8 });
    assert.deepStrictEqual(failed.map(({ name, operation, problem }) => `${name}.${operation}: ${problem}`), []);
    assert.ok(table.every(({ operations: done, finite }) => done > 0 && finite > 0), 'every class has had its turn');
  });
}

test('every mechanism has its row', () => assert.deepStrictEqual(missing, []));
