'use strict';
// Builds build/Release/ruvector.node through node-gyp (offline: it is given the running Node's own headers).
//   --if-missing   only when no local build is newer than the sources
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const output = path.join(root, 'build/Release/ruvector.node');

function newest(folder) {
  let time = 0;
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const full = path.join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(full) : fs.statSync(full).mtimeMs);
  }
  return time;
}

function isFresh() {
  if (!fs.existsSync(output)) return false;
  const sources = Math.max(newest(path.join(root, 'Sources')), fs.statSync(path.join(root, 'Package.swift')).mtimeMs);
  return fs.statSync(output).mtimeMs > sources;
}

/** node-gyp as npm runs it, npm's own copy, or one on the PATH. */
function nodeGyp() {
  const prefix = path.resolve(process.execPath, '../..');
  const bundled = ['lib/node_modules/npm', 'share/nodejs/npm', 'share/npm']
    .map((folder) => path.join(prefix, folder, 'node_modules/node-gyp/bin/node-gyp.js'))
    .find(fs.existsSync);
  const known = process.env.npm_config_node_gyp || bundled;
  return known ? [process.execPath, known] : ['node-gyp'];
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function build() {
  if (spawnSync('swift', ['--version']).status !== 0) {
    fail('Building needs Swift 6 (https://www.swift.org/install), and `swift` was not found on the PATH.');
  }
  const [command, ...first] = nodeGyp();
  const nodedir = path.resolve(process.execPath, '../..');
  const result = spawnSync(command, [...first, 'rebuild', `--nodedir=${nodedir}`, '--loglevel=warn'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  });
  if (result.error) fail(`node-gyp could not be started (${result.error.message}). It comes with npm.`);
  if (result.status !== 0) fail('The build failed; its messages are above.');
}

if (!(process.argv.includes('--if-missing') && isFresh())) build();
