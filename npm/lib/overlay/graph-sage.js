'use strict';

// GraphSAGE: several GraphSAGELayers as one model, over a whole graph or over sampled neighbourhoods of some nodes.
const { guard } = require('../guard.js');
const inputs = require('../inputs.js');
const { NeighborSampler, graphOf, readSizes } = require('../gnn/sampler.js');
const { integer, sequential } = require('./embedder.js');
const { randomSeed } = require('../random.js');
const { mismatch, unexpected } = require('../errors.js');

const FIELDS = ['inputDim', 'hiddenDim', 'outputDim', 'numLayers', 'aggregator', 'sampleSizes', 'dropout', 'activation', 'normalize', 'seed'];

const AGGREGATORS = ['mean', 'max', 'sum', 'lstm'];

function layersOf({ inputDim, hiddenDim, outputDim, numLayers, aggregator, dropout, activation, normalize, seed }) {
  const list = [];
  for (let k = 0; k < numLayers; k++) {
    const isLast = k === numLayers - 1;
    if (dropout !== 0) list.push({ class: 'Dropout', options: { p: dropout } });
    list.push({ class: 'GraphSAGELayer', options: {
      inChannels: k === 0 ? inputDim : hiddenDim, outChannels: isLast ? outputDim : hiddenDim, aggr: aggregator, normalize: normalize && isLast,
      seed: BigInt.asIntN(64, BigInt(seed) + BigInt(k) * 1000n),
    } });
    if (!isLast) list.push({ class: 'Activation', options: { function: activation } });
  }
  return list;
}

let isGraphSAGE;
class GraphSAGE {
  #model;
  #sampler;
  #config;

  constructor(config) {
    const given = inputs.required(config, FIELDS, 'config'), { aggregator = 'mean', activation = 'relu', normalize = false, seed = randomSeed() } = given;
    if (!AGGREGATORS.includes(aggregator)) throw unexpected('ERR_INVALID_CONFIG', `one of ${AGGREGATORS.join(', ')}`, 'aggregator', aggregator);
    if (typeof normalize !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'normalize', normalize);
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) throw unexpected('ERR_INVALID_CONFIG', 'an integer', 'seed', seed);
    const inputDim = integer(given.inputDim, 'inputDim', undefined), outputDim = integer(given.outputDim, 'outputDim', inputDim), hiddenDim = integer(given.hiddenDim, 'hiddenDim', outputDim);
    const numLayers = integer(given.numLayers, 'numLayers', 2, 1, 16), sampleSizes = given.sampleSizes ?? Array.from({ length: numLayers }, () => 10);
    const sizes = readSizes(sampleSizes, 'sampleSizes');
    if (sizes.length !== numLayers) throw mismatch('ERR_INVALID_CONFIG', `${numLayers} numbers, one a layer,`, 'sampleSizes', sizes.length);
    const dropout = inputs.number(given.dropout, 'dropout', 0);
    this.#sampler = new NeighborSampler({ sizes: Array.from(sizes), seed });
    this.#config = Object.freeze({ inputDim, hiddenDim, outputDim, numLayers, aggregator, sampleSizes: Object.freeze(this.#sampler.sizes), dropout, activation, normalize, seed });
    this.#model = sequential(layersOf(this.#config));
  }

  /** What it was made of, with defaults. */
  get config() { return this.#config; }

  /** The layers as one model, for a Trainer, for weights. */
  get model() { return this.#model; }

  /** Rows of all nodes. `adjacency`: a Graph, or the sources of each node. */
  forward(features, adjacency, options) {
    const { graph, close } = graphOf(adjacency);
    try {
      return this.#model.forward(features, graph, undefined, options);
    } finally {
      close();
    }
  }

  /** The same under the name of GNNEmbedder. */
  encode(features, adjacency, _edgeAttr, options) {
    return GraphSAGE.prototype.forward.call(this, features, adjacency, options);
  }

  /** Rows of some nodes, in their order, over neighbourhoods that are drawn by the seed and the call's number (or `step`). */
  forwardMinibatch(features, adjacency, batchNodes, options) {
    return this.#sampler.forward(this.#model, features, adjacency, batchNodes, inputs.options(options, ['step', 'threads']));
  }

  get closed() { return this.#model.closed; }

  close() { this.#model.close(); }

  static {
    isGraphSAGE = (value) => typeof value === 'object' && value !== null && #model in value;
  }
}
guard(GraphSAGE, isGraphSAGE);

module.exports = { GraphSAGE };
