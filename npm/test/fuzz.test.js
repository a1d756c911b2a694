'use strict';
// A short run of `npm run fuzz`, from seeds that never change: what a new seed finds is not what a change has broken.
const assert = require('node:assert');
const test = require('node:test');
const { fuzz } = require('../abuse/fuzz/index.js');
const { attention, rows: attentionRows } = require('../abuse/fuzz/attention.js');
const { entriesOf, rows } = require('../abuse/fuzz/table.js');
const { ruvector } = require('./support/index.js');

test('12,000 random calls, seeds 1 and 2, and every row reached', () => fuzz(12000, 1, undefined, 6000));

test('an export without a row fails the fuzz, and a row without an export', () => {
  class Extended extends attention.FlashAttention { extra() {} }
  for (const [module, known, prefix] of [[ruvector, rows, ''], [attention, attentionRows, 'attention:']]) {
    assert.throws(() => entriesOf({ ...module, news() {} }, known, prefix), /no row for \[news\]/);
    assert.throws(() => entriesOf({ ...module, Extended }, known, prefix), /no row for \[Extended,.*Extended#extra/);
    assert.throws(() => entriesOf(module, { ...known, gone: [] }, prefix), /rows for nothing \[gone\]/);
  }
});
