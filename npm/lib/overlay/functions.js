'use strict';

// The functions of @ruvector/attention around its mechanisms.
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { optionOf } = require('../snake.js');
const { isList, isRevoked, lengthOf, mismatch, unexpected } = require('../errors.js');
const {
  DotProductAttention, FlashAttention, GraphRoPEAttention, HyperbolicAttention, LinearAttention, LocalGlobalAttention,
} = /** @type {any} */ (require('../attention/classes.js'));

/** `body` with a mechanism that lives as long as its call. */
async function using(mechanism, body) {
  try {
    return await body(mechanism);
  } finally {
    mechanism.close();
  }
}

/** The width that is given, or the query's. */
const widthOf = (dim, query) => (dim === undefined ? lengthOf(inputs.vector(query, 'query')) : inputs.number(dim, 'dim'));

const computeAttentionAsync = async (query, keys, values, dim, options) =>
  using(new DotProductAttention(widthOf(dim, query)), (attention) => attention.computeAsync(query, keys, values, options));

const computeFlashAttentionAsync = async (query, keys, values, dim, blockSize, options) =>
  using(new FlashAttention(widthOf(dim, query), blockSize), (attention) => attention.computeAsync(query, keys, values, options));

const computeHyperbolicAttentionAsync = async (query, keys, values, dim, curvature, options) =>
  using(new HyperbolicAttention(widthOf(dim, query), curvature), (attention) => attention.computeAsync(query, keys, values, options));

/** softmax(q·K/√d) V of one query, d being its length. */
function scaledDotAttention(query, keys, values) {
  const q = inputs.vector(query, 'query');
  if (lengthOf(q) === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'query', 0);
  const attention = new DotProductAttention(lengthOf(q));
  try {
    return attention.compute(q, keys, values);
  } finally {
    attention.close();
  }
}

/** The matrices of a list, one a query, below each other: {data, rows, dim}, and where each begins. */
function stack(list, count, name) {
  if (!isList(list)) throw unexpected('ERR_INVALID_ARG', 'an array of matrices', name, list);
  const length = inputs.lengthOfList(list, name);
  if (length !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} matrices, one a query`, name, length);
  const parts = inputs.mapList(list, count, (part, i) => matrix(part, `${name}[${i}]`));
  const offsets = new Uint32Array(count + 1), dim = parts[0]?.dim ?? 0;
  parts.forEach((part, i) => {
    if (part.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 row', `${name}[${i}]`, 0);
    if (part.dim !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, `${name}[${i}][0]`, part.dim);
    offsets[i + 1] = offsets[i] + part.rows;
  });
  const data = inputs.allocate(offsets[count] * dim, name);
  parts.forEach((part, i) => data.set(part.data, offsets[i] * dim));
  return { data, rows: offsets[count], dim, offsets };
}

/** Query i with its own keys[i] and values[i]: one call, the keys told apart by offsets. */
async function batch(attention, queries, keys, values, options) {
  const start = performance.now();
  const q = matrix(queries, 'queries'), k = stack(keys, q.rows, 'keys'), v = stack(values, q.rows, 'values');
  const ragged = k.offsets.findIndex((x, i) => x !== v.offsets[i]);
  if (ragged >= 0) throw mismatch('ERR_DIMENSION_MISMATCH', 'as many rows as keys', `values[${ragged - 1}]`, 'another number');
  const { data, dim } = await attention.computeBatchAsync(q, k, v, { ...inputs.options(options, ['threads', 'signal']), offsets: k.offsets });
  const outputs = Array.from({ length: q.rows }, (_, i) => data.slice(i * dim, (i + 1) * dim));
  const elapsedMs = performance.now() - start;
  return { outputs, elapsedMs, throughput: elapsedMs > 0 ? q.rows / elapsedMs * 1000 : 0 };
}

const batchAttentionCompute = async (queries, keys, values, dim, options) =>
  using(new DotProductAttention(inputs.number(dim, 'dim')), (attention) => batch(attention, queries, keys, values, options));

const batchFlashAttentionCompute = async (queries, keys, values, dim, blockSize, options) =>
  using(new FlashAttention(inputs.number(dim, 'dim'), blockSize), (attention) => batch(attention, queries, keys, values, options));

/** The mechanisms that parallelAttentionCompute knows by name, made of its configuration. */
const BY_TYPE = {
  ScaledDotProduct: ({ dim }) => new DotProductAttention(dim),
  Flash: ({ dim, blockSize }) => new FlashAttention(dim, blockSize),
  Linear: ({ dim, numFeatures }) => new LinearAttention(dim, numFeatures),
  LocalGlobal: ({ dim, localWindow = 128, globalTokens = 8 }) => new LocalGlobalAttention(dim, localWindow, globalTokens),
  Hyperbolic: ({ dim, curvature }) => new HyperbolicAttention(dim, curvature),
};
const CONFIG = ['attentionType', 'dim', 'blockSize', 'numFeatures', 'localWindow', 'globalTokens', 'curvature'];
const AttentionType = Object.freeze(Object.fromEntries(Object.keys(BY_TYPE).map((name) => [name, name])));

/** A mechanism by the name of its type. */
function byType(type, config, name) {
  if (typeof type !== 'string' || !Object.hasOwn(BY_TYPE, type)) {
    throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(BY_TYPE).join(', ')}`, name, type);
  }
  inputs.number(config.dim, 'dim');
  return BY_TYPE[type](config);
}

async function parallelAttentionCompute(config, queries, keys, values, options) {
  if (typeof config !== 'object' || config === null || isRevoked(config)) throw unexpected('ERR_INVALID_ARG', 'an object', 'config', config);
  const given = Object.fromEntries(CONFIG.map((name) => [name, optionOf(config, name)]));
  const made = byType(given.attentionType, given, 'config.attentionType');
  return using(made, (attention) => batch(attention, queries, keys, values, options));
}

/** Times `compute` on numbers of our own, one call after the other, each on a worker. */
async function benchmarkAttention(attentionType, dim, seqLength, iterations) {
  inputs.number(dim, 'dim');
  return using(byType(attentionType, { dim }, 'attentionType'), async (attention) => {
    for (const [value, name] of [[seqLength, 'seqLength'], [iterations, 'iterations']]) {
      if (!(Number.isInteger(inputs.number(value, name)) && value >= 1 && value <= 1e7)) {
        throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 1...10000000', name, value);
      }
    }
    const rows = (n) => {
      const data = inputs.allocate(n * dim, 'seqLength');
      for (let i = 0; i < data.length; i++) data[i] = Math.sin(i) / 10;
      return { data, rows: n, dim };
    };
    const query = rows(1).data, keys = rows(seqLength), values = rows(seqLength);
    let totalMs = 0, minMs = Infinity, maxMs = 0;
    for (let i = 0; i < iterations; i++) {
      const start = performance.now();
      await attention.computeAsync(query, keys, values);
      const ms = performance.now() - start;
      totalMs += ms;
      minMs = Math.min(minMs, ms);
      maxMs = Math.max(maxMs, ms);
    }
    const avgMs = totalMs / iterations;
    return { name: attentionType, iterations, totalMs, avgMs, opsPerSec: 1000 / avgMs, minMs, maxMs };
  });
}

module.exports = {
  AttentionType,
  GraphRoPeAttention: GraphRoPEAttention, // as napi spelt it
  batchAttentionCompute,
  batchFlashAttentionCompute,
  computeAttentionAsync,
  benchmarkAttention,
  computeFlashAttentionAsync,
  computeHyperbolicAttentionAsync,
  parallelAttentionCompute,
  scaledDotAttention,
};
