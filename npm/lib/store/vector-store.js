'use strict';

const native = require('../native.js');
const { Handle } = require('../handle.js');
const { RuvectorError, isList, mismatch, unexpected } = require('../errors.js');
const { abortable } = require('../async.js');
const inputs = require('../inputs.js');
const database = require('./database.js');
const { batchOptions, checkId, many, pack } = require('./entries.js');
const { Follower } = require('./follower.js');
const { checkVectors } = require('./graph.js');
const { IN_MEMORY, checkOptions, openReader, prepare, readOptions } = require('./schema.js');
const { Matches, read, search } = require('./search.js');
const { run, runAsync } = require('./steps.js');
const { Packer } = require('./values.js');

const OPEN = Symbol('open');
const INSERT = 'INSERT INTO entries(id, metadata) VALUES (?1, ?2); INSERT INTO vectors VALUES (last_insert_rowid(), ?3)';

/**
 * Vectors with string ids and metadata in an SQLite database, and an HNSWIndex that follows it. The database is the truth: what
 * it has acknowledged stays; the index is brought up to date, or built anew, when a store is opened.
 */
class VectorStore extends Handle {
  #db;
  /** A connection to read by, which does not wait for a transaction in flight; a database in memory has one only. */
  #reader;
  #follower;
  #options;
  #path;
  #saveEvery;
  #matches = new Matches();
  /** The asynchronous writes, one after the other; how many there are. */
  #writes = Promise.resolve();
  #writing = 0;

  constructor(db, secret, path, settings) {
    if (secret !== OPEN) throw mismatch('ERR_INVALID_ARG', 'VectorStore.open(path)', 'a VectorStore', 'its constructor');
    super(db, VectorStore);
    this.#db = db;
    this.#path = path;
    this.#saveEvery = settings.saveEvery;
  }

  /** Opens a store, or makes one: where `path` names no file, or ":memory:". */
  static open(path, options) {
    const { store, operation } = VectorStore.#begin(path, options);
    return store.#orClosed(() => run(operation));
  }

  static async openAsync(path, options) {
    const { store, operation } = VectorStore.#begin(path, options);
    try {
      return await runAsync(operation, { flag: undefined, threads: 1 });
    } catch (error) {
      Handle.prototype.close.call(store);
      throw error;
    }
  }

  static #begin(path, options) {
    database.requireNative();
    if (typeof path !== 'string' || path === '' || path.includes('\0')) throw unexpected('ERR_INVALID_ARG', 'the path of a file', 'path', path);
    const settings = readOptions(options), full = path === IN_MEMORY ? path : require('node:path').resolve(path);
    checkOptions(settings, full, path !== IN_MEMORY && require('node:fs').existsSync(full));
    const store = new VectorStore(database.open(full, settings.create, settings.patience), OPEN, full, settings);
    return { store, operation: store.#open(settings) };
  }

  #orClosed(work) {
    try {
      return work();
    } catch (error) {
      Handle.prototype.close.call(this);
      throw error;
    }
  }

  *#open(settings) {
    this.#options = yield* prepare(this.#db, this.#path, settings);
    this.#follower = new Follower(this.#db, this.#path === IN_MEMORY ? undefined : `${this.#path}.hnsw`, this.#options, settings.given.ef);
    yield* this.#follower.open();
    this.#reader = this.#db;
    if (this.#path !== IN_MEMORY) this.#reader = yield* openReader(this.#path, settings);
    return this;
  }

  /** `value`'s connection, if it is an open store. */
  static #of(value) {
    return Handle.of(value, VectorStore, 'this');
  }

  /** For a change from this thread: nothing else may be changing the index. */
  static #claim(store) {
    VectorStore.#of(store);
    if (store.#writing > 0) throw mismatch('ERR_BUSY', 'no asynchronous write in flight', 'a write', `${store.#writing}`);
  }

  /** Runs a change after those that are in flight. */
  async #queue(start) {
    this.#writing++;
    const turn = this.#writes.then(() => {
      VectorStore.#of(this);
      return start();
    }).finally(() => { this.#writing--; });
    this.#writes = turn.catch(() => {});
    return turn;
  }

  /** What another connection has changed comes into the index; not while a write of ours is at it. */
  *#current() {
    if (this.#writing > 0 || !(yield* this.#follower.isBehind())) return;
    this.#matches.forget();
    yield* this.#follower.update();
  }

  *#insert(columns, { replace }) {
    if (columns.count === 0) return columns.ids;
    checkVectors(this.#options, columns.data);
    const sql = replace ? `SELECT key FROM entries WHERE id = ?1; DELETE FROM entries WHERE id = ?1; ${INSERT}` : INSERT;
    const parameters = yield* pack(columns, this.#options.dim);
    let done;
    try {
      done = yield* database.change(this.#db, sql, parameters);
    } catch (error) {
      throw error instanceof RuvectorError && error.code === 'ERR_DUPLICATE_KEY' ? yield* this.#duplicate(columns.ids, error) : error;
    }
    this.#matches.forget();
    this.#follower.remove(done.values);
    yield* this.#follower.inserted(done.lastKey - columns.count + 1, columns.data);
    yield* this.#follower.saveIfDue(this.#saveEvery);
    return columns.ids;
  }

  /** The error that names the id. */
  *#duplicate(ids, error) {
    const { values: [id] } = yield* database.query(this.#db, 'SELECT id FROM entries WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1', JSON.stringify(ids));
    return id === undefined ? error : unexpected('ERR_DUPLICATE_KEY', 'a new id (or the option replace)', 'id', id);
  }

  /** Stores one entry {id, vector, metadata}; its id. It is on the disk when this returns. */
  insert(entry, options) {
    return VectorStore.#insertNow(this, [entry], options)[0];
  }

  /** Stores many entries in one transaction: all of them or none. Their ids. */
  insertBatch(entries, options) {
    return VectorStore.#insertNow(this, entries, options);
  }

  static #insertNow(store, entries, options) {
    VectorStore.#claim(store);
    const columns = many(entries, store.#options.dim), o = batchOptions(options);
    VectorStore.#claim(store); // getters of the caller's may have run
    return run(store.#insert(columns, o), o);
  }

  async insertBatchAsync(entries, options) {
    VectorStore.#of(this);
    const columns = many(entries, this.#options.dim), o = batchOptions(options, ['signal']);
    return abortable(o.signal, (flag) => this.#queue(() => runAsync(this.#insert(columns, o), { flag, ...o })));
  }

  /** {id, vector, metadata} as it was stored, or undefined. */
  get(id) {
    VectorStore.#of(this);
    const { values } = run(database.query(this.#reader, 'SELECT metadata, vector FROM entries JOIN vectors USING (key) WHERE id = ?', checkId(id, 'id')));
    if (values.length === 0) return undefined;
    const [metadata, vector] = values;
    return { id, vector: new Float32Array(vector.slice().buffer), metadata: metadata === null ? undefined : JSON.parse(metadata) };
  }

  has(id) {
    VectorStore.#of(this);
    return run(database.query(this.#reader, 'SELECT 1 FROM entries WHERE id = ?', checkId(id, 'id'))).rows > 0;
  }

  /** Deletes an entry; whether there was one. */
  delete(id) {
    VectorStore.#of(this);
    return VectorStore.#deleteNow(this, [checkId(id, 'id')]) > 0;
  }

  /** Deletes entries in one transaction; how many there were. */
  deleteBatch(ids) {
    VectorStore.#of(this);
    if (!isList(ids)) throw unexpected('ERR_INVALID_ARG', 'an array of ids', 'ids', ids);
    return VectorStore.#deleteNow(this, inputs.mapList(ids, inputs.lengthOfList(ids, 'ids'), (id, i) => checkId(id, `ids[${i}]`)));
  }

  static #deleteNow(store, ids) {
    VectorStore.#claim(store);
    const packer = new Packer();
    for (const id of ids) packer.text(id);
    return ids.length === 0 ? 0 : run(store.#delete(packer));
  }

  *#delete(packer) {
    const { values } = yield* database.change(this.#db, 'SELECT key FROM entries WHERE id = ?1; DELETE FROM entries WHERE id = ?1', packer);
    if (values.length > 0) this.#matches.forget();
    this.#follower.remove(values);
    yield* this.#follower.saveIfDue(this.#saveEvery);
    return values.length;
  }

  /** The entries nearest to `query`: [{id, distance, metadata}], best first. */
  search(query, options) {
    VectorStore.#of(this);
    const request = read(query, this.#options.dim, options);
    VectorStore.#of(this);
    return run(this.#search(request));
  }

  async searchAsync(query, options) {
    VectorStore.#of(this);
    const request = read(query, this.#options.dim, options, ['signal']);
    return abortable(request.signal, async (flag) => {
      if (this.#writing === 0 && run(this.#follower.isBehind())) await this.#queue(() => runAsync(this.#current(), { flag, threads: 1 }));
      VectorStore.#of(this);
      return runAsync(search(this.#reader, this.#follower.index, this.#matches, request), { flag, signal: request.signal });
    });
  }

  *#search(request) {
    yield* this.#current();
    return yield* search(this.#reader, this.#follower.index, this.#matches, request);
  }

  /** All ids and vectors, in the order of their insertion: {ids, data, rows, dim}. */
  getAllVectors() {
    VectorStore.#of(this);
    const { dim } = this.#options, { values } = run(database.query(this.#reader, 'SELECT id, vector FROM entries JOIN vectors USING (key) ORDER BY key'));
    const rows = values.length / 2, ids = [], data = inputs.allocate(rows * dim, 'vectors'), bytes = new Uint8Array(data.buffer);
    for (let i = 0; i < rows; i++) {
      ids.push(values[2 * i]);
      bytes.set(values[2 * i + 1], i * 4 * dim);
    }
    return { ids, data, rows, dim };
  }

  /** The index, whose keys are integers: `keyOf` and `idOf` translate. To read from; it changes with the store. */
  getHnswGraph() {
    VectorStore.#of(this);
    return this.#follower.index;
  }

  keyOf(id) {
    VectorStore.#of(this);
    return run(database.query(this.#reader, 'SELECT key FROM entries WHERE id = ?', checkId(id, 'id'))).values[0];
  }

  idOf(key) {
    VectorStore.#of(this);
    if (!Number.isSafeInteger(key)) throw unexpected('ERR_INVALID_ARG', 'an integer', 'key', key);
    return run(database.query(this.#reader, 'SELECT id FROM entries WHERE key = ?', key)).values[0];
  }

  /** Entries there are, those of other processes included. */
  get size() {
    VectorStore.#of(this);
    return run(database.query(this.#reader, 'SELECT count(*) FROM entries')).values[0];
  }

  get dim() {
    VectorStore.#of(this);
    return this.#options.dim;
  }

  get metric() {
    VectorStore.#of(this);
    return this.#options.metric;
  }

  get path() {
    VectorStore.#of(this);
    return this.#path;
  }

  /** Saves the index beside the database, so that the next opening has nothing to catch up with. */
  save() {
    VectorStore.#claim(this);
    run(this.#follower.save());
  }

  /** Saves the index and closes the store, unless a write is in flight: the next opening then catches up. */
  close() {
    Handle.check(this, VectorStore, 'this');
    if (!this.closed && this.#follower?.index) {
      try {
        if (this.#writing === 0 && !this.#follower.index.closed) run(this.#follower.save());
      } catch (error) {
        this.#follower.warn(error);
      }
      this.#follower.index.close();
      native.close(this.#reader);
    }
    super.close();
  }
}
if (Symbol.dispose) {
  Object.defineProperty(VectorStore.prototype, Symbol.dispose, { value: VectorStore.prototype.close, configurable: true, writable: true });
}

module.exports = { VectorStore };
