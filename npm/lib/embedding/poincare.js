'use strict';

// PoincareEmbedding: points in hyperbolic space for the nodes of a hierarchy (Sources/RuvectorTraining/Embedding). Names: gensim's
// PoincareModel and the authors' program.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { threads: threadsOf } = require('../async.js');
const { randomSeed } = require('../random.js');
const { dist } = /** @type {any} */ (require('../geometry.js'));
const { BruteForceIndex } = require('../indexes/brute-force.js');
const { HNSWIndex } = require('../indexes/hnsw.js');
const { pathOf, readFile, writeFile } = require('../files.js');
const { corrupt, pack, unpack } = require('../model-bytes.js');
const { guard } = require('../guard.js');
const { readRelations } = require('./relations.js');
const { drive, driveLater, now, Pace, Turn, watcher } = require('./slices.js');
const { isList, lengthOf, mismatch, RuvectorError, unexpected } = require('../errors.js');

const MAGIC = 'RVPOINC1';
/** What the native side takes; the others are of training. */
const MADE_WITH = ['size', 'negative', 'epsilon', 'initRange', 'dampening', 'batchSize', 'manifold', 'seed'];
const OPTIONS = [...MADE_WITH, 'alpha', 'lr', 'burnIn', 'burnInAlpha', 'epochs', 'dim', 'negs'];
const STANDARD = { size: 10, negative: 50, epsilon: 1e-5, initRange: 1e-4, dampening: 0.25, batchSize: 10, manifold: 'ball', burnIn: 20, epochs: 300 };

/** One of two names for an option. */
function either(options, name, other) {
  if (options[name] !== undefined && options[other] !== undefined) throw mismatch('ERR_INVALID_CONFIG', `${name} or ${other}`, 'options', 'both');
  return options[name] ?? options[other];
}

/** A learning rate. */
function rateOf(value, name) {
  if (typeof value !== 'number') throw unexpected('ERR_INVALID_ARG', 'a number', name, value);
  if (!(value > 0 && value <= 1000)) throw unexpected('ERR_OUT_OF_RANGE', 'a number > 0, at most 1000', name, value);
  return value;
}

function wholeNumber(value, name, most = 1e9) {
  if (!(Number.isInteger(inputs.number(value, name)) && value >= 0 && value <= most)) throw unexpected('ERR_OUT_OF_RANGE', `an integer in 0...${most}`, name, value);
  return value;
}

/** alpha as a function of the epoch; `lr`, which is for the mean of a batch, is batchSize times that. */
function scheduleOf(options, batchSize) {
  either(options, 'alpha', 'lr');
  const name = options.lr === undefined ? 'alpha' : 'lr', given = options[name] ?? 0.05, divisor = name === 'lr' ? batchSize : 1;
  if (typeof given === 'function') return { alpha: (epoch) => rateOf(given(epoch), `${name}(${epoch})`) / divisor, fixed: undefined };
  const alpha = rateOf(given, name) / divisor;
  return { alpha: () => alpha, fixed: alpha };
}

/** The options of a constructor, read: those of the native side are checked there. */
function readOptions(given) {
  const options = inputs.options(given, OPTIONS);
  /** @type {any} */
  const read = {};
  for (const name of MADE_WITH) {
    const other = { size: 'dim', negative: 'negs' }[name], value = (other ? either(options, name, other) : options[name]) ?? STANDARD[name];
    if (name === 'seed') read.seed = value === undefined ? randomSeed() : value;
    else if (name === 'manifold') read.manifold = value;
    else read[name] = inputs.number(value, name);
  }
  if (typeof read.seed !== 'bigint' && !Number.isSafeInteger(read.seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', read.seed);
  if (typeof read.manifold !== 'string' || read.manifold.includes('\0')) throw unexpected('ERR_INVALID_CONFIG', 'ball or hyperboloid', 'manifold', read.manifold);
  read.epochs = wholeNumber(options.epochs ?? STANDARD.epochs, 'epochs');
  read.burnIn = wholeNumber(options.burnIn ?? STANDARD.burnIn, 'burnIn');
  native.close(create(read, 1)); // the native side looks at the others
  const { alpha, fixed } = scheduleOf(options, read.batchSize);
  const burnInAlpha = options.burnInAlpha === undefined ? undefined : rateOf(options.burnInAlpha, 'burnInAlpha');
  return { ...read, alpha, fixedAlpha: fixed, burnInAlpha };
}

/** A native embedding of so many nodes. */
function create(options, nodes) {
  const list = ['nodes', nodes];
  for (const name of MADE_WITH) list.push(name, name === 'seed' ? BigInt.asUintN(64, BigInt(options.seed)) : options[name]);
  return native.create('embedding', 'poincare', list);
}

/** A native call of an operation, at once or off the event loop. */
const call = (handle, operation, buffers, threads = 1) => (isLater) => {
  const shapes = new Float64Array(2 * buffers.length).fill(-1);
  return isLater
    ? native.runAsync(handle, operation, buffers, shapes, threads, new Uint32Array(1))
    : native.run(handle, operation, buffers, shapes, threads, undefined);
};

let isOne;

class PoincareEmbedding {
  static {
    isOne = (value) => typeof value === 'object' && value !== null && #options in value;
  }

  /** @type {any} */
  #options;
  /** {handle, names, numbers, children, parents, epoch, position, points} once it is fitted. */
  #model;
  #exact;
  #turn = new Turn();
  #isClosed = false;

  constructor(options) {
    this.#options = readOptions(options);
  }

  // ---- What it is made of

  get size() { return this.#options.size; }
  get dim() { return this.#options.size; }
  get negative() { return this.#options.negative; }
  get epsilon() { return this.#options.epsilon; }
  get initRange() { return this.#options.initRange; }
  get dampening() { return this.#options.dampening; }
  get batchSize() { return this.#options.batchSize; }
  get manifold() { return this.#options.manifold; }
  get seed() { return this.#options.seed; }
  get burnIn() { return this.#options.burnIn; }
  get alpha() { return this.#options.fixedAlpha; }
  get burnInAlpha() { return this.#options.burnInAlpha; }

  /** Epochs that it is trained for. */
  get epoch() { return this.#model?.epoch ?? 0; }
  get names() { return this.#model ? this.#model.names.slice() : []; }
  get count() { return this.#model?.names.length ?? 0; }
  get closed() { return this.#isClosed; }

  // ---- Training

  /** Learns relations [child, ancestor], from the beginning. */
  async fit(relations, options) {
    return this.#exclusively(() => driveLater(this.#fit(relations, options)));
  }

  fitSync(relations, options) {
    return this.#exclusivelyNow(() => drive(this.#fit(relations, options)));
  }

  /** Goes on with the same relations. */
  async train(options) {
    return this.#exclusively(() => driveLater(this.#train(this.#fitted(), options)));
  }

  trainSync(options) {
    return this.#exclusivelyNow(() => drive(this.#train(this.#fitted(), options)));
  }

  * #fit(relations, options) {
    const given = inputs.options(options, ['nodes', 'closure', 'epochs', 'alpha', 'lr', 'onProgress', 'signal', 'threads']);
    const settings = this.#settings(given);
    const { names, numbers, children, parents, cycles, loops } = readRelations(relations, given);
    settings.check();
    const handle = create(this.#options, names.length);
    let isKept = false;
    try {
      yield call(handle, 'relations', [children, parents, new Float64Array(1)]);
      const model = { handle, names, numbers, children, parents, epoch: 0, position: 0, points: new Float32Array(0) };
      const report = yield* this.#steps(model, settings, () => {
        isKept = true;
        this.#adopt(model);
      });
      return { ...report, nodes: names.length, pairs: children.length, cycles, loops };
    } finally {
      if (!isKept) native.close(handle);
    }
  }

  * #train(model, options) {
    const given = inputs.options(options, ['epochs', 'alpha', 'lr', 'onProgress', 'signal', 'threads']);
    const report = yield* this.#steps(model, this.#settings(given), () => this.#adopt(model));
    return { ...report, nodes: model.names.length, pairs: model.children.length };
  }

  #settings(given) {
    const options = this.#options, isOther = given.alpha !== undefined || given.lr !== undefined;
    return {
      epochs: wholeNumber(given.epochs ?? options.epochs, 'epochs'), threads: threadsOf(given.threads), ...watcher(given),
      alpha: isOther ? scheduleOf(given, options.batchSize).alpha : options.alpha,
    };
  }

  /** Epochs in slices; `keep` is called with what they have made, also where they are called off in between. */
  * #steps(model, { epochs, threads, alpha, tell, check }, keep) {
    const { handle } = model, pairs = model.children.length, end = model.epoch + epochs, first = model.epoch, losses = [], pace = new Pace(500);
    const rate = (epoch) => (epoch < this.#options.burnIn ? this.#options.burnInAlpha ?? alpha(epoch) / 100 : alpha(epoch));
    let loss = 0, seen = 0, isTrained = epochs === 0;
    const progress = (epoch) => ({ epoch, epochs: end, done: epochs === 0 ? 1 : (model.epoch + model.position / pairs - first) / epochs, loss: losses.at(-1) });
    try {
      while (model.epoch < end) {
        check();
        const out = new Float64Array(4), start = now();
        yield call(handle, 'train', [Float64Array.of(rate(model.epoch), pace.next), out], threads);
        isTrained = true;
        pace.note(out[1], now() - start);
        [loss, seen] = [loss + out[0], seen + out[1]];
        if (out[2] > model.epoch) {
          losses.push(loss / seen);
          [loss, seen] = [0, 0];
        }
        [model.epoch, model.position] = [out[2], out[3]];
        tell(progress(model.epoch));
      }
    } finally {
      if (isTrained && !this.#isClosed) {
        const points = inputs.allocate(model.names.length * this.#options.size, 'points');
        call(handle, 'points', [points])(false);
        model.points = points;
        keep();
      }
    }
    return { epochs: model.epoch, losses };
  }

  /** `model` takes the place of what was here. */
  #adopt(model) {
    this.#exact?.close();
    this.#exact = undefined;
    if (this.#model && this.#model !== model) native.close(this.#model.handle);
    this.#model = model;
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

  #exclusivelyNow(run) {
    this.#check();
    this.#turn.begin();
    try {
      return run();
    } finally {
      this.#turn.end();
    }
  }

  #check() {
    if (this.#isClosed) throw mismatch('ERR_CLOSED', 'an open PoincareEmbedding', 'this', 'a closed one');
  }

  #fitted() {
    this.#check();
    if (!this.#model) throw mismatch('ERR_EMPTY_INPUT', 'an embedding that is fitted', 'this', 'one that is not');
    return this.#model;
  }

  // ---- Points

  has(name) {
    return this.#fitted().numbers.has(name);
  }

  #number(name, what = 'name') {
    const number = this.#fitted().numbers.get(name);
    if (number === undefined) throw unexpected('ERR_NOT_FOUND', 'the name of a node', what, name);
    return number;
  }

  /** The point of a node in the ball. */
  vector(name) {
    const i = this.#number(name), { size } = this.#options;
    return this.#model.points.slice(i * size, (i + 1) * size);
  }

  /** All points, in the order of `names`. */
  vectors() {
    const { points, names } = this.#fitted();
    return { data: points.slice(), rows: names.length, dim: this.#options.size };
  }

  /** A node's point, or a point given as a vector. */
  #point(where, name = 'query') {
    if (typeof where === 'string') return this.vector(where);
    this.#fitted();
    const vector = inputs.ownVector(where, name);
    if (lengthOf(vector) !== this.#options.size) throw mismatch('ERR_DIMENSION_MISMATCH', `${this.#options.size} elements`, name, lengthOf(vector));
    return vector;
  }

  distance(a, b) {
    return dist(Float64Array.from(this.#point(a, 'a')), Float64Array.from(this.#point(b, 'b')));
  }

  /** Distance from the origin: the general lies near it, the special far out. */
  norm(name) {
    return Math.hypot(...this.vector(name));
  }

  /** All nodes by their distance from a node or a point: those for which `keep(norm)` holds, k of them. */
  #near(where, k, keep) {
    const { names, points, numbers } = this.#fitted(), { size } = this.#options, query = this.#point(where), wanted = inputs.count(k, 'k');
    this.#exact ??= this.#indexOf(BruteForceIndex, {});
    const own = typeof where === 'string' ? numbers.get(where) : -1, found = [];
    for (let asked = wanted + 1; ; asked *= 4) {
      const { keys, distances } = this.#exact.search(query, Math.min(asked, names.length));
      found.length = 0;
      keys.forEach((name, rank) => {
        const i = numbers.get(name);
        if (i !== own && found.length < wanted && keep(Math.hypot(...points.subarray(i * size, (i + 1) * size)))) found.push({ name, distance: distances[rank] });
      });
      if (found.length === wanted || asked >= names.length) return found;
    }
  }

  /** The k nodes nearest to a node (itself left out) or to a point. */
  nearest(where, k = 10) {
    return this.#near(where, k, () => true);
  }

  /** The nearest nodes that lie closer to the origin: what the embedding takes for its ancestors. */
  ancestors(where, k = 10) {
    const own = Math.hypot(...this.#point(where));
    return this.#near(where, k, (norm) => norm < own);
  }

  /** The nearest nodes that lie farther out: what the embedding takes for its descendants. */
  descendants(where, k = 10) {
    const own = Math.hypot(...this.#point(where));
    return this.#near(where, k, (norm) => norm > own);
  }

  #indexOf(Index, options) {
    const { names, points } = this.#fitted(), { size } = this.#options;
    const index = new Index({ ...options, dim: size, metric: 'poincare', curvature: -1, keys: 'string' });
    try {
      index.addBatch(names, { data: points, rows: names.length, dim: size });
      return index;
    } catch (error) {
      index.close();
      throw error;
    }
  }

  /** An HNSWIndex of all points by name, of metric 'poincare'. */
  toIndex(options) {
    return this.#indexOf(HNSWIndex, inputs.options(options, ['M', 'efConstruction', 'ef', 'seed', 'capacity']));
  }

  // ---- How good it is

  /**
   * {meanRank, map} of what is above a node among all that is not, by distance: over all nodes, or those of `nodes`.
   */
  async evaluate(options) {
    return this.#exclusively(() => driveLater(this.#evaluate(options)));
  }

  evaluateSync(options) {
    return this.#exclusivelyNow(() => drive(this.#evaluate(options)));
  }

  async meanRank(options) {
    return (await this.evaluate(options)).meanRank;
  }

  async map(options) {
    return (await this.evaluate(options)).map;
  }

  * #evaluate(options) {
    const { handle, names } = this.#fitted(), given = inputs.options(options, ['nodes', 'onProgress', 'signal', 'threads']);
    const threads = threadsOf(given.threads), { tell, check } = watcher(given), pace = new Pace(8);
    if (given.nodes !== undefined && !isList(given.nodes)) throw unexpected('ERR_INVALID_ARG', 'an array of names', 'nodes', given.nodes);
    const queries = given.nodes === undefined ? Uint32Array.from(names, (_, i) => i) : Uint32Array.from(given.nodes, (name, i) => this.#number(name, `nodes[${i}]`));
    let ranks = 0, pairs = 0, precision = 0, nodes = 0;
    for (let at = 0; at < queries.length;) {
      check();
      const part = queries.slice(at, at + pace.next), out = new Float64Array(3 * part.length), start = now();
      yield call(handle, 'ranks', [part, out], threads);
      pace.note(part.length, now() - start);
      at += part.length;
      for (let i = 0; i < out.length; i += 3) {
        if (out[i + 1] === 0) continue; // nothing is above it
        ranks += out[i];
        pairs += out[i + 1];
        precision += out[i + 2];
        nodes++;
      }
      tell({ done: at / queries.length });
    }
    if (nodes === 0) throw mismatch('ERR_EMPTY_INPUT', 'nodes that something is above', 'nodes', 'none');
    return { meanRank: ranks / pairs, map: precision / nodes, pairs, nodes };
  }

  // ---- Files

  /** All of it as bytes: names, relations, points in doubles; training goes on from them as it would have. */
  toBuffer() {
    const { handle, names, children, parents, epoch, position } = this.#fitted(), { alpha, fixedAlpha, seed, ...rest } = this.#options;
    this.#turn.begin();
    try {
      const stride = (rest.size + 8) & ~7, state = inputs.allocate(names.length * stride, 'state', Float64Array);
      call(handle, 'save', [state])(false);
      return pack(MAGIC, { options: { ...rest, alpha: fixedAlpha, seed: String(seed) }, names, epoch, position }, { children, parents, state });
    } finally {
      this.#turn.end();
    }
  }

  /** From the bytes of `toBuffer`, or of a file that `save` wrote. */
  static fromBuffer(bytes) {
    /** @type {any} */
    const unpacked = unpack(MAGIC, bytes), { header, arrays } = unpacked, { options, names, epoch, position } = header;
    const { children, parents, state } = arrays;
    let made;
    try {
      made = new PoincareEmbedding({ ...options, seed: BigInt(options.seed) });
      const stride = (made.size + 8) & ~7;
      if (state.length !== names.length * stride) throw corrupt(`${names.length * stride} numbers`, 'state', state.length);
      const { numbers } = readRelations({ names, children, parents });
      const handle = create(made.#options, names.length), points = new Float32Array(names.length * made.size);
      try {
        call(handle, 'relations', [children, parents, new Float64Array(1)])(false);
        call(handle, 'load', [state, Float64Array.of(epoch, position), new Float64Array(1)])(false);
        call(handle, 'points', [points])(false);
      } catch (error) {
        native.close(handle);
        throw error;
      }
      made.#model = { handle, names, numbers, children, parents, epoch, position, points };
      return made;
    } catch (cause) {
      if (cause?.code === 'ERR_CORRUPT' || cause?.code === 'ERR_OUT_OF_MEMORY') throw cause;
      throw new RuvectorError('ERR_CORRUPT', `expected the bytes of a PoincareEmbedding: ${cause.message}`, { cause });
    }
  }

  /** Writes a file; one of that name is replaced at once. */
  save(path) {
    writeFile(pathOf(path), this.toBuffer());
  }

  static load(path) {
    return PoincareEmbedding.fromBuffer(readFile(pathOf(path)));
  }

  /** Frees the native memory; calls in flight end with ERR_CLOSED. Closing twice is fine. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#exact?.close();
    if (this.#model) native.close(this.#model.handle);
    [this.#model, this.#exact] = [undefined, undefined];
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }
}

guard(PoincareEmbedding, isOne);

module.exports = { PoincareEmbedding };
