'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { ROWS, WALKS, layersOf, makeOfLayers } = require('./layers.js');
const { MEMBERS, rowOf } = require('./rows.js');
const native = require('../native.js');
const inputs = require('../inputs.js');
const { threads: threadsOf } = require('../async.js');
const { Member, handleOfFamily, stateOf } = require('./member.js');
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
    const { sizes, seed, ...rest } = inputs.options(options ?? null, ['sizes', 'seed', 'step', 'edgeAttr', 'threads']);
    const { NeighborSampler } = require('../gnn/sampler.js');
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

const MORE = { loss: LOSS, optimizer: OPTIMIZER, graph: GRAPH, walk: WALK };

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
  withEdgeFeatured: backend(['edgeDim', 'numHeads', 'negativeSlope', 'version'], (dim, options, seed) => ({ attention: mechanism('EdgeFeaturedAttention', dim, { edgeDim: 4, ...options }, seed) })),
  withDualSpace: backend(['curvature', 'euclideanWeight', 'hyperbolicWeight', 'temperature'], (dim, options, seed) => ({ attention: mechanism('DualSpaceAttention', dim, options, seed) })),
  withMoE: backend(['experts', 'topK', 'expertCapacity', 'balance'], (dim, options, seed) => ({ attention: mechanism('MoEAttention', dim, { experts: ['global', 'local'], topK: 1, ...options }, seed) })),
  withMultiHead: backend(['numHeads'], (dim, options, seed) => ({ attention: mechanism('MultiHeadAttention', dim, options, seed) })),
  withAttention: backend(['attention'], (_, { attention }) => ({ attention })),
};

const classes = {};
for (const member of MEMBERS.filter(({ operations }) => operations)) {
  const row = rowOf(member);
  for (const [name, { kind, native }] of row.options) {
    if (kind !== 'children') continue;
    const withChildren = member.family === 'layer'
      ? (config, make) => (require('../attention/classes.js'), require('../attention/experts.js').makeOfAttention(config, make)) // loaded when one is made
      : (config, make) => makeOfLayers(member.family === 'walk' ? WALKS : ROWS, name, config, make);
    Object.assign(row, { children: native, withChildren });
  }
  const type = classes[member.type] = defineWithOperations(row, MORE[member.family], member.family === 'layer' ? layerStatics : undefined);
  for (const { families, classes: made } of [ROWS, WALKS]) if (families.includes(member.family)) made[member.type] = (options) => new type(options);
}
WALKS.classes.RuvectorLayer = (options) => require('../overlay/layer.js').layerOfOptions(options); // loaded when one is made

module.exports = classes;
