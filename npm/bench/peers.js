'use strict';

// npm run bench -- attention: beside numpy and torch, where RUVECTOR_PYTHON names Pythons that have them, with colons between
// (PyPI's numpy brings OpenBLAS; Debian: apt-get install python3-torch, RUVECTOR_PYTHON=python3:/usr/bin/python3), and beside
// the arithmetic of @ruvector/attention.
const { spawnSync } = require('node:child_process');
const path = require('node:path');
const attention = require('../../attention.js');
const { generator, measure, median } = require('./measure.js');

/** One query and 1,000 keys: ours and theirs in turns, a process of theirs each time. */
function python(settings, section, matrix, quick) {
  const programs = (process.env.RUVECTOR_PYTHON ?? '').split(path.delimiter).filter(Boolean);
  if (programs.length === 0) return console.log('\nAttention beside numpy and torch: RUVECTOR_PYTHON names no Python');
  const n = 1000, dim = 128, q = matrix(1, dim, 1).data, [k, v] = [matrix(n, dim, 2), matrix(n, dim, 3)];
  const one = new attention.DotProductAttention(dim), ours = [], theirs = new Map();
  for (let round = 0; round < programs.length * (quick ? 1 : 5); round++) {
    const program = programs[round % programs.length], { status, stdout, stderr, error } = spawnSync(program, [path.join(__dirname, 'peers/attention.py'), n, dim], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program}: ${error?.message ?? stderr}`);
    ours.push(measure([{ name: 'ours', run: () => one.compute(q, k, v) }], settings).get('ours'));
    for (const [name, [version, time]] of Object.entries(JSON.parse(stdout))) {
      const known = `${name} ${version}`;
      theirs.set(known, [...theirs.get(known) ?? [], time]);
    }
  }
  const mine = median(ours), rows = [...theirs].map(([name, times]) => [name, median(times), (mine / median(times)).toFixed(3)]);
  section('Attention, one query, 1,000 keys x 128, beside numpy and torch, one thread', ['case', 'µs', 'ours / it'], [['ours, DotProductAttention', mine, '1.000'], ...rows]);
}

/** Microseconds that @ruvector/attention 0.1 took with 10,000 keys, measured once, on a Zen 5. */
const STORED = { edge: 159804, dual: 150753 };

/** y_r = W_r·x, each sum one after the other as that package adds. */
function product(weight, x, dim, out) {
  for (let r = 0; r < out.length; r++) {
    let sum = 0;
    for (let c = 0; c < dim; c++) sum += weight[r * dim + c] * x[c];
    out[r] = sum;
  }
}

/** The arithmetic of that package as a plain loop: keys and values (and edges) all projected, one by one. */
function plain(n, dim, maps) {
  const random = generator(9), x = Float32Array.from({ length: dim }, random), out = new Float32Array(dim);
  const weights = maps.map((width) => Float32Array.from({ length: dim * width }, random));
  return () => { for (let j = 0; j < n; j++) weights.forEach((weight, i) => product(weight, x, maps[i], out)); };
}

function old(settings, section, matrix) {
  const n = 10000, part = 500, dim = 128, q = matrix(1, dim, 1, 0.08).data, seed = 1;
  const [k, v, edges] = [matrix(n, dim, 2, 0.08), matrix(n, dim, 3, 0.08), matrix(n, 16, 4)];
  const edge = new attention.EdgeFeaturedAttention({ nodeDim: dim, edgeDim: 16, numHeads: 4, seed }), dual = new attention.DualSpaceAttention({ dim, seed });
  const times = measure([
    { name: 'edge', run: () => edge.computeBatch(q, k, v, { edges }) }, { name: 'edge loop', run: plain(part, dim, [dim, dim, 16]) },
    { name: 'dual', run: () => dual.computeBatch(q, k, v) }, { name: 'dual loop', run: plain(part, dim, [dim, dim]) },
  ], { ...settings, rounds: Math.min(settings.rounds, 15) });
  section('Attention, one query, 10,000 keys x 128, beside @ruvector/attention', ['mechanism', 'µs', 'stored, Zen 5, µs', 'times', 'its products as a JS loop, µs', 'times'],
    [['edge-featured v2, 4 heads, 16-d edges', 'edge'], ['dual-space, projections', 'dual']].map(([name, key]) => {
      const mine = times.get(key), loop = times.get(`${key} loop`) * n / part;
      return [name, mine, STORED[key], (STORED[key] / mine).toFixed(1), loop, (loop / mine).toFixed(1)];
    }));
}

/** Batches: bytes a process of its own grows by, beyond arguments and result. */
function batchMemory(section, quick) {
  const rows = (quick ? [1024] : [1024, 4096, 8192]).map((n) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', path.join(__dirname, 'batch-memory.js'), String(n)], { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return [`${n}², 8 heads x 64`, (Number(stdout) / 1e6).toFixed(2), (8 * n * n * 4 / 1e6).toFixed(0)];
  });
  section('Attention, batches: memory beyond arguments and result', ['case', 'MB', 'all scores would be, MB'], rows);
}

module.exports = { batchMemory, old, python };
