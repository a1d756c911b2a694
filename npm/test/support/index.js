'use strict';
// What the test files share: the library under test, seeded data, comparison by bits, expected errors.
const assert = require('node:assert');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');
const ruvector = require(root);
const { RuvectorError, RuvectorLayer, VectorSet } = ruvector;

/** A generator of numbers in [-1, 1) that depends on the seed only. */
function random(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/** A vector of `dim` numbers in (-scale, scale). */
function vector(dim, seed, scale = 1) {
  const next = random(seed);
  return Float32Array.from({ length: dim }, () => next() * scale);
}

const rows = (n, dim, seed, scale = 1) => Array.from({ length: n }, (_, i) => vector(dim, seed * 1000003 + i, scale));

function pack(list) {
  const dim = list[0].length;
  const data = new Float32Array(list.length * dim);
  list.forEach((row, i) => data.set(row, i * dim));
  return { data, rows: list.length, dim };
}

/** A text that is equal for two results exactly when all their bits are. */
function bits(value) {
  if (value instanceof RuvectorLayer) return value.toJson();
  if (value instanceof VectorSet) {
    return bits([String(value.size), String(value.dim), ...Array.from({ length: value.size }, (_, i) => value.get(i))]);
  }
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(value);
  if (typeof value !== 'object') return String(value);
  if (ArrayBuffer.isView(value) || Array.isArray(value)) {
    const kind = value[Symbol.toStringTag] ?? 'Array';
    return `${kind}[${Array.from(value, bits).join()}]`;
  }
  return `{${Object.keys(value).sort().map((key) => `${key}:${bits(value[key])}`).join()}}`;
}

function checkError(error, code, what) {
  if (!(error instanceof RuvectorError)) assert.fail(`${what}: expected a RuvectorError ${code}, received ${error && error.stack}`); // stacks are not free
  assert.ok(error instanceof Error && error.name === 'RuvectorError' && error.message.length > 0, what);
  assert.strictEqual(error.code, code, `${what}: ${error.message}`);
}

/** `run` must throw, or return a promise that rejects with, a RuvectorError of this code; async ones never throw. */
async function fails(run, code, what, isAsync = false) {
  let result;
  try {
    result = run();
  } catch (error) {
    assert.ok(!isAsync, `${what}: an async function threw synchronously: ${error}`);
    checkError(error, code, what);
    return error;
  }
  if (isAsync) {
    assert.ok(result instanceof Promise, `${what}: no promise`);
  }
  if (result instanceof Promise) {
    try {
      await result;
    } catch (error) {
      checkError(error, code, what);
      return error;
    }
  }
  throw new assert.AssertionError({ message: `${what}: expected ${code}, but the call succeeded` });
}

/** max|a - b| / max|b| */
function relative(a, b) {
  assert.strictEqual(a.length, b.length);
  let difference = 0, size = 0;
  for (let i = 0; i < a.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
    assert.ok(!Number.isNaN(a[i]), `NaN at ${i}`);
  }
  return size === 0 ? difference : difference / size;
}

/** Why a test has nothing to ask of the WebAssembly backend, or false on the native one. */
const notInWasm = (reason) => process.env.RUVECTOR_BACKEND === 'wasm' && `WebAssembly: ${reason}`;

module.exports = { notInWasm, bits, checkError, fails, pack, random, relative, root, rows, ruvector, vector };
