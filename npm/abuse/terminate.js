'use strict';
// npm run terminate [-- --count N --seed S]: 1,000 workers ended at random moments in the middle of calls, behind 300 others.
// Nothing may crash, memory may not grow with their number, a store has all that was acknowledged. Prints the growth for each
// worker, and fails where it is too much.
const { parseArgs } = require('node:util');
const { terminateWorkers } = require('../test/support/terminate.js');
const { settled, trend } = require('../test/support/memory.js');

/** Bytes a worker: Node itself keeps some. A set of the worker's own would be 128 kB, its layer 200 kB. */
const MOST = 40e3;
/** Workers that come first: until each of the allocator's arenas has met a worker of each kind memory grows, by some 16 MB. */
const WARM = 300;

async function main() {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '1000' }, seed: { type: 'string' } } });
  const count = Number(values.count), seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)), every = Math.ceil(count / 20);
  console.log(`${WARM} and ${count} workers, seed ${seed}`);
  const seen = [];
  await terminateWorkers(WARM + count, seed, async (ended) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${ended} of ${WARM + count}`);
    if (ended >= WARM && (ended - WARM) % every === 0) seen.push(await settled());
  });
  const bytes = trend(seen) / every, isTooMuch = bytes > MOST;
  console.log(`\n${WARM + count} ended, none crashed; ${(bytes / 1000).toFixed(1)} kB a worker (at most ${MOST / 1000})${isTooMuch ? ': TOO MUCH' : ''}`);
  if (isTooMuch) process.exitCode = 1;
}
main();
