'use strict';

// Finds and loads the addon: RUVECTOR_BINARY, the packaged prebuild, the local build; the first that loads. Where none
// does, the same library as WebAssembly.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { markAsUntransferable } = require('node:worker_threads');
const { RuvectorError, fromNative, unexpected } = require('./errors.js');

const root = path.resolve(__dirname, '../..');

function isMusl() {
  if (process.platform !== 'linux') return false;
  const header = process.report?.getReport?.().header;
  return header !== undefined && !header.glibcVersionRuntime;
}

function places() {
  const list = [];
  const named = process.env.RUVECTOR_BINARY;
  if (named) list.push({ what: 'RUVECTOR_BINARY', file: path.resolve(named) });
  const platform = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
  list.push({ what: 'packaged prebuild', file: path.join(root, 'prebuilds', `${platform}.node`) });
  list.push({ what: 'local build', file: path.join(root, 'build', 'Release', 'ruvector.node') });
  return list;
}

/** The backend that RUVECTOR_BACKEND names; undefined: native, or wasm where no native binary fits. */
function wantedBackend() {
  const name = process.env.RUVECTOR_BACKEND || undefined;
  if (name === undefined || name === 'native' || name === 'wasm') return name;
  throw unexpected('ERR_INVALID_CONFIG', "'native' or 'wasm'", 'RUVECTOR_BACKEND', name);
}

/** Asynchronous calls that run at once: RUVECTOR_JOBS, or one a core, but one of libuv's threads stays free for others. */
function jobsAtOnce() {
  const given = process.env.RUVECTOR_JOBS || undefined, pool = Number(process.env.UV_THREADPOOL_SIZE) || 4;
  const jobs = Number(given ?? Math.max(1, Math.min(os.availableParallelism(), pool - 1)));
  if (Number.isInteger(jobs) && jobs >= 1 && jobs <= 1024) return jobs;
  throw unexpected('ERR_INVALID_CONFIG', 'an integer in 1...1024', 'RUVECTOR_JOBS', given);
}

function* loaders(backend) {
  if (backend !== 'wasm') for (const { what, file } of places()) yield { what, file, load: () => require(file) };
  if (backend !== 'native') yield { what: 'WebAssembly', ...require('./wasm/file.js') };
}

function load() {
  const tried = [];
  let cause;
  for (const { what, file, load } of loaders(wantedBackend())) {
    if (!fs.existsSync(file)) {
      tried.push(`  ${what}: ${file} does not exist`);
      continue;
    }
    try {
      return load();
    } catch (error) {
      cause = error;
      tried.push(`  ${what}: ${file} does not load: ${error.message}`);
    }
  }
  throw new RuvectorError(
    'ERR_NO_BINARY',
    `No binary of ruvector for ${process.platform}-${process.arch}, Node ${process.version}. Tried:\n` +
      `${tried.join('\n')}\nBuild one with \`npm run build\` or \`npm run build:wasm\` in a checkout (needs Swift 6).`,
    cause && { cause });
}

/** An object of this copy's: where JavaScript is evaluated again, the addon is the same, and errors go by the object that is called. */
const native = Object.create(load());
native.copies ??= false;
native.isLost ??= () => false; // only a WebAssembly instance can end before its handles
native.keepInPlace = markAsUntransferable;
native.setErrorFactory(fromNative);
native.limitJobs?.(jobsAtOnce());
native.start(); // RUVECTOR_SIMD is looked at here: an unknown level is an error, not a silent default

module.exports = native;
