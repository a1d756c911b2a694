'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { MEMBERS, rowOf } = require('./rows.js');

/** Class -> constructor, of one family. */
const classesOf = (family) =>
  Object.fromEntries(MEMBERS.filter((member) => member.family === family).map((member) => [member.type, defineWithOperations(rowOf(member))]));

module.exports = { graph: classesOf('graph'), losses: classesOf('loss') };
