'use strict';
// Predicates of VectorStore.search: random ones on random metadata against a plain interpreter of the same rules.
const assert = require('node:assert');
const test = require('node:test');
const { fails, notInWasm, random, ruvector } = require('./support/index.js');

const { VectorStore } = ruvector, skip = notInWasm('no databases');

const isObject = (x) => typeof x === 'object' && x !== null && !Array.isArray(x);
const valueAt = (metadata, path) => path.split('.').reduce((x, name) => (isObject(x) && Object.hasOwn(x, name) ? x[name] : undefined), metadata);
const byCodePoints = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function compares(operator, a, b) {
  if (typeof a !== typeof b || !['number', 'string'].includes(typeof a)) return false;
  const order = typeof a === 'number' ? a - b : byCodePoints(a, b);
  return { $gt: order > 0, $gte: order >= 0, $lt: order < 0, $lte: order <= 0 }[operator];
}

/** What `said` says of a value, by the rules in index.d.ts. */
function fieldHolds(value, said) {
  if (!isObject(said)) return value === said;
  return Object.entries(said).every(([operator, x]) => {
    switch (operator) {
      case '$eq': return value === x;
      case '$ne': return value !== x;
      case '$in': return x.includes(value);
      case '$nin': return !x.includes(value);
      case '$exists': return (value !== undefined) === x;
      case '$not': return !fieldHolds(value, x);
      default: return compares(operator, value, x);
    }
  });
}

function holds(metadata, where) {
  return Object.entries(where).every(([key, said]) => {
    if (key === '$and') return said.every((one) => holds(metadata, one));
    if (key === '$or') return said.some((one) => holds(metadata, one));
    if (key === '$not') return !holds(metadata, said);
    return fieldHolds(valueAt(metadata, key), said);
  });
}

const VALUES = [0, -1, 1, 2.5, 1e21, 2 ** 53, 2 ** 60, -0.1, 0.1 + 0.2, 5e-324, 1.7976931348623157e308, 'a', 'b', 'ä', '\u{1f600}', '\uffee', '', 'true', '1', "it's", 'a"b\\c', '%', true, false, null];
const NAMES = ['x', 'y', 'deep', "o'clock", 'größe', 'a b', 'select', '0', '$'.repeat(0) + '#'];

function generator(seed) {
  const next = random(seed), unit = () => (next() + 1) / 2, below = (n) => Math.floor(unit() * n), pick = (list) => list[below(list.length)];
  const value = () => (unit() < 0.2 ? Math.round(next() * 1e6) / 1e3 : unit() < 0.1 ? next() * 10 ** below(300) : pick(VALUES));
  const metadata = (depth = 0) => {
    if (depth === 0 && unit() < 0.1) return undefined;
    const o = {};
    for (const name of NAMES) {
      if (unit() < 0.5) continue;
      o[name] = depth < 2 && unit() < 0.2 ? metadata(depth + 1) : unit() < 0.05 ? [value(), { x: 1 }] : value();
    }
    return o;
  };
  const path = () => Array.from({ length: unit() < 0.7 ? 1 : 2 }, () => pick(NAMES)).join('.');
  const comparable = () => { for (;;) { const x = value(); if (typeof x === 'number' || typeof x === 'string') return x; } };
  const field = (depth) => {
    if (unit() < 0.3) return value();
    const said = {};
    for (let n = 1 + below(2); n > 0; n--) {
      const operator = pick(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$exists', '$not']);
      said[operator] = /^\$[gl]te?$/.test(operator) ? comparable() : /in$/.test(operator) ? Array.from({ length: below(5) }, value)
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
  const list = Array.from({ length: 300 }, (_, i) => ({ id: `${i}`, vector: [Math.cos(i), Math.sin(i)], metadata: make.metadata() }));
  store.insertBatch(list);
  let some = 0;
  for (let i = 0; i < 1500; i++) {
    const where = make.where(), expected = list.filter(({ metadata }) => holds(metadata, where)).map(({ id }) => id).sort();
    const found = store.search([1, 0], { k: list.length, where }).map(({ id }) => id).sort();
    assert.deepStrictEqual(found, expected, `seed ${seed}, predicate ${i}: ${JSON.stringify(where)}`);
    if (found.length > 0 && found.length < list.length) some++;
    // Few of many: by the candidates first, or by the whole table.
    const few = store.search([1, 0], { k: 5, where }), all = store.search([1, 0], { k: list.length, where });
    assert.deepStrictEqual(few, all.slice(0, 5), JSON.stringify(where));
  }
  assert.ok(some > 500, `${some} predicates that hold for some`);
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
    [{ x: { $in: 1 } }, A], [{ x: { $in: [{}] } }, A], [{ x: { $exists: 1 } }, A], [{ x: [1] }, A], [{ x: NaN }, A], [{ x: 1n }, A], [{ x: Symbol('s') }, A], [{ x: 'a\0' }, A],
    [{ '': 1 }, A], [{ 'a..b': 1 }, A], [{ 'a"b': 1 }, A], [{ 'a\\b': 1 }, A], [{ 'a\0b': 1 }, A], [{ $and: [{ x: { $not: { $not: [] } } }] }, A],
    [deep(100, (w) => ({ $not: w })), R], [deep(100, (w) => ({ $and: [w] })), R], [{ x: deep(100, (w) => ({ $not: w })) }, R],
    [{ $or: Array.from({ length: 300 }, (_, i) => ({ x: i })) }, R],
  ];
  for (const [i, [where, code]] of cases.entries()) {
    await fails(() => store.search([1, 0], { where }), code, `case ${i}`);
    await fails(() => store.searchAsync([1, 0], { where }), code, `case ${i}`, true);
  }
  for (const where of [{}, { $and: [] }, { $not: { $or: [] } }, { x: { $in: Array.from({ length: 5000 }, (_, i) => i) } }, deep(15, (w) => ({ $and: [w] })), deep(4, (w) => ({ $not: { $or: [{ y: 1 }, { $not: w, y: 2 }] } })),
    deep(3, (w) => ({ $and: [{ $or: [{ x: 1 }, { $and: [w, { x: 1 }] }] }, { x: 1 }] }))]) {
    assert.strictEqual(store.search([1, 0], { where }).length, 1);
  }
  store.close();
});
