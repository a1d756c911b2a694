'use strict';

// Finds and loads the addon: RUVECTOR_BINARY, the packaged prebuild, the local build; the first that loads. Where none
// does, the same library as WebAssembly.
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { markAsUntransferable } = require('node:worker_threads');
const { folder } = require('./folder.js');
const { RuvectorError, fromNative, unexpected } = require('./errors.js');

const root = path.resolve(folder, '../..'), LITERAL = 'linux-x64';

function isMusl() {
  if (process.platform !== 'linux') return false;
  const { header } = /** @type {any} */ (process.report?.getReport?.() ?? {});
  return header !== undefined && !header.glibcVersionRuntime;
}

/** The addon by a literal path: bundlers follow no others. Some give the path of a copy beside the bundle (esbuild's loader `file`). */
function literally(isPrebuild) {
  try {
    const addon = isPrebuild ? require('../../prebuilds/linux-x64.node') : require('../../build/Release/ruvector.node');
    if (typeof addon === 'string') return createRequire(path.join(folder, 'bundle.js'))(path.resolve(folder, addon));
    if (typeof addon.setErrorFactory !== 'function') throw new Error('a bundler has put something else in its place'); // esbuild's loader `empty`
    return addon;
  } catch (error) {
    throw error; // for bundlers: they pass over a path of a missing file if it stands in `try`
  }
}

function places() {
  /** @type {any[]} */
  const list = [];
  const named = process.env.RUVECTOR_BINARY;
  if (named) list.push({ what: 'RUVECTOR_BINARY', file: path.resolve(named) });
  const platform = `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;
  list.push({ what: 'packaged prebuild', file: path.join(root, 'prebuilds', `${platform}.node`), ...platform === LITERAL && { load: () => literally(true) } });
  list.push({ what: 'local build', file: path.join(root, 'build', 'Release', 'ruvector.node'), load: () => literally(false) });
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
  if (backend !== 'wasm') for (const { what, file, load = () => require(file) } of places()) yield { what, file, load };
  if (backend !== 'native') yield { what: 'WebAssembly', ...require('./wasm/file.js') };
}

/** Whether this file is where the package has it, and not in a bundle. */
function isInPackage() {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).name === '@ruvector/gnn';
  } catch {
    return false;
  }
}

const BUILD = 'Build one with `npm run build` or `npm run build:wasm` in a checkout (needs Swift 6).';
const BUNDLED = `The package is in a bundle (${folder}), without its addon. Mark it as external, so that Node loads it from node_modules: esbuild
\`--external:@ruvector/gnn\`; webpack \`externals: { '@ruvector/gnn': 'commonjs @ruvector/gnn' }\`; Next.js \`serverExternalPackages: ['@ruvector/gnn']\`;
Vite \`ssr: { external: ['@ruvector/gnn'] }\`. More: docs/bundlers.md of the package.`;

function load() {
  const tried = [];
  let cause;
  for (const { what, file, load } of loaders(wantedBackend())) {
    try {
      return load();
    } catch (error) {
      if (fs.existsSync(file)) {
        cause = error;
        tried.push(`  ${what}: ${file} does not load: ${error.message}`);
      } else tried.push(`  ${what}: ${file} does not exist`);
    }
  }
  throw new RuvectorError(
    'ERR_NO_BINARY',
    `No binary of ruvector for ${process.platform}-${process.arch}, Node ${process.version}. Tried:\n${tried.join('\n')}\n` +
      (isInPackage() ? BUILD : BUNDLED),
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
