'use strict';
// A process of its own for one figure: by how many bytes a batch of flash attention (n x n, 8 heads of 64) makes it grow
// beyond its arguments and its result.  node batch-memory.js <n>
const { attention: { FlashAttention } } = require('./library.js');

const n = Number(process.argv[2]), dim = 512;
const made = (rows) => [1, 2, 3].map((seed) => ({ data: Float32Array.from({ length: rows * dim }, (_, i) => Math.sin(i + seed)), rows, dim }));
const one = new FlashAttention({ dim, numHeads: 8 });
one.computeBatch(...made(64)); // what is made once for all calls
const args = made(n);
globalThis.gc?.();
// The peak is Linux's own, set back to what is in use now; elsewhere the largest so far.
const fs = require('node:fs');
const peak = () => (fs.existsSync('/proc/self/status') ? Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) : process.resourceUsage().maxRSS) * 1024;
if (fs.existsSync('/proc/self/clear_refs')) fs.writeFileSync('/proc/self/clear_refs', '5');
const before = peak(), { data } = one.computeBatch(...args);
console.log(peak() - before - data.byteLength);
