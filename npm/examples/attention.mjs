// Attention that learns: a masked batch, then gradient steps by hand.   node npm/examples/attention.mjs
import { MultiHeadAttention } from '@ruvector/gnn/attention';

// Four words as vectors, and padding that none of them may look at.
const words = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], padding = [9, 9, 9, 9];
const keys = [...words, padding], mask = [true, true, true, true, false];

const attention = new MultiHeadAttention({ dim: 4, numHeads: 2, seed: 7 });
const { data, rows, dim } = attention.computeBatch(words, keys, keys, { mask });
console.log(`${rows} outputs of ${dim} numbers, ${attention.getWeights().length} parameters`);

const show = (first) => Array.from(attention.attentionWeights(first, keys, { mask }).data.subarray(0, 5), (p) => p.toFixed(2)).join(' ');
console.log('the first word looks at', show(words[0]));

// Teach it to answer each word with the next one: loss = ½ Σ (output − target)², so d(loss)/d(output) = output − target.
const targets = [words[1], words[2], words[3], words[0]].flat();
const rate = 0.1;
let output = data;
for (let step = 0; step <= 300; step++) {
  const difference = output.map((x, i) => x - targets[i]);
  if (step % 75 === 0) console.log(`step ${step}: loss ${(difference.reduce((sum, x) => sum + x * x, 0) / 2).toFixed(1)}`);
  const { parameters } = attention.backward(words, keys, keys, difference, { mask });
  attention.setWeights(attention.getWeights().map((w, i) => w - rate * parameters[i]));
  output = attention.computeBatch(words, keys, keys, { mask }).data;
}
console.log('the first word looks at', show(words[0]));

// Saved and loaded, it says the same.
const loaded = MultiHeadAttention.fromJson(attention.toJson());
console.log('the loaded one agrees:', loaded.computeBatch(words, keys, keys, { mask }).data.every((x, i) => x === output[i]));
