'use strict';
// Documents, queries, and what people want of them, for tests of learning from use.
const { generator: random } = require('../../lib/random.js');

const DIM = 8, N = 200;

const unit = (row) => {
  const length = Math.hypot(...row);
  return Float32Array.from(row, (x) => x / length);
};
const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
const rowsOf = (count, seed) => {
  const next = random(seed);
  return Array.from({ length: count }, () => unit(Array.from({ length: DIM }, () => normal(next))));
};
const DOCUMENTS = rowsOf(N, 1), QUERIES = rowsOf(150, 2);
/** What people want is not what is near: the coordinates in reverse. */
const wanted = (query, vector) => query.reduce((sum, x, i) => sum + x * vector[DIM - 1 - i], 0);
const vectorOf = (id) => DOCUMENTS[Number(id.slice(1))];
const best = (query, ids) => ids.reduce((a, b) => (wanted(query, vectorOf(b)) > wanted(query, vectorOf(a)) ? b : a));

module.exports = { DIM, DOCUMENTS, N, QUERIES, best, rowsOf };
