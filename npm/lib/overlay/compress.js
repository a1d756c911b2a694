'use strict';

// TensorCompress: one vector <-> one JSON string. Reads everything @ruvector/gnn wrote; writes its tags Full and
// Binary, and tags of its own where the old encodings lose the vector (half, pq8, pq4).
const { fromBase64, toBase64 } = require('../base64.js');
const { decode, encode } = require('../codecs.js');
const inputs = require('../inputs.js');
const { decodeOld } = require('./compress-old.js');
const { shortest, shortestAll } = require('../shortest.js');
const { snake } = require('../snake.js');
const { nameOf, register } = require('../known.js');
const { isList, isRevoked, RuvectorError, lengthOf, mismatch, unexpected } = require('../errors.js');

/** Level -> its codec's options with the names this class takes, and the tag it writes. */
const LEVELS = {
  none: { options: [] },
  half: { options: ['scale'], tag: 'HalfV2' },
  pq8: { options: ['subvectors', 'centroids'], tag: 'PQ8V2' },
  pq4: { options: ['subvectors', 'outlierThreshold'], tag: 'PQ4V2' },
  binary: { options: ['threshold'] },
};
const CODEC_OF = { HalfV2: 'half', PQ8V2: 'pq8', PQ4V2: 'pq4' };

/** 'none' above .8, 'half' above .4, 'pq8' above .1, 'pq4' above .01, else 'binary'. */
function getCompressionLevel(accessFreq) {
  const f = inputs.number(accessFreq, 'accessFreq');
  return f > 0.8 ? 'none' : f > 0.4 ? 'half' : f > 0.1 ? 'pq8' : f > 0.01 ? 'pq4' : 'binary';
}

/** Every key a level may have: those of other levels are not read. */
const KEYS = ['levelType', ...new Set(Object.values(LEVELS).flatMap(({ options }) => options))];
const KNOWN = new Set([...KEYS, ...KEYS.map(snake)]);

class TensorCompress {
  #stateless = true;

  constructor() {
    register(this, 'TensorCompress');
  }

  static #check(value) {
    const isOne = typeof value === 'object' && value !== null && #stateless in value;
    if (!isOne) throw mismatch('ERR_WRONG_HANDLE', 'a TensorCompress', 'this', nameOf(value) ?? 'another object');
  }

  /** JSON at the level that getCompressionLevel names for this access frequency. */
  compress(embedding, accessFreq) {
    TensorCompress.#check(this);
    const freq = inputs.number(accessFreq, 'accessFreq');
    return compressed(embedding, { levelType: getCompressionLevel(Math.fround(freq)) });
  }

  /** JSON at a given level, {levelType, scale?, subvectors?, centroids?, outlierThreshold?, threshold?}. */
  compressWithLevel(embedding, level) {
    TensorCompress.#check(this);
    return compressed(embedding, level);
  }

  /** The vector of such a JSON string. ERR_CORRUPT for anything else. */
  decompress(json) {
    TensorCompress.#check(this);
    if (typeof json !== 'string') throw unexpected('ERR_INVALID_ARG', 'a string of JSON', 'json', json);
    let object;
    try {
      object = JSON.parse(json);
    } catch (cause) {
      throw new RuvectorError('ERR_CORRUPT', `expected a compressed vector, received malformed JSON: ${cause.message}`, { cause });
    }
    const [tag, body] = Object.entries(object ?? {})[0] ?? [];
    if (!Object.hasOwn(CODEC_OF, tag ?? '')) return decodeOld(tag, body);
    if (typeof body?.data !== 'string') throw mismatch('ERR_CORRUPT', 'base64 text', `${tag}.data`, 'something else');
    const bytes = fromBase64(body.data);
    const out = decode(CODEC_OF[tag], bytes);
    if (body.dim !== out.length) throw unexpected('ERR_CORRUPT', `${out.length}`, `${tag}.dim`, body.dim);
    return out;
  }
}

function compressed(embedding, level) {
  const v = inputs.vector(embedding, 'embedding'), dim = lengthOf(v);
  if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'embedding', 0);
  if (typeof level !== 'object' || level === null || isList(level) || isRevoked(level)) throw unexpected('ERR_INVALID_ARG', 'an object', 'level', level);
  const name = level.levelType ?? level.level_type;
  if (typeof name !== 'string' || !Object.hasOwn(LEVELS, name)) {
    throw unexpected('ERR_INVALID_ARG', `one of ${Object.keys(LEVELS).join(', ')}`, 'level.levelType', name);
  }
  for (const key of Object.keys(level)) {
    if (!KNOWN.has(key)) throw unexpected('ERR_INVALID_CONFIG', `one of ${[...KNOWN].join(', ')}`, 'level', key);
  }
  const options = [];
  for (const key of LEVELS[name].options) {
    const value = level[key] ?? level[snake(key)];
    if (value !== undefined) options.push(key, inputs.number(value, `level.${key}`));
  }
  if (name === 'none') return full(v, dim);
  const bytes = encode(name, options, v);
  if (name === 'binary') {
    const threshold = shortest(Math.fround(options[1] ?? 0));
    return JSON.stringify({ Binary: { bits: Array.from(bytes.subarray(4)), threshold, dim } });
  }
  return JSON.stringify({ [LEVELS[name].tag]: { dim, data: toBase64(bytes) } });
}

function full(v, dim) {
  for (let i = 0; i < dim; i++) {
    if (!Number.isFinite(v[i])) throw mismatch('ERR_NON_FINITE', 'finite numbers', 'embedding', `${v[i]} at element ${i}`);
  }
  return JSON.stringify({ Full: { data: shortestAll(v) } });
}

module.exports = { TensorCompress, getCompressionLevel };
