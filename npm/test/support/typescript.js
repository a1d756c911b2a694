'use strict';
// The TypeScript compiler and the types of Node that npm/scripts/prepare.sh unpacks.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');
const tsc = process.env.RUVECTOR_TSC || path.join(root, '.deps/usr/share/nodejs/typescript/bin/tsc');
const nodeTypes = process.env.RUVECTOR_NODE_TYPES || path.join(root, '.deps/usr/share/nodejs/@types');

/** Runs a compiler in `folder`; its exit code and complaints. */
function runTsc(compiler, folder, ...options) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, '--strict', '--skipLibCheck', '--target', 'es2022',
    '--typeRoots', nodeTypes, '--types', 'node', ...options], { cwd: folder, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

/** Compiles npm/examples/service.ts into build/; the JavaScript file. Inside the package, '@ruvector/gnn' is the package. */
function compileService() {
  const { status, output } = runTsc(tsc, root, '--module', 'node16', '--moduleResolution', 'node16',
    '--rootDir', '.', '--outDir', 'build/examples', 'npm/examples/service.ts');
  if (status !== 0) throw new Error(output);
  return path.join(root, 'build/examples/npm/examples/service.js');
}

module.exports = { compileService, nodeTypes, runTsc, tsc };
