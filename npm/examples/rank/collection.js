'use strict';

// What the examples of learning to rank search in: the 5,517 instruments of WordNet and their definitions, embedded by a sentence model
// (bash npm/examples/wordnet/prepare.sh instruments makes the vectors).
//   hyper     document: "word: definition"; query: another synset's words; relevant: that synset's first direct hypernym
//   revdict   document: words; query: the definition; relevant: the synset that it defines
const fs = require('node:fs');
const path = require('node:path');
const { below, cache, readNouns } = require('../wordnet/nouns.js');

const WIDTH = 384, CANDIDATES = 50;

/** Uniform numbers of a seed (Mulberry32). */
function generator(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(list, next) {
  const order = [...list];
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Draws from Zipf(1) over a list in its order. */
function zipf(list, next) {
  const ends = new Float64Array(list.length);
  let sum = 0;
  for (let i = 0; i < list.length; i++) ends[i] = sum += 1 / (i + 1);
  return () => {
    const x = next() * sum;
    let low = 0, high = list.length - 1;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (ends[mid] > x) high = mid;
      else low = mid + 1;
    }
    return list[low];
  };
}

/** {n, width, idOf(document), wanted(query), query(i), document(i), relevant, candidates(i)}: candidates by cosine, exact: {ids, vectors, scores}. */
function collection(task, { ownDocument = true } = {}) {
  const load = (name) => {
    const file = path.join(cache, `${name}.f32`);
    if (!fs.existsSync(file)) throw new Error(`there are no embeddings in ${file}: run bash npm/examples/wordnet/prepare.sh instruments`);
    return new Float32Array(new Uint8Array(fs.readFileSync(file)).buffer);
  };
  const instruments = below(readNouns(), 'instrumentality.n.03'), n = instruments.names.length, parent = new Int32Array(n).fill(-1);
  instruments.children.forEach((child, i) => { if (parent[child] < 0) parent[child] = instruments.parents[i]; });
  const [queries, documents, relevant] = task === 'hyper' ? [load('instruments-lemmas'), load('instruments'), parent] : [load('instruments-glosses'), load('instruments-lemmas'), Int32Array.from({ length: n }, (_, i) => i)];
  const idOf = (d) => `${task}:${d}`, row = (data, i) => data.subarray(i * WIDTH, (i + 1) * WIDTH), kept = new Map();
  /** The 50 nearest documents, best first; kept, since they are asked for again and again. */
  function candidates(i) {
    let found = kept.get(i);
    if (found) return found;
    const scores = new Float32Array(n), q = row(queries, i);
    for (let d = 0; d < n; d++) {
      let dot = 0;
      const x = d * WIDTH;
      for (let j = 0; j < WIDTH; j++) dot += q[j] * documents[x + j];
      scores[d] = !ownDocument && d === i ? -2 : dot;
    }
    const places = topOf(scores, CANDIDATES), vectors = new Float32Array(CANDIDATES * WIDTH);
    places.forEach((d, at) => { vectors.set(row(documents, d), at * WIDTH); });
    kept.set(i, found = { ids: places.map(idOf), vectors: { data: vectors, rows: CANDIDATES, dim: WIDTH }, scores: Float32Array.from(places, (d) => scores[d]) });
    return found;
  }
  return { n, width: WIDTH, idOf, wanted: (i) => idOf(relevant[i]), query: (i) => row(queries, i), document: (i) => row(documents, i), relevant, candidates, words: instruments.words, glosses: instruments.glosses };
}

/** Places of the `k` largest, largest first. */
function topOf(scores, k) {
  const threshold = Float32Array.from(scores).sort()[scores.length - k], places = [];
  for (let i = 0; i < scores.length; i++) if (scores[i] >= threshold) places.push(i);
  return places.sort((a, b) => scores[b] - scores[a] || a - b).slice(0, k);
}

/** The gain of a result at a rank, of ten. */
const gainAt = (rank) => (rank >= 0 && rank < 10 ? 1 / Math.log2(rank + 2) : 0);

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list) => Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));

module.exports = { CANDIDATES, collection, deviation, gainAt, generator, mean, shuffled, zipf };
