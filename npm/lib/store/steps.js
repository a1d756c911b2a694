'use strict';

// Operations of a store are written once, as generators that yield steps, and run in two ways: each step at once, or each
// as a promise off the event loop. A step is {sync(control), async(control)}; control: {flag, signal, threads, onProgress}.

/** Runs the steps one after the other; the operation's result. */
function run(operation, control = {}) {
  let step = operation.next();
  while (!step.done) {
    let value;
    try {
      value = step.value.sync(control);
    } catch (error) {
      step = operation.throw(error);
      continue;
    }
    step = operation.next(value);
  }
  return step.value;
}

/** The same with promises. */
async function runAsync(operation, control) {
  let step = operation.next();
  while (!step.done) {
    let value;
    try {
      value = await step.value.async(control);
    } catch (error) {
      step = operation.throw(error);
      continue;
    }
    step = operation.next(value);
  }
  return step.value;
}

module.exports = { run, runAsync };
