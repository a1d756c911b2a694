'use strict';
// A process of its own for one figure: what an index of 100 x 32 floats takes that grew by `add`.
//   node --expose-gc small-indexes.js HNSWIndex|BruteForceIndex
// Makes 1,000 of them, or as many as fit in 1 GB. Prints their number, resident bytes of one and the bytes that it says it takes.
const { gnn } = require('./library.js');

const MOST = 1000, ROOM = 2 ** 30;
const Class = gnn[process.argv[2]], row = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)), made = [];

function small() {
  const index = new Class({ dim: 32 });
  for (let key = 0; key < 100; key++) {
    row[key % 32] = Math.sin(key);
    index.add(key, row);
  }
  return index;
}
function resident() {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}

small().close();
const before = resident();
while (made.length < MOST && (made.length % 50 !== 0 || process.memoryUsage().rss - before < ROOM)) made.push(small());
console.log(JSON.stringify({ count: made.length, resident: (resident() - before) / made.length, bytes: made[0].stats().bytes }));
