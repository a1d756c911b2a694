'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { CLASSES, FAMILIES, makeOfLayers } = require('./layers.js');
const { MEMBERS, rowOf } = require('./rows.js');
const { plain, tagOf, unexpected } = require('../errors.js');

/** What losses have besides: the names of @ruvector/attention for "forward" and "valueAndGradients". */
const LOSS = {
  compute(...args) {
    return this.forward(...args);
  },
  computeWithGradients(...args) {
    const { loss, ...gradients } = this.valueAndGradients(...args);
    return { loss, gradients };
  },
};

/** What optimizers have besides. */
const OPTIMIZER = {
  /** A step of a caller's Float32Array, in place. */
  stepInPlace(parameters, gradients, learningRate, options) {
    if (tagOf(parameters) !== 'Float32Array') throw unexpected('ERR_INVALID_ARG', 'a Float32Array', 'parameters', parameters);
    plain(parameters).set(this.step(parameters, gradients, learningRate, options));
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
