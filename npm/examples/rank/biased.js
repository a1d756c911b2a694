'use strict';

// Users who do not look at everything (E6): a result at rank r is looked at with probability r^−η, what is looked at is clicked if it is
// relevant, and one time in ten if it is not. Ten results are shown, in the order that was learned so far; in a tenth of the visits two of
// them have changed places. The query's own document is left out.
const { collection, gainAt, generator, mean } = require('./collection.js');
const { finder, split } = require('./simulate.js');
const { Reranker } = require('../../../index.js');

const SHOWN = 10, NOISE = 0.1, EXPLORE = 0.1;
let known;
const data = () => (known ??= collection('hyper', { ownDocument: false }));

/** Ids of the ten best in an order of all queries' candidates, kept until the order changes. */
function shownBy(reranker, instruments) {
  const lists = new Map();
  return {
    of(query) {
      let list = lists.get(query);
      if (!list) lists.set(query, list = reranker.rerank(instruments.query(query), instruments.candidates(query), { k: SHOWN }).map(({ id }) => id));
      return list;
    },
    forget: () => lists.clear(),
  };
}

/** A visit: {query, list, clicked, swapped}. Visits come from a seed's queries and numbers, whatever was learned. */
function visitor(instruments, seed, eta) {
  const { test, draw } = split(instruments, seed), next = generator(5000 + seed);
  function visit(shown) {
    const query = draw(), list = [...shown.of(query)], target = instruments.wanted(query), isSwapped = next() < EXPLORE, a = Math.floor(next() * SHOWN), b = (a + 1 + Math.floor(next() * (SHOWN - 1))) % SHOWN;
    if (isSwapped) [list[a], list[b]] = [list[b], list[a]];
    const clicked = [];
    for (let rank = 0; rank < SHOWN; rank++) {
      const isSeen = next() < (rank + 1) ** -eta, isNoise = next() < NOISE;
      if (isSeen && (list[rank] === target || isNoise)) clicked.push(list[rank]);
    }
    return { query, list, target, clicked, ...isSwapped && { swapped: [a, b] } };
  }
  return { test, visit };
}

/**
 * One arm: 'labels' (clicks as they are), 'naive' (everything is taken for looked at), 'corrected' (η is fitted), 'ceiling' (what is
 * relevant of what was shown is known). {gains, exponent}.
 */
async function biased({ arm, seed, visits, eta, moments, onProgress }) {
  const instruments = data(), { test, visit } = visitor(instruments, seed, eta), find = finder(instruments), reranker = new Reranker({ dim: instruments.width, seed, maxObservations: visits });
  const quality = () => mean(test.map((i) => gainAt(reranker.rerank(instruments.query(i), instruments.candidates(i), { k: SHOWN }).findIndex(({ id }) => id === instruments.wanted(i)))));
  const shown = shownBy(reranker, instruments), before = quality(), gains = [];
  let report;
  for (let count = 1; count <= visits; count++) {
    const { query, list, target, clicked, swapped } = visit(shown);
    find.note(query);
    // The ceiling knows what was relevant, whoever looked.
    const noted = arm === 'ceiling' ? list.filter((id) => id === target) : clicked;
    if (arm !== 'labels' || clicked.length > 0) reranker.observe({ query: instruments.query(query), shown: list, model: reranker.learning().model, swapped }, noted);
    if (!moments.includes(count)) continue;
    report = await reranker.learn({ candidates: find.candidates, examination: arm === 'corrected' ? 'auto' : 0, onProgress });
    shown.forget();
    gains.push(quality() - before);
  }
  reranker.close();
  return { gains, exponent: arm === 'corrected' ? report.examination.exponent : undefined, report };
}

/** η as it is fitted to visits of one ranking: the static one, or one that was learned from 10,000 visits whose relevance was known. */
async function examination({ seed, visits, eta, isLearned }) {
  const instruments = data(), find = finder(instruments), make = () => new Reranker({ dim: instruments.width, seed, maxObservations: visits }), ranked = make(), reranker = make();
  if (isLearned) {
    const { visit } = visitor(instruments, seed + 500, eta), before = shownBy(ranked, instruments);
    for (let count = 0; count < 10000; count++) {
      const { query, list, target } = visit(before);
      find.note(query);
      ranked.observe({ query: instruments.query(query), shown: list }, list.filter((id) => id === target));
    }
    if ((await ranked.learn({ candidates: find.candidates, examination: 0 })).share === 0) throw new Error('nothing was learned');
  }
  const { visit } = visitor(instruments, seed, eta), shown = shownBy(ranked, instruments);
  for (let count = 0; count < visits; count++) {
    const { query, list, clicked, swapped } = visit(shown);
    find.note(query);
    reranker.observe({ query: instruments.query(query), shown: list, swapped }, clicked);
  }
  const { exponent } = (await reranker.learn({ candidates: find.candidates })).examination;
  reranker.close();
  ranked.close();
  return exponent;
}

/** Clicks by rank alone, on lists of ten: whether an order that is learned of them goes live. */
async function meaningless({ seed, clicks }) {
  const instruments = data(), { draw } = split(instruments, seed), next = generator(9000 + seed), reranker = new Reranker({ dim: instruments.width, seed });
  const ten = (query) => {
    const { ids, vectors, scores } = instruments.candidates(query);
    return { ids: ids.slice(0, SHOWN), vectors: { data: vectors.data.subarray(0, SHOWN * vectors.dim), rows: SHOWN, dim: vectors.dim }, scores: scores.slice(0, SHOWN) };
  };
  const places = new Map(), keyOf = (query) => Buffer.from(query.buffer, query.byteOffset, query.byteLength).toString('latin1');
  for (let count = 0; count < clicks;) {
    const query = draw(), row = instruments.query(query), { ids } = ten(query), clicked = ids.filter((_, rank) => next() < 0.3 / (rank + 1));
    places.set(keyOf(row), query);
    reranker.observe({ query: row, shown: ids }, clicked);
    count += clicked.length;
  }
  const { share } = await reranker.learn({ candidates: (query) => ten(places.get(keyOf(query))) });
  reranker.close();
  return share > 0;
}

module.exports = { biased, examination, meaningless };
