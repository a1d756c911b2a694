'use strict';

// JavaScript arguments -> rv_argument in the memory of the module, by the formats of Sources/CRuvectorCalls/include/calls.h:
// the counterpart of Sources/CNodeShim/convert.c. The offsets are asserted in Sources/CWasmShim/module.c.
const { isList, lengthOf, tagOf } = require('../errors.js');
const { Memory, typeOf } = require('./memory.js');

const ARGUMENT = 104, BUFFER = 64, OPTION = 56, CONTROL = 32;
const [DISMATCH, INVALID] = [1, 3];

/**
 * The parameters of a format, each with the place of its first JavaScript argument; of handles `kind`, the letter of their kind,
 * and `isList`. `kinds`: letter -> that kind's letter and list letter. undefined where a letter is unknown.
 */
function parametersOf(format, kinds) {
  const list = [];
  let position = 0;
  for (const [, letter, mark] of format.matchAll(/([^?])(\??)/g)) {
    const kind = kinds.get(letter);
    if (!kind && !'nsoifFbBxIXc'.includes(letter)) return undefined;
    list.push({ letter, optional: mark === '?', position, kind: kind?.letter, isList: kind !== undefined && kind.list === letter });
    position += letter === 'x' ? 3 : 'IXc'.includes(letter) ? 2 : 1;
  }
  return list;
}

const isCount = (x) => typeof x === 'number' && x >= 0 && x <= 2 ** 53;
const fits = (length, rows, dim) => isCount(rows) && isCount(dim) && rows * dim === length && (dim > 0 || length === 0);

/** What an element of a list of buffers is: a typed array, or an object, which may be a handle. */
const isPort = (item) => typeof item === 'object' && item !== null && tagOf(item) === undefined;

/** Bytes of memory that an argument needs, or undefined where it is not what its parameter says. */
function measure({ letter, kind, isList: isListOfHandles, position: at }, values) {
  const value = values[at];
  if (isListOfHandles) return isList(value) ? 16 + 4 * value.length : undefined;
  if (kind) return 0;
  switch (letter) {
    case 'n': return typeof value === 'number' ? 0 : undefined;
    case 'i': return isCount(value) && Number.isInteger(value) ? 0 : undefined;
    case 's': return typeof value === 'string' ? Memory.roomFor(value) : undefined;
    case 'o': return value.reduce((sum, x) => sum + (typeof x === 'string' ? Memory.roomFor(x) : 0), OPTION * value.length);
    case 'f': case 'F': return tagOf(value) === 'Float32Array' ? Memory.roomFor(value) : undefined;
    case 'b': case 'B': return typeOf(value) && Memory.roomFor(value);
    case 'x': return typeOf(value) && fits(lengthOf(value), values[at + 1], values[at + 2]) ? Memory.roomFor(value) : undefined;
    case 'c': return CONTROL + 16;
    default: { // I, X
      const shapes = values[at + 1];
      const right = (item, i) => isPort(item) || typeOf(item) && !(shapes?.[2 * i + 1] >= 0 && !fits(lengthOf(item), shapes[2 * i], shapes[2 * i + 1]));
      if (!isList(value) || !value.every(right)) return undefined;
      return value.reduce((sum, item) => sum + (isPort(item) ? 0 : Memory.roomFor(item)), BUFFER * value.length);
    }
  }
}

/** Writes arguments; `outputs` collects [value, address] of what the call writes to. */
class Writer {
  /**
   * `pointerOf(handle, kind)` throws for what is no open handle of that kind, `portOf(handle)`, which gives pointer and rv_type,
   * for what is none of a kind that stands for a buffer.
   */
  constructor(memory, outputs, { pointerOf, portOf }) {
    this.memory = memory;
    this.outputs = outputs;
    this.pointerOf = pointerOf;
    this.portOf = portOf;
    this.words = memory.view();
    this.doubles = memory.view('Float64Array');
  }

  buffer(at, value, direction, rows, dim) {
    const { words } = this, w = at / 4, isMatrix = dim >= 0;
    const data = this.memory.put(value, direction !== 'out');
    if (direction !== 'in') this.outputs.push(value, data);
    words.fill(0, w, w + BUFFER / 4);
    words[w] = data;
    words[w + 1] = typeOf(value).code;
    words[w + 2] = isMatrix ? 2 : 1;
    words[w + 4] = isMatrix ? rows : lengthOf(value);
    words[w + 6] = isMatrix ? dim : 0;
    words[w + 14] = direction === 'in' ? 0 : 1;
  }

  port(at, handle) {
    const { pointer, type } = this.portOf(handle), w = at / 4;
    this.words.fill(0, w, w + BUFFER / 4);
    this.words[w] = pointer;
    this.words[w + 1] = type;
  }

  buffers(at, list, shapes, last) {
    const { words } = this, first = this.memory.take(BUFFER * list.length);
    words[at / 4 + 16] = first;
    words[at / 4 + 19] = list.length;
    list.forEach((value, i) => {
      const direction = i === list.length - 1 ? last : 'in';
      if (isPort(value)) this.port(first + BUFFER * i, value);
      else this.buffer(first + BUFFER * i, value, direction, shapes?.[2 * i], shapes?.[2 * i + 1]);
    });
  }

  options(at, list) {
    const { words, doubles } = this, first = this.memory.take(OPTION * list.length / 2);
    words[at / 4 + 18] = first;
    words[at / 4 + 19] = list.length / 2;
    for (let i = 0; i < list.length; i += 2) {
      const option = first + OPTION * i / 2, value = list[i + 1], w = option / 4;
      words.fill(0, w, w + OPTION / 4);
      words[w] = this.memory.putText(list[i]);
      words[w + 1] = { number: 1, bigint: 2, string: 3 }[typeof value] ?? 5;
      if (typeof value === 'number') doubles[option / 8 + 2] = value;
      else if (typeof value === 'object') words[w + 12] = this.pointerOf(value, 'm');
      else if (typeof value === 'bigint') this.memory.view('BigUint64Array')[option / 8 + 3] = value;
      else words[w + 8] = this.memory.putText(value);
    }
  }

  handles(at, list, kind) {
    const first = this.memory.take(4 * list.length);
    this.words[at / 4 + 17] = first;
    this.words[at / 4 + 19] = list.length;
    list.forEach((handle, i) => { this.words[first / 4 + i] = handle === undefined ? 0 : this.pointerOf(handle, kind); });
  }

  /** One thread; the flag as it is now. Returns the control's address. */
  control(flag) {
    const at = this.memory.take(CONTROL), cancel = this.memory.take(16);
    this.words.set([20, 1, cancel, 0, 0], at / 4);
    this.words[cancel / 4] = tagOf(flag) === 'Uint32Array' && lengthOf(flag) > 0 ? flag[0] : 0;
    return at;
  }

  /** Writes one argument at `at`; returns the address of a control. */
  argument(at, { letter, kind, isList: isListOfHandles, position }, values) {
    const { words } = this, value = values[position];
    if (isListOfHandles) this.handles(at, value, kind);
    else if (kind) words[at / 4 + 17] = this.pointerOf(value, kind);
    else switch (letter) {
      case 'n': this.doubles[at / 8 + 10] = value; break;
      case 'i': words[at / 4 + 22] = value % 2 ** 32; words[at / 4 + 23] = value / 2 ** 32; break;
      case 's': words[at / 4 + 24] = this.memory.putText(value); break;
      case 'o': this.options(at, value); break;
      case 'x': this.buffer(at, value, 'in', values[position + 1], values[position + 2]); break;
      case 'I': case 'X': this.buffers(at, value, values[position + 1], letter === 'X' ? 'both' : 'in'); break;
      case 'c': return this.control(values[position + 1]);
      default: this.buffer(at, value, letter === 'F' || letter === 'B' ? 'out' : 'in');
    }
    return 0;
  }
}

module.exports = { ARGUMENT, DISMATCH, INVALID, Writer, measure, parametersOf };
