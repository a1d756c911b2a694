'use strict';

// Finds and loads the addon: RUVECTOR_BINARY, the packaged prebuild, the local build; the first that loads.
const fs = require('node:fs');
const path = require('node:path');
const { RuvectorError, fromNative } = require('./errors.js');

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

function load() {
  const tried = [];
  let cause;
  for (const { what, file } of places()) {
    if (!fs.existsSync(file)) {
      tried.push(`  ${what}: ${file} does not exist`);
      continue;
    }
    try {
      return require(file);
    } catch (error) {
      cause = error;
      tried.push(`  ${what}: ${file} does not load: ${error.message}`);
    }
  }
  throw new RuvectorError(
    'ERR_NO_BINARY',
    `No native binary of ruvector for ${process.platform}-${process.arch}, Node ${process.version}. Tried:\n` +
      `${tried.join('\n')}\nBuild one with \`npm run build\` in a checkout (needs Swift 6).`,
    cause && { cause });
}

const native = load();
native.setErrorFactory(fromNative);
native.start(); // RUVECTOR_SIMD is looked at here: an unknown level is an error, not a silent default

module.exports = native;
