'use strict';

// The bytes of a run: parameters by name and shape, seed, history, all weights of the trainer. A checkpoint is the same with how far
// its fit is, and with the weights of the best epoch. Made and read by Trainer.
const { isList, mismatch } = require('../errors.js');
const { corrupt, pack, unpack } = require('../model-bytes.js');
const { probe, readFileAsync, sweep } = require('../files.js');

const MAGIC = 'RVTRAIN1';
const NOTHING = new Float32Array(0);

/**
 * `run`: {names, seed, history, weights, middle}; `fit`: {epoch, best, bestWeights, waiting}, undefined between fits. `middle`: what batches
 * are made of, {samples, batchSize, accumulate, shuffle, dropLast}, where the run is in the middle of an epoch.
 */
function packRun({ names, seed, history, weights, middle }, fit) {
  const { bestWeights = NOTHING, ...numbers } = fit ?? {};
  return pack(MAGIC, { parameters: names, seed: String(seed), history, middle, fit: fit && { ...numbers, best: Number.isFinite(numbers.best) ? numbers.best : null } }, { weights, best: bestWeights });
}

const isCount = (x) => Number.isSafeInteger(x) && x >= 0;

/**
 * {weights, history, middle, fit} of such bytes, for a trainer with these names and this seed, whose model has so many floats, and whose
 * batches are made so. ERR_CORRUPT for bytes that are cut, foreign, or of another trainer: of other parameters, another optimizer or seed,
 * and in the middle of an epoch, whose other batches would be wrong, of another way of making them.
 */
function unpackRun(bytes, { names, seed, modelFloats, batches }) {
  const { header: { parameters, seed: its, history, middle, fit }, arrays: { weights, best } } = unpack(MAGIC, bytes);
  if (JSON.stringify(parameters) !== JSON.stringify(names)) throw corrupt('the parameters of this trainer', 'state', 'others');
  if (its !== String(seed)) throw mismatch('ERR_CORRUPT', `seed ${seed}`, 'state', its);
  const count = names.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  if (weights?.length !== count || !(weights instanceof Float32Array)) throw corrupt(`${count} numbers`, 'state', String(weights?.length));
  for (const list of [weights, best]) if (!list?.every(Number.isFinite)) throw corrupt('finite numbers', 'state', 'others');
  const isHistory = (list) => isList(list) && list.every((x) => typeof x === 'number');
  if (!isHistory(history?.loss) || !isHistory(history.validationLoss)) throw corrupt('lists of losses', 'state', 'something else');
  if (middle !== undefined) {
    if (!isCount(middle?.samples)) throw corrupt('how far its epoch is', 'state', 'something else');
    for (const [name, value] of Object.entries(batches)) if (middle[name] !== value) throw corrupt(`${name} ${value} in the middle of an epoch`, 'state', String(middle[name]));
  }
  if (fit === undefined) return { weights, history, middle, fit };
  const isFit = isCount(fit?.epoch) && isCount(fit.waiting) && (fit.best === null || typeof fit.best === 'number');
  if (!isFit || ![0, modelFloats].includes(best?.length)) throw corrupt('how far its fit is', 'state', 'something else');
  return { weights, history, middle, fit: { ...fit, best: fit.best ?? Infinity, bestWeights: best.length > 0 ? best : undefined } };
}

// ---- Files ----

/** The bytes of a checkpoint; undefined where there is none yet. */
async function readCheckpoint(path) {
  try {
    return await readFileAsync(path);
  } catch (error) {
    if (error.code !== 'ERR_NOT_FOUND') throw error;
    return undefined;
  }
}

/** Finds out before a long run whether a file can be written here, and removes what killed runs have left. */
async function prepareCheckpoint(path) {
  await probe(path);
  sweep(path);
}

module.exports = { packRun, prepareCheckpoint, readCheckpoint, unpackRun };
