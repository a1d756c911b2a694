'use strict';

// npm run bench -- attention: the print-out of attention-cases.js, beside the memory, the multiply-adds and others.
const { attention, native } = require('./library.js');
const { batchCases, DIM, linearCases, makingCase, matrix, mechanismCases, memoryCase } = require('./attention-cases.js');
const { measure } = require('./measure.js');
const peers = require('./peers.js');

/** One query against the memory: keys and values are read once, so as many bytes are the least a call can take. */
function memory(settings, section) {
  const read = (n) => {
    const data = new Float32Array(2 * n * DIM).fill(0.5);
    return () => native.kernel('sum', [data], undefined, 0);
  };
  const rows = [];
  for (const n of [100000, 10000, 1000]) {
    const times = measure([{ name: 'read', run: read(n) }, memoryCase('dot', n)], settings);
    const [least, taken] = [times.get('read'), times.get('dot')];
    rows.push([`${n.toLocaleString('en')} keys and values x ${DIM}`, taken, least, (least / taken).toFixed(3)]);
  }
  section('Attention, one query, one head, against reading as many bytes', ['case', 'µs', 'reading, µs', 'of its rate'], rows);
}

/** Batches against the multiply-adds that the machine can do: 2 · heads · m · n · (d + v) operations. */
function batches(settings, section, quick) {
  const rows = [], dim = 512;
  const peak = { name: 'multiply-add peak', run: () => native.kernel('fma', [], undefined, 20000) };
  const work = peak.run();
  for (const n of quick ? [1024] : [1024, 4096]) {
    const few = { rounds: Math.min(settings.rounds, n > 1024 ? 5 : 15), milliseconds: settings.milliseconds };
    const times = measure([peak, ...batchCases(n)], few);
    const rate = (name, flops) => flops / times.get(name) / 1e3, flops = 2 * n * n * 2 * dim, most = rate('multiply-add peak', work);
    const row = (name, share) => [`${n}², 8 heads x 64, ${name}`, times.get(name) / 1e3, rate(name, flops * share), (rate(name, flops * share) / most).toFixed(3), (times.get(name) / times.get('all')).toFixed(3)];
    rows.push(row('all', 1), row('causal', (n + 1) / 2 / n), row('all, 2 threads', 1));
  }
  section('Attention, batches, against the multiply-add peak of one thread', ['case', 'ms', 'GFLOP/s', 'of peak', 'time / all'], rows);
}

/** Every mechanism with one query and 10,000 keys, as a ratio to the dot product. */
function mechanisms(settings, section, quick) {
  const n = quick ? 2000 : 10000;
  const few = { rounds: Math.min(settings.rounds, 9), milliseconds: settings.milliseconds }; // several calls of the fast ones: in the cache
  const times = measure(mechanismCases(n), few), base = times.get('dot product');
  section(`Attention, one query, ${n.toLocaleString('en')} keys x ${DIM}`, ['mechanism', 'µs', 'ratio'],
    [...times].map(([name, time]) => [name, time, (time / base).toFixed(2)]));
}

/** From how many keys on (with as many queries) random features are faster than exact attention. */
function linear(settings, section, quick) {
  const few = { rounds: Math.min(settings.rounds, 5), milliseconds: 1 };
  const rows = (quick ? [64, 1024] : [64, 256, 1024, 4096, 16384]).map((n) => {
    const times = measure(linearCases(n), few);
    return [`${n.toLocaleString('en')} queries and keys x 64`, times.get('exact') / 1e3, times.get('linear') / 1e3, (times.get('linear') / times.get('exact')).toFixed(3)];
  });
  section('Attention, linear (64 features) against exact', ['case', 'exact, ms', 'linear, ms', 'ratio'], rows);
}

/** How long it takes to draw as many orthogonal directions as there are dimensions. */
function making(settings, section, quick) {
  const few = { rounds: Math.min(settings.rounds, 5), milliseconds: 1 };
  const times = measure((quick ? [64, 256] : [64, 256, 1024]).map((dim) => makingCase(dim)), few);
  section('Attention, linear: making it', ['dimensions and features', 'ms'], [...times].map(([dim, time]) => [String(dim), (time / 1e3).toFixed(2)]));
}

/** How far random features are from exact attention: root mean square over 12 seeds, as a part of that of the exact outputs. */
function estimate(section, quick) {
  const dim = 16, [q, k, v] = [[20, 1], [60, 2], [60, 3]].map(([rows, seed]) => matrix(rows, dim, seed, 0.6));
  const exact = new attention.FlashAttention(dim).computeBatch(q, k, v).data, seeds = quick ? 3 : 12;
  const size = Math.sqrt(exact.reduce((sum, x) => sum + x * x, 0) / exact.length);
  section('Attention, relative error of linear against exact, 20 queries, 60 keys x 16, |x|²/√16 = 0.5', ['features', 'error'], [16, 64, 256, 1024].map((numFeatures) => {
    let square = 0;
    for (let seed = 0; seed < seeds; seed++) {
      const { data } = new attention.LinearAttention({ dim, numFeatures, seed }).computeBatch(q, k, v);
      square += data.reduce((sum, x, i) => sum + (x - exact[i]) ** 2, 0) / data.length / seeds;
    }
    return [String(numFeatures), (Math.sqrt(square) / size).toFixed(4)];
  }));
}

/** Flash over a million keys: time, and how much the process grows beyond the arguments. */
function million(section) {
  const n = 1e6, data = new Float32Array(n * DIM).fill(0.01), keys = { data, rows: n, dim: DIM };
  for (let i = 0; i < data.length; i += 97) data[i] = (i % 13) / 13; // keys differ; values are the same memory
  const one = new attention.FlashAttention(DIM), query = matrix(1, DIM, 1).data;
  const resident = () => process.memoryUsage.rss();
  const before = resident(), start = process.hrtime.bigint();
  one.compute(query, keys, keys);
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  section('Attention, flash, one query, 1,000,000 keys x 128', ['case', 'ms', 'growth, MB'], [['keys as values, 512 MB', ms, ((resident() - before) / 1e6).toFixed(1)]]);
}

function attentionSections(settings, section, quick) {
  const step = (name, run) => {
    process.stderr.write(`Attention, ${name} ...\n`);
    run();
  };
  step('memory', () => memory({ ...settings, rounds: Math.min(settings.rounds, 15) }, section));
  step('numpy and torch', () => peers.python(settings, section, matrix, quick));
  step('batches', () => batches(settings, section, quick));
  step('memory of batches', () => peers.batchMemory(section, quick));
  step('mechanisms', () => mechanisms(settings, section, quick));
  step('the old package', () => peers.old(settings, section, matrix, quick));
  step('the old package, in its own form', () => peers.dropIn(settings, section, quick));
  step('linear', () => linear(settings, section, quick));
  step('making', () => making(settings, section, quick));
  step('error', () => estimate(section, quick));
  if (!quick) step('a million keys', () => million(section));
}

module.exports = { attentionSections };
