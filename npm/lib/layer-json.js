'use strict';

// The JSON of a RuvectorLayer, as @ruvector/gnn writes it: nested objects of {v: 1, dim, data} arrays.
const { mismatch } = require('./errors.js');
const { shortestAll } = require('./shortest.js');

const LINEARS = [
  'w_msg', 'w_agg', 'w_update.w_z', 'w_update.u_z', 'w_update.w_r', 'w_update.u_r', 'w_update.w_h', 'w_update.u_h',
  'attention.q_linear', 'attention.k_linear', 'attention.v_linear', 'attention.out_linear',
];

/** [path, dim] of every array, in the order of the native weights. */
function layout(inputDim, hiddenDim) {
  const list = [];
  for (const path of LINEARS) {
    list.push([`${path}.weights`, [hiddenDim, path === 'w_msg' ? inputDim : hiddenDim]], [`${path}.bias`, [hiddenDim]]);
  }
  return list.concat([['norm.gamma', [hiddenDim]], ['norm.beta', [hiddenDim]]]);
}

const product = (dim) => dim.reduce((a, b) => a * b, 1);

/** Parameters of a layer, in floats. */
const weightCount = ({ inputDim, hiddenDim }) => layout(inputDim, hiddenDim).reduce((sum, [, dim]) => sum + product(dim), 0);

/** Names and shapes of all parameters. */
const shapes = ({ inputDim, hiddenDim }) => layout(inputDim, hiddenDim).map(([name, shape]) => ({ name, shape }));

function toObject(config, weights) {
  const object = {};
  let at = 0;
  for (const [path, dim] of layout(config.inputDim, config.hiddenDim)) {
    const keys = path.split('.');
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

/** {config, weights} of parsed JSON; every shape is checked against the others before memory is taken. */
function fromObject(object) {
  if (typeof object !== 'object' || object === null) throw corrupt('an object', 'json', 'something else');
  const [hiddenDim, inputDim] = readArray(object, 'w_msg.weights').dim;
  const heads = readNumber(object, 'attention.num_heads');
  if (readNumber(object, 'attention.head_dim') * heads !== hiddenDim) {
    throw corrupt('num_heads * head_dim = hidden size', 'attention', 'other sizes');
  }
  const config = { inputDim, hiddenDim, heads, dropout: readNumber(object, 'dropout'), eps: readNumber(object, 'norm.eps') };
  const arrays = layout(inputDim, hiddenDim).map(([path, dim]) => [path, readArray(object, path, dim).data]);
  const weights = new Float32Array(arrays.reduce((sum, [, data]) => sum + data.length, 0));
  let at = 0;
  for (const [path, data] of arrays) {
    for (let i = 0; i < data.length; i++) {
      if (typeof data[i] !== 'number') throw corrupt('numbers', path, 'something else');
    }
    weights.set(data, at);
    at += data.length;
  }
  return { config, weights };
}

module.exports = { fromObject, shapes, toObject, weightCount };
