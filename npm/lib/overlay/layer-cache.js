'use strict';

const { Handle } = require('../handle.js');
const { RuvectorLayer } = require('./layer.js');
const { stateOf } = require('../members/member.js');
const { unexpected } = require('../errors.js');

/** Layers of recent JSON strings, the newest last: parsing 2 MB of JSON costs far more than a forward pass. */
const parsed = new Map();
const PARSED_MOST = 16;

/** V2 by its text. (Its class is loaded where one is met: what it is made of takes long to load.) */
const isTextOfV2 = (value) => value.includes('"RuvectorLayerV2"');
const v2 = () => /** @type {any} */ (require('../members/classes.js')).RuvectorLayerV2;
const isV2 = (value) => Handle.looksLike(value) && v2() !== undefined && Handle.is(value, v2());

/** The kind of handle that a layer is. */
const kindOf = (layer) => stateOf(layer).kind;

/** The layer that `value` is or describes; `takesV2`: of either kind. */
function layerOf(value, name, takesV2 = false) {
  if (Handle.is(value, RuvectorLayer) || (takesV2 && isV2(value))) return value;
  if (Handle.looksLike(value)) Handle.check(value, RuvectorLayer, name);
  if (typeof value !== 'string') {
    throw unexpected('ERR_INVALID_ARG', 'a RuvectorLayer or its JSON', name, value);
  }
  let layer = parsed.get(value);
  if (layer && !takesV2 && !Handle.is(layer, RuvectorLayer)) layer = undefined;
  if (!layer || layer.closed) layer = (takesV2 && isTextOfV2(value) && v2() ? v2() : RuvectorLayer).fromJson(value); // closed: a WebAssembly instance ended
  parsed.delete(value);
  parsed.set(value, layer);
  if (parsed.size > PARSED_MOST) parsed.delete(parsed.keys().next().value);
  return layer;
}

module.exports = { kindOf, layerOf };
