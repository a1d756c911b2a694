'use strict';

// What all indexes share: vectors under keys, the nearest of them, changes. hnsw.js and brute-force.js say how they are found.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { abortable, cancellable, threads } = require('../async.js');
const { Handle } = require('../handle.js');
const { matrix } = require('../matrices.js');
const { filterOf, filters } = require('./filter.js');
const { kindOf, listOf } = require('./keys.js');
const { pathOf } = require('../files.js');
const { stampOf, stamps, toBuffer, toBufferAsync } = require('./files.js');
const { Made } = require('./made.js');
const { INDEXES } = require('../generated/indexes.js');
const { following } = require('./progress.js');
const { Results, padded } = require('./results.js');
const { isInstance, lengthOf, unexpected } = require('../errors.js');
const { TextDecoder } = require('../text.js');

/** What `native.indexInfo` gives, in its order. */
const FIGURES = native.indexFigures().trim().split(' ');
const GONE = 0xffffffff;
/** Results that are made room for without a look at how many vectors there are. */
const FEW = 1024;
/** For native code: every key is there, and gets a new vector. */
const ALL = 2;

/** The option `replace` for native code: whether keys that are there get new vectors. */
function replacing(replace = false) {
  if (typeof replace !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'replace', replace);
  return Number(replace);
}

/** Options of these kinds as native code takes them: [name, value, ...], the kind of keys first. */
function optionList(options, kinds, keys) {
  const list = ['keys', keys.name];
  for (const [name, { kind }] of Object.entries(kinds)) {
    const value = options[name];
    if (value === undefined || name === 'keys') continue;
    const isNumber = kind === 'integer' || kind === 'number';
    if (isNumber && typeof value !== 'number') throw unexpected('ERR_INVALID_CONFIG', 'a number', name, value);
    if (typeof value === 'bigint' && kind === 'seed') list.push(name, BigInt.asUintN(64, value));
    else if (typeof value === 'boolean') list.push(name, Number(value));
    else if (typeof value === 'number' || typeof value === 'string') list.push(name, value);
    else throw unexpected('ERR_INVALID_CONFIG', 'a number, a string or a boolean', name, value);
  }
  return list;
}

const { least: FEWEST, most: MOST } = INDEXES.hnsw.ef;

/** A number of candidates that a search keeps. */
function candidates(ef) {
  if (!(Number.isInteger(inputs.number(ef, 'ef')) && ef >= FEWEST && ef <= MOST)) throw unexpected('ERR_OUT_OF_RANGE', `an integer in ${FEWEST}...${MOST}`, 'ef', ef);
  return ef;
}

/** The one that a call gives, 0 for the index's own. */
const width = (ef) => (ef === undefined ? 0 : candidates(ef));

const decoder = new TextDecoder();

/** Kind and options of a native index. */
function describe(handle) {
  const bytes = new Uint8Array(1024);
  const { kind, options } = JSON.parse(decoder.decode(bytes.subarray(0, native.indexDescribe(handle, bytes))));
  return { ...options, kind };
}

/** Options of a caller's, for an index of kind `name`, as native code takes them. */
function given(name, options) {
  const kinds = INDEXES[name], o = inputs.options(options, Object.keys(kinds));
  return optionList(o, kinds, kindOf(o.keys ?? 'number'));
}

/** Throws what making such an index would throw, and adding the rows of `matrix` to it; makes none. */
function check(name, options, { data, rows, dim } = {}) {
  native.indexCheck(name, given(name, options), undefined, undefined, data, rows, dim);
}

/** What the subclasses do with an index, and nobody else. */
let internals;

class VectorIndex extends Handle {
  #kind;
  /** Kind and options of the index, once somebody has asked for them. */
  #fixed;
  #results = new Results();

  /** `name` as native code knows it; `options`: those of its kind, or `Made` around an index that there is already. Internal. */
  constructor(name, options) {
    if (!Object.hasOwn(INDEXES, name ?? '')) throw unexpected('ERR_INVALID_ARG', 'an HNSWIndex or a BruteForceIndex', 'new', name);
    if (isInstance(options, Made)) {
      super(options.handle, VectorIndex);
      this.#kind = kindOf(internals.fixed(this).keys);
    } else {
      const list = given(name, options);
      super(native.indexCreate(name, list), VectorIndex);
      this.#kind = kindOf(list[1]);
    }
  }

  static {
    internals = {
      handle: (index) => Handle.of(index, VectorIndex, 'this'),
      /** Numbers of the native index by name. */
      info(index) {
        const out = new Float64Array(FIGURES.length);
        native.indexInfo(internals.handle(index), out);
        return Object.fromEntries(FIGURES.map((name, i) => [name, out[i]]));
      },
      /** One of them: few calls ask for more, and many ask often. */
      figure(index, name) {
        const out = new Float64Array(FIGURES.length);
        native.indexInfo(internals.handle(index), out);
        return out[FIGURES.indexOf(name)];
      },
      /** What never changes. */
      fixed(index) {
        const handle = internals.handle(index);
        return index.#fixed ??= { ...describe(handle), curvature: internals.figure(index, 'curvature') }; // with all its digits
      },
      /** The place of a key, undefined where it has none. */
      findPlace(index, key, name) {
        const handle = internals.handle(index), { data, offsets } = index.#kind.one(key, name), places = new Uint32Array(1);
        native.indexPlaces(handle, data, offsets, places);
        return places[0] === GONE ? undefined : places[0];
      },
      /** The place of a key that must be there. */
      placeOf(index, key, name = 'key') {
        const place = internals.findPlace(index, key, name);
        if (place === undefined) throw unexpected('ERR_NOT_FOUND', 'a key of the index', name, key);
        return place;
      },
      /**
       * What `look` finds in several looks at the index, which a writer elsewhere may change in between: again where a place has lost
       * its vector.
       */
      consistently(look) {
        for (let tries = 1; ; tries++) {
          try {
            return look();
          } catch (error) {
            if (error.code !== 'ERR_NOT_FOUND' || !error.message.startsWith('expected the place of a vector') || tries === 100) throw error;
          }
        }
      },
      /** The places of all vectors, and their keys. */
      everything(index) {
        return internals.consistently(() => {
          const handle = internals.handle(index);
          let places = new Uint32Array(index.size), count;
          while ((count = native.indexAll(handle, places)) > places.length) places = new Uint32Array(count);
          places = places.subarray(0, count);
          return { places, keys: internals.keysOf(index, places) };
        });
      },
      /** The keys of places. */
      keysOf(index, places) {
        const handle = internals.handle(index);
        return index.#kind.receive(places.length, (keys, offsets) => native.indexNames(handle, places, keys, offsets));
      },
    };
  }

  get keyKind() { return internals.fixed(this).keys; }

  /** The number that was saved with the file this came from, 0 for an index that came from none. */
  get stamp() { return (internals.handle(this), stamps.get(this) ?? 0); }

  get readOnly() { return internals.figure(this, 'readOnly') === 1; }

  get token() { return { index: native.indexToken(internals.handle(this)) }; }

  get size() {
    return internals.figure(this, 'size');
  }

  // ---- Changes

  add(key, vector, options) {
    internals.handle(this);
    this.#addOne(key, vector, replacing(inputs.options(options, ['replace']).replace));
  }

  update(key, vector) {
    internals.handle(this);
    internals.placeOf(this, key);
    this.#addOne(key, vector, ALL);
  }

  async updateAsync(key, vector, options) {
    internals.handle(this);
    const { signal } = inputs.options(options, ['signal']);
    internals.placeOf(this, key);
    const { data, offsets } = this.#kind.one(key, 'key'), row = inputs.ownVector(vector, 'vector');
    const handle = internals.handle(this);
    await this.#resized(cancellable(signal, (flag) => native.indexAddAsync(handle, data, offsets, row, 1, lengthOf(row), ALL, 1, flag)));
  }

  #addOne(key, vector, known) {
    const handle = internals.handle(this), { data, offsets } = this.#kind.one(key, 'key'), row = inputs.vector(vector, 'vector');
    native.resize(handle, native.indexAdd(handle, data, offsets, row, 1, lengthOf(row), known, 1, undefined));
  }

  #batch(keys, vectors, replace, own = false) {
    const known = replacing(replace);
    const { data, offsets } = this.#kind.pack(listOf(keys, 'keys'), 'keys'), m = matrix(vectors, 'vectors', own);
    return [data, offsets, m.data, m.rows, m.dim, known];
  }

  addBatch(keys, vectors, options) {
    const handle = internals.handle(this), o = inputs.options(options, ['threads', 'replace']);
    native.resize(handle, native.indexAdd(handle, ...this.#batch(keys, vectors, o.replace), threads(o.threads), undefined));
  }

  async addBatchAsync(keys, vectors, options) {
    const handle = internals.handle(this), o = inputs.options(options, ['threads', 'signal', 'onProgress', 'replace']);
    const call = this.#batch(keys, vectors, o.replace, true), many = threads(o.threads);
    await this.#resized(cancellable(o.signal, (flag) => following(flag, o.onProgress, (state) => native.indexAddAsync(handle, ...call, many, state))));
  }

  /** Tells V8 the bytes of the index, which `work` promises. */
  async #resized(work) {
    const bytes = await work;
    if (!this.closed) native.resize(internals.handle(this), bytes);
  }

  remove(key) {
    internals.handle(this);
    const { data, offsets } = this.#kind.one(key, 'key');
    native.indexRemove(internals.handle(this), data, offsets, 1, undefined);
  }

  async removeAsync(key, options) {
    internals.handle(this);
    const { signal } = inputs.options(options, ['signal']), { data, offsets } = this.#kind.one(key, 'key');
    const handle = internals.handle(this);
    await cancellable(signal, (flag) => native.indexRemoveAsync(handle, data, offsets, 1, flag));
  }

  removeBatch(keys) {
    internals.handle(this);
    const { data, offsets } = this.#kind.pack(listOf(keys, 'keys'), 'keys');
    native.indexRemove(internals.handle(this), data, offsets, 1, undefined);
  }

  async removeBatchAsync(keys, options) {
    internals.handle(this);
    const { signal, onProgress } = inputs.options(options, ['signal', 'onProgress']);
    const { data, offsets } = this.#kind.pack(listOf(keys, 'keys'), 'keys'), handle = internals.handle(this);
    await cancellable(signal, (flag) => following(flag, onProgress, (state) => native.indexRemoveAsync(handle, data, offsets, 1, state)));
  }

  clear() {
    native.indexClear(internals.handle(this));
  }

  // ---- What is in it

  has(key) {
    return internals.findPlace(this, key, 'key') !== undefined;
  }

  get(key) {
    internals.handle(this);
    const { data, offsets } = this.#kind.one(key, 'key'), out = new Float32Array(internals.fixed(this).dim);
    native.indexGet(internals.handle(this), data, offsets, out);
    return out;
  }

  keys() {
    return internals.everything(this).keys;
  }

  distance(a, b) {
    const out = new Float64Array(3);
    internals.consistently(() => native.indexPair(internals.handle(this), internals.placeOf(this, a, 'a'), internals.placeOf(this, b, 'b'), out));
    return out[0];
  }

  prepareFilter(filter) {
    internals.handle(this);
    const f = filterOf(filter, this.#kind);
    if (filter === undefined || f.prepared !== undefined) throw unexpected('ERR_INVALID_ARG', 'keys or a bitmap', 'filter', filter);
    return filters.make(native.indexPrepare(internals.handle(this), f.kind, f.data, f.offsets, 1, undefined));
  }

  // ---- Files, and their bytes

  save(path, options) {
    native.indexSave(internals.handle(this), pathOf(path), stampOf(options, []), 1, undefined);
  }

  async saveAsync(path, options) {
    const handle = internals.handle(this), name = pathOf(path), stamp = stampOf(options, ['signal']);
    return cancellable(options?.signal, (flag) => native.indexSaveAsync(handle, name, stamp, 1, flag));
  }

  toBuffer(options) {
    return toBuffer(internals.handle(this), stampOf(options, []));
  }

  async toBufferAsync(options) {
    const handle = internals.handle(this), stamp = stampOf(options, ['signal']);
    return abortable(options?.signal, (flag) => toBufferAsync(handle, stamp, flag));
  }

  // ---- The nearest

  search(query, k, options) {
    const handle = internals.handle(this), q = inputs.vector(query, 'query');
    let n = inputs.count(k, 'k'), ef = 0;
    if (n > FEW) n = Math.min(n, this.size);
    if (options !== undefined) {
      const o = inputs.options(options, ['ef', 'filter']);
      ef = width(o.ef);
      if (o.filter !== undefined) return this.#single(this.#prepare({ data: q, rows: 1, dim: lengthOf(q) }, n, ef, o.filter));
    }
    if (this.#kind.name === 'string') return this.#single(this.#prepare({ data: q, rows: 1, dim: lengthOf(q) }, n, ef));
    const { keys, distances } = this.#results.take(this.#kind.Type, n);
    const found = native.indexSearchOne(handle, q, n, ef, keys, distances);
    return found === n ? { keys, distances } : { keys: keys.subarray(0, found), distances: distances.subarray(0, found) };
  }

  async searchAsync(query, k, options) {
    internals.handle(this);
    const o = inputs.options(options, ['ef', 'filter', 'signal']), data = inputs.ownVector(query, 'query');
    const n = Math.min(inputs.count(k, 'k'), this.size);
    const call = this.#prepare({ data, rows: 1, dim: data.length }, n, width(o.ef), o.filter, true);
    return abortable(o.signal, async (flag) => this.#first(await this.#runAsync(call, 1, flag)));
  }

  searchBatch(queries, k, options) {
    internals.handle(this);
    const o = inputs.options(options, ['ef', 'filter', 'threads']);
    const call = this.#prepare(matrix(queries, 'queries'), Math.min(inputs.count(k, 'k'), this.size), width(o.ef), o.filter);
    return this.#run(call, threads(o.threads));
  }

  async searchBatchAsync(queries, k, options) {
    internals.handle(this);
    const o = inputs.options(options, ['ef', 'filter', 'threads', 'signal']);
    const call = this.#prepare(matrix(queries, 'queries', true), Math.min(inputs.count(k, 'k'), this.size), width(o.ef), o.filter, true);
    const many = threads(o.threads);
    return abortable(o.signal, (flag) => this.#runAsync(call, many, flag));
  }

  /** A search's arguments and room for its results. */
  #prepare({ data, rows, dim }, k, ef, filter, own = false) {
    const f = filterOf(filter, this.#kind, own), room = rows * k;
    return {
      handle: internals.handle(this), kind: this.#kind, query: [data, rows, dim, k, ef, f.kind, f.data, f.offsets, f.prepared], k, rows, room,
      distances: inputs.allocate(room, 'results'), counts: inputs.allocate(rows, 'results', Uint32Array),
    };
  }

  #run(call, many) {
    const { handle, kind, query, room, distances, counts } = call;
    const keys = kind.receive(room, (out, offsets) => native.indexSearch(handle, ...query, out, offsets, distances, counts, many, undefined));
    return padded(call, keys);
  }

  async #runAsync(call, many, flag) {
    const { handle, kind, query, room, distances, counts } = call;
    const keys = await kind.receiveAsync(room, (out, offsets) => native.indexSearchAsync(handle, ...query, out, offsets, distances, counts, many, flag));
    return padded(call, keys);
  }

  #first({ keys, distances, counts }) {
    return { keys: this.#kind.slice(keys, 0, counts[0]), distances: distances.subarray(0, counts[0]) };
  }

  #single(call) {
    return this.#first(this.#run(call, 1));
  }
}

/** A getter for each of these options of a kind of index, of what it was made with. */
function defineOptions(Class, kind, names) {
  for (const name of names) {
    const isFlag = INDEXES[kind][name].kind === 'flag';
    Object.defineProperty(Class.prototype, name, {
      get() {
        const value = internals.fixed(this)[name];
        return isFlag ? value !== 0 : value;
      },
      configurable: true,
    });
  }
}
// (`keys` is `keyKind` here: `keys()` gives the keys.)
defineOptions(VectorIndex, 'brute_force', Object.keys(INDEXES.brute_force).filter((name) => name !== 'keys'));

module.exports = { MOST, VectorIndex, candidates, check, defineOptions, internals };
