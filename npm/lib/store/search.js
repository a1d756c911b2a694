'use strict';

// Searches of a store: the index finds keys, the table gives ids and metadata and knows the predicates.
const { BruteForceIndex } = require('../indexes/brute-force.js');
const { NONE, placesOf } = require('../indexes/staging.js');
const { query: ask } = require('./database.js');
const { compile } = require('./where.js');
const { allowed } = require('./graph.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');
const inputs = require('../inputs.js');
const { idFilter } = require('./id-filter.js');
const { OPTIONS: RANKING, readRanking } = require('./learning.js');

const OPTIONS = ['k', 'ef', 'filter', 'where'], KEPT = 16, SLICE = 8192;
/** How many candidates are looked at before a predicate is asked about the whole table. */
const enough = (k) => Math.max(64, 4 * k);

/** Everything a search needs, read once. */
function read(vector, dim, options, more = []) {
  const o = inputs.options(options, [...OPTIONS, ...RANKING, ...more]);
  const { k = 10, ef, filter, where, signal } = o, ranking = readRanking(o, k);
  const query = inputs.ownVector(vector, 'query');
  if (lengthOf(query) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'query', lengthOf(query));
  if (ef !== undefined && (!Number.isInteger(ef) || ef < 1)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer of at least 1', 'ef', ef);
  return { query, k: inputs.count(k, 'k'), ef, filter: idFilter(filter), where: compile(where), signal, ranking };
}

/** The keys for which a predicate holds, kept for the next search while nothing changes. */
class Matches {
  #kept = new Map();
  #changes = 0;

  forget() {
    this.#kept.clear();
    this.#changes++;
  }

  peek(where) {
    return this.#kept.get(JSON.stringify(where));
  }

  *of(db, where) {
    const name = JSON.stringify(where), found = this.#kept.get(name);
    if (found) return found;
    const changes = this.#changes, { values: keys } = yield* ask(db, `SELECT key FROM entries WHERE ${where.sql}`, ...where.values);
    const matches = { keys, allow: allowed(keys) };
    if (changes !== this.#changes) return matches; // it may be of before the change
    if (this.#kept.size >= KEPT) this.#kept.delete(this.#kept.keys().next().value);
    this.#kept.set(name, matches);
    return matches;
  }
}

/** Keys and distances from the index. */
function* nearest(index, { query, ef }, wanted, filter) {
  const k = Math.min(wanted, index.size);
  const options = { ...(ef !== undefined && { ef }), ...(filter && { filter }) };
  return yield {
    sync: () => index.search(query, k, options),
    async: ({ signal }) => index.searchAsync(query, k, { ...options, ...(signal && { signal }) }),
  };
}

/**
 * "One of these keys" in SQL, and its values: a list for few (twice as fast), of eight lengths only, so that its statements are
 * compiled once; else JSON.
 */
function oneOf(keys) {
  if (keys.length === 0) return { sql: '0', values: [] };
  if (keys.length > 64) return { sql: 'key IN (SELECT value FROM json_each(?))', values: [JSON.stringify(Array.from(keys))] };
  const values = Array.from(keys);
  while (values.length % 8 !== 0) values.push(-1);
  return { sql: `key IN (?${',?'.repeat(values.length - 1)})`, values };
}

/**
 * Entries of the found keys, in their order, with `more` of each, those for which the predicate holds; `missing`: how many keys have no entry (any
 * more), which the index does not know yet.
 */
function* entries(db, { keys, distances, more }, where) {
  const results = [];
  if (keys.length === 0) return { results, missing: 0 };
  const among = oneOf(keys), holds = where ? where.sql : '1';
  const { values } = yield* ask(db, `SELECT key, id, metadata, ${holds} FROM entries WHERE ${among.sql}`, ...(where?.values ?? []), ...among.values);
  const places = new Map();
  for (let i = 0; i < values.length; i += 4) places.set(values[i], i);
  keys.forEach((key, i) => {
    const at = places.get(key);
    if (at === undefined || !values[at + 3]) return;
    results.push({ id: values[at + 1], distance: distances[i], metadata: values[at + 2] === null ? undefined : JSON.parse(values[at + 2]), ...more?.[i] });
  });
  return { results, missing: keys.length - places.size };
}

/** The keys of the given ids, some at a time: each text of JSON is made on the event loop. */
function* keysOf(db, ids) {
  const keys = [];
  for (let start = 0; start < ids.length; start += SLICE) {
    const { values } = yield* ask(db, 'SELECT key FROM entries WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(ids.slice(start, start + SLICE)));
    for (const key of values) keys.push(key);
  }
  return keys;
}

/**
 * {results: [{id, distance, metadata}], missing}: the nearest first, of `extra` more than asked for. `lookup(db, hits, where)`
 * says what the entries of the keys are that the index finds.
 */
function* search(db, index, matches, request, extra = 0, lookup = entries) {
  const { filter, where } = request, k = request.k + extra;
  if (request.k === 0) return { results: [], missing: 0 };
  if (filter?.held) return yield* withPrepared(db, index, request, k, lookup);
  if (!filter && !where && request.ranker && lookup === entries) {
    return yield* lookup(db, yield* request.ranker.order(yield* nearest(index, request, Math.max(k, request.ranker.candidates)), k));
  }
  if (!filter && !where) return yield* lookup(db, yield* nearest(index, request, k));
  if (!filter && matches.peek(where) === undefined) {
    // Predicates that hold for many: the nearest few have enough of them.
    const count = Math.min(enough(k), index.size), found = yield* lookup(db, yield* nearest(index, request, count), where);
    if (found.results.length >= k || count >= index.size) return found;
  }
  const listed = filter && (yield* keysOf(db, filter.ids)), holds = where && (yield* matches.of(db, where));
  const ask = (keys, allow) => among(db, index, request, k, lookup, keys, allow);
  if (!holds) return yield* ask(filter.deny ? { deny: listed } : listed);
  if (!listed) return yield* ask(holds.keys, holds.allow);
  const given = new Set(listed);
  return yield* ask(holds.keys.filter((key) => given.has(key) !== filter.deny));
}

/** A search among the keys given, or {deny} all others. Where fewer come than there are, the index may not have some yet. */
function* among(db, index, request, k, lookup, keys, allow = keys) {
  const { where } = request;
  if (allow.deny) return yield* lookup(db, yield* nearest(index, request, k, allow), where);
  const hits = keys.length === 0 ? { keys: [], distances: [] } : yield* nearest(index, request, k, { allow });
  const { results, missing } = yield* lookup(db, hits, where);
  if (results.length >= Math.min(request.k, keys.length) || lookup !== entries) return { results, missing };
  return { results, missing: missing + placesOf(index, Float64Array.from(keys)).filter((place) => place === NONE).length };
}

/** A search with a prepared filter; a predicate besides is asked of more and more of the nearest. */
function* withPrepared(db, index, request, k, lookup) {
  const { filter: { held }, where } = request;
  for (let count = where ? enough(k) : k; ; count *= 4) {
    const hits = yield* nearest(index, request, count, held), found = yield* lookup(db, hits, where);
    if (!where || found.results.length >= k || hits.keys.length < count) return found;
  }
}

/** Rows that came since, at most so many, are looked at one by one; more are left to the index. */
const FRESH = 2000;

/**
 * A look-up that adds rows behind the key `seen`, which the index may not have, from the same statement: it sees the table at one
 * moment. For searches beside which others write so fast that the index is never up to date.
 */
function withFresh(index, { query: vector, k, filter }, seen, prepared = {}) {
  const ids = filter?.ids ? new Set(filter.ids) : prepared.ids, isDenied = filter?.ids ? filter.deny : prepared.deny;
  return function* lookup(db, hits, where) {
    const all = [where, prepared.where].filter(Boolean), condition = all.map(({ sql }) => ` AND ${sql}`).join(''), values = all.flatMap((one) => one.values);
    const among = oneOf(hits.keys), distances = new Map(Array.from(hits.keys, (key, i) => [key, hits.distances[i]]));
    const { values: rows } = yield* ask(db, `SELECT key, id, metadata, NULL FROM entries WHERE key <= ? AND ${among.sql}${condition}
      UNION ALL SELECT * FROM (SELECT key, id, metadata, vector FROM entries JOIN vectors USING (key) WHERE key > ?${condition} LIMIT ${FRESH})`,
    seen, ...among.values, ...values, seen, ...values);
    const results = [], fresh = [];
    let there = 0;
    for (let i = 0; i < rows.length; i += 4) {
      const [key, id, metadata, bytes] = rows.slice(i, i + 4);
      if (bytes !== null && ids && ids.has(id) === isDenied) continue;
      const result = { id, distance: distances.get(key), metadata: metadata === null ? undefined : JSON.parse(metadata) };
      if (bytes === null) there++;
      else fresh.push([result, new Float32Array(bytes.slice().buffer), key]);
      results.push(result);
    }
    measure(index, vector, fresh);
    results.sort((a, b) => a.distance - b.distance);
    // Of the hits some are gone: where the last result lies behind all hits, nearer ones may have been cut off.
    const gone = hits.keys.length - there - fresh.filter(([, , key]) => distances.has(key)).length;
    const isSure = gone === 0 || (results.length >= k && results[k - 1].distance <= hits.distances[hits.distances.length - 1]);
    return { results, missing: isSure ? 0 : gone };
  };
}

/** Distances of [result, row]. */
function measure({ dim, metric, curvature }, vector, list) {
  if (list.length === 0) return;
  const few = new BruteForceIndex({ dim, metric, curvature });
  try {
    few.addBatch(list.map((_, i) => i), list.map(([, row]) => row));
    const { keys, distances } = few.search(vector, list.length);
    keys.forEach((i, rank) => { list[i][0].distance = distances[rank]; });
  } finally {
    few.close();
  }
}

module.exports = { Matches, read, search, withFresh };
