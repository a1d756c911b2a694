'use strict';
// Builds build/Release/ruvector.node with SwiftPM and the running Node's own headers; downloads nothing.
//   --if-missing   only when no local build is newer than the sources
// (`node-gyp rebuild --nodedir=<prefix of node>` does the same through binding.gyp.)
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

function fail(message) {
  console.error(message);
  process.exit(1);
}

function build() {
  if (spawnSync('swift', ['--version']).status !== 0) {
    fail('Building needs Swift 6 (https://www.swift.org/install), and `swift` was not found on the PATH.');
  }
  if (!fs.existsSync(path.join(root, '.build'))) console.error('Building the addon with SwiftPM. The first build takes two to five minutes; later ones compile what has changed.');
  const prefix = path.resolve(process.execPath, '../..');
  const result = spawnSync('bash', [path.join(__dirname, 'swift-build.sh'), prefix, output], { stdio: ['ignore', 2, 2] });
  if (result.status !== 0) fail('The build failed; its messages are above.');
}

if (!(process.argv.includes('--if-missing') && isFresh())) build();
