'use strict';

// The facade's primitives on a WebAssembly module: the names and behaviour of the native addon (native.js).
const { getRandomValues } = require('../random.js');
const { isList } = require('../errors.js');
const { Box } = require('./box.js');
const { Failure, Machine } = require('./machine.js');
const { later } = require('./later.js');
const slices = require('./slices.js');

/** The boxes of all handles among the arguments and in their lists. */
const boxesOf = (values) => values.flatMap((value) => (isList(value) ? value : [value])).map(Box.of).filter(Boolean);

/** `instance`: a first instance of `module` where there is one already. `simd`: what RUVECTOR_SIMD says. */
function createBackend(module, { instance = undefined, simd = undefined } = {}) {
  let machine, makeError = (code, message, ...parts) => new Error(message);
  /** The instance to call: a fresh one where the last has ended. */
  function living(first) {
    if (!machine || machine.ended) {
      machine = new Machine(first ?? new WebAssembly.Instance(module), { simd, random: getRandomValues(new Uint32Array(2)) });
    }
    return machine;
  }
  living(instance);

  /** Failures leave as the facade's errors. */
  function translated(run) {
    try {
      return run();
    } catch (error) {
      throw error instanceof Failure ? makeError(error.code, error.message, ...error.parts, error.options) : error;
    }
  }
  const call = (index, values) => translated(() => living().call(machine.rows[index], values));

  const backend = {
    /** What a call reads is copied into the instance first. */
    copies: true,
    setErrorFactory: (factory) => { makeError = factory; },
    keepInPlace: () => {},
    /** The instance's memory is not V8's to know handle by handle. */
    resize: () => {},
    close: (handle) => translated(() => Box.of(handle)?.close()),
    /** Whether the instance that the handle lived in has ended. */
    isLost: (handle) => Box.of(handle)?.machine.ended === true,
    /** The instance in use; for tests. */
    get machine() { return living(); },
  };
  for (const { index, name, parameters } of living().rows) {
    backend[name] = (...values) => call(index, values);
    if (!parameters.some(({ letter }) => letter === 'c')) continue; // what can be cancelled has a Promise form
    const flag = parameters.at(-1).position + 1;
    const work = slices[name] ?? ((calls, values) => calls[name](...values));
    backend[`${name}Async`] = (...values) => later({
      boxes: boxesOf(values),
      run: (pause) => work(backend, values, pause),
      flag: values[flag],
      aborted: () => makeError(16, 'the operation was aborted'),
      closed: () => makeError(10, 'expected an open handle, received a closed one'),
    });
  }
  return backend;
}

module.exports = { createBackend };
