'use strict';

// Searches of a store beside its writers: the index and the table are asked one after the other, and either may change in between.
const { filters } = require('../indexes/filter.js');
const { query } = require('./database.js');
const { pause } = require('./entries.js');
const prepared = require('./prepared.js');
const { Matches, search, withFresh } = require('./search.js');

/** How long a search looks again while a change goes from the table into the index, in milliseconds. */
const PATIENCE = 1000;

class Searcher {
  #reader;
  #follower;
  #inFlight;
  #learning;
  #matches = new Matches();

  constructor(reader, follower, inFlight, learning) {
    this.#learning = learning;
    this.#reader = reader;
    this.#follower = follower;
    this.#inFlight = inFlight;
  }

  /** What is known of predicates is out of date. */
  forget() {
    this.#matches.forget();
  }

  /** What other connections have changed comes into the index; a call that blocks leaves it while a write of ours is at it. */
  *current() {
    if (!this.#follower.isBehind()) return;
    yield {
      sync: () => { if (this.#inFlight.writes === 0) this.#follower.catchUpNow(); },
      async: () => this.#follower.catchUp(),
    };
  }

  /**
   * What is another value after a change, for searches that ask the table which keys are allowed. A store in memory changes under a
   * call that blocks only by writes of ours in flight.
   */
  *#moment({ filter, where }, isBlocking) {
    if (!filter && !where) return undefined;
    const moment = this.#follower.moment();
    if (moment !== undefined || (isBlocking && this.#inFlight.writes === 0)) return moment;
    return (yield* query(this.#reader, 'SELECT max(key) FROM entries')).values[0];
  }

  /**
   * The entries nearest to the request's query. Again where the index found keys that have no entry: of a change that is in the table
   * and not in the index yet. The third time rows that came since are looked at themselves, and from then on more and more is asked
   * for. A call that blocks does not wait for writes of ours.
   */
  *#nearest(request, isBlocking) {
    const { filter } = request, end = Date.now() + PATIENCE, { index } = this.#follower;
    if (filter?.prepared) filter.held = filters.hold(filter.prepared);
    try {
      for (let extra = 0, tries = 1; ; tries++) {
        yield* this.current();
        const seen = this.#follower.seenKey, before = yield* this.#moment(request, isBlocking);
        if (filter?.held) yield* prepared.refresh(this.#reader, this.#follower, filter.held);
        const lookup = tries < 3 ? undefined : withFresh(index, request, seen, filter?.held && prepared.definition(filter.prepared));
        const { results, missing } = yield* search(this.#reader, index, this.#matches, request, extra, lookup);
        const isOver = Date.now() > end || (isBlocking && tries > 2 && request.k + extra >= index.size);
        // Keys that were read before an entry was replaced do not find it behind.
        const isStale = tries < 5 && before !== (yield* this.#moment(request, isBlocking));
        if ((missing === 0 && !isStale) || isOver) return results.slice(0, request.k);
        extra = tries < 3 ? missing : Math.min(index.size, 4 * (extra + missing));
        yield pause;
      }
    } finally {
      if (filter?.held) filters.letGo(filter.held);
    }
  }

  /** The same in the order that was learned and as it is shown, where the request wants that. */
  *search(request, isBlocking) {
    const { ranking, k, query: vector } = request;
    if (!ranking) return yield* this.#nearest(request, isBlocking);
    if (!ranking.isReranked) return yield* this.#learning.shown(yield* this.#nearest(request, isBlocking), ranking, vector);
    const ranker = this.#learning.ranker(this.#follower, ranking, vector);
    const isPlain = !request.filter && !request.where, wide = isPlain ? { ...request, ranker } : { ...request, k: Math.max(k, ranker.candidates) };
    let results = yield* this.#nearest(wide, isBlocking);
    if (results.some((one) => one.score === undefined)) results = yield* this.#ordered(results, ranker);
    return yield* this.#learning.shown(results.slice(0, k), ranking, vector);
  }

  /** Results of a filter, or of the table itself, in the learned order. */
  *#ordered(results, ranker) {
    const { values } = yield* query(this.#reader, 'SELECT id, key FROM entries WHERE id IN (SELECT value FROM json_each(?))', JSON.stringify(results.map(({ id }) => id)));
    const keys = new Map(), byKey = new Map();
    for (let i = 0; i < values.length; i += 2) keys.set(values[i], values[i + 1]);
    const there = results.filter(({ id }) => keys.has(id));
    for (const one of there) byKey.set(keys.get(one.id), one);
    const ordered = yield* ranker.order({ keys: [...byKey.keys()], distances: there.map(({ distance }) => distance) }, there.length);
    return ordered.keys.map((key, i) => ({ ...byKey.get(key), ...ordered.more[i] }));
  }
}

module.exports = { Searcher };
