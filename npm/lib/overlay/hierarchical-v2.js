'use strict';

// The walk down a hierarchy with a geometry to choose. One native call for all levels; async twins copy their inputs.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { abortable, threads } = require('../async.js');
const { Handle } = require('../handle.js');
const { handleOfFamily, stateOf, whileInFlight } = require('../members/member.js');
const { kindOf, layerOf } = require('./layer-cache.js');
const { resident, sectional } = require('../search.js');
const { withStaging } = require('../staging.js');
const { isList, lengthOf, mismatch, unexpected } = require('../errors.js');

/** What each mode reads of the config; the rest of it is for other modes. */
const OPTIONS = {
  standard: ['k', 'temperature'],
  hyperbolic: ['k', 'temperature', 'curvature'],
  dual_space: ['k', 'temperature', 'curvature', 'euclideanWeight'],
  edge_featured: ['k', 'edgeAttention'],
  moe: ['k', 'temperature', 'curvature', 'numExperts', 'topK'],
};
const CONFIG = ['mode', 'curvature', 'euclideanWeight', 'temperature', 'k', 'explain', 'numExperts', 'topK', 'router', 'edgeAttention', 'useFlash'];
const EXPERTS = 4, STATISTICS = 8, STANDARD_ROUTER = new Float32Array(0);

function readConfig(value) {
  if (value === undefined) throw unexpected('ERR_INVALID_ARG', 'an object', 'config', value);
  const { mode, explain = false, useFlash, ...rest } = inputs.options(value, CONFIG, 'config');
  if (typeof mode !== 'string') throw unexpected('ERR_INVALID_CONFIG', "a mode such as 'hyperbolic'", 'mode', mode);
  if (typeof explain !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'a boolean', 'explain', explain);
  // Levels are always searched in one pass, in constant memory: what FlashAttention does.
  if (useFlash !== undefined && typeof useFlash !== 'boolean') throw unexpected('ERR_INVALID_ARG', 'true or false', 'useFlash', useFlash);
  const options = [], router = mode === 'moe' && rest.router !== undefined ? readRouter(rest.router) : STANDARD_ROUTER;
  for (const name of Object.hasOwn(OPTIONS, mode) ? OPTIONS[mode] : []) {
    if (rest[name] !== undefined) options.push(name, read(name, rest[name]));
  }
  return { mode, explain, options, router, k: inputs.number(rest.k, 'k', 5), members: options.includes('edgeAttention') ? [rest.edgeAttention] : [] };
}

/** The value of an option as the native side takes it. */
function read(name, value) {
  if (name === 'curvature') return sectional(value);
  if (name === 'edgeAttention') return handleOfFamily(value, 'attention', 'an Attention', name);
  return inputs.number(value, name);
}

/** The weights of a router, [experts][statistics] or one after the other. */
function readRouter(value) {
  const isNested = isList(value) && typeof value[0] === 'object', count = isNested ? inputs.lengthOfList(value, 'router') : 0;
  const rows = isNested ? inputs.mapList(value, count, (row, i) => inputs.vector(row, `router[${i}]`)) : [inputs.ownVector(value, 'router')];
  const flat = Float32Array.from(rows.flatMap((row) => Array.from(row)));
  if (flat.length !== EXPERTS * STATISTICS) throw mismatch('ERR_DIMENSION_MISMATCH', `${EXPERTS * STATISTICS} elements`, 'router', flat.length);
  return flat;
}

/** Layers as objects, undefined for the identity. */
function readLayers(layers, count) {
  if (layers === undefined) return inputs.mapList([], count, () => undefined);
  if (!isList(layers)) throw unexpected('ERR_INVALID_ARG', 'an array of layers', 'layers', layers);
  const length = inputs.lengthOfList(layers, 'layers');
  if (length !== count) throw mismatch('ERR_DIMENSION_MISMATCH', `${count} layers`, 'layers', length);
  return inputs.mapList(layers, count, (layer, i) => (layer === 'identity' ? undefined : layerOf(layer, `layers[${i}]`, true)));
}

/** The arguments of the native call, but for control; and what to make of the results. */
function prepare(query, layerEmbeddings, layers, config, own, room) {
  const { mode, explain, options, router, k, members } = readConfig(config);
  const q = own ? inputs.ownVector(query, 'query') : inputs.vector(query, 'query');
  if (!isList(layerEmbeddings)) throw unexpected('ERR_INVALID_ARG', 'an array of levels', 'layerEmbeddings', layerEmbeddings);
  const depth = inputs.lengthOfList(layerEmbeddings, 'layerEmbeddings');
  const levels = inputs.mapList(layerEmbeddings, depth, (level, l) => resident(level, own, `layerEmbeddings[${l}]`, room));
  const objects = readLayers(layers, depth);
  let width = lengthOf(q);
  levels.forEach(({ rows }, l) => (width = rows > 0 && objects[l] ? objects[l].hiddenDim : width));
  const counts = levels.map(({ rows }) => Math.max(0, Math.min(k, rows)) || 0); // an impossible k is native's to refuse
  const kept = counts.reduce((a, b) => a + b, 0);
  const embedding = inputs.allocate(width, 'results');
  const indices = inputs.allocate(kept, 'k', Uint32Array), weights = inputs.allocate(kept, 'k');
  const routing = inputs.allocate(depth * (EXPERTS + STATISTICS), 'layerEmbeddings');
  const call = [
    mode, options, q,
    levels.map(({ set }) => set),
    levels.map(({ data }) => data ?? new Float32Array(0)),
    Float64Array.from(levels.flatMap(({ set, rows, dim }) => (set ? [0, 0] : [rows, dim]))),
    objects.map((layer, l) => layer && Handle.of(layer, kindOf(layer), `layers[${l}]`)),
    router, embedding, indices, weights, routing,
  ];
  return { call, members: [...members, ...objects.filter((layer) => layer !== undefined)], result: () => (explain ? { embedding, levels: split(counts, indices, weights, mode === 'moe' ? routing : undefined) } : embedding) };
}

function split(counts, indices, weights, routing) {
  let at = 0;
  return counts.map((n, l) => {
    const range = [at, (at += n)], kept = { indices: indices.slice(...range), weights: weights.slice(...range) };
    if (!routing) return kept;
    const first = l * (EXPERTS + STATISTICS), middle = first + EXPERTS;
    return { ...kept, routing: { experts: routing.slice(first, middle), statistics: routing.slice(middle, middle + STATISTICS) } };
  });
}

function hierarchicalForwardV2(query, layerEmbeddings, layers, config) {
  return withStaging((staging) => {
    const room = (count, name) => staging.take(count, name);
    const { call, result } = prepare(query, layerEmbeddings, layers, config, false, room);
    native.hierarchicalForwardV2(...call, 1, undefined);
    return result();
  });
}

async function hierarchicalForwardV2Async(query, layerEmbeddings, layers, config, options) {
  const o = inputs.options(options, ['threads', 'signal']);
  return abortable(o.signal, async (flag) => {
    const { call, members, result } = prepare(query, layerEmbeddings, layers, config, true);
    const run = members.reduce((rest, member) => () => whileInFlight(stateOf(member), rest), () => native.hierarchicalForwardV2Async(...call, threads(o.threads), flag));
    await run();
    return result();
  });
}

module.exports = { hierarchicalForwardV2, hierarchicalForwardV2Async };
