// Two threads, promises, and calls that are called off.   node npm/examples/attention/parallel.mjs
import { FlashAttention, MultiHeadAttention, parallelAttentionCompute } from '@ruvector/gnn/attention';

/** Numbers in [-1, 1) that depend on the seed only. */
function matrix(rows, dim, seed) {
  const data = new Float32Array(rows * dim);
  for (let i = 0, s = seed; i < data.length; i++) {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    data[i] = s / 2 ** 31 - 1;
  }
  return { data, rows, dim };
}
const equal = (a, b) => a.every((x, i) => x === b[i]);

// One call on more cores: the result has the same bits for any number of threads.
const [q, k, v] = [1, 2, 3].map((seed) => matrix(1024, 64, seed)), attention = new FlashAttention({ dim: 64, numHeads: 4 });
const one = attention.computeBatch(q, k, v), two = attention.computeBatch(q, k, v, { threads: 2 });
console.log('2 threads, the same bits:', equal(one.data, two.data));

// Off the event loop: timers and other calls go on. Arguments are copied first, so they may change at once.
let ticks = 0;
const clock = setInterval(() => ticks++, 1);
const layers = [1, 2].map((seed) => new MultiHeadAttention({ dim: 64, numHeads: 4, seed }));
const results = await Promise.all(layers.map((layer) => layer.computeBatchAsync(q, k, v, { threads: 2 })));
console.log('two layers at once:', results.map(({ rows, dim }) => `${rows} x ${dim}`).join(', '));
console.log('the same as without promises:', equal(results[0].data, layers[0].computeBatch(q, k, v).data));

// Gradients, too.
const { parameters } = await layers[0].backwardAsync(q, k, v, results[0], { threads: 2 });
console.log('gradients of', parameters.length, 'parameters');

// A signal rejects at once; the work ends at its next block.
const controller = new AbortController(), large = matrix(20000, 64, 4);
const flying = attention.computeBatchAsync(large, large, large, { signal: controller.signal });
setTimeout(() => controller.abort(), 5);
await flying.catch((error) => console.log('called off:', error.code));
clearInterval(clock);
console.log('the event loop went on:', ticks > 0);

// Each query with keys of its own, by the name of the mechanism.
const queries = matrix(3, 64, 5), lists = [5, 50, 500].map((rows) => matrix(rows, 64, rows));
const { outputs } = await parallelAttentionCompute({ attentionType: 'Flash', dim: 64 }, queries, lists, lists, { threads: 2 });
console.log(`${outputs.length} outputs of ${outputs[0].length}`);
