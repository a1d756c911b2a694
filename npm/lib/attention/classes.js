'use strict';

// A class for each row of npm/lib/overlay/attention.js.
const { define } = require('../members/factory.js');
const { stateOf } = require('../members/member.js');
const { MECHANISMS } = require('../overlay/attention.js');
const { MEMBERS } = require('../overlay/members.js');
const { GatedHeads, Mixture } = require('../overlay/mixture.js');
const { Attention } = require('./attention.js');
const { CLASSES, makeOfExperts } = require('./experts.js');

const BASES = { mixture: Mixture, gated: GatedHeads };
const getter = (type, name, get) => Object.defineProperty(type.prototype, name, { get, configurable: true });

for (const row of Object.values(MECHANISMS)) {
  for (const { kind, native } of row.options.values()) {
    if (kind === 'children') Object.assign(row, { children: native, withChildren: (config, make) => makeOfExperts(MECHANISMS, config, make) });
  }
  const type = define(row, BASES[row.base] ?? Attention, MEMBERS[row.class]);
  if (!row.options.has('dim')) getter(type, 'dim', function get() { return stateOf(this, row).sizes.dim; });
  if (row.options.has('numHeads')) {
    getter(type, 'headDim', function get() {
      const { config, sizes } = stateOf(this, row);
      return row.headDim?.(config) ?? sizes.dim / config.numHeads;
    });
  }
  CLASSES[row.class] = type;
}

module.exports = CLASSES;
