'use strict';

// Long work as many short native calls, of some 25 ms each: searches on the same threads are not held up, progress is told and an abort
// heeded between them. How long they are changes no bit of the result.
const { isSignal } = require('./async.js');
const { mismatch, RuvectorError, unexpected } = require('./errors.js');

/** Milliseconds of a call; of work in JavaScript between two turns of the event loop. */
const LONG = 25, SHORT = 10;

const now = () => performance.now();

/** Calls `resume` on a later turn, after what waits already. Timers would come 4 ms late in a browser; jsdom has nothing else. */
function onNextTurn(resume) {
  if (typeof setImmediate === 'function') return setImmediate(resume);
  if (typeof MessageChannel !== 'function') return setTimeout(resume, 0);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resume(); };
  return port2.postMessage(null);
}

/** Others have their turn of the event loop. */
const turn = () => new Promise(onNextTurn);

/** How much goes into the next call: by the best rate seen, since a call may have waited for a thread. */
class Pace {
  #best = 0;
  #least;

  /** `least`: what the first call has, and the fewest that any has. */
  constructor(least) {
    this.#least = least;
  }

  get next() {
    return Math.max(this.#least, Math.floor(this.#best * LONG));
  }

  note(done, milliseconds) {
    this.#best = Math.max(this.#best, done / Math.max(milliseconds, 0.05));
  }
}

/**
 * For long work in JavaScript that `driveLater` runs: `if (pause.isDue) yield pause.turn;`, often, lets others have their turn of the
 * event loop every few milliseconds. At once (`drive`) there is none. `check` may end the work.
 */
class Pause {
  #since = now();
  #check;

  constructor(check) {
    this.#check = check;
  }

  get isDue() {
    return now() - this.#since >= SHORT;
  }

  turn = (isLater) => {
    this.#check();
    const resume = () => { this.#since = now(); };
    return isLater ? turn().then(resume) : resume();
  };
}

/** {tell, check}: for a caller's `onProgress` and `signal`. */
function watcher({ onProgress, signal }) {
  if (onProgress !== undefined && typeof onProgress !== 'function') throw unexpected('ERR_INVALID_ARG', 'a function', 'onProgress', onProgress);
  if (signal !== undefined && !isSignal(signal)) throw unexpected('ERR_INVALID_ARG', 'an AbortSignal', 'signal', signal);
  return {
    tell: (what) => onProgress?.(what),
    check() {
      if (signal?.aborted) throw new RuvectorError('ERR_ABORTED', 'the operation was aborted', { cause: signal.reason });
    },
  };
}

/**
 * Runs a generator of native calls: it yields () => result or promise, and gets the result. `later`: each is waited for.
 */
function drive(steps) {
  let step = steps.next();
  while (!step.done) {
    let value, failure;
    try {
      value = step.value(false);
    } catch (error) {
      failure = { error };
    }
    step = failure ? steps.throw(failure.error) : steps.next(value);
  }
  return step.value;
}

async function driveLater(steps) {
  let step = steps.next();
  while (!step.done) {
    let value, failure;
    try {
      value = await step.value(true);
    } catch (error) {
      failure = { error };
    }
    step = failure ? steps.throw(failure.error) : steps.next(value);
  }
  return step.value;
}

/** One call at a time of an object: `begin()` throws ERR_BUSY where one has not ended. */
class Turn {
  #isTaken = false;

  begin() {
    if (this.#isTaken) throw mismatch('ERR_BUSY', 'one call at a time', 'this', 'another before the first has ended');
    this.#isTaken = true;
  }

  end() {
    this.#isTaken = false;
  }
}

module.exports = { drive, driveLater, now, Pace, Pause, turn, Turn, watcher };
