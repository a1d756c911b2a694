'use strict';
// npm run pack: the package as users receive it, build/ruvector-gnn-<version>.tgz: facade, types, this machine's native
// binary as a prebuild, the WebAssembly build. Nothing in it runs at installation (npm 12 blocks install scripts and
// binding.gyp). Prints the file's path; what it holds is on stderr.
const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const stage = path.join(root, 'build/package');
const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });

run(process.execPath, 'npm/scripts/build.js', '--if-missing');
if (!fs.existsSync(path.join(root, 'wasm/ruvector.wasm'))) run('bash', 'npm/scripts/wasm.sh');

/** The fields of package.json that concern users; `files` are what is staged. */
function manifest() {
  const { private: _, gypfile, scripts, ...rest } = require(path.join(root, 'package.json'));
  return rest;
}

fs.rmSync(stage, { recursive: true, force: true });
fs.mkdirSync(path.join(stage, 'prebuilds'), { recursive: true });
const content = manifest();
fs.writeFileSync(path.join(stage, 'package.json'), `${JSON.stringify(content, null, 2)}\n`);
for (const name of content.files) {
  if (name !== 'prebuilds') fs.cpSync(path.join(root, name), path.join(stage, name), { recursive: true });
}
fs.copyFileSync(path.join(root, 'build/Release/ruvector.node'), path.join(stage, `prebuilds/${process.platform}-${process.arch}.node`));

const [{ filename, size, unpackedSize, files }] = JSON.parse(
  execFileSync('npm', ['pack', '--json', '--pack-destination', path.join(root, 'build')], { cwd: stage, encoding: 'utf8' }));
for (const file of files) console.error(`${String(file.size).padStart(9)}  ${file.path}`);
console.error(`${files.length} files, ${(unpackedSize / 1e6).toFixed(1)} MB, packed ${(size / 1e6).toFixed(1)} MB`);
console.log(path.join(root, 'build', filename));
