// One query, a mask, the weights behind a result, a batch.   node npm/examples/attention/basic.mjs
import { FlashAttention, ScaledDotProductAttention, scaledDotAttention } from '@ruvector/gnn/attention';

const show = (list) => Array.from(list, (x) => x.toFixed(2)).join(' ');

// Three words as keys; what each says is its value.
const names = ['cat', 'kitten', 'car'], keys = [[1, 0.2, 0, 0], [0.9, 0.4, 0, 0], [0, 0, 1, 0.3]], values = [[1, 0], [1, 0.5], [0, 1]];
const query = [2, 1, 0, 0];

const attention = new ScaledDotProductAttention({ dim: 4, temperature: 0.5 });
console.log('output       ', show(attention.compute(query, keys, values)));

// Which keys it came from: one row a query, which sums to 1.
const { data: weights } = attention.attentionWeights(query, keys);
names.forEach((name, i) => console.log(`  ${name.padEnd(8)}${weights[i].toFixed(2)}`));

// A mask hides keys; arrays, typed arrays and packed matrices are the same to all calls.
console.log('without cats ', show(attention.computeWithMask(query, keys, values, [false, true, true])));
const packed = { data: Float32Array.from(keys.flat()), rows: 3, dim: 4 };
console.log('packed       ', show(attention.compute(Float32Array.from(query), packed, values)));

// Many queries in one call. Causal: each word sees itself and those before it.
const causal = new FlashAttention({ dim: 4, causal: true });
const { data, rows, dim } = causal.computeBatch(keys, keys, values);
console.log(`batch         ${rows} outputs of ${dim}`);
for (let i = 0; i < rows; i++) console.log(`  ${names[i].padEnd(8)}${show(data.subarray(i * dim, (i + 1) * dim))}`);

// The formula by hand: softmax(q·K/√dim) V.
const scores = keys.map((key) => Math.exp(key.reduce((sum, x, i) => sum + x * query[i], 0) / 2)), total = scores.reduce((a, b) => a + b);
console.log('by hand      ', show([0, 1].map((c) => values.reduce((sum, value, i) => sum + (scores[i] / total) * value[c], 0))));
console.log('by function  ', show(scaledDotAttention(query, keys, values)));
attention.close(); // or leave it to the garbage collector
