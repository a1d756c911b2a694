'use strict';

// Long work on the event loop, in slices.
const { setImmediate: later } = globalThis;

/** Milliseconds of a slice. */
const SLICE = 5;

/** `await pause()` lets others have their turn where a slice is over; then `check` may stop the work by throwing. */
function unhurried(check = () => {}) {
  let started = performance.now();
  return async () => {
    if (performance.now() - started < SLICE) return;
    await new Promise((resolve) => { (later ?? setTimeout)(resolve); });
    check();
    started = performance.now();
  };
}

module.exports = { unhurried };
