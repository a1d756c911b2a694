'use strict';
// npm run leaks [-- --cycles N] [name ...]: creates, uses, closes, forgets and is refused everything 10^5 times, and fails
// where memory grows by more than 32 bytes a cycle: less than the smallest native object. Prints the slopes.
const { parseArgs } = require('node:util');
const { cycles, slope } = require('../test/support/memory.js');

const MOST = 32;

async function main() {
  const { values, positionals } = parseArgs({ options: { cycles: { type: 'string', default: '100000' } }, allowPositionals: true });
  const count = Number(values.cycles);
  console.log(`${count} cycles each; bytes a cycle:`);
  for (const [name, cycle] of Object.entries(cycles)) {
    if (positionals.length > 0 && !positionals.some((part) => name.includes(part))) continue;
    const progress = (share) => process.stderr.isTTY && process.stderr.write(`\r${name}: ${Math.round(100 * share)} %  `);
    const bytes = await slope(cycle, count, 20, progress);
    if (process.stderr.isTTY) process.stderr.write('\r');
    console.log(`${name.padEnd(50)}${bytes.toFixed(1).padStart(9)}${bytes > MOST ? '   grows' : ''}`);
    if (bytes > MOST) process.exitCode = 1;
  }
}
main();
