'use strict';

// What classes have besides the methods of all: the names of @ruvector/attention.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Attention, computeOne } = require('../attention/attention.js');
const { points } = require('../attention/arguments.js');
const { handleOf, stateOf } = require('../members/member.js');
const { matrix } = require('../matrices.js');
const { MECHANISMS } = require('./attention.js');
const { GRAPH_METHODS } = require('./graph-methods.js');
const { MoEBuilder, withExpert } = require('./moe-builder.js');
const { lengthOf, mismatch, renamed, unexpected } = require('../errors.js');

/** A distance in hops as a position: exact up to 8, by its order of magnitude beyond. */
function encodeDistance(distance, maxPosition) {
  for (const [value, name] of [[distance, 'distance'], [maxPosition, 'maxPosition']]) {
    if (!(Number.isInteger(inputs.number(value, name)) && value >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'an integer >= 0', name, value);
  }
  return distance <= 8 ? distance : 8 + Math.min(Math.ceil(Math.log2(distance)), Math.max(maxPosition - 8, 0));
}

/** Native rows turned; `names`: what the caller calls the arguments. */
function rotate(handle, data, rows, dim, positions, levels, names) {
  const out = inputs.allocate(rows * dim, 'result');
  try {
    native.run(handle, 'rotate', [data, positions, levels, out], Float64Array.of(rows, dim, -1, -1, -1, -1, -1, -1), 1, undefined);
  } catch (error) {
    throw renamed(error, ({ subject }) => {
      const [, port, rest] = /^(vectors|positions|levels)(.*)$/.exec(subject) ?? [];
      return port && { subject: names.isOne ? names[port] : names[port] + rest };
    });
  }
  return out;
}

function rotateOne(self, dim, vector, position, level, name = 'vector', positionName = 'position') {
  const handle = handleOf(self), x = inputs.vector(vector, name);
  if (lengthOf(x) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, name, lengthOf(x));
  const place = Float32Array.of(inputs.number(position, positionName)), on = Float32Array.of(inputs.number(level, 'level'));
  return rotate(handle, x, 1, dim, place, on, { isOne: true, vectors: name, positions: positionName, levels: 'level' });
}

/** Σ_j p_j v_j of a head, through its rows of W_v where there are projections. */
function headOutput(self, { config: { dim, numHeads, projections } }, query, keys, values, head) {
  if (!(Number.isInteger(inputs.number(head, 'head')) && head >= 0 && head < numHeads)) throw unexpected('ERR_OUT_OF_RANGE', `an integer in 0...${numHeads - 1}`, 'head', head);
  const k = matrix(keys, 'keys'), v = matrix(values, 'values');
  computeOne(self, query, k, v, {}); // refuses what does not fit
  const p = Attention.prototype.attentionWeights.call(self, [query], k).data.subarray(head * k.rows, (head + 1) * k.rows), mean = new Float64Array(v.dim);
  for (let j = 0; j < k.rows; j++) for (let c = 0; c < v.dim; c++) mean[c] += p[j] * v.data[j * v.dim + c];
  const width = v.dim / numHeads, first = head * width;
  if (!projections) return Float32Array.from(mean.subarray(first, first + width));
  const all = self.getWeights(), { parameters } = self, at = (name) => {
    let start = 0;
    for (const one of parameters) {
      if (one.name === name) return start;
      start += one.shape.reduce((a, b) => a * b, 1);
    }
    return start;
  };
  const weight = at('value.weight'), bias = at('value.bias');
  return Float32Array.from({ length: width }, (_, i) => mean.reduce((sum, x, c) => sum + all[weight + (first + i) * dim + c] * x, all[bias + first + i]));
}

/** Class -> its own methods and static functions. */
const MEMBERS = {
  MultiHeadAttention: {
    methods: {
      /** What one head gives for a query, before the output projection. */
      headOutput(query, keys, values, head) {
        const self = stateOf(this, MECHANISMS.MultiHeadAttention);
        return headOutput(this, self, query, keys, values, head);
      },
    },
  },
  MoEAttention: {
    methods: {
      /** A mixture with one expert more, and the weights of this one, which stays as it is. */
      addExpert(expert) {
        return withExpert(this, stateOf(this, MECHANISMS.MoEAttention), expert);
      },
    },
    statics: (type) => ({
      /** A mixture that is put together: `builder({ dim, topK }).addLocalExpert(16).build()`. */
      builder: (options) => new MoEBuilder(options, type),
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
  GraphLatentAttention: { methods: GRAPH_METHODS.GraphLatentAttention },
  GraphAttentionPipeline: { methods: GRAPH_METHODS.GraphAttentionPipeline },
  EdgeFeaturedAttention: {
    methods: {
      ...GRAPH_METHODS.EdgeFeaturedAttention,
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
        const { config: { dim } } = stateOf(this, MECHANISMS.GraphRoPEAttention);
        return rotateOne(this, dim, vector, position, 0);
      },
      /** Rows turned by their positions and levels; of one vector, by a position and a level. */
      applyRotation(embeddings, distances, levels) {
        const { config: { dim } } = stateOf(this, MECHANISMS.GraphRoPEAttention), handle = handleOf(this);
        if (typeof distances === 'number') return rotateOne(this, dim, embeddings, distances, levels ?? 0);
        const m = matrix(embeddings, 'embeddings'), p = inputs.vector(distances, 'distances');
        const l = levels === undefined ? new Float32Array(0) : inputs.vector(levels, 'levels');
        if (m.rows > 0 && m.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'embeddings[0]', m.dim);
        for (const [list, name] of [[p, 'distances'], ...levels === undefined ? [] : [[l, 'levels']]]) {
          if (lengthOf(list) !== m.rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${m.rows} numbers`, name, lengthOf(list));
        }
        return { data: rotate(handle, m.data, m.rows, dim, p, l, { vectors: 'embeddings', positions: 'distances', levels: 'levels' }), rows: m.rows, dim };
      },
      /** Query and key as their score sees them at this distance: the query stands at 0. */
      applyRelativeRotation(query, key, distance, level = 0) {
        const { config: { dim } } = stateOf(this, MECHANISMS.GraphRoPEAttention);
        return { query: rotateOne(this, dim, query, 0, level, 'query'), key: rotateOne(this, dim, key, distance, level, 'key', 'distance') };
      },
      /** Sines and cosines of a distance: of each head ⌊width/2⌋ cosines and as many sines. */
      encodeDistance(distance, level = 0) {
        const { config: { dim, numHeads = 1 } } = stateOf(this, MECHANISMS.GraphRoPEAttention), width = dim / numHeads;
        const ones = Float32Array.from({ length: dim }, (_, i) => Number(i % width < Math.floor(width / 2)));
        return rotateOne(this, dim, ones, distance, level, 'vector', 'distance');
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
