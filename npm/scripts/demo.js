'use strict';
// npm run demo [word]: builds what is missing, then searches the mammals of WordNet.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const run = (script, ...args) => spawnSync(process.execPath, [path.join(__dirname, script), ...args], { stdio: 'inherit' }).status;

process.exitCode = run('build.js', '--if-missing') || run('../examples/mammals.js', ...process.argv.slice(2)) ||
  run('../examples/mammals-walk.js', ...process.argv.slice(2));
