'use strict';
// The elementary functions and the allocator that the WebAssembly module brings with it (Sources/CWasmShim).
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { random, root } = require('./support/index.js');

const compiled = new WebAssembly.Module(fs.readFileSync(path.join(root, 'wasm/ruvector.wasm')));
const instance = () => new WebAssembly.Instance(compiled).exports;
const wasm = instance();

const double = new Float64Array(1), long = new BigInt64Array(double.buffer);
const float = new Float32Array(1), int = new Int32Array(float.buffer);
/** Numbers of a format, counted from the negative ones to the positive ones. */
function ordinal64(x) {
  double[0] = x;
  return long[0] < 0n ? -(long[0] & 0x7fffffffffffffffn) : long[0];
}
function ordinal32(x) {
  float[0] = x;
  return BigInt(int[0] < 0 ? -(int[0] & 0x7fffffff) : int[0]);
}
const distance = (a, b, ordinal) => {
  const d = ordinal(a) - ordinal(b);
  return d < 0n ? -d : d;
};

/** Where each function changes its way, and both ends of the numbers. */
function* arguments64(seed) {
  const special = [0, 1, 2, 3, 0.5, 1.5, 2.5, Math.LN2, Math.LN2 / 2, Math.SQRT2, Math.SQRT1_2, 20, 22, 40, 709.78, 709.782712893384, 709.79, 710.4758, 710.47586007394398,
    710.5, 745.1, 745.14, 1000, 2 ** 28, 2 ** -28, 2 ** -54, 2 ** 52 + 0.5, 2 ** 53, 5e-324, 2 ** -1022, 1.7976931348623157e308, Infinity, 1 - 2 ** -53, 0.49999999999999994];
  for (const x of special) for (const y of [x, x * (1 + 2 ** -52), x * (1 - 2 ** -53)]) yield* [y, -y];
  yield NaN;
  const next = random(seed);
  for (let i = 0; i < 20000; i++) yield next();
  for (let i = 0; i < 20000; i++) yield 30 * next();
  for (let i = 0; i < 20000; i++) yield 800 * next();
  for (let i = 0; i < 20000; i++) yield Math.sign(next()) * 2 ** (1074 * next());
  for (let i = 0; i < 20000; i++) yield 1 + next() * 2 ** (-26 + 26 * next());
  for (let i = -20000; i < 20000; i++) yield i / 1024;
}

const roundAway = (x) => (Math.trunc(x) === x || !Number.isFinite(x) ? x : Math.sign(x) * (Math.floor(Math.abs(x)) + (Math.abs(x) % 1 >= 0.5 ? 1 : 0)));
const functions = { exp: Math.exp, log: Math.log, sinh: Math.sinh, cosh: Math.cosh, tanh: Math.tanh, asinh: Math.asinh, acosh: Math.acosh, atanh: Math.atanh, round: roundAway };

function check(name, mine, theirs, ordinal, most, convert = (x) => x) {
  let worst = 0n, count = 0, at;
  for (const given of arguments64(name.length)) {
    const x = convert(given), a = mine(x), b = convert(theirs(x));
    count++;
    if (Number.isNaN(b)) assert.ok(Number.isNaN(a), `${name}(${x}) = ${a}, not NaN`);
    else if (b === 0) assert.ok(a === 0 || distance(a, b, ordinal) <= most, `${name}(${x}) = ${a}`);
    else {
      const d = distance(a, b, ordinal);
      if (d > worst || Number.isNaN(a)) [worst, at] = [d, x];
    }
  }
  assert.ok(count > 1e5);
  assert.ok(worst <= most, `${name}(${at}) = ${mine(at)}, not ${theirs(at)}: ${worst} units in the last place`);
}

for (const [name, theirs] of Object.entries(functions)) {
  test(`${name}: 2 units in the last place of Math.${name}`, () => check(name, wasm[name], theirs, ordinal64, name === 'round' ? 0n : 2n));
  if (name === 'round') continue;
  test(`${name}f: the 32-bit result`, () => check(`${name}f`, wasm[`${name}f`], theirs, ordinal32, 1n, Math.fround));
}

test('every elementary function of the module is tested', () => {
  const text = fs.readFileSync(path.join(root, 'Sources/CWasmShim/math.c'), 'utf8');
  const defined = [...text.matchAll(/^(?:double|float) (\w+)\(/gm)].map(([, name]) => name);
  const tested = Object.keys(functions).flatMap((name) => (name === 'round' ? [name] : [name, `${name}f`]));
  assert.deepStrictEqual(defined.sort(), tested.sort());
  for (const name of defined) assert.strictEqual(typeof wasm[name], 'function', name);
});

// MARK: - Memory

test('memory: blocks do not overlap, keep what is written, and all of it comes back', () => {
  const { malloc, aligned_alloc: alignedAlloc, free, memory, rv_wasm_in_use: inUse } = instance(), next = random(5);
  free(malloc(1));
  const start = inUse(), blocks = [];
  for (let round = 0; round < 30000; round++) {
    if (blocks.length > 400 || (blocks.length > 0 && next() < 0)) {
      const [{ at, size, mark }] = blocks.splice(Math.floor((next() + 1) / 2 * blocks.length), 1);
      const bytes = new Uint8Array(memory.buffer, at, size);
      assert.ok(bytes.every((b) => b === mark), `round ${round}: a block of ${size} bytes was overwritten`);
      free(at);
    } else {
      const size = Math.floor(2 ** (7 + 7 * next())), alignment = 2 ** (4 + round % 4), mark = round & 255;
      const at = alignment === 16 ? malloc(size) : alignedAlloc(alignment, size);
      assert.ok(at > 0 && at % alignment === 0, `${at}`);
      new Uint8Array(memory.buffer, at, size).fill(mark);
      blocks.push({ at, size, mark });
    }
  }
  for (const { at } of blocks) free(at);
  assert.strictEqual(inUse(), start);
  const pages = memory.buffer.byteLength;
  free(malloc(pages - 400000)); // in one piece again
  assert.strictEqual(memory.buffer.byteLength, pages);
});

test('memory: too much is refused, also when it comes in small pieces, and then there is room again', () => {
  const { malloc, free, memory, rv_wasm_refused: refused, rv_wasm_in_use: inUse } = instance();
  const isRefused = () => new Uint32Array(memory.buffer)[refused.value / 4] === 1;
  assert.ok(!isRefused());
  for (const size of [2 ** 31, 2 ** 32 - 1, 2 ** 31 + 5, 2 ** 31 - 64]) assert.strictEqual(malloc(size), 0, `${size}`);
  assert.ok(isRefused());
  const start = inUse(), pieces = [];
  for (let at = malloc(2 ** 27); at !== 0; at = malloc(2 ** 27)) pieces.push(at);
  assert.ok(pieces.length >= 14 && pieces.length < 16, `${pieces.length} pieces of 128 MB`);
  assert.ok(memory.buffer.byteLength <= 2 ** 31);
  pieces.forEach((at) => free(at));
  assert.strictEqual(inUse(), start);
  assert.notStrictEqual(malloc(2 ** 29), 0);
});

test('memory: freeing twice ends the instance', () => {
  const { malloc, free } = instance(), at = malloc(100);
  malloc(100);
  free(at);
  assert.throws(() => free(at), WebAssembly.RuntimeError);
});
