'use strict';
// A process of its own for one index on one data set: node --expose-gc index-one.js <folder> <dim> <what>
//   f32 | i8        builds on one thread, then searches, one query a call, for a ladder of ef: time, recall, memory
//   i8-alone        the same without floats beside the bytes
//   view <file>     a file that `f32` or `i8` wrote (folder/<what>.rvi), mapped; its floats too, or not with `read` behind it
// Prints one line of JSON. Data: base.f32, queries.f32 (rows of floats), gt.i32 (the 10 nearest rows of each query).
const fs = require('node:fs');
const path = require('node:path');
const { gnn: { HNSWIndex } } = require('./library.js');

const [folder, dimText, what] = process.argv.slice(2), dim = Number(dimText);
const EFS = [10, 12, 14, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 192, 256];
const read = (name, Type) => {
  const bytes = fs.readFileSync(path.join(folder, name));
  return new Type(bytes.buffer, bytes.byteOffset, bytes.length / 4);
};

/** Memory of the process that files of others do not back, and what files do: bytes. */
function resident() {
  globalThis.gc?.();
  const status = fs.readFileSync('/proc/self/status', 'utf8'), field = (name) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)[1]);
  return { own: field('RssAnon'), file: field('RssFile') };
}

const queries = read('queries.f32', Float32Array), truth = read('gt.i32', Int32Array), count = queries.length / dim;
const list = Array.from({ length: count }, (_, i) => queries.slice(i * dim, (i + 1) * dim));

function ladder(index) {
  const steps = [];
  for (const ef of EFS) {
    index.ef = ef;
    let hits = 0, best = Infinity;
    list.forEach((query, q) => {
      for (const key of index.search(query, 10).keys) if (truth.subarray(10 * q, 10 * q + 10).includes(key)) hits++;
    });
    for (let round = 0; round < 5; round++) {
      const start = process.hrtime.bigint();
      for (const query of list) index.search(query, 10);
      best = Math.min(best, Number(process.hrtime.bigint() - start));
    }
    steps.push({ ef, recall: hits / (10 * count), qps: count / (best / 1e9) });
    if (steps.at(-1).recall >= 0.997) break;
  }
  return steps;
}

/** QPS at a recall: the logarithm of QPS between the two steps around it. */
function at(steps, recall) {
  const i = steps.findIndex((step) => step.recall >= recall);
  if (i < 0) return null;
  if (i === 0) return steps[0].qps;
  const [a, b] = [steps[i - 1], steps[i]], share = (recall - a.recall) / (b.recall - a.recall);
  return Math.exp(Math.log(a.qps) + share * (Math.log(b.qps) - Math.log(a.qps)));
}

function main() {
  const result = { library: `ours, ${what}` };
  let index;
  if (what === 'view') {
    const before = resident();
    index = HNSWIndex.view(path.join(folder, process.argv[5]), { floats: process.argv[6] ?? 'mapped' });
    result.open = resident().own - before.own;
    for (const query of list) index.search(query, 10, { ef: 64 });
    const after = resident();
    Object.assign(result, { own: (after.own - before.own) / index.size, file: (after.file - before.file) / index.size });
  } else {
    let base = read('base.f32', Float32Array);
    const n = base.length / dim, keys = Float64Array.from({ length: n }, (_, i) => i);
    index = new HNSWIndex({ dim, storage: what.slice(0, 2) === 'i8' ? 'i8' : 'f32', rerank: what !== 'i8-alone' });
    const before = resident(), cpu = process.cpuUsage();
    index.addBatch(keys, { data: base, rows: n, dim });
    const { user, system } = process.cpuUsage(cpu);
    result.buildCpu = (user + system) / 1e6;
    base = undefined;
    result.bytes = (resident().own - before.own) / n;
    result.record = index.stats().bytesPerVector;
    if (what !== 'i8-alone') index.save(path.join(folder, `${what}.rvi`));
  }
  result.steps = ladder(index);
  result.qps95 = at(result.steps, 0.95);
  result.qps99 = at(result.steps, 0.99);
  console.log(JSON.stringify(result));
}
main();
