'use strict';
// Lists that are searched again and again are read where their rows lie (npm/lib/row-places.js): whatever happens to a
// row between two searches, or in the middle of one, the result is that of a list seen for the first time.
const assert = require('node:assert');
const v8 = require('node:v8');
const vm = require('node:vm');
const test = require('node:test');
const native = require('../lib/native.js');
const { bits, fails, rows, ruvector, vector } = require('./support/index.js');

const { differentiableSearch, differentiableSearchHyperbolic } = ruvector;
const n = 1300, query = (dim) => vector(dim, 3); // three blocks, the last one short
const searches = {
  cosine: (list, q = query(list[0].length)) => differentiableSearch(q, list, 700),
  hyperbolic: (list, q = query(list[0].length)) => differentiableSearchHyperbolic(q, list, 700),
};
/** As if nobody had seen the list. */
const fresh = (use, list) => bits(use(list.slice()));
v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');
const isWasm = native.copies && 'WebAssembly copies every row';

/** Runs `body` and returns how many blocks were read in place and how many were copied. */
function counting(body) {
  const { searchFeedPlaces, searchFeed } = native, seen = { places: 0, copied: 0 };
  native.searchFeedPlaces = (...given) => (seen.places++, searchFeedPlaces(...given));
  native.searchFeed = (...given) => (seen.copied++, searchFeed(...given));
  try { body(); } finally { Object.assign(native, { searchFeedPlaces, searchFeed }); }
  return seen;
}

for (const [name, use] of Object.entries(searches)) {
  for (const dim of [1, 3, 16, 17, 128]) {
    test(`${name}, ${dim}-d: again and again, the same bits`, () => {
      const list = rows(n, dim, dim), expected = fresh(use, list);
      for (let i = 0; i < 5; i++) assert.strictEqual(bits(use(list)), expected, `search ${i}`);
    });
  }

  test(`${name}: what changes between searches counts`, () => {
    const list = rows(n, 16, 5);
    const changes = {
      'other numbers': () => list[3].fill(0.25),
      'another array': () => { list[600] = vector(16, 9); },
      'numbers in its place': () => { list[601] = Array.from(vector(16, 10)); },
      'an array again': () => { list[601] = vector(16, 11); },
      'one more': () => list.push(vector(16, 12)),
      'a shorter list': () => { list.length = 900; },
      'another order': () => list.reverse(),
      'a part of something larger': () => { list[0] = new Float32Array(new SharedArrayBuffer(256), 64, 16).fill(0.5); },
      'a subclass with a length of its own': () => {
        list[1] = new (class extends Float32Array { get length() { return 3; } })(vector(16, 13));
      },
    };
    for (let i = 0; i < 3; i++) use(list);
    for (const [change, make] of Object.entries(changes)) {
      make();
      for (let i = 0; i < 4; i++) assert.strictEqual(bits(use(list)), fresh(use, list), `${change}, search ${i}`);
    }
  });

  test(`${name}: rows whose memory goes away`, async () => {
    const list = rows(n, 16, 6), q = query(16);
    for (let i = 0; i < 4; i++) use(list);
    const kept = list[700];
    structuredClone(kept.buffer, { transfer: [kept.buffer] });
    await fails(() => use(list), 'ERR_DIMENSION_MISMATCH');
    list[700] = vector(16, 14);
    for (let i = 0; i < 4; i++) assert.strictEqual(bits(use(list)), fresh(use, list));
    if (!('resizable' in ArrayBuffer.prototype)) return;
    const buffer = new ArrayBuffer(64, { maxByteLength: 1 << 16 });
    list[2] = new Float32Array(buffer).fill(0.1); // follows the length of its buffer
    for (let i = 0; i < 4; i++) assert.strictEqual(bits(use(list)), fresh(use, list));
    for (const size of [0, 32, 1 << 16]) {
      buffer.resize(size);
      await fails(() => use(list, q), 'ERR_DIMENSION_MISMATCH');
    }
    buffer.resize(64);
    for (let i = 0; i < 4; i++) assert.strictEqual(bits(use(list)), fresh(use, list));
  });

  test(`${name}: getters that run in the middle of a search`, async () => {
    const list = rows(n, 16, 7), q = query(16), first = list[0], last = list[n - 1];
    let act = () => {};
    Object.defineProperty(list, 600, { get() { act(); return first; }, configurable: true });
    for (let i = 0; i < 4; i++) assert.strictEqual(bits(use(list)), fresh(use, list));
    act = () => { act = () => {}; use(list); list[601] = vector(16, 15); use(list); use(list); use(list); };
    assert.strictEqual(bits(use(list)), fresh(use, list), 'searches of the same list, which has changed');
    act = () => { act = () => {}; list.length = 1000; for (let i = 0; i < 4; i++) use(list); };
    await fails(() => use(list, q), 'ERR_INVALID_ARG'); // the rows that the search was promised are gone
    act = () => { act = () => {}; structuredClone(first.buffer, { transfer: [first.buffer] }); };
    await fails(() => use(list, q), 'ERR_DIMENSION_MISMATCH');
    assert.ok(last.length === 16);
  });

  test(`${name}: an error names the row`, async () => {
    const list = rows(n, 16, 8);
    for (let i = 0; i < 4; i++) use(list);
    list[1200][5] = NaN;
    await assert.rejects(async () => use(list), { code: 'ERR_NON_FINITE', message: /candidates\[1200\].*element 5/ });
    for (let i = 0; i < 2; i++) await fails(() => use(list, vector(15, 1)), 'ERR_DIMENSION_MISMATCH');
  });
}

test('rows are read in place from the third search on; changed blocks are copied', { skip: isWasm }, () => {
  const list = rows(n, 16, 20), search = () => counting(() => searches.cosine(list));
  assert.deepStrictEqual(search(), { places: 0, copied: 3 }, 'never seen');
  assert.deepStrictEqual(search(), { places: 0, copied: 3 }, 'rows noted');
  assert.deepStrictEqual(search(), { places: 3, copied: 0 });
  list[0] = vector(16, 21);
  assert.deepStrictEqual(search(), { places: 2, copied: 1 });
  assert.deepStrictEqual(search(), { places: 3, copied: 0 });
  list.length = 600;
  assert.deepStrictEqual(search(), { places: 1, copied: 1 }, 'a shorter list');
  assert.deepStrictEqual(search(), { places: 2, copied: 0 });
  assert.deepStrictEqual(counting(() => searches.cosine(list.slice())), { places: 0, copied: 2 }, 'another list');
});

test('a list that is forgotten takes its rows along', { skip: isWasm }, async () => {
  const seen = (() => {
    const list = rows(200, 16, 22);
    for (let i = 0; i < 4; i++) searches.cosine(list);
    return new WeakRef(list[7]);
  })();
  const list = rows(1500, 16, 23), gone = (() => new WeakRef(list[1400]))();
  for (let i = 0; i < 4; i++) searches.cosine(list);
  list.length = 700;
  searches.cosine(list);
  for (let i = 0; i < 20 && (seen.deref() || gone.deref()); i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    collect();
  }
  assert.strictEqual(seen.deref(), undefined);
  assert.strictEqual(gone.deref(), undefined, 'rows that a list no longer has');
});
