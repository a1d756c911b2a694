'use strict';
// Reranker, and what an order is learned by: the click model.
const assert = require('node:assert');
const test = require('node:test');
const { ruvector } = require('./support/index.js');
const { Swaps, posteriors } = require('../lib/ranking/click-model.js');
const { votes } = require('../lib/ranking/learner.js');
const { listsOf } = require('../lib/ranking/lists.js');
const { create, floatsOf, isWhole } = require('../lib/ranking/model.js');
const { describe } = require('../lib/members/create.js');
const native = require('../lib/native.js');
const { generator: random } = require('../lib/random.js');
const { DIM, DOCUMENTS, QUERIES, best, rowsOf } = require('./support/wishes.js');

const { Reranker } = ruvector;

// MARK: - The click model

test('η is found from swaps, on a static and on a learned ranking', async () => {
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
    const found = await swaps.fit();
    assert.ok(found.source === 'fitted' && Math.abs(found.exponent - exponent) < 0.1 && found.low < exponent && found.high > exponent, `${exponent}: ${JSON.stringify(found)}`);
  }
  const none = new Swaps();
  for (let i = 0; i < 1000; i++) none.add({ model: 0, shown: 10, swapped: undefined, clicked: [0] });
  assert.deepStrictEqual(await none.fit(), { exponent: 1, source: 'prior', swaps: 0 });
});

test('a swapped result counts for the rank that it had before, at both places', async () => {
  const swaps = new Swaps(), next = random(11);
  for (let i = 0; i < 20000; i++) {
    const swapped = i % 2 ? [0, 1] : undefined, clicked = [0, 1].filter((rank) => next() < 1 / (rank + 1) * ((swapped ? 1 - rank : rank) === 0 ? 0.9 : 0.1));
    swaps.add({ model: 0, shown: 2, swapped, clicked });
  }
  const { exponent } = await swaps.fit();
  assert.ok(Math.abs(exponent - 1) < 0.1, `${exponent}`);
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
  const { labels, weights, click, prior: { 5: none } } = await posteriors(lists.map(({ seen }) => seen), 5, 1);
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

test('votes: nothing where clicks say nothing, for the order that has what was clicked further up, the opposite where the two orders change places; neither where both are as good', () => {
  const k = 12, next = random(5), prior = Float64Array.from({ length: k + 1 }, (_, j) => (j < k ? 0.5 * 0.7 ** j * 0.3 / (1 - 0.7 ** k) : 0.5));
  const falling = Float32Array.from({ length: k }, (_, j) => k - j), ofPlaces = (list, order) => Float32Array.from(order, (j) => list[j]);
  const shuffled = () => {
    const order = Array.from({ length: k }, (_, i) => i);
    for (let i = k - 1; i > 0; i--) { const j = Math.floor(next() * (i + 1)); [order[i], order[j]] = [order[j], order[i]]; }
    return order;
  };
  /** The vote for the order `order` (places of the static one), at a share of 1. */
  const vote = (order, evidence) => {
    const full = new Float32Array(k);
    order.forEach((j, rank) => { full[j] = k - rank; });
    return votes(falling, full, evidence, prior, 1)[3];
  };
  const sum = { mean: 0, square: 0 }, runs = 4000, a = 0.9, b = 0.1;
  for (let run = 0; run < runs; run++) {
    const order = shuffled(), evidence = Float32Array.from({ length: k }, () => 4 * next() - 2), inverse = order.map((_, j) => order.indexOf(j));
    if (run < 200) {
      assert.equal(vote(order, new Float32Array(k)), 0);
      const one = vote(order, evidence), other = vote(inverse, ofPlaces(evidence, order));
      assert.ok(Math.abs(one + other) < 1e-6, `${one} ${other}`);
      const clicked = Math.floor(next() * k), single = vote(order, Float32Array.from({ length: k }, (_, j) => (j === clicked ? 3 : 0))), steps = Math.min(inverse[clicked], 10) - Math.min(clicked, 10);
      assert.ok(steps === 0 ? Math.abs(single) < 0.2 : Math.sign(single) === -Math.sign(steps) || Math.abs(single) < 0.05, `${single}, ${steps}`);
    }
    // Relevance as the mean of both orders has it, and clicks of those who look with 1/rank.
    let x = next(), target = 0;
    while (target < k && (x -= 0.5 * (prior[target] + prior[inverse[target]])) >= 0) target++;
    const fair = vote(order, Float32Array.from({ length: k }, (_, j) => (next() < (j === target ? a : b) / (j + 1) ? Math.log(a / b) : Math.log((1 - a / (j + 1)) / (1 - b / (j + 1))))));
    sum.mean += fair / runs;
    sum.square += fair ** 2 / runs;
  }
  assert.ok(Math.abs(sum.mean) < 4 * Math.sqrt(sum.square / runs), `${sum.mean}, ${Math.sqrt(sum.square / runs)}`);
});

test('posteriors: what is believed of candidates takes the place of the prior by rank, and weights still refer to that', async () => {
  const next = random(4), k = 5, lists = Array.from({ length: 200 }, () => {
    const target = Math.floor(next() * k);
    return Array.from({ length: k }, (_, place) => ({ place, clicks: next() < (place === target ? 0.9 : 0.1) ? 1 : 0, missed: [] })).map((one) => ({ ...one, missed: one.clicks ? [] : [[one.place, 1]] }));
  });
  const first = await posteriors(lists, k, 0), candidates = new Float32Array(200 * k).fill(0.05), { prior } = first;
  for (let i = 0; i < 200; i++) candidates[i * k + 3] = 0.8;
  const second = await posteriors(lists, k, 0, undefined, { candidates, prior }), share = ({ labels }) => labels.reduce((sum, y, at) => (at % k === 3 ? sum + y : sum), 0) / 200;
  assert.ok(share(first) < 0.4 && share(second) > share(first) + 0.3, `${share(first)}, ${share(second)}`);
  assert.ok(second.weights.some((weight, i) => Math.abs(weight - first.weights[i]) > 0.1) && second.weights.every((weight) => weight >= 0 && Number.isFinite(weight)));
});

test('lists: candidates of many blocks lie where their lists say, each once, at length one', async () => {
  const dim = 16384, count = 20, next = random(8), vectors = Array.from({ length: count }, () => Float32Array.from({ length: dim }, next)), ids = vectors.map((_, i) => `d${i}`);
  const log = [0, 1].map(() => ({ query: vectors[0], observations: [{ shown: ids, clicked: [1] }] }));
  const { rows, places, k } = await listsOf(log, dim, () => ({ ids, vectors, scores: ids.map((_, i) => -i) }), { check() {}, progress() {} });
  assert.deepStrictEqual([rows.rows, k, places.length], [count, count, 2 * count]);
  places.forEach((place, at) => {
    const x = vectors[at % count], length = Math.sqrt(x.reduce((sum, one) => sum + one * one, 0));
    for (const d of [0, 1, dim - 1]) assert.ok(Math.abs(rows.data[place * dim + d] - x[d] / length) < 1e-6, `${at}, ${d}`);
  });
});

/** How often `work(check)` lets others have their turn, if every look at the clock finds a slice over. */
async function turnsOf(work) {
  let time = 0, turns = 0;
  Object.defineProperty(performance, 'now', { configurable: true, value: () => (time += 6) });
  try {
    await work(() => { turns++; });
  } finally {
    delete performance.now;
  }
  return turns;
}

test('turns of the event loop stay short within one query, over all lists, at every rank', async () => {
  const shown = Array.from({ length: 40 }, (_, i) => `d${i}`), observations = Array.from({ length: 500 }, (_, i) => ({ model: 0, shown, clicked: [i % 40] })), log = [{ query: QUERIES[0], observations }];
  const lists = await turnsOf((check) => listsOf(log, DIM, candidatesFor, { check, progress() {} }));
  assert.ok(lists >= 500, `lists: ${lists}`);
  const { learn } = require('../lib/ranking/learner.js'), all = await turnsOf((check) => learn({ dim: DIM, rank: 8, seed: 1 }, log, candidatesFor, { examination: 'auto', check, threads: 1, seed: 1 }));
  assert.ok(all >= 1000 + 30 * 402, `swaps and lists: ${all}`);
  const labels = await turnsOf((check) => posteriors(Array.from({ length: 1600 }, () => [{ place: 0, clicks: 1, missed: [[3, 1]] }]), 1, 1, check));
  assert.ok(labels >= 100 + 30 * (100 + 402) + 100, `labels: ${labels}`);
});

test('clicks are found among what was shown in time that is linear', async () => {
  const n = 4000, { ranksOf } = require('../lib/ranking/impression.js'), ids = Array.from({ length: n }, (_, i) => `d${i}`);
  let reads = 0;
  const counted = (list) => new Proxy(list, { get(target, name, receiver) { reads++; return Reflect.get(target, name, receiver); } });
  assert.deepStrictEqual(ranksOf(ids, counted(ids)), ids.map((_, i) => i));
  assert.ok(reads <= 5 * n, `observe: ${reads}`);
  const clicked = ids.map((_, i) => i), candidates = (query) => ({ ...candidatesFor(query), ids: ids.slice(0, 50) });
  reads = 0;
  const { seen } = await listsOf([{ query: QUERIES[0], observations: [{ shown: ids, clicked: counted(clicked) }] }], DIM, candidates, { check() {}, progress() {} });
  assert.ok(reads <= 5 * n && seen[0].length === 50 && seen[0].every(({ clicks }) => clicks === 1), `lists: ${reads}`);
  const swaps = new Swaps();
  reads = 0;
  swaps.add({ model: 0, shown: n, swapped: undefined, clicked: counted(clicked) });
  assert.ok(reads <= 5 * n, `swaps: ${reads}`);
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

test('learn: what goes live was trained on the labels that were made the second time', async () => {
  const model = require('../lib/ranking/click-model.js'), file = require.resolve('../lib/ranking/learner.js'), mine = model.posteriors, known = require.cache[file];
  /** The weights that are learned where `change` has a hand in the second labels. */
  async function learned(change) {
    model.posteriors = async (...given) => {
      const found = await mine(...given);
      return given[4] ? change(found) : found;
    };
    delete require.cache[file];
    const { learn } = require('../lib/ranking/learner.js');
    const log = QUERIES.map((query) => {
      const { ids } = candidatesFor(query);
      return { query, observations: [{ model: 0, shown: ids, clicked: [ids.indexOf(best(query, ids))] }] };
    });
    const { weights } = await learn({ dim: DIM, rank: 128, seed: 5 }, log, candidatesFor, { examination: 0, check() {}, threads: 1, seed: 1 });
    return weights;
  }
  try {
    const plain = await learned((found) => found), uniform = await learned((found) => ({ ...found, labels: found.labels.fill(1 / 50) })), light = await learned((found) => ({ ...found, weights: found.weights.map((weight, i) => (i % 2 ? 0 : weight)) }));
    assert.ok(plain.length === uniform.length && plain.some((x, i) => Math.abs(x - uniform[i]) > 1e-3), 'labels');
    assert.ok(plain.some((x, i) => Math.abs(x - light[i]) > 1e-3), 'weights');
  } finally {
    model.posteriors = mine;
    require.cache[file] = known;
  }
});

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

test('Reranker: what all rows have in common does not hide what tells them apart; what all queries want is learned, too; orders without a centre are read', async () => {
  const shifted = (row, by) => row.map((x) => x + by), held = rowsOf(60, 9);
  /** Gain in 1 / rank of what is wanted, of queries nobody has asked, where all rows have `by` added to every coordinate. */
  async function gain(by, wish) {
    const one = new Reranker({ dim: DIM, seed: 5 }), find = (query) => {
      const found = candidatesFor(query);
      return { ...found, vectors: found.vectors.map((row) => shifted(row, by)) };
    };
    const known = new Map(QUERIES.map((query) => [String(shifted(query, by)), query]));
    for (const query of QUERIES) {
      const { ids } = find(query);
      one.observe({ query: shifted(query, by), shown: ids }, [wish(query, ids)]);
    }
    const report = await one.learn({ candidates: (query) => find(known.get(String(query))), examination: 0 });
    const after = held.reduce((sum, query) => {
      const found = find(query), target = wish(query, found.ids), rank = (ids) => 1 / (1 + ids.indexOf(target));
      return sum + (rank(one.rerank(shifted(query, by), found, { k: 50 }).map(({ id }) => id)) - rank(found.ids)) / held.length;
    }, 0);
    return { after, report, one, find };
  }
  const plain = await gain(0, best), far = await gain(1, best), farther = await gain(5, best);
  assert.ok(plain.after > 0.07 && far.after > 0.6 * plain.after && farther.after > 0.6 * plain.after, `${plain.after}, ${far.after}, ${farther.after}`);
  const all = await gain(1, (_, ids) => ids.reduce((a, b) => (DOCUMENTS[+b.slice(1)][0] > DOCUMENTS[+a.slice(1)][0] ? b : a)));
  assert.ok(all.after > 0.08, `${all.after}`);
  // An order that was saved before there was a centre has none: nothing is taken from its queries.
  const { pack, unpack } = require('../lib/model-bytes.js'), { header, arrays: { weights, rows } } = unpack('RVRERANK', far.one.toBuffer()), { arrays: _, ...rest } = header, floats = 2 * 128 * DIM + 1;
  assert.strictEqual(weights.length, floats + DIM);
  assert.ok(weights.slice(floats).some((x) => Math.abs(x) > 0.1));
  const old = Reranker.fromBuffer(pack('RVRERANK', rest, { weights: weights.slice(0, floats), rows })), zeros = weights.slice();
  zeros.fill(0, floats);
  const none = Reranker.fromBuffer(pack('RVRERANK', rest, { weights: zeros, rows })), query = shifted(held[0], 1);
  assert.deepStrictEqual(old.rerank(query, far.find(held[0])), none.rerank(query, far.find(held[0])));
  assert.notDeepStrictEqual(old.rerank(query, far.find(held[0])), far.one.rerank(query, far.find(held[0])));
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
  // Another prototype takes a typed array's methods away.
  const bare = Object.setPrototypeOf(Float32Array.from(DOCUMENTS[0]), Object.prototype), dim = DOCUMENTS[0].length;
  assert.strictEqual(one.rerank(QUERIES[0], { ids: ['a'], vectors: { data: bare, rows: 1, dim }, scores: [1] })[0].id, 'a');
  assert.throws(() => Reranker.prototype.rerank.call({}, QUERIES[0]), { code: 'ERR_WRONG_HANDLE' });
});

test('Reranker: an impression of another is refused, one of the same after saving and loading is not', () => {
  const one = new Reranker({ dim: DIM, seed: 1 }), other = new Reranker({ dim: DIM, seed: 1 }), { impression } = one.rerank(QUERIES[0], candidatesFor(QUERIES[0]), { track: true });
  assert.throws(() => other.observe(impression, []), { code: 'ERR_CORRUPT' });
  assert.strictEqual(other.learning().observed, 0);
  const again = Reranker.fromBuffer(one.toBuffer());
  again.observe(impression, []);
  one.observe(again.rerank(QUERIES[0], candidatesFor(QUERIES[0]), { track: true }).impression, []);
  // Saved before there were names.
  const { pack, unpack } = require('../lib/model-bytes.js'), { header: { arrays: _, name, ...header }, arrays } = unpack('RVRERANK', one.toBuffer());
  assert.ok(name !== undefined);
  Reranker.fromBuffer(pack('RVRERANK', header, arrays)).observe(impression.replace(name, `reranker ${DIM}`), []);
});

test('Reranker: what is loaded for each search explores anew; of a seed, by its past', () => {
  const candidates = candidatesFor(QUERIES[0]), swapsOf = (bytes) => Array.from({ length: 200 }, () => JSON.stringify(JSON.parse(Reranker.fromBuffer(bytes).rerank(QUERIES[0], candidates, { track: true, explore: 0.5 }).impression).swapped));
  const free = swapsOf(new Reranker({ dim: DIM }).toBuffer()), none = free.filter((swapped) => swapped === undefined).length;
  assert.ok(none > 60 && none < 140 && new Set(free).size > 20, `${none}`);
  const one = new Reranker({ dim: DIM, seed: 3 }), seen = [];
  for (let i = 0; i < 200; i++) {
    const bytes = one.toBuffer(), impressions = [one, Reranker.fromBuffer(bytes)].map((it) => it.rerank(QUERIES[0], candidates, { track: true, explore: 0.5 }).impression);
    assert.strictEqual(impressions[0], impressions[1], 'the same past, the same chance');
    seen.push(JSON.stringify(JSON.parse(impressions[0]).swapped));
    // Those that only observe and are saved have another chance, too.
    if (i % 2) one.observe(impressions[0], []);
  }
  assert.ok(new Set(seen).size > 20);
  const byObservations = Array.from({ length: 100 }, () => {
    one.observe({ query: QUERIES[0], shown: ['a'] }, []);
    return JSON.stringify(JSON.parse(Reranker.fromBuffer(one.toBuffer()).rerank(QUERIES[0], candidates, { track: true, explore: 0.5 }).impression).swapped);
  });
  assert.ok(new Set(byObservations).size > 10);
});

test('Reranker: forgetting raises the number of the model', async () => {
  const one = used(new Reranker({ dim: DIM, seed: 5 })), { model } = await one.learn({ candidates: candidatesFor, examination: 0 });
  one.forget();
  assert.deepStrictEqual([model, one.learning().model, Reranker.fromBuffer(one.toBuffer()).learning().model], [1, 2, 2]);
});

test('Reranker: learning is the same, bit by bit, after saving and loading, also of a sample', async () => {
  const one = new Reranker({ dim: DIM, seed: 9, rank: 16, maxObservations: 100 });
  for (let round = 0; round < 4; round++) used(one);
  const again = Reranker.fromBuffer(one.toBuffer());
  assert.deepStrictEqual(one.toBuffer(), again.toBuffer());
  const reports = [await one.learn({ candidates: candidatesFor, examination: 0 }), await again.learn({ candidates: candidatesFor, examination: 0, threads: 2 })];
  assert.deepStrictEqual(reports[0], reports[1]);
  assert.deepStrictEqual(one.toBuffer(), again.toBuffer());
});

test('Reranker: its sizes are those of the native ranker, which says what they may be', () => {
  for (const [options, message] of [
    [{ dim: 20000 }, 'expected an integer in 1...16384 for dim, received 20000'], [{ dim: 0 }, 'expected an integer in 1...16384 for dim, received 0'], [{ dim: 2.5 }, 'expected an integer in 1...16384 for dim, received 2.5'],
    [{ dim: NaN }, 'expected an integer in 1...16384 for dim, received NaN'], [{}, 'expected an integer in 1...16384 for dim, received nothing'], [{ dim: 4, rank: 5000 }, 'expected an integer in 1...4096 for rank, received 5000'],
    [{ dim: 4, rank: 0 }, 'expected an integer in 1...4096 for rank, received 0'],
  ]) assert.throws(() => new Reranker(options), { code: 'ERR_INVALID_CONFIG', message });
  for (const bad of ['4', 4n, null, true, [4]]) for (const name of ['dim', 'rank']) assert.throws(() => new Reranker({ dim: 4, [name]: bad }), { code: 'ERR_INVALID_ARG' }, name);
  assert.deepStrictEqual([new Reranker({ dim: 16384, rank: 4096 }).rank, new Reranker({ dim: 1 }).rank], [4096, 128]);
  for (const shape of [{ dim: 3, rank: 5 }, { dim: 1, rank: 1 }]) {
    const handle = create({ ...shape, seed: 1 }), { weights } = describe(handle), count = weights.reduce((sum, { shape: sides }) => sum + sides.reduce((a, b) => a * b, 1), 0);
    assert.deepStrictEqual([floatsOf(shape), isWhole(count, shape), isWhole(count + shape.dim, shape), isWhole(count + 1 + shape.dim, shape)], [count, true, true, false]);
    native.close(handle);
  }
});

test('Reranker: more than an impression holds is refused when it is asked for', () => {
  const one = new Reranker({ dim: DIM });
  assert.throws(() => one.rerank(QUERIES[0], candidatesFor(QUERIES[0]), { k: 65537, track: true }), { code: 'ERR_OUT_OF_RANGE' });
  one.rerank(QUERIES[0], candidatesFor(QUERIES[0]), { k: 65537 });
});
