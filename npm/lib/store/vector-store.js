'use strict';

const native = require('../native.js');
const { ASYNC_DISPOSE, Handle } = require('../handle.js');
const { RuvectorError, isList, mismatch, unexpected } = require('../errors.js');
const { abortable, threads: threadsOf } = require('../async.js');
const inputs = require('../inputs.js');
const { filters } = require('../indexes/filter.js');
const database = require('./database.js');
const { batchOptions, checkId, many, pack } = require('./entries.js');
const { Follower } = require('./follower.js');
const { fileOf } = require('./index-file.js');
const { checkVectors } = require('./graph.js');
const { InFlight, closedError } = require('./in-flight.js');
const { Learning, candidatesOf } = require('./learning.js');
const prepared = require('./prepared.js');
const { IN_MEMORY, accessTo, checkOptions, openObserver, openReader, openWatch, prepare, readOptions } = require('./schema.js');
const { read } = require('./search.js');
const { Searcher } = require('./searcher.js');
const { run, runAsync } = require('./steps.js');
const { watcher } = require('../slices.js');
const { learn } = require('../ranking/learner.js');
const { readExamination } = require('../ranking/options.js');
const { Packer } = require('./values.js');

const OPEN = Symbol('open');
const INSERT = 'INSERT INTO entries(id, metadata) VALUES (?1, ?2); INSERT INTO vectors VALUES (last_insert_rowid(), ?3)';

const NOTHING = new Float32Array(0);

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
  #isReadOnly;
  #watch;
  #searcher;
  #learning;
  #isLearning = false;
  /** Whether what was learned is being written: observations do not mind. */
  #isAdopting = false;
  /** Asynchronous operations in flight; whether no others may begin. */
  #inFlight = new InFlight(() => this.#isClosing);
  #isClosing = false;

  constructor(db, secret, path, settings) {
    if (secret !== OPEN) throw mismatch('ERR_INVALID_ARG', 'VectorStore.open(path)', 'a VectorStore', 'its constructor');
    super(db, VectorStore);
    this.#db = db;
    this.#path = path;
    this.#saveEvery = settings.saveEvery;
    this.#isReadOnly = settings.isReadOnly;
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
    settings.access = accessTo(full, settings);
    settings.isReadOnly = settings.access === 'read' || settings.access === 'frozen';
    const store = new VectorStore(database.open(full, settings.access, settings.patience), OPEN, full, settings);
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
    const { options, name } = yield* prepare(this.#db, this.#path, settings);
    this.#options = options;
    const isFile = this.#path !== IN_MEMORY, more = { ...settings, access: this.#isReadOnly ? settings.access : 'write' };
    this.#reader = isFile ? yield* openReader(this.#path, more) : this.#db;
    this.#watch = isFile && settings.access !== 'frozen' ? yield* openWatch(this.#path, more) : undefined;
    this.#follower = new Follower({
      db: this.#db, watch: this.#watch, path: isFile ? fileOf(this.#path) : undefined, options: this.#options, ef: settings.given.ef,
      isReadOnly: this.#isReadOnly,
      onChange: () => this.#searcher.forget(),
    });
    this.#learning = new Learning({
      db: this.#db, reader: this.#reader, watch: this.#watch, openObserver: isFile ? () => openObserver(this.#path, settings) : undefined,
      dim: options.dim, most: settings.given.maxObservations, store: name,
    });
    this.#searcher = new Searcher(this.#reader, this.#follower, this.#inFlight, this.#learning);
    yield* this.#follower.open();
    return this;
  }

  /** `value`, if it is an open store. */
  static #of(value) {
    Handle.of(value, VectorStore, 'this');
    if (value.#isClosing) throw closedError();
  }

  /** For a change. */
  static #writable(store) {
    VectorStore.#of(store);
    if (store.#isReadOnly) throw mismatch('ERR_UNSUPPORTED', 'a store that can be written to', 'this', 'a read-only one');
  }

  /** For a change from this thread: no other may be in flight. */
  static #claim(store) {
    VectorStore.#writable(store);
    const { writes } = store.#inFlight;
    if (writes > 0) throw mismatch('ERR_BUSY', 'no asynchronous write in flight', 'a write', `${writes}`);
  }

  *#insert(columns, { replace }) {
    if (columns.count === 0) return columns.ids;
    const duplicate = replace ? undefined : yield* this.#duplicate(columns.ids);
    if (duplicate) throw duplicate;
    const sql = replace ? `SELECT key FROM entries WHERE id = ?1; DELETE FROM entries WHERE id = ?1; ${INSERT}` : INSERT;
    const parameters = yield* pack(columns, this.#options.dim);
    try {
      yield* this.#follower.write(sql, parameters, columns.data);
    } catch (error) {
      const isKnown = error instanceof RuvectorError && error.code === 'ERR_DUPLICATE_KEY'; // by somebody else, in between
      throw isKnown ? (yield* this.#duplicate(columns.ids)) ?? error : error;
    }
    yield* this.#follower.saveIfDue(this.#saveEvery);
    return columns.ids;
  }

  /** The error that names an id that is taken, if one is. */
  *#duplicate(ids) {
    const { values: [id] } = yield* ids.length === 1
      ? database.query(this.#db, 'SELECT id FROM entries WHERE id = ?', ids[0])
      : database.query(this.#db, 'SELECT id FROM entries WHERE id IN (SELECT value FROM json_each(?)) LIMIT 1', JSON.stringify(ids));
    return id === undefined ? undefined : unexpected('ERR_DUPLICATE_KEY', 'a new id (or the option replace)', 'id', id);
  }

  /** Stores one entry {id, vector, metadata}; its id. It is on the disk when this returns. */
  insert(entry, options) {
    return VectorStore.#insertNow(this, [entry], options)[0];
  }

  /** Stores many entries in one transaction: all of them or none. Their ids. */
  insertBatch(entries, options) {
    return VectorStore.#insertNow(this, entries, options);
  }

  /** For an observation from this thread: it waits, in SQLite, for the milliseconds in which what was learned is written. */
  static #claimObservation(store) {
    VectorStore.#writable(store);
    const writes = store.#inFlight.writes - (store.#isAdopting ? 1 : 0);
    if (writes > 0) throw mismatch('ERR_BUSY', 'no asynchronous write in flight', 'a write', `${writes}`);
  }

  static #insertNow(store, entries, options) {
    VectorStore.#claim(store);
    const columns = many(entries, store.#options.dim), o = batchOptions(options);
    checkVectors(store.#options, columns.data);
    VectorStore.#claim(store); // getters of the caller's may have run
    return run(store.#insert(columns, o), o);
  }

  async insertAsync(entry, options) {
    return (await VectorStore.#insertLater(this, [entry], options))[0];
  }

  async insertBatchAsync(entries, options) {
    return VectorStore.#insertLater(this, entries, options);
  }

  static #insertLater(store, entries, options) {
    VectorStore.#writable(store);
    const columns = many(entries, store.#options.dim), o = batchOptions(options, ['signal']);
    checkVectors(store.#options, columns.data);
    VectorStore.#of(store);
    return store.#inFlight.change(o.signal, (flag) => runAsync(store.#insert(columns, o), { flag, ...o }));
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
    return VectorStore.#deleteNow(this, VectorStore.#idsOf(ids));
  }

  static #deleteNow(store, ids) {
    VectorStore.#claim(store);
    return run(store.#delete(ids));
  }

  async deleteAsync(id, options) {
    VectorStore.#of(this);
    return (await this.#deleteLater([checkId(id, 'id')], options)) > 0;
  }

  async deleteBatchAsync(ids, options) {
    VectorStore.#of(this);
    return this.#deleteLater(VectorStore.#idsOf(ids), options);
  }

  #deleteLater(ids, options) {
    VectorStore.#writable(this);
    const { signal } = inputs.options(options, ['signal']);
    VectorStore.#of(this);
    return this.#inFlight.change(signal, (flag) => runAsync(this.#delete(ids), { flag, threads: 1 }));
  }

  static #idsOf(ids) {
    if (!isList(ids)) throw unexpected('ERR_INVALID_ARG', 'an array of ids', 'ids', ids);
    return inputs.mapList(ids, inputs.lengthOfList(ids, 'ids'), (id, i) => checkId(id, `ids[${i}]`));
  }

  *#delete(ids) {
    if (ids.length === 0) return 0;
    const packer = new Packer();
    for (const id of ids) packer.text(id);
    const keys = yield* this.#follower.write('SELECT key FROM entries WHERE id = ?1; DELETE FROM entries WHERE id = ?1', packer, NOTHING);
    yield* this.#follower.saveIfDue(this.#saveEvery);
    return keys.length;
  }

  /** A filter for many searches: which ids, and what `where` says of their metadata. It follows what comes and goes. */
  prepareFilter(options) {
    VectorStore.#of(this);
    const wanted = prepared.readFilter(options);
    VectorStore.#of(this);
    const filter = prepared.make(this.#follower, wanted);
    const held = filters.hold(filter);
    try {
      run(prepared.refresh(this.#reader, this.#follower, held));
    } finally {
      filters.letGo(held);
    }
    return filter;
  }

  /** The entries nearest to `query`: [{id, distance, metadata}], best first. */
  search(query, options) {
    VectorStore.#of(this);
    const request = read(query, this.#options.dim, options);
    VectorStore.#of(this);
    return run(this.#searcher.search(request, true));
  }

  async searchAsync(query, options) {
    VectorStore.#of(this);
    const request = read(query, this.#options.dim, options, ['signal']);
    VectorStore.#of(this);
    return abortable(request.signal, (flag) => this.#inFlight.track(runAsync(this.#searcher.search(request, false), { flag, signal: request.signal })));
  }

  // ---- Learning from use

  /** Notes what was clicked of what a search with `track` has shown: none at all, too. It is in the file when this returns. */
  observe(impression, clicked) {
    VectorStore.#claimObservation(this);
    const parameters = this.#learning.read(impression, clicked, checkId);
    VectorStore.#claimObservation(this);
    run(this.#learning.observe(parameters));
  }

  async observeAsync(impression, clicked) {
    VectorStore.#writable(this);
    const parameters = this.#learning.read(impression, clicked, checkId);
    VectorStore.#of(this);
    return this.#inFlight.change(undefined, (flag) => runAsync(this.#learning.observe(parameters), { flag, threads: 1 }));
  }

  /** Learns an order from what was observed; it comes into use where it is better beyond doubt. The report of `learning()`. */
  async learn(options) {
    VectorStore.#writable(this);
    const o = inputs.options(options, ['examination', 'onProgress', 'signal', 'threads']), examination = readExamination(o.examination), threads = threadsOf(o.threads), watch = watcher(o);
    VectorStore.#writable(this);
    if (this.#isLearning) throw mismatch('ERR_BUSY', 'no learning in flight', 'this', 'one');
    this.#isLearning = true;
    const check = () => {
      VectorStore.#of(this);
      watch.check();
    };
    try {
      check();
      await this.#inFlight.track(this.#learn({ examination, threads, check, onProgress: watch.tell }));
    } finally {
      this.#isLearning = false;
    }
    return this.learning();
  }

  async #learn(control) {
    const { check } = control;
    const now = { threads: 1 }, learning = this.#learning;
    await runAsync(learning.tidy(), now);
    const base = await runAsync(learning.base(), now), log = await runAsync(learning.log(), now);
    if (log.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'observations', 'this', 'none');
    await runAsync(this.#searcher.current(), now);
    const find = (query, shown) => candidatesOf(this.#follower.index, this.#reader, query, shown);
    const outcome = await learn(learning.shape, log, find, { ...control, seed: Number(base.split(':')[0]) + 1 });
    check();
    this.#isAdopting = true;
    try {
      await this.#inFlight.change(undefined, (flag) => runAsync(learning.adopt(base, outcome), { flag, threads: 1 }));
    } finally {
      this.#isAdopting = false;
    }
  }

  /** What was observed and learned, in this process and others. */
  learning() {
    VectorStore.#of(this);
    return run(this.#learning.report());
  }

  /** Back to the static order; what was observed goes, too. */
  forget() {
    VectorStore.#claim(this);
    run(this.#learning.forget());
  }

  /** The same, ranked anew by the embeddings of a layer over a graph: [{id, score, weight, distance, metadata}]. */
  searchWithGnn(query, gnn, k, options) {
    VectorStore.#of(this);
    return require('./gnn.js').searchStore(this, query, gnn, k, options);
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

  /** `dim`, by the name of @ruvector/gnn's README. */
  get dimensions() {
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

  get readOnly() {
    VectorStore.#of(this);
    return this.#isReadOnly;
  }

  /** Saves the index beside the database, so that the next opening has nothing to catch up with. */
  save() {
    VectorStore.#claim(this);
    run(this.#follower.save());
  }

  get closed() {
    return Handle.isClosed(this, VectorStore) || this.#isClosing;
  }

  /**
   * Saves the index and closes the store. Searches in flight finish; writes that are not in the table yet are given up, the index
   * is then not saved, and the next opening catches up.
   */
  close() {
    Handle.check(this, VectorStore, 'this');
    this.#inFlight.callOff();
    if (this.closed) return;
    this.#isClosing = true;
    if (this.#inFlight.writes > 0) return void this.#inFlight.finished().then(() => this.#release());
    try {
      if (this.#follower?.index && !this.#follower.index.closed) run(this.#follower.save());
    } catch (error) {
      this.#follower.warn(error);
    }
    if (this.#inFlight.size > 0) this.#inFlight.finished().then(() => this.#release());
    else this.#release();
  }

  /** The same when everything in flight is done, writes too, without blocking. */
  async closeAsync() {
    Handle.check(this, VectorStore, 'this');
    this.#closing ??= this.closed ? this.#inFlight.finished() : this.#closeLater();
    return this.#closing;
  }

  /** For `await using`. */
  async [ASYNC_DISPOSE]() {
    await this.closeAsync();
  }

  #closing;

  async #closeLater() {
    this.#isClosing = true;
    await this.#inFlight.finished();
    try {
      if (!this.#follower.index.closed) await runAsync(this.#follower.save(), { threads: 1 });
    } catch (error) {
      this.#follower.warn(error);
    }
    this.#release();
  }

  #release() {
    this.#follower?.index?.close();
    for (const connection of [this.#reader, this.#watch, this.#learning?.connection]) if (connection !== undefined && connection !== this.#db) native.close(connection);
    super.close();
  }
}

module.exports = { VectorDB: VectorStore, VectorStore };
