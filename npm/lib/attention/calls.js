'use strict';

// One call of a mechanism, at once or on a worker.
const native = require('../native.js');
const inputs = require('../inputs.js');
const { abortable, threads } = require('../async.js');
const { whileInFlight } = require('../members/member.js');
const { withStaging } = require('../staging.js');
const { points, readArguments } = require('./arguments.js');
const { inWordsOf } = require('./names.js');

/** What each operation appends to the arguments and makes of its output; `self`: {sizes, floats}. */
const OPERATIONS = {
  forward(self, call) {
    const dim = self.sizes.width ?? call.width;
    const data = inputs.allocate(call.m * dim, 'result');
    call.add(data);
    return () => ({ data, rows: call.m, dim });
  },
  weights({ sizes: { heads } }, call) {
    const { m, n, sparse } = call;
    const data = inputs.allocate(heads * (sparse ? sparse.indices.length : m * n), 'result');
    call.add(data);
    return () => ({ data, heads, queries: m, keys: n, ...(sparse && { offsets: sparse.offsets.slice(), indices: sparse.indices.slice() }) });
  },
  backward({ sizes, floats }, call, { outputGradient }, own, room) {
    const { m, n, width } = call, outputDim = sizes.width ?? width;
    call.add(points(outputGradient, 'outputGradient', outputDim, own, room).data);
    const ends = [m * sizes.dim, n * sizes.dim, n * width, floats, call.edges.rows * call.edges.dim];
    for (let i = 1; i < ends.length; i++) ends[i] += ends[i - 1];
    const all = inputs.allocate(ends[4], 'result');
    call.add(all);
    return () => ({
      queries: all.subarray(0, ends[0]), keys: all.subarray(ends[0], ends[1]), values: all.subarray(ends[1], ends[2]),
      parameters: all.subarray(ends[2], ends[3]), ...(call.edges.dim > 0 && { edges: all.subarray(ends[3]) }),
    });
  },
};

const kept = [];

/** The numbers as doubles, in memory that the next call at once overwrites. */
function numbers(list) {
  const doubles = (kept[list.length] ??= new Float64Array(list.length));
  for (let i = 0; i < list.length; i++) doubles[i] = list[i];
  return doubles;
}

/** Arguments of the native row `run` without the cancel flag, and the result once it ran. */
function prepare(self, operation, args, own, room) {
  const call = readArguments(self, args, own, room);
  const result = OPERATIONS[operation](self, call, args, own, room), most = threads(args.threads);
  return { values: [self.handle, call.sparse ? `sparse ${operation}` : operation, call.buffers, own ? Float64Array.from(call.shapes) : numbers(call.shapes), most], result };
}

function runNow(self, operation, args) {
  return withStaging((staging) => {
    const { values, result } = prepare(self, operation, args, false, (count, name) => staging.take(count, name));
    try {
      native.run(...values, undefined);
    } catch (error) {
      throw inWordsOf(self, args, error);
    }
    return result();
  });
}

function runLater(self, operation, args) {
  return abortable(args.signal, async (flag) => {
    const { values, result } = prepare(self, operation, args, true);
    try {
      await whileInFlight(self, () => native.runAsync(...values, flag));
    } catch (error) {
      throw inWordsOf(self, args, error);
    }
    return result();
  });
}

module.exports = { runLater, runNow };
