'use strict';

// What callers insert -> ids, packed vectors and JSON of our own, all of it checked before anything is written.
const { isList, lengthOf, mismatch, unexpected } = require('../errors.js');
const { threads } = require('../async.js');
const inputs = require('../inputs.js');
const { matrix } = require('../matrices.js');
const { Packer } = require('./values.js');

/** The options of an insert, read once. */
function batchOptions(options, more = []) {
  const { replace = false, threads: count, onProgress, signal } = inputs.options(options, ['replace', 'threads', 'onProgress', ...more]);
  if (typeof replace !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'replace', replace);
  if (onProgress !== undefined && typeof onProgress !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', 'onProgress', onProgress);
  return { replace, threads: threads(count), onProgress, signal };
}

/** A string that SQLite keeps as it is. */
function checkId(id, name) {
  if (typeof id !== 'string' || id === '' || id.includes('\0') || /\p{Surrogate}/u.test(id)) {
    throw unexpected('ERR_INVALID_ARG', 'a string that is not empty, without zero characters and half surrogates', name, id);
  }
  return id;
}

/** JSON of a plain object, or null. */
function json(value, name) {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'object' || isList(value)) throw unexpected('ERR_INVALID_ARG', 'an object', name, value);
  let text;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    if (!(cause instanceof TypeError || cause instanceof RangeError)) throw cause; // the caller's own, from a getter
    throw mismatch('ERR_INVALID_ARG', 'an object that JSON can hold', name, cause.message);
  }
  if (typeof text !== 'string' || text[0] !== '{') throw mismatch('ERR_INVALID_ARG', 'an object', name, 'one that becomes another value in JSON');
  checkDepth(text, name);
  return text;
}

/** SQLite's parser ends at 1,000 levels; deeper metadata would fail every later predicate. */
function checkDepth(text, name) {
  if (text.length < 1000) return;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '"') while (text[++i] !== '"') if (text[i] === '\\') i++;
    if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') depth--;
    if (depth > 500) throw mismatch('ERR_OUT_OF_RANGE', 'at most 500 levels', name, 'more');
  }
}

/** A random UUID, for entries without an id. */
const newId = () => (globalThis.crypto ?? require('node:crypto')).randomUUID();

function checkFinite(data, dim, name) {
  for (let i = 0; i < data.length; i++) {
    if (data[i] - data[i] !== 0) {
      throw mismatch('ERR_NON_FINITE', 'a finite number', name(Math.floor(i / dim), i % dim), String(data[i]));
    }
  }
}

function checkWidth(actual, dim, name) {
  if (actual !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, name, actual);
}

/** [{id, vector, metadata}] */
function fromList(list, dim, name) {
  const count = inputs.lengthOfList(list, name), ids = [], texts = [];
  const data = inputs.allocate(count * dim, name);
  for (let i = 0; i < count; i++) {
    const at = `${name}[${i}]`, { id, vector, metadata } = inputs.options(requireObject(list[i], at), ['id', 'vector', 'metadata'], at);
    ids.push(id === undefined ? newId() : checkId(id, `${at}.id`));
    texts.push(json(metadata, `${at}.metadata`));
    const row = inputs.ownVector(vector, `${at}.vector`);
    checkWidth(lengthOf(row), dim, `${at}.vector`);
    data.set(row, i * dim);
  }
  checkFinite(data, dim, (row, i) => `${name}[${row}].vector[${i}]`);
  return { ids, texts, data, count };
}

/** {ids, vectors, metadata}: lists of one length, the vectors in any form of a matrix. */
function fromColumns(value, dim, name) {
  const { ids, vectors, metadata } = inputs.options(value, ['ids', 'vectors', 'metadata'], name);
  const { data, rows, dim: width } = matrix(vectors, `${name}.vectors`, true); // ours
  if (rows > 0) checkWidth(width, dim, `${name}.vectors`);
  const list = (given, field, convert) => {
    if (given === undefined) return Array.from({ length: rows }, (_, i) => convert(undefined, i));
    if (!isList(given)) throw unexpected('ERR_INVALID_ARG', 'an array', `${name}.${field}`, given);
    const length = inputs.lengthOfList(given, `${name}.${field}`);
    if (length !== rows) throw mismatch('ERR_DIMENSION_MISMATCH', `${rows} elements`, `${name}.${field}`, length);
    return inputs.mapList(given, rows, convert);
  };
  checkFinite(data, dim, (row, i) => `${name}.vectors[${row}][${i}]`);
  return {
    ids: list(ids, 'ids', (id, i) => (id === undefined ? newId() : checkId(id, `${name}.ids[${i}]`))),
    texts: list(metadata, 'metadata', (one, i) => json(one, `${name}.metadata[${i}]`)),
    data, count: rows,
  };
}

function requireObject(value, name) {
  if (typeof value !== 'object' || value === null) throw unexpected('ERR_INVALID_ARG', '{id, vector, metadata}', name, value);
  return value;
}

/** {ids, texts, data, count} of many entries; `data` is ours. */
function many(value, dim, name = 'entries') {
  const columns = isList(value) ? fromList(value, dim, name) : fromColumns(requireObject(value, name), dim, name);
  const seen = new Set();
  columns.ids.forEach((id, i) => {
    if (seen.has(id)) throw unexpected('ERR_DUPLICATE_KEY', 'an id that is not in the batch already', `${name}[${i}].id`, id);
    seen.add(id);
  });
  return columns;
}

const SLICE = 1024;

/** Lets the event loop turn, where there is one. */
const pause = { sync: () => {}, async: () => new Promise(setImmediate) };

/** Rows of id, metadata, vector for the INSERT of vector-store.js. */
function* pack({ ids, texts, data, count }, dim) {
  const packer = new Packer(data.byteLength + 64 * count);
  for (let i = 0; i < count; i++) {
    packer.text(ids[i]).value(texts[i]).floats(data.subarray(i * dim, (i + 1) * dim));
    if (i % SLICE === SLICE - 1) yield pause;
  }
  return packer;
}

module.exports = { batchOptions, checkId, many, pack, pause };
