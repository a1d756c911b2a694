'use strict';

// Tensors {data, dims} (onnxruntime, transformers.js) and ndarrays {data, shape}: what they say of themselves. Their classes have
// getters, and methods of names that are properties elsewhere: `stride()`, `offset()`.
const { isList, mismatch, tagOf, unexpected } = require('./errors.js');

const FLOATS = ['float32', 'float64'];
/** More dimensions than anybody's tensor has. */
const MOST = 32;

const isSize = (x) => Number.isSafeInteger(x) && x >= 0;

/** `dims` or `shape` as integers of our own, or undefined. */
function sizesOf(value) {
  const sizes = value.dims ?? value.shape;
  if (!isList(sizes) && tagOf(sizes) === undefined) return undefined;
  const count = sizes.length, list = [];
  if (!(count <= MOST)) return undefined;
  for (let i = 0; i < count; i++) list.push(sizes[i]);
  return list.every(isSize) ? list : undefined;
}

/** Whether rows follow one another without gaps; of a dimension of length 1 any stride is right. */
function isPacked(sizes, stride) {
  let expected = 1;
  for (let i = sizes.length - 1; i >= 0; i--) {
    if (sizes[i] > 1 && stride?.[i] !== expected) return false;
    expected *= sizes[i];
  }
  return true;
}

/** Numbers have to lie row after row from the start of `data`. */
function checkPacked(value, sizes, name) {
  const { offset } = value, stride = value.stride ?? value.strides;
  const isThere = (x) => x !== undefined && typeof x !== 'function';
  if ((isThere(stride) && !isPacked(sizes, stride)) || (isThere(offset) && offset !== 0)) {
    throw mismatch('ERR_UNSUPPORTED', `a packed ndarray (stride [${strideOf(sizes)}], offset 0)`, name, 'another');
  }
}

const strideOf = (sizes) => sizes.map((_, i) => sizes.slice(i + 1).reduce((a, b) => a * b, 1)).join(', ');

/** The numbers of a tensor; one that lies elsewhere, or whose elements are none, is refused in its own words. */
function dataOf(value, name) {
  const { location } = value;
  if (typeof location === 'string' && value.dims !== undefined && !location.startsWith('cpu')) {
    throw mismatch('ERR_UNSUPPORTED', "a tensor in the processor's memory (await tensor.getData())", name,
      location === 'none' ? 'one that is disposed' : `one whose location is ${location.slice(0, 40)}`);
  }
  const { data, type } = value, tag = tagOf(data);
  const isNumbers = tag === 'Float32Array' || tag === 'Float64Array' || (isList(data) && (data.length === 0 || typeof data[0] === 'number'));
  if (!isNumbers && typeof type === 'string' && !FLOATS.includes(type)) {
    throw unexpected('ERR_INVALID_ARG', `a tensor of type ${FLOATS.map((one) => `"${one}"`).join(' or ')}`, name, type);
  }
  return data;
}

/** Whether a vector's place holds a tensor or an ndarray; runs no getter. */
function isTensor(value) {
  try {
    return typeof value === 'object' && value !== null && 'data' in value && ('dims' in value || 'shape' in value);
  } catch {
    return false; // a revoked Proxy
  }
}

/** {data, length} of a tensor that is one vector: dims [n], or [1, n] as a model gives them for one text; of others undefined. */
function vectorOf(value, name) {
  if (!isTensor(value)) return undefined;
  const sizes = sizesOf(value);
  if (sizes === undefined || sizes.length === 0 || sizes.slice(0, -1).some((size) => size !== 1)) {
    throw mismatch('ERR_INVALID_ARG', 'one vector: dims [n] or [1, n]', name, shown(sizes));
  }
  checkPacked(value, sizes, name);
  return { data: dataOf(value, name), length: sizes[sizes.length - 1] };
}

const shown = (sizes) => (sizes === undefined ? 'another shape' : `dims [${sizes.join(', ')}]`);

/** [rows, dim] of a tensor or an ndarray. */
function matrixSizes(value, name) {
  const sizes = sizesOf(value);
  if (sizes?.length === 2) return sizes;
  const advice = sizes?.length === 3 ? ' (of a model: pool its tokens, { pooling: "mean" }, or reshape)' : '';
  throw mismatch('ERR_INVALID_ARG', `two dimensions, [rows, dim]${advice}`, name, shown(sizes));
}

/** Whether `value` is a tensor of one dimension and this length: a vector in the place of a matrix of one row. */
function isFlat(value, length) {
  const sizes = isTensor(value) ? sizesOf(value) : undefined;
  return sizes?.length === 1 && sizes[0] === length;
}

module.exports = { checkPacked, dataOf, isFlat, isSize, matrixSizes, vectorOf };
