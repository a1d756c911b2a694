'use strict';

const { unexpected } = require('../errors.js');

/** Tells of an error that no promise can. */
function report(error) {
  if (typeof globalThis.reportError === 'function') globalThis.reportError(error);
  else process.emitWarning(`onProgress failed when all was done: ${error?.stack ?? error}`, { code: 'RUVECTOR_ON_PROGRESS' });
}

/** How often a caller hears of it, in milliseconds. */
const EVERY = 50;

/**
 * Runs `start(state)`, whose native call notes the share done in state[1], and tells `onProgress` of it now and then: the
 * share, rising from 0 to 1 at the end of a call that succeeds. An error of `onProgress` stops the work and is the call's own;
 * where the work was done already, it is only reported: what rejects has not happened.
 */
async function following(flag, onProgress, start) {
  if (onProgress === undefined) return start(flag);
  if (typeof onProgress !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', 'onProgress', onProgress);
  // A typed array over the flag's memory has no room for a second number: the flag's own is copied on.
  const state = new Uint32Array(2);
  let told = -1, failure;
  const tell = (share) => {
    if (share <= told || failure) return;
    try {
      onProgress(told = share);
    } catch (error) {
      failure = { error };
      Atomics.store(state, 0, 1);
    }
  };
  tell(0);
  if (failure) throw failure.error;
  const heed = () => { if (Atomics.load(flag, 0) !== 0) Atomics.store(state, 0, 1); };
  heed(); // of many short calls none lasts until the timer
  const timer = setInterval(() => {
    heed();
    tell(Atomics.load(state, 1) / 0xffffffff);
  }, EVERY);
  try {
    const value = await start(state);
    tell(1);
    if (failure) report(failure.error);
    return value;
  } catch (error) {
    throw failure && error?.code === 'ERR_ABORTED' ? failure.error : error;
  } finally {
    clearInterval(timer);
  }
}

module.exports = { following };
