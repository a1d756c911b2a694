'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { ROWS, WALKS, makeOfLayers } = require('./layers.js');
const { MORE } = require('../overlay/families.js');
const { GENERATED, rowOf } = require('./rows.js');

const classes = {};
for (const member of GENERATED) {
  const row = rowOf(member);
  for (const [name, { kind, native }] of row.options) {
    if (kind !== 'children') continue;
    const withChildren = member.family === 'layer'
      ? (config, make) => (require('../attention/classes.js'), require('../attention/experts.js').makeOfAttention(config, make)) // loaded when one is made
      : (config, make) => makeOfLayers(member.family === 'walk' ? WALKS : ROWS, name, config, make);
    Object.assign(row, { children: native, withChildren });
  }
  const type = classes[member.type] = defineWithOperations(row, MORE[member.family]);
  for (const { families, classes: made } of [ROWS, WALKS]) if (families.includes(member.family)) made[member.type] = (options) => new type(options);
}

module.exports = classes;
