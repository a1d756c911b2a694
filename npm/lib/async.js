'use strict';

const { RuvectorError, unexpected } = require('./errors.js');
const inputs = require('./inputs.js');

const aborted = (signal) =>
  new RuvectorError('ERR_ABORTED', 'the operation was aborted', { cause: signal.reason });

function isSignal(value) {
  return typeof value === 'object' && value !== null && typeof value.addEventListener === 'function' &&
    typeof value.removeEventListener === 'function' &&
    typeof value.aborted === 'boolean';
}

/**
 * Runs `start(cancelFlag)`, which returns a promise. When `signal` fires, the result rejects at once and the flag makes
 * the work end soon (its memory is its own).
 */
async function abortable(signal, start) {
  if (signal === undefined) return start(new Uint32Array(1));
  if (!isSignal(signal)) throw unexpected('ERR_INVALID_ARG', 'an AbortSignal', 'signal', signal);
  if (signal.aborted) throw aborted(signal);
  const flag = new Uint32Array(1);
  let stop;
  const stopped = new Promise((_, reject) => {
    stop = () => {
      Atomics.store(flag, 0, 1);
      reject(aborted(signal));
    };
  });
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([start(flag), stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Threads of a call: 1 unless the caller says otherwise, at most 256. */
function threads(value = 1) {
  if (!(Number.isInteger(inputs.number(value, 'threads')) && value >= 1 && value <= 256)) {
    throw unexpected('ERR_OUT_OF_RANGE', 'an integer in 1...256', 'threads', value);
  }
  return value;
}

module.exports = { abortable, threads };
