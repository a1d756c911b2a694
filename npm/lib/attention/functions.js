'use strict';

// The functions of @ruvector/attention around its mechanisms.
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { isList, lengthOf, mismatch, unexpected } = require('../errors.js');
const { DotProductAttention, FlashAttention, LinearAttention, LocalGlobalAttention } = require('./classes.js');

/** `body` with a mechanism that lives as long as its call. */
async function using(mechanism, body) {
  try {
    return await body(mechanism);
  } finally {
    mechanism.close();
  }
}

const computeAttentionAsync = async (query, keys, values, dim, options) =>
  using(new DotProductAttention(inputs.number(dim, 'dim')), (attention) => attention.computeAsync(query, keys, values, options));

const computeFlashAttentionAsync = async (query, keys, values, dim, blockSize, options) =>
  using(new FlashAttention(inputs.number(dim, 'dim'), blockSize), (attention) => attention.computeAsync(query, keys, values, options));

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
};
const AttentionType = Object.freeze(Object.fromEntries(Object.keys(BY_TYPE).map((name) => [name, name])));

async function parallelAttentionCompute(config, queries, keys, values, options) {
  if (typeof config !== 'object' || config === null) throw unexpected('ERR_INVALID_ARG', 'an object', 'config', config);
  const { attentionType: type } = config;
  if (typeof type !== 'string' || !Object.hasOwn(BY_TYPE, type)) {
    throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(BY_TYPE).join(', ')}`, 'config.attentionType', type);
  }
  inputs.number(config.dim, 'dim');
  return using(BY_TYPE[type](config), (attention) => batch(attention, queries, keys, values, options));
}

module.exports = {
  AttentionType,
   batchAttentionCompute,
  batchFlashAttentionCompute,
  computeAttentionAsync,
  computeFlashAttentionAsync,
  parallelAttentionCompute,
  scaledDotAttention,
};
