'use strict';
// Learning from use: what is observed and learned of a store, through its file, in every door.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, root, ruvector } = require('./support/index.js');
const { crashLearning } = require('../abuse/crash-learning.js');
const { slotOf } = require('../lib/ranking/log.js');

const { VectorStore } = ruvector;
const { DIM, DOCUMENTS, N, QUERIES, best, rowsOf } = require('./support/wishes.js');

const ENTRIES = DOCUMENTS.map((vector, i) => ({ id: `d${i}`, vector, metadata: { i, even: i % 2 === 0 } }));
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
  const store = file === ':memory:' ? VectorStore.open(file, { dim: DIM, ...options }) : open(file, { dim: DIM, ...options });
  if (store.size === 0) store.insertBatch(ENTRIES);
  return store;
}
/** A store without entries: observations need none. */
const empty = (t, options = {}, file = folder(t)) => open(file, { dim: DIM, ...options });
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

/** The score is the sum of what is explained; the order is that of the formula. */
function checkScores(store) {
  const query = QUERIES[3], near = store.search(query, { k: 50 }), hits = store.search(query, { k: 50, rerank: true, explain: true });
  const first = near.map(({ distance }) => -distance), mean = first.reduce((a, b) => a + b) / 50, deviation = Math.sqrt(first.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 50);
  const scale = hits[0].explain.firstStage / ((-hits[0].distance - mean) / deviation);
  hits.forEach(({ id, distance, score, explain }, i) => {
    assert.ok(Math.abs(score - explain.firstStage - explain.attention) < 1e-5);
    assert.ok(Math.abs(explain.firstStage - scale * (-distance - mean) / deviation) < 1e-4);
    assert.ok(i === 0 || hits[i - 1].score >= score);
    assert.strictEqual(near.find((one) => one.id === id).distance, distance);
  });
  // Wider than k: the first of 50 may have been any of them.
  assert.deepStrictEqual(store.search(query, { k: 3, rerank: true }).map(({ id }) => id), hits.slice(0, 3).map(({ id }) => id));
  assert.deepStrictEqual(store.search(query, { k: 3, rerank: true, candidates: 3 }).map(({ id }) => id).sort(), near.slice(0, 3).map(({ id }) => id).sort());
}

test('what people click comes first, for queries nobody has asked before, in the order of the formula; forget: the old order', async (t) => {
  const store = filled(t), before = quality(store), old = store.search(QUERIES[0], { k: 50 });
  assert.deepStrictEqual(store.search(QUERIES[0], { k: 50, rerank: true }).map(({ id }) => id), old.map(({ id }) => id), 'nothing is learned yet');
  use(store);
  const told = [], report = await store.learn({ examination: 0, onProgress: ({ done }) => told.push(done) }), after = quality(store);
  assert.ok(after > 1.3 * before, `${before} -> ${after}`);
  assert.deepStrictEqual([report.observations, report.observed, report.queries, report.model, report.lists], [150, 150, 150, 1, 150]);
  assert.ok(report.live && report.share > 0 && report.gain.mean > 0 && report.gain.low < report.gain.mean && report.gain.t > 2.24 && report.bytes === 4 * (2 * 128 * DIM + 1 + DIM), JSON.stringify(report));
  assert.deepStrictEqual(report.examination, { exponent: 0, source: 'given', swaps: 0 });
  assert.ok(told.length > 5 && told.at(-1) === 1 && told.every((x, i) => i === 0 || x >= told[i - 1]), `${told}`);
  assert.deepStrictEqual(store.learning(), report);
  checkScores(store);
  store.forget();
  assert.strictEqual(quality(store), before);
  assert.deepStrictEqual({ ...store.learning(), model: 0 }, { observations: 0, observed: 0, queries: 0, model: 0, share: 0, live: false, examination: undefined, gain: undefined, lists: 0, bytes: 0 });
  await fails(() => store.learn(), 'ERR_EMPTY_INPUT', 'observations', true);
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
    const { share } = await store.learn({ examination: 0 }), after = quality(store);
    assert.ok(share > 0 && after > 1.3 * before, `${metric}: ${before} -> ${after}`);
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

test('explore: two results change places in that share of searches; the same seed, the same chance', (t) => {
  const store = filled(t), near = store.search(QUERIES[0], { k: 10 }).map(({ id }) => id), all = [];
  for (let run = 0; run < 2; run++) {
    all.push(Array.from({ length: 300 }, (_, seed) => {
      const hits = store.search(QUERIES[0], { k: 10, track: true, explore: 0.3, seed }), ids = hits.map(({ id }) => id), { swapped, shown } = JSON.parse(hits.impression);
      assert.deepStrictEqual(shown, ids);
      if (swapped) [ids[swapped[0]], ids[swapped[1]]] = [ids[swapped[1]], ids[swapped[0]]];
      assert.deepStrictEqual(ids, near);
      return swapped ?? null;
    }));
  }
  const count = all[0].filter(Boolean).length;
  assert.ok(count > 60 && count < 120, `${count}`);
  assert.deepStrictEqual(all[0], all[1]);
});

test('the log is bounded by a fair sample', (t) => {
  const store = empty(t, { maxObservations: 20 });
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

/** Numbers that a statement gives of a store's file. */
function numbersOf(file, sql) {
  const { ask, open: connect } = require('../lib/store/database.js'), native = require('../lib/native.js'), db = connect(file, 'read', 1000);
  try {
    return ask(db, sql);
  } finally {
    native.close(db);
  }
}

test('a query is in the file as long as an observation of it', async (t) => {
  const file = folder(t), store = empty(t, { maxObservations: 20 }, file), rows = rowsOf(400, 12);
  for (const query of rows) store.observe({ query, shown: ['d1', 'd2'] }, []);
  for (const query of rows) await store.observeAsync({ query, shown: ['d1', 'd2'] }, []);
  assert.deepStrictEqual([store.learning().observations, store.learning().observed], [20, 800]);
  const [queries, orphans] = numbersOf(file, 'SELECT (SELECT count(DISTINCT query) FROM observations), (SELECT count(*) FROM observed_queries WHERE number NOT IN (SELECT query FROM observations))');
  assert.deepStrictEqual([store.learning().queries, orphans], [queries, 0]);
  // The same query in every slot, over and over: it stays.
  for (let i = 0; i < 3000; i++) store.observe({ query: rows[0], shown: ['d1', 'd2'] }, ['d2']);
  assert.ok(store.learning().queries <= 12, `${store.learning().queries}`);
  assert.deepStrictEqual(numbersOf(file, 'SELECT count(*) FROM observations WHERE query NOT IN (SELECT number FROM observed_queries)'), [0]);
  // Bytes of queries that went are not found in the file.
  const bytes = (query) => Buffer.from(query.buffer, query.byteOffset, query.byteLength);
  store.close();
  const there = fs.readFileSync(file);
  assert.ok(rows.filter((query) => there.includes(bytes(query))).length <= 12);
});

test('files of earlier versions lose the queries that nothing refers to, at the first observation or learning', async (t) => {
  const { change, open: connect } = require('../lib/store/database.js'), { run } = require('../lib/store/steps.js'), native = require('../lib/native.js'), { Packer } = require('../lib/store/values.js');
  for (const touch of [(store) => store.observe({ query: QUERIES[0], shown: ['d1'] }, []), (store) => store.learn()]) {
    const file = folder(t), first = empty(t, {}, file);
    for (const query of QUERIES.slice(0, 5)) first.observe({ query, shown: ['d1'] }, []);
    first.close();
    const db = connect(file, 'write', 1000);
    run(change(db, "DELETE FROM learned WHERE name = 'tidy'; INSERT INTO observed_queries(hash, vector) VALUES ('left', ?1)", new Packer().floats(QUERIES[7])));
    native.close(db);
    const store = open(file);
    assert.strictEqual(store.learning().queries, 6);
    await touch(store);
    assert.strictEqual(store.learning().queries, 5);
  }
});

test('a lower maxObservations counts at the next observation or learning, and leaves a fair sample', async (t) => {
  const old = new Float64Array(200);
  let early = 0;
  for (let run = 0; run < 20; run++) {
    const file = folder(t), first = empty(t, { maxObservations: 150 }, file), kept = () => numbersOf(file, 'SELECT slot, observed FROM observations ORDER BY slot');
    for (let i = 0; i < 200; i++) first.observe({ query: QUERIES[i % 150], shown: ['d1'], model: i }, []);
    first.close();
    const store = open(file, { maxObservations: 20 }), modelOf = (text) => JSON.parse(text)[3];
    if (run % 2) store.observe({ query: QUERIES[0], shown: ['d1'], model: 400 }, []);
    else await store.learn();
    const values = kept(), models = values.filter((_, i) => i % 2 === 1).map(modelOf);
    assert.deepStrictEqual(values.filter((_, i) => i % 2 === 0), Array.from({ length: 20 }, (_, i) => i), 'slots');
    assert.deepStrictEqual([store.learning().observations, new Set(models).size], [20, 20]);
    for (const model of models) if (model < 200) old[model]++;
    early += models.filter((model) => model < 100).length;
    for (let i = 0; i < 20; i++) store.observe({ query: QUERIES[0], shown: ['d1'], model: 500 }, []);
    assert.strictEqual(store.learning().observations, 20);
    store.close();
  }
  assert.ok(early > 150 && early < 250, `${early} of 400 are of the first half`); // 200 ± 10
  assert.ok(old.every((count) => count < 13), `${old}`); // 2 ± 1.3
});

test('who says nothing of maxObservations leaves a longer log as long as it is', async (t) => {
  const file = folder(t), first = empty(t, { maxObservations: 200000 }, file);
  first.observe({ query: QUERIES[0], shown: ['d1'] }, []);
  first.close();
  // Many observations at once, as if 110,000 had come.
  const { change, open: connect } = require('../lib/store/database.js'), { run } = require('../lib/store/steps.js'), native = require('../lib/native.js'), db = connect(file, 'write', 1000);
  run(change(db, "INSERT INTO observations WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 109999) SELECT i, 1, '[[\"d1\"],[],null,0]' FROM n; UPDATE learned SET value = 110000 WHERE name = 'total'"));
  native.close(db);
  const store = open(file);
  store.observe({ query: QUERIES[1], shown: ['d1'] }, []);
  assert.strictEqual(store.learning().observations, 110000);
  store.close();
  const limited = open(file, { maxObservations: 100000 });
  limited.observe({ query: QUERIES[1], shown: ['d1'] }, []);
  assert.strictEqual(limited.learning().observations, 100000);
});

test('searches with a filter, or of more candidates, teach as much as others', async (t) => {
  const tenants = 10, many = rowsOf(N * tenants, 31), ids = (hits) => hits.map(({ id }) => id), wish = (query, vector) => query.reduce((sum, x, d) => sum + x * vector[DIM - 1 - d], 0);
  const bestOf = (query, list) => list.reduce((a, b) => (wish(query, many[+b.slice(1)]) > wish(query, many[+a.slice(1)]) ? b : a));
  const filters = Array.from({ length: tenants }, (_, tenant) => many.map((_, j) => `d${j}`).filter((_, j) => j % tenants === tenant));
  const store = VectorStore.open(':memory:', { dim: DIM });
  t.after(() => store.close());
  store.insertBatch(many.map((vector, i) => ({ id: `d${i}`, vector, metadata: { tenant: i % tenants } })));
  for (const options of [(i) => ({ k: 10, where: { tenant: i % tenants } }), (i) => ({ k: 10, filter: filters[i % tenants] }), () => ({ k: 150 })]) {
    store.forget();
    for (const [i, query] of QUERIES.entries()) {
      const hits = store.search(query, { ...options(i), rerank: true, track: true });
      store.observe(hits.impression, [bestOf(query, ids(hits))]);
    }
    const report = await store.learn({ examination: 0 });
    assert.ok(report.lists > 140 && report.live, `${options(0).k}: ${JSON.stringify(report)}`);
    const gain = rowsOf(60, 9).reduce((sum, query, i) => {
      const near = ids(store.search(query, options(i))), target = bestOf(query, near), rank = (list) => 1 / (1 + list.indexOf(target));
      return sum + rank(ids(store.search(query, { ...options(i), rerank: true, candidates: options(i).k }))) - rank(near);
    }, 0) / 60;
    assert.ok(gain > (options(0).k === 10 ? 0.05 : 0.01), `${options(0).k}: ${gain}`);
  }
});

test('the log is read in pieces that one turn of the event loop can read', async (t) => {
  const { Learning } = require('../lib/store/learning.js'), { pause } = require('../lib/store/entries.js'), { log } = Learning.prototype, store = filled(t), long = 'x'.repeat(20000);
  let pauses = 0, queries;
  Learning.prototype.log = function* counted() {
    const steps = log.call(this);
    let step = steps.next();
    while (!step.done) {
      if (step.value === pause) pauses++;
      step = steps.next(yield step.value);
    }
    queries = step.value;
    return queries;
  };
  t.after(() => { Learning.prototype.log = log; });
  for (let i = 0; i < 40; i++) store.observe({ query: QUERIES[i], shown: Array.from({ length: 20 }, (_, j) => `${long}${j}`) }, []);
  for (let i = 40; i < 100; i++) store.observe({ query: QUERIES[i], shown: ['d1'] }, ['d1']);
  await store.learn();
  assert.ok(pauses > 40 && queries.length === 100, `${pauses}`);
  assert.deepStrictEqual(queries.map(({ query }) => Array.from(query)), QUERIES.slice(0, 100).map((query) => Array.from(query)));
});

test('nothing found, everything equal, the same query over and over: nothing is learned of it', async (t) => {
  const store = VectorStore.open(':memory:', { dim: 4 });
  t.after(() => store.close());
  store.observe(store.search([1, 0, 0, 0], { track: true, rerank: true }).impression, []);
  assert.strictEqual((await store.learn()).observations, 1);
  store.insertBatch(['a', 'b', 'c'].map((id) => ({ id, vector: [0, 0, 0, 0] })));
  for (let i = 0; i < 40; i++) {
    const hits = store.search([Math.cos(i), Math.sin(i), 0, 0], { k: 3, track: true, rerank: true });
    store.observe(hits.impression, [hits[i % 3].id]);
  }
  for (let i = 0; i < 300; i++) store.observe({ query: [1, 0, 0, 0], shown: ['a', 'b', 'gone'] }, i % 2 ? ['a', 'b', 'gone'] : ['gone']);
  const { live, gain } = await store.learn();
  assert.ok(!live && Math.abs(gain?.mean ?? 0) < 1e-9, JSON.stringify(gain));
  for (const query of [[0, 0, 0, 0], [1e30, 1e30, 1e30, 1e30], [1e-38, 0, 0, 0]]) assert.ok(store.search(query, { rerank: true, explain: true }).every(({ score }) => Number.isFinite(score)));
});

test('what is wrong is refused, and then nothing was observed', async (t) => {
  const store = filled(t), elsewhere = filled(t), hits = store.search(QUERIES[0], { k: 5, track: true }), text = hits.impression, shown = hits.map(({ id }) => id);
  const query = Array.from(QUERIES[0]);
  for (const [code, impression, clicked] of [
    ['ERR_INVALID_ARG', text, ['d999']], ['ERR_INVALID_ARG', text, 'd1'], ['ERR_INVALID_ARG', text, undefined], ['ERR_CORRUPT', text.slice(0, -5), []], ['ERR_CORRUPT', text.slice(5), []], ['ERR_CORRUPT', '', []],
    ['ERR_CORRUPT', elsewhere.search(query, { track: true }).impression, []], ['ERR_CORRUPT', text.replace('"version":1', '"version":9'), []], ['ERR_INVALID_ARG', undefined, []], ['ERR_INVALID_ARG', 5, []], ['ERR_INVALID_ARG', {}, []],
    ['ERR_DIMENSION_MISMATCH', { query: [1, 2], shown }, []], ['ERR_NON_FINITE', { query: query.map(() => NaN), shown }, []], ['ERR_OUT_OF_RANGE', { query, shown: Array.from({ length: 65537 }, (_, i) => `${i}`) }, []], ['ERR_DUPLICATE_KEY', { query, shown: ['d1', 'd1'] }, []],
    ['ERR_INVALID_ARG', { query, shown: [5] }, []], ['ERR_INVALID_ARG', { query, shown, model: -1 }, []], ['ERR_INVALID_ARG', { query, shown, swapped: [0, 9] }, []], ['ERR_INVALID_ARG', { query, shown, swapped: [1, 1] }, []],
  ]) {
    assert.throws(() => store.observe(impression, clicked), { code }, JSON.stringify(impression));
    await fails(() => store.observeAsync(impression, clicked), code, 'asynchronous', true);
  }
  for (const options of [{ rerank: 1 }, { track: 'yes' }, { explain: true }, { candidates: 5 }, { track: true, k: 65537 }, { explore: 0.5 }, { track: true, seed: 1 }, { track: true, explore: 1, seed: -1 }, { rerank: true, candidates: 0 }, { track: true, explore: 2 }, { track: true, explore: NaN }, { rerank: true, what: 1 }]) {
    assert.throws(() => store.search(query, options), { name: 'RuvectorError' }, JSON.stringify(options));
    await assert.rejects(store.searchAsync(query, options), { name: 'RuvectorError' });
  }
  for (const options of [{ examination: -1 }, { examination: 'x' }, { threads: 0 }, { signal: 1 }, { onProgress: 1 }, { what: 1 }]) await assert.rejects(store.learn(options), { name: 'RuvectorError' }, JSON.stringify(options));
  assert.strictEqual(store.learning().observed, 0);
  store.observe(text, [shown[0], shown[0]]);
  store.delete(shown[1]);
  store.observe(text, [shown[1]]); // an entry that is gone: noted, and of no use
  assert.deepStrictEqual([store.learning().observed, (await store.learn()).model], [2, 0]);
  assert.deepStrictEqual([store.learning().share, store.learning().live], [0, false], 'two observations prove nothing');
});

test('a plain impression may say that there is nothing to say', (t) => {
  const store = filled(t);
  store.observe({ query: QUERIES[0], shown: ['d1', 'd2'], model: null, swapped: null }, ['d1']);
  assert.strictEqual(store.learning().observed, 1);
});

test('an abort at any moment, a callback that throws, a store that closes: the order stays; two at once: ERR_BUSY', async (t) => {
  const file = folder(t), store = filled(t, {}, file);
  use(store, QUERIES.slice(0, 60));
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

test('what is learned is written beside observations, not instead of them; forgetting calls it off', async (t) => {
  const { Learning } = require('../lib/store/learning.js'), { adopt } = Learning.prototype;
  t.after(() => { Learning.prototype.adopt = adopt; });
  for (const store of [filled(t), filled(t, {}, ':memory:')]) {
    if (store.path === ':memory:') t.after(() => store.close());
    use(store, QUERIES.slice(0, 60));
    let noted = 0;
    Learning.prototype.adopt = function* beside(...given) {
      const steps = adopt.call(this, ...given), note = () => {
        store.observe({ query: QUERIES[0], shown: ['d1'] }, []);
        noted++;
      };
      note();
      let step = steps.next();
      while (!step.done) {
        const { async: later } = step.value;
        const value = yield { sync: undefined, async: async (control) => {
          const outcome = later(control);
          note();
          return outcome;
        } };
        step = steps.next(value);
      }
      return step.value;
    };
    const { model, observed } = await store.learn({ examination: 0 });
    Learning.prototype.adopt = adopt;
    assert.deepStrictEqual([model, observed], [1, 60 + noted]);
    assert.ok(noted > 2);
    const late = store.learn({ examination: 0, onProgress: ({ done }) => { if (done > 0.5 && store.learning().observations > 0) store.forget(); } });
    await fails(() => late, 'ERR_BUSY', 'forgotten', true);
    assert.deepStrictEqual([store.learning().share, store.learning().observed], [0, 0]);
  }
});

test('two processes killed at 8 moments of observing and learning (npm run crash:learning: 1,000)', async () => {
  const { kills, observed } = await crashLearning(8, 3);
  assert.ok(kills === 8 && observed > 0);
});
