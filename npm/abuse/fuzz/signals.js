'use strict';
// AbortSignals that fire at random moments, and objects that only look like one.
const { strangers } = require('./vectors.js');

function real(c) {
  const { chance } = c, controller = new AbortController();
  const abort = () => controller.abort(chance.pick([undefined, new Error('reason'), 'text', null, 0]));
  switch (chance.below(6)) {
    case 0: abort(); break;
    case 1: queueMicrotask(abort); break;
    case 2: process.nextTick(abort); break;
    case 3: setImmediate(abort); break;
    case 4: setTimeout(abort, chance.below(4)); break;
    default: // never
  }
  return controller.signal;
}

function fake(c) {
  const { chance } = c;
  const nothing = () => {};
  return chance.pick([
    { aborted: false }, { aborted: true },
    { aborted: false, addEventListener: nothing, removeEventListener: nothing },
    { aborted: false, addEventListener: (_, listener) => listener(), removeEventListener: nothing },
    { aborted: false, addEventListener: () => c.interfere(), removeEventListener: nothing },
    { aborted: false, addEventListener: nothing, removeEventListener: () => c.interfere() },
    { aborted: true, get reason() { return c.interfere(); }, addEventListener: nothing, removeEventListener: nothing },
    { get aborted() { c.interfere(); return false; }, addEventListener: nothing, removeEventListener: nothing },
    ...strangers(),
  ]);
}

const signal = (c) => (c.bad() ? fake(c) : c.chance.of(0.3) ? undefined : real(c));

module.exports = { signal };
