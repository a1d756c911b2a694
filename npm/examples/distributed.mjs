// One search over several processes: each holds a part of the vectors, and the parts' results are merged exactly.
//   node npm/examples/distributed.mjs
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BruteForceIndex, mergeTopK } from '@ruvector/gnn';

const dim = 16, parts = 3, each = 400;

/** Vector number i: every process can make it. */
function vector(i) {
  let s = (i + 1) * 2654435761 >>> 0;
  return Float32Array.from({ length: dim }, () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1);
}
const indexOf = (numbers) => {
  const index = new BruteForceIndex({ dim, metric: 'l2' });
  index.addBatch(numbers, numbers.map(vector));
  return index;
};
const range = (first, count) => Array.from({ length: count }, (_, i) => first + i);

if (process.send) {
  // A part: answers queries until it is told to end.
  const index = indexOf(range(Number(process.argv[2]) * each, each));
  process.on('message', ({ query, k }) => {
    const { keys, distances } = index.search(query, k);
    process.send({ keys: [...keys], distances: [...distances] });
  });
  process.send('ready');
} else {
  const once = (child) => new Promise((resolve) => { child.once('message', resolve); });
  const children = range(0, parts).map((part) => fork(fileURLToPath(import.meta.url), [String(part)])), ready = await Promise.all(children.map(once));
  console.log(`${ready.length} processes, ${each} vectors each`);

  const whole = indexOf(range(0, parts * each));
  let same = 0;
  for (let i = 0; i < 20; i++) {
    const query = vector(10_000 + i), answers = Promise.all(children.map(once));
    for (const child of children) child.send({ query: [...query], k: 10 });
    const merged = mergeTopK(await answers, 10), all = whole.search(query, 10);
    if (String(merged.keys) === String([...all.keys]) && String(merged.distances) === String(all.distances)) same++;
    if (i === 0) console.log(`the nearest: ${merged.keys.slice(0, 3).map((key) => `${key} of process ${Math.floor(key / each)}`).join(', ')}`);
  }
  console.log(`the same as one index over all: ${same} of 20`);
  for (const child of children) child.disconnect();
  whole.close();
}
