'use strict';

// npm run example -- custom-loss [--epochs 400] [--seed 1]
// A loss of one's own: three quantiles of noisy measurements (Koenker and Bassett 1978), by a Trainer; then how many of new ones lie
// below each.
const { table } = require('../mammals-data.js');
const { bar } = require('../progress.js');
const { Linear, Trainer } = require('../../../index.js');

const QUANTILES = [0.1, 0.5, 0.9], CENTRES = Array.from({ length: 9 }, (_, i) => i / 8);

/** A seeded generator of numbers in 0...1. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Measurements of a wave whose noise grows. */
function measurements(count, seed) {
  const random = generator(seed), x = Array.from({ length: count }, random);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return { x, y: x.map((t) => Math.sin(2 * Math.PI * t) + (0.1 + 0.4 * t) * normal()) };
}

/** What the model sees of x: how near it is to nine centres. */
const features = (x) => x.map((t) => CENTRES.map((c) => Math.exp(-((t - c) ** 2) / 0.02)));

/** The pinball loss: each quantile q pays q for a measurement above it and 1 − q for one below. */
const pinball = (y) => ({ data }, samples) => {
  let loss = 0;
  const gradient = data.map((value, i) => {
    const q = QUANTILES[i % 3], above = y[samples[Math.floor(i / 3)]] - value;
    loss += (above > 0 ? q * above : (q - 1) * above) / samples.length;
    return (above > 0 ? -q : 1 - q) / samples.length;
  });
  return { loss, gradient };
};

async function customLoss({ epochs = '400', seed = '1' }) {
  const seen = measurements(2000, Number(seed)), fresh = measurements(2000, Number(seed) + 1);
  const model = new Linear({ inChannels: CENTRES.length, outChannels: QUANTILES.length, seed: Number(seed) });
  const trainer = new Trainer({ model, loss: pinball(seen.y), optimizer: { type: 'adam', learningRate: 0.01 }, batchSize: 200, seed: Number(seed) });
  const { loss } = await trainer.fit({ inputs: { x: features(seen.x) } }, { epochs: Number(epochs), onProgress: bar('quantiles') });
  const { data } = model.forward(features(fresh.x)), below = QUANTILES.map((_, k) => fresh.y.filter((y, i) => y < data[3 * i + k]).length / fresh.y.length);
  console.log(`loss ${loss[0].toFixed(3)} -> ${loss.at(-1).toFixed(3)}`);
  console.log(table(['quantile', 'of new measurements below it'], QUANTILES.map((q, k) => [q.toFixed(1), below[k].toFixed(3)])));
  trainer.close();
  model.close();
  return below;
}

module.exports = { customLoss };
