'use strict';

// The index of a store, which follows its table. Keys are never used twice, so what happened to one may be applied in any
// order and more than once: an insert of a key that is there, and a delete of one that is not, change nothing. Steps of
// several writers may therefore follow each other in any order, too: a catch-up goes on while a write comes in between.
const database = require('./database.js');
const file = require('./index-file.js');
const staging = require('../indexes/staging.js');
const { internals } = require('../indexes/vector-index.js');
const { mismatch } = require('../errors.js');
const { createIndex } = require('./graph.js');
const { run, runAsync } = require('./steps.js');

const { query } = database;
const PAGE = 4096, VERSION = 'PRAGMA data_version';
/** Numbers that change with entries, and not with what else the file holds (observations, a learned order). */
const STAMP = `ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'entries'), 0) || ' ' || ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'deletions'), 0)
  || ' ' || (SELECT ifnull(group_concat(name || value), '') FROM settings WHERE name IN ('forgotten', 'changed'))`;
/** Rows a native call; many at once go faster together, but a share of the index at most, to let others in. */
const FEW = 256, SHARE = 16;
/** Steps of repair for each vector that went (VectorIndex.stepsForEach), and how many a native call does. */
const STEPS = 16, AT_ONCE = 512;

class Follower {
  /** The HNSWIndex; its keys are those of the table. */
  index;
  /** Up to where in the table and the list of deletions the index has seen everything. */
  #seen = { key: 0, deletion: 0 };
  #version;
  /** What the watching connection said last; undefined for a store in memory. */
  asked;
  /** Of entries, when the index was brought up to date, and when somebody looked last. */
  #stamp;
  #looked = { version: undefined, stamp: undefined };
  /** Whether a write is in the table and not in the index. */
  #isStale = false;
  #unsaved = 0;
  /** Changes to wait for after a save that failed. */
  #patience = 0;
  #turn = Promise.resolve();
  #catching;
  /** Whether vectors that went have left something to do, and who does it beside searches. */
  #owes = false;
  #repairing;
  /** Counts changes of entries under the same keys, by programs with their own SQL. */
  generation = 0;
  #db;
  #watch;
  #file;
  #options;
  #ef;
  #isReadOnly;
  #onChange;

  /**
   * `db`: the connection that writes; `watch`: one to look for others' changes by, undefined for a store in memory; `path`: that of
   * the index' file, undefined likewise; `ef` may be another each time; `onChange` hears of changes.
   */
  constructor({ db, watch, path, options, ef, isReadOnly, onChange }) {
    this.#db = db;
    this.#watch = watch;
    this.#file = path;
    this.#options = options;
    this.#ef = ef;
    this.#isReadOnly = isReadOnly;
    this.#onChange = onChange;
  }

  /** Loads the index and brings it up to date, or builds it. */
  *open() {
    if (this.#file !== undefined && !this.#isReadOnly) file.sweep(this.#file);
    const saved = this.#file === undefined ? undefined : yield* file.load(this.#db, this.#file, this.#options);
    this.index = saved?.index ?? createIndex(this.#options);
    if (this.#ef !== undefined) this.index.ef = this.#ef;
    if (saved) {
      this.#seen = saved.seen;
    } else { // what was deleted before is not in the table
      const { values: [last = 0] } = yield* query(this.#db, "SELECT seq FROM sqlite_sequence WHERE name = 'deletions'");
      this.#seen = { key: 0, deletion: last };
    }
    yield* this.update();
    const { values: [count] } = yield* query(this.#db, 'SELECT count(*) FROM entries');
    if (count !== this.index.size) yield* this.#compare();
  }

  get #connection() {
    return this.#watch ?? this.#db;
  }

  /** An asynchronous step waits for those before it here, not in a thread of the pool that searches need. */
  #write(sync, async) {
    return {
      sync,
      async: (control) => {
        const turn = this.#turn.then(() => async(control));
        this.#turn = turn.catch(() => {});
        return turn;
      },
    };
  }

  // ---- Other connections' changes

  /** The index has every entry up to this key that was there when it looked last. */
  get seenKey() {
    return this.#seen.key;
  }

  /** Whether the table has changed in a way that the index has not seen. Asks on the calling thread: 3 µs. */
  isBehind() {
    if (this.#isStale) return true;
    if (this.#watch === undefined) return false;
    const version = this.asked = database.ask(this.#watch, VERSION)[0];
    if (version === this.#version) return false;
    if (this.#stampAt(version) !== this.#stamp) return true;
    this.#version = version;
    return false;
  }

  /** The stamp of a moment that nobody has looked at yet is asked for. */
  #stampAt(version) {
    if (this.#looked.version !== version) this.#looked = { version, stamp: database.ask(this.#watch, `SELECT ${STAMP}`)[0] };
    return this.#looked.stamp;
  }

  /** Another value after each change of entries; undefined for a store in memory. */
  moment() {
    return this.#watch === undefined ? undefined : this.#stampAt(database.ask(this.#watch, VERSION)[0]);
  }

  /** Brings the index up to date, once for all who wait for it: what was there before the call is in it afterwards. */
  async catchUp() {
    for (let i = 0; i < 2 && this.isBehind(); i++) { // the first may have begun before the call
      this.#catching ??= runAsync(this.update(), { threads: 1 }).finally(() => { this.#catching = undefined; });
      await this.#catching;
    }
    this.#repairLater();
  }

  /** The same on the calling thread, which pays a little of the repair. */
  catchUpNow() {
    run(this.#updateAndRepair());
  }

  *#updateAndRepair() {
    yield* this.update();
    yield* this.#repair(1);
  }

  /** Applies what has happened in the table since, by whichever connection, at once for every reader. */
  *update() {
    const db = this.#connection;
    const { values: [version] } = yield* query(db, VERSION);
    const isLost = this.#isStale && this.#watch === undefined; // in memory deletions are not listed
    this.#isStale = false;
    const { values: [stamp, forgotten, changed] } = yield* query(db, `SELECT ${STAMP}, ifnull(max(value) FILTER (WHERE name = 'forgotten'), 0) + 0, ifnull(max(value) FILTER (WHERE name = 'changed'), 0) + 0 FROM settings WHERE name IN ('forgotten', 'changed')`);
    if (changed !== this.generation) {
      this.generation = changed;
      this.#onChange();
    }
    if (isLost || forgotten > this.#seen.deletion) {
      yield* this.#compare();
    } else {
      // Deletions first: what replaces an entry that is gone is then among the inserts.
      const { removed, deletion } = yield* this.#deletions();
      yield* this.#insertsAnd(removed);
      this.#seen.deletion = Math.max(this.#seen.deletion, deletion);
    }
    [this.#version, this.#stamp] = [version, stamp];
  }

  *#deletions() {
    const removed = [];
    for (let { deletion } = this.#seen; ;) {
      const { values } = yield* query(this.#connection, `SELECT sequence, key FROM deletions WHERE sequence > ? ORDER BY sequence LIMIT ${PAGE}`, deletion);
      if (values.length === 0) return { removed, deletion };
      for (let i = 1; i < values.length; i += 2) removed.push(values[i]);
      deletion = values.at(-2);
    }
  }

  /** Adds rows of the table that the index has not seen, and removes these keys. */
  *#insertsAnd(removed) {
    const added = { ticket: 0, keys: [] };
    let last = this.#seen.key;
    try {
      for (;;) {
        const { values } = yield* query(this.#connection, `SELECT key, vector FROM vectors WHERE key > ? ORDER BY key LIMIT ${PAGE}`, last);
        const isFew = added.ticket === 0 && values.length / 2 <= FEW;
        if (isFew) yield* this.#applyFew(values, removed);
        else if (values.length > 0) yield* this.#stageUnknown(added, values);
        if (values.length > 0) last = values.at(-2);
        if (isFew) break;
        if (values.length === 0) {
          yield* this.#commit(added, removed);
          break;
        }
      }
    } catch (error) {
      yield* this.#giveUp(added.ticket);
      throw error;
    }
    this.#seen.key = Math.max(this.#seen.key, last);
  }

  /** Compares all keys with those of the table: for a connection that has missed deletions which are no longer listed. */
  *#compare() {
    const db = this.#connection, added = { ticket: 0, keys: [] };
    const { values: [last, deletion] } = yield* query(db, "SELECT ifnull(max(key), 0), ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'deletions'), 0) FROM entries");
    const isThere = new Uint8Array(internals.figure(this.index, 'places')), missing = [];
    for (let at = 0; ;) {
      const { values: keys } = yield* query(db, `SELECT key FROM entries WHERE key > ? AND key <= ? ORDER BY key LIMIT ${4 * PAGE}`, at, last);
      if (keys.length === 0) break;
      staging.placesOf(this.index, Float64Array.from(keys)).forEach((place, i) => {
        if (place === staging.NONE) missing.push(keys[i]);
        else isThere[place] = 1;
      });
      at = keys.at(-1);
    }
    // A write of ours may have come into the index meanwhile.
    const { places, keys } = internals.everything(this.index), absent = new Set(missing);
    const removed = keys.filter((key, i) => key <= last && isThere[places[i]] !== 1 && !absent.has(key));
    try {
      for (let start = 0; start < missing.length; start += PAGE) {
        const { values } = yield* query(db, 'SELECT key, vector FROM vectors WHERE key IN (SELECT value FROM json_each(?)) ORDER BY key', JSON.stringify(missing.slice(start, start + PAGE)));
        yield* this.#stageUnknown(added, values);
      }
      yield* this.#commit(added, removed);
    } catch (error) {
      yield* this.#giveUp(added.ticket);
      throw error;
    }
    this.#seen = { key: Math.max(this.#seen.key, last), deletion: Math.max(this.#seen.deletion, deletion) };
  }

  // ---- Steps

  /** Those of [key, vector, ...] that the index does not have. */
  #unknown(values) {
    const { dim } = this.#options;
    const all = Float64Array.from({ length: values.length / 2 }, (_, i) => values[2 * i]), places = staging.placesOf(this.index, all);
    const keys = all.filter((_, i) => places[i] === staging.NONE), data = new Float32Array(keys.length * dim), bytes = new Uint8Array(data.buffer);
    for (let i = 0, row = 0; i < all.length; i++) {
      if (places[i] !== staging.NONE) continue;
      const vector = values[2 * i + 1];
      if (vector?.length !== 4 * dim) throw mismatch('ERR_CORRUPT', `${4 * dim} bytes`, `the vector of key ${all[i]}`, vector?.length ?? 'none');
      bytes.set(vector, row++ * 4 * dim);
    }
    return { keys, data, rows: keys.length, dim };
  }

  /** Those of the keys that the index has. */
  #known(keys) {
    const places = staging.placesOf(this.index, Float64Array.from(keys));
    return keys.filter((_, i) => places[i] !== staging.NONE);
  }

  *#stageUnknown(added, values) {
    yield this.#write(() => {}, () => {}); // a write of ours that the table shows already is in the index after its turn
    const { keys, data } = this.#unknown(values);
    yield* this.#stage(added, data, this.index.size === 0);
    for (const key of keys) added.keys.push(key);
  }

  /** Few rows and the keys that went, in one turn: a search does not wait for several. */
  *#applyFew(values, gone) {
    const plan = () => ({ rows: this.#unknown(values), removed: this.#known(gone) });
    const note = ({ rows, removed }) => {
      this.#unsaved += rows.keys.length + removed.length;
      this.#owes ||= removed.length > 0;
      if (rows.keys.length + removed.length > 0) this.#onChange();
    };
    yield this.#write(() => {
      const { rows, removed } = plan();
      const ticket = rows.rows > 0 ? staging.stage.sync(this.index, 0, rows, {}) : 0;
      if (ticket !== 0 || removed.length > 0) staging.commit.sync(this.index, ticket, rows.keys, removed);
      note({ rows, removed });
    }, async () => {
      const { rows, removed } = plan();
      const ticket = rows.rows > 0 ? await staging.stage.async(this.index, 0, rows, {}) : 0;
      if (ticket !== 0 || removed.length > 0) await staging.commit.async(this.index, ticket, rows.keys, removed);
      note({ rows, removed });
    });
  }

  /** In slices: what is copied on the event loop stays short, others get in between, and a caller hears how far it is. */
  *#stage(added, data, isOwn) {
    const { dim } = this.#options, count = data.length / dim;
    let told = -1, failure;
    const tell = (onProgress, done) => {
      if (!onProgress || done <= told || failure) return;
      told = done;
      try {
        onProgress(done);
      } catch (error) {
        failure = { error };
      }
    };
    for (let start = 0, rows; start < count; start += rows) {
      const from = start, part = count <= FEW ? FEW : Math.ceil(internals.figure(this.index, 'places') / SHARE);
      rows = Math.min(isOwn && count >= part ? Math.max(2 * FEW, part) : FEW, count - start);
      const matrix = { data: data.subarray(start * dim, (start + rows) * dim), rows, dim };
      const { ticket } = added, share = (onProgress) => (done) => tell(onProgress, (from + done * matrix.rows) / count);
      added.ticket = yield this.#write(
        (control) => {
          const used = staging.stage.sync(this.index, ticket, matrix, control);
          share(control.onProgress)(1);
          return used;
        },
        (control) => staging.stage.async(this.index, ticket, matrix, { ...control, onProgress: control.onProgress && share(control.onProgress) }));
      if (failure) throw failure.error;
    }
  }

  *#commit({ ticket, keys }, gone) {
    if (gone.length > 0) yield this.#write(() => {}, () => {}); // what a write of ours has inserted is known behind its turn
    const removed = this.#known(gone);
    if (ticket === 0 && removed.length === 0) return;
    yield this.#write(() => staging.commit.sync(this.index, ticket, keys, removed), () => staging.commit.async(this.index, ticket, keys, removed));
    this.#unsaved += keys.length + removed.length;
    this.#owes ||= removed.length > 0;
    this.#onChange();
  }

  *#giveUp(ticket) {
    [this.#version, this.#stamp] = [undefined, undefined]; // the next search looks again
    if (ticket === 0) return;
    this.#owes = true;
    yield this.#write(() => staging.discard.sync(this.index, ticket), () => staging.discard.async(this.index, ticket));
    this.#repairLater();
  }

  /** What vectors that went have left to do: at most so many calls of it. */
  *#repair(most = Infinity) {
    for (let calls = 0; calls < most && this.#owes; calls++) {
      const isMore = yield this.#write(
        () => staging.repair.sync(this.index, AT_ONCE),
        ({ flag }) => (flag && Atomics.load(flag, 0) ? undefined : staging.repair.async(this.index, AT_ONCE)));
      if (isMore === undefined) return; // aborted: it is done beside what follows
      this.#owes = isMore;
    }
  }

  /** The same beside searches, which do not wait for it. */
  #repairLater() {
    if (!this.#owes) return;
    this.#repairing ??= runAsync(this.#repair(), { threads: 1 })
      .catch(() => {}) // the store was closed meanwhile
      .finally(() => { this.#repairing = undefined; });
  }

  // ---- The store's own changes

  /**
   * Runs a transaction that inserts the rows of `data` last and gives the keys that it deletes; the index follows at once. Whether
   * the caller still wants it is looked at last before the COMMIT: where not, nothing has happened.
   */
  *write(sql, parameters, data) {
    const added = { ticket: 0, keys: [] }, count = data.length / this.#options.dim;
    let done;
    try {
      yield* this.#stage(added, data, true);
      const commit = database.commit(this.#db, sql, parameters, internals.handle(this.index), added.ticket, count);
      done = yield this.#write(commit.sync, commit.async);
    } catch (error) {
      yield* this.#giveUp(added.ticket);
      throw error;
    }
    const first = done.lastKey - count + 1;
    if (!done.isIndexed) {
      this.#isStale = true;
      yield* this.#giveUp(added.ticket);
    } else if (first === this.#seen.key + 1) {
      this.#seen.key = done.lastKey; // else somebody else's rows lie between, and come with those of the table
    }
    this.#unsaved += count + done.values.length;
    this.#owes ||= done.values.length > 0;
    this.#onChange();
    yield* this.#repair(1 + Math.ceil(STEPS * done.values.length / AT_ONCE));
    this.#repairLater();
    return done.values;
  }

  // ---- The file

  /** Saves the index, if there is anything to save. */
  *save() {
    if (this.#file === undefined || this.#isReadOnly || this.#unsaved === 0) return;
    yield* this.update();
    const unsaved = this.#unsaved;
    // What others are writing is waited for; only then a save does not find the index busy.
    yield this.#write(() => staging.discard.sync(this.index, 0), () => {});
    yield* file.save(this.#db, this.#file, this.index, { ...this.#seen }, this.#options, (sync, async) => this.#write(sync, async));
    this.#unsaved -= unsaved;
    this.#patience = 0;
  }

  /** The same in the middle of writing, where so many changes have not been saved; by default half of the index. */
  *saveIfDue(every) {
    if (this.#file === undefined || this.#unsaved < Math.max(every ?? 10000, this.#patience)) return;
    if (every === undefined && this.#unsaved < this.index.size / 2) return;
    try {
      yield* this.save();
    } catch (error) {
      this.#patience = 2 * this.#unsaved; // what was written stays written; the file is tried again later
      this.warn(error);
    }
  }

  /** Says that the index was not saved: the next opening takes longer, no more. */
  warn(error) {
    process.emitWarning(`${this.#file} was not saved: ${error.message}`, { code: 'RUVECTOR_INDEX_NOT_SAVED' });
  }
}

module.exports = { Follower };
