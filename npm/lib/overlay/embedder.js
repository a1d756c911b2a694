'use strict';

// GNNEmbedder: vectors and a graph -> embeddings, by a few layers of one kind.
const classes = require('../members/classes.js');
const { guard } = require('../guard.js');
const inputs = require('../inputs.js');
const { randomSeed } = require('../random.js');
const { renamed, unexpected } = require('../errors.js');

const FIELDS = ['layer', 'inputDim', 'hiddenDim', 'outputDim', 'numLayers', 'numHeads', 'edgeDim', 'dropout', 'activation', 'normalize', 'seed'];
/** Name of a kind -> its class, and whether it has heads and reads edges. */
const LAYERS = { gcn: ['GCNLayer'], gat: ['GATLayer', true], gatv2: ['GATv2Layer', true], sage: ['GraphSAGELayer'], transformer: ['TransformerLayer', true] };

/** An integer from `least` to `most`. */
function integer(value, name, standard, least = 1, most = 65536) {
  const x = inputs.number(value, name, standard);
  if (Number.isInteger(x) && x >= least && x <= most) return x;
  throw unexpected('ERR_INVALID_CONFIG', `an integer in ${least}...${most}`, name, value);
}

/** A Sequential; what its layers say of their options is said of the config's. */
function sequential(layers) {
  try {
    return new classes.Sequential({ layers });
  } catch (error) {
    throw renamed(error, ({ subject }) => {
      const name = subject.slice(subject.lastIndexOf('.') + 1);
      return { subject: { p: 'dropout', function: 'activation' }[name] ?? name };
    });
  }
}

/** The descriptions of the layers of a configuration. */
function layersOf(config) {
  const { layer, inputDim, hiddenDim, outputDim, numLayers, numHeads, edgeDim, dropout, activation, normalize, seed } = config, [type, hasHeads] = LAYERS[layer], list = [];
  for (let k = 0; k < numLayers; k++) {
    const isLast = k === numLayers - 1, from = k === 0 ? inputDim : hiddenDim, to = isLast ? outputDim : hiddenDim;
    const own = BigInt.asIntN(64, BigInt(seed) + BigInt(k) * 1000n), heads = hasHeads && !isLast ? numHeads : 1;
    if (dropout !== 0) list.push({ class: 'Dropout', options: { p: dropout } });
    list.push({ class: type, options: {
      inChannels: from, outChannels: to / heads, seed: own, ...(hasHeads ? { heads, edgeDim } : {}), ...(type === 'GraphSAGELayer' ? { normalize: normalize && isLast } : {}),
    } });
    if (!isLast) list.push({ class: 'Activation', options: { function: activation } });
  }
  return list;
}

let isGNNEmbedder;
class GNNEmbedder {
  #model;
  #config;

  constructor(config) {
    const given = inputs.required(config, FIELDS, 'config'), { layer = 'sage', activation = 'relu', normalize = false, seed = randomSeed() } = given;
    if (typeof layer !== 'string' || !Object.hasOwn(LAYERS, layer)) throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(LAYERS).join(', ')}`, 'layer', layer);
    if (typeof normalize !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'normalize', normalize);
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    const inputDim = integer(given.inputDim, 'inputDim', undefined), outputDim = integer(given.outputDim, 'outputDim', inputDim);
    const hiddenDim = integer(given.hiddenDim, 'hiddenDim', outputDim), numLayers = integer(given.numLayers, 'numLayers', 2, 1, 16), numHeads = integer(given.numHeads, 'numHeads', 1, 1, 1024);
    if (LAYERS[layer][1] && hiddenDim % numHeads !== 0) throw unexpected('ERR_INVALID_CONFIG', `a divisor of ${hiddenDim}`, 'numHeads', numHeads);
    const edgeDim = integer(given.edgeDim, 'edgeDim', 0, 0), dropout = inputs.number(given.dropout, 'dropout', 0);
    if (edgeDim > 0 && !LAYERS[layer][1]) throw unexpected('ERR_INVALID_CONFIG', `0 for layers ${layer}, which read no edges,`, 'edgeDim', edgeDim);
    this.#config = Object.freeze({ layer, inputDim, hiddenDim, outputDim, numLayers, numHeads, edgeDim, dropout, activation, normalize, seed });
    this.#model = sequential(layersOf(this.#config));
  }

  /** What it was made of, with defaults. */
  get config() {
    return this.#config;
  }

  /** The layers as one model, for a Trainer, for weights. */
  get model() {
    return this.#model;
  }

  #rows(rows) {
    if (!this.#config.normalize || this.#config.layer === 'sage') return rows;
    const { data, dim } = rows;
    for (let at = 0; at < data.length; at += dim) {
      const row = data.subarray(at, at + dim), length = Math.max(Math.sqrt(row.reduce((sum, x) => sum + x * x, 0)), 1e-12);
      row.forEach((x, c) => { row[c] = x / length; });
    }
    return rows;
  }

  /** Embeddings of the nodes of a graph: rows of `outputDim`. */
  encode(vectors, graph, edgeAttr, options) {
    return this.#rows(this.#model.forward(vectors, graph, edgeAttr, options));
  }

  async encodeAsync(vectors, graph, edgeAttr, options) {
    return this.#rows(await this.#model.forwardAsync(vectors, graph, edgeAttr, options));
  }

  get closed() {
    return this.#model.closed;
  }

  close() {
    this.#model.close();
  }

  static {
    isGNNEmbedder = (value) => typeof value === 'object' && value !== null && #model in value;
  }
}
guard(GNNEmbedder, isGNNEmbedder);

module.exports = { GNNEmbedder, integer, sequential };
