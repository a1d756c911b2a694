'use strict';

// Files that are written whole: beside their place, flushed, and moved there, so that nobody sees half of one.
const { RuvectorError, unexpected } = require('./errors.js');

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

function writeFile(path, bytes) {
  const fs = require('node:fs'), beside = besideOf(path);
  try {
    const file = fs.openSync(beside, 'wx');
    try {
      for (let at = 0; at < bytes.length;) at += fs.writeSync(file, bytes, at);
      fs.fsyncSync(file);
    } finally {
      fs.closeSync(file);
    }
    fs.renameSync(beside, path);
  } catch (cause) {
    fs.rmSync(beside, { force: true });
    throw fileError(cause, path);
  }
}

/** The same without waiting for the disk. */
async function writeFileAsync(path, bytes) {
  const fs = require('node:fs').promises, beside = besideOf(path);
  try {
    const file = await fs.open(beside, 'wx');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(beside, path);
  } catch (cause) {
    await fs.rm(beside, { force: true }).catch(() => {}); // the folder may be gone
    throw fileError(cause, path);
  }
}

/** Finds out whether a file can be written. */
async function probe(path) {
  const fs = require('node:fs').promises, beside = besideOf(path);
  try {
    await (await fs.open(beside, 'wx')).close();
    await fs.rm(beside);
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
  const fs = require('node:fs'), { basename, dirname, join } = require('node:path'), folder = dirname(path), start = `${basename(path)}.`;
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
