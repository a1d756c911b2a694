'use strict';
// Indexes in the fuzz: their rows, the kinds of argument they add, how their keys and files are made.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { ruvector } = require('../../test/support/index.js');
const { matrix, numbers, strangers } = require('./vectors.js');

const { BruteForceIndex, HNSWIndex } = ruvector;

const options = (...fields) => ({ kind: 'options', fields });
const ADD = ['threads', 'flag:replace', 'signal', 'onProgress'], FIND = ['ef', 'filter'];

const shared = {
  '#add': ['key', 'vector'],
  '#update': ['knownKey', 'vector'],
  '#updateAsync': ['knownKey', 'vector', options('signal')],
  '#addBatch': ['someKeys', 'matrix', options('threads', 'flag:replace')],
  '#addBatchAsync': ['someKeys', 'matrix', options(...ADD)],
  '#remove': ['knownKey'],
  '#removeAsync': ['knownKey', options('signal')],
  '#removeBatch': ['knownKeys'],
  '#removeBatchAsync': ['knownKeys', options('signal', 'onProgress')],
  '#clear': [],
  '#has': ['key'],
  '#get': ['knownKey'],
  '#keys': [],
  '#distance': ['knownKey', 'knownKey'],
  '#search': ['vector', 'k', options(...FIND)],
  '#searchAsync': ['vector', 'k', options(...FIND, 'signal')],
  '#searchBatch': ['matrix', 'few', options(...FIND, 'threads')],
  '#searchBatchAsync': ['matrix', 'few', options(...FIND, 'threads', 'signal')],
  '#prepareFilter': ['filter'],
  '#save': ['path', options('count:stamp')],
  '#saveAsync': ['path', options('count:stamp', 'signal')],
  '#toBuffer': [options('count:stamp')],
  '#toBufferAsync': [options('count:stamp', 'signal')],
  '#stats': [],
  ...Object.fromEntries(['size', 'dim', 'metric', 'curvature', 'storage', 'rerank', 'capacity', 'keyKind', 'readOnly', 'stamp', 'token', 'closed', 'close'].map((name) => [`#${name}`, []])),
  '.load': ['path'],
  '.loadAsync': ['path', options('signal')],
  '.fromBuffer': ['indexBytes'],
  '.fromBufferAsync': ['indexBytes', options('signal')],
  '.view': ['path', options('verify', 'floats')],
  '.open': ['indexToken'],
};
const COMMON = ['width:dim', 'metric', 'curvature', 'storage', 'verify:rerank', 'links:capacity', 'keyKind:keys'];
const of = (name, fields, own) => ({
  [name]: [{ ...options(...fields), always: ['dim'] }], ...Object.fromEntries(Object.entries({ ...shared, ...own }).map(([key, row]) => [name + key, row])),
});

const rows = {
  ...of('HNSWIndex', [...COMMON, 'links:M', 'count:efConstruction', 'count:ef', 'integer:seed'], {
    '#ef': [], '#M': [], '#efConstruction': [], '#maxLevel': [],
    '#nodeLevel': ['knownKey'],
    '#neighbors': ['knownKey', 'index'],
    '#commonLayer': ['knownKey', 'knownKey'],
    '#shortestPathDistance': ['knownKey', 'knownKey'],
    '#searchLayer': ['vector', 'k', 'index', 'ef'],
    '#toCSR': ['index'],
  }),
  ...of('BruteForceIndex', COMMON),
  'PreparedFilter#size': [],
  'PreparedFilter#closed': [],
  'PreparedFilter#close': [],
  mergeTopK: ['parts', 'k'],
};

const pick = (good, bad) => (c) => c.chance.pick(c.bad() ? [...bad, ...strangers()] : good);
const integer = (low, high, bad) => (c) => (c.bad() ? c.chance.pick([...bad, ...strangers()]) : low + c.chance.below(high - low + 1));

/** A key of the call's kind out of a few, so that some are there already. */
function key(c) {
  const i = c.chance.below(40), kind = c.keyKind ?? 'number';
  if (c.bad()) return c.chance.pick([1.5, NaN, 2 ** 53, -0, 2n ** 63n, '\ud800', 1n, 'x', 3, ...strangers()]);
  return kind === 'number' ? i - 5 : kind === 'bigint' ? BigInt(i) - 5n : 'é'.repeat(i % 3) + i;
}

/** One that the index has, mostly. */
function knownKey(c) {
  if (c.bad() || !c.index || c.index.closed || c.index.size === 0) return key(c);
  return c.chance.pick(Array.from(c.index.keys().slice(0, 40)));
}

function list(c, one, count) {
  if (c.bad() && c.chance.of(0.3)) return c.chance.pick([...strangers(), Float32Array.of(1)]);
  const keys = Array.from({ length: count }, () => one(c));
  const Type = { number: Float64Array, bigint: BigInt64Array }[c.keyKind];
  try {
    return c.chance.of(0.2) ? new Set(keys) : c.chance.of(0.2) && Type ? Type.from(keys) : keys;
  } catch {
    return keys; // bad ones have no typed array
  }
}

/** Keys for as many rows as the matrix will have, each once: new ones, in some calls also some that the index has. */
function someKeys(c) {
  const base = c.chance.below(1e6) * 100, known = c.chance.of(0.3) && c.index && !c.index.closed ? Array.from(c.index.keys().slice(0, 8)) : [];
  let i = 0;
  const make = (d) => (d.bad() ? key(d) : known.length > 0 && d.chance.of(0.5) ? known.pop() : d.keyKind === 'bigint' ? BigInt(base + i++) : d.keyKind === 'string' ? `k${base + i++}` : base + i++);
  return list(c, make, c.rows);
}

/** One that the receiver has prepared, mostly. */
function preparedFilter(c) {
  const own = c.world.filters.filter((one) => c.world.makers.get(one) === c.self && !one.closed);
  return c.chance.pick(own.length > 0 && !c.bad() ? own : c.world.filters);
}

function filter(c) {
  if (c.chance.of(0.3) && c.world.filters.length > 0) return preparedFilter(c);
  const inner = c.chance.of(0.2) ? new Uint8Array(c.chance.below(12)).map(() => c.chance.below(256)) : list(c, key, c.chance.below(30));
  return c.chance.pick([inner, { allow: inner }, { deny: inner }, c.bad() ? { allow: inner, deny: inner } : inner]);
}

function folder() {
  const at = path.join(os.tmpdir(), `ruvector-fuzz-files-${process.pid}`);
  if (!fs.existsSync(at)) {
    fs.mkdirSync(at);
    process.on('exit', () => fs.rmSync(at, { recursive: true, force: true }));
  }
  return at;
}

/** Changes a few bits. */
function spoil(c, bytes) {
  for (let n = 1 + c.chance.below(4); n > 0 && bytes.length > 0; n--) bytes[c.chance.below(c.chance.of(0.5) ? Math.min(bytes.length, 512) : bytes.length)] ^= 1 << c.chance.below(8);
  return c.chance.of(0.2) ? bytes.subarray(0, c.chance.below(bytes.length + 1)) : bytes;
}

/** The bytes of the call's index, or of a small one, now and then changed, in one form or another. */
function indexBytes(c) {
  if (c.bad()) return c.chance.pick([new Uint8Array(0), new Uint8Array(5000).fill(255), new Float32Array(3), new ArrayBuffer(7), new DataView(new ArrayBuffer(4)), ...strangers()]);
  const Class = c.chance.pick([HNSWIndex, BruteForceIndex]), index = new Class({ dim: 3 });
  if (c.chance.of(0.8)) index.addBatch([1, 2, 3], [[1, 2, 3], [4, 5, 6], [1, 2, 3]]);
  const whole = index.toBuffer({ stamp: c.chance.below(9) }), bytes = c.chance.of(0.2) ? spoil(c, whole) : whole;
  index.close();
  return c.chance.pick([bytes, Buffer.from(bytes), bytes.slice().buffer]);
}

/** A file of a few; now and then its bytes are changed first (a view must not shrink, so by a new file). */
function file(c) {
  const at = path.join(folder(), `${c.chance.below(6)}.rvi`);
  if (c.bad()) return c.chance.pick([folder(), '', 'a\0b', '/nowhere/at/all', ...strangers()]);
  if (c.chance.of(0.1) && fs.existsSync(at)) {
    fs.writeFileSync(`${at}.new`, spoil(c, fs.readFileSync(at)));
    fs.renameSync(`${at}.new`, at);
  }
  return at;
}

const kinds = {
  key, knownKey, someKeys, filter, indexBytes, path: file,
  indexToken: (c) => (c.bad() ? c.chance.pick([{ index: c.chance.pick([-1, 0, 0.5, 2 ** 52, NaN, 1n, '1']) }, ...c.world.tokens, ...strangers()]) : c.chance.pick(c.world.indexTokens)),
  knownKeys: (c) => list(c, knownKey, c.chance.below(4)),
  width: (c) => (c.bad() ? c.chance.pick([0, -1, 1.5, NaN, 65537, ...strangers()]) : c.dim || 1),
  metric: pick(['cosine', 'cosine', 'l2', 'ip', 'poincare', 'lorentz'], ['Cosine', 'l1', '']),
  storage: pick(['f32', 'f32', 'f16', 'i8'], ['f64', '']),
  keyKind: pick([undefined, 'number', 'bigint', 'string'], ['Number', 'toString', '']),
  verify: pick([true, false], [1, 'true']),
  floats: pick(['mapped', 'read'], [1, 'mmap']),
  ef: integer(1, 60, [0, -1, 1.5, NaN, 2 ** 21, 2 ** 53]),
  count: integer(1, 60, [0, -1, 1.5, NaN, 2 ** 53]),
  integer: integer(-9, 9, [1.5, NaN, 2 ** 60]),
  links: integer(2, 9, [-1, 1.5, NaN, 101, 2 ** 53]),
  onProgress: (c) => (c.bad() ? c.chance.pick([1, {}, ...strangers()]) : () => {}),
  parts: (c) => (c.bad() ? c.chance.pick([...strangers(), [{}], [{ keys: [1], distances: [1, 2] }], [{ keys: [1, 2], distances: [2, 1] }], [{ keys: [1], distances: [NaN] }]])
    : Array.from({ length: c.chance.below(4) }, () => {
      const distances = Float32Array.from(numbers(c, c.chance.below(6))).sort();
      return { keys: Array.from(distances, (_, i) => i), distances };
    })),
};

module.exports = { kinds, preparedFilter, rows };
