'use strict';

// The JSON of a RuvectorLayer, as @ruvector/gnn writes it: nested objects of {v: 1, dim, data} arrays.
const { mismatch } = require('../errors.js');
const { shortestAll } = require('../shortest.js');

/** Parameters that fit in the longest string of V8 as JSON. */
const MOST_SAVED = 4e7;

const product = (dim) => dim.reduce((a, b) => a * b, 1);

/** The names of parameters are paths. */
function toObject({ config, parameters }, weights) {
  const object = {};
  let at = 0;
  for (const { name, shape: dim } of parameters) {
    const keys = name.split('.');
    let parent = object;
    for (const key of keys.slice(0, -1)) parent = parent[key] ??= {};
    const data = shortestAll(weights.subarray(at, (at += product(dim))));
    parent[keys.at(-1)] = { v: 1, dim, data };
  }
  const { heads, hiddenDim, eps, dropout } = config;
  object.attention = { num_heads: heads, head_dim: hiddenDim / heads, ...object.attention };
  object.norm.eps = eps;
  object.dropout = dropout;
  return object;
}

const corrupt = (wanted, path, received) => mismatch('ERR_CORRUPT', wanted, `layer.${path}`, received);

const read = (object, path) => path.split('.').reduce((value, key) => value?.[key], object);

/** {dim, data} at `path`; `dim` must equal `wanted` where that is given. */
function readArray(object, path, wanted) {
  const array = read(object, path);
  if (!Array.isArray(array?.dim) || !Array.isArray(array.data)) throw corrupt('{dim, data}', path, 'something else');
  const { dim, data } = array;
  if (wanted && (dim.length !== wanted.length || dim.some((d, i) => d !== wanted[i]))) {
    throw corrupt(`shape [${wanted}]`, path, `[${dim.slice(0, 4)}]`);
  }
  if (!dim.every((d) => Number.isSafeInteger(d) && d > 0) || data.length !== product(dim)) {
    throw corrupt('as many numbers as its shape says', path, `${data.length}`);
  }
  return array;
}

function readNumber(object, path) {
  const x = read(object, path);
  if (typeof x !== 'number' || !Number.isFinite(x)) throw corrupt('a number', path, 'something else');
  return x;
}

/** Numbers that lie in arrays {v, dim, data}, at any depth. */
const countOf = (object) => (Array.isArray(object?.data) ? object.data.length
  : Object.values(object ?? {}).reduce((sum, value) => sum + (typeof value === 'object' && !Array.isArray(value) ? countOf(value) : 0), 0));

/**
 * Of parsed JSON: the config, how many numbers it has, and `read(parameters)`, the weights of a layer with these parameters. Every
 * shape is checked against the layer's.
 */
function fromObject(object) {
  if (typeof object !== 'object' || object === null) throw corrupt('an object', 'json', 'something else');
  const [hiddenDim, inputDim] = readArray(object, 'w_msg.weights').dim;
  const heads = readNumber(object, 'attention.num_heads');
  if (readNumber(object, 'attention.head_dim') * heads !== hiddenDim) {
    throw corrupt('num_heads * head_dim = hidden size', 'attention', 'other sizes');
  }
  const config = { inputDim, hiddenDim, heads, dropout: readNumber(object, 'dropout'), eps: readNumber(object, 'norm.eps'), seed: 0 };
  const read = (parameters) => {
    const weights = new Float32Array(parameters.reduce((sum, { shape }) => sum + product(shape), 0));
    let at = 0;
    for (const { name, shape } of parameters) {
      const { data } = readArray(object, name, shape);
      for (let i = 0; i < data.length; i++) if (typeof data[i] !== 'number') throw corrupt('numbers', name, 'something else');
      weights.set(data, at);
      at += data.length;
    }
    return weights;
  };
  return { config, floats: countOf(object), read };
}

module.exports = { MOST_SAVED, fromObject, toObject };
