'use strict';

const { nameOf, withArticle } = require('./known.js');
const { mismatch } = require('./errors.js');

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor;

/** Makes the methods and getters of a class refuse other objects with ERR_WRONG_HANDLE; `isOne(value)` says what it is. */
function guard(Class, isOne) {
  const refuse = (self) => mismatch('ERR_WRONG_HANDLE', withArticle(Class.name), 'this', nameOf(self) ?? 'another object');
  for (const [key, field] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
    if (key === 'constructor') continue;
    const kind = field.get ? 'get' : 'value', original = field[kind];
    const wrapped = original instanceof AsyncFunction
      ? { async [key](...args) { if (!isOne(this)) throw refuse(this); return original.apply(this, args); } }[key]
      : { [key](...args) { if (!isOne(this)) throw refuse(this); return original.apply(this, args); } }[key];
    const set = field.set && { set(value) { if (!isOne(this)) throw refuse(this); field.set.call(this, value); } };
    Object.defineProperty(Class.prototype, key, { ...field, [kind]: wrapped, ...set });
  }
}

module.exports = { guard };
