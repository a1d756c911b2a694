'use strict';

// What HNSWIndex finds beside what hnswlib finds, at equal M, efConstruction and ef, for every metric that both have. Rows are scaled to
// lengths between .5 and 1.5, so that the three metrics have different neighbours.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { gnn: { BruteForceIndex, HNSWIndex } } = require('./library.js');

const EFS = [16, 32, 64, 128], K = 10;

/** Lengths from a fixed sequence. */
function scaled(rows, dim) {
  let state = 1;
  return rows.map((x, i) => {
    if (i % dim === 0) state = (state * 48271) % 2147483647;
    return x * (0.5 + state / 2147483647);
  });
}

function recalls(index, queries, truth) {
  return EFS.map((ef) => {
    let hits = 0;
    queries.forEach((query, q) => { for (const key of index.search(query, K, { ef }).keys) if (truth[q].includes(key)) hits++; });
    return hits / (K * queries.length);
  });
}

/** `run(folder, dim, metric, efs)` asks hnswlib; undefined where it is not there. */
function recallSection(section, sets, cache, count, run) {
  const rows = [];
  for (const [name, dim] of sets) {
    if (!fs.existsSync(path.join(cache, name, 'gt.i32'))) continue;
    const read = (file, n) => {
      const bytes = fs.readFileSync(path.join(cache, name, file));
      return new Float32Array(bytes.buffer, bytes.byteOffset, Math.min(n * dim, bytes.length / 4)).slice();
    };
    const base = scaled(read('base.f32', count), dim), asked = read('queries.f32', 1000), n = base.length / dim;
    const queries = Array.from({ length: asked.length / dim }, (_, q) => asked.subarray(q * dim, (q + 1) * dim));
    const keys = Float64Array.from({ length: n }, (_, i) => i), matrix = { data: base, rows: n, dim };
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-recall-'));
    try {
      fs.writeFileSync(path.join(folder, 'base.f32'), base);
      fs.writeFileSync(path.join(folder, 'queries.f32'), asked);
      for (const metric of ['cosine', 'l2', 'ip']) {
        process.stderr.write('.');
        const all = new BruteForceIndex({ dim, metric });
        all.addBatch(keys, matrix);
        const truth = queries.map((query) => Array.from(all.search(query, K).keys));
        fs.writeFileSync(path.join(folder, 'gt.i32'), Int32Array.from(truth.flat()));
        const theirs = run?.(folder, dim, metric, EFS);
        for (const storage of ['f32', 'i8']) {
          const index = new HNSWIndex({ dim, metric, storage });
          index.addBatch(keys, matrix);
          const ours = recalls(index, queries, truth);
          rows.push([name, metric, storage, ...EFS.map((ef, i) => `${ours[i].toFixed(4)} / ${theirs ? theirs[ef].toFixed(4) : '–'}`)]);
          index.close();
        }
        all.close();
      }
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  }
  if (rows.length) section(`Index, recall@10 of ours / hnswlib, ${count.toLocaleString('en')} rows of each set`, ['data', 'metric', 'storage', ...EFS.map((ef) => `ef ${ef}`)], rows);
}

module.exports = { recallSection };
