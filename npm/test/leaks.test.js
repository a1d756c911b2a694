'use strict';
// Short runs of `npm run leaks`. Over so few cycles noise can look like growth, but not when one looks again for longer.
const assert = require('node:assert');
const test = require('node:test');
const { random } = require('./support/index.js');
const { cycles, looks, trend } = require('./support/memory.js');

/**
 * After how many looks, of 100 cycles each, the growth is asked for that all of them show, and what is none, in bytes a cycle: most
 * objects are kilobytes. One collection a look: what waits for the next one is as much at every look.
 */
const PER = 100, RUNS = { 10: 1024, 20: 1024, 40: 512, 160: 512 };
const shareOf = (name) => (name.startsWith('VectorStore') ? 0.4 : 1); // what opens databases takes its time

test('a leak of the smallest object is told from noise', () => {
  const per = 5000; // cycles from look to look, as in npm run leaks
  for (let seed = 0; seed < 200; seed++) {
    const next = random(seed), noise = Array.from({ length: 20 }, () => 64e6 + next() * 5e5);
    // V8's heap has a page of 256 kB more at every second look.
    const alternating = noise.map((x, i) => 64e6 + (x - 64e6) / 5 + (i % 2) * 2 ** 18), jump = noise.map((x, i) => x + (i > 7 ? 1e6 : 0));
    for (const [what, looks] of Object.entries({ noise, alternating, jump })) {
      assert.ok(trend(looks) / per < 32, `${what} ${seed}: ${trend(looks) / per}`);
      const leak = trend(looks.map((x, i) => x + 48 * per * i)) / per;
      assert.ok(leak > 32, `a leak in ${what} ${seed}: ${leak}`);
    }
  }
});

for (const [name, cycle] of Object.entries(cycles)) {
  test(name, async () => {
    const seen = [], grown = [], per = PER * shareOf(name);
    for await (const memory of looks(cycle, per, 1)) {
      seen.push(memory);
      if (!(seen.length in RUNS)) continue;
      const bytes = trend(seen) / per;
      if (bytes < RUNS[seen.length]) return;
      grown.push(bytes.toFixed());
      if (seen.length === 160) assert.fail(`grows by ${grown.join(', ')} bytes a cycle`);
    }
  });
}
