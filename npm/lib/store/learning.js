'use strict';

// What a store learns from use: observations and the learned order lie in its file, in its transactions. (How an order is learned:
// npm/lib/ranking/.) The tables are made by the first observation; who reads picks a new model up by its version.
const database = require('./database.js');
const { pause } = require('./entries.js');
const { runAsync } = require('./steps.js');
const { Packer } = require('./values.js');
const { distancesTo, vectorsOf } = require('../indexes/staging.js');
const { Model, combine, floatsOf, isWhole, orderOf } = require('../ranking/model.js');
const { flag, readShare, swapOf, whole } = require('../ranking/options.js');
const impressions = require('../ranking/impression.js');
const { generator } = require('../random.js');
const { mismatch } = require('../errors.js');

const CANDIDATES = 50, RANK = 128, MOST = 100000, PAGE = 256;
const OPTIONS = ['rerank', 'candidates', 'track', 'explore', 'seed', 'explain'];

const TABLES = `
CREATE TABLE IF NOT EXISTS learned (name TEXT PRIMARY KEY, value);
CREATE TABLE IF NOT EXISTS observed_queries (number INTEGER PRIMARY KEY, hash TEXT NOT NULL UNIQUE, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS observations (slot INTEGER PRIMARY KEY, query INTEGER NOT NULL, observed TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS observations_query ON observations(query);
INSERT OR IGNORE INTO learned SELECT 'tidy', 1 WHERE NOT EXISTS (SELECT 1 FROM learned);
INSERT OR IGNORE INTO learned VALUES ('total', 0), ('version', '0');`;

/** Where the next observation goes, by the random number ?5: not kept where that is ?4 or more. */
const SLOT = "(SELECT CASE WHEN value < ?4 THEN value ELSE ?5 % (value + 1) END FROM learned WHERE name = 'total')";
/**
 * One observation: of a longer log than ?4 a fair sample stays (the reservoir: Vitter 1985, algorithm R). A query stays as long as an
 * observation refers to it. Says whether there are slots that this log should not have.
 */
const OBSERVE = `
DELETE FROM observed_queries WHERE number = (SELECT query FROM observations WHERE slot = ${SLOT} AND slot < ?4) AND hash <> ?1
  AND NOT EXISTS (SELECT 1 FROM observations WHERE query = number AND slot <> ${SLOT});
INSERT OR IGNORE INTO observed_queries(hash, vector) SELECT ?1, ?2 WHERE ${SLOT} < ?4;
INSERT OR REPLACE INTO observations SELECT ${SLOT}, (SELECT number FROM observed_queries WHERE hash = ?1), ?3 WHERE ${SLOT} < ?4;
UPDATE learned SET value = value + 1 WHERE name = 'total';
SELECT max(slot) >= ?4 FROM observations`;

/** How long the log is, and whether earlier versions may have left queries that nothing refers to. */
const STATE = "SELECT ifnull((SELECT max(slot) + 1 FROM observations), 0), NOT EXISTS (SELECT 1 FROM learned WHERE name = 'tidy')";
/** Leaves ?1 observations, each with the same chance, in the slots below ?1, and their queries. */
const TIDY = `
DELETE FROM observations WHERE slot IN (SELECT slot FROM observations ORDER BY random() LIMIT -1 OFFSET ?1);
WITH RECURSIVE
  slots(free) AS (SELECT 0 WHERE (SELECT max(slot) FROM observations) >= ?1 UNION ALL SELECT free + 1 FROM slots WHERE free + 1 < ?1),
  targets AS (SELECT free, row_number() OVER (ORDER BY free) AS place FROM slots WHERE free NOT IN (SELECT slot FROM observations)),
  sources AS (SELECT slot AS old, row_number() OVER (ORDER BY slot) AS place FROM observations WHERE slot >= ?1)
UPDATE observations SET slot = free FROM sources JOIN targets USING (place) WHERE slot = old;
DELETE FROM observed_queries WHERE number NOT IN (SELECT query FROM observations);
INSERT OR IGNORE INTO learned VALUES ('tidy', 1)`;

/** The next observations behind the slot ?1, ?2 of them at most, and no more text than one turn of the event loop may read: what one observation has shown may be much. */
const SOME = `SELECT slot, query, observed FROM (
  SELECT slot, query, observed, sum(length(observed)) OVER (ORDER BY slot) - length(observed) AS before FROM (
    SELECT * FROM observations WHERE slot > ?1 ORDER BY slot LIMIT ?2)) WHERE before < 262144 ORDER BY slot`;

/** Only where the model that learning began with, ?1, is still the one in use. */
const ADOPT = `
UPDATE learned SET value = ?2 WHERE name = 'version' AND value = ?1;
INSERT OR REPLACE INTO learned SELECT 'weights', ?3 WHERE ?2 = (SELECT value FROM learned WHERE name = 'version');
INSERT OR REPLACE INTO learned SELECT 'share', ?4 WHERE ?2 = (SELECT value FROM learned WHERE name = 'version');
INSERT OR REPLACE INTO learned SELECT 'report', ?5 WHERE ?2 = (SELECT value FROM learned WHERE name = 'version')`;
/** The same of learning that has led to nothing. */
const REPORT = "INSERT OR REPLACE INTO learned SELECT 'report', ?2 WHERE ?1 = (SELECT value FROM learned WHERE name = 'version')";

const FORGET = `DELETE FROM observations; DELETE FROM observed_queries; DELETE FROM learned WHERE name IN ('weights', 'share', 'report');
UPDATE learned SET value = 0 WHERE name = 'total'; UPDATE learned SET value = ?1 WHERE name = 'version'`;

/** A name for a query's bits; a name of its own for each model. */
const hashOf = (bytes) => require('node:crypto').createHash('sha1').update(bytes).digest('hex');
const token = () => require('node:crypto').randomBytes(6).toString('hex');

/** Of a version "number:token": the number that callers see. */
const numberOf = (version) => Number(String(version).split(':')[0]);
const after = (version) => `${numberOf(version) + 1}:${token()}`;

/** What a search wants of it, read; undefined where nothing. */
function readRanking(o, k) {
  if (OPTIONS.every((name) => o[name] === undefined)) return undefined;
  const ranking = {
    isReranked: flag(o.rerank, 'rerank'), candidates: whole(o.candidates, 'candidates', 1, 1e6, CANDIDATES), isTracked: flag(o.track, 'track'), explore: readShare(o.explore), next: o.seed === undefined ? Math.random : generator(whole(o.seed, 'seed', 0, 2 ** 32 - 1)), isExplained: flag(o.explain, 'explain'),
  };
  if (ranking.isTracked && k > impressions.MOST) throw mismatch('ERR_OUT_OF_RANGE', `at most ${impressions.MOST}, since it is tracked,`, 'k', k);
  if (ranking.explore > 0 && !ranking.isTracked) throw mismatch('ERR_INVALID_CONFIG', 'track: true', 'explore', 'a search that nobody observes');
  if (o.seed !== undefined && o.explore === undefined) throw mismatch('ERR_INVALID_CONFIG', 'explore', 'seed', 'a search that leaves nothing to chance');
  if (!ranking.isReranked && (ranking.isExplained || o.candidates !== undefined)) throw mismatch('ERR_INVALID_CONFIG', 'rerank: true', o.candidates === undefined ? 'explain' : 'candidates', 'a search in the static order');
  return ranking;
}

class Learning {
  #db;
  #reader;
  #openObserver;
  #observer;
  #watch;
  #dim;
  #most;
  /** Whether the caller has said how many observations are kept. */
  #isLimited;
  #store;
  #hasTables = false;
  /** Whether the log may be longer than it should be, or have queries that nothing refers to. */
  #mayBeUntidy = true;
  /** Of what is loaded: what the watching connection said, and the version. */
  #moment;
  #version;
  #model;

  /** `openObserver`: makes the connection that observations are written by; undefined: that of all else. `most`: observations that are kept. */
  constructor({ db, reader, watch, openObserver, dim, most, store }) {
    [this.#db, this.#reader, this.#watch] = [db, reader, watch];
    this.#openObserver = openObserver;
    [this.#dim, this.#most, this.#isLimited, this.#store] = [dim, most ?? MOST, most !== undefined, store];
  }

  /** To be closed with the store. */
  get connection() {
    return this.#observer;
  }

  /** Loads what is in use, if that has changed; `moment`: what the watching connection says, where somebody has just asked it. */
  *#current(moment = this.#watch === undefined ? 0 : database.ask(this.#watch, 'PRAGMA data_version')[0]) {
    if (moment === this.#moment) return;
    const { values: [hasTables] } = yield* database.query(this.#reader, "SELECT count(*) FROM sqlite_master WHERE name = 'learned'");
    const { values: [version = '0'] } = hasTables ? yield* database.query(this.#reader, "SELECT value FROM learned WHERE name = 'version'") : { values: [] };
    this.#hasTables = hasTables > 0;
    if (version !== this.#version) yield* this.#load();
    this.#moment = moment;
  }

  *#load() {
    const { values } = this.#hasTables ? yield* database.query(this.#reader, "SELECT name, value FROM learned WHERE name IN ('version', 'weights', 'share')") : { values: [] };
    const found = new Map();
    for (let i = 0; i < values.length; i += 2) found.set(values[i], values[i + 1]);
    const bytes = found.get('weights'), floats = bytes && new Float32Array(bytes.slice().buffer);
    const shape = { dim: this.#dim, rank: RANK, seed: 0 };
    if (floats && !(isWhole(floats.length, shape) && floats.every(Number.isFinite))) throw mismatch('ERR_CORRUPT', `${floatsOf(shape) + shape.dim} finite weights`, 'the learned order', `${floats.length}`);
    // The old one goes with the garbage: searches in flight may be using it.
    this.#model = floats && new Model(shape, floats, found.get('share'));
    this.#version = found.get('version') ?? '0';
  }

  /** Something of ours has changed what is in use. */
  #changed() {
    this.#moment = undefined;
  }

  // ---- Searches

  /** How a search of these wishes ranks; it follows what `follower` has just looked at. */
  ranker(follower, { candidates, isExplained }, query) {
    const { index } = follower, current = () => this.#current(follower.asked), modelNow = () => this.#model;
    return {
      candidates,
      /** Keys with their distances, best first -> the `k` best in the learned order, with `more` of each that results have. */
      * order(hits, k) {
        yield* current();
        return ordered(index, modelNow(), query, hits, k, isExplained);
      },
    };
  }

  /** Results as they are shown: now and then two of them change places; with what `observe` needs. */
  *shown(results, { isTracked, explore, next }, query) {
    if (!isTracked) return results;
    yield* this.#current();
    const swapped = swapOf(explore, results.length, next), list = [...results];
    if (swapped) [list[swapped[0]], list[swapped[1]]] = [list[swapped[1]], list[swapped[0]]];
    /** @type {any} */ (list).impression = impressions.write({ query, shown: list.map(({ id }) => id), model: numberOf(this.#version), swapped }, this.#store);
    return list;
  }

  // ---- Observations

  /** What `observe` writes, checked. */
  read(impression, clicked, checkId) {
    const { query, shown, model, swapped } = impressions.read(impression, { dim: this.#dim, of: this.#store, checkId });
    const ranks = impressions.ranksOf(clicked, shown), bytes = new Uint8Array(query.buffer);
    return new Packer(bytes.length + 1024).text(hashOf(bytes)).floats(query).text(JSON.stringify([shown, ranks, swapped ?? null, model]));
  }

  *observe(parameters) {
    const db = yield* this.#connection();
    yield* this.#requireTables(db);
    yield* this.#tidy(db);
    const { values: [isUntidy] } = yield* database.change(db, OBSERVE, parameters.integer(this.#most).integer(Math.floor(Math.random() * 2 ** 53)));
    this.#mayBeUntidy = isUntidy === 1; // others may keep more
  }

  /** Brings a log that was written with a larger `maxObservations`, or by an earlier version, to what it should be; who says nothing of it leaves a log as long as it is. */
  *#tidy(db) {
    if (!this.#mayBeUntidy) return;
    const { values: [length, hasOrphans] } = yield* database.query(db, STATE);
    if (!this.#isLimited) this.#most = Math.max(MOST, length);
    if (length > this.#most || hasOrphans) yield* database.change(db, TIDY, new Packer().integer(this.#most));
    this.#mayBeUntidy = false;
  }

  /** What learning does before it reads the log. */
  *tidy() {
    if (yield* this.hasTables()) yield* this.#tidy(yield* this.#connection());
  }

  *#connection() {
    if (this.#openObserver === undefined) return this.#db;
    this.#observer ??= this.#openObserver();
    return this.#observer;
  }

  *#requireTables(db) {
    if (this.#hasTables) return;
    yield* database.change(db, TABLES);
    this.#hasTables = true;
    this.#changed();
  }

  /** [{query, observations}] of all that is kept. */
  *log() {
    const queries = new Map();
    if (!(yield* this.hasTables())) return [];
    for (let at = -1, rows = PAGE; ;) {
      const { values } = yield* database.query(this.#reader, SOME, at, rows);
      if (values.length === 0) break;
      rows = values.length < 3 * rows ? values.length / 3 : Math.min(PAGE, 2 * rows);
      for (let i = 0; i < values.length; i += 3) {
        const [shown, clicked, swapped, model] = JSON.parse(values[i + 2]), one = { shown, clicked, swapped: swapped ?? undefined, model };
        if (queries.has(values[i + 1])) queries.get(values[i + 1]).observations.push(one);
        else queries.set(values[i + 1], { query: undefined, observations: [one] });
      }
      at = values[values.length - 3];
      yield pause;
    }
    for (let at = -1; ;) {
      const { values } = yield* database.query(this.#reader, 'SELECT number, vector FROM observed_queries WHERE number > ? ORDER BY number LIMIT 256', at);
      if (values.length === 0) break;
      for (let i = 0; i < values.length; i += 2) {
        const entry = queries.get(values[i]);
        if (entry) entry.query = new Float32Array(values[i + 1].slice().buffer);
      }
      at = values[values.length - 2];
      yield pause;
    }
    return [...queries.values()].filter(({ query }) => query?.length === this.#dim);
  }

  *hasTables() {
    yield* this.#current();
    return this.#hasTables;
  }

  // ---- Models

  get shape() {
    return { dim: this.#dim, rank: RANK, seed: 1 };
  }

  /** What learning begins with: given to `adopt` at its end. */
  *base() {
    yield* this.#current();
    const { values: [version = '0'] } = this.#hasTables ? yield* database.query(this.#reader, "SELECT value FROM learned WHERE name = 'version'") : { values: [] };
    return version;
  }

  /** The outcome of learning comes into use. ERR_BUSY where another has since. */
  *adopt(base, { weights, share, report }) {
    const next = weights ? after(base) : base, text = JSON.stringify(report);
    yield* this.#requireTables(this.#db);
    if (weights) yield* database.change(this.#db, ADOPT, new Packer(weights.byteLength + 4096).text(base).text(next).floats(weights).text(String(share)).text(text));
    else yield* database.change(this.#db, REPORT, new Packer().text(base).text(text));
    const { values: [version] } = yield* database.query(this.#db, "SELECT value FROM learned WHERE name = 'version'");
    this.#changed();
    if (version !== next) throw mismatch('ERR_BUSY', 'the model that learning began with', 'this', 'another: somebody has learned, or forgotten all, meanwhile');
  }

  *forget() {
    if (!(yield* this.hasTables())) return;
    yield* database.change(this.#db, FORGET, new Packer().text(after(yield* this.base())));
    this.#changed();
  }

  /** What `learning()` says. */
  *report() {
    const none = { observations: 0, observed: 0, queries: 0, model: 0, share: 0, live: false, examination: undefined, gain: undefined, lists: 0, bytes: 0 };
    if (!(yield* this.hasTables())) return none;
    const { values: [observations, queries, observed, version, share, report, bytes] } = yield* database.query(this.#reader, `SELECT (SELECT count(*) FROM observations), (SELECT count(*) FROM observed_queries),
      (SELECT value FROM learned WHERE name = 'total'), (SELECT value FROM learned WHERE name = 'version'), ifnull((SELECT value FROM learned WHERE name = 'share'), 0) + 0.0,
      (SELECT value FROM learned WHERE name = 'report'), ifnull((SELECT length(value) FROM learned WHERE name = 'weights'), 0)`);
    const { examination, gain, lists = 0, isLive = false } = report === null ? /** @type {any} */ ({}) : JSON.parse(report);
    return { observations, observed, queries, model: numberOf(version), share, live: isLive, examination, gain: gain && { mean: gain.mean, low: gain.low, high: gain.high, t: gain.t }, lists, bytes };
  }
}

/** The `k` best of {keys, distances}, best first, in the order that was learned, and `more` of each. */
function ordered(index, model, query, { keys, distances }, k, isExplained) {
  const n = keys.length, learned = new Float32Array(n), near = new Float32Array(n), best = { keys: [], distances: [], more: [] };
  if (model && n > 0) attend(index, model.project(query), keys, learned);
  for (let i = 0; i < n; i++) near[i] = -distances[i];
  const { scores, first } = combine(model?.scale ?? 1, near, learned);
  for (const i of orderOf(scores, Math.min(k, n))) {
    best.keys.push(keys[i]);
    best.distances.push(distances[i]);
    best.more.push(isExplained ? { score: scores[i], explain: { firstStage: first[i], attention: learned[i] } } : { score: scores[i] });
  }
  return best;
}

/** ⟨t, x⟩ of the vectors x of these keys, each of length one; 0 for one that somebody has just removed. */
function attend(index, t, keys, out) {
  const n = keys.length;
  try {
    (index.metric === 'cosine' ? attendByAngles : attendByRows)(index, t, keys instanceof Float64Array ? keys : Float64Array.from(keys), out);
  } catch (error) {
    if (error.code !== 'ERR_NOT_FOUND') throw error;
    if (n > 1) for (let i = 0; i < n; i++) attend(index, t, [keys[i]], out.subarray(i, i + 1));
  }
}

/** An index of cosines knows them. */
function attendByAngles(index, t, keys, out) {
  let square = 0;
  for (let d = 0; d < t.length; d++) square += t[d] * t[d];
  if (!(square > 0 && square < Infinity)) return;
  const distances = distancesTo(index, t, keys), length = Math.sqrt(square);
  for (let i = 0; i < keys.length; i++) out[i] = length * (1 - distances[i]);
}

function attendByRows(index, t, keys, out) {
  const { dim } = index, rows = vectorsOf(index, keys, dim);
  for (let i = 0; i < keys.length; i++) {
    let dot = 0, square = 0;
    for (let d = 0, at = i * dim; d < dim; d++, at++) {
      dot += t[d] * rows[at];
      square += rows[at] * rows[at];
    }
    out[i] = square > 0 ? dot / Math.sqrt(square) : 0;
  }
}

const ROWS = 'SELECT key, id, vector FROM entries JOIN vectors USING (key) WHERE';

/**
 * What learning reads of a query: the candidates that a search finds now. Where others were shown (by a filter, or of more candidates), they
 * alone: what they were chosen from is not known, and the nearest that a filter has left out are no candidates.
 */
async function candidatesOf(index, reader, query, shown) {
  const k = Math.min(CANDIDATES, index.size), now = { threads: 1 };
  if (k === 0) return rowsOf(index, [], new Map());
  const { keys, distances } = await index.searchAsync(query, k), list = Array.from(keys), near = new Map(list.map((key, i) => [key, distances[i]]));
  const { values } = await runAsync(database.query(reader, `${ROWS} key IN (SELECT value FROM json_each(?))`, JSON.stringify(list)), now), ids = new Set();
  for (let i = 0; i < values.length; i += 3) ids.add(values[i + 1]);
  if (shown.every((id) => ids.has(id))) return rowsOf(index, values, near);
  const { values: others } = await runAsync(database.query(reader, `${ROWS} id IN (SELECT value FROM json_each(?))`, JSON.stringify(shown)), now), wanted = [];
  for (let i = 0; i < others.length; i += 3) wanted.push(others[i]);
  const measured = wanted.every((key) => near.has(key)) ? undefined : distancesOf(index, query, wanted);
  return measured ? rowsOf(index, others, measured) : rowsOf(index, values, near);
}

/** Distances by keys; undefined where the index lacks one: somebody has just removed it. */
function distancesOf(index, query, keys) {
  try {
    const distances = distancesTo(index, query, Float64Array.from(keys));
    return new Map(keys.map((key, i) => [key, distances[i]]));
  } catch (error) {
    if (error.code !== 'ERR_NOT_FOUND') throw error;
    return undefined;
  }
}

/** {ids, vectors, scores} of rows of the table: key, id, vector. */
function rowsOf({ dim }, values, distances) {
  const rows = values.length / 3, ids = [], data = new Float32Array(rows * dim), bytes = new Uint8Array(data.buffer), scores = new Float32Array(rows);
  for (let i = 0; i < rows; i++) {
    ids.push(values[3 * i + 1]);
    bytes.set(values[3 * i + 2], i * 4 * dim);
    scores[i] = -distances.get(values[3 * i]);
  }
  return { ids, vectors: { data, rows, dim }, scores };
}

module.exports = { Learning, OPTIONS, candidatesOf, readRanking };
