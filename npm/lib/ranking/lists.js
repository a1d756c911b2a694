'use strict';

// What was shown and clicked -> lists to learn from: for each distinct query its candidates as the first stage finds them now, and what
// the log says of them.
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { isList, lengthOf, mismatch, plain, unexpected } = require('../errors.js');
const { unit } = require('./model.js');
const { standardised } = require('../standardised.js');
const { unhurried } = require('./unhurried.js');

/** Of the ids that a query has shown, so many are asked for. */
const MOST = 50;

/** Rows of many lists, each kept once. In blocks: one that grew would be copied at once. */
class Rows {
  #places = new Map();
  #blocks = [];
  #size;

  constructor(dim) {
    this.dim = dim;
    this.#size = Math.ceil(2 ** 17 / dim);
  }

  place(id, row) {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.#places.size, { dim } = this, at = place % this.#size;
    if (at === 0) this.#blocks.push(inputs.allocate(this.#size * dim, 'candidates'));
    unit(row, this.#blocks.at(-1).subarray(at * dim, (at + 1) * dim));
    this.#places.set(id, place);
    return place;
  }

  async matrix(pause) {
    const { dim } = this, rows = this.#places.size, data = inputs.allocate(rows * dim, 'candidates');
    for (const [i, block] of this.#blocks.entries()) {
      await pause();
      data.set(block.subarray(0, Math.min(block.length, data.length - i * block.length)), i * block.length);
    }
    return { data, rows, dim };
  }
}

/** {ids, vectors, scores} of a first stage, the best first, checked. */
function readCandidates(value, dim, name) {
  const { ids, vectors, scores } = inputs.required(value, ['ids', 'vectors', 'scores'], name);
  if (!isList(ids)) throw unexpected('ERR_INVALID_ARG', 'an array of ids', `${name}.ids`, ids);
  const count = inputs.lengthOfList(ids, `${name}.ids`), list = inputs.mapList(ids, count, (id, i) => {
    if (typeof id !== 'string' || id === '') throw unexpected('ERR_INVALID_ARG', 'a string that is not empty', `${name}.ids[${i}]`, id);
    return id;
  });
  if (new Set(list).size < count) throw mismatch('ERR_DUPLICATE_KEY', 'ids that differ', `${name}.ids`, 'an id twice');
  const rows = matrix(vectors, `${name}.vectors`), data = plain(rows.data), own = inputs.ownVector(scores, `${name}.scores`);
  if (rows.rows !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} rows`, `${name}.vectors`, rows.rows);
  if (count > 0 && rows.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, `${name}.vectors[0]`, rows.dim);
  if (lengthOf(own) !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} elements`, `${name}.scores`, lengthOf(own));
  const finite = (numbers, what) => { for (let i = 0; i < numbers.length; i++) if (numbers[i] - numbers[i] !== 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', what, String(numbers[i])); };
  finite(own, `${name}.scores`);
  finite(data.subarray(0, count * dim), `${name}.vectors`);
  return { ids: list, data, scores: own };
}

/**
 * The lists of queries with observations: {queries, rows, places, first, k, seen}; `candidatesOf(query, shown)` gives what the first stage
 * finds now, or what it was that was ranked where `shown`, ids, tell that this was something else. Lists are as long as the longest; a shorter one is filled up with its last candidate, which nobody clicks there. Queries
 * without a candidate that was shown are left out.
 */
async function listsOf(log, dim, candidatesOf, { check, progress }) {
  const rows = new Rows(dim), all = [], pause = unhurried(check);
  let done = 0;
  for (const { query, observations } of log) {
    await pause();
    const found = readCandidates(await candidatesOf(query, await idsOf(observations, pause)), dim, 'candidates(query)'), order = found.ids.map((_, i) => i).sort((i, j) => found.scores[j] - found.scores[i] || i - j);
    const place = new Map(order.map((at, i) => [found.ids[at], i]));
    const seen = await seenOf(observations, place, pause);
    if (seen.length > 0) {
      all.push({
        query, seen, scores: Float32Array.from(order, (at) => found.scores[at]),
        places: order.map((at) => rows.place(found.ids[at], found.data.subarray(at * dim, (at + 1) * dim))),
      });
    }
    progress(++done / log.length);
  }
  const n = all.length, k = all.reduce((most, { places }) => Math.max(most, places.length), 0);
  const lists = { n, k, seen: all.map(({ seen }) => seen), queries: inputs.allocate(n * dim, 'queries'), places: new Uint32Array(n * k), first: inputs.allocate(n * k, 'scores'), rows: await rows.matrix(pause) };
  for (const [i, { query, places, scores }] of all.entries()) {
    if (i % 16 === 0) await pause();
    unit(query, lists.queries.subarray(i * dim, (i + 1) * dim));
    const first = lists.first.subarray(i * k, (i + 1) * k);
    standardised(scores, first.subarray(0, scores.length));
    for (let j = 0; j < k; j++) lists.places[i * k + j] = places[Math.min(j, places.length - 1)];
    first.fill(-30, scores.length); // behind all others, at a probability of nothing
  }
  return lists;
}

/** The ids that observations have shown, those that were clicked first, then by their best rank; no more than a list has of candidates. */
async function idsOf(observations, pause) {
  const best = new Map();
  for (const { shown, clicked } of observations) {
    await pause();
    const ranks = new Set(clicked);
    shown.forEach((id, rank) => {
      const place = ranks.has(rank) ? -1 : rank;
      if (!(best.get(id) <= place)) best.set(id, place);
    });
  }
  return [...best].sort(([, a], [, b]) => a - b).slice(0, MOST).map(([id]) => id);
}

/** Candidates that were shown: {place, clicks, missed: [[rank, times]]}. */
async function seenOf(observations, places, pause) {
  const found = new Map();
  for (const { shown, clicked } of observations) {
    await pause();
    const ranks = new Set(clicked);
    shown.forEach((id, rank) => {
      const place = places.get(id);
      if (place === undefined) return;
      let one = found.get(place);
      if (!one) found.set(place, one = { place, clicks: 0, missed: new Map() });
      if (ranks.has(rank)) one.clicks++;
      else one.missed.set(rank, (one.missed.get(rank) ?? 0) + 1);
    });
  }
  return [...found.values()].map((one) => ({ ...one, missed: [...one.missed] }));
}

module.exports = { listsOf, readCandidates };
