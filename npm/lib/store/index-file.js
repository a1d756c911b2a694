'use strict';

// The file beside a store in which its index lies, and which of the store's changes it has seen. Each file carries a number of
// its own, under which the store knows that, and the store learns of it first: a file that it does not know (from another
// store, from a backup) is not used, one that it knows is brought up to date. Losing the file costs time only.
const { change, query } = require('./database.js');
const { sweep } = require('../files.js');
const { HNSWIndex } = require('../indexes/hnsw.js');
const { Packer } = require('./values.js');
const { RuvectorError, mismatch } = require('../errors.js');

/** The index in the file and what it has seen {key, deletion}, if the store knows it and it was made with these options. */
function* load(db, file, options) {
  let index;
  try {
    index = yield { sync: () => HNSWIndex.load(file), async: () => HNSWIndex.loadAsync(file) };
    const { values: [text] } = yield* query(db, 'SELECT value FROM settings WHERE name = ?', `index ${index.stamp}`);
    const { key, deletion, options: made } = JSON.parse(text ?? '{}');
    if (made === JSON.stringify(options)) return { index, seen: { key, deletion } };
  } catch (error) {
    if (!(error instanceof RuvectorError)) throw error; // missing, damaged or empty: it is built from the table
  }
  index?.close();
  return undefined;
}

/** The file of a database's index: beside the database itself, where links lead to it (SQLite's own files lie there, too). */
const fileOf = (database) => `${require('node:fs').realpathSync(database)}.hnsw`;

/** Whoever may not read the database may not read the index either: its file has the same mode, before anything is in it, and its owner. */
function withModeOf(database, file) {
  const fs = require('node:fs');
  try {
    const { uid, gid, mode: all } = fs.statSync(database), mode = all & 0o777;
    try {
      fs.closeSync(fs.openSync(file, 'wx', mode));
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    const old = fs.statSync(file);
    if (old.isFile() && (old.mode & 0o777) !== mode) fs.chmodSync(file, mode); // whatever the umask was, or the database's mode
    if (old.isFile() && (old.uid !== uid || old.gid !== gid)) fs.chownSync(file, uid, gid);
  } catch (error) {
    if (error.code !== 'EPERM' && error.code !== 'ENOENT') throw mismatch('ERR_IO', 'a file that can be written', file, error.message);
  }
}

/** A number that no other file has. */
const newStamp = () => 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));

/**
 * Saves the index, which has seen the store's changes up to `seen`; `step(sync, async)` makes the step that writes the file. The two latest files stay known; deletions that both have
 * seen are of no more use.
 */
function* save(db, file, index, seen, options, step) {
  const stamp = newStamp(), name = `index ${stamp}`, entry = JSON.stringify({ ...seen, at: Date.now(), options: JSON.stringify(options) });
  yield* change(db, 'INSERT INTO settings VALUES (?1, ?2)', new Packer().text(name).text(entry));
  try {
    withModeOf(file.slice(0, -'.hnsw'.length), file);
    yield step(() => index.save(file, { stamp }), () => index.saveAsync(file, { stamp }));
  } catch (error) {
    yield* query(db, 'DELETE FROM settings WHERE name = ?', name);
    throw error;
  }
  yield* change(db, `
    DELETE FROM settings WHERE name LIKE 'index %' AND name NOT IN (
      SELECT name FROM settings WHERE name LIKE 'index %' ORDER BY json_extract(value, '$.at') DESC, rowid DESC LIMIT 2);
    INSERT OR REPLACE INTO settings SELECT 'forgotten', min(json_extract(value, '$.deletion')) FROM settings WHERE name LIKE 'index %';
    DELETE FROM deletions WHERE sequence <= (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'forgotten')`);
}

module.exports = { fileOf, load, save, sweep };
