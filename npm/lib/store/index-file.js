'use strict';

// The file beside a store in which its index lies, and which of the store's changes it has seen. That is written into the
// store, under a fingerprint of the file, before the file gets its name: a file that the store does not know (damaged, from
// another store, from a backup) is not used, one that it knows is brought up to date. Losing the file costs time only.
const { change, query } = require('./database.js');
const { Packer } = require('./values.js');

const PIECE = 65536;
const node = (name) => require(`node:${name}`); // only stores with files need these: bundles for browsers have none

/** A hash of the file's size, start and end, where an index has its header and checksums; undefined where there is none. */
function fingerprint(file) {
  const fs = node('fs');
  let descriptor;
  try {
    descriptor = fs.openSync(file, 'r');
    const { size } = fs.fstatSync(descriptor), hash = node('crypto').createHash('sha256').update(String(size));
    for (const start of [0, Math.max(0, size - PIECE)]) {
      const piece = Buffer.alloc(PIECE);
      hash.update(piece.subarray(0, fs.readSync(descriptor, piece, 0, PIECE, start)));
    }
    return hash.digest('hex');
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}

/** What the store knows about the file: {key, deletion} up to where it goes, if it was made with these options. */
function* known(db, file, options) {
  const print = fingerprint(file);
  if (print === undefined) return undefined;
  const { values: [text] } = yield* query(db, 'SELECT value FROM settings WHERE name = ?', `index ${print}`);
  if (text === undefined) return undefined;
  const { key, deletion, options: made } = JSON.parse(text);
  return made === JSON.stringify(options) ? { key, deletion } : undefined;
}

/** Removes what saves of processes that died have left. */
function sweep(file) {
  const fs = node('fs'), path = node('path'), start = `${path.basename(file)}.`;
  for (const name of fs.readdirSync(path.dirname(file))) {
    const pid = name.startsWith(start) ? /^(\d+)-\d+\.new/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) fs.rmSync(path.join(path.dirname(file), name), { force: true });
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

let saves = 0;

/** Saves the index, which has seen the store's changes up to `seen`. The two latest files stay known. */
function* save(db, file, index, seen, options) {
  if (!index.save) return; // TODO: until HNSWIndex has files
  const fs = node('fs'), fresh = `${file}.${process.pid}-${node('worker_threads').threadId}${saves++}.new`;
  try {
    yield { sync: () => index.save(fresh), async: async () => index.save(fresh) };
    const entry = JSON.stringify({ ...seen, at: Date.now(), options: JSON.stringify(options) });
    // Deletions that both files have seen are of no more use.
    yield* change(db, `
      INSERT OR REPLACE INTO settings VALUES (?1, ?2);
      DELETE FROM settings WHERE name LIKE 'index %' AND name NOT IN (
        SELECT name FROM settings WHERE name LIKE 'index %' ORDER BY json_extract(value, '$.at') DESC LIMIT 2);
      INSERT OR REPLACE INTO settings SELECT 'forgotten', min(json_extract(value, '$.deletion')) FROM settings WHERE name LIKE 'index %';
      DELETE FROM deletions WHERE sequence <= (SELECT CAST(value AS INTEGER) FROM settings WHERE name = 'forgotten')`,
    new Packer().text(`index ${fingerprint(fresh)}`).text(entry));
    fs.renameSync(fresh, file);
    syncFolder(node('path').dirname(file));
  } finally {
    fs.rmSync(fresh, { force: true });
  }
}

/** The new name is on the disk when this returns. */
function syncFolder(folder) {
  const fs = node('fs'), descriptor = fs.openSync(folder, 'r');
  try {
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

module.exports = { known, save, sweep };
