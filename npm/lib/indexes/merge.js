'use strict';

const native = require('../native.js');
const inputs = require('../inputs.js');
const { isList, isRevoked, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');

/** The k best of the results of searches over disjoint sets of vectors: what one search over all of them gives. */
function mergeTopK(parts, k) {
  if (!isList(parts)) throw unexpected('ERR_INVALID_ARG', 'an array of results', 'parts', parts);
  const n = inputs.count(k, 'k'), count = inputs.lengthOfList(parts, 'parts'), bounds = new Uint32Array(count + 1);
  const lists = inputs.mapList(parts, count, (part, i) => {
    const { keys, distances } = typeof part === 'object' && part !== null && !isRevoked(part) ? part : {};
    const d = inputs.ownVector(distances, `parts[${i}].distances`), length = isList(keys) ? inputs.lengthOfList(keys, `parts[${i}].keys`) : tagOf(keys) && lengthOf(keys);
    if (length === undefined) throw unexpected('ERR_INVALID_ARG', 'an array of keys', `parts[${i}].keys`, keys);
    if (length !== lengthOf(d)) throw mismatch('ERR_DIMENSION_MISMATCH', `as many keys as distances (${lengthOf(d)})`, `parts[${i}].keys`, length);
    bounds[i + 1] = bounds[i] + length;
    return { keys, d };
  });
  const all = inputs.allocate(bounds[count], 'parts');
  lists.forEach(({ d }, i) => all.set(d, bounds[i]));
  const chosen = new Uint32Array(Math.min(n, all.length)), found = native.mergeTopK(all, bounds, n, chosen);
  const keys = [], distances = new Float32Array(found);
  for (let i = 0; i < found; i++) {
    let part = 0;
    while (bounds[part + 1] <= chosen[i]) part++;
    keys.push(lists[part].keys[chosen[i] - bounds[part]]);
    distances[i] = all[chosen[i]];
  }
  const tags = new Set(lists.map((list) => tagOf(list.keys)));
  const Type = tags.size === 1 && { Float64Array, BigInt64Array }[[...tags][0]];
  return { keys: Type ? Type.from(keys) : keys, distances };
}

module.exports = { mergeTopK };
