'use strict';

// Members that are made of layers: members or {class, options} -> native handles, and back.
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { Member, stateOf } = require('./member.js');
const { isList, mismatch, unexpected, within } = require('../errors.js');

const MOST = 64, MOST_IN_ALL = 1024, DEEPEST = 8;
let depth = 0;

/**
 * What a member may be made of: layers of these families, and by the name of their class what makes one of its options (filled where
 * the classes are made).
 * @typedef {{ families: string[], classes: Record<string, (options: object) => any> }} Kind
 */
/** Of a Sequential. @type {Kind} */
const ROWS = { families: ['graph', 'dense'], classes: {} };
/** Of a walk. @type {Kind} */
const WALKS = { families: ['layer'], classes: {} };

const isObject = (value) => typeof value === 'object' && value !== null && !isList(value);
const sizeOf = ({ options: { layers = [] } }) => 1 + layers.reduce((sum, layer) => sum + sizeOf(layer), 0);

/** What makes a layer again, but for its weights. */
const describe = ({ row, config }) =>
  Object.freeze({ class: row.class, options: Object.freeze(Object.fromEntries([...row.options.keys()].map((name) => [name, config[name]]))) });

/** {handle, description, close} of one layer. */
function readLayer(given, name, { families, classes }) {
  if (Handle.looksLike(given)) {
    const state = given instanceof Member ? stateOf(given) : undefined;
    if (!state || !families.includes(state.row.family)) throw unexpected('ERR_WRONG_HANDLE', 'a layer', name, given);
    return { handle: Handle.of(given, state.kind, name), description: describe(state), close() {} };
  }
  if (!isObject(given)) throw unexpected('ERR_INVALID_ARG', 'a layer or {class, options}', name, given);
  const { class: type, options } = inputs.options(given, ['class', 'options'], name);
  if (typeof type !== 'string' || !Object.hasOwn(classes, type)) {
    throw unexpected('ERR_INVALID_CONFIG', `one of ${Object.keys(classes).join(', ')}`, `${name}.class`, type);
  }
  if (options !== undefined && !isObject(options)) throw unexpected('ERR_INVALID_ARG', 'an object', `${name}.options`, options);
  let made;
  try {
    made = classes[type](options ?? {});
  } catch (error) {
    throw within(error, `${name}.options`);
  }
  return { handle: Handle.of(made, stateOf(made).kind, name), description: describe(stateOf(made)), close: () => made.close() };
}

/** {handle} of a member that `make(handles)` makes of the layers of this option, of which the native side makes copies. */
function makeOfLayers(kind, option, config, make) {
  const list = config[option];
  if (list === undefined) throw mismatch('ERR_INVALID_CONFIG', `1...${MOST} layers`, option, 'nothing');
  if (!isList(list)) throw unexpected('ERR_INVALID_ARG', 'an array of layers', option, list);
  const count = inputs.lengthOfList(list, option);
  if (count < 1 || count > MOST) throw mismatch('ERR_INVALID_CONFIG', `1...${MOST} layers`, option, count);
  if (depth >= DEEPEST) throw mismatch('ERR_INVALID_CONFIG', `at most ${DEEPEST} levels of layers`, option, 'more');
  const read = [];
  let inAll = 0;
  depth++;
  try {
    for (let i = 0; i < count; i++) {
      read.push(readLayer(list[i], `${option}[${i}]`, kind));
      inAll += sizeOf(read[i].description);
      if (inAll > MOST_IN_ALL) throw mismatch('ERR_INVALID_CONFIG', `at most ${MOST_IN_ALL} layers in all`, option, 'more');
    }
    const handle = make(read.map((layer) => layer.handle));
    config[option] = Object.freeze(read.map(({ description }) => description));
    return { handle };
  } finally {
    depth--;
    for (const { close } of read) close();
  }
}

/** The layers of a member that was made of `descriptions`, with its weights, each an object of its own. */
function layersOf({ classes }, descriptions, weights) {
  const made = [];
  let at = 0;
  try {
    for (const { class: type, options } of descriptions) {
      const layer = classes[type](options);
      made.push(layer);
      layer.setWeights(weights.subarray(at, (at += stateOf(layer).floats)));
    }
    return made;
  } catch (error) {
    for (const layer of made) layer.close();
    throw error;
  }
}

module.exports = { ROWS, WALKS, layersOf, makeOfLayers };
