'use strict';

// saveWeights and loadWeights of members: parameters by their names in files or bytes of the format safetensors.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Member, handleOf, requireIdle, stateOf, whileInFlight } = require('./member.js');
const { withArticle } = require('../known.js');
const { mismatch, tagOf, unexpected } = require('../errors.js');
const { READERS, copying, corrupt, fromHalves, inSlices, isLittle, product, reading, toHalves, writing } = require('./safetensors.js');
const { pathOf, writeFile, writeFileAsync } = require('../files.js');
const { drive, driveAsync } = require('./tensor-files.js');
const { drive: now, driveLater, Pause } = require('../slices.js');

const STORAGES = ['f32', 'f16', 'int8'];
/** Numbers that are read back at a time, to see what is lost. */
const LOOK = 2 ** 12;

/** A difference as a share of the largest number. */
const share = (error, size) => (size === 0 ? 0 : error / size);

/** A parameter as halves, and what that loses; undefined where a number is too large for one. */
function* storedAsHalves({ name, shape }, values, pause) {
  const data = inputs.unset(values.length, name, Uint16Array), words = new Uint32Array(values.buffer, values.byteOffset, values.length), back = new Float32Array(LOOK);
  let error = 0, size = 0; // `size`: the bits of the largest number, without its sign
  yield* inSlices(values.length, pause, (start, end) => {
    toHalves(words, data, start, end);
    for (let at = start; at < end; at += LOOK) {
      const count = Math.min(LOOK, end - at);
      fromHalves(data.subarray(at, at + count), back);
      for (let i = 0; i < count; i++) {
        const lost = Math.abs(values[at + i] - back[i]), bits = words[at + i] & 0x7fffffff;
        if (lost > error) error = lost;
        if (bits > size) size = bits;
      }
    }
  });
  const [largest] = new Float32Array(Uint32Array.of(size).buffer);
  return largest < 65520 ? { tensors: [{ name, dtype: 'F16', shape, data }], loss: share(error, largest) } : undefined;
}

/** A matrix as bytes with a scale a row, of which the largest number of the row is 127; undefined where such a scale is no float. */
function* storedAsBytes({ name, shape }, values, pause) {
  const rows = shape[0], width = values.length / rows, scales = inputs.allocate(rows, name), data = inputs.allocate(values.length, name, Int8Array);
  let error = 0, size = 0;
  /** `body(start, end, r)` for the parts of rows that a slice has. */
  const byRow = (body) => inSlices(values.length, pause, (start, end) => {
    for (let at = start; at < end;) {
      const r = Math.floor(at / width), last = Math.min(end, (r + 1) * width);
      body(at, last, r);
      at = last;
    }
  });
  yield* byRow((start, end, r) => {
    let most = scales[r];
    for (let i = start; i < end; i++) most = Math.max(most, Math.abs(values[i]));
    scales[r] = most;
    size = Math.max(size, most);
  });
  yield* inSlices(rows, pause, (start, end) => { for (let r = start; r < end; r++) scales[r] /= 127; });
  yield* byRow((start, end, r) => {
    const scale = scales[r];
    for (let i = start; i < end; i++) {
      const whole = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(values[i] / scale)));
      data[i] = whole;
      const lost = Math.abs(values[i] - Math.fround(whole * scale));
      if (!(lost <= error)) error = lost; // (also where it is no number)
    }
  });
  // Numbers at the end of float's range: the scale, rounded up, may be a 127th too large.
  const loss = share(error, size);
  return Number.isFinite(loss) ? { tensors: [{ name, dtype: 'I8', shape, data }, { name: `${name}.scale`, dtype: 'F32', shape: [rows], data: scales }], loss } : undefined;
}

/** Steps to a parameter as tensors of the file, and what that loses: the largest difference, of the largest number. */
function* stored(parameter, values, storage, pause) {
  const { name, shape } = parameter;
  const small = storage === 'f16' ? yield* storedAsHalves(parameter, values, pause) : storage === 'int8' && shape.length > 1 ? yield* storedAsBytes(parameter, values, pause) : undefined;
  return small ?? { tensors: [{ name, dtype: 'F32', shape, data: values }], loss: 0 };
}

/** {bytes, report} of a member's weights, as they are at the first step: one copy, all else in slices. For `drive` and `driveLater`. */
function* packing(member, options) {
  const { parameters, floats, row } = stateOf(member), { storage = 'f32', metadata } = inputs.options(options, ['storage', 'metadata']);
  if (!STORAGES.includes(storage)) throw unexpected('ERR_INVALID_CONFIG', `one of ${STORAGES.join(', ')}`, 'storage', storage);
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || Object.values(metadata).some((value) => typeof value !== 'string'))) throw unexpected('ERR_INVALID_ARG', 'texts by name', 'metadata', metadata);
  const values = inputs.unset(floats, 'weights'), handle = handleOf(member), tensors = [], losses = [], pause = new Pause(() => {});
  if (floats > 0) native.weightsGet(handle, '', values);
  let at = 0;
  for (const parameter of parameters) {
    const made = yield* stored(parameter, values.subarray(at, (at += product(parameter.shape))), storage, pause);
    tensors.push(...made.tensors);
    losses.push({ name: parameter.name, storage: { F32: 'f32', F16: 'f16', I8: 'int8' }[made.tensors[0].dtype], loss: made.loss });
  }
  if (new Set(tensors.map(({ name }) => name)).size < tensors.length) throw mismatch('ERR_UNSUPPORTED', 'parameters whose names differ by more than .scale', 'this', row.class);
  const bytes = yield* writing(tensors, { format: 'pt', class: row.class, ...metadata }, pause);
  return { bytes, report: { bytes: bytes.length, parameters: losses } };
}

/** Sizes that say something: PyTorch Geometric writes [1, heads, width] where these are [heads, width]. */
const plain = (shape) => {
  const from = shape.findIndex((side) => side !== 1);
  return from < 0 ? [1] : shape.slice(from);
};
const equal = (a, b) => a.length === b.length && a.every((side, i) => side === b[i]);

/**
 * The weights of a member out of a header, tensor by tensor: asks for bytes behind the header by [start, end], and for turns of the event loop. {places, floats}: for each parameter the byte of
 * the file where it may stay, or -1, and the numbers of the latter, one parameter after the other.
 */
function* read(member, { tensors, from }, { names, strict, mmap }) {
  const { parameters } = stateOf(member), used = new Set(), list = [...tensors.keys()], places = new Float64Array(parameters.length).fill(-1), copied = [], pause = new Pause(() => {});
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
    const values = yield* reading(yield [tensor.start, tensor.end], tensor.dtype, count, pause);
    if (tensor.dtype === 'I8') {
      const scale = tensors.get(`${key}.scale`), rows = parameter.shape[0];
      if (!scale || scale.dtype !== 'F32' || product(scale.shape) !== rows) throw corrupt(`a tensor ${key}.scale of ${rows} floats`, 'file', scale ? 'another' : 'none');
      const scales = yield* reading(yield [scale.start, scale.end], 'F32', rows, pause), width = count / rows;
      yield* inSlices(count, pause, (start, end) => { for (let i = start; i < end; i++) values[i] *= scales[Math.floor(i / width)]; });
      used.add(`${key}.scale`);
    }
    let bad = -1;
    yield* inSlices(count, pause, (start, end) => { for (let i = start; i < end && bad < 0; i++) if (!Number.isFinite(values[i])) bad = i; });
    if (bad >= 0) throw corrupt('finite numbers', key, `${values[bad]} at element ${bad}`);
    copied.push(values);
  }
  const extra = list.find((name) => !used.has(name));
  if (strict && extra !== undefined) throw corrupt(`no more than the parameters of ${withArticle(stateOf(member).row.class)}`, 'file', extra);
  if (copied.length === 1) return { places, floats: copied[0] };
  const floats = inputs.allocate(copied.reduce((sum, { length }) => sum + length, 0), 'file');
  let at = 0;
  for (const values of copied) {
    yield* copying(values, floats, at, pause);
    at += values.length;
  }
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
  const where = pathOf(path), { bytes, report } = now(packing(member, options));
  writeFile(where, bytes);
  return report;
}

async function saveWeightsAsync(member, path, options) {
  handleOf(member);
  const where = pathOf(path), { bytes, report } = await driveLater(packing(member, options));
  await writeFileAsync(where, bytes);
  return report;
}

function weightsToBuffer(member, options) {
  handleOf(member);
  return now(packing(member, options)).bytes;
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
