'use strict';

// npm run example -- learn-to-rank [--experiment seen|biased|examination|guard|kept] [--seeds 5] [--clicks 300,3000,30000] [--visits 30000]
// What clicks teach a search, on the 5,517 instruments of WordNet (bash npm/examples/wordnet/prepare.sh instruments makes their vectors).
// Gains are in NDCG@10 over the static order, on queries that were never asked before, paired by seed.
const { table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { deviation, mean } = require('./collection.js');
const { everythingSeen } = require('./simulate.js');
const { biased, examination, meaningless } = require('./biased.js');

const signed = (x, digits = 3) => `${x < 0 ? '−' : '+'}${Math.abs(x).toFixed(digits)}`;
const spread = (list) => `${signed(mean(list))} ± ${deviation(list).toFixed(3)}`;
const seedsOf = (count) => Array.from({ length: Number(count) }, (_, i) => i);

/** E4: everything that is shown is looked at. */
async function seen({ seeds, clicks = '300,3000,30000', tasks = 'hyper,revdict' }) {
  const rows = [];
  for (const task of tasks.split(',')) {
    for (const count of clicks.split(',').map(Number)) {
      const gains = [], before = [], live = [];
      for (const seed of seedsOf(seeds)) {
        const one = await everythingSeen({ task, clicks: count, seed, onProgress: bar(`${task}, ${count} clicks, seed ${seed}`) });
        gains.push(one.after - one.before);
        before.push(one.before);
        live.push(one.report.share);
        one.reranker.close();
      }
      rows.push([task, String(count), mean(before).toFixed(3), spread(gains), gains.map((x) => signed(x)).join(' '), live.join(' ')]);
    }
  }
  console.log(table(['task', 'clicks', 'static', 'gain', 'by seed', 'share in use'], rows));
}

/** E6: users look at a result at rank r with probability r^−η, and see the order that was learned so far. */
async function biasedClicks({ seeds, visits = '30000', eta = '1', arms = 'labels,naive,corrected,ceiling' }) {
  const rows = [], moments = [3000, 10000, 30000, 100000].filter((x) => x <= Number(visits)), all = {}, exponents = {};
  for (const arm of arms.split(',')) {
    all[arm] = moments.map(() => []);
    exponents[arm] = [];
    for (const seed of seedsOf(seeds)) {
      const { gains, exponent } = await biased({ arm, seed, visits: Number(visits), eta: Number(eta), moments, onProgress: bar(`${arm}, seed ${seed}`) });
      gains.forEach((gain, i) => all[arm][i].push(gain));
      if (exponent !== undefined) exponents[arm].push(exponent);
    }
    moments.forEach((moment, i) => rows.push([arm, String(moment), spread(all[arm][i]), all[arm][i].map((x) => signed(x)).join(' '), i === moments.length - 1 && exponents[arm].length > 0 ? exponents[arm].map((x) => x.toFixed(2)).join(' ') : '']));
  }
  console.log(table(['arm', 'visits', 'gain', 'by seed', `η (true: ${eta})`], rows));
  for (const [name, other] of [['corrected', 'naive'], ['corrected', 'labels']]) {
    if (!all[name] || !all[other]) continue;
    const differences = all[name].at(-1).map((x, i) => x - all[other].at(-1)[i]);
    console.log(`${name} − ${other}: ${spread(differences)} (${differences.map((x) => signed(x)).join(' ')})`);
  }
  if (all.corrected && all.ceiling) console.log(`share of the ceiling: ${moments.map((moment, i) => `${(mean(all.corrected[i]) / mean(all.ceiling[i])).toFixed(2)} at ${moment}`).join(', ')}`);
}

/** E6's η, fitted to visits of the static ranking and of one that was learned. */
async function examinations({ seeds, visits = '30000', etas = '0.5,1,1.5' }) {
  const rows = [];
  for (const eta of etas.split(',').map(Number)) {
    for (const isLearned of [false, true]) {
      const fitted = [], tell = bar(`η ${eta}, ${isLearned ? 'learned' : 'static'}`);
      for (const seed of seedsOf(seeds)) {
        fitted.push(await examination({ seed, visits: Number(visits), eta, isLearned }));
        tell({ done: fitted.length / Number(seeds) });
      }
      rows.push([String(eta), isLearned ? 'learned' : 'static', `${mean(fitted).toFixed(2)} ± ${deviation(fitted).toFixed(2)}`, fitted.map((x) => x.toFixed(2)).join(' ')]);
    }
  }
  console.log(table(['η', 'ranking', `fitted at ${visits} visits`, 'by seed'], rows));
}

/** How often clicks without meaning go live. */
async function guard({ runs = '100', clicks = '300' }) {
  let live = 0;
  const tell = bar('runs');
  for (let run = 0; run < Number(runs); run++) {
    if (await meaningless({ seed: run, clicks: Number(clicks) })) live++;
    tell({ done: (run + 1) / Number(runs) });
  }
  console.log(`${clicks} clicks that mean nothing, ${runs} runs: ${live} went live`);
}

/** A Reranker that learns another task afterwards: what is left of the first, beside one that has seen the second alone. */
async function kept({ seeds, clicks = '3000' }) {
  const rows = [], shares = [];
  for (const seed of seedsOf(seeds)) {
    const first = await everythingSeen({ task: 'hyper', clicks: Number(clicks), seed, onProgress: bar(`hyper, seed ${seed}`) }), gain = first.after - first.before;
    const second = await everythingSeen({ task: 'revdict', clicks: Number(clicks), seed, reranker: first.reranker, others: first.find, onProgress: bar(`revdict, seed ${seed}`) });
    const alone = await everythingSeen({ task: 'revdict', clicks: Number(clicks), seed, onProgress: bar(`revdict alone, seed ${seed}`) });
    const left = first.measure(first.reranker) - first.before;
    shares.push(left / gain);
    rows.push([String(seed), signed(gain), signed(left), (left / gain).toFixed(2), signed(second.after - second.before), signed(first.measure(alone.reranker) - first.before), signed(alone.after - alone.before)]);
  }
  console.log(table(['seed', 'hyper: gain', 'after revdict', 'kept', 'revdict: gain', 'hyper, revdict alone', 'revdict alone'], rows));
  console.log(`kept: ${mean(shares).toFixed(2)} ± ${deviation(shares).toFixed(2)}`);
}

async function learnToRank({ experiment = 'seen', seeds = '5', ...options }) {
  const experiments = { seen, biased: biasedClicks, examination: examinations, guard, kept };
  if (!Object.hasOwn(experiments, experiment)) throw new Error(`--experiment ${Object.keys(experiments).join('|')}`);
  await experiments[experiment]({ seeds, ...options });
}

module.exports = { learnToRank };
