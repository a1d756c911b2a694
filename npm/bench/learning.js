'use strict';

// npm run bench -- learning: what a learned order costs: searches with it beside those without, observations, learning itself, opening a
// store that has observed much. Time that the process computed, not the wall's.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { gnn } = require('./library.js');
const { generator, measure, median } = require('./measure.js');

const DIM = 128;
const cpu = async (work) => {
  const from = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(from);
  return user + system;
};

function rowsOf(n, seed) {
  const random = generator(seed), data = new Float32Array(n * DIM);
  for (let i = 0; i < n; i++) for (let d = 0; d < DIM; d++) data[i * DIM + d] = random() + (d % 16 === i % 16 ? 1 : 0); // sixteen kinds
  return data;
}

async function learningSections(section, quick) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-learning-')), n = quick ? 5000 : 100000, rounds = quick ? 5 : 15, file = path.join(folder, 'store.db');
  try {
    const store = gnn.VectorStore.open(file, { dim: DIM }), data = rowsOf(n, 1), queries = rowsOf(1500, 2), query = (i) => queries.subarray((i % 1500) * DIM, (i % 1500 + 1) * DIM);
    await store.insertBatchAsync({ ids: Array.from({ length: n }, (_, i) => `id${i}`), vectors: { data, rows: n, dim: DIM }, metadata: Array.from({ length: n }, (_, i) => ({ i, text: `entry ${i}` })) }, { threads: 2 });
    // Users who want the one whose coordinates are in reverse, of ten.
    const wish = (q, i) => { let sum = 0; for (let d = 0; d < DIM; d++) sum += q[d] * data[i * DIM + DIM - 1 - d]; return sum; };
    const observe = [];
    for (let i = 0; i < 3000; i++) {
      const q = query(i), hits = store.search(q, { k: 50, track: true }), best = hits.reduce((a, b) => (wish(q, b.metadata.i) > wish(q, a.metadata.i) ? b : a));
      observe.push(await cpu(() => store.observe(hits.impression, [best.id])));
    }
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    let report;
    const learn = await cpu(async () => { report = await store.learn({ examination: 0 }); });
    delay.disable();
    let at = 0;
    const times = measure([{ name: 'without', run: () => store.search(query(at++), { k: 10, ef: 64 }) }, { name: 'with', run: () => store.search(query(at++), { k: 10, ef: 64, rerank: true }) },
      { name: 'tracked', run: () => store.search(query(at++), { k: 10, ef: 64, rerank: true, track: true }) }], { rounds, milliseconds: 50, clock: 'cpu' });
    section(`A learned order, ${n.toLocaleString('en')} x ${DIM}, k = 10, 50 candidates, ef 64 (share in use ${report.share})`, ['search', 'CPU µs', 'ratio'], [...times].map(([name, time]) => [name, time, (time / times.get('without')).toFixed(3)]));
    section('Learning from 3,000 clicks', ['what', 'value', 'unit'], [
      ['observe', median(observe), 'CPU µs'], ['learn', learn / 1e6, 'CPU s'], ['distinct queries', report.lists, ''],
      ['delay of the event loop meanwhile, 99 %', Math.max(0, delay.percentile(99) / 1e6 - 1), 'ms'], ['the longest', Math.max(0, delay.max / 1e6 - 1), 'ms'],
    ]);
    store.close();
    const openings = async () => {
      const list = [];
      for (let i = 0; i < rounds; i++) list.push(await cpu(() => { gnn.VectorStore.open(file).close(); }));
      return median(list);
    };
    const few = await openings(), again = gnn.VectorStore.open(file), count = quick ? 5000 : 100000;
    for (let i = 3000; i < count; i++) again.observe({ query: query(i), shown: ['id1', 'id2', 'id3'] }, ['id2']);
    again.close();
    const many = await openings();
    section('Opening', ['observations', 'CPU µs', 'ratio'], [['3,000', few, 1], [count.toLocaleString('en'), many, (many / few).toFixed(3)]]);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

module.exports = { learningSections };
