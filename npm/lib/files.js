'use strict';

// Files that are written whole: beside their place, flushed, and moved there, so that nobody sees half of one. A file that is there keeps
// its mode and owner; links are followed; devices, pipes and folders are refused. (Files of indexes: Sources/CRuvectorSupport/file.c.)
const { drive, driveLater } = require('./slices.js');
const { mismatch, RuvectorError, unexpected } = require('./errors.js');

function pathOf(value, name = 'path') {
  if (typeof value !== 'string' || value.length === 0 || value.includes('\0')) throw unexpected('ERR_INVALID_ARG', 'a path', name, value);
  return value;
}

/** What the system says of a file, as an error of ours. */
function fileError(cause, path) {
  if (cause instanceof RuvectorError || typeof cause?.syscall !== 'string') return cause;
  return new RuvectorError(cause.code === 'ENOENT' ? 'ERR_NOT_FOUND' : 'ERR_IO', `${path}: ${cause.message}`, { cause });
}

let made = 0;
/** The name of a file on its way: `sweep` knows whose it is. */
const besideOf = (path) => `${path}.${process.pid}-${Date.now() * 1000 + (made++ % 1000)}.tmp`;

// Steps of `drive` and `driveLater`: a function of node:fs, and what an open file does.
const system = (name, ...args) => (isLater) => (isLater ? require('node:fs').promises[name](...args) : require('node:fs')[`${name}Sync`](...args));
const SYNC = { stat: 'fstatSync', chown: 'fchownSync', chmod: 'fchmodSync', sync: 'fsyncSync', close: 'closeSync', write: 'writeSync' };
const opened = (file, name, ...args) => (isLater) => (isLater ? file[name](...args) : require('node:fs')[SYNC[name]](file, ...args));

/** Where a chain of links leads, whether there is a file or not. */
function* endOf(path) {
  for (let at = path, links = 0; links < 40; links++) {
    let next;
    try {
      next = yield system('readlink', at);
    } catch {
      return at; // no link
    }
    at = next.startsWith('/') ? next : at.slice(0, at.lastIndexOf('/') + 1) + next;
  }
  throw new RuvectorError('ERR_IO', `${path}: too many levels of symbolic links`);
}

/** Where a file is written, and what is there now: a regular file that may be written to, or nothing. */
function* placeOf(path) {
  const where = yield* endOf(path);
  let old;
  try {
    old = yield system('stat', where);
  } catch (cause) {
    if (cause.code !== 'ENOENT') throw cause;
    return { where };
  }
  if (old.isDirectory()) throw new RuvectorError('ERR_IO', `${path}: it is a directory`);
  if (!old.isFile()) throw mismatch('ERR_INVALID_ARG', 'a regular file', JSON.stringify(path), 'a file of another kind');
  yield system('access', where, require('node:fs').constants.W_OK);
  return { where, old };
}

/** The new file is whose the old one was, for those who could use the old one (as rv_file_create has it). */
function* takeOver(file, { uid, gid, mode }) {
  const own = yield opened(file, 'stat');
  if (own.uid !== uid || own.gid !== gid) {
    // Who may not give files away keeps at least the group, where that is allowed.
    for (const owner of [uid, own.uid]) {
      try {
        yield opened(file, 'chown', owner, gid);
        break;
      } catch (cause) {
        if (cause.code !== 'EPERM') throw cause;
      }
    }
  }
  yield opened(file, 'chmod', mode & 0o7777);
}

/** `body(file)` of a new file beside `where`; what it returns, an error or false: the file goes again. */
function* beside(where, mode, body) {
  const name = besideOf(where), file = yield system('open', name, 'wx', mode);
  let isKept = false;
  try {
    try {
      isKept = yield* body(file);
    } finally {
      yield opened(file, 'close');
    }
    if (isKept) yield system('rename', name, where);
  } catch (cause) {
    isKept = false;
    throw cause;
  } finally {
    if (!isKept) {
      try {
        yield system('rm', name, { force: true });
      } catch {
        // The folder may be gone.
      }
    }
  }
}

function* writing(path, bytes) {
  try {
    const { where, old } = yield* placeOf(path);
    yield* beside(where, old ? 0o600 : 0o644, function* (file) {
      if (old) yield* takeOver(file, old);
      for (let at = 0; at < bytes.length;) {
        const written = yield opened(file, 'write', bytes, at);
        at += typeof written === 'number' ? written : written.bytesWritten;
      }
      yield opened(file, 'sync');
      return true;
    });
  } catch (cause) {
    throw fileError(cause, path);
  }
}

const writeFile = (path, bytes) => drive(writing(path, bytes));

/** The same without waiting for the disk. */
const writeFileAsync = (path, bytes) => driveLater(writing(path, bytes));

/** Finds out whether a file can be written. */
async function probe(path) {
  try {
    await driveLater((function* () {
      const { where } = yield* placeOf(path);
      yield* beside(where, 0o600, function* () { return false; });
    })());
  } catch (cause) {
    throw fileError(cause, path);
  }
}

function readFile(path) {
  try {
    return require('node:fs').readFileSync(path);
  } catch (cause) {
    throw fileError(cause, path);
  }
}

async function readFileAsync(path) {
  try {
    return await require('node:fs').promises.readFile(path);
  } catch (cause) {
    throw fileError(cause, path);
  }
}

/** Removes what writers that were killed have left beside a file. */
function sweep(path) {
  const fs = require('node:fs'), { basename, dirname, join } = require('node:path'), end = drive(endOf(path)), folder = dirname(end), start = `${basename(end)}.`;
  for (const name of fs.readdirSync(folder)) {
    const pid = name.startsWith(start) ? /^(\d+)-\d+\.tmp$/.exec(name.slice(start.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid))) fs.rmSync(join(folder, name), { force: true });
  }
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM'; // somebody else's
  }
}

module.exports = { fileError, pathOf, probe, readFile, readFileAsync, sweep, writeFile, writeFileAsync };
