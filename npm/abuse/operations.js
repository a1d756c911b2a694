'use strict';
// npm run operations [-- --count N --seed S] [name ...]: random operations of every class of table.js, 10^7 in all. Sizes are at
// most 8, magnitudes 1e-20 to 1e20, with subnormals, ties, zeros and repeated rows. An operation is one query of computeBatch,
// attentionWeights or backward. A result must be finite, or the error ERR_OUT_OF_RANGE; where outputs are averages of the values,
// they are always finite. Prints how many of each there were; what fails with its class, options and arguments.
const { parseArgs } = require('node:util');
const attention = require('../entries/attention.js');
const { random } = require('../test/support/index.js');
const { MECHANISMS } = require('../lib/overlay/attention.js');

/** Draws of a generator. */
function draws(seed) {
  const signedNumber = random(seed), next = () => (signedNumber() + 1) / 2;
  const below = (n) => Math.floor(next() * n), signed = () => 2 * next() - 1;
  const of = (list) => list[below(list.length)], magnitude = () => 10 ** (40 * next() - 20);
  const kinds = [
    () => signed, // ordinary
    () => { const scale = magnitude(); return () => scale * signed(); }, // one magnitude
    () => () => signed() * magnitude(), // all magnitudes at once
    () => () => of([0, -0, 1e-45, -1e-45, 1.1754942e-38, -5e-40]), // subnormals and zeros
    () => { const list = [0, signed(), magnitude()]; return () => of(list); }, // ties
    () => { const one = of([0, 1, 1e20, -1e20, 1e-20]); return () => one; }, // all alike
    () => () => of([1e20, -1e20, 1e-20, 0, 1]), // far apart
  ];
  /** A packed matrix; some have rows that repeat. */
  function matrix(rows, dim) {
    const draw = of(kinds)(), data = new Float32Array(rows * dim), repeats = next() < 0.2;
    for (let i = 0; i < data.length; i++) data[i] = repeats && i >= dim && next() < 0.9 ? data[i - dim] : draw();
    return { data, rows, dim };
  }
  return { next, below, of, signed, magnitude, matrix };
}

const HEADS = { 1: [1], 2: [1, 2], 3: [1, 3], 4: [1, 2, 4], 5: [1, 5], 6: [1, 2, 3, 6], 7: [1, 7], 8: [1, 2, 4, 8] };

/** Options of a class, at random; `averages`: outputs are means of the values with weights that sum to 1. */
const OPTIONS = {
  DotProductAttention: { averages: true, draw: (_, dim) => ({ dim }) },
  ScaledDotProductAttention: { averages: true, draw: ({ of, next }, dim) => ({ dim, temperature: of([1e-3, 0.5, 1, 100]), causal: next() < 0.3 }) },
  MultiHeadAttention: { draw: ({ of, next }, dim) => ({ dim, numHeads: of(HEADS[dim]), projections: next() < 0.5, causal: next() < 0.3, seed: 1 }) },
  FlashAttention: { averages: true, draw: ({ of, next }, dim) => ({ dim, blockSize: of([1, 2, 3, 512]), numHeads: of(HEADS[dim]), causal: next() < 0.3 }) },
  LinearAttention: { draw: ({ of, below, next }, dim) => ({ dim, numFeatures: of([1, 8, 1 + below(8)]), elu: next() < 0.4, seed: below(100) }), averages: true },
  LocalGlobalAttention: { averages: true, draw: ({ of, below }, dim) => ({ dim, localWindow: below(6), globalTokens: below(3), numHeads: of(HEADS[dim]) }) },
  HyperbolicAttention: { draw: ({ of, next }, dim) => ({ dim, curvature: of([-1, -1e-6, -30, -0.5]), temperature: of([1e-2, 1, 10]), maps: next() < 0.4, frechet: next() < 0.4 }) },
  ManifoldAttention: {
    draw: ({ of, next }, dim) => ({
      dim, numHeads: of(HEADS[dim]), curvature: of([-1, -0.01, 0, 1, 20, -20]), model: of(['poincare', 'lorentz']), temperature: of([0.1, 1]), squared: next() < 0.4,
    }),
  },
  LorentzCascadeAttention: { draw: ({ of }, dim) => ({ dim, numHeads: of(HEADS[dim]), curvatureFrom: of([-0.1, -1]), curvatureTo: of([-2, -10]), temperature: of([0.1, 1]) }) },
  MixedCurvatureAttention: {
    draw: ({ below, of }, dim) => {
      const euclideanDim = below(dim + 1), hyperbolicDim = below(dim - euclideanDim + 1);
      return { euclideanDim, hyperbolicDim, sphericalDim: dim - euclideanDim - hyperbolicDim, hyperbolicCurvature: of([-1, -0.01, -20]), sphericalCurvature: of([1, 0.01, 20]), temperature: of([0.1, 1]) };
    },
  },
  EdgeFeaturedAttention: {
    draw: ({ below, of, next }, dim) => ({
      nodeDim: dim, edgeDim: 1 + below(4), numHeads: of(HEADS[dim]), concatHeads: next() < 0.7, addSelfLoops: next() < 0.3, negativeSlope: of([0, 0.2, 1]), version: of(['v1', 'v2']), seed: below(100),
    }),
  },
  GraphRoPEAttention: {
    averages: true, even: true,
    draw: ({ of }, dim) => ({ dim, numHeads: of(HEADS[dim].filter((heads) => dim / heads % 2 === 0)), maxPosition: of([1, 16, 512]), base: of([2, 10000]), scalingFactor: of([0.5, 1, 100]), levelScale: of([0.5, 1]) }),
  },
  DualSpaceAttention: {
    draw: ({ of, next, below }, dim) => ({ dim, curvature: of([-1, -1e-6, -30]), euclideanWeight: of([0, 0.5, 3]), hyperbolicWeight: of([0, 0.5, 3]), temperature: of([0.1, 1]), projections: next() < 0.5, seed: below(100) }),
  },
  GraphLatentAttention: { draw: ({ of, below }, dim) => ({ dim, numHeads: of(HEADS[dim]), seed: below(100) }) },
  HNSWAwareAttention: { draw: ({ of, below }, dim) => ({ dim, numHeads: of(HEADS[dim]), levels: 1 + below(4), seed: below(100) }) },
  StructuralAttention: { draw: ({ of, below }, dim) => ({ dim, numHeads: of(HEADS[dim]), numFeatures: 1 + below(4), seed: below(100) }) },
  GraphAttentionPipeline: { even: true, draw: ({ of, below }, dim) => ({ dim, edgeDim: 1 + below(4), numHeads: of(HEADS[dim].filter((heads) => dim / heads % 2 === 0)), maxPosition: 16, seed: below(100) }) },
  MoEAttention: {
    draw: ({ below, of }, dim) => {
      const numExperts = 1 + below(4);
      return { dim, numExperts, topK: 1 + below(numExperts), expertCapacity: of([0, 1.25]), balance: of([0, 0.01]), seed: below(100) };
    },
  },
  LearnedRoutingAttention: { draw: ({ below, of, next }, dim) => ({ dim, numExperts: 1 + below(4), temperature: of([0.01, 1]), hard: next() < 0.4, seed: below(100) }) },
  DynamicHeadsAttention: { draw: ({ of, next, below }, dim) => ({ dim, numHeads: of(HEADS[dim]), threshold: of([0, 0.5]), causal: next() < 0.3, seed: below(100) }) },
};

const OWN_WIDTH = /Hyperbolic|Manifold|Lorentz|Mixed|Edge|Latent|Pipeline|MoE|Routing|Dynamic|MultiHead|DualSpace/;

/** An object of a class with options and weights at random. */
function make(name, d) {
  const dim = OPTIONS[name].even ? 2 * (1 + d.below(4)) : 1 + d.below(8), options = OPTIONS[name].draw(d, dim);
  const one = new attention[name](options), floats = one.getWeights();
  let weights = 'initial';
  if (floats.length > 0 && d.next() < 0.5) {
    // Logarithms of curvatures are bounded: e^20 is more than any space needs. Other weights are anything.
    const isLog = one.parameters.some((p) => p.name.startsWith('log_')), drawn = isLog ? floats.map(() => 20 * d.signed()) : d.matrix(1, floats.length).data;
    try {
      one.setWeights(drawn);
      weights = Array.from(drawn);
    } catch (error) {
      if (error.code !== 'ERR_OUT_OF_RANGE') throw error;
    }
  }
  return { name, one, dim, options, weights };
}

/** Arguments of a call: [queries, keys, values, gradient, options]. */
function callOf({ name, one, dim, options }, d, operation) {
  const { below, matrix, next } = d, row = MECHANISMS[name], m = 1 + below(8), n = 1 + below(8), heads = options.numHeads ?? 1;
  const width = OWN_WIDTH.test(name) ? dim : heads * (1 + below(Math.floor(8 / heads)));
  const queries = matrix(m, dim), keys = matrix(n, dim), values = matrix(n, width);
  const outputDim = name === 'EdgeFeaturedAttention' ? one.headDim * (one.concatHeads ? one.numHeads : 1) : width;
  const extras = {}, kind = below(4), flags = (count) => Uint8Array.from({ length: count }, () => (next() < 0.7 ? 1 : 0));
  const isPlaced = options.causal || name === 'LocalGlobalAttention' || row.native === 'moe' || name === 'LearnedRoutingAttention';
  let pairs;
  if (kind === 1) extras.mask = flags(next() < 0.5 ? n : m * n);
  if (kind === 2) {
    const starts = Array.from({ length: m + 1 }, () => below(n + 1)).sort((a, b) => a - b);
    extras.offsets = Uint32Array.from(starts);
  }
  if (kind === 3 && !isPlaced) {
    extras.pattern = attention.SparsityPattern.random(m, n, below(n + 1), below(1000));
    pairs = extras.pattern.count;
  }
  const integers = (count, top) => Float32Array.from({ length: count }, () => below(top));
  if (row.edges && next() < 0.8) extras.edges = matrix(pairs ?? (next() < 0.5 ? n : m * n), one.edgeDim);
  for (const column of row.context ?? []) {
    if (next() < 0.3 && pairs === undefined) continue; // a pattern gathers keys: it wants to know where they stand
    const top = { position: 600, level: name === 'HNSWAwareAttention' ? 8 : 6, kind: 2 }[column], plural = `${column[0].toUpperCase()}${column.slice(1)}s`;
    extras[`key${plural}`] = integers(n, top);
    if (!row.keyOnly?.includes(column)) extras[`query${plural}`] = integers(m, top);
  }
  if (row.features && (pairs !== undefined || next() < 0.8)) [extras.queryFeatures, extras.keyFeatures] = [matrix(m, one.numFeatures), matrix(n, one.numFeatures)];
  return { m, args: [queries, keys, values, ...(operation === 'backward' ? [matrix(m, outputDim)] : []), extras] };
}

const METHODS = {
  computeBatch: (one, [q, k, v, options]) => one.computeBatch(q, k, v, options).data,
  attentionWeights: (one, [q, k, , options]) => one.attentionWeights(q, k, options).data,
  backward(one, [q, k, v, g, options]) {
    const { queries, keys, values, parameters, edges } = one.backward(q, k, v, g, options);
    return [queries, keys, values, parameters, ...(edges ? [edges] : [])];
  },
};

const plain = (value) => (ArrayBuffer.isView(value) ? Array.from(value, (x) => (Object.is(x, -0) ? '-0' : x)) : value);
const isFinite = (array) => {
  for (let i = 0; i < array.length; i++) if (!Number.isFinite(array[i])) return false;
  return true;
};

/** Runs `count` operations from `seed`; rows {name, operations, finite, range, failures} and what failed (the first of each class). */
function operations(count, seed, { names = Object.keys(OPTIONS), progress = () => {}, perObject = 32 } = {}) {
  const table = names.map((name) => ({ name, operations: 0, finite: 0, range: 0, failures: 0 })), failed = [], seen = new Set();
  const d = draws(seed);
  let done = 0, round = 0;
  while (done < count) {
    const row = table[round++ % table.length], made = make(row.name, d);
    for (let i = 0; i < perObject && done < count; i++) {
      const operation = d.of(Object.keys(METHODS)), { m, args } = callOf(made, d, operation);
      let problem;
      try {
        const result = METHODS[operation](made.one, args), arrays = Array.isArray(result) ? result : [result];
        if (arrays.every(isFinite)) row.finite += m;
        else problem = 'a result that is not finite';
      } catch (error) {
        if (error.code !== 'ERR_OUT_OF_RANGE') problem = `${error.code}: ${error.message}`;
        else if (OPTIONS[row.name].averages && operation !== 'backward') problem = `an average that is not there: ${error.message}`;
        else row.range += m;
      }
      if (problem) {
        row.failures += m;
        const key = `${row.name} ${operation} ${problem.replace(/for \S+|-?\d+|-?Infinity|NaN/g, 'N')}`; // one example of each
        if (!seen.has(key)) {
          seen.add(key);
          failed.push({ name: row.name, operation, problem, options: made.options, weights: made.weights, args });
        }
      }
      row.operations += m;
      done += m;
    }
    made.one.close();
    if (round % 512 === 0) progress(done / count);
  }
  return { table, failed };
}

/** Classes of table.js that have no row here: a new mechanism must get one. */
const missing = Object.keys(MECHANISMS).filter((name) => !(name in OPTIONS));

if (require.main === module) {
  const { values, positionals } = parseArgs({
    options: { count: { type: 'string', default: '10000000' }, seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) } }, allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : undefined, start = Date.now();
  console.log(`${values.count} operations, seed ${values.seed}`);
  const progress = (share) => process.stderr.isTTY && process.stderr.write(`\r${Math.round(100 * share)} %  `);
  const { table, failed } = operations(Number(values.count), Number(values.seed), { names, progress });
  if (process.stderr.isTTY) process.stderr.write('\r');
  const line = (...cells) => console.log(cells.map((cell, i) => (i === 0 ? String(cell).padEnd(28) : String(cell).padStart(12))).join(''));
  line('class', 'operations', 'finite', 'range error', 'failures');
  for (const row of table) line(row.name, row.operations, row.finite, row.range, row.failures);
  const sum = (key) => table.reduce((total, row) => total + row[key], 0);
  line('all', sum('operations'), sum('finite'), sum('range'), sum('failures'));
  console.log(`${((Date.now() - start) / 1000).toFixed()} s`);
  for (const name of missing) console.log(`${name} has no row in npm/abuse/operations.js`);
  for (const { args, ...rest } of failed) console.log(JSON.stringify({ ...rest, args }, (_, value) => plain(value)));
  if (failed.length > 0 || missing.length > 0) process.exitCode = 1;
}

module.exports = { missing, operations };
