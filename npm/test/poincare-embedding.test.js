'use strict';
// PoincareEmbedding: what it learns, the same bits however it is trained, files, calls that are wrong or called off.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { bits, fails, ruvector } = require('./support/index.js');

const { PoincareEmbedding } = ruvector;

/** All pairs of a tree: node i > 0 hangs below (i − 1)/3. */
function tree(nodes) {
  const pairs = [], name = (i) => `node ${i}`;
  for (let i = 1; i < nodes; i++) for (let up = i; up > 0;) pairs.push([name(i), name(up = Math.floor((up - 1) / 3))]);
  return pairs;
}
const PAIRS = tree(121), SMALL = { size: 5, seed: 7, alpha: 0.1, epochs: 3 };

for (const manifold of ['ball', 'hyperboloid']) {
  test(`learns a tree (${manifold}): ranks, neighbours, depth`, async () => {
    const one = new PoincareEmbedding({ ...SMALL, manifold }), told = [];
    const report = await one.fit(PAIRS, { epochs: 200, onProgress: (progress) => told.push(progress) });
    assert.deepStrictEqual([report.epochs, report.nodes, report.pairs, report.cycles, report.loops], [200, 121, PAIRS.length, [], []]);
    assert.strictEqual(report.losses.length, 200);
    assert.ok(report.losses.at(-1) < report.losses[0] / 5, `${report.losses[0]} -> ${report.losses.at(-1)}`);
    assert.deepStrictEqual([told.at(-1).done, told.at(-1).epoch, told.at(-1).epochs], [1, 200, 200]);
    told.reduce((before, { done }) => { assert.ok(done >= before && done <= 1); return done; }, 0);
    const { meanRank, map, pairs, nodes } = await one.evaluate();
    assert.deepStrictEqual([pairs, nodes], [PAIRS.length, 120]);
    assert.ok(meanRank < 1.3 && map > 0.9, `${meanRank} / ${map}`);
    assert.deepStrictEqual([await one.meanRank(), await one.map()], [meanRank, map]);
    const above = PAIRS.filter(([child]) => child === 'node 100').map(([, ancestor]) => ancestor);
    assert.deepStrictEqual(one.ancestors('node 100', above.length).map(({ name }) => name).sort(), [...above].sort());
    const near = one.nearest('node 100', 200), far = one.descendants('node 0', 200);
    assert.strictEqual(near.length, 120); // all others
    near.reduce((before, { distance }) => { assert.ok(distance >= before); return distance; }, 0);
    assert.ok(far.length > 100);
    for (const { name, distance } of near.slice(0, 5)) assert.ok(Math.abs(one.distance('node 100', name) - distance) < 1e-4 * distance);
    assert.deepStrictEqual(one.nearest(one.vector('node 100'), 1)[0].name, 'node 100');
    assert.ok(one.norm('node 0') < one.norm('node 100'));
    const index = one.toIndex({ M: 8 });
    assert.deepStrictEqual([index.metric, index.size, index.search(one.vector('node 5'), 1).keys[0]], ['poincare', 121, 'node 5']);
    index.close();
    one.close();
  });
}

test('the same bits at once, in slices, by threads, in two parts, after saving', async (t) => {
  for (const batchSize of [10, 100]) {
    const options = { ...SMALL, batchSize }, plain = new PoincareEmbedding(options), expected = (plain.fitSync(PAIRS, { epochs: 5 }), bits(plain.vectors().data));
    const seen = [];
    for (const threads of [1, 2, 3]) {
      const one = new PoincareEmbedding(options);
      await one.fit(PAIRS, { epochs: 5, threads });
      seen.push(bits(one.vectors().data));
      one.close();
    }
    const parts = new PoincareEmbedding(options), folder = fs.mkdtempSync(path.join(os.tmpdir(), 'poincare-')), file = path.join(folder, 'tree.rvp');
    t.after(() => fs.rmSync(folder, { recursive: true }));
    await parts.fit(PAIRS, { epochs: 2 });
    parts.save(file);
    const loaded = PoincareEmbedding.load(file);
    assert.deepStrictEqual([loaded.names, loaded.epoch, loaded.seed, loaded.alpha, loaded.batchSize], [parts.names, 2, 7, 0.1, batchSize]);
    await parts.train({ epochs: 3 });
    loaded.trainSync({ epochs: 3 });
    seen.push(bits(parts.vectors().data), bits(loaded.vectors().data));
    for (const one of seen) assert.strictEqual(one, expected);
    const other = new PoincareEmbedding({ ...options, seed: 8 });
    other.fitSync(PAIRS, { epochs: 5 });
    assert.notStrictEqual(bits(other.vectors().data), expected);
    for (const one of [plain, parts, loaded, other]) one.close();
    assert.deepStrictEqual(fs.readdirSync(folder), ['tree.rvp']); // nothing is left beside it
  }
});

test('names of options, rates', async () => {
  const one = new PoincareEmbedding({ dim: 4, negs: 3, lr: 0.5, batchSize: 20 });
  assert.deepStrictEqual([one.size, one.dim, one.negative, one.alpha], [4, 4, 3, 0.025]);
  assert.strictEqual(typeof one.seed, 'number');
  // What is null is left out; Swift says the defaults.
  const { size, negative, epsilon, initRange, dampening, batchSize, manifold } = new PoincareEmbedding({ size: null, manifold: null, seed: null });
  assert.deepStrictEqual({ size, negative, epsilon, initRange, dampening, batchSize, manifold }, { size: 10, negative: 50, epsilon: 1e-5, initRange: 1e-4, dampening: 0.25, batchSize: 10, manifold: 'ball' });
  const by = (options, training) => {
    const made = new PoincareEmbedding({ size: 4, seed: 1, burnIn: 2, epochs: 4, ...options });
    made.fitSync(PAIRS, training);
    const found = bits(made.vectors().data);
    made.close();
    return found;
  };
  const epochs = [], known = by({ alpha: (epoch) => { epochs.push(epoch); return 0.05; }, burnInAlpha: 0.001 });
  assert.deepStrictEqual([...new Set(epochs)], [2, 3]);
  assert.strictEqual(by({ alpha: 0.05, burnInAlpha: 0.001 }), known);
  assert.strictEqual(by({ lr: 0.5, burnInAlpha: 0.001 }), known); // the mean of ten
  assert.strictEqual(by({ burnInAlpha: 0.001 }, { alpha: 0.05 }), known);
  assert.notStrictEqual(by({ alpha: 0.05 }), known);
  for (const bad of [0, -1, NaN, Infinity, 1001]) {
    for (const name of ['alpha', 'lr', 'burnInAlpha']) await fails(() => new PoincareEmbedding({ [name]: bad }), 'ERR_OUT_OF_RANGE', `${name} ${bad}`);
    await fails(() => by({ alpha: () => bad }), 'ERR_OUT_OF_RANGE', `alpha() ${bad}`);
    await fails(() => by({}, { alpha: bad }), 'ERR_OUT_OF_RANGE', `fit alpha ${bad}`);
  }
  await fails(() => new PoincareEmbedding({ alpha: '1' }), 'ERR_INVALID_ARG', 'a text');
  for (const bad of [{ size: 0 }, { size: 1.5 }, { size: 2000 }, { negative: 0 }, { epsilon: 0 }, { epsilon: 1 }, { initRange: NaN }, { dampening: -1 }, { batchSize: 0 }, { batchSize: 1e6 }, { manifold: 'sphere' }, { seed: 1.5 }, { seed: '1' },
    { size: 3, dim: 3 }, { alpha: 1, lr: 1 }, { alpa: 1 }]) {
    await fails(() => new PoincareEmbedding(bad), 'ERR_INVALID_CONFIG', JSON.stringify(bad));
  }
  for (const bad of [{ epochs: -1 }, { epochs: 0.5 }, { burnIn: -1 }]) await fails(() => new PoincareEmbedding(bad), 'ERR_OUT_OF_RANGE', JSON.stringify(bad));
  await fails(() => new PoincareEmbedding(3), 'ERR_INVALID_ARG', 'a number');
});

test('options as gensim and the authors spell them; ours count where both are there', async () => {
  const ours = new PoincareEmbedding({ size: 4, negative: 7, burnIn: 3, burnInAlpha: 0.002, initRange: 0.001, batchSize: 20, seed: 1, epochs: 5 });
  const shown = (one) => [one.size, one.negative, one.burnIn, one.burnInAlpha, one.initRange, one.batchSize, bits((one.fitSync(PAIRS), one.vectors().data))];
  const expected = shown(ours);
  for (const options of [
    { size: 4, negative: 7, burn_in: 3, burn_in_alpha: 0.002, init_range: [-0.001, 0.001], batch_size: 20 },
    { size: 4, negative: 7, burn_in: 3, burn_in_alpha: 0.002, init_range: 0.001, batch_size: 20 },
    { dim: 4, negs: 7, burnin: 3, burnInAlpha: 0.002, initRange: 0.001, batchsize: 20 },
    { size: 4, negative: 7, burnIn: 3, burn_in: 4, burnin: 5, burnInAlpha: 0.002, initRange: 0.001, init_range: 0.002, batchSize: 20, batchsize: 30 },
  ]) assert.deepStrictEqual(shown(new PoincareEmbedding({ ...options, seed: 1, epochs: 5 })), expected, JSON.stringify(options));
  const error = await fails(() => new PoincareEmbedding({ burn_inn: 1 }), 'ERR_INVALID_CONFIG', 'misspelt');
  assert.match(error.message, /^expected burnIn or another of/);
  for (const bad of [[-0.001, 0.002], [0.001], 'x']) await fails(() => new PoincareEmbedding({ init_range: bad }), 'ERR_INVALID_ARG', String(bad));
});

test('a seed is after saving what it was', () => {
  for (const seed of [0, 1, -3, 2 ** 53 - 1, 2n ** 60n, -(2n ** 60n)]) {
    const one = new PoincareEmbedding({ ...SMALL, seed, epochs: 1 });
    one.fitSync(PAIRS);
    const loaded = PoincareEmbedding.fromBuffer(one.toBuffer());
    assert.strictEqual(loaded.seed, seed);
    for (const each of [one, loaded]) each.trainSync({ epochs: 1 });
    assert.strictEqual(bits(loaded.vectors().data), bits(one.vectors().data));
  }
});

test('relations: packed, with all nodes, direct ones, cycles, loops', async () => {
  const options = { ...SMALL, epochs: 1 }, one = new PoincareEmbedding(options);
  const direct = tree(40).filter(([child, up]) => Math.floor((Number(child.slice(5)) - 1) / 3) === Number(up.slice(5)));
  const report = one.fitSync(direct, { closure: true });
  assert.strictEqual(report.pairs, tree(40).length);
  const names = Array.from({ length: 41 }, (_, i) => `node ${i}`), number = (name) => names.indexOf(name);
  const packed = new PoincareEmbedding(options), named = new PoincareEmbedding(options), pairs = tree(40);
  packed.fitSync({ names, children: pairs.map(([child]) => number(child)), parents: Uint32Array.from(pairs, ([, up]) => number(up)) });
  named.fitSync(pairs, { nodes: names });
  assert.deepStrictEqual([packed.names, packed.count], [names, 41]); // one of which stands in no pair
  assert.strictEqual(bits(packed.vectors().data), bits(named.vectors().data));
  const odd = await one.fit([['a', 'b'], ['b', 'c'], ['c', 'a'], ['d', 'a'], ['d', 'd'], ['e', 'f'], ['f', 'e']]);
  assert.deepStrictEqual([odd.pairs, odd.loops, odd.cycles.map((group) => group.sort()).sort()], [6, ['d'], [['a', 'b', 'c'], ['e', 'f']]]);
  assert.ok([...one.vectors().data].every(Number.isFinite));
  for (const [bad, code, more] of [
    [[], 'ERR_EMPTY_INPUT'], [[['a', 'a']], 'ERR_EMPTY_INPUT'], [[['a']], 'ERR_INVALID_ARG'], [[['a', 'b', 'c']], 'ERR_INVALID_ARG'], [[['a', undefined]], 'ERR_INVALID_ARG'],
    [[['a', '']], 'ERR_INVALID_ARG'], [[['a', 5]], 'ERR_INVALID_ARG'], [['ab'], 'ERR_INVALID_ARG'], [undefined, 'ERR_INVALID_ARG'], [5, 'ERR_INVALID_ARG'], ['ab', 'ERR_INVALID_ARG'],
    [[['a', 'x']], 'ERR_NOT_FOUND', { nodes: ['a', 'b'] }], [[['a', 'b']], 'ERR_DUPLICATE_KEY', { nodes: ['a', 'b', 'a'] }], [[['a', 'b']], 'ERR_INVALID_ARG', { nodes: 'ab' }],
    [[['a', 'b']], 'ERR_INVALID_ARG', { closure: 1 }], [{ names: ['a'], children: [0], parents: [1] }, 'ERR_NOT_FOUND'], [{ names: ['a', 'b'], children: [0, 1], parents: [1] }, 'ERR_DIMENSION_MISMATCH'],
    [{ names: ['a', 'b'], children: [NaN], parents: [1] }, 'ERR_NOT_FOUND'], [{ names: ['a', 'b'], children: [0] }, 'ERR_INVALID_ARG'], [{ names: ['a', 'b'], children: [0], parents: [1], x: 1 }, 'ERR_INVALID_CONFIG'],
    [new Float32Array(4), 'ERR_INVALID_ARG'],
  ]) {
    await fails(() => one.fit(bad, more), code, JSON.stringify(bad) ?? 'undefined');
    await fails(() => one.fitSync(bad, more), code, JSON.stringify(bad) ?? 'undefined');
  }
  assert.strictEqual(one.has('d'), true); // it is as it was
});

test('called off: between batches, what is done stays; before them, all is as it was', async () => {
  const one = new PoincareEmbedding({ ...SMALL, batchSize: 1 }), early = new AbortController();
  early.abort();
  await fails(() => one.fit(PAIRS, { signal: early.signal }), 'ERR_ABORTED', 'before');
  await fails(() => one.vector('node 1'), 'ERR_EMPTY_INPUT', 'nothing is fitted');
  const late = new AbortController();
  await fails(() => one.fit(PAIRS, { epochs: 1e6, signal: late.signal, onProgress: ({ epoch }) => { if (epoch >= 2) late.abort(); } }), 'ERR_ABORTED', 'in the middle');
  assert.ok(one.epoch >= 2 && one.epoch < 1000);
  const goal = one.epoch + 2, straight = new PoincareEmbedding({ ...SMALL, batchSize: 1 });
  await one.train({ epochs: 2 });
  straight.fitSync(PAIRS, { epochs: goal });
  assert.deepStrictEqual([one.epoch, bits(one.vectors().data)], [goal, bits(straight.vectors().data)]);
  await assert.rejects(one.train({ epochs: 5, onProgress: () => { throw new TypeError('mine'); } }), TypeError);
  for (const bad of [{ signal: {} }, { onProgress: 3 }]) await fails(() => one.train(bad), 'ERR_INVALID_ARG', Object.keys(bad)[0]);
  for (const bad of [{ threads: 0 }, { epochs: -1 }]) await fails(() => one.train(bad), 'ERR_OUT_OF_RANGE', Object.keys(bad)[0]);
});

test('one call at a time; closed at any moment', async () => {
  const one = new PoincareEmbedding(SMALL);
  one.fitSync(PAIRS);
  const known = bits(one.vectors().data), running = one.train({ epochs: 50 });
  for (const call of [() => one.train(), () => one.fit(PAIRS), () => one.evaluate(), () => one.trainSync(), () => one.toBuffer()]) await fails(call, 'ERR_BUSY', 'a second call');
  assert.strictEqual(bits(one.vectors().data), known); // those of the call before
  await running;
  assert.notStrictEqual(bits(one.vectors().data), known);
  const cut = one.train({ epochs: 1e6 });
  setTimeout(() => one.close(), 30);
  await fails(() => cut, 'ERR_CLOSED', 'closed in the middle');
  one.close();
  assert.strictEqual(one.closed, true);
  for (const call of [() => one.vector('node 1'), () => one.train(), () => one.fitSync(PAIRS), () => one.evaluate(), () => one.toBuffer(), () => one.toIndex(), () => one.vectors()]) await fails(call, 'ERR_CLOSED', 'closed');
});

test('the event loop goes on, and searches are not held up', async () => {
  const one = new PoincareEmbedding({ size: 10, seed: 1, negative: 200 });
  let turns = 0;
  const timer = setInterval(() => { turns++; }, 1);
  await one.fit(tree(2000), { epochs: 5 });
  clearInterval(timer);
  assert.ok(turns > 2, `${turns} turns`);
  one.close();
});

test('queries that are wrong', async () => {
  const one = new PoincareEmbedding(SMALL);
  for (const call of [() => one.vector('a'), () => one.train(), () => one.evaluate(), () => one.toBuffer(), () => one.has('a'), () => one.nearest('a')]) await fails(call, 'ERR_EMPTY_INPUT', 'not fitted');
  assert.deepStrictEqual([one.names, one.count, one.epoch], [[], 0, 0]);
  one.fitSync(PAIRS);
  for (const call of [() => one.vector('x'), () => one.nearest('x'), () => one.distance('node 1', 'x'), () => one.norm(), () => one.evaluate({ nodes: ['x'] })]) await fails(call, 'ERR_NOT_FOUND', 'no such node');
  await fails(() => one.nearest([1, 2]), 'ERR_DIMENSION_MISMATCH', 'two numbers');
  await fails(() => one.nearest([1, 2, NaN, 4, 5]), 'ERR_NON_FINITE', 'NaN');
  await fails(() => one.nearest({}), 'ERR_INVALID_ARG', 'an object');
  await fails(() => one.nearest('node 1', -1), 'ERR_OUT_OF_RANGE', 'k');
  await fails(() => one.evaluate({ nodes: ['node 0'] }), 'ERR_EMPTY_INPUT', 'nothing is above it');
  await fails(() => one.evaluate({ nodes: 3 }), 'ERR_INVALID_ARG', 'no array');
  await fails(() => one.toIndex({ metric: 'l2' }), 'ERR_INVALID_CONFIG', 'another metric');
});

test('bytes that are cut, changed, foreign', async () => {
  const one = new PoincareEmbedding(SMALL);
  one.fitSync(PAIRS);
  const bytes = one.toBuffer();
  assert.strictEqual(bits(PoincareEmbedding.fromBuffer(bytes).vectors().data), bits(one.vectors().data));
  for (let at = 0; at < bytes.length; at += 97) {
    await fails(() => PoincareEmbedding.fromBuffer(bytes.subarray(0, at)), 'ERR_CORRUPT', `cut at ${at}`);
    const changed = bytes.slice();
    changed[at] ^= 1 << (at % 8);
    await fails(() => PoincareEmbedding.fromBuffer(changed), 'ERR_CORRUPT', `changed at ${at}`);
  }
  await fails(() => PoincareEmbedding.fromBuffer('x'), 'ERR_INVALID_ARG', 'a text');
  await fails(() => PoincareEmbedding.load('/no/such/file'), 'ERR_NOT_FOUND', 'no file');
  await fails(() => PoincareEmbedding.load(''), 'ERR_INVALID_ARG', 'no path');
  await fails(() => one.save('/no/such/folder/x'), 'ERR_NOT_FOUND', 'no folder');
});
