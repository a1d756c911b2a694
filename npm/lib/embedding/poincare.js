'use strict';

// PoincareEmbedding: points in hyperbolic space for the nodes of a hierarchy (Sources/RuvectorTraining/Embedding). Names: gensim's
// PoincareModel and the authors' program.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { threads: threadsOf } = require('../async.js');
const { HNSWIndex } = require('../indexes/hnsw.js');
const { pathOf, readFile, writeFile } = require('../files.js');
const { corrupt, pack, unpack } = require('../model-bytes.js');
const { guard } = require('../guard.js');
const { create, readOptions, scheduleOf, seedOf, wholeNumber } = require('./options.js');
const { Points } = require('./points.js');
const { readRelations } = require('./relations.js');
const { drive, driveLater, now, Pace, Turn, watcher } = require('../slices.js');
const { isList, mismatch, RuvectorError, unexpected } = require('../errors.js');

const MAGIC = 'RVPOINC1';
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
  #points;
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
    this.#points?.close();
    this.#points = undefined;
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

  #seen() {
    const model = this.#fitted();
    return this.#points ??= new Points(model, this.#options.size);
  }

  has(name) {
    return this.#seen().has(name);
  }

  /** The point of a node in the ball. */
  vector(name) {
    return this.#seen().vector(name);
  }

  /** All points, in the order of `names`. */
  vectors() {
    return this.#seen().all();
  }

  distance(a, b) {
    return this.#seen().distance(a, b);
  }

  /** Distance from the origin: the general lies near it, the special far out. */
  norm(name) {
    return Math.hypot(...this.vector(name));
  }

  /** The k nodes nearest to a node (itself left out) or to a point. */
  nearest(where, k = 10) {
    return this.#seen().near(where, k, () => true);
  }

  /** The nearest nodes that lie closer to the origin: what the embedding takes for its ancestors. */
  ancestors(where, k = 10) {
    return this.#seen().near(where, k, (norm, own) => norm < own);
  }

  /** The nearest nodes that lie farther out: what the embedding takes for its descendants. */
  descendants(where, k = 10) {
    return this.#seen().near(where, k, (norm, own) => norm > own);
  }

  /** An HNSWIndex of all points by name, of metric 'poincare'. */
  toIndex(options) {
    return this.#seen().indexOf(HNSWIndex, inputs.options(options, ['M', 'efConstruction', 'ef', 'seed', 'capacity']));
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
    const queries = given.nodes === undefined ? Uint32Array.from(names, (_, i) => i) : Uint32Array.from(given.nodes, (name, i) => this.#seen().number(name, `nodes[${i}]`));
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
      made = new PoincareEmbedding({ ...options, seed: seedOf(options.seed) });
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
    this.#points?.close();
    if (this.#model) native.close(this.#model.handle);
    [this.#model, this.#points] = [undefined, undefined];
  }

  [Symbol.dispose ?? Symbol.for('Symbol.dispose')]() {
    this.close();
  }
}

guard(PoincareEmbedding, isOne);

module.exports = { PoincareEmbedding };
