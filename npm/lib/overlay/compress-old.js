'use strict';

// The encodings of @ruvector/gnn, read exactly as it reads them, with every size checked first.
const { mismatch, unexpected } = require('../errors.js');

const MOST = 2 ** 32 - 1; // sizes are compared with what is there

function numbers(value, name, wanted) {
  if (!Array.isArray(value) || !value.every((x) => typeof x === 'number' && Number.isFinite(Math.fround(x)))) {
    throw mismatch('ERR_CORRUPT', 'an array of finite numbers', name, 'something else');
  }
  if (wanted !== undefined && value.length !== wanted) {
    throw mismatch('ERR_CORRUPT', `${wanted} numbers`, name, value.length);
  }
  return value;
}

function integer(value, name, least = 0, most = MOST) {
  if (!(Number.isInteger(value) && value >= least && value <= most)) {
    throw unexpected('ERR_CORRUPT', `an integer in ${least}...${most}`, name, value);
  }
  return value;
}

function half({ data, scale, dim }) {
  numbers(data, 'Half.data', integer(dim, 'Half.dim'));
  const s = typeof scale === 'number' ? Math.fround(scale) : 0;
  if (s === 0 || !Number.isFinite(s)) throw unexpected('ERR_CORRUPT', 'a float other than 0', 'Half.scale', scale);
  data.forEach((u, i) => integer(u, `Half.data[${i}]`, 0, 65535));
  const out = Float32Array.from(data, (u) => Math.fround(Math.fround(u - 32768) / 1000) / s);
  if (!out.every(Number.isFinite)) throw mismatch('ERR_CORRUPT', 'values that fit in 32 bits', 'Half', 'larger ones');
  return out;
}

function quantized({ codes, codebooks, subvector_dim: width, dim }, tag) {
  integer(dim, `${tag}.dim`);
  integer(width, `${tag}.subvector_dim`, 1);
  numbers(codes, `${tag}.codes`);
  if (codes.length * width !== dim || !Array.isArray(codebooks) || codebooks.length !== codes.length) {
    throw mismatch('ERR_CORRUPT', 'codes * subvector_dim = dim and a codebook a code', tag, 'other sizes');
  }
  const out = new Float32Array(dim);
  codes.forEach((code, s) => {
    const book = numbers(codebooks[s], `${tag}.codebooks[${s}]`);
    integer(code, `${tag}.codes[${s}]`, 0, Math.floor(book.length / width) - 1);
    for (let j = 0; j < width; j++) out[s * width + j] = book[code * width + j];
  });
  return out;
}

function pq4(body) {
  const out = quantized(body, 'PQ4');
  if (!Array.isArray(body.outliers)) throw mismatch('ERR_CORRUPT', 'an array', 'PQ4.outliers', 'something else');
  body.outliers.forEach((pair, i) => {
    const [index, value] = numbers(pair, `PQ4.outliers[${i}]`, 2);
    out[integer(index, `PQ4.outliers[${i}][0]`, 0, out.length - 1)] = value;
  });
  return out;
}

function binary({ bits, dim }) {
  numbers(bits, 'Binary.bits', Math.ceil(integer(dim, 'Binary.dim') / 8));
  const signs = new Float32Array(dim);
  for (let i = 0; i < dim; i++) signs[i] = (bits[i >> 3] >> (i & 7)) & 1 ? 1 : -1;
  return signs;
}

const READERS = {
  Full: ({ data }) => Float32Array.from(numbers(data, 'Full.data')),
  Half: half,
  PQ8: (body) => quantized(body, 'PQ8'),
  PQ4: pq4,
  Binary: binary,
};

function decodeOld(tag, body) {
  if (!Object.hasOwn(READERS, tag ?? '') || typeof body !== 'object' || body === null) {
    throw mismatch('ERR_CORRUPT', 'a compressed vector', 'json', 'another object');
  }
  return READERS[tag](body);
}

module.exports = { decodeOld };
