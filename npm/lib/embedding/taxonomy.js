'use strict';

// TaxonomyHead: where in a taxonomy new texts belong. The nodes get points in the Poincaré ball (PoincareEmbedding), and an embedding is
// led to the mean of the points of the nodes whose own embeddings are like it (Sources/RuvectorTraining/Embedding/TaxonomyMap.swift).
const inputs = require('../inputs.js');
const { normals, randomSeed } = require('../random.js');
const { matrix } = require('../matrices.js');
const { TaxonomyMap } = /** @type {any} */ (require('../members/classes.js'));
const { threads: threadsOf } = require('../async.js');
const { pathOf, readFile, writeFile } = require('../files.js');
const { corrupt, pack, unpack } = require('../model-bytes.js');
const { guard } = require('../guard.js');
const { PoincareEmbedding } = require('./poincare.js');
const { seedOf, spelt, SPELLINGS } = require('./options.js');
const { readRelations } = require('./relations.js');
const { sharpest } = require('./sharpness.js');
const { drive, driveLater, Pause, Turn, watcher } = require('../slices.js');
const { has, isInstance, isList, lengthOf, mismatch, RuvectorError, tagOf, unexpected } = require('../errors.js');

const MAGIC = 'RVTAXON1';
const OWN = ['hiddenDim', 'sharpness'];
const POINTS = ['size', 'dim', 'negative', 'negs', 'epsilon', 'initRange', 'dampening', 'batchSize', 'manifold', 'seed', 'alpha', 'lr', 'burnIn', 'burnInAlpha', 'epochs'];

/** Rows of a call. */
const CHUNK = 256;

/**
 * Orthogonal rows, long enough that products stay what they were on average; the identity where there is room for it.
 */
function* projectionOf(inDim, hiddenDim, seed, pause) {
  const w = new Float32Array(hiddenDim * inDim), normal = normals(seed), rows = [];
  if (hiddenDim >= inDim) {
    for (let i = 0; i < inDim; i++) w[i * inDim + i] = 1;
    return w;
  }
  while (rows.length < hiddenDim) {
    const row = Float64Array.from({ length: inDim }, normal);
    for (const other of rows) {
      if (pause.isDue) yield pause.turn;
      let inner = 0;
      for (let i = 0; i < inDim; i++) inner += row[i] * other[i];
      for (let i = 0; i < inDim; i++) row[i] -= inner * other[i];
    }
    const length = Math.hypot(...row);
    if (length > 1e-6) rows.push(row.map((x) => x / length));
  }
  const scale = Math.sqrt(inDim / hiddenDim);
  rows.forEach((row, r) => w.set(row.map((x) => x * scale), r * inDim));
  return w;
}

/** log₀ of the points: artanh(|p|) p/|p|. */
function* tangents({ data, rows, dim }, pause) {
  const out = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) {
    if (pause.isDue) yield pause.turn;
    const p = data.subarray(r * dim, (r + 1) * dim), norm = Math.hypot(...p), factor = norm === 0 ? 1 : Math.atanh(Math.min(norm, 1 - 1e-9)) / norm;
    for (let i = 0; i < dim; i++) out[r * dim + i] = factor * p[i];
  }
  return out;
}

/** The mean of rows. */
function* meanOfRows({ data, rows, dim }, pause) {
  const sum = new Float64Array(dim);
  for (let r = 0; r < rows; r++) {
    if (pause.isDue) yield pause.turn;
    for (let i = 0; i < dim; i++) sum[i] += data[r * dim + i];
  }
  return Float32Array.from(sum, (x) => x / rows);
}

/** Takes `mean` off rows, in place. */
function centre({ data, rows, dim }, mean, from = 0, to = rows) {
  for (let r = from; r < to; r++) for (let i = 0; i < dim; i++) data[r * dim + i] -= mean[i];
}

/** {names, data, rows, dim} of embeddings by name: a Map, an object, or {names, vectors}. */
function readEmbeddings(value) {
  if (typeof value !== 'object' || value === null || isList(value) || tagOf(value) !== undefined) {
    throw unexpected('ERR_INVALID_ARG', 'a Map of name -> vector, or {names, vectors}', 'embeddings', value);
  }
  if (value.names !== undefined && value.vectors !== undefined) {
    const { names, vectors } = inputs.options(value, ['names', 'vectors'], 'embeddings');
    if (!isList(names)) throw unexpected('ERR_INVALID_ARG', 'an array of names', 'embeddings.names', names);
    const { data, rows, dim } = matrix(vectors, 'embeddings.vectors', true);
    if (rows !== names.length) throw mismatch('ERR_DIMENSION_MISMATCH', `${names.length} rows`, 'embeddings.vectors', rows);
    return { names: names.slice(), data, rows, dim };
  }
  const entries = isInstance(value, Map) ? [...value] : Object.entries(value);
  const { data, rows, dim } = matrix(entries.map(([, vector]) => vector), 'embeddings', true);
  return { names: entries.map(([name]) => name), data, rows, dim };
}

let isOne;

class TaxonomyHead {
  static {
    isOne = (value) => typeof value === 'object' && value !== null && #options in value;
  }

  /** @type {any} */
  #options;
  /** @type {any} */
  #points;
  #seed;
  /** {map, embedding, inDim, sharpness, mean} once it is fitted. */
  #model;
  #turn = new Turn();
  #isClosed = false;

  constructor(options) {
    const given = spelt(options, [...OWN, ...POINTS], { ...SPELLINGS, hidden_dim: 'hiddenDim' });
    /** @type {any} */
    const points = {};
    for (const name of POINTS) if (given[name] !== undefined) points[name] = given[name];
    const hiddenDim = inputs.number(given.hiddenDim, 'hiddenDim', 256);
    if (!(Number.isInteger(hiddenDim) && hiddenDim >= 1 && hiddenDim <= 65536)) throw unexpected('ERR_INVALID_CONFIG', 'an integer in 1...65536', 'hiddenDim', hiddenDim);
    const { sharpness } = given;
    if (sharpness !== undefined && !(inputs.number(sharpness, 'sharpness') > 0 && sharpness <= 1e6)) throw unexpected('ERR_INVALID_CONFIG', 'a number > 0, at most 1e6', 'sharpness', sharpness);
    this.#seed = given.seed ?? randomSeed();
    this.#points = { ...points, seed: this.#seed };
    const trial = new PoincareEmbedding(this.#points); // its options are looked at now
    this.#options = { hiddenDim, sharpness, size: trial.size };
    trial.close();
  }

  get hiddenDim() { return this.#options.hiddenDim; }
  get size() { return this.#options.size; }
  get seed() { return this.#seed; }
  /** How much the nodes most like an embedding count: given, or found by `fit`. */
  get sharpness() { return this.#model?.sharpness ?? this.#options.sharpness; }
  get inDim() { return this.#model?.inDim; }
  get closed() { return this.#isClosed; }
  get names() { return this.#model ? this.#model.embedding.names : []; }

  /** The points of the nodes. */
  get embedding() { return this.#fitted().embedding; }

  /** Learns where nodes lie from relations [child, ancestor], and how embeddings tell it. */
  async fit(embeddings, relations, options) {
    return this.#exclusively(() => driveLater(this.#fit(embeddings, relations, options)));
  }

  async #exclusively(run) {
    this.#check();
    this.#turn.begin();
    try {
      return await run();
    } finally {
      this.#turn.end();
    }
  }

  fitSync(embeddings, relations, options) {
    this.#check();
    this.#turn.begin();
    try {
      return drive(this.#fit(embeddings, relations, options));
    } finally {
      this.#turn.end();
    }
  }

  * #fit(embeddings, relations, options) {
    const given = inputs.options(options, ['closure', 'epochs', 'alpha', 'lr', 'onProgress', 'signal', 'threads']);
    const { tell, check } = watcher(given), threads = threadsOf(given.threads), { closure, ...training } = given, pause = new Pause(check);
    const { names, data, dim } = readEmbeddings(embeddings);
    const read = readRelations(relations, { nodes: names, closure });
    // What is the caller's has been read, at once: it may be changed afterwards.
    for (let i = 0; i < data.length; i++) {
      if (i % 4096 === 0 && pause.isDue) yield pause.turn;
      if (!Number.isFinite(data[i])) throw mismatch('ERR_NON_FINITE', 'finite numbers', `embeddings, ${JSON.stringify(names[Math.floor(i / dim)])}`, data[i]);
    }
    // Nodes that nothing is said of have no place: they are left out.
    const used = new Uint8Array(names.length);
    for (const ends of [read.children, read.parents]) for (const i of ends) used[i] = 1;
    const numbers = new Int32Array(names.length), kept = names.filter((_, i) => used[i]);
    let count = 0;
    for (let i = 0; i < names.length; i++) numbers[i] = used[i] ? count++ : -1;
    const rows = { data: new Float32Array(count * dim), rows: count, dim };
    for (let i = 0; i < names.length; i++) {
      if (pause.isDue) yield pause.turn;
      if (used[i]) rows.data.set(data.subarray(i * dim, (i + 1) * dim), numbers[i] * dim);
    }
    const mean = yield* meanOfRows(rows, pause);
    for (let r = 0; r < count; r++) {
      if (pause.isDue) yield pause.turn;
      centre(rows, mean, r, r + 1);
    }
    const pairs = { names: kept, children: read.children.map((i) => numbers[i]), parents: read.parents.map((i) => numbers[i]) };

    const embedding = new PoincareEmbedding(this.#points);
    let map, isKept = false;
    try {
      const report = yield (isLater) => (isLater ? embedding.fit(pairs, training) : embedding.fitSync(pairs, training));
      check();
      const { size, hiddenDim } = this.#options, projection = yield* projectionOf(dim, hiddenDim, this.#seed, pause), values = yield* tangents(embedding.vectors(), pause);
      const queries = yield* this.#hidden(projection, rows, threads, check);
      const sharpness = this.#options.sharpness ?? (yield* sharpest(queries, values, embedding, pairs, { hiddenDim, size, seed: this.#seed, pause }));
      map = new TaxonomyMap({ inDim: dim, hiddenDim, size, nodes: count, seed: 0 });
      const weights = inputs.allocate(projection.length + queries.length + values.length, 'weights');
      weights.set(projection);
      for (let at = 0; at < queries.length; at += hiddenDim) {
        if (pause.isDue) yield pause.turn;
        weights.set(queries.subarray(at, at + hiddenDim).map((x) => x * sharpness), projection.length + at);
      }
      weights.set(values, projection.length + queries.length);
      map.setWeights(weights);
      check();
      if (this.#isClosed) this.#check();
      this.#model?.map.close();
      this.#model?.embedding.close();
      this.#model = { map, embedding, inDim: dim, sharpness, mean };
      isKept = true;
      tell({ epoch: report.epochs, epochs: report.epochs, done: 1, loss: report.losses.at(-1) });
      return { ...report, sharpness, left: names.length - count, cycles: read.cycles, loops: read.loops };
    } finally {
      if (!isKept) {
        embedding.close();
        map?.close();
      }
    }
  }

  /** W y of all rows. */
  * #hidden(projection, { data, rows, dim }, threads, check) {
    const { size, hiddenDim } = this.#options, out = inputs.allocate(rows * hiddenDim, 'queries');
    const map = new TaxonomyMap({ inDim: dim, hiddenDim, size, nodes: 1, seed: 0 });
    try {
      const weights = new Float32Array(projection.length + hiddenDim + size);
      weights.set(projection);
      map.setWeights(weights);
      for (let at = 0; at < rows; at += CHUNK) {
        check();
        const end = Math.min(at + CHUNK, rows), part = { data: data.subarray(at * dim, end * dim), rows: end - at, dim };
        const found = yield (isLater) => (isLater ? map.hiddenAsync(part, { threads }) : map.hidden(part, { threads }));
        out.set(found.data, at * hiddenDim);
      }
    } finally {
      map.close();
    }
    return out;
  }

  #check() {
    if (this.#isClosed) throw mismatch('ERR_CLOSED', 'an open TaxonomyHead', 'this', 'a closed one');
  }

  #fitted() {
    this.#check();
    if (!this.#model) throw mismatch('ERR_EMPTY_INPUT', 'a head that is fitted', 'this', 'one that is not');
    return this.#model;
  }

  /** Embeddings less the mean of those that the head was fitted to. (Those of another width the map refuses.) */
  #centred(embeddings) {
    const { inDim, mean } = this.#fitted(), isMany = isMatrix(embeddings);
    const read = isMany ? matrix(embeddings, 'embeddings', true) : inputs.ownVector(embeddings, 'embeddings');
    const rows = isMany ? read : { data: read, rows: 1, dim: lengthOf(read) };
    if (rows.dim === inDim) centre(rows, mean);
    return read;
  }

  /** The point of an embedding, or those of a matrix of them. */
  project(embeddings, options) {
    const points = this.#fitted().map.forward(this.#centred(embeddings), options);
    return isMatrix(embeddings) ? points : points.data;
  }

  async projectAsync(embeddings, options) {
    const isMany = isMatrix(embeddings), points = await this.#fitted().map.forwardAsync(this.#centred(embeddings), options);
    return isMany ? points : points.data;
  }

  /** The k nodes nearest to where an embedding is led. */
  nearest(embedding, k = 10) {
    return this.#fitted().embedding.nearest(this.#one(embedding), k);
  }

  /** The nearest of those that lie closer to the origin. */
  ancestors(embedding, k = 10) {
    return this.#fitted().embedding.ancestors(this.#one(embedding), k);
  }

  #one(embedding) {
    if (isMatrix(embedding)) throw unexpected('ERR_INVALID_ARG', 'one embedding', 'embedding', embedding);
    return this.project(embedding);
  }

  /** All of it as bytes. */
  toBuffer() {
    const { map, embedding, inDim, sharpness, mean } = this.#fitted(), inner = embedding.toBuffer(), { seed, alpha, lr, ...points } = this.#points;
    const rate = typeof alpha === 'function' || typeof lr === 'function' ? {} : { alpha, lr };
    const options = { ...points, ...rate, hiddenDim: this.#options.hiddenDim, sharpness: this.#options.sharpness, seed: String(seed) };
    return pack(MAGIC, { options, inDim, found: sharpness }, { weights: map.getWeights(), mean, embedding: new Uint32Array(inner.buffer, inner.byteOffset, inner.byteLength / 4) });
  }

  static fromBuffer(bytes) {
    const { header: { options, inDim, found }, arrays: { weights, embedding: inner, mean = new Float32Array(inDim) } } = unpack(MAGIC, bytes);
    let embedding, map;
    try {
      const head = new TaxonomyHead({ ...options, seed: seedOf(options.seed) });
      embedding = PoincareEmbedding.fromBuffer(new Uint8Array(inner.buffer, inner.byteOffset, inner.byteLength));
      const { hiddenDim, size } = head.#options, nodes = embedding.count, wanted = hiddenDim * inDim + nodes * (hiddenDim + size);
      if (weights.length !== wanted) throw corrupt(`${wanted} numbers`, 'weights', weights.length);
      // (Files of before have none: those heads did not centre.)
      if (mean.length !== inDim || !mean.every(Number.isFinite)) throw corrupt(`${inDim} numbers`, 'mean', mean.length);
      map = new TaxonomyMap({ inDim, hiddenDim, size, nodes, seed: 0 });
      map.setWeights(weights);
      head.#model = { map, embedding, inDim, sharpness: found, mean };
      return head;
    } catch (cause) {
      embedding?.close();
      map?.close();
      if (cause?.code === 'ERR_CORRUPT' || cause?.code === 'ERR_OUT_OF_MEMORY') throw cause;
      throw new RuvectorError('ERR_CORRUPT', `expected the bytes of a TaxonomyHead: ${cause.message}`, { cause });
    }
  }

  save(path) {
    writeFile(pathOf(path), this.toBuffer());
  }

  static load(path) {
    return TaxonomyHead.fromBuffer(readFile(pathOf(path)));
  }

  /** Frees the native memory. Closing twice is fine. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#model?.map.close();
    this.#model?.embedding.close();
    this.#model = undefined;
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }
}

/** Whether an argument is many rows: an array of rows or {data, rows, dim}. */
function isMatrix(value) {
  if (tagOf(value) !== undefined) return false;
  return isList(value) ? typeof value[0] !== 'number' : has(value, 'rows');
}

guard(TaxonomyHead, isOne);

module.exports = { TaxonomyHead };
