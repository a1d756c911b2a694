'use strict';

// The tables of a store, and the options that are written into it. Entries keep to one table and vectors to another, so that
// predicates about metadata read little. Keys are never used twice: an entry that is replaced gets a new one, so that
// what happened to a key is one insert and at most one delete, in any order. `deletions` remembers the keys that went, for
// indexes that were saved before and for other connections.
const { ask, change, open, query } = require('./database.js');
const graph = require('./graph.js');
const { INDEXES } = require('../generated/indexes.js');
const { mismatch, unexpected } = require('../errors.js');
const inputs = require('../inputs.js');
const { whole } = require('../ranking/options.js');
const { Packer } = require('./values.js');

/** What tells a store's impressions from those of others. */
const newName = () => require('node:crypto').randomUUID();

const IN_MEMORY = ':memory:', APPLICATION = 0x52565354, VERSION = 1; // 'RVST'

/** Counts what programs with their own SQL change of entries that keep their keys: what is known of metadata is then out of date. */
const COUNT_CHANGES = `CREATE TRIGGER IF NOT EXISTS entry_changed AFTER UPDATE ON entries BEGIN
  INSERT OR REPLACE INTO settings VALUES ('changed', ifnull((SELECT value FROM settings WHERE name = 'changed'), 0) + 1);
END;`;

const tables = (isShared) => `
CREATE TABLE IF NOT EXISTS entries (
  key INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, metadata TEXT CHECK (metadata IS NULL OR json_valid(metadata)));
CREATE TABLE IF NOT EXISTS vectors (key INTEGER PRIMARY KEY, vector BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS deletions (sequence INTEGER PRIMARY KEY AUTOINCREMENT, key INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS entry_deleted AFTER DELETE ON entries BEGIN
  DELETE FROM vectors WHERE key = old.key;
  ${isShared ? 'INSERT INTO deletions(key) VALUES (old.key);' : ''}
END;
CREATE TRIGGER IF NOT EXISTS vector_changed BEFORE UPDATE ON vectors BEGIN
  SELECT RAISE(ABORT, 'vectors are replaced under a new key, never changed');
END;
${COUNT_CHANGES}
PRAGMA application_id = ${APPLICATION};
PRAGMA user_version = ${VERSION};`;

/** What every vector of a store has in common: written once. */
const LASTING = ['dim', 'metric', 'curvature'];
/** Options of an index that a store decides itself; `ef` is a matter of searches. */
const OWN = ['capacity', 'keys', 'ef'];
/** In this order they stand in the text by which a store tells whether its index was made with them; later ones behind them. */
const ORDER = ['M', 'efConstruction', 'seed', 'storage', 'rerank'];
/** How the index is made: may change from opening to opening, and the index is then built anew. */
const INDEX = [...new Set([...ORDER, ...Object.keys(INDEXES.hnsw)])].filter((name) => !LASTING.includes(name) && !OWN.includes(name));
const OPTIONS = [...LASTING, ...INDEX, 'ef', 'create', 'readOnly', 'synchronous', 'patience', 'saveEvery', 'maxObservations'];

/** Those of `names` that are given; each is read once. */
function pick(options, names) {
  return Object.fromEntries(names.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined));
}

/** The options of `open`, read once; ranges of the index' own are checked by the index. */
function readOptions(value) {
  const given = pick(inputs.options(value, OPTIONS), OPTIONS);
  const { synchronous = 'full', patience = 5000, readOnly, create = readOnly !== true, saveEvery, maxObservations } = given;
  if (synchronous !== 'full' && synchronous !== 'normal') throw unexpected('ERR_INVALID_CONFIG', "'full' or 'normal'", 'synchronous', synchronous);
  if (typeof create !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'create', create);
  if (readOnly !== undefined && typeof readOnly !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'readOnly', readOnly);
  if (readOnly && create) throw mismatch('ERR_INVALID_CONFIG', 'one of them', 'create and readOnly', 'both');
  if (saveEvery !== undefined && !(inputs.number(saveEvery, 'saveEvery') >= 1)) throw unexpected('ERR_OUT_OF_RANGE', 'a number of changes', 'saveEvery', saveEvery);
  if (maxObservations !== undefined) whole(maxObservations, 'maxObservations', 1, 1e7);
  return { given, synchronous, create, readOnly, saveEvery, patience: inputs.count(patience, 'patience') };
}

/** Looks at the options of a store that may be new before anything touches the disk. */
function checkOptions({ given, create }, path, exists) {
  if (!exists && !create) throw mismatch('ERR_NOT_FOUND', 'an existing store', path, 'none');
  if (!exists) requireDim(given);
  if (given.dim !== undefined) graph.checkOptions({ metric: 'cosine', ...pick(given, [...LASTING, ...INDEX, 'ef']) });
}

function requireDim({ dim }) {
  if (dim === undefined) throw mismatch('ERR_INVALID_CONFIG', 'an integer', 'dim', 'undefined: the store is new');
}

/** Whether the file is empty, a store (true), or somebody else's. Changes nothing. */
function* isStore(db, path) {
  // The tables first: another process may make them in between, and its name with them.
  const { values: [tables, application, version] } = yield* query(db, 'SELECT count(*) FROM sqlite_master; PRAGMA application_id; PRAGMA user_version');
  if (application === APPLICATION && version > VERSION) throw mismatch('ERR_UNSUPPORTED', `a store of version ${VERSION}`, path, `version ${version}: written by a later release`);
  if (application === APPLICATION) return true;
  if (application !== 0 || tables > 0) throw mismatch('ERR_INVALID_ARG', 'the database of a VectorStore', path, 'a database of another program');
  return false;
}

/** Where two processes start the same log, SQLite refuses one of them at once: its next try waits for the other. */
function* withoutDeadlock(db, sql) {
  for (let tries = 1; ; tries++) {
    try {
      return yield* query(db, sql);
    } catch (error) {
      if (error.code !== 'ERR_BUSY' || tries === 4) throw error;
    }
  }
}

/**
 * How the file of a store is opened: as the caller says, and where its folder cannot be written to, to read from. SQLite needs
 * files of its own beside it while others may write; where nobody can, and a clean close has left none, it needs nothing.
 */
function accessTo(path, { create, readOnly }) {
  const fs = require('node:fs');
  const isWritable = (place) => {
    try {
      fs.accessSync(place, fs.constants.W_OK);
      return true;
    } catch (error) {
      return !['EROFS', 'EACCES', 'EPERM'].includes(error.code);
    }
  };
  if (path === IN_MEMORY || !fs.existsSync(path)) return create ? 'create' : 'write';
  const canWrite = isWritable(require('node:path').dirname(path)) && isWritable(path);
  if (readOnly === false || (canWrite && !readOnly)) return create ? 'create' : 'write';
  if (canWrite) return 'read';
  const log = `${path}-wal`;
  if (fs.existsSync(log) && fs.statSync(log).size > 0) return 'read'; // not closed cleanly: what is in the log counts
  return 'frozen';
}

/** Makes the tables where there are none; the store's own options, those given checked against them. */
function* prepare(db, path, { given, create, synchronous, isReadOnly }) {
  const isNew = !(yield* isStore(db, path));
  if (isNew && !create) throw mismatch('ERR_NOT_FOUND', 'an existing store', path, 'an empty database');
  if (isNew) requireDim(given);
  if (!isReadOnly) yield* withoutDeadlock(db, `PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 67108864; PRAGMA secure_delete = ON; PRAGMA synchronous = ${synchronous === 'full' ? 'FULL' : 'NORMAL'}`);
  if (isNew) {
    // In one transaction: who sees the tables sees the options, and who ends in between leaves neither.
    const lasting = JSON.stringify({ metric: 'cosine', ...pick(given, LASTING) });
    yield* change(db, `${tables(path !== IN_MEMORY)} INSERT OR IGNORE INTO settings VALUES ('options', ?1), ('store', ?2);`, new Packer().value(lasting).value(newName()));
  }
  const { values: [text, name, counts] } = yield* query(db, "SELECT (SELECT value FROM settings WHERE name = 'options'), (SELECT value FROM settings WHERE name = 'store'), count(*) FROM sqlite_master WHERE name = 'entry_changed'");
  // Of an earlier version.
  if (text !== null && counts === 0 && !isReadOnly) yield* change(db, COUNT_CHANGES);
  if (text !== null && name === null && !isReadOnly) yield* change(db, "INSERT OR IGNORE INTO settings VALUES ('store', ?)", new Packer().value(newName()));
  const lasting = parse(text ?? undefined, path);
  for (const name of LASTING) {
    if (given[name] !== undefined && given[name] !== lasting[name]) {
      throw unexpected('ERR_INVALID_CONFIG', `${JSON.stringify(lasting[name])}, as the store has it,`, name, given[name]);
    }
  }
  const { values: [store] } = yield* query(db, "SELECT value FROM settings WHERE name = 'store'");
  return { options: { ...lasting, ...pick(given, INDEX) }, name: store ?? '' };
}

/** 32 MB of pages stay in memory: the 2 MB of SQLite's own choice hold the entries of some 10,000 vectors. */
function* openReader(path, { patience, access }) {
  const db = open(path, access, patience);
  yield* query(db, 'PRAGMA query_only = 1; PRAGMA cache_size = -32768');
  return db;
}

/** To write observations by: they survive the end of the process, and a power cut may take the last ones. */
function openObserver(path, { patience }) {
  const db = open(path, 'write', patience);
  ask(db, 'PRAGMA secure_delete = ON; PRAGMA synchronous = NORMAL');
  return db;
}

/** To look for others' changes by: not held up by a search that reads, or by a write of ours. */
function* openWatch(path, { patience, access }) {
  const db = open(path, access, patience);
  yield* query(db, 'PRAGMA query_only = 1');
  return db;
}

function parse(text, path) {
  try {
    const value = JSON.parse(text ?? '');
    if (Number.isSafeInteger(value.dim)) return value;
  } catch {
    // fall through
  }
  throw mismatch('ERR_CORRUPT', 'the options of a VectorStore', path, 'others');
}

module.exports = { IN_MEMORY, accessTo, checkOptions, openObserver, openReader, openWatch, prepare, readOptions };
