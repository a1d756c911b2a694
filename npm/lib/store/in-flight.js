'use strict';

// The asynchronous operations of a store: `close` lets them finish, and calls off writes that have not happened yet.
const { cancellable, checkFlag } = require('../async.js');
const { mismatch } = require('../errors.js');

const closedError = () => mismatch('ERR_CLOSED', 'an open VectorStore', 'this', 'a closed one');

class InFlight {
  #running = new Set();
  /** Writes follow each other; what stops each. */
  #writes = Promise.resolve();
  #flags = new Set();
  #isClosing;

  constructor(isClosing) {
    this.#isClosing = isClosing;
  }

  get size() {
    return this.#running.size;
  }

  get writes() {
    return this.#flags.size;
  }

  /** Follows an operation to its end; its outcome. */
  async track(work) {
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Runs a change after those in flight. It rejects only where nothing has happened. */
  change(signal, start) {
    return this.track(cancellable(signal, async (flag) => {
      this.#flags.add(flag);
      const turn = this.#writes.then(() => {
        checkFlag(flag);
        return start(flag);
      });
      this.#writes = turn.catch(() => {});
      try {
        return await turn;
      } catch (error) {
        throw this.#isClosing() && error?.code === 'ERR_ABORTED' && !signal?.aborted ? closedError() : error;
      } finally {
        this.#flags.delete(flag);
      }
    }));
  }

  /** Asks all writes to stop while they can. */
  callOff() {
    for (const flag of this.#flags) Atomics.store(flag, 0, 1);
  }

  async finished() {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }
}

module.exports = { InFlight, closedError };
