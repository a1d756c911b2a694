'use strict';

const { RuvectorError, unexpected } = require('./errors.js');
const inputs = require('./inputs.js');

const aborted = (signal) =>
  new RuvectorError('ERR_ABORTED', 'the operation was aborted', { cause: signal.reason });

function isSignal(value) {
  try {
    return typeof value === 'object' && value !== null && typeof value.addEventListener === 'function' &&
      typeof value.removeEventListener === 'function' &&
      typeof value.aborted === 'boolean';
  } catch {
    return false; // its getters refuse what is a signal by its prototype alone, or by a Proxy
  }
}

/** Signal -> its one listener and what that calls: a signal may stop any number of calls without a warning of Node's. */
const listeners = new WeakMap();

/** Calls `stop` when `signal` fires; returns the function that ends this. */
function onAbort(signal, stop) {
  let entry = listeners.get(signal);
  if (!entry) {
    const stops = new Set(), fire = () => { for (const one of [...stops]) one(); };
    signal.addEventListener('abort', fire);
    listeners.set(signal, entry = { stops, fire });
  }
  const { stops, fire } = entry;
  stops.add(stop);
  return () => {
    if (!stops.delete(stop) || stops.size > 0) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', fire);
  };
}

/**
 * Runs `start(cancelFlag)`, which returns a promise. When `signal` fires, the result rejects at once and the flag makes
 * the work end soon (its memory is its own).
 */
async function abortable(signal, start) {
  const flag = new Uint32Array(1);
  if (signal === undefined) return start(flag);
  if (!isSignal(signal)) throw unexpected('ERR_INVALID_ARG', 'an AbortSignal', 'signal', signal);
  if (signal.aborted) throw aborted(signal);
  let leave;
  try {
    return await new Promise((resolve, reject) => {
      leave = onAbort(signal, () => {
        Atomics.store(flag, 0, 1);
        reject(aborted(signal));
      });
      start(flag).then(resolve, reject);
    });
  } finally {
    leave?.();
  }
}

/**
 * The same for what changes something: the outcome is that of the work. It rejects with ERR_ABORTED only where the work
 * stopped in time and nothing has happened.
 */
async function cancellable(signal, start) {
  const flag = new Uint32Array(1);
  if (signal === undefined) return start(flag);
  if (!isSignal(signal)) throw unexpected('ERR_INVALID_ARG', 'an AbortSignal', 'signal', signal);
  if (signal.aborted) throw aborted(signal);
  const leave = onAbort(signal, () => { Atomics.store(flag, 0, 1); });
  try {
    return await start(flag);
  } catch (error) {
    throw error?.code === 'ERR_ABORTED' && signal.aborted ? aborted(signal) : error;
  } finally {
    leave();
  }
}

/**
 * What a caller's function has returned, waited for where it is a promise: which may never settle, so that `signal` ends the waiting
 * with ERR_ABORTED.
 */
async function unlessAborted(signal, value) {
  if (signal === undefined || typeof value?.then !== 'function') return value;
  let leave;
  try {
    return await new Promise((resolve, reject) => {
      const stop = () => reject(aborted(signal));
      leave = onAbort(signal, stop);
      Promise.resolve(value).then(resolve, reject);
      if (signal.aborted) stop(); // by the function itself
    });
  } finally {
    leave?.();
  }
}

/** Throws where the flag says that the work should stop. */
function checkFlag(flag) {
  if (flag !== undefined && Atomics.load(flag, 0) !== 0) throw new RuvectorError('ERR_ABORTED', 'the operation was aborted');
}

/** Threads of a call: 1 unless the caller says otherwise, at most 256. */
function threads(value = 1) {
  if (!(Number.isInteger(inputs.number(value, 'threads')) && value >= 1 && value <= 256)) {
    throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 1...256', 'threads', value);
  }
  return value;
}

module.exports = { abortable, cancellable, checkFlag, isSignal, threads, unlessAborted };
