'use strict';

// npm run bench -- index --rows duplicates: what equal and nearly equal vectors cost, and whom they hide. A vector is hidden where a
// search for itself at the default ef does not give its key among the ten nearest.
const { gnn: { HNSWIndex } } = require('./library.js');
const { generator } = require('./measure.js');

const DIM = 128;
const numbers = (count, from = 0) => Float64Array.from({ length: count }, (_, i) => from + i);

/** [what, equal or nearly equal rows, other rows] */
function cases(next) {
  const vector = () => Float32Array.from({ length: DIM }, next), one = vector(), near = (spread) => one.map((x) => x + spread * next());
  const list = (count, make) => Array.from({ length: count }, make);
  return [
    ['20,000 different', [], list(20000, vector)],
    ['20,000 equal, then 50', list(20000, () => one), list(50, vector)],
    ['5,000 zeros, then 50', list(5000, () => new Float32Array(DIM)), list(50, vector)],
    ['1,000 within 1e-3, then 50', list(1000, () => near(1e-3)), list(50, vector)],
    ['1,000 within 1e-5, then 50', list(1000, () => near(1e-5)), list(50, vector)],
    ['20,000 within 1e-5, then 50', list(20000, () => near(1e-5)), list(50, vector)],
  ];
}

function build(metric, first, others, isOneByOne) {
  const index = new HNSWIndex({ dim: DIM, metric });
  for (const [rows, from] of [[first, 0], [others, first.length]]) {
    if (isOneByOne) rows.forEach((row, i) => index.add(from + i, row));
    else if (rows.length > 0) index.addBatch(numbers(rows.length, from), rows);
  }
  return index;
}

/** Microseconds of a search for each row. */
function time(index, rows) {
  const start = performance.now();
  for (const row of rows) index.search(row, 10);
  return (performance.now() - start) / rows.length * 1000;
}

function duplicates(section, { quick }) {
  const made = cases(generator(21)), rows = [];
  for (const metric of ['l2', 'cosine']) {
    for (const [what, first, others] of quick ? made.slice(2, 5) : made) {
      for (const isOneByOne of [false, true]) {
        const start = performance.now(), index = build(metric, first, others, isOneByOne), spent = (performance.now() - start) / index.size * 1000;
        const asked = others.slice(0, 1000);
        const hidden = asked.filter((row, i) => !index.search(row, 10).keys.includes(first.length + i)).length;
        const alike = first.slice(0, 1000), { bytes } = index.stats();
        rows.push([what, metric, isOneByOne ? 'add' : 'addBatch', `${hidden} of ${asked.length}`, spent, bytes / index.size,
          alike.length > 0 ? time(index, alike) : '–', time(index, asked)]);
        index.close();
        process.stderr.write('.');
      }
    }
  }
  section(`Index of ${DIM} dimensions: equal and nearly equal vectors`,
    ['vectors', 'metric', 'by', 'hidden', 'adding one, µs', 'bytes of one', 'search for an equal one, µs', 'for another, µs'], rows);
}

module.exports = { duplicates };
