'use strict';

// One instance of the module: its table of exports, and calls of its rows.
const { ARGUMENT, DISMATCH, INVALID, Writer, measure, parametersOf } = require('./arguments.js');
const { Box } = require('./box.js');
const { Memory } = require('./memory.js');
const { TextEncoder } = require('../text.js');

const MOST_ARGUMENTS = 24, RESULT = 16, ERROR = 624, PARTS = [4, 260, 420, 516], KIND = 16;
const [OUT_OF_MEMORY, CLOSED, WRONG_HANDLE, TRAP] = [7, 10, 11, 18];

/** An error for the backend's factory. */
class Failure {
  /** `parts`: wanted, subject, received. */
  constructor(code, message, parts = ['', '', ''], options) {
    this.code = code;
    this.message = message;
    this.parts = parts;
    this.options = options;
  }
}

class Machine {
  constructor(instance, { simd = '', random }) {
    const { exports } = instance;
    this.exports = exports;
    this.ended = false;
    this.memory = new Memory(exports);
    exports.rv_wasm_seed(random[0], random[1]);
    this.memory.view('Uint8Array').set(new TextEncoder().encode(simd).subarray(0, 15), exports.rv_wasm_simd.value);
    this.fixed = exports.malloc(MOST_ARGUMENTS * ARGUMENT + RESULT + ERROR);
    this.result = this.fixed + MOST_ARGUMENTS * ARGUMENT;
    this.error = this.result + RESULT;
    this.kinds = this.#kinds();
    this.rows = this.#table();
  }

  /** The kinds of handles, by letter and list letter. */
  #kinds() {
    const first = this.exports.rv_handle_kinds(this.fixed), words = this.memory.view(), bytes = this.memory.view('Uint8Array'), kinds = new Map();
    for (let at = first, i = 0; i < words[this.fixed / 4]; at += KIND, i++) {
      const letters = Array.from(bytes.subarray(at, at + 2), (code) => (code ? String.fromCharCode(code) : undefined));
      const kind = { letter: letters[0], list: letters[1], type: words[at / 4 + 1] };
      for (const letter of letters) if (letter) kinds.set(letter, kind);
    }
    return kinds;
  }

  #table() {
    const first = this.exports.rv_exports(this.fixed), words = this.memory.view();
    return Array.from({ length: words[this.fixed / 4] }, (_, index) => {
      const w = first / 4 + 4 * index;
      const output = this.memory.view('Uint8Array')[first + 16 * index + 8];
      const parameters = parametersOf(this.memory.text(words[w + 1]), this.kinds), name = this.memory.text(words[w]);
      const letter = output ? String.fromCharCode(output) : '';
      if (!parameters || !('ns'.includes(letter) || this.kinds.has(letter))) throw new Error(`${name}: an unknown kind of handle`);
      return { index, name, parameters, output: letter };
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
      throw new Failure(refused ? OUT_OF_MEMORY : TRAP, `${message}; what lived in it is closed`, undefined, { cause });
    }
  }

  /** The box of an open handle that is one of `isRight`. */
  #box(handle, isRight) {
    const box = Box.of(handle);
    if (!box || !isRight(box.kind)) throw new Failure(WRONG_HANDLE, 'expected a handle of the right kind, received another object');
    if (box.machine !== this || (box.closed && box.uses === 0)) throw new Failure(CLOSED, 'expected an open handle, received a closed one');
    return box;
  }

  #pointer(handle, kind) {
    return this.#box(handle, (one) => one === kind).pointer;
  }

  /** Pointer and rv_type of a handle that stands for a buffer. */
  #port(handle) {
    const type = (kind) => this.kinds.get(kind).type, { pointer, kind } = this.#box(handle, (one) => type(one) !== 0);
    return { pointer, type: type(kind) };
  }

  /** Writes the arguments and returns the control's address and the outputs with theirs. */
  #write(row, values) {
    let bytes = 0;
    for (const parameter of row.parameters) {
      const { letter, optional, position } = parameter;
      if (optional && values[position] === undefined) continue;
      const room = measure(parameter, values);
      if (room === undefined) {
        const isMatrix = 'xIX'.includes(letter), wanted = isMatrix ? 'a matrix of its own size' : 'a value of its own kind';
        throw new Failure(isMatrix ? DISMATCH : INVALID, `expected ${wanted} for argument ${position + 1} of ${row.name}, received another`);
      }
      bytes += room;
    }
    if (!this.guarded(() => this.memory.reserve(bytes))) {
      throw new Failure(OUT_OF_MEMORY, `expected a size that fits in memory for ${row.name}, received ${bytes} bytes`);
    }
    const outputs = [], writer = new Writer(this.memory, outputs, { pointerOf: (handle, kind) => this.#pointer(handle, kind), portOf: (handle) => this.#port(handle) });
    writer.words.fill(0, this.fixed / 4, (this.fixed + ARGUMENT * row.parameters.length) / 4);
    let control = 0, at = this.fixed;
    for (const parameter of row.parameters) {
      if (!(parameter.optional && values[parameter.position] === undefined)) control += writer.argument(at, parameter, values);
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
      if (status !== 0) {
        const [message, ...parts] = PARTS.map((at) => this.memory.text(this.error + at));
        throw new Failure(status, message, parts);
      }
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
