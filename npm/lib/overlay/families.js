'use strict';

// What the classes of generated families have besides their operations: the names of the packages that are replaced, and what is put
// together of several calls.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { threads: threadsOf } = require('../async.js');
const { NeighborSampler } = require('../gnn/sampler.js');
const { WALKS, layersOf } = require('../members/layers.js');
const { Member, handleOfFamily, stateOf } = require('../members/member.js');
const { layerOfOptions } = require('./layer.js');
const { tagOf, unexpected } = require('../errors.js');

const NOTHING = new Float32Array(0);

/** What losses have besides: the names of @ruvector/attention for "forward" and "valueAndGradients". */
const LOSS = {
  compute(...args) {
    handleOfFamily(this, 'loss', 'a loss', 'this');
    return this.forward(...args);
  },
  computeWithGradients(...args) {
    handleOfFamily(this, 'loss', 'a loss', 'this');
    const { loss, ...gradients } = this.valueAndGradients(...args);
    return { loss, gradients };
  },
};

/** What optimizers have besides. */
const OPTIMIZER = {
  /** A step of a caller's Float32Array, in place: it is the input and the output. */
  stepInPlace(parameters, gradients, learningRate, options) {
    if (tagOf(parameters) !== 'Float32Array') throw unexpected('ERR_INVALID_ARG', 'a Float32Array', 'parameters', parameters);
    const handle = handleOfFamily(this, 'optimizer', 'an optimizer', 'this'), { threads } = inputs.options(options, ['threads']), rate = learningRate === undefined ? NOTHING : typeof learningRate === 'number' ? Float32Array.of(learningRate) : inputs.vector(learningRate, 'learningRate');
    native.run(handle, 'step', [parameters, inputs.vector(gradients, 'gradients'), rate, parameters], new Float64Array(8).fill(-1), threadsOf(threads), undefined);
  },
};

/** What layers over graphs have besides. */
const GRAPH = {
  /** Rows of some nodes, over neighbourhoods of at most `sizes[h]` entries a node in hop h. */
  forwardMinibatch(x, graph, nodes, options) {
    handleOfFamily(this, 'graph', 'a layer over graphs', 'this');
    const { sizes, seed, ...rest } = inputs.required(options, ['sizes', 'seed', 'step', 'edgeAttr', 'threads']);
    return new NeighborSampler({ sizes, ...(seed !== undefined && { seed }) }).forward(this, x, graph, nodes, rest);
  },
};

/** What walks have besides. */
const WALK = {
  /** The layers with the weights that they have now, as objects of their own: for `hierarchicalForwardV2`, or a text each. */
  toLayers() {
    handleOfFamily(this, 'walk', 'a walk', 'this');
    return layersOf(WALKS, stateOf(this).config.layers, Member.prototype.getWeights.call(this));
  },
};
WALKS.classes.RuvectorLayer = layerOfOptions;

/** RuvectorLayerV2: `withHyperbolic(inputDim, hiddenDim, options)` and so on; options are the mechanism's and `seed`, `eps`. */
const layerStatics = (type) => Object.fromEntries(Object.entries(ATTENTION).map(([name, make]) => [name, (inputDim, hiddenDim, options) => {
  const { seed, eps, ...rest } = inputs.options(options, ['seed', 'eps', ...make.options]), own = Object.fromEntries(Object.entries({ seed, eps }).filter(([, value]) => value !== undefined));
  return new type({ inputDim, hiddenDim, ...own, ...make(hiddenDim, rest, seed) });
}]));

/** A mechanism by its class, with a seed where it has one. */
const mechanism = (type, dim, options, seed) => ({ class: type, options: { ...(type === 'EdgeFeaturedAttention' ? { nodeDim: dim } : { dim }), ...options, ...(seed !== undefined && { seed }) } });
const backend = (options, make) => Object.assign(make, { options });
const ATTENTION = {
  withHyperbolic: backend(['curvature', 'temperature', 'maps', 'frechet'], (dim, options) => ({ attention: mechanism('HyperbolicAttention', dim, options), ball: true, curvature: -Math.abs(inputs.number(options.curvature, 'curvature', -1)) })),
  withEdgeFeatured: backend(['edgeDim', 'numHeads', 'negativeSlope', 'version'], (dim, options, seed) => ({ attention: mechanism('EdgeFeaturedAttention', dim, { ...options, edgeDim: options.edgeDim ?? 4 }, seed) })),
  withDualSpace: backend(['curvature', 'euclideanWeight', 'hyperbolicWeight', 'temperature'], (dim, options, seed) => ({ attention: mechanism('DualSpaceAttention', dim, options, seed) })),
  withMoE: backend(['experts', 'topK', 'expertCapacity', 'balance'], (dim, options, seed) => ({ attention: mechanism('MoEAttention', dim, { ...options, experts: options.experts ?? ['global', 'local'], topK: options.topK ?? 1 }, seed) })),
  withMultiHead: backend(['numHeads'], (dim, options, seed) => ({ attention: mechanism('MultiHeadAttention', dim, options, seed) })),
  withAttention: backend(['attention'], (_, { attention }) => ({ attention })),
};

/** Family -> {methods, statics}. */
const MORE = { loss: { methods: LOSS }, optimizer: { methods: OPTIMIZER }, graph: { methods: GRAPH }, walk: { methods: WALK }, layer: { statics: layerStatics } };

module.exports = { MORE };
