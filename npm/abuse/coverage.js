'use strict';
// npm run coverage: runs the Swift tests with coverage and prints the share of lines they run, a target a row. Fails where
// a target, or the whole, is below 90 %. A line of the kernels counts once for each instruction set it is compiled for
// (V3 and V4 are links to V1), and only for those that this CPU can run.
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const LEAST = 90;
const root = path.resolve(__dirname, '../..');
const build = ['--scratch-path', '.build/coverage'];
const command = (...args) => [path.join(root, 'npm/scripts/swift.sh'), ...args];
const swift = (...args) => execFileSync('bash', command(...args), { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

const run = spawnSync('bash', command('test', '--enable-code-coverage', ...build), { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 28 });
if (run.status !== 0) {
  console.error(run.stdout.split('\n').filter((line) => /✘|error:/.test(line)).join('\n'));
  process.exit(1);
}

// SwiftPM runs the toolchain's own llvm-cov (Debian's is too old) and leaves its JSON here.
const file = swift('test', '--show-codecov-path', ...build).trim();
const [{ files }] = JSON.parse(fs.readFileSync(file, 'utf8')).data;
const level = execFileSync(process.execPath, ['-p', `require(${JSON.stringify(root)}).simdLevel()`], { encoding: 'utf8' }).trim();
const runs = (target) => !/KernelsV([34])$/.test(target) || `v${target.at(-1)}` <= level;

const targets = new Map();
for (const { filename, summary: { lines } } of files) {
  const [, target] = /\/Sources\/([^/]+)\/.*\.swift$/.exec(filename) ?? [];
  if (!target || !runs(target)) continue;
  const sum = targets.get(target) ?? { covered: 0, count: 0 };
  targets.set(target, { covered: sum.covered + lines.covered, count: sum.count + lines.count });
}

const rows = [...targets].sort(([a], [b]) => (a < b ? -1 : 1));
const total = rows.reduce((sum, [, { covered, count }]) => ({ covered: sum.covered + covered, count: sum.count + count }), { covered: 0, count: 0 });
for (const [target, { covered, count }] of [...rows, ['all', total]]) {
  const share = (100 * covered) / count;
  console.log(`${target.padEnd(24)}${String(covered).padStart(6)} of ${String(count).padStart(5)} lines ${share.toFixed(1).padStart(6)} %${share < LEAST ? `   below ${LEAST} %` : ''}`);
  if (!(share >= LEAST)) process.exitCode = 1;
}
