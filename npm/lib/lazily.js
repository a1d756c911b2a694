'use strict';

/** Whether files are loaded by Node itself: in bundles and where a test runner keeps modules of its own, all is loaded at once. */
const isNode = require.cache !== undefined && /** @type {any} */ (require('node:module'))._cache === require.cache;

/** The files that this evaluation of the package has loaded, where Node keeps them: path -> module. */
const own = new Map();
const isOurs = (file) => file.startsWith(`${__dirname}/`) || file.startsWith(`${__dirname}\\`);
function noteOwn() {
  for (const [file, module] of Object.entries(require.cache)) if (isOurs(file) && !own.has(file)) own.set(file, module);
}

/**
 * Calls `load`. Where somebody has emptied Node's cache and evaluated the package again since, our own modules are put back for as long
 * as that takes: what comes late must be of the same evaluation as what came first (its errors, its classes).
 */
function loadOwn(load) {
  const isReplaced = [...own].some(([file, module]) => require.cache[file] !== module), others = {};
  if (isReplaced) {
    for (const [file, module] of Object.entries(require.cache)) {
      if (!isOurs(file)) continue;
      others[file] = module;
      delete require.cache[file];
    }
    for (const [file, module] of own) require.cache[file] = module;
  }
  try {
    return load();
  } finally {
    noteOwn();
    if (isReplaced) {
      for (const file of own.keys()) delete require.cache[file];
      Object.assign(require.cache, others);
    }
  }
}

/** Makes `name` an ordinary field. */
const settle = (object, name, value) => Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });

/**
 * An object whose fields come from modules that are loaded when one of theirs is first read: to load all takes longer than a program
 * that wants one of them would wait. `modules`: [() => require(…), names].
 */
function lazily(modules) {
  const all = {};
  if (isNode) noteOwn();
  for (const [load, names] of modules) {
    for (const name of names) {
      if (!isNode) {
        all[name] = load()[name];
        continue;
      }
      let known; // for an object that somebody has frozen: then the getter stays
      Object.defineProperty(all, name, {
        enumerable: true, configurable: true,
        get() {
          known ??= { value: loadOwn(load)[name] };
          if (Object.getOwnPropertyDescriptor(all, name).configurable) settle(all, name, known.value);
          return known.value;
        },
        set(value) { settle(this, name, value); }, // of whatever inherits from it, its own
      });
    }
  }
  return all;
}

/** Some fields of such an object, read when they are asked for. */
function part(all, names) {
  const some = {};
  for (const name of names) {
    Object.defineProperty(some, name, { enumerable: true, configurable: true, get: () => all[name], set(value) { settle(this, name, value); } });
  }
  return some;
}

module.exports = { lazily, part };
