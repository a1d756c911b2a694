'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
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

module.exports = Object.fromEntries(MEMBERS.filter(({ operations }) => operations).map((member) => [member.type, defineWithOperations(rowOf(member), MORE[member.family])]));
