'use strict';
// npm run terminate [-- --count N --seed S]: 1,000 workers ended at random moments in the middle of calls. Nothing may
// crash, memory may not grow with their number, a store has all that was acknowledged. Prints the growth for each worker.
const { parseArgs } = require('node:util');
const { terminateWorkers } = require('../test/support/terminate.js');
const { settled, trend } = require('../test/support/memory.js');

/** Bytes a worker: Node itself keeps some. A set of the worker's own would be 128 kB, its layer 200 kB. */
const MOST = 40e3;

async function main() {
  const { values } = parseArgs({ options: { count: { type: 'string', default: '1000' }, seed: { type: 'string' } } });
  const count = Number(values.count), seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)), every = Math.ceil(count / 20);
  console.log(`${count} workers, seed ${seed}`);
  const seen = [];
  await terminateWorkers(count, seed, async (ended) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${ended} of ${count}`);
    if (ended % every === 0) seen.push(await settled());
  });
  const bytes = trend(seen) / every;
  console.log(`\n${count} ended, none crashed; ${(bytes / 1000).toFixed(1)} kB a worker (at most ${MOST / 1000})`);
  if (bytes > MOST) process.exitCode = 1;
}
main();
