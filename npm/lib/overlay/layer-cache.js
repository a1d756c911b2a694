'use strict';

const { Handle } = require('../handle.js');
const { RuvectorLayer } = require('./layer.js');
const { unexpected } = require('../errors.js');

/** Layers of recent JSON strings, the newest last: parsing 2 MB of JSON costs far more than a forward pass. */
const parsed = new Map();
const PARSED_MOST = 16;

/** The layer that `value` is or describes. */
function layerOf(value, name) {
  if (Handle.is(value, RuvectorLayer)) return value;
  if (Handle.looksLike(value)) Handle.check(value, RuvectorLayer, name);
  if (typeof value !== 'string') {
    throw unexpected('ERR_INVALID_ARG', 'a RuvectorLayer or its JSON', name, value);
  }
  let layer = parsed.get(value);
  if (!layer || layer.closed) layer = RuvectorLayer.fromJson(value); // closed: a WebAssembly instance ended
  parsed.delete(value);
  parsed.set(value, layer);
  if (parsed.size > PARSED_MOST) parsed.delete(parsed.keys().next().value);
  return layer;
}

module.exports = { layerOf };
