'use strict';
// Kinds of arguments with the codes that bad ones must give; calls.js and attention-calls.js make calls of them.
const { rows, vector } = require('./index.js');

const D = 'ERR_DIMENSION_MISMATCH', E = 'ERR_EMPTY_INPUT', A = 'ERR_INVALID_ARG', C = 'ERR_INVALID_CONFIG';
const R = 'ERR_OUT_OF_RANGE', N = 'ERR_NON_FINITE';

const dim = 4;
const point = (seed) => () => vector(dim, seed, 0.3);
const argument = (kind, make, codes = {}) => ({ kind, make, codes });

/** Vectors: `empty` and `length` say what a wrong length gives; length: null where any length is right. */
const V = (seed, codes) => argument('vector', point(seed), { empty: D, length: D, nonFinite: N, ...codes });
const M = (codes) => argument('matrix', () => rows(6, dim, 9, 0.3), { empty: null, width: D, nonFinite: N, emptyRow: E, ...codes });
const candidates = (codes) => ({ ...M({ emptyRow: D, ...codes }), takesSet: true });
const number = (values, codes, optional = true) => argument('number', () => values.good, { ...codes, ...values, optional });
const K = number({ good: 3, range: [-1, 1.5, NaN, 2 ** 32, 2 ** 53, Infinity, -Infinity], code: R }, {}, false);
const T = number({ good: 0.5, range: [0, -1, NaN, Infinity, -Infinity], code: R }, {});
const CURVATURE = number({ good: -1, range: [0, NaN, Infinity, -Infinity], code: C }, {});
const NEGATIVE = number({ good: -1, range: [0, 1, NaN, Infinity, -Infinity], code: C }, {});
const scalar = number({ good: 0.5, range: [NaN, Infinity, -Infinity], code: N }, {}, false);
const options = (fields) => argument('options', () => ({}), { fields });
const TEMPERATURE = { temperature: T }, PROJECTION = { projection: argument('choice', () => 'clip', { code: C }) };
const THREADS = { threads: number({ good: 1, range: [0, -1, 1.5, NaN, 257, 2 ** 32, Infinity], code: R }, {}) };
const SIGNAL = { signal: argument('signal', () => undefined) };

module.exports = {
  A, C, CURVATURE, D, E, K, M, N, NEGATIVE, NEGATIVE_OR_POSITIVE: CURVATURE, PROJECTION, R, SIGNAL, T, TEMPERATURE, THREADS, V,
  argument, candidates, dim, number, options, scalar,
};
