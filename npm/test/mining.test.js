'use strict';
// Negatives over indexes: the same as over all rows where the pool is all of them; and training with negatives mined anew each epoch.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, ruvector } = require('./support/index.js');

const { BruteForceIndex, HNSWIndex, Linear, MSELoss, Trainer, TripletMarginLoss, sampleHardNegatives, sampleHardNegativesAsync } = ruvector;
const DIM = 8, COUNT = 300;
const rowsOf = (count, seed) => ({ data: Float32Array.from({ length: count * DIM }, random(seed)), rows: count, dim: DIM });
const row = ({ data, dim }, i) => data.slice(i * dim, (i + 1) * dim);
const candidates = rowsOf(COUNT, 1), anchors = rowsOf(12, 2), positives = rowsOf(12, 3);
const keysOf = { number: (i) => 1000 + i, bigint: (i) => BigInt(i) - 5n, string: (i) => `no ${i}` };

/** An index of all candidates. */
function indexOf(kind = 'number', type = BruteForceIndex, more = {}) {
  const index = new type({ dim: DIM, keys: kind, ...more });
  index.addBatch(Array.from({ length: COUNT }, (_, i) => keysOf[kind](i)), candidates);
  return index;
}

const cosine = (a, b) => 1 - a.reduce((sum, x, i) => sum + x * b[i], 0) / Math.hypot(...a) / Math.hypot(...b);
const l2 = (a, b) => Math.hypot(...a.map((x, i) => x - b[i]));

for (const [metric, of] of [['cosine', cosine], ['l2', l2]]) {
  test(`${metric}: the hardest and the semi-hard are those of all rows, without the excluded ones`, async () => {
    for (const [kind, type] of [['number', BruteForceIndex], ['bigint', HNSWIndex], ['string', HNSWIndex]]) {
      const index = indexOf(kind, type, { metric }), key = keysOf[kind], k = 5;
      const order = (i, near) => Array.from({ length: COUNT }, (_, c) => ({ c, d: of(row(anchors, i), row(candidates, c)) })).filter(({ d }) => d > near).sort((a, b) => a.d - b.d).map(({ c }) => c);
      const all = Array.from({ length: anchors.rows }, (_, i) => order(i, -1)), exclude = all.map(([first, , third], i) => (i % 2 ? key(first) : [key(first), key(third)]));
      const { keys, vectors, k: width } = sampleHardNegatives(anchors, index, { k, exclude, ef: 300 });
      assert.deepStrictEqual([keys.length, vectors.rows, vectors.dim, width], [anchors.rows * k, anchors.rows * k, DIM, k]);
      for (let i = 0; i < anchors.rows; i++) {
        const wanted = all[i].filter((c) => ![exclude[i]].flat().includes(key(c))).slice(0, k);
        assert.deepStrictEqual(keys.slice(i * k, (i + 1) * k), wanted.map(key), `${kind} ${i}`);
        wanted.forEach((c, at) => assert.strictEqual(bits(row(vectors, i * k + at)), bits(index.get(key(c)))));
      }
      const semi = sampleHardNegatives(anchors, index, { strategy: 'semiHard', k: 3, margin: 10, positives, pool: COUNT, ef: COUNT });
      for (let i = 0; i < anchors.rows; i++) {
        const wanted = order(i, of(row(anchors, i), row(positives, i)) + 1e-6);
        if (wanted.length >= 3) assert.deepStrictEqual(semi.keys.slice(3 * i, 3 * i + 3), wanted.slice(0, 3).map(key), `${kind} ${i}`);
      }
      const later = await sampleHardNegativesAsync(anchors, index, { k, exclude, ef: 300, threads: 2 });
      assert.deepStrictEqual([later.keys, bits(later.vectors.data)], [keys, bits(vectors.data)]);
      index.close();
    }
  });
}

test('what is drawn comes out of the pool, evenly; the same seed draws the same', () => {
  const index = indexOf(), counts = new Map(), pool = 20, one = { data: row(anchors, 0), rows: 1, dim: DIM };
  const near = sampleHardNegatives(one, index, { k: pool }).keys;
  for (let seed = 0; seed < 400; seed++) {
    for (const key of sampleHardNegatives(one, index, { strategy: 'random', k: 2, pool, seed }).keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  assert.deepStrictEqual([...counts.keys()].sort(), [...near].sort());
  assert.ok([...counts.values()].every((count) => count > 15 && count < 75), [...counts.values()].join(' ')); // 40 ± 6.2
  for (const strategy of ['random', 'mixed', 'distanceWeighted', 'distance']) {
    const draw = (seed) => sampleHardNegatives(anchors, index, { strategy, k: 6, pool: 50, seed }).keys, first = draw(1);
    assert.deepStrictEqual(draw(1), first);
    if (strategy !== 'distance') assert.notDeepStrictEqual(draw(2), first);
    for (let i = 0; i < anchors.rows; i++) assert.strictEqual(new Set(first.slice(6 * i, 6 * i + 6)).size, 6);
  }
});

test('what is wrong', async () => {
  const index = indexOf();
  for (const [options, code, rows = anchors] of [
    [{ k: COUNT + 1 }, 'ERR_INVALID_ARG'], [{ k: 0 }, 'ERR_INVALID_CONFIG'], [{ pool: 0 }, 'ERR_OUT_OF_RANGE'], [{ k: 4, pool: 3 }, 'ERR_OUT_OF_RANGE'], [{ strategy: 'degree' }, 'ERR_UNSUPPORTED'],
    [{ strategy: 'semiHard' }, 'ERR_INVALID_ARG'], [{ degrees: [1] }, 'ERR_INVALID_CONFIG'], [{ exclude: [1, 2] }, 'ERR_DIMENSION_MISMATCH'], [{ exclude: 3 }, 'ERR_INVALID_ARG'],
    [{ positives: rowsOf(3, 1) }, 'ERR_DIMENSION_MISMATCH'], [{ strategy: 'none' }, 'ERR_INVALID_CONFIG'], [{}, 'ERR_DIMENSION_MISMATCH', [[1, 2]]], [{}, 'ERR_NON_FINITE', [new Array(DIM).fill(NaN)]], [{ ef: 0 }, 'ERR_OUT_OF_RANGE'],
  ]) {
    await fails(() => sampleHardNegatives(rows, index, options), code, JSON.stringify(options));
    await fails(() => sampleHardNegativesAsync(rows, index, options), code, `${JSON.stringify(options)}, async`);
  }
  await fails(() => sampleHardNegativesAsync(anchors, index, { signal: AbortSignal.abort() }), 'ERR_ABORTED', 'aborted');
  await fails(() => sampleHardNegatives(anchors, new HNSWIndex({ dim: DIM })), 'ERR_INVALID_ARG', 'an empty index');
  for (const run of [sampleHardNegatives, sampleHardNegativesAsync]) for (const pool of [candidates, index]) assert.match((await fails(() => run([], pool), 'ERR_EMPTY_INPUT', 'no anchors')).message, /^expected at least 1 row for anchors, received 0$/);
  index.close();
  await fails(() => sampleHardNegatives(anchors, index), 'ERR_CLOSED', 'closed');
  assert.deepStrictEqual((await sampleHardNegativesAsync(anchors, candidates, { k: 3 })).data, sampleHardNegatives(anchors, candidates, { k: 3 }).data);
});

test('a fit whose data are made for each epoch: negatives mined with what the model has learned', async () => {
  // Groups of rows that differ in the first two places; the other places are noise, which is louder.
  const groups = 6, each = 20, n = groups * each, x = rowsOf(n, 7), groupOf = (i) => Math.floor(i / each);
  for (let i = 0; i < n; i++) [x.data[i * DIM], x.data[i * DIM + 1]] = [Math.cos(groupOf(i)) + 0.1 * x.data[i * DIM], Math.sin(groupOf(i)) + 0.1 * x.data[i * DIM + 1]];
  for (let i = 0; i < n; i++) for (let c = 2; c < DIM; c++) x.data[i * DIM + c] *= 3;
  const members = Array.from({ length: n }, (_, i) => Array.from({ length: each }, (__, j) => groupOf(i) * each + j));
  const precision = (rows) => {
    const index = new BruteForceIndex({ dim: rows.dim, metric: 'l2' });
    index.addBatch([...Array(n).keys()], rows);
    const { keys } = index.searchBatch(rows, 6);
    index.close();
    return keys.reduce((sum, key, at) => sum + (at % 6 !== 0 && groupOf(key) === groupOf(Math.floor(at / 6)) ? 1 : 0), 0) / (5 * n);
  };
  const run = async () => {
    const model = new Linear({ inChannels: DIM, outChannels: DIM, seed: 3 }), epochs = [], trainer = new Trainer({ model, loss: new TripletMarginLoss({ margin: 0.5 }), optimizer: { type: 'adam', learningRate: 0.02 }, batchSize: 30, seed: 4 });
    await trainer.fit(async ({ epoch, epochs: all, model: its }) => {
      assert.ok(its === model && all === 15);
      epochs.push(epoch);
      const seen = its.forward(x), index = new HNSWIndex({ dim: DIM, metric: 'l2', seed: 1 });
      index.addBatch([...Array(n).keys()], seen);
      const { vectors } = await sampleHardNegativesAsync(seen, index, { exclude: members, strategy: 'random', pool: 30, seed: epoch });
      index.close();
      const positive = { data: Float32Array.from({ length: n * DIM }, (_, at) => seen.data[members[Math.floor(at / DIM)][(Math.floor(at / DIM) + epoch) % each] * DIM + at % DIM]), rows: n, dim: DIM };
      return { inputs: { x }, targets: { positive, negative: vectors } };
    }, { epochs: 15 });
    assert.deepStrictEqual(epochs, [...Array(15).keys()].map((e) => e + 1));
    return model;
  };
  const model = await run(), before = precision(x), after = precision(model.forward(x));
  assert.ok(after > before + 0.2, `${before} ${after}`);
  assert.strictEqual(bits((await run()).getWeights()), bits(model.getWeights()));
  const trainer = new Trainer({ model, loss: new MSELoss(), seed: 1 });
  await assert.rejects(trainer.fit(() => { throw new RangeError('mine'); }), /mine/);
  await fails(() => trainer.fit(() => undefined), 'ERR_INVALID_ARG', 'no data');
  await fails(() => trainer.fit(() => ({ inputs: { x } })), 'ERR_INVALID_ARG', 'no targets');
  const aborting = new AbortController();
  await fails(() => trainer.fit(() => { aborting.abort(); return { inputs: { x }, targets: x }; }, { signal: aborting.signal }), 'ERR_ABORTED', 'aborted');
  assert.strictEqual((await trainer.fit({ inputs: { x }, targets: x })).loss.length, 1);
});
