'use strict';
// Short runs of `npm run leaks`. Over so few cycles V8's own housekeeping can look like growth, but not twice in a row.
const assert = require('node:assert');
const test = require('node:test');
const { cycles, slope } = require('./support/memory.js');

const COUNT = 10000, MOST = 512; // bytes: most objects that a cycle makes are kilobytes

for (const [name, cycle] of Object.entries(cycles)) {
  test(name, async () => {
    const bytes = await slope(cycle, COUNT);
    if (bytes < MOST) return;
    const again = await slope(cycle, 2 * COUNT);
    assert.ok(again < MOST, `grows by ${bytes.toFixed()} and ${again.toFixed()} bytes a cycle`);
  });
}
