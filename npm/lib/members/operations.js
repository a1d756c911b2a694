'use strict';

// Any operation of any member: arguments by its ports -> native buffers, what it writes -> results.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { Graph } = require('../graph.js');
const { Handle } = require('../handle.js');
const { abortable, cancellable, threads } = require('../async.js');
const { matrix } = require('../matrices.js');
const { withStaging } = require('../staging.js');
const { isList, lengthOf, mismatch, tagOf, unexpected } = require('../errors.js');
const { handleOf, openHandleOf, requireIdle, stateOf, whileInFlight } = require('./member.js');

const NOTHING = new Float32Array(0);

/** A matrix; a vector is its only row. */
function rows(value, name, own, room) {
  const isVector = tagOf(value) !== undefined || (isList(value) && typeof value[0] === 'number');
  if (!isVector) return matrix(value, name, own, room);
  const data = (own ? inputs.ownVector : inputs.vector)(value, name), dim = lengthOf(data);
  if (dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', name, 0);
  return { data, rows: 1, dim };
}

/** The buffers and shapes of a call while they are read, with the sides of its ports. */
class Call {
  buffers = [];
  shapes = [];
  sides;
  present = new Set();

  constructor(sizes) {
    this.sides = new Map(Object.entries(sizes));
  }

  /** A side that nothing has named before has this size; whether one fits, the native side says. */
  #bind(shape, ...sizes) {
    shape.forEach((side, i) => { if (!this.sides.has(side)) this.sides.set(side, sizes[i]); });
  }

  read({ name, type, need, shape }, value, own, room) {
    if (value === undefined && need === 'optional') {
      this.buffers.push(NOTHING);
      this.shapes.push(-1, -1);
      return;
    }
    this.present.add(name);
    if (type === 'graph') {
      const graph = Handle.of(value, Graph, name);
      this.#bind(shape, value.nodes, value.columns, value.edges);
      this.buffers.push(graph);
      this.shapes.push(-1, -1);
    } else if (type === 'uint32') {
      const data = inputs.indices(value, name);
      this.#bind(shape, lengthOf(data));
      this.buffers.push(own && data === value ? data.slice() : data);
      this.shapes.push(-1, -1);
    } else if (shape.length === 1) {
      if (typeof value === 'number' && shape[0] === '1') value = [value];
      const data = (own ? inputs.ownVector : inputs.vector)(value, name);
      this.#bind(shape, lengthOf(data));
      this.buffers.push(data);
      this.shapes.push(-1, -1);
    } else {
      const m = rows(value, name, own, room);
      this.#bind(shape, m.rows, m.dim);
      this.buffers.push(m.data);
      this.shapes.push(m.rows, m.dim);
    }
  }

  /** The sizes of a part of the output. Those of an optional input that is not there are 0. */
  sizes({ name, need, shape }) {
    if (need === 'optional' && !this.present.has(name)) return [0];
    return shape.map((side) => (/^\d+$/.test(side) ? Number(side) : this.sides.get(side) ?? 0));
  }
}

const product = (sizes) => sizes.reduce((a, b) => a * b, 1);

const isNumber = ({ shape }) => shape.length === 1 && shape[0] === '1';

/** The numbers of one part as callers get them: a number, a vector, {data, rows, dim}. */
function shaped(data, sizes) {
  if (sizes.length === 1 && sizes[0] === 1) return data[0];
  return sizes.length === 2 ? { data, rows: sizes[0], dim: sizes[1] } : data;
}

/** Arguments of the native row `run` without the cancel flag, and the result once it ran. */
function prepare(self, name, operation, args, own, room) {
  const { floats, sizes } = stateOf(self), handle = (own ? openHandleOf : handleOf)(self);
  const count = operation.inputs.length, extra = args.slice(count + 1).find((value) => value !== undefined);
  if (extra !== undefined) throw unexpected('ERR_INVALID_ARG', 'nothing behind the options', 'arguments', extra);
  const options = inputs.options(args[count], own ? ['threads', 'signal'] : ['threads']);
  const call = new Call({ ...sizes, parameters: floats });
  operation.inputs.forEach((port, i) => call.read(port, args[i], own, room));
  const parts = operation.outputs.map((port) => call.sizes(port)), lengths = parts.map(product);
  const all = inputs.unset(lengths.reduce((a, b) => a + b, 0), 'result', operation.outputs[0].type === 'uint32' ? Uint32Array : Float32Array);
  call.buffers.push(all);
  call.shapes.push(-1, -1);
  let at = 0;
  const views = lengths.map((length) => all.subarray(at, (at += length)));
  // Gradients are given by their names, as are the parts of operations that have several.
  const areGradients = name === 'backward' || name === 'valueAndGradients', part = (i) => (areGradients && !isNumber(operation.outputs[i]) ? views[i] : shaped(views[i], parts[i]));
  const result = () => (areGradients || parts.length > 1
    ? Object.fromEntries(operation.outputs.map((port, i) => [port.name, part(i), port.need]).filter(([known, , need]) => need !== 'optional' || call.present.has(known)))
    : shaped(all, parts[0]));
  return { values: [handle, name, call.buffers, Float64Array.from(call.shapes), threads(options.threads)], signal: options.signal, result };
}

function runNow(self, name, operation, args) {
  return withStaging((staging) => {
    const { values, result } = prepare(self, name, operation, args, false, (count, what) => staging.take(count, what));
    if (operation.changesMember) requireIdle(self);
    native.run(...values, undefined);
    return result();
  });
}

async function runLater(self, name, operation, args) {
  const { values, signal, result } = prepare(self, name, operation, args, true);
  // What changes the member settles as the work does: what rejects has not happened.
  return (operation.changesMember ? cancellable : abortable)(signal, (flag) => whileInFlight(stateOf(self), async () => {
    await native.runAsync(...values, flag);
    return result();
  }, operation.changesMember));
}

module.exports = { runLater, runNow };
