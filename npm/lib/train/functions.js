'use strict';

// Losses as functions: `name(…inputs, options)` -> {loss, gradients: {input: …}}, the object made for the call. And negatives.
const classes = require('../members/classes.js');
const inputs = require('../inputs.js');
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

/** Names of strategies in @ruvector/gnn's README. */
const STRATEGIES = { distance: 'hardest', hard: 'hardest' };

/** Negatives for each anchor: numbers of candidates, k an anchor. */
function sampleHardNegatives(anchors, candidates, options) {
  const { positives, degrees, strategy = 'hardest', ...rest } = inputs.options(options, ['positives', 'degrees', 'strategy', 'k', 'margin', 'metric', 'seed']);
  const miner = new classes.NegativeMiner({ strategy: typeof strategy === 'string' && Object.hasOwn(STRATEGIES, strategy) ? STRATEGIES[strategy] : strategy, ...rest });
  try {
    return miner.mine(anchors, candidates, positives, degrees);
  } finally {
    miner.close();
  }
}

module.exports = { ...losses, sampleHardNegatives };
