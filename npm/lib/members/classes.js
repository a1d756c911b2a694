'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { CLASSES, FAMILIES, makeOfLayers } = require('./layers.js');
const { MEMBERS, rowOf } = require('./rows.js');
const native = require('../native.js');
const inputs = require('../inputs.js');
const { threads: threadsOf } = require('../async.js');
const { handleOfFamily } = require('./member.js');
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

const MORE = { loss: LOSS, optimizer: OPTIMIZER };

const classes = {};
for (const member of MEMBERS.filter(({ operations }) => operations)) {
  const row = rowOf(member);
  for (const [name, { kind, native }] of row.options) {
    if (kind === 'children') Object.assign(row, { children: native, withChildren: (config, make) => makeOfLayers(name, config, make) });
  }
  const type = classes[member.type] = defineWithOperations(row, MORE[member.family]);
  if (FAMILIES.includes(member.family)) CLASSES[member.type] = type;
}

module.exports = classes;
