'use strict';

// The index of a store, which follows its table. Keys are never used twice, so what happened to one may be applied in any
// order and more than once: an insert of a key that is there, and a delete of one that is not, change nothing.
const { query } = require('./database.js');
const file = require('./index-file.js');
const { mismatch } = require('../errors.js');
const { createIndex } = require('./graph.js');

const PAGE = 4096, SLICE = 16384;

/** `done`: the share of all that is done by the share of this. */
const addStep = (index, keys, matrix, done) => ({
  sync({ threads, onProgress }) {
    index.addBatch(keys, matrix, { threads });
    onProgress?.(done(1));
  },
  async: ({ threads, onProgress }) => index.addBatchAsync(keys, matrix, { threads, onProgress: onProgress && ((share) => onProgress(done(share))) }),
});

class Follower {
  /** The HNSWIndex; its keys are those of the table. */
  index;
  /** Up to where in the table and the list of deletions the index has seen everything. */
  #seen = { key: 0, deletion: 0 };
  #version;
  /** Whether an insert failed on the way: some of its keys may be in the index. */
  #isPartial = false;
  #unsaved = 0;
  /** Changes to wait for after a save that failed. */
  #patience = 0;
  #db;
  #file;
  #options;
  #ef;

  /** `path`: that of the index' file, undefined for a store in memory; `ef` may be another each time. */
  constructor(db, path, options, ef) {
    this.#db = db;
    this.#file = path;
    this.#options = options;
    this.#ef = ef;
  }

  /** Loads the index and brings it up to date, or builds it. */
  *open() {
    if (this.#file !== undefined) file.sweep(this.#file);
    const saved = this.#file === undefined ? undefined : yield* file.load(this.#db, this.#file, this.#options);
    if (saved === undefined) return yield* this.#rebuild();
    this.index = saved.index;
    this.#seen = saved.seen;
    if (this.#ef !== undefined) this.index.ef = this.#ef;
    yield* this.update();
    const { values: [count] } = yield* query(this.#db, 'SELECT count(*) FROM entries');
    if (count !== this.index.size) yield* this.#rebuild();
  }

  *#rebuild() {
    const before = this.index;
    this.index = createIndex({ ...this.#options, ...(this.#ef !== undefined && { ef: this.#ef }) });
    this.#seen = { key: 0, deletion: 0 };
    before?.close();
    const { values: [last = 0] } = yield* query(this.#db, "SELECT seq FROM sqlite_sequence WHERE name = 'deletions'");
    yield* this.#inserts();
    this.#seen.deletion = last; // what was deleted before was not inserted; what is deleted meanwhile comes later
    yield* this.update();
  }

  /** Applies what has happened in the table since, by whichever connection. */
  *update() {
    const { values: [version] } = yield* query(this.#db, 'PRAGMA data_version');
    const { values: [forgotten] } = yield* query(this.#db, "SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'forgotten'");
    if (forgotten > this.#seen.deletion) return yield* this.#rebuild();
    yield* this.#inserts();
    yield* this.#deletions();
    this.#version = version;
  }

  /** Whether another connection has changed the database. */
  *isBehind() {
    const { values: [version] } = yield* query(this.#db, 'PRAGMA data_version');
    return version !== this.#version;
  }

  *#inserts() {
    const { dim } = this.#options;
    for (;;) {
      const { values } = yield* query(this.#db, `SELECT key, vector FROM vectors WHERE key > ? ORDER BY key LIMIT ${PAGE}`, this.#seen.key);
      if (values.length === 0) {
        this.#isPartial = false;
        return;
      }
      const keys = [], data = new Float32Array(values.length / 2 * dim), bytes = new Uint8Array(data.buffer);
      for (let i = 0; i < values.length; i += 2) {
        const [key, vector] = [values[i], values[i + 1]];
        if (vector?.length !== 4 * dim) throw mismatch('ERR_CORRUPT', `${4 * dim} bytes`, `the vector of key ${key}`, vector?.length ?? 'none');
        if (this.#isPartial && this.index.has(key)) continue;
        bytes.set(vector, keys.length * 4 * dim);
        keys.push(key);
      }
      yield* this.#add(keys, data.subarray(0, keys.length * dim));
      this.#seen.key = values.at(-2);
    }
  }

  *#deletions() {
    for (;;) {
      const { values } = yield* query(this.#db, `SELECT sequence, key FROM deletions WHERE sequence > ? ORDER BY sequence LIMIT ${PAGE}`, this.#seen.deletion);
      if (values.length === 0) return;
      this.remove(values.filter((_, i) => i % 2 === 1));
      this.#seen.deletion = values.at(-2);
    }
  }

  /** In slices: what is copied on the event loop stays short, and a caller hears how far it is. */
  *#add(keys, data) {
    const { dim } = this.#options;
    try {
      for (let start = 0; start < keys.length; start += SLICE) {
        const some = keys.slice(start, start + SLICE), rows = some.length, done = (share) => (start + share * rows) / keys.length;
        yield addStep(this.index, some, { data: data.subarray(start * dim, (start + rows) * dim), rows, dim }, done);
        this.#unsaved += rows;
      }
    } catch (error) {
      this.#version = undefined; // the rows are in the table: the next search tries again
      this.#isPartial = true;
      throw error;
    }
  }

  /** Takes in rows just inserted, with the keys first, first + 1 and so on. */
  *inserted(first, data) {
    const count = data.length / this.#options.dim;
    // Somebody else's rows lie between: they come with those of the table.
    if (first !== this.#seen.key + 1) return yield* this.#inserts();
    yield* this.#add(Array.from({ length: count }, (_, i) => first + i), data);
    this.#seen.key = first + count - 1;
  }

  /** Takes out the keys that are there. */
  remove(keys) {
    const known = keys.filter((key) => this.index.has(key));
    if (known.length === 0) return;
    this.index.removeBatch(known);
    this.#unsaved += known.length;
  }

  /** Saves the index, if there is anything to save. */
  *save() {
    if (this.#file === undefined || this.#unsaved === 0) return;
    yield* this.update();
    const unsaved = this.#unsaved;
    yield* file.save(this.#db, this.#file, this.index, this.#seen, this.#options);
    this.#unsaved -= unsaved;
    this.#patience = 0;
  }

  /** The same in the middle of writing, where so many changes have not been saved; by default half of the index. */
  *saveIfDue(every = Math.max(10000, this.index.size / 2)) {
    if (this.#file === undefined || this.#unsaved < Math.max(every, this.#patience)) return;
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
