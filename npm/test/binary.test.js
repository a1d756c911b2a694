'use strict';
// The addon as a file: what it links, what it needs, its size, its symbols, and that no instruction beyond the baseline
// sits outside the modules that are entered only after asking the CPU.
const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { root } = require('./support/index.js');

const stripped = path.join(root, 'build/Release/ruvector.node');
const unstripped = path.join(root, '.build/release/libruvector-node.so');

/** Why a test cannot run here, or false. */
function without(tool, file) {
  if (process.platform !== 'linux') return 'ELF files are looked at on Linux only';
  if (spawnSync(tool, ['--version']).status !== 0) return `${tool} is not installed (Debian package binutils)`;
  return fs.existsSync(file) ? false : `${path.relative(root, file)} is not built (npm run build)`;
}

function run(tool, ...args) {
  const { status, stdout, stderr } = spawnSync(tool, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  assert.strictEqual(status, 0, stderr);
  return stdout;
}

const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'libgcc_s.so.1', 'libpthread.so.0', 'libdl.so.2'];

test('links nothing but libc, libm, libstdc++ and libgcc', { skip: without('readelf', stripped) }, () => {
  const dynamic = run('readelf', '-dW', stripped);
  const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name);
  assert.ok(needed.includes('libc.so.6'));
  assert.deepStrictEqual(needed.filter((name) => !LIBRARIES.includes(name) && !/^ld-linux/.test(name)), []);
  assert.match(dynamic, /NODELETE/, 'Node must not unload it with its last worker');
  assert.doesNotMatch(dynamic, /\((RPATH|RUNPATH)\).*\[[^\]$]*\/(home|work|opt|usr\/share|tmp)/, 'a path of the machine it was built on');
});

test('needs GLIBC 2.34 at most', { skip: without('readelf', stripped) }, () => {
  const versions = [...run('readelf', '-VW', stripped).matchAll(/GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [Number(major), Number(minor)]);
  assert.ok(versions.length > 0);
  for (const [major, minor] of versions) assert.ok(major < 2 || (major === 2 && minor <= 34), `GLIBC_${major}.${minor}`);
});

test('is 8.4 MB at most', { skip: without('readelf', stripped) }, () => {
  assert.ok(fs.statSync(stripped).size <= 8.4e6, `${fs.statSync(stripped).size}`);
  assert.doesNotMatch(run('readelf', '-SW', stripped), /\.symtab|\.debug_/, 'not stripped');
});

function* files(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory()) yield* files(full);
    else if (/\.(swift|c|h)$/.test(entry.name)) yield full;
  }
}

test('no Foundation, neither in the sources nor in the binary', { skip: without('nm', unstripped) }, () => {
  let count = 0;
  for (const file of files(path.join(root, 'Sources'))) {
    count++;
    assert.doesNotMatch(fs.readFileSync(file, 'utf8'), /^\s*(?:@\w+(?:\([^)]*\))?\s+|public\s+|internal\s+)*import\s+(?:\w+\s+)?Foundation/m, file);
  }
  assert.ok(count > 20);
  assert.doesNotMatch(run('nm', unstripped), /10Foundation|_CF(Runtime|String)|icu_\d/);
});

test('exports what ruvector.h declares, and the header declares what it exports', { skip: without('nm', stripped) }, () => {
  const header = fs.readFileSync(path.join(root, 'Sources/CRuvector/include/ruvector.h'), 'utf8').replace(/\/\*[^]*?\*\//g, '');
  const declared = [...header.matchAll(/\b(rv_\w+)\s*\(/g)].map(([, name]) => name);
  assert.ok(declared.length > 20 && new Set(declared).size === declared.length);
  const exported = run('nm', '-D', '--defined-only', unstripped).split('\n').map((line) => /^\S+ T (rv_\w+)/.exec(line)?.[1]).filter(Boolean);
  assert.deepStrictEqual(declared.filter((name) => !exported.includes(name)), [], 'declared, not exported');
  // Internal C of CRuvectorSupport and the kernels' tables; they are no part of the contract.
  const support = [];
  for (const folder of ['CRuvectorSupport', 'CRuvectorCalls', 'CNodeShim', 'CSQLite']) {
    for (const file of files(path.join(root, 'Sources', folder))) support.push(...[...fs.readFileSync(file, 'utf8').matchAll(/\b(rv_\w+)\s*\(/g)].map(([, name]) => name));
  }
  const internal = new Set(support);
  const unknown = exported.filter((name) => !declared.includes(name) && !internal.has(name) && !/^rv_kernels_\w+$/.test(name));
  assert.deepStrictEqual(unknown, [], 'exported, not declared');
  const dynamic = run('nm', '-D', '--defined-only', stripped);
  assert.match(dynamic, / T napi_register_module_v1$/m);
  assert.deepStrictEqual(dynamic.split('\n').filter((line) => / T /.test(line) && !/ T (rv|napi|node_api)_/.test(line)), [], 'names of Swift: npm/scripts/exports.map');
});

const isWide = (mnemonic, operands) =>
  /%[yz]mm\d/.test(operands) || /\{%k[1-7]\}/.test(operands) || /%xmm(1[6-9]|2\d|3[01])\b/.test(operands) ||
  (/^v/.test(mnemonic) && /%xmm|%k\d/.test(operands)) || /^(vzeroupper|vzeroall|vldmxcsr|vstmxcsr|kmov|kand|kor|kxor|knot|ktest|kortest|kshift|kunpck|kadd)/.test(mnemonic) ||
  /^(mulx|shlx|sarx|shrx|rorx|bzhi|pdep|pext|andn|blsr|blsi|blsmsk|bextr|movbe)[lq]?$/.test(mnemonic) || /^(lzcnt|tzcnt)[lwq]?$/.test(mnemonic);

/** Lines among which all those are that `isWide` is asked about: most are not worth taking apart. */
const SUSPECT = /[yz]mm|%k\d|xmm[123]\d|\s(?:[vk]|mulx|s[ah][lr]x|rorx|bzhi|p?dep|pext|andn|bls|bextr|movbe|lzcnt|tzcnt)/;

/** Baseline code that may contain such an instruction: `tzcnt` is `rep bsf`, which every CPU runs as bsf. */
const isHarmless = (mnemonic) => /^tzcnt[lwq]?$/.test(mnemonic);

const INSTRUCTION = /^\s*[0-9a-f]+:\s+(?:(?:rep|repz|repnz|lock|data16|notrack|bnd)\s+)*(\S+)\s*(.*)$/, MODULES = /RuvectorKernelsV[34]/;

test('simd-check: nothing beyond the baseline outside the modules that are chosen at run time', {
  skip: process.arch !== 'x64' ? 'x86-64 only' : without('objdump', unstripped),
}, async () => {
  const child = spawn('objdump', ['-d', '--no-show-raw-insn', unstripped], { stdio: ['ignore', 'pipe', 'inherit'] });
  const finished = new Promise((resolve) => child.once('close', resolve));
  const bad = new Map(), inside = new Set();
  let symbol = '', instructions = 0;
  const look = (line) => {
    if (line[0] !== ' ') {
      symbol = /^[0-9a-f]+ <(.+)>:$/.exec(line)?.[1] ?? symbol;
      return;
    }
    instructions++;
    if (!SUSPECT.test(line)) return;
    const [, mnemonic, operands] = INSTRUCTION.exec(line);
    if (!isWide(mnemonic, operands) || isHarmless(mnemonic)) return;
    if (MODULES.test(symbol)) inside.add(MODULES.exec(symbol)[0]);
    else bad.set(symbol, line.trim());
  };
  let rest = '';
  for await (const text of child.stdout.setEncoding('latin1')) {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    lines.forEach(look);
  }
  assert.strictEqual(await finished, 0);
  assert.ok(instructions > 1e5, `${instructions} instructions`);
  assert.deepStrictEqual([...inside].sort(), ['RuvectorKernelsV3', 'RuvectorKernelsV4'], 'the check must find what it looks for');
  assert.deepStrictEqual([...bad].map(([name, line]) => `${name}: ${line}`), []);
});

test('simd-check knows what it looks for', () => {
  for (const [mnemonic, operands] of [['vaddps', '%ymm0,%ymm1,%ymm2'], ['movaps', '%xmm17,%xmm1'], ['vmovaps', '%xmm0,%xmm1'], ['vpaddd', '%zmm1,%zmm2,%zmm3'], ['vzeroupper', ''],
    ['mulx', '%rax,%rbx,%rcx'], ['shlx', '%rax,%rbx,%rcx'], ['rorx', '$0x5,%rax,%rbx'], ['pext', '%rax,%rbx,%rcx'], ['kmovw', '%eax,%k1'], ['andn', '%rax,%rbx,%rcx']]) {
    assert.ok(isWide(mnemonic, operands) && SUSPECT.test(` ${mnemonic} ${operands}`), mnemonic);
  }
  for (const [mnemonic, operands] of [['movaps', '%xmm0,%xmm1'], ['verr', '%ax'], ['shl', '%cl,%rax'], ['callq', '1234 <vfoo>'], ['popcnt', '%rax,%rax'], ['andnps', '%xmm0,%xmm1']]) {
    assert.ok(!isWide(mnemonic, operands), mnemonic);
  }
});
