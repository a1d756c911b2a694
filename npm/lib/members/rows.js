'use strict';

// Every member as the classes are made from it: a row a class. What Swift knows comes from the registry; an overlay (npm/lib/overlay)
// adds what the packages that are replaced call it.
//   class       the name of the class
//   family, native   where the native side finds it
//   options     name here -> {kind, native: its name there (null: not known there), before: what texts mean that are older than it}
//   operations  name -> {inputs, outputs, changesMember}: ports {name, type, need, shape}
const { MEMBERS } = require('../generated/registry.js');

/** Those whose classes come from the registry alone: their operations are methods. */
const GENERATED = MEMBERS.filter(({ isGenerated }) => isGenerated);

/** The member `native` of `family` as the registry has it. */
function memberOf(family, native) {
  return MEMBERS.find((member) => member.family === family && member.name === native);
}

/** All rows there are: what the constructor of a member's class is given is one of them. */
const rows = new WeakSet(), isRow = (value) => rows.has(value);

/** A row for a member: `names` are those options that are called otherwise here, `only` those there are. */
function rowOf(member, name = member.type, /** @type {any} */ { names = {}, only, more = {}, ...rest } = {}) {
  const options = new Map();
  for (const [native, kind, before] of member.options) {
    const ours = names[native] ?? native;
    if (!only || only.includes(ours)) options.set(ours, { kind, native, before });
  }
  for (const [ours, [kind]] of Object.entries(more)) options.set(ours, { kind, native: null });
  const row = { class: name, family: member.family, native: member.name, options, only, operations: member.operations, isGenerated: member.isGenerated, ...rest };
  rows.add(row);
  return row;
}

module.exports = { GENERATED, MEMBERS, isRow, memberOf, rowOf };
