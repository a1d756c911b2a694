'use strict';

// @ruvector/gnn/attention
const native = require('../native.js');
const { Attention } = require('./attention.js');
const { MECHANISMS } = require('../overlay/attention.js');

const version = () => native.version();

/** What this module is and which mechanisms it has. */
const info = () => ({
  name: '@ruvector/gnn/attention',
  version: version(),
  description: 'Attention mechanisms in Swift for Node.js and WebAssembly',
  features: [...new Set(Object.values(MECHANISMS).map(({ native: name }) => name.replaceAll('_', '-')))],
});

module.exports = {
  ...require('./classes.js'),
  ...require('../overlay/functions.js'),
  ...require('../overlay/ball.js'),
  ...require('../overlay/edge-features.js'),
  ...require('./graph.js'),
  ...require('../overlay/sparse-graph.js'),
  ...require('../overlay/training.js'),
  Attention,
  Mixture: require('../overlay/mixture.js').Mixture,
  SparsityPattern: require('./pattern.js').SparsityPattern,
  RuvectorError: require('../errors.js').RuvectorError,
  info,
  version,
};
