'use strict';

// Simulated users of a search (experiments E4 and E6 of docs/learning-from-use.md).
const { collection, gainAt, generator, mean, shuffled, zipf } = require('./collection.js');
const { Reranker } = require('../../../index.js');

/** A fifth of the queries is held out by a seed: {test, draw}; `draw` gives one of the others, by Zipf(1). */
function split(data, seed) {
  const next = generator(1000 + seed), all = shuffled(Array.from({ length: data.n }, (_, i) => i).filter((i) => data.relevant[i] >= 0), next);
  const test = all.slice(0, Math.round(all.length / 5)), others = shuffled(all.slice(test.length), next);
  return { test, others, draw: zipf(others, next), next };
}

/** NDCG@10 of held-out queries, in the order of a Reranker. */
function quality(data, reranker, test) {
  return mean(test.map((i) => gainAt(reranker.rerank(data.query(i), data.candidates(i), { k: 10 }).findIndex(({ id }) => id === data.wanted(i)))));
}

const bitsOf = (query) => Buffer.from(query.buffer, query.byteOffset, query.byteLength).toString('latin1');

/** Where a query's candidates come from, for `learn`: by the bits of the query. */
function finder(data) {
  const places = new Map();
  return { note: (i) => { places.set(bitsOf(data.query(i)), i); }, has: (query) => places.has(bitsOf(query)), candidates: (query) => data.candidates(places.get(bitsOf(query))) };
}

/**
 * E4: users look at all 50 candidates and click the relevant one; one click in ten falls on one of the first ten. A draw whose target is
 * not among them clicks nothing and is not observed. {before, after, report, reranker, measure, find}; `reranker` may have seen other use,
 * whose candidates `others` knows.
 */
async function everythingSeen({ task, clicks, seed, onProgress, reranker: given, others }) {
  const data = collection(task), { test, draw, next } = split(data, seed), find = finder(data), reranker = given ?? new Reranker({ dim: data.width, seed });
  const measure = (one) => quality(data, one, test), before = measure(new Reranker({ dim: data.width, seed }));
  for (let i = 0; i < clicks; i++) {
    const query = draw(), { ids } = data.candidates(query), target = ids.indexOf(data.wanted(query));
    if (target < 0) continue;
    const clicked = next() < 0.1 ? Math.floor(next() * 10) : target;
    find.note(query);
    reranker.observe({ query: data.query(query), shown: ids }, [ids[clicked]]);
  }
  const report = await reranker.learn({ candidates: (query) => (find.has(query) ? find : others).candidates(query), examination: 0, onProgress });
  return { before, after: measure(reranker), report, reranker, measure, find };
}

module.exports = { everythingSeen, finder, split };
