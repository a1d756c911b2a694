'use strict';
// Learning from use: what is observed and learned of a store, through its file, in every door.
const assert = require('node:assert');
const { spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, root, ruvector } = require('./support/index.js');
const { Swaps, posteriors } = require('../lib/ranking/click-model.js');
const { slotOf } = require('../lib/ranking/log.js');
const { generator: random } = require('../lib/ranking/options.js');

const { Reranker, VectorStore } = ruvector;
const DIM = 8, N = 200;

const unit = (row) => {
  const length = Math.hypot(...row);
  return Float32Array.from(row, (x) => x / length);
};
const normal = (next) => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
const rowsOf = (count, seed) => {
  const next = random(seed);
  return Array.from({ length: count }, () => unit(Array.from({ length: DIM }, () => normal(next))));
};
const DOCUMENTS = rowsOf(N, 1), QUERIES = rowsOf(150, 2), ENTRIES = DOCUMENTS.map((vector, i) => ({ id: `d${i}`, vector, metadata: { i, even: i % 2 === 0 } }));
/** What people want is not what is near: the coordinates in reverse. */
const wanted = (query, vector) => query.reduce((sum, x, i) => sum + x * vector[DIM - 1 - i], 0);
const vectorOf = (id) => DOCUMENTS[Number(id.slice(1))];
const best = (query, ids) => ids.reduce((a, b) => (wanted(query, vectorOf(b)) > wanted(query, vectorOf(a)) ? b : a));

const opened = new Map();
/** The path of a store; those opened by `open` are closed before the folder goes. */
function folder(t) {
  const made = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-learning-'));
  opened.set(made, []);
  t.after(() => {
    for (const store of opened.get(made)) store.close();
    fs.rmSync(made, { recursive: true, force: true });
  });
  return path.join(made, 'store.db');
}
function open(file, options) {
  const store = VectorStore.open(file, options);
  opened.get(path.dirname(file)).push(store);
  return store;
}
function filled(t, options = {}, file = folder(t)) {
  const store = open(file, { dim: DIM, ...options });
  if (store.size === 0) store.insertBatch(ENTRIES);
  return store;
}
/** Users who look at everything and click the best of 50. */
function use(store, queries = QUERIES, observe = (...given) => store.observe(...given)) {
  for (const query of queries) {
    const hits = store.search(query, { k: 50, track: true });
    observe(hits.impression, [best(query, hits.map(({ id }) => id))]);
  }
}
const quality = (store, queries = rowsOf(60, 9)) => queries.reduce((sum, query) => {
  const target = best(query, store.search(query, { k: 50 }).map(({ id }) => id));
  return sum + 1 / (1 + store.search(query, { k: 50, rerank: true }).findIndex(({ id }) => id === target)) / queries.length;
}, 0);

test('what people click comes first, for queries nobody has asked before; forget: the old order', async (t) => {
  const store = filled(t), before = quality(store), old = store.search(QUERIES[0], { k: 50 });
  assert.deepStrictEqual(store.search(QUERIES[0], { k: 50, rerank: true }).map(({ id }) => id), old.map(({ id }) => id), 'nothing is learned yet');
  use(store);
  const told = [], report = await store.learn({ examination: 0, onProgress: ({ done }) => told.push(done) }), after = quality(store);
  assert.ok(after > 1.3 * before, `${before} -> ${after}`);
  assert.deepStrictEqual([report.observations, report.observed, report.queries, report.model, report.lists], [150, 150, 150, 1, 150]);
  assert.ok(report.share > 0 && report.gain.mean > 0 && report.gain.low < report.gain.mean && report.gain.t > 2.24 && report.bytes === 4 * (2 * 128 * DIM + 1), JSON.stringify(report));
  assert.deepStrictEqual(report.examination, { exponent: 0, source: 'given', swaps: 0 });
  assert.ok(told.length > 5 && told.at(-1) === 1 && told.every((x, i) => i === 0 || x >= told[i - 1]), `${told}`);
  assert.deepStrictEqual(store.learning(), report);
  store.forget();
  assert.strictEqual(quality(store), before);
  assert.deepStrictEqual({ ...store.learning(), model: 0 }, { observations: 0, observed: 0, queries: 0, model: 0, share: 0, examination: undefined, gain: undefined, lists: 0, bytes: 0 });
  await fails(() => store.learn(), 'ERR_EMPTY_INPUT', 'observations', true);
});

test('the score is the sum of what is explained; the order is that of the formula', async (t) => {
  const store = filled(t);
  use(store);
  const { share } = await store.learn({ examination: 0 }), query = QUERIES[3], near = store.search(query, { k: 50 }), hits = store.search(query, { k: 50, rerank: true, explain: true });
  const first = near.map(({ distance }) => -distance), mean = first.reduce((a, b) => a + b) / 50, deviation = Math.sqrt(first.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 50);
  const scale = hits[0].explain.firstStage / ((-hits[0].distance - mean) / deviation);
  assert.ok(share > 0);
  hits.forEach(({ id, distance, score, explain }, i) => {
    assert.ok(Math.abs(score - explain.firstStage - explain.attention) < 1e-5);
    assert.ok(Math.abs(explain.firstStage - scale * (-distance - mean) / deviation) < 1e-4);
    assert.ok(i === 0 || hits[i - 1].score >= score);
    assert.strictEqual(near.find((one) => one.id === id).distance, distance);
  });
  // Wider than k: the first of 50 may have been any of them.
  assert.deepStrictEqual(store.search(query, { k: 3, rerank: true }).map(({ id }) => id), hits.slice(0, 3).map(({ id }) => id));
  assert.deepStrictEqual(store.search(query, { k: 3, rerank: true, candidates: 3 }).map(({ id }) => id).sort(), near.slice(0, 3).map(({ id }) => id).sort());
});

test('every door finds the same: asynchronous, filters, predicates, other connections, workers, read-only, after opening again', async (t) => {
  const file = folder(t), store = filled(t, {}, file), other = open(file), early = await VectorStore.openAsync(file);
  opened.get(path.dirname(file)).push(early);
  use(store);
  await store.learn({ examination: 0 });
  const query = QUERIES[5], ids = (hits) => hits.map(({ id }) => id), hits = ids(store.search(query, { k: 10, rerank: true }));
  assert.notDeepStrictEqual(hits, ids(store.search(query, { k: 10 })));
  assert.deepStrictEqual(ids(await other.searchAsync(query, { k: 10, rerank: true })), hits, 'asynchronous first, elsewhere');
  assert.deepStrictEqual(ids(early.search(query, { k: 10, rerank: true })), hits);
  assert.deepStrictEqual(ids(await store.searchAsync(query, { k: 10, rerank: true })), hits);
  const near = ids(store.search(query, { k: 50 }));
  assert.deepStrictEqual(ids(store.search(query, { k: 10, rerank: true, filter: near })), hits);
  assert.deepStrictEqual(ids(store.search(query, { k: 10, rerank: true, filter: store.prepareFilter({ filter: near }) })), hits);
  assert.deepStrictEqual(ids(await other.searchAsync(query, { k: 10, rerank: true, where: { i: { $gte: 0 } } })), hits);
  const even = store.search(query, { k: 10, rerank: true, where: { even: true } });
  assert.ok(even.length === 10 && even.every(({ metadata, score }) => metadata.even && Number.isFinite(score)));
  const reading = open(file, { readOnly: true });
  assert.deepStrictEqual(ids(reading.search(query, { k: 10, rerank: true })), hits);
  assert.strictEqual(reading.learning().model, 1);
  for (const call of [() => reading.observe({ query, shown: ['d1'] }, []), () => reading.forget()]) assert.throws(call, { code: 'ERR_UNSUPPORTED' });
  await fails(() => reading.learn(), 'ERR_UNSUPPORTED', 'read-only', true);
  const code = `const { VectorStore } = require(${JSON.stringify(root)}); const store = VectorStore.open(${JSON.stringify(file)});
    store.searchAsync(${JSON.stringify(Array.from(query))}, { k: 10, rerank: true, track: true }).then((hits) => { console.log(JSON.stringify([hits.map(({ id }) => id), hits.impression])); store.close(); });`;
  const [there, impression] = JSON.parse(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout);
  assert.deepStrictEqual(there, hits);
  other.observe(impression, [hits[2]]); // shown by one process, clicked in another
  assert.strictEqual(store.learning().observed, 151);
  await other.observeAsync(JSON.parse(JSON.stringify(impression)), []);
  assert.strictEqual(store.learning().observed, 152);
});

test('metrics: vectors that the index does not know by their cosines are read', async (t) => {
  for (const metric of ['l2', 'ip', 'poincare']) {
    const store = VectorStore.open(':memory:', { dim: DIM, metric });
    t.after(() => store.close());
    store.insertBatch(ENTRIES.map((one) => ({ ...one, vector: one.vector.map((x) => x * 0.9) })));
    const before = quality(store);
    use(store);
    const { share } = await store.learn({ examination: 0 });
    assert.ok(share > 0 && quality(store) > 1.3 * before, `${metric}: ${before} -> ${quality(store)}`);
  }
});

test('an observation is no change of entries: others are not behind, and no search is made twice', (t) => {
  const file = folder(t), store = filled(t, {}, file), other = open(file), index = other.getHnswGraph();
  other.search(QUERIES[0], { k: 3 });
  const { prototype } = require('../lib/store/follower.js').Follower, { update } = prototype;
  let updates = 0;
  prototype.update = function* counted() {
    updates++;
    return yield* update.call(this);
  };
  t.after(() => { prototype.update = update; });
  for (let i = 0; i < 5; i++) {
    store.observe({ query: QUERIES[i], shown: ['d1', 'd2'] }, ['d1']);
    other.search(QUERIES[i], { k: 3 });
    other.search(QUERIES[i], { k: 3, where: { even: true } });
  }
  assert.strictEqual(updates, 0);
  store.insert({ id: 'new', vector: QUERIES[0] });
  assert.strictEqual(other.search(QUERIES[0], { k: 1 })[0].id, 'new');
  assert.strictEqual(updates, 1);
  store.delete('new');
  assert.notStrictEqual(other.search(QUERIES[0], { k: 1 })[0].id, 'new');
  assert.strictEqual(index.size, N);
});

test('the log is bounded by a fair sample', (t) => {
  const store = filled(t, { maxObservations: 20 });
  for (let i = 0; i < 200; i++) store.observe({ query: QUERIES[i % 100], shown: ['d1', 'd2'] }, []);
  const { observations, observed } = store.learning();
  assert.deepStrictEqual([observations, observed], [20, 200]);
  // In memory, by the same rule: each of 100 has the same chance.
  const kept = new Float64Array(100);
  for (let seed = 0; seed < 500; seed++) {
    const slots = [];
    for (let i = 0; i < 100; i++) {
      const slot = slotOf(seed, i, 10);
      if (slot !== undefined) slots[slot] = i;
    }
    for (const i of slots) kept[i]++;
  }
  assert.ok(kept.every((count) => count > 20 && count < 90), `${kept}`); // 50 ± 7
});

test('what is wrong is refused, and then nothing was observed', async (t) => {
  const store = filled(t), elsewhere = filled(t), hits = store.search(QUERIES[0], { k: 5, track: true }), text = hits.impression, shown = hits.map(({ id }) => id);
  const query = Array.from(QUERIES[0]);
  for (const [code, impression, clicked] of [
    ['ERR_INVALID_ARG', text, ['d999']], ['ERR_INVALID_ARG', text, 'd1'], ['ERR_INVALID_ARG', text, undefined], ['ERR_CORRUPT', text.slice(0, -5), []], ['ERR_CORRUPT', text.slice(5), []], ['ERR_CORRUPT', '', []],
    ['ERR_CORRUPT', elsewhere.search(query, { track: true }).impression, []], ['ERR_CORRUPT', text.replace('"version":1', '"version":9'), []], ['ERR_INVALID_ARG', undefined, []], ['ERR_INVALID_ARG', 5, []], ['ERR_INVALID_ARG', {}, []],
    ['ERR_DIMENSION_MISMATCH', { query: [1, 2], shown }, []], ['ERR_NON_FINITE', { query: query.map(() => NaN), shown }, []], ['ERR_OUT_OF_RANGE', { query, shown: [] }, []], ['ERR_DUPLICATE_KEY', { query, shown: ['d1', 'd1'] }, []],
    ['ERR_INVALID_ARG', { query, shown: [5] }, []], ['ERR_INVALID_ARG', { query, shown, model: -1 }, []], ['ERR_INVALID_ARG', { query, shown, swapped: [0, 9] }, []], ['ERR_INVALID_ARG', { query, shown, swapped: [1, 1] }, []],
  ]) {
    assert.throws(() => store.observe(impression, clicked), { code }, JSON.stringify(impression));
    await fails(() => store.observeAsync(impression, clicked), code, 'asynchronous', true);
  }
  for (const options of [{ rerank: 1 }, { track: 'yes' }, { explain: true }, { candidates: 5 }, { explore: 0.5 }, { rerank: true, candidates: 0 }, { track: true, explore: 2 }, { track: true, explore: NaN }, { rerank: true, what: 1 }]) {
    assert.throws(() => store.search(query, options), { name: 'RuvectorError' }, JSON.stringify(options));
    await assert.rejects(store.searchAsync(query, options), { name: 'RuvectorError' });
  }
  for (const options of [{ examination: -1 }, { examination: 'x' }, { threads: 0 }, { signal: 1 }, { onProgress: 1 }, { what: 1 }]) await assert.rejects(store.learn(options), { name: 'RuvectorError' }, JSON.stringify(options));
  assert.strictEqual(store.learning().observed, 0);
  store.observe(text, [shown[0], shown[0]]);
  store.delete(shown[1]);
  store.observe(text, [shown[1]]); // an entry that is gone: noted, and of no use
  assert.deepStrictEqual([store.learning().observed, (await store.learn()).model], [2, 1]);
  assert.strictEqual(store.learning().share, 0, 'two observations prove nothing');
});

test('an abort at any moment, a callback that throws, a store that closes: the order stays; two at once: ERR_BUSY', async (t) => {
  const file = folder(t), store = filled(t, {}, file);
  use(store);
  const ids = () => store.search(QUERIES[1], { k: 10, rerank: true }).map(({ id }) => id), old = ids();
  for (const share of [0, 0.1, 0.3, 0.9]) {
    const controller = new AbortController();
    const learning = store.learn({ examination: 0, signal: controller.signal, onProgress: ({ done }) => { if (done >= share) controller.abort(); } });
    if (share === 0) controller.abort();
    await fails(() => learning, 'ERR_ABORTED', 'abort', true);
    assert.deepStrictEqual([ids(), store.learning().model], [old, 0]);
  }
  await assert.rejects(store.learn({ onProgress: () => { throw new Error('mine'); } }), /mine/);
  const other = open(file), [first, second] = [store.learn({ examination: 0 }), store.learn()];
  await fails(() => second, 'ERR_BUSY', 'one in flight', true);
  await first;
  // Another process learns meanwhile: the later one gives way.
  let meanwhile;
  const late = store.learn({ examination: 0, onProgress: ({ done }) => { if (done > 0.5) meanwhile ??= other.learn({ examination: 0 }); } });
  const outcomes = await Promise.allSettled([late, late.catch(() => {}).then(() => meanwhile)]);
  assert.deepStrictEqual(outcomes.map(({ status, reason }) => reason?.code ?? status).sort(), ['ERR_BUSY', 'fulfilled']);
  assert.strictEqual(store.learning().model, 2);
  const leaving = other.learn();
  other.close();
  await fails(() => leaving, 'ERR_CLOSED', 'closed', true);
});

test('killed at any moment: nothing that was acknowledged is lost, the model is the old one or the new', async (t) => {
  const file = folder(t), store = filled(t, {}, file);
  use(store);
  const code = `const fs = require('fs'), { VectorStore } = require(${JSON.stringify(root)}); const store = VectorStore.open(${JSON.stringify(file)}); let n = 0;
    const learning = store.learn({ examination: 0 }).then(() => fs.writeSync(1, 'learned\\n'));
    (function next() { store.observe({ query: [1, 0, 0, 0, 0, 0, 0, n % 7], shown: ['d1', 'd2'] }, ['d1']); fs.writeSync(1, ++n + '\\n'); setImmediate(next); })();`;
  let observed = 150, model = 0;
  for (let i = 0; i < 6; i++) {
    const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.on('data', (text) => { out += text; });
    await new Promise((resolve) => { setTimeout(resolve, 250 + 120 * i); });
    child.kill('SIGKILL');
    await new Promise((resolve) => { child.on('close', resolve); });
    const acknowledged = Math.max(0, ...out.split('\n').filter((line) => /^\d+$/.test(line)).map(Number)), after = store.learning();
    assert.ok(after.observed >= observed + acknowledged && after.observed <= observed + acknowledged + 1, `${observed} + ${acknowledged}: ${after.observed}`);
    assert.ok(after.model === model || after.model === model + 1);
    if (out.includes('learned')) assert.strictEqual(after.model, model + 1);
    [observed, model] = [after.observed, after.model];
    assert.strictEqual(store.search(QUERIES[0], { k: 10, rerank: true }).length, 10);
  }
});

// MARK: - The click model

test('η is found from swaps, on a static and on a learned ranking', () => {
  for (const exponent of [0.5, 1, 1.5]) for (const relevance of [(rank) => 1 / (rank + 2), (rank) => (rank % 3 === 0 ? 0.6 : 0.1)]) {
    const next = random(7), swaps = new Swaps();
    for (let i = 0; i < 40000; i++) {
      const a = Math.floor(next() * 10), b = (a + 1 + Math.floor(next() * 9)) % 10, swapped = next() < 0.2 ? [a, b] : undefined, clicked = [];
      for (let rank = 0; rank < 10; rank++) {
        const from = swapped === undefined ? rank : rank === a ? b : rank === b ? a : rank;
        if (next() < (rank + 1) ** -exponent * relevance(from)) clicked.push(rank);
      }
      swaps.add({ model: i < 20000 ? 0 : 1, shown: 10, swapped, clicked });
    }
    const found = swaps.fit();
    assert.ok(found.source === 'fitted' && Math.abs(found.exponent - exponent) < 0.1 && found.low < exponent && found.high > exponent, `${exponent}: ${JSON.stringify(found)}`);
  }
  const none = new Swaps();
  for (let i = 0; i < 1000; i++) none.add({ model: 0, shown: 10, swapped: undefined, clicked: [0] });
  assert.deepStrictEqual(none.fit(), { exponent: 1, source: 'prior', swaps: 0 });
});

test('posteriors: a click outweighs its absence, no click at a rank that all look at is evidence, at one that nobody looks at none', async () => {
  const next = random(3), lists = [];
  for (let i = 0; i < 400; i++) {
    const target = Math.floor(next() * 6), seen = Array.from({ length: 5 }, (_, place) => ({ place, clicks: 0, missed: [[place, 0]] }));
    for (let visit = 0; visit < 6; visit++) {
      for (let place = 0; place < 5; place++) {
        const isSeen = next() < 1 / (place + 1), isClicked = isSeen && next() < (place === target ? 0.9 : 0.1);
        if (isClicked) seen[place].clicks++;
        else seen[place].missed[0][1]++;
      }
    }
    lists.push({ seen, target });
  }
  const { labels, weights, click, none } = await posteriors(lists, 5, 1);
  assert.ok(Math.abs(click.relevant - 0.9) < 0.08 && Math.abs(click.other - 0.1) < 0.03 && Math.abs(none - 1 / 6) < 0.06, JSON.stringify([click, none]));
  let right = 0, counted = 0;
  lists.forEach(({ target }, i) => {
    const row = labels.subarray(5 * i, 5 * i + 5), sum = row.reduce((a, b) => a + b);
    assert.ok(Math.abs(sum - 1) < 1e-5 && weights[i] >= 0);
    if (target === 5) return;
    counted++;
    if (row.indexOf(Math.max(...row)) === target) right++;
  });
  assert.ok(right / counted > 0.8, `${right} of ${counted}`);
});

// MARK: - Reranker

const candidatesFor = (query) => {
  const near = DOCUMENTS.map((vector, i) => ({ i, score: vector.reduce((sum, x, d) => sum + x * query[d], 0) })).sort((a, b) => b.score - a.score).slice(0, 50);
  return { ids: near.map(({ i }) => `d${i}`), vectors: near.map(({ i }) => DOCUMENTS[i]), scores: near.map(({ score }) => score) };
};
function used(reranker, queries = QUERIES) {
  for (const query of queries) {
    const hits = reranker.rerank(query, candidatesFor(query), { k: 50, track: true });
    reranker.observe(hits.impression, [best(query, hits.map(({ id }) => id))]);
  }
  return reranker;
}

test('Reranker: the same without a store; the same seed, the same bits, for every number of threads; saved and loaded', async () => {
  const orders = [];
  let bytes;
  for (const threads of [1, 3]) {
    const one = used(new Reranker({ dim: DIM, seed: 5 })), report = await one.learn({ candidates: async (query) => candidatesFor(query), examination: 0, threads });
    assert.ok(report.share > 0 && report.gain.t > 2.24);
    orders.push(rowsOf(20, 4).map((query) => one.rerank(query, candidatesFor(query)).map(({ id, score, place }) => [id, score, place])));
    bytes = one.toBuffer();
    one.close();
    assert.throws(() => one.rerank(QUERIES[0], candidatesFor(QUERIES[0])), { code: 'ERR_CLOSED' });
  }
  assert.deepStrictEqual(orders[0], orders[1]);
  const again = Reranker.fromBuffer(bytes);
  assert.deepStrictEqual(rowsOf(20, 4).map((query) => again.rerank(query, candidatesFor(query)).map(({ id, score, place }) => [id, score, place])), orders[0]);
  assert.deepStrictEqual([again.learning().observations, again.learning().model, again.seed], [150, 1, 5n]);
  for (const at of [0, 8, 40, bytes.length >> 1, bytes.length - 9]) {
    const wrong = bytes.slice();
    wrong[at] ^= 4;
    assert.throws(() => Reranker.fromBuffer(wrong), { code: 'ERR_CORRUPT' }, `${at}`);
  }
  for (const length of [0, 7, 24, bytes.length - 8]) assert.throws(() => Reranker.fromBuffer(bytes.subarray(0, length)), { code: 'ERR_CORRUPT' });
  again.forget();
  assert.deepStrictEqual(again.rerank(QUERIES[0], candidatesFor(QUERIES[0])).map(({ place }) => place), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('Reranker: explore swaps two ranks in that share of searches, and says which', () => {
  const one = new Reranker({ dim: DIM, seed: 1 }), candidates = candidatesFor(QUERIES[0]);
  let swapped = 0;
  for (let i = 0; i < 1000; i++) {
    const hits = one.rerank(QUERIES[0], candidates, { k: 10, track: true, explore: 0.25 }), given = JSON.parse(hits.impression), places = hits.map(({ place }) => place);
    if (given.swapped) {
      swapped++;
      const [a, b] = given.swapped;
      [places[a], places[b]] = [places[b], places[a]];
    }
    assert.deepStrictEqual(places, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  }
  assert.ok(swapped > 200 && swapped < 300, `${swapped}`);
});

test('Reranker: clicks without meaning change nothing; what is wrong is refused', async () => {
  const one = new Reranker({ dim: DIM, seed: 2 }), next = random(8);
  for (let i = 0; i < 300; i++) {
    const query = QUERIES[i % 150], hits = one.rerank(query, candidatesFor(query), { k: 10, track: true });
    one.observe(hits.impression, [hits[Math.min(9, Math.floor(-3 * Math.log(1 - next())))].id]);
  }
  assert.strictEqual((await one.learn({ candidates: (query) => candidatesFor(query) })).share, 0);
  for (const options of [{}, { candidates: 5 }, { candidates: () => ({ ids: ['a'] }) }, { candidates: () => ({ ids: ['a', 'a'], vectors: [DOCUMENTS[0], DOCUMENTS[1]], scores: [1, 2] }) }, { candidates: () => ({ ids: ['a'], vectors: [[1]], scores: [1] }) },
    { candidates: () => ({ ids: ['a'], vectors: [DOCUMENTS[0]], scores: [NaN] }) }]) await assert.rejects(one.learn(options), { name: 'RuvectorError' }, JSON.stringify(options));
  await assert.rejects(one.learn({ candidates: async () => { throw new Error('mine'); } }), /mine/);
  for (const options of [undefined, {}, { dim: 0 }, { dim: 1.5 }, { dim: 4, rank: 0 }, { dim: 4, seed: 'x' }, { dim: 4, maxObservations: 0 }, { dim: 4, x: 1 }]) assert.throws(() => new Reranker(options), { name: 'RuvectorError' });
  assert.throws(() => one.rerank([1, 2], candidatesFor(QUERIES[0])), { code: 'ERR_DIMENSION_MISMATCH' });
  assert.throws(() => one.rerank(QUERIES[0], { ids: ['a'], vectors: [[1, 2]], scores: [1] }), { code: 'ERR_DIMENSION_MISMATCH' });
  assert.deepStrictEqual(one.rerank(QUERIES[0], { ids: [], vectors: [], scores: [] }), []);
  assert.throws(() => Reranker.prototype.rerank.call({}, QUERIES[0]), { code: 'ERR_WRONG_HANDLE' });
});
