'use strict';

// From a log to a learned order: labels by the click model, training, and the guard that decides whether it goes live.
const native = require('../native.js');
const { Pace } = require('../slices.js');
const { Swaps, posteriors } = require('./click-model.js');
const { listsOf } = require('./lists.js');
const { call, create, floatsOf, orderOf } = require('./model.js');
const { centred } = require('./centre.js');
const { unhurried } = require('./unhurried.js');

const FOLDS = 5, SHARES = [0.25, 0.5, 0.75, 1];
/** Student's t that a share has to exceed: one chance in twenty, divided by the four shares that are tried (Bonferroni), one-sided. Of those that do, the one that gains most is used. */
const BOUND = 2.24;
const FEWEST = 20; // lists, and votes, below which nothing goes live
const LEAST = 1e-3; // the weight of a list that says something
const BATCH = 128, RATE = 1e-3, DECAY = 0.01, DEPTH = 10;

/** Steps grow with what there is to learn from. */
const stepsFor = (lists) => Math.min(300, Math.round(6 * Math.sqrt(lists)));

const discount = Float64Array.from({ length: DEPTH }, (_, rank) => 1 / Math.log2(rank + 2));

/** Some lists of all, as a training takes them. */
async function pick(lists, dim, numbers, check) {
  const { k, labels, weights } = lists, n = numbers.length, mean = numbers.reduce((sum, i) => sum + weights[i], 0) / n;
  const queries = new Float32Array(n * dim), places = new Uint32Array(n * k), first = new Float32Array(n * k), relevance = new Float32Array(n * k);
  const pause = unhurried(check);
  for (const [at, i] of numbers.entries()) {
    if (at % 16 === 0) await pause();
    queries.set(lists.queries.subarray(i * dim, (i + 1) * dim), at * dim);
    places.set(lists.places.subarray(i * k, (i + 1) * k), at * k);
    first.set(lists.first.subarray(i * k, (i + 1) * k), at * k);
    for (let j = 0; j < k; j++) relevance[at * k + j] = labels[i * k + j] * (weights[i] / mean);
  }
  return { n, buffers: [{ data: queries, rows: n, dim }, lists.rows, places, { data: first, rows: n, dim: k }, { data: relevance, rows: n, dim: k }] };
}

/** Trains a ranker on these lists; its handle, the caller's to close. */
async function train(shape, lists, numbers, { check, threads, tell, seed }) {
  const { n, buffers } = await pick(lists, shape.dim, numbers, check), handle = create(shape), steps = stepsFor(n), pace = new Pace(1), loss = new Float32Array(1);
  try {
    for (let from = 0; from < steps;) {
      check();
      const count = Math.min(pace.next, steps - from), started = performance.now();
      await call(handle, 'train', [...buffers, Float64Array.of(from, count, BATCH, RATE, DECAY, seed), loss], { threads, isLater: true });
      pace.note(count, performance.now() - started);
      from += count;
      tell(from / steps);
    }
    return handle;
  } catch (error) {
    native.close(handle);
    throw error;
  }
}

/** Scores with a share of what was learned: s = scale · first + share · (full − scale · first). */
const mixed = (first, full, scale, share) => Float64Array.from(first, (z, j) => scale * z + share * (full[j] - scale * z));

/**
 * What clicks on a list say of each share's order beside the static one: Σ_j (y_j − p_j) (discount of j's rank there − in the static order).
 * p_j is the mean of what the prior by rank gives to j in the two orders, so that neither is believed before the other; y_j is its posterior.
 * What clicks do not tell apart counts nothing.
 */
function votes(first, full, evidence, prior, scale) {
  const k = first.length, at = (rank) => (rank < DEPTH ? discount[rank] : 0), most = evidence.reduce((x, y) => Math.max(x, y), 0);
  return SHARES.map((share) => {
    let sum = prior[k] * Math.exp(-most), gain = 0, expected = 0;
    orderOf(mixed(first, full, scale, share)).forEach((j, rank) => {
      const p = 0.5 * (prior[j] + prior[rank]), y = p * Math.exp(evidence[j] - most), step = at(rank) - at(j);
      sum += y;
      gain += y * step;
      expected += p * step;
    });
    const vote = gain / sum - expected;
    return Math.abs(vote) < 1e-9 ? 0 : vote; // sums in another order differ in their last bits
  });
}

/** {mean, t, low, high} of paired gains. */
function paired(gains) {
  const n = gains.length, mean = n === 0 ? 0 : gains.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(gains.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, n - 1)) / Math.sqrt(Math.max(1, n));
  return { mean, t: n >= FEWEST && deviation > 0 ? mean / deviation : 0, low: mean - 1.96 * deviation, high: mean + 1.96 * deviation, votes: n };
}

/** {tried, full, scales}: votes of held-out lists for each share, and the scores [n, k] and scales that they got; each list is ranked by a model that has not seen its query. Trains `FOLDS` models. */
async function validate(shape, lists, numbers, control) {
  const { n, k } = lists, gains = SHARES.map(() => /** @type {number[]} */ ([])), pause = unhurried(control.check), full = new Float32Array(n * k), scales = new Float32Array(n);
  const part = (list, i) => list.subarray(i * k, (i + 1) * k);
  for (let fold = 0; fold < FOLDS; fold++) {
    const inside = numbers.filter((_, i) => i % FOLDS !== fold), outside = numbers.filter((_, i) => i % FOLDS === fold);
    const handle = await train(shape, lists, inside, { ...control, tell: (share) => control.tell((fold + share) / (FOLDS + 1)) });
    try {
      const { n: count, buffers: [queries, rows, places, first] } = await pick(lists, shape.dim, outside, control.check), scores = new Float32Array(count * k), weights = new Float32Array(floatsOf(shape)), scale = () => weights[weights.length - 1];
      await call(handle, 'forward', [queries, rows, places, first, scores], { threads: control.threads, isLater: true });
      native.weightsGet(handle, '', weights);
      for (let at = 0; at < count; at++) {
        await pause();
        const i = outside[at];
        part(full, i).set(part(scores, at));
        scales[i] = scale();
        votes(part(lists.first, i), part(full, i), part(lists.evidence, i), lists.prior, scale()).forEach((gain, share) => gains[share].push(gain));
      }
    } finally {
      native.close(handle);
    }
  }
  return { tried: gains.map(paired), full, scales };
}

/** What models that have not seen a list's query believe of its candidates, given that one is relevant: softmax of their scores. Lists that nobody ranked keep the prior by rank. */
async function believedBy({ full, scales }, lists, share, check) {
  const { n, k, first, prior } = lists, candidates = new Float32Array(n * k), some = 1 - prior[k], pause = unhurried(check);
  for (let i = 0; i < n; i++) {
    if (i % 16 === 0) await pause();
    const from = i * k, scores = scales[i] === 0 ? undefined : mixed(first.subarray(from, from + k), full.subarray(from, from + k), scales[i], share);
    const most = scores?.reduce((x, y) => Math.max(x, y), -Infinity) ?? 0, sum = scores?.reduce((x, y) => x + Math.exp(y - most), 0) ?? 1;
    for (let j = 0; j < k; j++) candidates[from + j] = scores ? Math.exp(scores[j] - most) / sum : prior[j] / some;
  }
  return { candidates, prior };
}

/**
 * {weights, share, report}: `weights` and `share` only where the guard lets the order go live. `log`: [{query, observations}];
 * `candidatesOf(query, shown)`; `examination`: 'auto' (fitted, or the prior 1/rank), or η.
 */
async function learn(shape, log, candidatesOf, { examination, check, threads, onProgress, seed }) {
  const tell = (from, to) => (share) => onProgress?.({ done: from + (to - from) * share });
  const swaps = new Swaps(), pause = unhurried(check);
  for (const { observations } of log) {
    for (const { model, shown, swapped, clicked } of observations) {
      await pause();
      swaps.add({ model, shown: shown.length, swapped, clicked });
    }
  }
  const seen = examination === 'auto' ? await swaps.fit(check) : { exponent: examination, source: 'given', swaps: swaps.count };
  const lists = await listsOf(log, shape.dim, candidatesOf, { check, progress: tell(0, 0.2) });
  const found = await posteriors(lists.seen, lists.k, seen.exponent, check);
  const numbers = Array.from({ length: lists.n }, (_, i) => i).filter((i) => found.weights[i] > LEAST);
  const report = { examination: seen, queries: log.length, lists: numbers.length, click: found.click, gain: undefined, share: 0, isLive: false };
  if (numbers.length < FEWEST) {
    onProgress?.({ done: 1 });
    return { report };
  }
  const { centre, ofQueries, ofRows } = await centred(lists, shape.dim, check);
  const all = { ...lists, ...found }, control = { check, threads, seed, tell: tell(0.2, 1) };
  const cross = await validate(shape, all, numbers, control), { tried } = cross, passed = tried.map((_, i) => i).filter((i) => tried[i].t > BOUND);
  const best = (passed.length > 0 ? passed : [0, 1, 2, 3]).reduce((most, i) => (tried[i].mean > tried[most].mean ? i : most));
  report.gain = tried[best];
  if (passed.length === 0) {
    onProgress?.({ done: 1 });
    return { report };
  }
  // Queries say more together: what was learned from others is what is believed of each before its own clicks.
  const { labels, weights: worth } = await posteriors(lists.seen, lists.k, seen.exponent, check, await believedBy(cross, all, SHARES[best], check));
  const handle = await train(shape, { ...all, labels, weights: worth }, numbers, { ...control, tell: (share) => control.tell((FOLDS + share) / (FOLDS + 1)) });
  try {
    const floats = floatsOf(shape), half = shape.rank * shape.dim, weights = new Float32Array(floats + shape.dim);
    native.weightsGet(handle, '', weights.subarray(0, floats));
    for (let i = 0; i < half; i++) {
      weights[i] *= ofQueries;
      weights[half + i] *= ofRows;
    }
    weights.set(centre, floats);
    [report.share, report.isLive] = [SHARES[best], true];
    return { weights, share: SHARES[best], report };
  } finally {
    native.close(handle);
  }
}

module.exports = { learn, votes };
