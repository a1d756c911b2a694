// One search, and attention of one query, over several processes: each holds a part of the vectors, and the parts' results are merged exactly.
//   node npm/examples/distributed.mjs
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { BruteForceIndex, mergeTopK } from '@ruvector/gnn';
import { MultiHeadAttention } from '@ruvector/gnn/attention';

const dim = 16, parts = 3, each = 512;

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
const mechanism = new MultiHeadAttention(dim, 4);
const range = (first, count) => Array.from({ length: count }, (_, i) => first + i);

if (process.send) {
  // A part: answers queries until it is told to end.
  const numbers = range(Number(process.argv[2]) * each, each), index = indexOf(numbers), vectors = numbers.map(vector);
  process.on('message', ({ query, k, state }) => {
    // Attention over the vectors here as keys and values, after those of a state where there is one: 25 numbers, however many vectors.
    if (k === undefined) return process.send([...mechanism.feed(query, vectors, vectors, state && { state: Float64Array.from(state) })]);
    const { keys, distances } = index.search(query, k);
    return process.send({ keys: [...keys], distances: [...distances] });
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

  // Attention: all processes at once, and their states merged; or one after the other, each going on from the state before.
  const vectors = range(0, parts * each).map(vector), ask = (child, message) => (child.send(message), once(child));
  let largest = 0, bits = 0;
  for (let i = 0; i < 20; i++) {
    const query = [...vector(20_000 + i)], expected = mechanism.compute(query, vectors, vectors);
    const states = await Promise.all(children.map((child) => ask(child, { query })));
    const merged = mechanism.finish(mechanism.merge(states.map((state) => Float64Array.from(state))));
    largest = Math.max(largest, ...merged.map((x, c) => Math.abs(x - expected[c])));
    let state;
    for (const child of children) state = await ask(child, { query, state });
    if (String(mechanism.finish(Float64Array.from(state))) === String(expected)) bits++;
  }
  console.log(`attention, merged: within 1e-6 of one process: ${largest < 1e-6}; in turn: the same bits in ${bits} of 20`);
  for (const child of children) child.disconnect();
  for (const one of [whole, mechanism]) one.close();
}
