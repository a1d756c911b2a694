'use strict';

// npm run bench -- index [--rows <part of a name of PARTS>] [--large]: HNSWIndex beside hnswlib, faiss and usearch on data of
// npm/bench/index-data/prepare.sh, each in a process of its own, in turns; what building gains by threads; the boundary to
// JavaScript; the event loop while an index is built; small indexes; searches after removals and with filters (index-filters.js;
// --large: at 1,000,000 too, a quarter of an hour); writes (index-writes.js); equal vectors (index-duplicates.js).
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { gnn: { HNSWIndex } } = require('./library.js');
const { duplicates } = require('./index-duplicates.js');
const { filters, removals } = require('./index-filters.js');
const { ordinary } = require('./index-ordinary.js');
const { recallSection } = require('./index-recall.js');
const { idleReader, replacements, singleWrites } = require('./index-writes.js');

const cache = process.env.RUVECTOR_BENCH_CACHE ?? path.join(os.homedir(), '.cache/ruvector-bench');
const python = path.join(cache, 'venv/bin/python');
const SETS = [['clusters', 128, '100,000 x 128 clusters'], ['glosses', 384, '81,115 x 384 glosses of WordNet by MiniLM']];

function run(program, args) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout.trim().split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
}

/** The better of two figures; either may be missing. */
const better = (a, b, which) => (a == null ? b : b == null ? a : which(a, b));

/** Every library once a pass, ours between the others; of each its best figures. */
function compare(folder, dim, passes) {
  const ours = (what) => () => run(process.execPath, ['--expose-gc', path.join(__dirname, 'index-one.js'), folder, dim, what]);
  const theirs = (name) => () => run(python, [path.join(__dirname, 'index-data/peers.py'), folder, dim, name]);
  const turns = fs.existsSync(python) ? [ours('f32'), theirs('faiss'), ours('i8'), theirs('hnswlib'), ours('i8-alone'), theirs('usearch')] : ['f32', 'i8', 'i8-alone'].map(ours);
  const all = new Map();
  for (let pass = 0; pass < passes; pass++) {
    for (const turn of turns) {
      process.stderr.write('.');
      for (const one of turn()) {
        const known = all.get(one.library) ?? one;
        for (const key of ['qps95', 'qps99']) known[key] = better(known[key], one[key], Math.max);
        known.buildCpu = Math.min(known.buildCpu, one.buildCpu);
        all.set(one.library, known);
      }
    }
  }
  return [...all.values()];
}

const thousands = (x) => (x == null ? 'not reached' : `${(x / 1000).toFixed(1)}k`);
const ratio = (a, b) => (a && b ? (a / b).toFixed(2) : '');

function sets(section, { quick }) {
  for (const [name, dim, title] of SETS) {
    const folder = path.join(cache, name);
    if (!fs.existsSync(path.join(folder, 'gt.i32'))) {
      console.log(`\nIndex, ${title}: no data in ${folder} (bash npm/bench/index-data/prepare.sh ${name})`);
      continue;
    }
    process.stderr.write(`Index, ${title} `);
    const all = compare(folder, dim, quick ? 1 : 2), faiss = all.find(({ library }) => library === 'faiss'), hnswlib = all.find(({ library }) => library === 'hnswlib');
    section(`Index, ${title}, cosine, M 16, efConstruction 200, one thread, one query a call`,
      ['library', 'QPS at recall .95', 'QPS at .99', 'to faiss .95', 'to faiss .99', 'build, CPU s', 'to hnswlib', 'recall at ef 64', 'B a vector', 'resident'],
      all.map((one) => [one.library, thousands(one.qps95), thousands(one.qps99), ratio(one.qps95, faiss?.qps95), ratio(one.qps99, faiss?.qps99), one.buildCpu.toFixed(1),
        ratio(one.buildCpu, hnswlib?.buildCpu), (one.steps.find(({ ef }) => ef === 64) ?? one.steps.at(-1)).recall.toFixed(4), one.record ? one.record.toFixed(0) : '', one.bytes ? one.bytes.toFixed(0) : '']));
    const views = ['mapped', 'read'].map((floats) => [floats, ...run(process.execPath,
      ['--expose-gc', path.join(__dirname, 'index-one.js'), folder, dim, 'view', 'i8.rvi', floats])]);
    section(`Index, ${title}: the file of i8 with floats, viewed, after 1,000 searches`,
      ['floats', 'QPS at recall .95', 'QPS at .99', 'own memory, B a vector', 'pages of the file in use, B a vector'],
      views.map(([floats, one]) => [floats, thousands(one.qps95), thousands(one.qps99), one.own.toFixed(0), one.file.toFixed(0)]));
  }
}

function data(n, dim) {
  const folder = path.join(cache, 'clusters');
  if (fs.existsSync(path.join(folder, 'base.f32'))) {
    const bytes = fs.readFileSync(path.join(folder, 'base.f32'));
    return { data: new Float32Array(bytes.buffer, bytes.byteOffset, n * dim), rows: n, dim };
  }
  return { data: Float32Array.from({ length: n * dim }, (_, i) => Math.sin(i * 12.9898) * 43758.5453 % 1), rows: n, dim };
}

function threads(section, { quick }) {
  const n = quick ? 10000 : 100000, m = data(n, 128), keys = Float64Array.from({ length: n }, (_, i) => i), times = new Map();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const many of [1, 2]) {
      const index = new HNSWIndex({ dim: 128 }), start = performance.now();
      index.addBatch(keys, m, { threads: many });
      times.set(many, Math.min(times.get(many) ?? Infinity, (performance.now() - start) / 1000));
      index.close();
    }
  }
  section(`Index, building ${n.toLocaleString('en')} x 128 on two threads (${os.availableParallelism()} processors)`, ['threads', 's', 'times faster'],
    [1, 2].map((many) => [String(many), times.get(many).toFixed(1), (times.get(1) / times.get(many)).toFixed(2)]));
}

function boundary(section) {
  const rows = [4, 128].map((dim) => {
    const index = new HNSWIndex({ dim }), query = new Float32Array(dim).fill(0.1), times = [];
    index.add(1, query);
    for (let round = 0; round < 21; round++) {
      const start = performance.now();
      for (let i = 0; i < 20000; i++) index.search(query, 10);
      times.push((performance.now() - start) / 20000 * 1000);
    }
    return [`${dim} dimensions`, times.sort((a, b) => a - b)[10].toFixed(2)];
  });
  section('Index of one vector: a search from JavaScript', ['case', 'µs'], rows);
}

/** Delays of the event loop while it answers searches during a build that runs elsewhere. */
async function eventLoop(section, { quick }) {
  const n = quick ? 10000 : 100000, m = data(n, 128), keys = Float64Array.from({ length: n }, (_, i) => i), index = new HNSWIndex({ dim: 128 });
  let isBuilding = true, searches = 0;
  const building = index.addBatchAsync(keys, m).then(() => { isBuilding = false; });
  const delay = monitorEventLoopDelay({ resolution: 1 }), query = m.data.slice(0, 128);
  await new Promise((resolve) => { setTimeout(resolve, 200); }); // the copy of the caller's rows is made before
  delay.enable();
  while (isBuilding) {
    await index.searchAsync(query, 10);
    searches++;
    await new Promise((resolve) => { setTimeout(resolve, 1); });
  }
  delay.disable();
  await building;
  section(`Index: the event loop while ${n.toLocaleString('en')} x 128 are added and searchAsync answers`, ['searches', 'delay p50, ms', 'p99, ms', 'largest, ms'],
    [[String(searches), ...[delay.percentile(50), delay.percentile(99), delay.max].map((x) => (x / 1e6).toFixed(2))]]);
}

/** Indexes of 100 x 32 floats, each kind in a process of its own. */
function smallIndexes(section) {
  const rows = ['HNSWIndex', 'BruteForceIndex'].map((name) => {
    const [{ count, resident, bytes }] = run(process.execPath, ['--expose-gc', path.join(__dirname, 'small-indexes.js'), name]);
    return [name, String(count), (resident / 1e3).toFixed(1), (bytes / 1e3).toFixed(1)];
  });
  section('Index: 100 x 32 floats that came by add', ['class', 'indexes', 'resident kB of one', 'kB by stats()'], rows);
}

function besideHnswlib(section, { quick }) {
  const hnswlib = (folder, dim, metric, efs) => run(python, [path.join(__dirname, 'index-data/recall.py'), folder, dim, metric, ...efs])[0];
  recallSection(section, SETS, cache, quick ? 2000 : 30000, fs.existsSync(python) ? hnswlib : undefined);
}

/** Parts by the names that --rows picks. */
const PARTS = {
  boundary, 'event loop': eventLoop, threads, 'small indexes': smallIndexes, removals, filters, 'single writes': singleWrites, replacements, 'idle reader': idleReader, duplicates,
  ordinary, recall: besideHnswlib, sets,
};

/** Of `values`: quick, large, rows. */
async function indexSections(section, values) {
  for (const [name, part] of Object.entries(PARTS)) {
    if (!name.includes(values.rows ?? '')) continue;
    process.stderr.write(`Index, ${name} ...\n`);
    await part(section, values);
  }
}

module.exports = { indexSections };
