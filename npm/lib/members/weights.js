'use strict';

// saveWeights and loadWeights of members: parameters by their names in files or bytes of the format safetensors.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Member, handleOf, requireIdle, stateOf, whileInFlight } = require('./member.js');
const { mismatch, tagOf, unexpected } = require('../errors.js');
const { READERS, corrupt, floatsOf, isLittle, product, toHalf, write } = require('./safetensors.js');
const { pathOf, writeFile, writeFileAsync } = require('../files.js');
const { drive, driveAsync } = require('./tensor-files.js');

const STORAGES = ['f32', 'f16', 'int8'];

/** The largest difference between numbers and what was stored of them, and the largest number. */
function lossOf(values, stored) {
  let error = 0, size = 0;
  for (let i = 0; i < values.length; i++) {
    error = Math.max(error, Math.abs(values[i] - stored(i)));
    size = Math.max(size, Math.abs(values[i]));
  }
  return size === 0 ? 0 : error / size;
}

/** A parameter as tensors of the file, and what that loses. */
function stored({ name, shape }, values, storage) {
  if (storage === 'f16') {
    const data = Uint16Array.from(values, toHalf), view = new DataView(data.buffer);
    if (values.every((x) => Math.abs(x) < 65520)) return { tensors: [{ name, dtype: 'F16', shape, data }], loss: lossOf(values, (i) => READERS.F16(view, i)) };
  }
  if (storage === 'int8' && shape.length > 1) {
    // Each row has a scale of its own: its largest number is 127 of them.
    const rows = shape[0], width = values.length / rows, scales = new Float32Array(rows), data = new Int8Array(values.length);
    for (let r = 0; r < rows; r++) {
      const row = values.subarray(r * width, (r + 1) * width);
      scales[r] = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127;
      for (let c = 0; c < width; c++) data[r * width + c] = scales[r] === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(row[c] / scales[r])));
    }
    const loss = lossOf(values, (i) => Math.fround(data[i] * scales[Math.floor(i / width)]));
    // Numbers at the end of float's range: the scale, rounded up, may be a 127th too large.
    if (Number.isFinite(loss)) return { tensors: [{ name, dtype: 'I8', shape, data }, { name: `${name}.scale`, dtype: 'F32', shape: [rows], data: scales }], loss };
  }
  return { tensors: [{ name, dtype: 'F32', shape, data: values }], loss: 0 };
}

/** {bytes, report} of a member's weights, as they are now; in steps, a parameter each. */
function* packing(member, options) {
  const { parameters, floats, row } = stateOf(member), { storage = 'f32', metadata } = inputs.options(options, ['storage', 'metadata']);
  if (!STORAGES.includes(storage)) throw unexpected('ERR_INVALID_CONFIG', `one of ${STORAGES.join(', ')}`, 'storage', storage);
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Object.values(metadata).some((value) => typeof value !== 'string'))) throw unexpected('ERR_INVALID_ARG', 'texts by name', 'metadata', metadata);
  const values = new Float32Array(floats), handle = handleOf(member), tensors = [], losses = [];
  if (floats > 0) native.weightsGet(handle, '', values);
  let at = 0;
  for (const parameter of parameters) {
    const made = stored(parameter, values.subarray(at, (at += product(parameter.shape))), storage);
    tensors.push(...made.tensors);
    yield;
    losses.push({ name: parameter.name, storage: { F32: 'f32', F16: 'f16', I8: 'int8' }[made.tensors[0].dtype], loss: made.loss });
  }
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) throw mismatch('ERR_UNSUPPORTED', 'parameters whose names differ by more than .scale', 'this', row.class);
  const bytes = write(tensors, { format: 'pt', class: row.class, ...metadata });
  return { bytes, report: { bytes: bytes.length, parameters: losses } };
}

function pack(member, options) {
  const steps = packing(member, options);
  for (;;) {
    const { value, done } = steps.next();
    if (done) return value;
  }
}

/** The same; other work has a turn after some milliseconds. */
async function packAsync(member, options) {
  const steps = packing(member, options);
  for (let started = performance.now(); ;) {
    const { value, done } = steps.next();
    if (done) return value;
    if (performance.now() - started < 10) continue;
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    started = performance.now();
  }
}

/** Sizes that say something: PyTorch Geometric writes [1, heads, width] where these are [heads, width]. */
const plain = (shape) => {
  const from = shape.findIndex((side) => side !== 1);
  return from < 0 ? [1] : shape.slice(from);
};
const equal = (a, b) => a.length === b.length && a.every((side, i) => side === b[i]);

/**
 * The weights of a member out of a header, tensor by tensor: asks for bytes behind the header by [start, end]. {places, floats}: for each parameter the byte of
 * the file where it may stay, or -1, and the numbers of the latter, one parameter after the other.
 */
function* read(member, { tensors, from }, { names, strict, mmap }) {
  const { parameters } = stateOf(member), used = new Set(), list = [...tensors.keys()], places = new Float64Array(parameters.length).fill(-1), copied = [];
  for (const [i, parameter] of parameters.entries()) {
    const key = names ? list.find((name) => names(name) === parameter.name) : parameter.name, tensor = key === undefined ? undefined : tensors.get(key);
    if (!tensor) throw corrupt(`a tensor ${parameter.name}`, 'file', 'none');
    const count = product(parameter.shape);
    if (!equal(plain(tensor.shape), plain(parameter.shape))) throw corrupt(`[${parameter.shape.join(', ')}]`, key, `[${tensor.shape.join(', ')}]`);
    if (!Object.hasOwn(READERS, tensor.dtype)) throw corrupt(`one of ${Object.keys(READERS).join(', ')}`, `${key}.dtype`, tensor.dtype);
    used.add(key);
    if (mmap && isLittle && tensor.dtype === 'F32' && (from + tensor.start) % 4 === 0) {
      places[i] = from + tensor.start;
      continue;
    }
    const values = floatsOf(yield [tensor.start, tensor.end], tensor.dtype, count);
    if (tensor.dtype === 'I8') {
      const scale = tensors.get(`${key}.scale`), rows = parameter.shape[0];
      if (!scale || scale.dtype !== 'F32' || product(scale.shape) !== rows) throw corrupt(`a tensor ${key}.scale of ${rows} floats`, 'file', scale ? 'another' : 'none');
      const scales = floatsOf(yield [scale.start, scale.end], 'F32', rows);
      for (let i = 0; i < count; i++) values[i] *= scales[Math.floor((i * rows) / count)];
      used.add(`${key}.scale`);
    }
    const bad = values.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw corrupt('finite numbers', key, `${values[bad]} at element ${bad}`);
    copied.push(values);
  }
  const extra = list.find((name) => !used.has(name));
  if (strict && extra !== undefined) throw corrupt(`no more than the parameters of a ${stateOf(member).row.class}`, 'file', extra);
  const floats = new Float32Array(copied.reduce((sum, { length }) => sum + length, 0));
  copied.reduce((at, values) => (floats.set(values, at), at + values.length), 0);
  return { places, floats };
}

function loadOptions(source, options) {
  const { names, strict = true, mmap = false } = inputs.options(options, ['names', 'strict', 'mmap']);
  if (names !== undefined && typeof names !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', 'names', names);
  for (const [name, value] of Object.entries({ strict, mmap })) if (typeof value !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', name, value);
  if (mmap && tagOf(source) === 'Uint8Array') throw unexpected('ERR_INVALID_ARG', 'the path of a file, to map it', 'source', source);
  return { names, strict, mmap };
}

function saveWeights(member, path, options) {
  handleOf(member);
  const where = pathOf(path), { bytes, report } = pack(member, options);
  writeFile(where, bytes);
  return report;
}

async function saveWeightsAsync(member, path, options) {
  handleOf(member);
  const where = pathOf(path), { bytes, report } = await packAsync(member, options);
  await writeFileAsync(where, bytes);
  return report;
}

function weightsToBuffer(member, options) {
  handleOf(member);
  return pack(member, options).bytes;
}

function loadWeights(member, source, options) {
  const handle = handleOf(member), settings = loadOptions(source, options), { places, floats } = drive(source, (header) => read(member, header, settings));
  if (!settings.mmap || places.length === 0) return Member.prototype.setWeights.call(member, floats);
  requireIdle(member);
  return native.weightsMap(handle, pathOf(source), places, floats, 1, undefined);
}

async function loadWeightsAsync(member, source, options) {
  const handle = handleOf(member), settings = loadOptions(source, options), { places, floats } = await driveAsync(source, (header) => read(member, header, settings));
  if (!settings.mmap || places.length === 0) return Member.prototype.setWeights.call(member, floats);
  requireIdle(member);
  return whileInFlight(stateOf(member), () => native.weightsMapAsync(handle, pathOf(source), places, floats, 1, undefined));
}

module.exports = { loadWeights, loadWeightsAsync, saveWeights, saveWeightsAsync, weightsToBuffer };
