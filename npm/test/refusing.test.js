'use strict';
// The shim in an environment that ends: Node refuses elements of lists, promises, handles, and leaves nothing in their place. It
// is compiled with a Node-API that does so when it is told to (support/refusing.c).
const assert = require('node:assert');
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { root } = require('./support/index.js');

function compile(folder, ...defines) {
  const file = path.join(folder, 'refusing.node'), prefix = path.resolve(process.execPath, '../..');
  const swift = fs.realpathSync(execFileSync('sh', ['-c', 'command -v swift'], { encoding: 'utf8' }).trim());
  const compiler = [path.join(path.dirname(swift), 'clang'), 'cc'].find((name) => name === 'cc' || fs.existsSync(name));
  const headers = ['CNodeShim', 'CRuvectorCalls', 'CRuvector'].map((name) => `-I${path.join(root, 'Sources', name, 'include')}`);
  execFileSync(compiler, ['-shared', '-fPIC', '-O1', '-w', ...defines, `-I${prefix}/include/node`, '-I/usr/include/node', ...headers,
    path.join(__dirname, 'support/refusing.c'), '-o', file]);
  return file;
}

const CODE = `
  const shim = require(process.argv[1]), flag = new Uint32Array(1), given = [];
  shim.setErrorFactory((code, message) => new Error(message));
  const set = shim.make(), list = new Float32Array(4);
  const calls = {
    buffers: () => shim.buffers([list, list], undefined), handles: () => shim.handles([set, undefined]), options: () => shim.options(['a', 1, 'b', 'text']),
    make: () => shim.make(), job: () => shim.jobAsync(set, 1, flag),
  };
  for (const refused of [1, 2]) {
    for (const [name, call] of Object.entries(calls)) {
      shim.refuse(refused);
      let got;
      try { got = call(); } catch (error) { got = 'error'; }
      shim.refuse(0);
      given.push(refused + ' ' + name + ' ' + (got === undefined ? 'undefined' : typeof got));
    }
  }
  shim.buffers([list], undefined);
  shim.handles([set]);
  shim.options(['a', 1]);
  shim.jobAsync(set, 1, flag).then(() => console.log(JSON.stringify({ given, alive: shim.count() })));`;

test('what Node refuses is not used, and leaks nothing', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-refusing-'));
  try {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, ['-e', CODE, compile(folder)], { encoding: 'utf8' });
    assert.deepStrictEqual({ status, signal }, { status: 0, signal: null }, stderr);
    const { given, alive } = JSON.parse(stdout);
    const expected = ['buffers string', 'handles string', 'options string', 'make undefined', 'job undefined'];
    assert.deepStrictEqual(given, [1, 2].flatMap((refused) => expected.map((text) => `${refused} ${text}`)));
    assert.strictEqual(alive, 1, 'the set');
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

const IN_FLIGHT = `
  const shim = require(process.argv[1]), flag = new Uint32Array(1), list = new Float32Array(4), seen = [];
  shim.setErrorFactory((code, message) => Object.assign(new Error(message), { code }));
  const refused = (run) => { try { run(); } catch (error) { return error.code; } };
  const set = shim.make(), graph = shim.share();
  const calls = [shim.portAsync([graph, list, graph, list], undefined, 1, flag), shim.jobsAsync([set, undefined, set], 1, flag), shim.jobAsync(set, 1, flag)];
  seen.push(shim.count());
  shim.close(graph);
  shim.close(set);
  seen.push(shim.count());
  Promise.all(calls).then(() => {
    seen.push(shim.count());
    console.log(JSON.stringify({ seen, codes: [() => shim.port([graph], undefined, 1, flag), () => shim.port([shim.make(), list], undefined, 1, flag),
      () => shim.port([{}], undefined, 1, flag), () => shim.jobs([shim.share()], 1, flag)].map(refused) }));
  });`;

test('calls in flight keep the handles of their arguments, of lists and of buffers', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-refusing-'));
  try {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', IN_FLIGHT, compile(folder)], { encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
    // Two handles and five references of calls; the calls' own; none. Closed; of a kind that is no buffer; no handle; of another kind.
    assert.deepStrictEqual(JSON.parse(stdout), { seen: [7, 5, 0], codes: [10, 11, 1, 11] });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});

test('a row with an unknown kind of handle does not load', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-refusing-'));
  try {
    for (const define of ['-DUNKNOWN="z"', '-DUNKNOWN="v!"', "-DUNKNOWN_RESULT='z'"]) {
      const { status, stderr } = spawnSync(process.execPath, ['-e', 'require(process.argv[1])', compile(folder, define)], { encoding: 'utf8' });
      assert.strictEqual(status, 1, define);
      assert.match(stderr, /Error: unknown/, define);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
