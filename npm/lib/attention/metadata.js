'use strict';

// What is known of keys in a graph -> what a mechanism reads of it.
const { HNSWEdgeFeatureExtractor } = require('../overlay/edge-features.js');
const inputs = require('../inputs.js');
const { lengthOf } = require('../errors.js');

const FIELDS = ['distances', 'hnswLayers', 'edgeWeights', 'structuralFeatures', 'queryLayer', 'queryFeatures'];

/** The options of a call of one query by its metadata; what the mechanism does not read is left out. */
function fromMetadata({ extras: { context = [], keyOnly = [], features, edges }, sizes }, metadata) {
  const { distances, hnswLayers, edgeWeights, structuralFeatures, queryLayer, queryFeatures } = inputs.required(metadata, FIELDS, 'metadata'), options = {};
  if (context.includes('position') && distances !== undefined) Object.assign(options, { keyPositions: distances, queryPositions: [0] });
  if (context.includes('level') && !keyOnly.includes('level') && hnswLayers !== undefined) Object.assign(options, { keyLevels: hnswLayers, queryLevels: [inputs.number(queryLayer, 'metadata.queryLayer', 0)] });
  if (features && structuralFeatures !== undefined) Object.assign(options, { keyFeatures: structuralFeatures, ...(queryFeatures !== undefined && { queryFeatures }) });
  if (edges && sizes.edgeDim === 1 && edgeWeights !== undefined) {
    const data = inputs.vector(edgeWeights, 'metadata.edgeWeights');
    options.edges = { data, rows: lengthOf(data), dim: 1 };
  } else if (edges && sizes.edgeDim === 4 && distances !== undefined) {
    options.edges = new HNSWEdgeFeatureExtractor().extract({ distances, ...(hnswLayers !== undefined && { levels: hnswLayers }) });
  }
  return options;
}

module.exports = { fromMetadata };
