'use strict';
// What Swift's registry says of every member -> what is generated from it:
//   npm/lib/generated/registry.js   what JavaScript makes classes of
//   npm/lib/generated/indexes.js    the options of indexes
//   npm/types/generated.d.ts        options, classes of the families without an overlay
//   docs/options.md                 every member and index: formula, options, operations
//   what npm/scripts/esm.js writes
//   node npm/scripts/typegen.js [--check]     --check: writes nothing, fails where a file differs
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { docsOf } = require('./typegen/docs.js');
const { indexesOf, registryOf } = require('./typegen/registry.js');
const { typesOf } = require('./typegen/types.js');

const root = path.resolve(__dirname, '../..');
const isCheck = process.argv.includes('--check');

/** The registry, as the executable of a debug build prints it (release builds hold no prose); a check takes the build of the tests. */
function readRegistry() {
  const swift = (...args) => {
    const script = path.join(__dirname, isCheck ? 'checked.sh' : 'swift.sh');
    const { status, stdout, stderr, error } = spawnSync('bash', [script, ...args], { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 26 });
    if (error || status !== 0) throw new Error(`swift ${args.join(' ')}: ${error?.message ?? stderr.slice(-2000)}`);
    return stdout;
  };
  swift('build', '--product', 'ruvector-typegen');
  const comments = readComments(), documented = (one) => ({ ...one, options: one.options.map((option) => ({ ...option, family: one.family })), doc: comments[`${one.type}Layer`] ?? comments[one.type] ?? '' });
  const { members, indexes } = JSON.parse(swift('run', '--skip-build', 'ruvector-typegen'));
  return { members: members.map(documented), indexes: indexes.map(documented) };
}

/** Class -> the comment above it. */
function readComments() {
  const found = {}, folder = path.join(root, 'Sources');
  for (const file of fs.readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.swift'))) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const [, comment, name] of text.matchAll(/^((?:\/\/\/.*\n)+)public final class (\w+)/gm)) found[name] = comment.replace(/^\/\/\/ ?/gm, '').trimEnd();
  }
  return found;
}

function write(file, text) {
  const place = path.join(root, file), known = fs.existsSync(place) ? fs.readFileSync(place, 'utf8') : undefined;
  if (known === text) return;
  if (isCheck) {
    console.error(`${file} is not what the registry says: run node npm/scripts/typegen.js`);
    process.exitCode = 1;
    return;
  }
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.writeFileSync(place, text);
}

const { members, indexes } = readRegistry();
write('npm/lib/generated/registry.js', registryOf(members)); // first: what else is made reads it
write('npm/lib/generated/indexes.js', indexesOf(indexes));
write('npm/types/generated.d.ts', typesOf(members, indexes));
write('docs/options.md', docsOf(members, indexes));
require('./esm.js').writeAll(write);
