'use strict';

// What a graph looks like, and which mechanism fits it. Graphs come as {offsets, indices}: a SparsityPattern is one.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { numbers, whole } = require('./pattern.js');
const { MECHANISMS } = require('../overlay/attention.js');
const { mismatch, unexpected } = require('../errors.js');
const { TextDecoder } = require('../text.js');

function graphOf(value) {
  if (typeof value !== 'object' || value === null) throw unexpected('ERR_INVALID_ARG', '{offsets, indices}', 'graph', value);
  const offsets = numbers(value.offsets, 'offsets'), indices = numbers(value.indices, 'indices');
  if (offsets.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'offsets', 0);
  return { offsets, indices };
}

const FIELDS = ['nodes', 'edges', 'meanDegree', 'maxDegree', 'degreeSkew', 'depth', 'hyperbolicity', 'clustering'];

function graphStatistics(graph, options) {
  const { sources = 32, seed = 0 } = inputs.options(options, ['sources', 'seed']), { offsets, indices } = graphOf(graph);
  if (typeof seed !== 'number' || !(Number.isSafeInteger(seed) && seed >= 0)) throw unexpected('ERR_INVALID_CONFIG', 'an integer >= 0', 'seed', seed);
  const out = new Float64Array(FIELDS.length);
  native.graphStatistics(offsets, indices, whole(sources, 'sources', 4, 1024), seed, out);
  const found = Object.fromEntries(FIELDS.map((name, i) => [name, out[i]]));
  return { ...found, relativeHyperbolicity: found.depth > 0 ? Math.min(1, 2 * found.hyperbolicity / found.depth) : 0 };
}

function structuralFeatures(graph, options) {
  const { damping, tolerance } = inputs.options(options, ['damping', 'tolerance']), { offsets, indices } = graphOf(graph), rows = offsets.length - 1;
  const data = inputs.allocate(4 * rows, 'result');
  native.structuralFeatures(offsets, indices, inputs.number(damping, 'damping', 0.85), inputs.number(tolerance, 'tolerance', 1e-9), 200, data);
  return { data, rows, dim: 4 };
}

const decoder = new TextDecoder();

function recommendMechanism(statistics, task) {
  const { queries, keys, dim, hasEdgeFeatures = false, normBound } = inputs.required(task, ['queries', 'keys', 'dim', 'hasEdgeFeatures', 'normBound'], 'task');
  const list = statistics === undefined ? undefined : Float64Array.from(FIELDS, (name) => {
    if (typeof statistics !== 'object' || statistics === null) throw unexpected('ERR_INVALID_ARG', 'statistics of a graph', 'statistics', statistics);
    return inputs.number(statistics[name], `statistics.${name}`);
  });
  if (typeof hasEdgeFeatures !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'hasEdgeFeatures', hasEdgeFeatures);
  if (normBound !== undefined && !(inputs.number(normBound, 'normBound') >= 0)) throw unexpected('ERR_OUT_OF_RANGE', 'a number >= 0', 'normBound', normBound);
  const sizes = [[queries, 'queries'], [keys, 'keys'], [dim, 'dim']].map(([value, name]) => whole(value, name, 0, 2 ** 53 - 1));
  const bytes = new Uint8Array(8192);
  const length = native.recommendMechanism(list, ...sizes, Number(hasEdgeFeatures), normBound ?? NaN, bytes);
  const choices = JSON.parse(decoder.decode(bytes.subarray(0, length))).map((choice) => ({ ...choice, class: classOf(choice.mechanism) }));
  return { ...choices[0], alternatives: choices.slice(1) };
}

/** The class of a mechanism; the one of the object form where there are two. */
const classOf = (mechanism) => Object.values(MECHANISMS).reverse().find((row) => row.native === mechanism)?.class;

module.exports = { graphStatistics, recommendMechanism, structuralFeatures };
