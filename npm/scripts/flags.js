'use strict';
// npm run flags [-- none flash …]: builds the addon with no trait of Package.swift, with each alone, and with all; shows which
// mechanisms of attention each build has, and that what it leaves out is an error with a code. Some minutes a build.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const root = path.resolve(__dirname, '../..');
const TRAITS = ['flash', 'hyperbolic', 'moe', 'fullAttention'];
const BUILDS = { none: ['--disable-default-traits'], ...Object.fromEntries(TRAITS.map((name) => [name, ['--traits', name]])), all: [] };

function run(command, args, more) {
  const { status, stdout } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', ...more });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
  return stdout;
}

/** [those of the build `file`, all]: classes of attention, as a process finds them. */
function classesOf(file) {
  const script = `
    const assert = require('node:assert');
    const native = require('./npm/lib/native.js'), { partsOf } = require('./npm/lib/errors.js');
    const attention = require('./npm/entries/attention.js'), { MECHANISMS } = require('./npm/lib/overlay/attention.js');
    require('.').differentiableSearch(new Float32Array(4), [new Float32Array(4)], 1);
    const names = Object.keys(MECHANISMS), has = names.filter((name) => {
      try { native.weightsNeeded('attention', MECHANISMS[name].native, []); return true; }
      catch (error) { return !['family', 'attention'].includes(partsOf(error).subject); } // it is there and wants options
    });
    for (const name of names) {
      if (!has.includes(name) && !MECHANISMS[name].withChildren && MECHANISMS[name].required?.[0] === 'dim') assert.throws(() => new attention[name]({ dim: 4 }), { code: 'ERR_UNSUPPORTED' });
    }
    console.log(JSON.stringify([has, names]));`;
  return JSON.parse(run(process.execPath, ['-e', script], { env: { ...process.env, RUVECTOR_BINARY: file, RUVECTOR_BACKEND: 'native' } }));
}

function main(names) {
  for (const name of names.length > 0 ? names : Object.keys(BUILDS)) {
    const file = path.join(root, `.build/flags/${name}.node`);
    run('bash', ['npm/scripts/swift-build.sh', path.resolve(process.execPath, '../..'), file, '--scratch-path', '.build/flags', ...BUILDS[name]]);
    const [has, all] = classesOf(file);
    console.log(`${name}: ${has.length} of ${all.length}${has.length > 0 && has.length < all.length ? ` (${has.join(', ')})` : ''}`);
    const wanted = name === 'none' ? has.length === 0 : name === 'all' || name === 'fullAttention' ? has.length === all.length : has.length > 0 && has.length < all.length;
    if (!wanted) throw new Error(`The build ${name} has other mechanisms than its name says.`);
  }
}

if (require.main === module) main(process.argv.slice(2));
