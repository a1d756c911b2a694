'use strict';

// A class for each row of table.js.
const { Attention, stateOf } = require('./attention.js');
const { parse } = require('./json.js');
const { MEMBERS } = require('./members.js');
const { MECHANISMS } = require('./table.js');

function define(row) {
  const { [row.name]: type } = {
    [row.name]: class extends (row.base?.() ?? Attention) {
      constructor(...args) {
        super(row, args);
      }

      static fromJson(json) {
        return parse(type, row, json);
      }
    },
  };
  const getter = (name, get) => Object.defineProperty(type.prototype, name, { get, configurable: true });
  for (const name of row.options) getter(name, function get() { return stateOf(this, row).config[name]; });
  if (row.dim) getter('dim', function get() { return stateOf(this, row).config.dim; });
  if (row.options.includes('numHeads')) {
    getter('headDim', function get() {
      const { config } = stateOf(this, row);
      return row.headDim?.(config) ?? config.dim / config.numHeads;
    });
  }
  Object.defineProperties(type.prototype, Object.getOwnPropertyDescriptors(MEMBERS[row.name]?.methods ?? {}));
  Object.defineProperties(type, Object.getOwnPropertyDescriptors(MEMBERS[row.name]?.statics?.(type) ?? {}));
  return type;
}

module.exports = Object.fromEntries(Object.values(MECHANISMS).map((row) => [row.name, define(row)]));
