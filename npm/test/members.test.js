'use strict';
// The contract of every member whose class comes from the registry (graph layers, losses, …): a new one needs no line here. What the
// formulas are, each member's own test says.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, relative, ruvector } = require('./support/index.js');
const { MEMBERS, rowOf } = require('../lib/members/rows.js');
const { stateOf } = require('../lib/members/member.js');

const MADE = MEMBERS.filter(({ operations }) => operations).map((member) => rowOf(member));
/** Of central differences; smaller for points of a ball, and beside kinks. */
const stepOf = ({ input, activation }) => 2 ** (activation === 'relu' || input === 'ball' ? -9 : -7);

/** Of members that are made of others. */
const LAYERS = [
  { class: 'GATv2Layer', options: { inChannels: 3, outChannels: 2, heads: 2, edgeDim: 2, seed: 7 } },
  { class: 'Activation', options: { function: 'elu' } }, { class: 'Dropout', options: { p: 0.5 } },
  { class: 'Linear', options: { inChannels: 4, outChannels: 3, seed: 8 } },
];

/** Of a walk: a layer of each kind. */
const WALK = [
  { class: 'RuvectorLayer', options: { inputDim: 4, hiddenDim: 6, heads: 2, seed: 7 } },
  { class: 'RuvectorLayerV2', options: { inputDim: 6, hiddenDim: 2, attention: { class: 'MultiHeadAttention', options: { dim: 2, seed: 9 } }, seed: 8 } },
];

/** Options of a member: those that Swift has no default for are small integers, the others as `more` says. */
function optionsOf(row, more = {}) {
  const options = {}, sizes = [3, 2, 4, 5];
  for (const [name, { kind }] of row.options) if (kind === 'seed') options[name] = 7;
  for (;;) {
    try {
      new ruvector[row.class]({ ...options, ...more }).close();
      return { ...options, ...more };
    } catch ({ message }) {
      const [, divided, divisor] = /a divisor of (\d+) for (\w+),/.exec(message) ?? [];
      if (divisor && options[divisor] !== Number(divided)) {
        options[divisor] = Number(divided);
        continue;
      }
      const [, name] = / for (\w+), received nothing/.exec(message) ?? assert.fail(message);
      options[name] = name === 'attention' ? { class: 'MultiHeadAttention', options: { dim: options.hiddenDim ??= 4, seed: 9 } } : row.options.get(name).kind === 'children' ? row.family === 'walk' ? WALK : LAYERS : sizes[Object.keys(options).length % sizes.length];
    }
  }
}

/** Sets of options that between them give every flag and choice each of its values. */
function variants(row) {
  const list = [optionsOf(row)];
  for (const [name, { kind }] of row.options) {
    if (kind === 'flag') list.push(optionsOf(row, { [name]: !new ruvector[row.class](list[0])[name] }));
    if (/Dim$/.test(name) && kind === 'integer' && list[0][name] === undefined) list.push(optionsOf(row, { [name]: 2 }));
    if (name === 'heads') list.push(optionsOf(row, { heads: 2 }));
    if (kind === 'choice') for (const value of choicesOf(row, name)) list.push(optionsOf(row, { [name]: value }));
  }
  return list;
}

/** The names that an option takes, from what Swift says of a wrong one. */
function choicesOf(row, name) {
  try {
    new ruvector[row.class](optionsOf(row, { [name]: 'no such thing' }));
  } catch ({ message }) {
    return /expected one of (.*) for /.exec(message)[1].split(', ');
  }
  return assert.fail('taken');
}

/** Good arguments of an operation, n rows, with `draw` for numbers; `skip`: ports that are left out. */
function argumentsOf(one, { inputs }, draw, n = 5, skip = []) {
  const sides = new Map(Object.entries(stateOf(one).sizes)), made = [], { forward, backward, valueAndGradients } = stateOf(one).row.operations;
  // Vectors of what has no gradient are rates, steps, degrees, losses: not below 0.
  const isMeasure = ![forward, backward, valueAndGradients].some((each) => each?.inputs === inputs);
  const size = (side) => {
    if (/^\d+$/.test(side)) return Number(side);
    if (!sides.has(side)) sides.set(side, side === 'n' ? n : 3);
    return sides.get(side);
  };
  const args = inputs.map(({ name, type, need, shape }) => {
    if (skip.includes(name) || (need === 'optional' && shape.some((side) => side !== 'n' && sides.get(side) === 0))) return undefined;
    if (type === 'graph') {
      // A node without sources, loops, repeated edges.
      const count = size(shape[0]), lists = Array.from({ length: count }, (_, i) => (i === 1 ? [] : [i, (i + 2) % count, (i + 2) % count, (3 * i + 1) % count].slice(0, 1 + (i % 4))));
      const graph = new ruvector.Graph({ offsets: lists.reduce((all, list) => [...all, all.at(-1) + list.length], [0]), indices: lists.flat() });
      sides.set(shape[2], graph.edges);
      made.push(graph);
      return graph;
    }
    const sizes = shape.map(size);
    if (type === 'uint32') return Uint32Array.from({ length: sizes[0] }, (_, i) => i % 2); // each below any size there is
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, isMeasure && shape.length === 1 ? () => Math.abs(draw()) : draw);
    return sizes.length === 1 ? data : { data, rows: sizes[0], dim: sizes[1] };
  });
  return { args, sides, close: () => made.forEach((graph) => graph.close()) };
}

const numbersOf = (value) => (typeof value === 'number' ? [value] : value.data ?? value);
const floatsOf = (value) => value?.data ?? (value instanceof Float32Array ? value : undefined);
const weighted = (value, g) => numbersOf(value).reduce((sum, x, i) => sum + x * g[i], 0);

for (const row of MADE) {
  const type = ruvector[row.class], named = (what) => `${row.class}: ${what}`;

  test(named('options'), async () => {
    const options = optionsOf(row), one = new type(options);
    for (const [name, value] of Object.entries(options)) if (row.options.get(name).kind !== 'children') assert.deepStrictEqual(one[name], value, name);
    for (const name of row.options.keys()) assert.notStrictEqual(one[name], undefined, name);
    await fails(() => new type({ ...options, noSuchOption: 1 }), 'ERR_INVALID_CONFIG', 'unknown');
    if (Object.keys(options).some((name) => name !== 'seed')) await fails(() => new type(), 'ERR_INVALID_CONFIG', 'nothing');
    else new type().close();
    await fails(() => new type(null), 'ERR_INVALID_ARG', 'null');
    await fails(() => new type(undefined, 3), 'ERR_INVALID_ARG', 'something behind the options');
    for (const [name, { kind }] of row.options) if (kind === 'choice') await fails(() => new type({ ...options, [name]: `${one[name]}\0x` }), 'ERR_INVALID_CONFIG', 'a text that C would cut');
    assert.deepStrictEqual(Object.keys(type.prototype), [], 'methods are not enumerable');
    await fails(() => new type(4), 'ERR_INVALID_ARG', 'a number');
    for (const [name, { kind }] of row.options) {
      for (const bad of [null, {}, [1], ...kind === 'flag' ? [1, 'true'] : kind === 'choice' ? ['', 'no such thing', 1] : kind === 'seed' ? ['1', 1.5] : ['4', true]]) {
        await assert.rejects(async () => new type({ ...options, [name]: bad }), ({ code }) => ['ERR_INVALID_ARG', 'ERR_INVALID_CONFIG'].includes(code), `${name}: ${bad}`);
      }
      if (kind === 'integer' || kind === 'number') for (const bad of [NaN, Infinity, -1e300, 1e300, ...kind === 'integer' ? [1.5, -1] : []]) await fails(() => new type({ ...options, [name]: bad }), 'ERR_INVALID_CONFIG', `${name}: ${bad}`);
    }
  });

  // What has no "forward" (optimizers, schedules) has its own test besides.
  for (const options of row.operations.forward ? variants(row) : []) {
    const shown = JSON.stringify(options), operation = row.operations.forward;

    test(named(`gradients of ${shown} are central differences`), () => {
      const one = new type(options), signed = random(options.activation === 'relu' ? 5 : 3) /* 3 draws a sum of .0002, beside the kink */, { args, close } = argumentsOf(one, operation, () => signed() * (options.input === 'ball' ? 0.3 : 0.8));
      const g = Float32Array.from(numbersOf(one.forward(...args)), () => signed()), gradient = typeof one.forward(...args) === 'number' ? [g[0]] : [g];
      const all = one.backward(...args, ...(gradient[0] === g && one.forward(...args).data ? [{ data: g, rows: one.forward(...args).rows, dim: one.forward(...args).dim }] : [g]));
      const check = (name, slopes, values, put) => {
        const difference = Float64Array.from(values, (x, i) => {
          const step = stepOf(options), sides = [step, -step].map((h) => {
            values[i] = x + h;
            put?.(values);
            const sum = weighted(one.forward(...args), g);
            return sum;
          });
          values[i] = x;
          put?.(values);
          return (sides[0] - sides[1]) / (2 * step);
        });
        if (difference.some((x) => Math.abs(x) > 1e-6)) assert.ok(relative(slopes, difference) < 1e-2, `${name}: ${relative(slopes, difference)}`);
        assert.strictEqual(slopes.length, values.length, name);
      };
      operation.inputs.forEach(({ name }, i) => { if (all[name]) check(name, all[name], floatsOf(args[i])); });
      if (all.parameters) check('parameters', all.parameters, one.getWeights(), (w) => one.setWeights(w));
      close();
    });

    test(named(`${shown}: any number of threads, async, text, weights, one row, no rows`), async () => {
      const one = new type(options);
      for (const n of [70, 1]) {
        const signed = random(n), { args, close } = argumentsOf(one, operation, signed, n);
        const plain = bits(one.forward(...args)), gradient = one.forward(...args);
        assert.strictEqual(bits(one.forward(...args, { threads: 3 })), plain);
        assert.strictEqual(bits(await one.forwardAsync(...args, { threads: 2 })), plain);
        const back = bits(one.backward(...args, typeof gradient === 'number' ? undefined : gradient));
        assert.strictEqual(bits(await one.backwardAsync(...args, typeof gradient === 'number' ? undefined : gradient, { threads: 2 })), back);
        const again = type.fromJson(one.toJson());
        assert.deepStrictEqual([again.parameters, bits(again.getWeights()), bits(again.forward(...args))], [one.parameters, bits(one.getWeights()), plain]);
        again.close();
        const other = new type(options);
        other.setWeights(one.getWeights().map((x) => x + 1));
        if (one.getWeights().length > 0) assert.notStrictEqual(bits(other.forward(...args)), plain);
        other.setWeights(one.getWeights());
        assert.strictEqual(bits(other.forward(...args)), plain);
        close();
      }
      if (!operation.inputs.some(({ shape }) => shape.includes('n'))) return;
      const { args, close } = argumentsOf(one, operation, () => 0, 0);
      try {
        assert.strictEqual(one.forward(...args).rows, 0);
      } catch (error) {
        assert.strictEqual(error.code, 'ERR_EMPTY_INPUT');
      }
      close();
    });

  }

  for (const options of variants(row)) {
    const shown = JSON.stringify(options);

    test(named(`${shown}: wrong shapes, numbers and types at every port`), async () => {
      const one = new type(options);
      for (const [name, each] of Object.entries(row.operations)) {
        const signed = random(9), { args, close } = argumentsOf(one, each, signed);
        one[name](...args);
        for (const [i, { name: port, type: kind, need, shape }] of each.inputs.entries()) {
          const call = (value) => one[name](...args.slice(0, i), value, ...args.slice(i + 1));
          if (args[i] === undefined) continue;
          if (need === 'required') await fails(() => call(undefined), kind === 'graph' ? 'ERR_WRONG_HANDLE' : 'ERR_INVALID_ARG', `${port} left out`);
          await fails(() => call('x'), kind === 'graph' ? 'ERR_WRONG_HANDLE' : 'ERR_INVALID_ARG', `${port}: a text`);
          if (kind === 'graph') {
            const other = new ruvector.Graph({ offsets: [0, 0], indices: [] });
            await fails(() => call(other), 'ERR_DIMENSION_MISMATCH', `${port}: one node`);
            other.close();
            await fails(() => call(other), 'ERR_CLOSED', `${port}: closed`);
            await fails(() => call(one), 'ERR_WRONG_HANDLE', `${port}: another handle`);
            continue;
          }
          if (shape.length === 2) {
            const { rows, dim } = args[i], data = (count) => Float32Array.from({ length: count }, signed);
            // What neither the options nor another port say may be anything.
            const isBound = shape.map((side) => /^\d+$/.test(side) || side in stateOf(one).sizes || each.inputs.some((other, k) => k !== i && args[k] !== undefined && other.shape.includes(side)));
            for (const [r, d] of [[rows + 1, dim], [rows, dim + 1], [rows - 1, dim]].filter(([r, d]) => (r !== rows && isBound[0]) || (d !== dim && isBound[1]))) {
              // One of the first matrix fixes what others must fit: it is they that are refused.
              await fails(() => call({ data: data(r * d), rows: r, dim: d }), 'ERR_DIMENSION_MISMATCH', `${port}: ${r} x ${d}`);
            }
          }
          for (const bad of kind === 'uint32' ? [] : [NaN, Infinity, -Infinity]) {
            const spoilt = floatsOf(args[i]).map(() => bad); // all of them: a member may leave some unread (rows of loops)
            await fails(() => call(args[i].data ? { ...args[i], data: spoilt } : spoilt), 'ERR_NON_FINITE', `${name}, ${port}: ${bad}`);
          }
        }
        await fails(() => one[name](...args, { thread: 1 }), 'ERR_INVALID_CONFIG', 'an unknown option of a call');
        await fails(() => one[name](...args, {}, 1), 'ERR_INVALID_ARG', 'something behind the options');
        close();
      }
    });

    test(named(`${shown}: magnitudes 1e-20 to 1e20 give finite numbers or ERR_OUT_OF_RANGE`), () => {
      const one = new type(options);
      for (const scale of [1e-20, 1e-10, 1e10, 1e20]) {
        const signed = random(5);
        for (const [name, each] of Object.entries(row.operations)) {
          const { args, close } = argumentsOf(one, each, () => signed() * scale);
          try {
            const result = one[name](...args);
            for (const part of result.data || typeof result === 'number' ? [result] : Object.values(result)) assert.ok(Array.from(numbersOf(part)).every(Number.isFinite));
          } catch (error) {
            assert.strictEqual(error.code, 'ERR_OUT_OF_RANGE', `${scale}: ${error.message}`);
          }
          close();
        }
      }
    });
  }

  test(named('closed, also in the middle of a call; handles of others; text that is none'), async () => {
    const [main] = Object.keys(row.operations);
    const options = optionsOf(row), one = new type(options), signed = random(2), { args } = argumentsOf(one, row.operations[main], signed, 300);
    const expected = bits(new type(options)[main](...args)), pending = one[`${main}Async`](...args);
    one.close();
    one.close();
    assert.strictEqual(bits(await pending), expected);
    assert.strictEqual(one.closed, true);
    for (const call of [() => one[main](...args), () => one.getWeights(), () => one.setWeights([]), () => one.toJson()]) await fails(call, 'ERR_CLOSED', 'closed');
    for (const stranger of [{}, new ruvector.VectorSet([[1]]), Object.create(type.prototype)]) {
      await fails(() => type.prototype[main].apply(stranger, args), 'ERR_WRONG_HANDLE', 'another object');
      await fails(() => type.prototype.getWeights.call(stranger), 'ERR_WRONG_HANDLE', 'another object');
    }
    const open = new type(options), text = open.toJson(), aborted = new AbortController();
    aborted.abort();
    await fails(() => open[`${main}Async`](...args, { signal: aborted.signal }), 'ERR_ABORTED', 'aborted');
    const queued = open[`${main}Async`](...args);
    await fails(() => open.setWeights(open.getWeights()), 'ERR_BUSY', 'weights of a call that waits');
    await queued;
    open.setWeights(open.getWeights());
    await fails(() => open.setWeights(new Float32Array(open.getWeights().length + 1)), 'ERR_DIMENSION_MISMATCH', 'too many weights');
    for (const bad of ['', '{}', '[]', 'null', text.slice(0, -2), text.replace(row.class, 'Other'), text.replace('"version":1', '"version":2'), text.replace(/"options":\{[^}]*\}/, '"options":{}')]) {
      await fails(() => type.fromJson(bad), 'ERR_CORRUPT', bad.slice(0, 40));
    }
    await fails(() => type.fromJson(5), 'ERR_INVALID_ARG', 'no text');
  });
}

test('the generated families are there', () => {
  const families = new Set(MADE.map(({ family }) => family));
  for (const { class: name } of MADE) assert.strictEqual(ruvector[name].name, name);
  assert.ok(families.size >= 0);
});
