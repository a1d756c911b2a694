'use strict';
// Predicates of VectorStore.search: random ones on random metadata against a plain interpreter of the same rules.
const assert = require('node:assert');
const test = require('node:test');
const { fails, notInWasm, random, ruvector } = require('./support/index.js');

const { VectorStore } = ruvector, skip = notInWasm('no databases');

const isObject = (x) => typeof x === 'object' && x !== null && !Array.isArray(x);
/** What a path leads to; an array on the way stands for its objects. */
function reached(x, names, isRoot = true) {
  if (names.length === 0) return [x];
  if (Array.isArray(x) && !isRoot) return x.filter(isObject).flatMap((one) => reached(one, names));
  return isObject(x) && Object.hasOwn(x, names[0]) ? reached(x[names[0]], names.slice(1), false) : [];
}
const json = (x) => (x === undefined ? undefined : JSON.parse(JSON.stringify(x)));
const byCodePoints = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function compares(operator, a, b) {
  if (typeof a !== typeof b || !['number', 'string'].includes(typeof a)) return false;
  const order = typeof a === 'number' ? a - b : byCodePoints(a, b);
  return { $gt: order > 0, $gte: order >= 0, $lt: order < 0, $lte: order <= 0 }[operator];
}

/** What `said` says of the values that a path leads to, by the rules in index.d.ts. */
function fieldHolds(values, said) {
  const any = values.flatMap((x) => (Array.isArray(x) ? [x, ...x] : [x])), within = values.filter(Array.isArray).flat();
  if (!isObject(said)) return any.includes(said);
  return Object.entries(said).every(([operator, x]) => {
    switch (operator) {
      case '$eq': return any.includes(x);
      case '$ne': return !any.includes(x);
      case '$in': return any.some((one) => x.includes(one));
      case '$nin': return !any.some((one) => x.includes(one));
      case '$contains': return within.includes(x);
      case '$containsAny': return within.some((one) => x.includes(one));
      case '$exists': return (values.length > 0) === x;
      case '$not': return !fieldHolds(values, x);
      default: return any.some((one) => compares(operator, one, x));
    }
  });
}

/** Of metadata and predicates as JSON has them. */
function holds(metadata, where) {
  return Object.entries(where).every(([key, said]) => {
    if (key === '$and') return said.every((one) => holds(metadata, one));
    if (key === '$or') return said.some((one) => holds(metadata, one));
    if (key === '$not') return !holds(metadata, said);
    return fieldHolds(reached(metadata, key.split('.')), said);
  });
}

const VALUES = [0, -1, 1, 2.5, 1e21, 2 ** 53, 2 ** 60, -0.1, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 'a', 'b', 'ä', '\u{1f600}', '\uffee', '', 'true', '1', new Date(0), new Date(1e12), '1970-01-01T00:00:00.000Z', "it's", 'a"b\\c', '%', true, false, null];
const NAMES = ['x', 'y', 'deep', "o'clock", 'größe', 'a b', 'select', '0', '$'.repeat(0) + '#'];

function generator(seed) {
  const next = random(seed), unit = () => (next() + 1) / 2, below = (n) => Math.floor(unit() * n), pick = (list) => list[below(list.length)];
  const value = () => (unit() < 0.2 ? Math.round(next() * 1e6) / 1e3 : unit() < 0.1 ? next() * 10 ** below(300) : pick(VALUES));
  const metadata = (depth = 0) => {
    if (depth === 0 && unit() < 0.1) return undefined;
    const o = {};
    for (const name of NAMES) {
      if (unit() < 0.5) continue;
      o[name] = depth < 2 && unit() < 0.2 ? metadata(depth + 1) : unit() < 0.25 ? array(depth) : value();
    }
    return o;
  };
  /** Of values, objects and arrays; empty ones too. */
  const array = (depth) => Array.from({ length: below(4) }, () => (unit() < 0.4 ? metadata(depth + 1) ?? {} : unit() < 0.1 ? [value()] : value()));
  const path = () => Array.from({ length: unit() < 0.6 ? 1 : unit() < 0.8 ? 2 : 3 }, () => pick(NAMES)).join('.');
  const comparable = () => { for (;;) { const x = value(); if (typeof x === 'number' || typeof x === 'string' || x instanceof Date) return x; } };
  const field = (depth) => {
    if (unit() < 0.3) return value();
    const said = {};
    for (let n = 1 + below(2); n > 0; n--) {
      const operator = pick(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$contains', '$containsAny', '$exists', '$not']);
      said[operator] = /^\$[gl]te?$/.test(operator) ? comparable() : /in$|Any$/.test(operator) ? Array.from({ length: below(5) }, value)
        : operator === '$exists' ? unit() < 0.5 : operator === '$not' ? (depth > 3 ? value() : field(depth + 1)) : value();
    }
    return said;
  };
  const where = (depth = 0) => {
    const o = {};
    for (let n = depth === 0 ? 1 + below(2) : below(3); n > 0; n--) {
      const kind = depth < 3 ? unit() : 1;
      if (kind < 0.15) o.$and = Array.from({ length: below(3) }, () => where(depth + 1));
      else if (kind < 0.35) o.$or = Array.from({ length: below(4) }, () => where(depth + 1));
      else if (kind < 0.45) o.$not = where(depth + 1);
      else o[path()] = field(depth);
    }
    return o;
  };
  return { metadata, where };
}

test('random predicates on random metadata', { skip }, () => {
  const seed = 17, make = generator(seed), store = VectorStore.open(':memory:', { dim: 2 });
  const list = Array.from({ length: 150 }, (_, i) => ({ id: `${i}`, vector: [Math.cos(i), Math.sin(i)], metadata: make.metadata() }));
  store.insertBatch(list);
  const plain = list.map(({ id, metadata }) => ({ id, metadata: json(metadata) }));
  let some = 0;
  for (let i = 0; i < 1000; i++) {
    const where = make.where(), asJson = json(where), expected = plain.filter(({ metadata }) => holds(metadata, asJson)).map(({ id }) => id).sort();
    const all = store.search([1, 0], { k: list.length, where }), found = all.map(({ id }) => id).sort();
    assert.deepStrictEqual(found, expected, `seed ${seed}, predicate ${i}: ${JSON.stringify(where)}`);
    if (found.length > 0 && found.length < list.length) some++;
    // Few of many: by the candidates first, or by the whole table.
    assert.deepStrictEqual(store.search([1, 0], { k: 5, where }), all.slice(0, 5), JSON.stringify(where));
  }
  assert.ok(some > 250, `${some} predicates that hold for some`);
  store.close();
});

/** The ids for which predicates hold. */
function asked(entries) {
  const store = VectorStore.open(':memory:', { dim: 2 });
  store.insertBatch(Object.entries(entries).map(([id, metadata]) => ({ id, vector: [1, 0], metadata })));
  return { store, ids: (where) => store.search([1, 0], { k: 100, where }).map(({ id }) => id).sort().join(' ') };
}

test('arrays: a predicate holds for an array if it holds for an element', { skip }, () => {
  const { store, ids } = asked({ xy: { tags: ['x', 'y'] }, x: { tags: 'x' }, none: { tags: [] }, nothing: {}, mixed: { tags: [1, null, true, 'z', ['x']] }, number: { tags: 1 }, null: { tags: null } });
  for (const [where, expected] of [
    [{ tags: 'x' }, 'x xy'], [{ tags: { $eq: 'y' } }, 'xy'], [{ tags: 1 }, 'mixed number'], [{ tags: null }, 'mixed null'], [{ tags: true }, 'mixed'],
    [{ tags: { $ne: 'x' } }, 'mixed none nothing null number'], [{ tags: { $not: { $eq: 'x' } } }, 'mixed none nothing null number'], [{ tags: { $not: 'x' } }, 'mixed none nothing null number'],
    [{ tags: { $in: ['y', 1] } }, 'mixed number xy'], [{ tags: { $nin: ['y', 1] } }, 'none nothing null x'], [{ tags: { $in: [] } }, ''],
    [{ tags: { $contains: 'x' } }, 'xy'], [{ tags: { $contains: null } }, 'mixed'], [{ tags: { $not: { $contains: 'x' } } }, 'mixed none nothing null number x'],
    [{ tags: { $containsAny: ['y', 1, true] } }, 'mixed xy'], [{ tags: { $containsAny: [] } }, ''], [{ $not: { tags: { $containsAny: ['y'] } } }, 'mixed none nothing null number x'],
    [{ tags: { $contains: 'x', $not: { $contains: 'y' } } }, ''], [{ $and: [{ tags: { $contains: 'x' } }, { tags: 'y' }] }, 'xy'],
    [{ tags: { $gt: 'x' } }, 'mixed xy'], [{ tags: { $gte: 1, $lt: 2 } }, 'mixed number'],
    [{ tags: { $exists: true } }, 'mixed none null number x xy'], [{ tags: { $exists: false } }, 'nothing'],
  ]) assert.strictEqual(ids(where), expected, JSON.stringify(where));
  store.close();
});

test('paths lead through arrays of objects', { skip }, () => {
  const { store, ids } = asked({
    one: { doc: { authors: [{ name: 'a', born: 1900, at: [{ city: 'X' }] }, { name: 'b' }, 'c'] } }, two: { doc: { authors: { name: 'a' } } }, three: { doc: [{ authors: [{ name: ['a', 'd'] }] }, { authors: [] }] },
    four: { doc: { authors: [] } }, five: { doc: { authors: ['name'] } }, six: { 'doc.authors': 'a' }, seven: { doc: { authors: [[{ name: 'a' }]] } },
  });
  for (const [where, expected] of [
    [{ 'doc.authors.name': 'a' }, 'one three two'], [{ 'doc.authors.name': 'b' }, 'one'], [{ 'doc.authors.name': { $ne: 'a' } }, 'five four seven six'],
    [{ 'doc.authors.name': { $contains: 'd' } }, 'three'], [{ 'doc.authors.born': { $lt: 1950 } }, 'one'], [{ 'doc.authors.at.city': 'X' }, 'one'],
    [{ 'doc.authors': 'c' }, 'one'], [{ 'doc.authors.name': { $exists: true } }, 'one three two'], [{ 'doc.authors.name': { $exists: false } }, 'five four seven six'],
    [{ 'doc.authors': { $exists: true } }, 'five four one seven three two'],
  ]) assert.strictEqual(ids(where), expected, JSON.stringify(where));
  const long = Array.from({ length: 20 }, (_, i) => `n${i}`), deep = long.reduceRight((inner, name) => ({ [name]: [inner] }), 'x');
  store.insert({ id: 'deep', vector: [1, 0], metadata: deep });
  assert.strictEqual(ids({ [long.join('.')]: 'x' }), 'deep');
  let nested = { [long.join('.')]: 'x' };
  for (let i = 0; i < 5; i++) nested = { $not: { $or: [{ $not: nested }, { y: 1 }] } };
  assert.strictEqual(ids(nested), 'deep');
  store.close();
});

test('Dates are asked for as they are stored', { skip }, async () => {
  const { store, ids } = asked({ old: { at: new Date(0) }, new: { at: new Date('2026-01-02T03:04:05Z'), days: [new Date(86400000)] }, text: { at: '1970-01-01T00:00:00.000Z' } });
  for (const [where, expected] of [
    [{ at: new Date(0) }, 'old text'], [{ at: { $eq: new Date(0) } }, 'old text'], [{ at: { $gt: new Date(0) } }, 'new'], [{ at: { $lte: new Date(1e9), $gte: new Date(-1) } }, 'old text'],
    [{ at: { $in: [new Date(0), 5] } }, 'old text'], [{ at: { $ne: new Date(0) } }, 'new'], [{ days: new Date(86400000) }, 'new'], [{ days: { $contains: new Date(86400000) } }, 'new'],
    [{ at: require('node:vm').runInNewContext('new Date(0)') }, 'old text'], [{ at: { $not: new Date(0) } }, 'new'],
  ]) assert.strictEqual(ids(where), expected, JSON.stringify(where));
  for (const where of [{ at: new Date(NaN) }, { at: { $gt: new Date(NaN) } }]) assert.match((await fails(() => ids(where), 'ERR_INVALID_ARG', 'no date')).message, /a valid Date for where\.at/);
  store.close();
});

test('what is undefined is said to be missing, and how to ask for that', { skip }, async () => {
  const { store, ids } = asked({ a: { lang: 'en' } });
  for (const [where, name] of [[{ lang: undefined }, 'where.lang'], [{ lang: { $eq: undefined } }, 'where.lang.$eq'], [{ lang: { $in: ['en', undefined] } }, 'where.lang.$in[1]'], [{ lang: { $contains: undefined } }, 'where.lang.$contains']]) {
    const { message } = await fails(() => ids(where), 'ERR_INVALID_ARG', name);
    assert.ok(message.includes('{ $exists: false }') && message.endsWith(` for ${name}, received undefined`), message);
  }
  assert.match((await fails(() => ids({ lang: ['en'] }), 'ERR_INVALID_ARG', 'a list')).message, /\$in.*\$containsAny.* for where\.lang, received an array$/);
  store.close();
});

test('values never become SQL', { skip }, () => {
  const store = VectorStore.open(':memory:', { dim: 2 }), evil = "'); DROP TABLE entries; --";
  store.insert({ id: evil, vector: [1, 0], metadata: { [evil.replaceAll('.', '')]: evil } });
  assert.strictEqual(store.search([1, 0], { where: { [evil]: evil } }).length, 1);
  assert.strictEqual(store.search([1, 0], { filter: [evil] }).length, 1);
  assert.strictEqual(store.search([1, 0], { where: { x: { $in: [evil] } } }).length, 0);
  assert.deepStrictEqual([store.size, store.has(evil), store.get(evil).id], [1, true, evil]);
  store.close();
});

test('what is no predicate', { skip }, async () => {
  const store = VectorStore.open(':memory:', { dim: 2 }), A = 'ERR_INVALID_ARG', R = 'ERR_OUT_OF_RANGE';
  store.insert({ id: 'a', vector: [1, 0], metadata: { x: 1 } });
  const deep = (n, make) => { let w = { x: 1 }; for (let i = 0; i < n; i++) w = make(w); return w; };
  const cases = [
    [null, A], [5, A], ['x', A], [[], A], [() => 1, A], [{ $where: 1 }, A], [{ $and: {} }, A], [{ $or: 1 }, A], [{ $or: [1] }, A], [{ $not: 1 }, A], [{ $not: [] }, A],
    [{ x: {} }, A], [{ x: { $gt: null } }, A], [{ x: { $gt: true } }, A], [{ x: { $gt: NaN } }, A], [{ x: { $foo: 1 } }, A], [{ x: { y: 1 } }, A], [{ x: undefined }, A],
    [{ x: { $in: 1 } }, A], [{ x: { $in: [{}] } }, A], [{ x: { $contains: [1] } }, A], [{ x: { $contains: {} } }, A], [{ x: { $containsAny: 'x' } }, A], [{ x: { $containsAny: [[]] } }, A], [{ x: { $exists: 1 } }, A], [{ x: [1] }, A], [{ x: NaN }, A], [{ x: 1n }, A], [{ x: Symbol('s') }, A], [{ x: 'a\0' }, A],
    [{ '': 1 }, A], [{ 'a..b': 1 }, A], [{ 'a"b': 1 }, A], [{ 'a\\b': 1 }, A], [{ 'a\0b': 1 }, A], [{ $and: [{ x: { $not: { $not: [] } } }] }, A],
    [deep(100, (w) => ({ $not: w })), R], [deep(100, (w) => ({ $and: [w] })), R], [{ x: deep(100, (w) => ({ $not: w })) }, R],
    [{ $or: Array.from({ length: 300 }, (_, i) => ({ x: i })) }, R],
  ];
  for (const [i, [where, code]] of cases.entries()) {
    await fails(() => store.search([1, 0], { where }), code, `case ${i}`);
    await fails(() => store.searchAsync([1, 0], { where }), code, `case ${i}`, true);
  }
  for (const where of [{}, { $and: [] }, { $not: { $or: [] } }, { x: { $in: Array.from({ length: 5000 }, (_, i) => i) } }, deep(15, (w) => ({ $and: [w] })), deep(4, (w) => ({ $not: { $or: [{ y: 1 }, { $not: w, y: 2 }] } })),
    deep(3, (w) => ({ $and: [{ $or: [{ x: 1 }, { $and: [w, { x: 1 }] }] }, { x: 1 }] })),
    deep(14, (w) => ({ $or: [{ 'a.b.c': { $in: [1, 'q', null, true] } }, w] })), deep(7, (w) => ({ $or: [{ 'a.b.c.d': { $containsAny: ['q'] } }, { $and: [{ x: 1 }, w] }] }))]) {
    assert.strictEqual(store.search([1, 0], { where }).length, 1);
  }
  store.close();
});
