'use strict';

const native = require('./native.js');
const { Handle } = require('./handle.js');
const inputs = require('./inputs.js');
const { RuvectorLayer } = require('./layer.js');
const { VectorSet } = require('./vector-set.js');
const { mismatch, unexpected } = require('./errors.js');

/** Layers of recent JSON strings, the newest last: parsing 2 MB of JSON costs far more than a forward pass. */
const parsed = new Map();
const PARSED_MOST = 16;

function layerOf(value, index) {
  if (Handle.is(value, RuvectorLayer)) return value;
  if (typeof value !== 'string') {
    throw unexpected('ERR_INVALID_ARG', 'a RuvectorLayer or its JSON', `layers[${index}]`, value);
  }
  const layer = parsed.get(value) ?? RuvectorLayer.fromJson(value);
  parsed.delete(value);
  parsed.set(value, layer);
  if (parsed.size > PARSED_MOST) parsed.delete(parsed.keys().next().value);
  return layer;
}

/** Room for the packed levels of one call; a call inside a call (from a getter) gets its own. */
let staging = new Float32Array(0);

function pack(level, name, arena) {
  if (!Array.isArray(level) || level.length === 0) return inputs.matrix(level, name);
  const rows = level.length, dim = inputs.vector(level[0], `${name}[0]`).length;
  if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', `${name}[0]`, 0);
  const data = arena(rows * dim);
  inputs.packRows(level, 0, rows, dim, data, name);
  return { data, rows, dim };
}

/** Descends from level to level: nearest nodes, their weighted sum, the level's layer. */
function hierarchicalForward(query, layerEmbeddings, layers) {
  const q = inputs.vector(query, 'query');
  if (!Array.isArray(layerEmbeddings)) throw unexpected('ERR_INVALID_ARG', 'an array of levels', 'layerEmbeddings', layerEmbeddings);
  if (!Array.isArray(layers)) throw unexpected('ERR_INVALID_ARG', 'an array of layers', 'layers', layers);
  const steps = Math.min(layerEmbeddings.length, layers.length);
  const objects = Array.from(layers.slice(0, steps), layerOf);
  const handles = objects.map((layer, i) => Handle.of(layer, RuvectorLayer, `layers[${i}]`));

  let memory = staging, used = 0;
  staging = new Float32Array(0);
  const arena = (length) => {
    if (used + length > memory.length) [memory, used] = [inputs.allocate(2 * (used + length), 'layerEmbeddings'), 0];
    return memory.subarray(used, (used += length));
  };
  try {
    const data = [], dims = new Float64Array(2 * steps), sets = [];
    for (let l = 0; l < steps; l++) {
      const name = `layerEmbeddings[${l}]`, level = layerEmbeddings[l];
      if (Handle.is(level, VectorSet)) {
        sets.push(Handle.of(level, VectorSet, name));
        data.push(new Float32Array(0));
        continue;
      }
      const packed = pack(level, name, arena);
      sets.push(undefined);
      data.push(packed.data);
      dims[2 * l] = packed.rows;
      dims[2 * l + 1] = packed.dim;
    }
    const widest = objects.reduce((most, layer) => Math.max(most, layer.hiddenDim), q.length);
    const out = new Float32Array(widest);
    const width = native.hierarchicalForward(q, data, dims, sets, handles, out, 1, undefined);
    const result = width === widest ? out : out.slice(0, width);
    return Array.isArray(query) ? Array.from(result) : result;
  } finally {
    staging = memory;
  }
}

module.exports = { hierarchicalForward };
