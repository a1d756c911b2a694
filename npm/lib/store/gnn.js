'use strict';

// VectorStore.searchWithGnn: what a search of the store finds, ranked anew by a layer over a graph.
const inputs = require('../inputs.js');
const { queryOf, read, rerank } = require('../gnn/search.js');
const { unexpected } = require('../errors.js');

/** [{id, score, weight, distance, metadata}], best first. */
function searchStore(store, query, gnn, k, options) {
  const count = inputs.count(k, 'k'), o = read(options, count, ['filter', 'where']), q = queryOf(query, store.dim), { ef, filter, where } = o;
  const hits = store.search(q, { k: o.candidates, ...Object.fromEntries(Object.entries({ ef, filter, where }).filter(([, value]) => value !== undefined)) });
  const index = store.getHnswGraph(), found = new Map(), keys = [], distances = [];
  for (const hit of hits) {
    const key = store.keyOf(hit.id);
    if (key === undefined || !index.has(key)) continue; // gone in between, or not in the index yet
    found.set(key, hit);
    keys.push(key);
    distances.push(hit.distance);
  }
  // Nodes of a caller's graph: ids, or keys of the index.
  const keyOf = (id, at) => {
    if (typeof id === 'string') return store.keyOf(id) ?? -1; // an entry that is gone, or not yet there
    if (Number.isSafeInteger(id)) return id;
    throw unexpected('ERR_INVALID_ARG', 'an id', at, id);
  };
  const name = (key) => found.get(key)?.id ?? store.idOf(key);
  return rerank(index, q, gnn, count, { keys, distances }, o, keyOf).map(({ key, attention, ...rest }) => ({
    id: name(key), ...rest, metadata: found.get(key).metadata, ...(attention && { attention: attention.map((one) => ({ id: name(one.key), weight: one.weight })) }),
  }));
}

module.exports = { searchStore };
