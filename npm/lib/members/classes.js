'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { CLASSES, FAMILIES, makeOfLayers } = require('./layers.js');
const { MEMBERS, rowOf } = require('./rows.js');

const classes = {};
for (const member of MEMBERS.filter(({ operations }) => operations)) {
  const row = rowOf(member);
  for (const [name, { kind, native }] of row.options) {
    if (kind === 'children') Object.assign(row, { children: native, withChildren: (config, make) => makeOfLayers(name, config, make) });
  }
  const type = classes[member.type] = defineWithOperations(row);
  if (FAMILIES.includes(member.family)) CLASSES[member.type] = type;
}

module.exports = classes;
