'use strict';
// Shared memory that another thread writes to all the time, NaN included: what a call has checked may have changed when
// it is used.
const { Worker } = require('node:worker_threads');

let memory, worker;

/** A vector of `length` floats that never stay the same. */
function raced(length) {
  if (!worker) {
    memory = new SharedArrayBuffer(4096);
    worker = new Worker(`
      const floats = new Float32Array(require('node:worker_threads').workerData), pause = new Int32Array(new SharedArrayBuffer(4));
      for (;;) {
        for (let i = 0; i < 2e5; i++) floats[i % floats.length] = i % 17 ? Math.random() : NaN;
        Atomics.wait(pause, 0, 0, 1);
      }`, { eval: true, workerData: memory });
    worker.unref();
  }
  return new Float32Array(memory, 0, Math.min(length, memory.byteLength / 4));
}

/** Ends the other thread. */
const stopRace = () => worker?.terminate();

module.exports = { raced, stopRace };
