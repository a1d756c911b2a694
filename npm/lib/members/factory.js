'use strict';

// A class for each row: options as getters, operations as methods, weights, text.
const { parse } = require('./json.js');
const { Member, stateOf } = require('./member.js');
const { runLater, runNow } = require('./operations.js');

const getter = (type, name, get) => Object.defineProperty(type.prototype, name, { get, configurable: true });

/** Methods, getters and static functions of `from` for `type`. */
function add(type, from = {}) {
  for (const [name, field] of Object.entries(Object.getOwnPropertyDescriptors(from))) Object.defineProperty(type, name, { ...field, enumerable: false });
}

/**
 * The class of a row. `base`: the class it extends, whose constructor takes (row, arguments). `methods`, `statics`: what it has of
 * its own.
 */
function define(row, base = Member, { methods, statics = undefined } = {}) {
  const { [row.class]: type } = {
    [row.class]: class extends base {
      constructor(...args) {
        super(row, args, type);
      }

      static fromJson(json) {
        return parse(type, row, json);
      }
    },
  };
  for (const name of row.options.keys()) getter(type, name, function get() { return stateOf(this, row).config[name]; });
  add(type.prototype, methods);
  add(type, statics?.(type));
  return type;
}

/** The same with a method for each operation and one with `Async` behind its name: `forward(…ports, options)`; and more. */
function defineWithOperations(row, { methods: more, statics } = /** @type {any} */ ({})) {
  const methods = { ...more };
  for (const [name, operation] of Object.entries(row.operations)) {
    methods[name] = function run(...args) {
      stateOf(this, row);
      return runNow(this, name, operation, args);
    };
    methods[`${name}Async`] = async function run(...args) {
      stateOf(this, row);
      return runLater(this, name, operation, args);
    };
  }
  return define(row, Member, { methods, statics });
}

module.exports = { define, defineWithOperations };
