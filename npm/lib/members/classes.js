'use strict';

// The classes of the families that need no overlay: they come from the registry alone.
const { defineWithOperations } = require('./factory.js');
const { MEMBERS, rowOf } = require('./rows.js');

module.exports = Object.fromEntries(MEMBERS.filter(({ operations }) => operations).map((member) => [member.type, defineWithOperations(rowOf(member))]));
