'use strict';

const native = require('../native.js');
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { packRows } = require('../matrices.js');
const { RuvectorLayer } = require('./layer.js');
const { layerOf } = require('./layer-cache.js');
const { cosine, search } = require('../search.js');
const { VectorSet } = require('../vector-set.js');
const { isList, mismatch, unexpected } = require('../errors.js');

/** Nodes kept a level. */
const KEPT = 5;
const METRIC = cosine(1);

/** Copies of the nodes kept, one after the other. Callers' getters may give other rows than the search has seen. */
function gather(level, name, indices, n, dim) {
  const nodes = new Float32Array(n * dim);
  const row = (i) => {
    if (Handle.is(level, VectorSet)) return level.get(i);
    if (isList(level)) return inputs.vector(level[i], `${name}[${i}]`);
    const data = inputs.vector(level.data, name); // no method of the caller's array is called
    return Float32Array.from({ length: dim }, (_, j) => data[i * dim + j]);
  };
  for (let i = 0; i < n; i++) packRows([row(indices[i])], 0, 1, dim, nodes.subarray(i * dim), name);
  return nodes;
}

function requireFinite(v, name) {
  const bad = v.findIndex((x) => !Number.isFinite(x));
  if (bad >= 0) throw mismatch('ERR_NON_FINITE', 'finite numbers', name, `${v[bad]} at element ${bad}`);
}

/** Descends from level to level: nearest nodes, their weighted sum, the level's layer. */
function hierarchicalForward(query, layerEmbeddings, layers) {
  const q = inputs.ownVector(query, 'query');
  if (q.length === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'query', 0);
  if (!isList(layerEmbeddings)) throw unexpected('ERR_INVALID_ARG', 'an array of levels', 'layerEmbeddings', layerEmbeddings);
  if (!isList(layers)) throw unexpected('ERR_INVALID_ARG', 'an array of layers', 'layers', layers);
  const steps = Math.min(inputs.lengthOfList(layerEmbeddings, 'layerEmbeddings'), inputs.lengthOfList(layers, 'layers'));
  const objects = inputs.mapList(layers, steps, (layer, i) => layerOf(layer, `layers[${i}]`));
  const handles = objects.map((layer, i) => Handle.of(layer, RuvectorLayer, `layers[${i}]`));

  let current = q;
  for (let l = 0; l < steps; l++) {
    const level = layerEmbeddings[l], name = `layerEmbeddings[${l}]`, dim = current.length;
    const kept = search(current, level, KEPT, METRIC, ({ indices, weights }, n) => ({
      n, weights: weights.slice(0, n), nodes: gather(level, name, indices, n, dim),
    }), name);
    if (kept.n === 0) continue; // an empty level
    if (objects[l].inputDim !== dim) {
      throw mismatch('ERR_DIMENSION_MISMATCH', `a layer with inputDim ${dim}`, `layers[${l}]`, objects[l].inputDim);
    }
    const next = new Float32Array(objects[l].hiddenDim);
    native.hierarchicalStep(handles[l], current, kept.nodes, kept.n, dim, kept.weights, next);
    current = next;
  }
  if (current === q) requireFinite(q, 'query');
  return isList(query) ? Array.from(current) : current;
}

module.exports = { hierarchicalForward };
