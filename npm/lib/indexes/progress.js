'use strict';

const { unexpected } = require('../errors.js');

/** How often a caller hears of it, in milliseconds. */
const EVERY = 50;

/**
 * Runs `start(state)`, whose native call notes the share done in state[1], and tells `onProgress` of it now and then: the
 * share, rising, 1 at the end of a call that succeeds.
 */
async function following(flag, onProgress, start) {
  if (onProgress === undefined) return start(flag);
  if (typeof onProgress !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', 'onProgress', onProgress);
  // A typed array over the flag's memory has no room for a second number: the flag's own is copied on.
  const state = new Uint32Array(2);
  let told = -1;
  const tell = (share) => {
    if (share > told) onProgress(told = share);
  };
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      Atomics.store(state, 0, Atomics.load(flag, 0));
      try {
        tell(Atomics.load(state, 1) / 0xffffffff);
      } catch (error) {
        Atomics.store(state, 0, 1);
        clearInterval(timer);
        reject(error);
      }
    }, EVERY);
    start(state).then((value) => {
      clearInterval(timer);
      tell(1);
      resolve(value);
    }).catch((error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}

module.exports = { following };
