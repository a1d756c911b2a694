'use strict';

// What was shown to somebody, as a text that survives JSON, a browser and ten minutes, or as a plain object of the caller's.
const inputs = require('../inputs.js');
const { fromBase64, toBase64 } = require('../base64.js');
const { isList, lengthOf, mismatch, unexpected } = require('../errors.js');

const VERSION = 1, MOST = 65536; // results of an impression

/** {query, shown, model, swapped?} -> a text. `of`: whose model and log it belongs to. */
function write({ query, shown, model, swapped }, of) {
  const bytes = new Uint8Array(query.buffer, query.byteOffset, query.byteLength);
  return JSON.stringify({ version: VERSION, of, model, query: toBase64(bytes), shown, ...swapped && { swapped } });
}

const corrupt = (received) => mismatch('ERR_CORRUPT', 'an impression, whole and as it was given', 'impression', received);

function parse(text, of) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw corrupt('a text that is cut or changed');
  }
  if (typeof value !== 'object' || value === null || value.version !== VERSION || typeof value.query !== 'string') throw corrupt('another text');
  if (value.of !== of) throw mismatch('ERR_CORRUPT', 'an impression of this store', 'impression', 'one of another');
  const bytes = fromBase64(value.query);
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw corrupt('a query that is cut');
  return { ...value, query: new Float32Array(bytes.slice().buffer) };
}

/** {query, shown, model, swapped} out of a text of `write`, or of an object that says the same. */
function read(impression, { dim, of, checkId }) {
  const given = typeof impression === 'string' ? parse(impression, of) : inputs.required(impression, ['query', 'shown', 'model', 'swapped'], 'impression');
  if (given.query === undefined || given.shown === undefined) throw unexpected('ERR_INVALID_ARG', 'a text of hits.impression, or {query, shown}', 'impression', impression);
  const query = inputs.ownVector(given.query, 'impression.query');
  if (lengthOf(query) !== dim) throw mismatch('ERR_DIMENSION_MISMATCH', `${dim} elements`, 'impression.query', lengthOf(query));
  for (let i = 0; i < dim; i++) if (!Number.isFinite(query[i])) throw mismatch('ERR_NON_FINITE', 'a finite number', `impression.query[${i}]`, String(query[i]));
  if (!isList(given.shown)) throw unexpected('ERR_INVALID_ARG', 'an array of ids', 'impression.shown', given.shown);
  const shown = inputs.mapList(given.shown, inputs.lengthOfList(given.shown, 'impression.shown'), (id, i) => checkId(id, `impression.shown[${i}]`));
  if (shown.length > MOST) throw mismatch('ERR_OUT_OF_RANGE', `at most ${MOST} ids`, 'impression.shown', shown.length);
  if (new Set(shown).size < shown.length) throw mismatch('ERR_DUPLICATE_KEY', 'ids that differ', 'impression.shown', 'an id twice');
  const model = given.model ?? 0, swapped = given.swapped ?? undefined;
  if (!Number.isSafeInteger(model) || model < 0) throw unexpected('ERR_INVALID_ARG', 'the number of a model', 'impression.model', model);
  const isRank = (rank) => Number.isInteger(rank) && rank >= 0 && rank < shown.length;
  if (swapped !== undefined && !(isList(swapped) && swapped.length === 2 && isRank(swapped[0]) && isRank(swapped[1]) && swapped[0] !== swapped[1])) {
    throw unexpected('ERR_INVALID_ARG', 'two ranks of what was shown', 'impression.swapped', swapped);
  }
  return { query: query.slice(), shown, model, swapped: swapped && [swapped[0], swapped[1]] };
}

/** The ranks of what was clicked. Ids that were not shown are refused. */
function ranksOf(clicked, shown) {
  if (!isList(clicked)) throw unexpected('ERR_INVALID_ARG', 'an array of ids that were shown', 'clicked', clicked);
  const rankOf = new Map(shown.map((id, rank) => [id, rank])), ranks = inputs.mapList(clicked, inputs.lengthOfList(clicked, 'clicked'), (id, i) => {
    const rank = rankOf.get(id);
    if (rank === undefined) throw unexpected('ERR_INVALID_ARG', 'an id that was shown', `clicked[${i}]`, id);
    return rank;
  });
  return [...new Set(ranks)].sort((a, b) => a - b);
}

module.exports = { MOST, ranksOf, read, write };
