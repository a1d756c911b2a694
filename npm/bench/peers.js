'use strict';

// npm run bench -- attention: beside numpy and torch, where RUVECTOR_PYTHON names Pythons that have them, with colons between
// (PyPI's numpy brings OpenBLAS; Debian: apt-get install python3-torch, RUVECTOR_PYTHON=python3:/usr/bin/python3), and beside
// the arithmetic of @ruvector/attention, where a C compiler is.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const attention = require('../../attention.js');
const { measure, median } = require('./measure.js');

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

/** Microseconds that @ruvector/attention 0.1 took with 10,000 keys, from Node, measured once, on a Zen 5. */
const STORED = { edge: 159804, dual: 150753 };

/** The program of peers/old.c, compiled into `folder`, or undefined where no compiler is. */
function compiled(folder) {
  const program = path.join(folder, 'old');
  const built = [process.env.CC, 'clang', 'cc'].filter(Boolean).some((compiler) =>
    spawnSync(compiler, ['-O3', '-ffp-contract=off', path.join(__dirname, 'peers/old.c'), '-o', program, '-lm']).status === 0);
  return built ? program : undefined;
}

/** The same rows as separate arrays, the only form that package takes. */
const apart = ({ data, rows, dim }) => Array.from({ length: rows }, (_, i) => data.slice(i * dim, (i + 1) * dim));

/**
 * Ours beside the arithmetic of @ruvector/attention in C (the program's best, of as many processes as rounds, in turns), and
 * beside what the package itself once took. It computes GAT (v1), with weights that nothing sets; GATv2 is ours alone.
 */
function old(settings, section, matrix, quick) {
  const n = 10000, dim = 128, q = matrix(1, dim, 1, 0.08).data, seed = 1, names = { nodeDim: dim, edgeDim: 16, numHeads: 4, seed };
  const [k, v, edges] = [matrix(n, dim, 2, 0.08), matrix(n, dim, 3, 0.08), matrix(n, 16, 4)], [K, V, E] = [k, v, edges].map(apart);
  const v1 = new attention.EdgeFeaturedAttention({ ...names, version: 'v1' }), v2 = new attention.EdgeFeaturedAttention(names), dual = new attention.DualSpaceAttention({ dim, seed });
  const cases = [
    ['edge-featured v1, 4 heads, 16-d edges', 'edge', () => v1.computeBatch(q, k, v, { edges }), () => v1.computeWithEdges(q, K, V, E)],
    ['edge-featured v2, 4 heads, 16-d edges', 'edge', () => v2.computeBatch(q, k, v, { edges }), () => v2.computeWithEdges(q, K, V, E)],
    ['dual-space, projections', 'dual', () => dual.computeBatch(q, k, v), () => dual.compute(q, K, V)],
  ];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-bench-')), theirs = { edge: Infinity, dual: Infinity }, ours = cases.map(() => [[], []]);
  try {
    const program = compiled(folder);
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      cases.forEach(([, , packed, separate], i) => {
        const times = measure([{ name: 0, run: packed }, { name: 1, run: separate }], { ...settings, rounds: Math.min(settings.rounds, 15) });
        ours[i].forEach((list, form) => list.push(times.get(form)));
      });
      if (program === undefined) continue;
      const { status, stdout, stderr } = spawnSync(program, [String(n)], { encoding: 'utf8' });
      if (status !== 0) throw new Error(`old.c: ${stderr}`);
      for (const [key, time] of Object.entries(JSON.parse(stdout))) theirs[key] = Math.min(theirs[key], time);
    }
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
  section('Attention, one query, 10,000 keys x 128, beside @ruvector/attention', ['mechanism', 'matrices, µs', 'Float32Array[], µs', 'its arithmetic in C, µs', 'times', 'times, Float32Array[]', 'it on a Zen 5, µs', 'times'],
    cases.map(([name, key], i) => {
      const [packed, separate] = ours[i].map(median), times = (theirs, mine) => Number.isFinite(theirs) ? (theirs / mine).toFixed(1) : '–';
      return [name, packed, separate, Number.isFinite(theirs[key]) ? theirs[key] : '–', times(theirs[key], packed), times(theirs[key], separate), STORED[key], times(STORED[key], packed)];
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
