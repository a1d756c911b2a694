'use strict';

// Which objects are this package's, in all copies of it that a process has loaded (two versions in node_modules, JavaScript that
// is evaluated again): an error can say what another copy's object is.
const KEY = Symbol.for('@ruvector/gnn objects');
if (!(KEY in globalThis)) Object.defineProperty(globalThis, KEY, { value: new WeakMap() });
const objects = globalThis[KEY];
/** Stands for this copy. */
const here = {};

/** Remembers that `object` is a `name` of this copy. */
const register = (object, name) => { objects.set(object, { name, copy: here }); };

/** Whether `value` is an object of another copy. */
const isForeign = (value) => typeof value === 'object' && value !== null && (objects.get(value)?.copy ?? here) !== here;

/** The name of a class behind its article, by its sound: an EWC, an MSELoss, a GCNLayer. */
const withArticle = (name) => `${/^([AEIOU]|[FHLMNRSX][A-Z\d])/.test(name) ? 'an' : 'a'} ${name}`;

/** What an object of the package is, in words; undefined for all others. Runs nobody's code. */
function nameOf(value) {
  const found = objects.get(value);
  return found && `${withArticle(found.name)}${found.copy === here ? '' : ' of another copy of this package'}`;
}

module.exports = { isForeign, nameOf, register, withArticle };
