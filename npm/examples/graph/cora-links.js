'use strict';
// Link prediction on Cora: graph convolutions whose last points lie in the Poincaré ball or in Euclidean space, after Chami, Ying, Ré,
// Leskovec 2019 ("Hyperbolic Graph Convolutional Neural Networks").
//   npm run example -- cora-links --data <folder> [--splits 20] [--first 0] [--models gcn,hgcn] [--epochs 600] [--json file]
// The folder has cora_nodes.tsv.gz and cora_edges.tsv.gz. 5 % of the links are for validation, 10 % for the test, with as many pairs that
// are no links; neither is seen in training. Decoder: P(link) = 1/(1 + e^((d² − r)/t)), r and t learned, the same for all models.
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { Adam, Graph, Sequential, Trainer } = require('../../../index.js');

const lines = (file) => zlib.gunzipSync(fs.readFileSync(file)).toString().split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.split('\t'));

/** Numbers in [0, 1) by a seed. */
function generator(seed) {
  let s = (seed + 1) * 0x9e3779b9 >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** {x, nodes, links}: rows of words have length 1; each undirected link once. */
function load(folder) {
  const rows = lines(path.join(folder, 'cora_nodes.tsv.gz')), width = 1433, data = new Float32Array(rows.length * width), links = new Map();
  rows.forEach(([, , , words], i) => {
    const list = words ? words.split(' ').map(Number) : [];
    for (const word of list) data[i * width + word] = 1 / Math.sqrt(list.length);
  });
  for (const [a, b] of lines(path.join(folder, 'cora_edges.tsv.gz')).map((pair) => pair.map(Number))) if (a !== b) links.set(Math.min(a, b) * rows.length + Math.max(a, b), [Math.min(a, b), Math.max(a, b)]);
  return { x: { data, rows: rows.length, dim: width }, nodes: rows.length, links: [...links.values()], isLink: (a, b) => links.has(Math.min(a, b) * rows.length + Math.max(a, b)) };
}

/** A split by its number: links and non-links of each part. */
function split({ nodes, links, isLink }, number) {
  const random = generator(number), order = links.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const none = (count) => Array.from({ length: count }, () => {
    for (;;) {
      const pair = [Math.floor(random() * nodes), Math.floor(random() * nodes)];
      if (pair[0] !== pair[1] && !isLink(...pair)) return pair;
    }
  });
  const few = Math.floor(links.length * 0.05), many = Math.floor(links.length * 0.1), parts = { val: order.slice(0, few), test: order.slice(few, few + many), train: order.slice(few + many) };
  const pairs = Object.fromEntries(Object.entries(parts).map(([name, list]) => [name, list.map((i) => links[i])]));
  return { ...pairs, valNone: none(few), testNone: none(many), none };
}

/** Area under the ROC curve: how often a link scores higher than a non-link. */
function auc(yes, no) {
  const all = [...Array.from(yes, (score) => ({ score, isLink: 1 })), ...Array.from(no, (score) => ({ score, isLink: 0 }))].sort((a, b) => a.score - b.score);
  let rank = 0, sum = 0;
  for (let i = 0; i < all.length;) {
    let j = i;
    while (j < all.length && all[j].score === all[i].score) j++;
    for (let k = i; k < j; k++) if (all[k].isLink) sum += (i + j + 1) / 2;
    i = j;
  }
  rank = sum - yes.length * (yes.length + 1) / 2;
  return rank / (yes.length * no.length);
}

/** d² of two rows and its gradient, in doubles: Euclidean, or of the Poincaré ball of curvature −1. */
const DISTANCES = {
  euclidean(u, v) {
    let n = 0;
    for (let c = 0; c < u.length; c++) n += (u[c] - v[c]) ** 2;
    return { square: n, back: (g, du, dv) => { for (let c = 0; c < u.length; c++) { const d = 2 * g * (u[c] - v[c]); du[c] += d; dv[c] -= d; } } };
  },
  // d = 2 asinh(s), s² = n/(ab), n = |u − v|², a = 1 − |u|², b = 1 − |v|²
  poincare(u, v) {
    let n = 0, a = 1, b = 1;
    for (let c = 0; c < u.length; c++) {
      n += (u[c] - v[c]) ** 2;
      a -= u[c] * u[c];
      b -= v[c] * v[c];
    }
    [a, b] = [Math.max(a, 2e-5), Math.max(b, 2e-5)];
    const s = Math.sqrt(n / (a * b)), d = 2 * Math.asinh(s);
    return {
      square: d * d,
      back(g, du, dv) {
        // d(d²)/d(s²) = 2 d/(s √(1 + s²)), which tends to 4
        const slope = g * (s > 1e-6 ? 2 * d / (s * Math.sqrt(1 + s * s)) : 4), q = slope / (a * b), onA = 2 * slope * s * s / a, onB = 2 * slope * s * s / b;
        for (let c = 0; c < u.length; c++) {
          const w = 2 * q * (u[c] - v[c]);
          du[c] += w + onA * u[c];
          dv[c] += -w + onB * v[c];
        }
      },
    };
  },
};

const DIM = 16;
const layer = (type, inChannels, outChannels, seed, more) => ({ class: type, options: { inChannels, outChannels, seed, ...more } });
const dropout = (p) => ({ class: 'Dropout', options: { p } });
/** Two layers of width 16, as in the paper: the same search for both (learning rate and dropout by validation). */
const MODELS = {
  gcn: {
    distance: 'euclidean',
    layers: (seed, p) => [dropout(p), layer('GCNLayer', 1433, DIM, seed, { normalization: 'row' }), { class: 'Activation', options: { function: 'relu' } }, dropout(p), layer('GCNLayer', DIM, DIM, seed + 1000, { normalization: 'row' })],
  },
  hgcn: {
    distance: 'poincare',
    layers: (seed, p) => [
      dropout(p), layer('HyperbolicGNNLayer', 1433, DIM, seed, { activation: 'relu', output: 'tangent', aggregation: 'mean' }), dropout(p), layer('HyperbolicGNNLayer', DIM, DIM, seed + 1000, { aggregation: 'mean' }),
    ],
  },
};

/** What learning rate and dropout are chosen from, by validation; the same for both. */
const SEARCH = [{ rate: 0.01, p: 0.5 }, { rate: 0.005, p: 0.5 }, { rate: 0.01, p: 0.3 }, { rate: 0.005, p: 0.7 }], DECAY = 1e-4;

/** The Fermi–Dirac decoder as the loss of a Trainer, with its own r and t. */
function decoder(distance, { train, none }, rate) {
  const measure = DISTANCES[distance], state = Float32Array.of(2, 0), adam = new Adam({ size: 2 }); // r, ln t
  const rowsOf = ({ data, dim }) => (i) => data.subarray(i * dim, (i + 1) * dim);
  const loss = (outputs) => {
    const row = rowsOf(outputs), gradient = new Float32Array(outputs.data.length), back = rowsOf({ data: gradient, dim: outputs.dim }), [r, lnT] = state, t = Math.exp(lnT);
    const pairs = [...train.map((pair) => [...pair, 1]), ...none(train.length).map((pair) => [...pair, 0])], own = new Float32Array(2);
    let sum = 0;
    for (const [a, b, isLink] of pairs) {
      const d = measure(row(a), row(b)), score = (r - d.square) / t, p = 1 / (1 + Math.exp(-score)), g = (p - isLink) / pairs.length;
      sum += Math.max(score, 0) - score * isLink + Math.log1p(Math.exp(-Math.abs(score)));
      d.back(-g / t, back(a), back(b));
      own[0] += g / t;
      own[1] -= g * score;
    }
    adam.stepInPlace(state, own, rate);
    return { loss: sum / pairs.length, gradient };
  };
  /** AUC of a split's part by the outputs; t > 0 does not change an order. */
  const judge = (outputs, yes, no) => {
    const row = rowsOf(outputs), score = ([a, b]) => -measure(row(a), row(b)).square;
    return auc(yes.map(score), no.map(score));
  };
  return { loss, judge, close: () => adam.close() };
}

/** One model on one split by one setting: {val, test} at the epoch that is best on validation. */
async function run(name, data, parts, { rate, p, decay = DECAY }, { epochs, seed, threads }) {
  const { distance, layers } = MODELS[name], model = new Sequential({ layers: layers(seed * 10, p) }), { loss, judge, close } = decoder(distance, parts, rate);
  const graph = Graph.fromEdges(parts.train.flatMap(([a, b]) => [a, b, b, a]), { nodes: data.nodes });
  const trainer = new Trainer({ model, loss, optimizer: { type: 'adam', learningRate: rate, weightDecay: decay }, clipNorm: 1, shuffle: false, seed }); // rows of all nodes, in their order
  let best = { val: 0, test: 0, epoch: 0 };
  const stop = new AbortController();
  try {
    await trainer.fit({ inputs: { x: data.x, graph } }, {
      epochs, threads, signal: stop.signal,
      onEpoch({ epoch }) {
        if (epoch % 10 !== 0) return;
        const outputs = model.forward(data.x, graph, undefined, { threads }), val = judge(outputs, parts.val, parts.valNone);
        if (val > best.val) best = { val, test: judge(outputs, parts.test, parts.testNone), epoch };
        else if (epoch - best.epoch >= 150) stop.abort();
      },
    });
  } catch (error) {
    if (error.code !== 'ERR_ABORTED') throw error;
  }
  for (const one of [trainer, model, graph, { close }]) one.close();
  return best;
}

const mean = (list) => list.reduce((a, b) => a + b, 0) / list.length;
const deviation = (list) => Math.sqrt(list.reduce((sum, x) => sum + (x - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));

async function coraLinks({ data: folder, splits = '20', first = '0', models = 'gcn,hgcn', epochs = '600', threads = '1', json }) {
  if (typeof folder !== 'string') throw new Error('--data <folder> is wanted: where the files are');
  const data = load(folder), names = models.split(','), tests = Object.fromEntries(names.map((name) => [name, []]));
  console.log(`Cora: ${data.nodes} nodes, ${data.links.length} links; test ROC AUC in %, the setting of each model by validation`);
  for (let number = Number(first); number < Number(first) + Number(splits); number++) {
    const parts = split(data, number), start = performance.now(), shown = [];
    for (const name of names) {
      let best = { val: 0, test: 0 };
      for (const setting of SEARCH) {
        const found = await run(name, data, parts, setting, { epochs: Number(epochs), seed: number + 1, threads: Number(threads) });
        if (found.val > best.val) best = { ...found, setting };
      }
      tests[name].push(100 * best.test);
      shown.push(`${name} ${(100 * best.test).toFixed(2)} (validation ${(100 * best.val).toFixed(2)}, rate ${best.setting.rate}, dropout ${best.setting.p}, epoch ${best.epoch})`);
    }
    console.log(`split ${number}: ${shown.join('   ')}   ${((performance.now() - start) / 1000).toFixed(0)} s`);
    if (json) fs.writeFileSync(json, JSON.stringify(tests));
  }
  for (const name of names) console.log(`${name}: ${mean(tests[name]).toFixed(2)} ± ${deviation(tests[name]).toFixed(2)} (${tests[name].length} splits)`);
  if (names.includes('gcn') && names.includes('hgcn')) {
    const gains = tests.hgcn.map((x, i) => x - tests.gcn[i]);
    console.log(`hgcn − gcn, by split: ${gains.map((x) => (x >= 0 ? '+' : '') + x.toFixed(2)).join(' ')}; mean ${mean(gains).toFixed(2)} ± ${deviation(gains).toFixed(2)}`);
  }
  return tests;
}

module.exports = { DISTANCES, MODELS, auc, coraLinks, load, run, split };
