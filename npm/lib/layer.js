'use strict';

const native = require('./native.js');
const { Handle } = require('./handle.js');
const inputs = require('./inputs.js');
const { packNeighbors } = require('./neighbors.js');
const { randomSeed } = require('./random.js');
const { fromObject, shapes, toObject, weightCount } = require('./layer-json.js');
const { isList, lengthOf, mismatch, RuvectorError, unexpected } = require('./errors.js');

const MADE = Symbol('made');
/** Parameters that fit in the longest string of V8 as JSON. */
const MOST_SAVED = 4e7;

/** The graph layer of @ruvector/gnn: attention over messages, weighted aggregation, GRU, layer norm. */
class RuvectorLayer extends Handle {
  #config;

  constructor(inputDim, hiddenDim, heads, dropout, options) {
    if (inputDim === MADE) {
      super(hiddenDim, RuvectorLayer);
      this.#config = heads;
      return;
    }
    const config = {
      inputDim: inputs.number(inputDim, 'inputDim'),
      hiddenDim: inputs.number(hiddenDim, 'hiddenDim'),
      heads: inputs.number(heads, 'heads'),
      dropout: inputs.number(dropout, 'dropout', 0.1),
      eps: 1e-5,
      seed: seedOf(options),
    };
    super(create(config), RuvectorLayer);
    this.#config = config;
  }

  /** What both passes read, the neighbours last: from then on no caller's getter runs. */
  #read(node, neighbors, edgeWeights) {
    const x = inputs.vector(node, 'node');
    const given = edgeWeights === undefined ? undefined : inputs.vector(edgeWeights, 'edgeWeights');
    const packed = packNeighbors(neighbors, this.#config.inputDim);
    return { x, w: given ?? inputs.allocate(packed.rows, 'edgeWeights').fill(1), ...packed };
  }

  /** One node with its neighbours; larger edge weights count more (default: all alike). */
  forward(node, neighbors = [], edgeWeights) {
    const handle = Handle.of(this, RuvectorLayer, 'this');
    const { x, w, data, rows, dim } = this.#read(node, neighbors, edgeWeights);
    const out = new Float32Array(this.#config.hiddenDim);
    native.layerForward(handle, x, data, rows, dim, w, out);
    return isList(node) ? Array.from(out) : out;
  }

  /** The gradients that `outputGradient` = d(loss)/d(output) of `forward` gives. */
  backward(node, neighbors = [], edgeWeights, outputGradient) {
    const handle = Handle.of(this, RuvectorLayer, 'this');
    const g = inputs.vector(outputGradient, 'outputGradient');
    const { x, w, data, rows, dim } = this.#read(node, neighbors, edgeWeights), { inputDim } = this.#config;
    const ends = [inputDim, rows * inputDim, lengthOf(w), weightCount(this.#config)];
    for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
    const all = inputs.allocate(ends[3], 'result');
    native.run(handle, 'backward', [x, data, w, g, all], Float64Array.of(-1, -1, rows, dim, -1, -1, -1, -1, -1, -1), 1, undefined);
    return {
      node: all.subarray(0, ends[0]), neighbors: all.subarray(ends[0], ends[1]), edgeWeights: all.subarray(ends[1], ends[2]),
      parameters: all.subarray(ends[2]),
    };
  }

  /** Names and shapes of the parameters, in the order of `getWeights`. */
  get parameters() {
    return shapes(RuvectorLayer.#configOf(this));
  }

  getWeights() {
    const handle = Handle.of(this, RuvectorLayer, 'this'), out = inputs.allocate(weightCount(this.#config), 'weights');
    native.weightsGet(handle, '', out);
    return out;
  }

  setWeights(weights) {
    const handle = Handle.of(this, RuvectorLayer, 'this'), w = inputs.vector(weights, 'weights'), count = weightCount(this.#config);
    if (lengthOf(w) !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} elements`, 'weights', lengthOf(w));
    native.weightsSet(handle, '', w);
  }

  /** The weights and settings as JSON, in the format of @ruvector/gnn. */
  toJson() {
    const handle = Handle.of(this, RuvectorLayer, 'this');
    const count = weightCount(this.#config);
    if (count > MOST_SAVED) throw mismatch('ERR_OUT_OF_MEMORY', `at most ${MOST_SAVED} parameters for a text`, 'this', count);
    const weights = new Float32Array(count);
    native.weightsGet(handle, '', weights);
    return JSON.stringify(toObject(this.#config, weights));
  }

  /** A layer from `toJson` of this or the package it replaces. ERR_CORRUPT for anything else. */
  static fromJson(json) {
    if (typeof json !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string of JSON', 'json', json);
    let object;
    try {
      object = JSON.parse(json);
    } catch (cause) {
      throw new RuvectorError('ERR_CORRUPT', `expected the JSON of a layer, received malformed JSON: ${cause.message}`, { cause });
    }
    const { config, weights } = fromObject(object);
    let handle;
    try {
      handle = create(config);
      native.weightsSet(handle, '', weights);
    } catch (cause) {
      if (cause.code === 'ERR_OUT_OF_MEMORY') throw cause;
      throw new RuvectorError('ERR_CORRUPT', `expected the JSON of a layer: ${cause.message}`, { cause });
    }
    return new RuvectorLayer(MADE, handle, config);
  }

  static #configOf(layer) {
    Handle.check(layer, RuvectorLayer, 'this');
    return layer.#config;
  }

  get inputDim() { return RuvectorLayer.#configOf(this).inputDim; }
  get hiddenDim() { return RuvectorLayer.#configOf(this).hiddenDim; }
  get heads() { return RuvectorLayer.#configOf(this).heads; }
  get dropout() { return RuvectorLayer.#configOf(this).dropout; }
  /** The seed of the initial weights; undefined for a layer read from JSON. */
  get seed() { return RuvectorLayer.#configOf(this).seed; }
}

function create(config) {
  const list = [];
  for (const [key, value] of Object.entries(config)) {
    if (value !== undefined) list.push(key, key === 'seed' ? BigInt.asUintN(64, BigInt(value)) : value);
  }
  return native.create('layer', 'ruvector', list);
}

/** A seed or {seed}; a random one, readable as `layer.seed`, where it is left out. */
function seedOf(options) {
  const isObject = typeof options === 'object' && options !== null && !isList(options);
  const seed = isObject ? inputs.options(options, ['seed']).seed : options;
  if (seed === undefined) return randomSeed();
  if (typeof seed === 'bigint' || Number.isSafeInteger(seed)) return seed;
  throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
}

module.exports = { RuvectorLayer };
