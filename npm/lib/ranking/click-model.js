'use strict';

// What clicks say. A result at rank r is looked at with probability θ_r = r^−η (the position-based model: Joachims, Swaminathan, Schnabel
// 2017, "Unbiased learning-to-rank with biased feedback"), and what is looked at is clicked with probability a where it is relevant, b
// where it is not. So a click is evidence of ln(a/b), whatever its rank, and no click one of ln((1 − aθ)/(1 − bθ)): little at ranks that
// few look at. With a prior by the first stage's rank, and "none of them", the posterior of which candidate is the relevant one is the
// label that is learned from. (Weights 1/θ on clicks magnify chance clicks at low ranks; they do worse than no correction.)
const { unhurried } = require('./unhurried.js');

const NEEDED = 200; // swaps without which nothing is said about η
const PRIOR = { exponent: 1, spread: 1 }; // what is believed of η before
const ROUNDS = 30;
const DEEPEST = 64; // ranks whose swaps are counted

/** Counts of clicks by the rank that a result had before the swap and the rank where it was shown, a table a model. */
class Swaps {
  #tables = new Map();
  count = 0;

  add({ model, shown, swapped, clicked }) {
    if (swapped) this.count++;
    const deep = Math.min(shown, DEEPEST), table = this.#table(model, deep), ranks = new Set(clicked);
    for (let rank = 0; rank < deep; rank++) {
      const from = swapped === undefined ? rank : rank === swapped[0] ? swapped[1] : rank === swapped[1] ? swapped[0] : rank;
      if (from >= deep) continue;
      const at = from * table.size + rank;
      table.views[at]++;
      if (ranks.has(rank)) table.clicks[at]++;
    }
  }

  #table(model, shown) {
    let table = this.#tables.get(model);
    if (table && table.size >= shown) return table;
    const size = Math.max(16, shown), larger = { size, views: new Float64Array(size * size), clicks: new Float64Array(size * size) };
    for (let i = 0; table && i < table.size; i++) {
      for (const part of ['views', 'clicks']) larger[part].set(table[part].subarray(i * table.size, (i + 1) * table.size), i * size);
    }
    this.#tables.set(model, larger);
    return larger;
  }

  /** ln p(clicks | η) with each rank's relevance at its most likely value (a profile likelihood of Poisson counts), and ln p(η). */
  #likelihood(exponent) {
    let sum = -0.5 * ((exponent - PRIOR.exponent) / PRIOR.spread) ** 2;
    for (const { size, views, clicks } of this.#tables.values()) {
      const seen = Float64Array.from({ length: size }, (_, rank) => (rank + 1) ** -exponent);
      for (let from = 0; from < size; from++) {
        let all = 0, expected = 0;
        for (let rank = 0; rank < size; rank++) {
          all += clicks[from * size + rank];
          expected += views[from * size + rank] * seen[rank];
        }
        if (all === 0) continue;
        for (let rank = 0; rank < size; rank++) {
          const at = from * size + rank;
          if (clicks[at] > 0) sum += clicks[at] * Math.log((all / expected) * seen[rank]);
        }
        sum -= all;
      }
    }
    return sum;
  }

  /** {exponent, low, high, source, swaps}: η with an interval of 95 %, or the prior where too little was swapped to tell. */
  async fit(check) {
    if (this.count < NEEDED) return { exponent: PRIOR.exponent, source: 'prior', swaps: this.count };
    const pause = unhurried(check), likelihood = async (exponent) => {
      await pause();
      return this.#likelihood(exponent);
    };
    const ratio = (Math.sqrt(5) - 1) / 2;
    let low = -1, high = 4;
    for (let i = 0; i < 30; i++) { // the golden section
      const a = high - ratio * (high - low), b = low + ratio * (high - low);
      if (await likelihood(a) > await likelihood(b)) high = b;
      else low = a;
    }
    const exponent = (low + high) / 2, h = 0.05;
    const curve = (2 * await likelihood(exponent) - await likelihood(exponent - h) - await likelihood(exponent + h)) / h ** 2;
    const spread = curve > 0 ? 1.96 / Math.sqrt(curve) : 2;
    return { exponent, low: exponent - spread, high: exponent + spread, source: 'fitted', swaps: this.count };
  }
}

/**
 * {evidence [n, k], labels [n, k], weights [n], prior [k + 1], click: {relevant, other}}. `evidence`: ln p(clicks | a candidate is relevant) −
 * ln p(clicks | it is not); `labels`: for each list the posterior of its candidates given that one is relevant; `weights`: how much the
 * list has to say, P(one is relevant) · KL(posterior ‖ prior by rank)²; `prior`: by rank, then that none is.
 *
 * `lists`: of each the places of candidates that were shown, with clicks and, by rank, times without one: [{place, clicks, missed: [[rank,
 * times]]}]. `exponent`: η. `believed`: {candidates [n, k], prior}: what else is known of each list's candidates, in place of a prior by rank,
 * and the prior by rank that weights refer to.
 */
async function posteriors(lists, k, exponent, check, believed) {
  const n = lists.length, pause = unhurried(check), deepest = await deepestOf(lists, pause);
  const seenAt = Float64Array.from({ length: deepest + 1 }, (_, rank) => (rank + 1) ** -exponent), prior = new Float64Array(k + 1), post = new Float64Array(n * (k + 1));
  for (let j = 0; j < k; j++) prior[j] = 0.5 / k;
  prior[k] = 0.5;
  let a = 0.8, b = 0.1;
  /** Calls `note(place, evidence)` for what was shown of a list. */
  const weigh = (seen, gain, loss, note) => {
    for (const { place, clicks, missed } of seen) {
      let sum = clicks * gain;
      for (const [rank, times] of missed) sum += times * loss[rank];
      note(place, sum);
    }
  };
  const worth = () => [Math.log(a / b), seenAt.map((theta) => Math.log((1 - a * theta) / (1 - b * theta)))];
  for (let round = 0; round < ROUNDS; round++) {
    const [gain, loss] = worth(), log = prior.map(Math.log), next = new Float64Array(k + 1), some = 1 - prior[k];
    const found = { clicks: [0, 0], missed: [new Float64Array(deepest + 1), new Float64Array(deepest + 1)] };
    for (let i = 0; i < n; i++) {
      if (i % 16 === 0) await pause();
      const p = post.subarray(i * (k + 1), (i + 1) * (k + 1));
      p.set(log);
      if (believed) for (let j = 0; j < k; j++) p[j] = Math.log(some * believed.candidates[i * k + j] + 1e-12);
      weigh(lists[i], gain, loss, (place, evidence) => { p[place] += evidence; });
      let most = -Infinity, sum = 0;
      for (let j = 0; j <= k; j++) most = Math.max(most, p[j]);
      for (let j = 0; j <= k; j++) sum += (p[j] = Math.exp(p[j] - most));
      for (let j = 0; j <= k; j++) next[j] += (p[j] /= sum);
      for (const { place, clicks, missed } of lists[i]) {
        for (const [kind, share] of [[0, p[place]], [1, 1 - p[place]]]) {
          found.clicks[kind] += share * clicks;
          for (const [rank, times] of missed) found.missed[kind][rank] += share * times;
        }
      }
    }
    // A few imagined lists, so that ranks where nothing was found yet stay possible.
    let sum = 0;
    for (let j = 0; j <= k; j++) sum += (prior[j] = next[j] + (j < k ? 2 / k : 2));
    for (let j = 0; j <= k; j++) prior[j] /= sum;
    b = Math.min(0.6, await mostLikely(found.clicks[1], found.missed[1], seenAt, pause));
    a = Math.max(1.5 * b, await mostLikely(found.clicks[0], found.missed[0], seenAt, pause));
  }
  const evidence = new Float32Array(n * k), labels = new Float32Array(n * k), weights = new Float64Array(n), { prior: byRank } = believed ?? { prior }, some = 1 - byRank[k], [gain, loss] = worth();
  for (let i = 0; i < n; i++) {
    if (i % 16 === 0) await pause();
    weigh(lists[i], gain, loss, (place, sum) => { evidence[i * k + place] = sum; });
    const found = 1 - post[i * (k + 1) + k];
    let divergence = 0;
    for (let j = 0; j < k; j++) {
      const y = labels[i * k + j] = post[i * (k + 1) + j] / Math.max(found, 1e-12);
      if (y > 0) divergence += y * Math.log(y * some / byRank[j]);
    }
    weights[i] = found * Math.max(divergence, 0) ** 2;
  }
  return { evidence, labels, weights, prior, click: { relevant: a, other: b } };
}

/** The deepest rank at which something was shown and not clicked. */
async function deepestOf(lists, pause) {
  let deepest = 0;
  for (const [i, seen] of lists.entries()) {
    if (i % 16 === 0) await pause();
    for (const { missed } of seen) for (const [rank] of missed) deepest = Math.max(deepest, rank);
  }
  return deepest;
}

/** The probability p that makes these counts most likely, where a click at a rank has the probability p θ. */
async function mostLikely(clicks, missed, seenAt, pause) {
  const ranks = Array.from(missed.keys()).filter((rank) => missed[rank] > 0);
  let best = 0.001, most = -Infinity;
  for (let i = 0; i <= 200; i++) {
    await pause();
    const p = Math.min(0.999, 0.001 * 1000 ** (i / 200));
    let sum = clicks * Math.log(p);
    for (const rank of ranks) sum += missed[rank] * Math.log(1 - p * seenAt[rank]);
    if (sum > most) [best, most] = [p, sum];
  }
  return best;
}

module.exports = { Swaps, posteriors };
