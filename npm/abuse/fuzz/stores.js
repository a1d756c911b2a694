'use strict';
// VectorStore for the fuzz: its rows, and the kinds of arguments that only it takes. All stores are in memory.
const { preparedFilter } = require('./indexes.js');
const { strangers, vector } = require('./vectors.js');

const METRICS = ['cosine', 'l2', 'ip', 'poincare'];
const VALUES = [0, 1, -1, 2.5, 1e300, 'a', 'b', '', "'", '%', true, false, null, new Date(0)];
const FIELDS = ['x', 'y', 'deep.x', 'x.x', "o'c", 'größe'];
const INSERT = { kind: 'options', fields: ['flag:replace', 'threads', 'onProgress'] };
const INSERT_ASYNC = { kind: 'options', fields: [...INSERT.fields, 'signal'] };
const SIGNAL = { kind: 'options', fields: ['signal'] };
const SEARCH = { kind: 'options', fields: ['few:k', 'ef', 'idFilter:filter', 'where', 'flag:rerank', 'few:candidates', 'flag:track', 'flag:explain'] };

const rows = {
  'VectorStore.open': ['storePath', 'storeOptions'],
  'VectorStore.openAsync': ['storePath', 'storeOptions'],
  'VectorStore#insert': ['storeEntry', INSERT],
  'VectorStore#insertAsync': ['storeEntry', INSERT_ASYNC],
  'VectorStore#insertBatch': ['storeEntries', INSERT],
  'VectorStore#insertBatchAsync': ['storeEntries', INSERT_ASYNC],
  'VectorStore#get': ['storeId'],
  'VectorStore#has': ['storeId'],
  'VectorStore#delete': ['storeId'],
  'VectorStore#deleteAsync': ['storeId', SIGNAL],
  'VectorStore#deleteBatch': ['storeIds'],
  'VectorStore#deleteBatchAsync': ['storeIds', SIGNAL],
  'VectorStore#prepareFilter': [{ kind: 'options', fields: ['idFilter:filter', 'where'], always: ['filter'] }],
  'VectorStore#search': ['vector', SEARCH],
  'VectorStore#searchAsync': ['vector', { kind: 'options', fields: [...SEARCH.fields, 'signal'] }],
  'VectorStore#searchWithGnn': ['vector', 'aLayer', 'k'],
  'VectorStore#dimensions': [],
  'VectorStore#getAllVectors': [],
  'VectorStore#getHnswGraph': [],
  'VectorStore#keyOf': ['storeId'],
  'VectorStore#idOf': ['storeKey'],
  'VectorStore#size': [],
  'VectorStore#dim': [],
  'VectorStore#metric': [],
  'VectorStore#path': [],
  'VectorStore#readOnly': [],
  'VectorStore#save': [],
  'VectorStore#closed': [],
  'VectorStore#close': [],
  'VectorStore#closeAsync': [],
};

const id = (c) => `id${c.chance.below(40)}`;
const ids = (c) => Array.from({ length: c.chance.below(6) }, () => id(c));
/** What `good` makes, or something that is none of it. */
const orStranger = (good, ...bad) => (c) => (c.bad() ? c.chance.pick([...bad, ...strangers()]) : good(c));

function metadata(c, depth = 0) {
  const { chance } = c;
  if (depth === 0 && c.bad()) return chance.pick([...strangers(), { x: 1n }, { toJSON: () => c.interfere() }, { get x() { return c.interfere(); } }]);
  if (chance.of(0.2)) return chance.pick([undefined, null]);
  const o = {};
  for (const field of ['x', 'y', "o'c", 'größe']) if (chance.of(0.5)) o[field] = chance.of(0.2) ? Array.from({ length: chance.below(4) }, () => chance.pick([...VALUES, { x: 1 }])) : chance.pick(VALUES);
  if (depth < 2 && chance.of(0.3)) o.deep = metadata(c, depth + 1) ?? {};
  return o;
}

function entry(c) {
  const { chance } = c;
  if (c.bad() && chance.of(0.3)) return chance.pick(strangers());
  const o = { vector: vector(c) };
  if (chance.of(0.9)) o.id = kinds.storeId(c);
  if (chance.of(0.7)) o.metadata = metadata(c);
  if (chance.of(0.02)) o.misspelt = 1;
  return chance.of(0.05) ? { ...o, get vector() { c.interfere(); return o.vector; } } : o;
}

function where(c, depth = 0) {
  const { chance } = c, value = () => (c.bad() ? chance.pick(strangers()) : chance.pick(VALUES));
  if (c.bad() && chance.of(0.3)) return chance.pick(strangers());
  const o = {};
  for (let n = chance.below(3); n > 0; n--) {
    const kind = depth < 3 ? chance.unit() : 1;
    if (kind < 0.3) o[kind < 0.15 ? '$and' : '$or'] = Array.from({ length: chance.below(3) }, () => where(c, depth + 1));
    else if (kind < 0.4) o.$not = where(c, depth + 1);
    else if (kind < 0.7) o[chance.pick(FIELDS)] = value();
    else {
      const operator = chance.pick(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$in', '$nin', '$contains', '$containsAny', '$exists', '$not']);
      o[chance.pick(FIELDS)] = { [operator]: /in$|Any$/.test(operator) ? [value(), value()] : operator === '$exists' ? chance.of(0.5) : value() };
    }
  }
  if (c.bad()) o[chance.pick(['$where', '"', '', '..', '__proto__'])] = value();
  return o;
}

const kinds = {
  storePath: orStranger(() => ':memory:', '', 'a\0b', '/dev/null/x', '/nowhere/at/all'),
  storeOptions(c) {
    const { chance } = c, o = { dim: Math.max(2, c.dim), metric: chance.pick(METRICS), M: 4, efConstruction: 20 };
    if (c.bad()) Object.assign(o, chance.pick([{ dim: chance.pick([0, -1, 1.5, NaN, 1e9, '3']) }, { metric: 'x' }, { M: -1 }, { ef: NaN }, { storage: 'f64' }, { synchronous: 'no' }, { saveEvery: 0 }, { patience: NaN }, { what: 1 }]));
    return o;
  },
  storeId: orStranger(id, '', 'a\0', '\udc00'),
  storeIds: orStranger(ids, ['']),
  storeKey: orStranger((c) => c.chance.below(50), -1, 1.5, NaN, 2 ** 53),
  storeEntry: entry,
  storeEntries(c) {
    const { chance } = c, count = chance.below(8);
    if (c.bad() && chance.of(0.2)) return chance.pick(strangers());
    if (chance.of(0.7)) return Array.from({ length: count }, () => entry(c));
    return { vectors: Array.from({ length: count }, () => vector(c)), ids: chance.of(0.8) ? Array.from({ length: count }, (_, i) => `id${i + chance.below(30)}`) : undefined, metadata: chance.of(0.5) ? Array.from({ length: count }, () => metadata(c)) : undefined };
  },
  idFilter: orStranger((c) => {
    if (c.chance.of(0.3) && c.world.filters.length > 0) return preparedFilter(c);
    const list = c.chance.of(0.5) ? ids(c) : new Set(ids(c));
    return c.chance.pick([list, { allow: list }, { deny: list }]);
  }, { allow: [], deny: [] }, [5], {}),
  where,
  flag: orStranger((c) => c.chance.of(0.5)),
  ef: orStranger((c) => c.chance.pick([1, 10, 100]), 0, -1, 1.5, NaN, 1e9),
  onProgress: orStranger(() => () => {}, undefined),
};

/** A store to call; the arguments fit it. */
function store(c, one) {
  if (one && !one.closed) c.dim = one.dim;
  return one;
}

module.exports = { kinds, rows, store };
