'use strict';

// npm run example -- my-texts: a search of one's own texts that gets better with every click.
// The texts: 872 birds of WordNet, each a definition embedded by a sentence model (npm/examples/rank/birds.py made the vectors). People type
// names of birds and want the family above them; the nearest definition is seldom that. 3,000 simulated clicks teach it.
const fs = require('node:fs');
const path = require('node:path');
const { bar } = require('../progress.js');
const { gainAt, generator, mean, shuffled, zipf } = require('./collection.js');
const { TaxonomyHead, VectorStore } = require('../../../index.js');

const WIDTH = 96;

/** {birds: [{name, parent, words, gloss}], questions, vector(i)}: definitions, then words, then questions. */
function load() {
  const data = path.join(__dirname, '../data'), lines = fs.readFileSync(path.join(data, 'birds.tsv'), 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
  const bytes = new Int8Array(new Uint8Array(fs.readFileSync(path.join(data, 'birds.i8'))).buffer);
  return {
    birds: lines.filter((line) => line.length > 1).map(([name, parent, words, gloss]) => ({ name, parent, words, gloss })),
    questions: lines.filter((line) => line.length === 1).map(([text]) => text), vector: (i) => Float32Array.from(bytes.subarray(i * WIDTH, (i + 1) * WIDTH)),
  };
}

async function myTexts({ clicks: wanted = '3000' } = {}) {
  const { birds, questions, vector } = load(), n = birds.length, definition = vector, name = (i) => vector(n + i);

  // 1. Where do new texts belong? A head that learns the hierarchy.
  const head = new TaxonomyHead({ size: 10, seed: 1 });
  await head.fit(new Map(birds.map((bird, i) => [bird.name, definition(i)])), birds.filter(({ parent }) => parent !== '').map((bird) => [bird.name, bird.parent]), { onProgress: bar('hierarchy') });
  questions.forEach((question, i) => console.log(`${question}: ${head.ancestors(vector(2 * n + i), 3).map((one) => one.name).join(', ')}`));
  head.close();

  // 2. A store, and people who use it: they look at what is shown from the top and click what they wanted, or something else by chance.
  const store = VectorStore.open(':memory:', { dim: WIDTH });
  store.insertBatch(birds.map((bird, i) => ({ id: bird.name, vector: definition(i), metadata: { gloss: bird.gloss } })));
  const next = generator(1), order = shuffled(birds.map((_, i) => i).filter((i) => birds[i].parent !== ''), next), test = order.slice(0, Math.round(n / 5)), draw = zipf(order.slice(test.length), next);
  const quality = () => mean(test.map((i) => gainAt(store.search(name(i), { k: 10, rerank: true }).findIndex(({ id }) => id === birds[i].parent))));
  const before = quality();
  for (let clicks = 0, visit = 0; clicks < wanted; visit++) {
    const i = draw(), hits = store.search(name(i), { k: 10, rerank: true, track: true, explore: 0.1, seed: visit }); // (a service gives no seed)
    const clicked = hits.filter(({ id }, rank) => next() < 1 / (rank + 1) && (id === birds[i].parent || next() < 0.1)).map(({ id }) => id);
    store.observe(hits.impression, clicked);
    clicks += clicked.length;
  }
  const { observations, queries, share, gain } = await store.learn({ onProgress: bar('clicks') });
  console.log(`${observations >= wanted ? 'at least ' : ''}${wanted} clicks, ${queries} queries; share in use ${share}, t ${gain.t.toFixed(1)}`);
  console.log(`NDCG@10 of queries that nobody asked before: ${before.toFixed(3)} -> ${quality().toFixed(3)}`);

  // 3. Why does a result stand where it does?
  const i = test.find((one) => rankOf(store, name(one), birds[one].parent, true) === 0 && rankOf(store, name(one), birds[one].parent, false) > 2);
  console.log(`"${birds[i].words}":`);
  for (const { id, explain } of store.search(name(i), { k: 3, rerank: true, explain: true })) console.log(`  ${id}: first stage ${explain.firstStage.toFixed(2)}, attention ${explain.attention.toFixed(2)}`);
  console.log(`  before: ${store.search(name(i), { k: 3 }).map(({ id }) => id).join(', ')}`);

  store.forget();
  console.log(`forgotten: ${quality().toFixed(3)}`);
  store.close();
}

const rankOf = (store, query, wanted, rerank) => store.search(query, { k: 10, rerank }).findIndex(({ id }) => id === wanted);

module.exports = { myTexts };
