'use strict';

// A connection to SQLite: statements in, values out. Each call is a step (steps.js).
const native = require('../native.js');
const { mismatch } = require('../errors.js');
const { Packer, unpack } = require('./values.js');

const NOTHING = new Uint8Array(0);

/** Throws where there are no databases. */
function requireNative() {
  if (!native.databaseOpen) throw mismatch('ERR_UNSUPPORTED', 'the native addon', 'VectorStore', 'WebAssembly, which has no files');
}

/** Ways to open a file (ruvector.h). */
const ACCESS = { write: 0, create: 1, read: 2, frozen: 3 };

const open = (path, access, patience) => native.databaseOpen(path, ACCESS[access], patience);

/** {values, rows, columns, lastKey, changes} of the rows that a native call gave. */
function take(rows) {
  try {
    const info = new Float64Array(5);
    native.rowsInfo(rows, info);
    const [count, columns, size, lastKey, changes] = info;
    if (size === 0) return { values: [], rows: count, columns, lastKey, changes };
    const bytes = new Uint8Array(size);
    native.rowsCopy(rows, bytes);
    return { values: unpack(bytes), rows: count, columns, lastKey, changes };
  } finally {
    native.close(rows);
  }
}

/** A transaction of the store's own housekeeping goes on where the caller has stopped waiting. */
function step(handle, sql, parameters, transaction) {
  return {
    sync: () => take(native.databaseRun(handle, sql, parameters, transaction, 1, undefined)),
    async: async ({ flag }) => take(await native.databaseRunAsync(handle, sql, parameters, transaction, 1, transaction ? undefined : flag)),
  };
}

/** Runs statements once, with these values (strings, integers, null). */
function* query(handle, sql, ...values) {
  const parameters = values.length === 0 ? NOTHING : values.reduce((packer, value) => packer.value(value), new Packer()).bytes;
  return yield step(handle, sql, parameters, 0);
}

/** Runs statements for each row of `parameters` (a Packer) in one transaction: all of them or none. */
function* change(handle, sql, parameters) {
  return yield step(handle, sql, parameters === undefined ? NOTHING : parameters.bytes, 1);
}

/**
 * The step that runs statements for each row of `parameters` in one transaction, shows the `count` rows that an index has
 * staged under `ticket`, and removes from it the keys that the statements give: {..., isIndexed}.
 */
function commit(handle, sql, parameters, index, ticket, count) {
  const isIndexed = new Float64Array(1), call = [handle, sql, parameters.bytes, index, ticket, count, isIndexed, 1];
  const result = (rows) => ({ ...take(rows), isIndexed: isIndexed[0] === 1 });
  return {
    sync: () => result(native.databaseCommit(...call, undefined)),
    async: async ({ flag }) => result(await native.databaseCommitAsync(...call, flag)),
  };
}

/** The values that a statement gives, on the calling thread. */
const ask = (handle, sql) => take(native.databaseRun(handle, sql, NOTHING, 0, 1, undefined)).values;

module.exports = { ask, change, commit, open, query, requireNative };
