'use strict';
// npm test -- lint-js: the TypeScript compiler reads npm/lib as JavaScript and says what cannot be right: names that nobody defines,
// properties that a known object does not have, arguments that nobody takes, variables that nobody reads. Nothing may be left.
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { nodeTypes, tsc } = require('../test/support/typescript.js');

const root = path.resolve(__dirname, '../..');

/** What it says of code that is right. */
const MISTAKEN = [
  /error TS2401: /, // `super` in both branches of a constructor
  /error TS2525: /, // names taken out of `{}`: they are undefined
  /error TS2367: /, // Atomics.load of memory of numbers gives no bigint
  /error TS2722: |on type 'never'/, // variables that only closures set
  /error TS6133: '#/, // private names behind `??=` and of generators
];

/** Complaints about the files of a folder, a line each. */
function complaints(folder) {
  const files = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name));
  const { status, stdout, stderr } = spawnSync(process.execPath, [tsc, '--allowJs', '--checkJs', '--noEmit', '--noUnusedLocals', '--skipLibCheck',
    '--strict', 'false', '--target', 'es2022', '--lib', 'es2022,dom', '--module', 'node16', '--moduleResolution', 'node16', '--typeRoots', nodeTypes, '--types', 'node',
    path.join(__dirname, 'lint.d.ts'), ...files], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !line.startsWith(' '));
  if (status !== 0 && lines.length === 0) throw new Error(`the compiler ended with ${status}`);
  return lines.filter((line) => !MISTAKEN.some((one) => one.test(line)));
}

module.exports = { complaints };
if (require.main === module) {
  const found = complaints(path.join(root, 'npm/lib'));
  console.log(found.length === 0 ? 'JavaScript: nothing found' : found.join('\n'));
  process.exitCode = found.length === 0 ? 0 : 1;
}
