'use strict';

// Losses as functions: `name(…inputs, options)` -> {loss, gradients: {input: …}}, the object made for the call.
const classes = require('../members/classes.js');
const { MEMBERS, rowOf } = require('../members/rows.js');

function functionOf(row) {
  const type = classes[row.class], ports = row.operations.forward.inputs;
  return {
    [row.native](...args) {
      const loss = new type(args[ports.length]);
      try {
        return loss.computeWithGradients(...args.slice(0, ports.length));
      } finally {
        loss.close();
      }
    },
  }[row.native];
}

const losses = Object.fromEntries(MEMBERS.filter(({ family }) => family === 'loss').map((member) => [member.name, functionOf(rowOf(member))]));

module.exports = losses;
