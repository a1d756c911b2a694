'use strict';

// One instance of the module: its table of exports, and calls of its rows.
const { ARGUMENT, DISMATCH, INVALID, Writer, measure, parametersOf } = require('./arguments.js');
const { Box } = require('./box.js');
const { Memory } = require('./memory.js');
const { TextEncoder } = require('../text.js');

const MOST_ARGUMENTS = 24, RESULT = 16, ERROR = 272;
const [OUT_OF_MEMORY, CLOSED, WRONG_HANDLE, TRAP] = [7, 10, 11, 18];

/** An error for the backend's factory. */
class Failure {
  constructor(code, message, options) {
    Object.assign(this, { code, message, options });
  }
}

class Machine {
  constructor(instance, { simd = '', random }) {
    const { exports } = instance;
    Object.assign(this, { exports, ended: false, memory: new Memory(exports) });
    exports.rv_wasm_seed(random[0], random[1]);
    this.memory.view('Uint8Array').set(new TextEncoder().encode(simd).subarray(0, 15), exports.rv_wasm_simd.value);
    this.fixed = exports.malloc(MOST_ARGUMENTS * ARGUMENT + RESULT + ERROR);
    this.result = this.fixed + MOST_ARGUMENTS * ARGUMENT;
    this.error = this.result + RESULT;
    this.rows = this.#table();
  }

  #table() {
    const first = this.exports.rv_exports(this.fixed), words = this.memory.view();
    return Array.from({ length: words[this.fixed / 4] }, (_, index) => {
      const w = first / 4 + 4 * index;
      const output = this.memory.view('Uint8Array')[first + 16 * index + 8];
      const parameters = parametersOf(this.memory.text(words[w + 1]));
      return { index, name: this.memory.text(words[w]), parameters, output: output ? String.fromCharCode(output) : '' };
    });
  }

  /** Runs an export of the module. What ends it (a trap, no stack) ends the instance. */
  guarded(run) {
    try {
      return run(this.exports);
    } catch (cause) {
      this.ended = true;
      const refused = this.memory.view()[this.exports.rv_wasm_refused.value / 4] !== 0;
      const message = refused ? 'out of memory' : `the WebAssembly instance ended: ${cause.message}`;
      throw new Failure(refused ? OUT_OF_MEMORY : TRAP, `${message}; what lived in it is closed`, { cause });
    }
  }

  /** The pointer of a handle. */
  #pointer(handle, kind) {
    const box = Box.of(handle);
    if (box?.kind !== kind) throw new Failure(WRONG_HANDLE, 'expected a handle of the right kind, received another object');
    if (box.machine !== this || (box.closed && box.uses === 0)) throw new Failure(CLOSED, 'expected an open handle, received a closed one');
    return box.pointer;
  }

  /** Writes the arguments and returns the control's address and the outputs with theirs. */
  #write(row, values) {
    let bytes = 0;
    for (const { letter, optional, position } of row.parameters) {
      if (optional && values[position] === undefined) continue;
      const room = measure(letter, values, position);
      if (room === undefined) {
        const isMatrix = 'xIX'.includes(letter), wanted = isMatrix ? 'a matrix of its own size' : 'a value of its own kind';
        throw new Failure(isMatrix ? DISMATCH : INVALID, `expected ${wanted} for argument ${position + 1} of ${row.name}, received another`);
      }
      bytes += room;
    }
    if (!this.guarded(() => this.memory.reserve(bytes))) {
      throw new Failure(OUT_OF_MEMORY, `expected a size that fits in memory for ${row.name}, received ${bytes} bytes`);
    }
    const outputs = [], writer = new Writer(this.memory, outputs, (handle, kind) => this.#pointer(handle, kind));
    writer.words.fill(0, this.fixed / 4, (this.fixed + ARGUMENT * row.parameters.length) / 4);
    let control = 0, at = this.fixed;
    for (const { letter, optional, position } of row.parameters) {
      if (!(optional && values[position] === undefined)) control += writer.argument(at, letter, values, position);
      at += ARGUMENT;
    }
    return { control, outputs };
  }

  call(row, values) {
    const { control, outputs } = this.#write(row, values);
    const words = this.memory.view();
    words[this.exports.rv_wasm_refused.value / 4] = 0;
    words.fill(0, this.result / 4, (this.result + RESULT) / 4);
    const status = this.guarded((exports) => exports.rv_wasm_call(row.index, this.fixed, this.result, control, this.error));
    try {
      if (status !== 0) throw new Failure(status, this.memory.text(this.error + 4));
      for (let i = 0; i < outputs.length; i += 2) this.memory.fetch(outputs[i], outputs[i + 1]);
      return this.#build(row.output);
    } finally {
      this.memory.settle();
    }
  }

  #build(output) {
    const words = this.memory.view();
    switch (output) {
      case '': return undefined;
      case 'n': return this.memory.view('Float64Array')[this.result / 8];
      case 's': return this.memory.text(words[this.result / 4 + 2]);
      default: return Box.make(this, output, words[this.result / 4 + 3]);
    }
  }
}

module.exports = { Failure, Machine };
