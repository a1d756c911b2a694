// A dictionary that understands questions: glosses of WordNet, embedded by a sentence model, in a VectorStore.
//   node npm/examples/glosses.mjs          300 nouns, which are in the repository
//   node npm/examples/glosses.mjs --all    81,115, made by npm/bench/index-data/prepare.sh
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { VectorStore } from '@ruvector/gnn';

const dim = 384, data = new URL('./data/', import.meta.url);
const table = (file) => fs.readFileSync(file, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));

// The sample: a line and a vector (in 8 bits) a noun; the questions come last.
const lines = table(new URL('glosses.tsv', data)), bytes = new Int8Array(fs.readFileSync(new URL('glosses.i8', data)));
const vector = (i) => Float32Array.from(bytes.subarray(i * dim, (i + 1) * dim));
const nouns = lines.filter(([, kind]) => kind !== 'question');
const questions = lines.slice(nouns.length).map(([text], i) => ({ text, vector: vector(nouns.length + i) }));

const about = (kind, gloss) => ({ kind, gloss, words: gloss.split(' ').length });
let entries = nouns.map(([word, kind, gloss], i) => ({ id: word, vector: vector(i), metadata: about(kind, gloss) }));
if (process.argv.includes('--all')) {
  const folder = path.join(process.env.RUVECTOR_BENCH_CACHE ?? path.join(os.homedir(), '.cache/ruvector-bench'), 'glosses');
  const rows = new Float32Array(new Uint8Array(fs.readFileSync(path.join(folder, 'base.f32'))).buffer);
  entries = table(path.join(folder, 'glosses.tsv')).map(([word, kind, gloss], i) => ({
    id: `${word} (${i})`, vector: rows.subarray(i * dim, (i + 1) * dim), metadata: about(kind, gloss),
  }));
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'glosses-')), file = path.join(folder, 'glosses.db');
let store = VectorStore.open(file, { dim });
await store.insertBatchAsync(entries, { threads: 2 }); // one transaction, on the disk when it resolves
console.log(`${store.size} glosses`);

const show = (results) => results.forEach(({ id, distance, metadata }) => console.log(`  ${distance.toFixed(2)} ${id} (${metadata.kind}): ${metadata.gloss.slice(0, 60)}`));
for (const question of questions) {
  console.log(question.text);
  show(store.search(question.vector, { k: 3 }));
}

const [drink] = questions;
console.log('the first question, of plants and food in a few words');
show(store.search(drink.vector, { k: 3, where: { kind: { $in: ['plant', 'food'] }, words: { $lte: 6 } } }));
store.close();

// Opened again: everything is there, the index too.
store = VectorStore.open(file);
store.delete(store.search(drink.vector, { k: 1 })[0].id);
console.log('without the best answer');
show(store.search(drink.vector, { k: 1 }));
store.close();
fs.rmSync(folder, { recursive: true });
