'use strict';

// What classes have besides the methods of all: the names of @ruvector/attention.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { computeOne } = require('../attention/attention.js');
const { points } = require('../attention/arguments.js');
const { handleOf, stateOf } = require('../members/member.js');
const { matrix } = require('../matrices.js');
const { MECHANISMS } = require('./attention.js');
const { lengthOf, mismatch, unexpected } = require('../errors.js');

/** A distance in hops as a position: exact up to 8, by its order of magnitude beyond. */
function encodeDistance(distance, maxPosition) {
  for (const [value, name] of [[distance, 'distance'], [maxPosition, 'maxPosition']]) {
    if (!(Number.isInteger(inputs.number(value, name)) && value >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 0', name, value);
  }
  return distance <= 8 ? distance : 8 + Math.min(Math.ceil(Math.log2(distance)), Math.max(maxPosition - 8, 0));
}

/** Class -> its own methods and static functions. */
const MEMBERS = {
  MoEAttention: {
    statics: (type) => ({
      /** As in @ruvector/attention; the same weights each time. */
      simple: (dim, numExperts, topK) => new type(dim, numExperts, topK),
    }),
  },
  HyperbolicAttention: {
    statics: (type) => ({
      /** `adaptive` has no effect, as in @ruvector/attention. */
      withConfig: (dim, curvature, adaptive, temperature) => new type({ dim, curvature, temperature, frechet: true }),
    }),
  },
  EdgeFeaturedAttention: {
    methods: {
      computeWithEdges(query, keys, values, edges) {
        stateOf(this, MECHANISMS.EdgeFeaturedAttention);
        if (edges === undefined) throw unexpected('ERR_INVALID_ARG', 'a matrix', 'edges', edges);
        return computeOne(this, query, keys, values, { edges });
      },
    },
    statics: (type) => ({ simple: (nodeDim, edgeDim, numHeads) => new type({ nodeDim, edgeDim, numHeads, seed: 0 }) }),
  },
  GraphRoPEAttention: {
    methods: {
      computeWithPositions(query, keys, values, queryPosition, keyPositions) {
        stateOf(this, MECHANISMS.GraphRoPEAttention);
        const place = Math.fround(inputs.number(queryPosition, 'queryPosition')); // named here: the options call it queryPositions
        if (!Number.isFinite(place)) throw unexpected('ERR_NON_FINITE', 'a finite number', 'queryPosition', queryPosition);
        if (place < 0) throw unexpected('ERR_OUT_OF_RANGE', 'positions >= 0', 'queryPosition', queryPosition);
        if (keyPositions === undefined) throw unexpected('ERR_INVALID_ARG', 'a Float32Array, Float64Array or number[]', 'keyPositions', keyPositions);
        return computeOne(this, query, keys, values, { queryPositions: [place], keyPositions });
      },
      applyRotary(vector, position) {
        const { config: { dim } } = stateOf(this, MECHANISMS.GraphRoPEAttention), handle = handleOf(this);
        const x = inputs.vector(vector, 'vector');
        if (lengthOf(x) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'vector', lengthOf(x));
        const out = new Float32Array(dim), place = Float32Array.of(inputs.number(position, 'position'));
        native.run(handle, 'rotate', [x, place, out], Float64Array.of(-1, -1, -1, -1, -1, -1), 1, undefined);
        return out;
      },
    },
    statics: (type) => ({ simple: (dim, maxPosition) => new type(dim, maxPosition), distanceToPosition: encodeDistance, encodeDistance }),
  },
  DualSpaceAttention: {
    methods: {
      getSpaceContributions(queries, keys) {
        const { config: { dim } } = stateOf(this, MECHANISMS.DualSpaceAttention), handle = handleOf(this);
        const q = points(queries, 'queries', dim), k = matrix(keys, 'keys');
        if (k.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 key', 'keys', 0);
        const pairs = q.rows * k.rows, out = inputs.allocate(2 * pairs, 'result');
        native.run(handle, 'contributions', [q.data, k.data, out], Float64Array.of(q.rows, q.dim, k.rows, k.dim, -1, -1), 1, undefined);
        return { euclideanScores: out.subarray(0, pairs), hyperbolicScores: out.subarray(pairs) };
      },
    },
    statics: (type) => ({
      simple: (dim, curvature) => new type({ dim, curvature, seed: 0 }),
      withWeights: (dim, curvature, euclideanWeight, hyperbolicWeight) => new type({ dim, curvature, euclideanWeight, hyperbolicWeight, seed: 0 }),
    }),
  },
};

module.exports = { MEMBERS };
