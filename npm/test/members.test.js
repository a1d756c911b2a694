'use strict';
// The contract of every member of the registry that has a class (graph layers, losses, mechanisms of attention, …): a new one needs no
// line here. What the formulas are, each member's own test says.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, random, relative, ruvector } = require('./support/index.js');
const { INSIDE, METHODS, SUBJECTS, argumentsOf, beyond, isAsync, listOf, methodOf, omissions, optionsOf, run, runAsync, takesOptions, variants } = require('./support/contract.js');
const inputs = require('../lib/inputs.js');
const { MEMBERS } = require('../lib/members/rows.js');
const { stateOf } = require('../lib/members/member.js');

// Memory of results holds anything before: what an operation does not write is seen here.
const { unset } = inputs;
inputs.unset = (length, name, Type) => unset(length, name, Type).fill(Type === Uint32Array ? 0xdeadbeef : NaN);

/** Steps of central differences: smaller for points of a ball. */
const stepOf = ({ isMechanism }, { input }) => 2 ** (input === 'ball' ? -9 : isMechanism ? -8 : -7);
/** Sizes of numbers: inside a ball. */
const scaleOf = ({ row }, { input }) => (input === 'ball' || (row.family === 'attention' && [...row.options.keys()].some((name) => /curvature|experts/i.test(name))) ? 0.3 : 0.8);

const numbersOf = (value) => (typeof value === 'number' ? [value] : value.data ?? (ArrayBuffer.isView(value) ? value : Object.values(value).flatMap((part) => Array.from(numbersOf(part)))));
const floatsOf = (value) => value?.data ?? (value instanceof Float32Array ? value : undefined);
const weighted = (value, g) => numbersOf(value).reduce((sum, x, i) => sum + x * g[i], 0);

/** What a text of a member may not be: field by field. */
function damaged(subject, text) {
  const { row, type } = subject, good = JSON.parse(text), { options, weights } = good, [first] = weights, put = (more) => JSON.stringify({ ...good, ...more });
  const [size] = [...row.options].find(([name, { kind, native }]) => kind === 'integer' && native !== null && options[name] > 0) ?? [], withSize = (value) => put({ options: { ...options, [size]: value } });
  const others = weights.slice(1), firstAs = (more) => put({ weights: [{ ...first, ...more }, ...others] });
  const grows = () => {
    try {
      const one = new type({ ...options, [size]: 2 * options[size] }), { length } = one.getWeights();
      one.close();
      return length > weights.reduce((sum, { data }) => sum + data.length, 0);
    } catch {
      return false;
    }
  };
  return {
    empty: '', number: '5', null: 'null', array: '[]', 'an object': '{}', cut: text.slice(0, -2), 'no version': put({ version: undefined }), 'version 2': put({ version: 2 }), 'another class': put({ class: 'Other' }),
    'no options': put({ options: undefined }), 'unknown option': put({ options: { ...options, x: 1 } }), 'no weights': put({ weights: undefined }), 'weights of null': put({ weights: [null] }),
    'one weight more': put({ weights: [...weights, { name: 'x', shape: [1], data: [1] }] }),
    ...(row.options.size > 0 && { 'options missing': put({ options: {} }) }),
    ...(size && { 'a size as text': withSize('4'), 'no size': withSize(undefined), 'a size below 0': withSize(-1), ...(grows() && { 'a huge size': withSize(16384) }) }),
    ...(options.seed !== undefined && Object.fromEntries(['x', ' ', '', '0xff', '1e3', '1.5', '9'.repeat(20), '9'.repeat(1e5), '18446744073709551616'].map((seed) => [`the seed "${seed.slice(0, 30)}"`, put({ options: { ...options, seed } })]))),
    ...(first && {
      'one weight less': put({ weights: others }), 'another name': firstAs({ name: 'x' }), 'a null in it': firstAs({ data: Array(first.data.length).fill(null) }),
      'beyond floats': firstAs({ data: Array(first.data.length).fill(1e300) }), 'another shape': firstAs({ shape: [1, ...first.shape] }),
    }),
  };
}

test('seeds of any size come back from the text, as many bits of them as count', () => {
  for (const [seed, back = seed] of [[5], [-5], [5n], [-(2n ** 63n)], [2n ** 64n - 1n], [2n ** 64n + 3n, 3n], [-(2n ** 63n) - 1n, 2n ** 63n - 1n], [10n ** 30n, BigInt.asUintN(64, 10n ** 30n)]]) {
    const one = new ruvector.GCNLayer({ inChannels: 2, outChannels: 2, seed }), again = ruvector.GCNLayer.fromJson(one.toJson());
    assert.strictEqual(BigInt(again.seed), BigInt(back), `${seed}`);
    assert.strictEqual(bits(again.getWeights()), bits(one.getWeights()));
    assert.strictEqual(bits(new ruvector.GCNLayer({ inChannels: 2, outChannels: 2, seed: back }).getWeights()), bits(one.getWeights()), `${seed}`);
  }
});

for (const subject of SUBJECTS) {
  const { row, type, operations, isMechanism } = subject, named = (what) => `${row.class}: ${what}`;
  const forwardOf = (one, args, ...options) => run(subject, one, 'forward', args, ...options), backwardOf = (one, args, ...options) => run(subject, one, 'backward', args, ...options);

  test(named('options'), async () => {
    const options = optionsOf(subject), one = new type(options);
    for (const [name, value] of Object.entries(options)) if (row.options.get(name).kind !== 'children') assert.deepStrictEqual(one[name], value, name);
    for (const name of row.options.keys()) assert.notStrictEqual(one[name], undefined, name);
    await fails(() => new type({ ...options, noSuchOption: 1 }), 'ERR_INVALID_CONFIG', 'unknown');
    if (isMechanism && row.required.length > 0) await fails(() => new type(), 'ERR_INVALID_ARG', 'nothing');
    else if (Object.keys(options).some((name) => name !== 'seed')) await fails(() => new type({}), 'ERR_INVALID_CONFIG', 'no options');
    if (!isMechanism) {
      if (Object.keys(options).some((name) => name !== 'seed')) await fails(() => new type(), 'ERR_INVALID_CONFIG', 'nothing');
      else new type().close();
      await fails(() => new type(undefined, 3), 'ERR_INVALID_ARG', 'something behind the options');
      await fails(() => new type(4), 'ERR_INVALID_ARG', 'a number');
    }
    await fails(() => new type(null), 'ERR_INVALID_ARG', 'null');
    await fails(() => new type(options, 3), 'ERR_INVALID_ARG', 'something behind the options');
    for (const name of row.required ?? []) await fails(() => new type({ ...options, [name]: undefined }), 'ERR_INVALID_ARG', `no ${name}`);
    for (const [name, { kind }] of row.options) if (kind === 'choice') await fails(() => new type({ ...options, [name]: `${one[name]}\0x` }), 'ERR_INVALID_CONFIG', 'a text that C would cut');
    assert.deepStrictEqual(Object.keys(type.prototype), [], 'methods are not enumerable');
    for (const [name, { kind }] of row.options) {
      for (const bad of [null, {}, [1], ...kind === 'flag' ? [1, 'true'] : kind === 'choice' ? ['', 'no such thing', 1] : kind === 'seed' ? ['1', 1.5] : ['4', true]]) {
        await assert.rejects(async () => new type({ ...options, [name]: bad }), ({ code }) => ['ERR_INVALID_ARG', 'ERR_INVALID_CONFIG'].includes(code), `${name}: ${bad}`);
      }
      if (kind === 'integer' || kind === 'number') for (const bad of beyond(subject, name)) await fails(() => new type({ ...options, [name]: bad }), 'ERR_INVALID_CONFIG', `${name}: ${bad}`);
    }
  });

  // What has no "forward" (optimizers, schedules) has its own test besides.
  for (const options of operations.forward ? variants(subject) : []) {
    const shown = JSON.stringify(options), operation = operations.forward, step = stepOf(subject, options), most = isMechanism ? 4e-3 : 1e-2;

    test(named(`gradients of ${shown} are central differences`), () => {
      // (The gradient of a load-balancing loss is added to that of the output, by definition.)
      const one = new type({ ...options, ...options.balance > 0 && { balance: 0 } }), signed = random(3), scale = scaleOf(subject, options);
      for (const skip of omissions(subject, one, 'forward')) {
        const { args, close } = argumentsOf(subject, one, 'forward', () => signed() * scale, 5, skip), what = skip.length > 0 ? `without ${skip}` : 'all';
        const out = forwardOf(one, args), g = Float32Array.from(numbersOf(out), () => signed());
        const all = backwardOf(one, [...args, out.data ? { ...out, data: g } : g]);
        // What rounding makes of a sum of these products, over a step.
        const noise = 2 ** -20 * numbersOf(out).reduce((sum, x, i) => sum + Math.abs(x * g[i]), 0) / step;
        const check = (name, slopes, values, put) => {
          const at = (i, x) => {
            values[i] = x;
            put?.(values);
            return weighted(forwardOf(one, args), g);
          };
          const difference = (i, h) => {
            const x = values[i], up = at(i, x + h), down = at(i, x - h);
            at(i, x);
            return (up - down) / (2 * h);
          };
          const differences = Array.from(values, (x, i) => difference(i, step)), size = Math.max(0, ...differences.map(Math.abs)), room = most * size + noise;
          const far = differences.flatMap((d, i) => (Math.abs(slopes[i] - d) <= room ? [] : [i]));
          // A sharp bend wants a smaller step. Where two steps do not agree there is a kink beside, or a bend that is too sharp for both.
          const fine = new Map(far.map((i) => [i, difference(i, step / 4)])), kinks = far.filter((i) => !(Math.abs(differences[i] - fine.get(i)) <= room)), wrong = far.filter((i) => !kinks.includes(i) && !(Math.abs(slopes[i] - fine.get(i)) <= room));
          assert.deepStrictEqual(wrong.map((i) => [i, slopes[i], differences[i]]), [], `${what}: ${name}: of ${size}, ${noise} of them by rounding`);
          assert.ok(kinks.length <= values.length / 2, `${what}: ${name}: ${kinks.length} kinks in ${values.length}`);
          assert.strictEqual(slopes.length, values.length, name);
        };
        // Of a hard choice the gradient is that of the soft one, by definition.
        const isStraightThrough = options.hard === true;
        operation.inputs.forEach(({ name }, i) => { if (all[name] && !(isStraightThrough && name === 'queries')) check(name, all[name], floatsOf(args[i])); });
        if (all.parameters && !isStraightThrough) check('parameters', all.parameters, one.getWeights(), (w) => one.setWeights(w));
        close();
      }
    });

    test(named(`${shown}: any number of threads, async, text, weights, one row, no rows`), async () => {
      const one = new type(options);
      for (const n of [70, 1]) for (const skip of omissions(subject, one, 'forward').filter((list, i, { length }) => i === 0 || i === length - 1)) {
        const signed = random(n), { args, close } = argumentsOf(subject, one, 'forward', signed, n, skip);
        const out = forwardOf(one, args), plain = bits(out), gradient = typeof out === 'number' ? undefined : out;
        assert.strictEqual(bits(forwardOf(one, args, { threads: 3 })), plain);
        assert.strictEqual(bits(await runAsync(subject, one, 'forward', args, { threads: 2 })), plain);
        const back = bits(backwardOf(one, [...args, gradient]));
        assert.strictEqual(bits(backwardOf(one, [...args, gradient], { threads: 3 })), back);
        assert.strictEqual(bits(await runAsync(subject, one, 'backward', [...args, gradient], { threads: 2 })), back);
        const again = type.fromJson(one.toJson());
        assert.ok(again instanceof type);
        assert.deepStrictEqual([again.toJson(), again.parameters, bits(again.getWeights()), bits(forwardOf(again, args))], [one.toJson(), one.parameters, bits(one.getWeights()), plain]);
        again.close();
        const other = new type(options), changed = one.getWeights().map((x, i) => x / 2 + 1 + (i % 3) / 4);
        assert.strictEqual(changed.length, one.parameters.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0));
        other.setWeights(changed);
        assert.deepStrictEqual(other.getWeights(), changed);
        // (Of one key the weight is 1, whatever the others are.)
        const { args: several, close: closeSeveral } = argumentsOf(subject, one, 'forward', signed, Math.max(n, 5), ['offsets']);
        if (changed.length > 0) assert.notStrictEqual(bits(forwardOf(other, several)), bits(forwardOf(one, several)));
        closeSeveral();
        other.setWeights(Array.from(one.getWeights()));
        assert.strictEqual(bits(forwardOf(other, args)), plain);
        close();
      }
      if (!operation.inputs.some(({ shape }) => shape.includes('n'))) return;
      const { args, close } = argumentsOf(subject, one, 'forward', () => 0, 0);
      try {
        assert.strictEqual(forwardOf(one, args).rows, 0);
      } catch (error) {
        assert.strictEqual(error.code, 'ERR_EMPTY_INPUT');
      }
      close();
    });
  }

  if (!operations.forward) test(named('any number of threads, text and weights: the same goes on'), () => {
    const options = variants(subject).at(-1), one = new type(options), two = new type(options), [name] = Object.keys(operations), signed = random(6), made = [5, 3, 8].map((n) => argumentsOf(subject, one, name, () => signed() / 2, n));
    for (const { args } of made) {
      const copy = type.fromJson(one.toJson()), loaded = new type(options), plain = bits(run(subject, one, name, args));
      loaded.setWeights(copy.getWeights());
      for (const [what, other] of Object.entries({ 'three threads': two, 'from its text': copy, 'with its weights': loaded })) {
        assert.strictEqual(bits(run(subject, other, name, args, { threads: 3 })), plain, what);
        assert.deepStrictEqual(other.getWeights(), one.getWeights(), what);
      }
      copy.close();
      loaded.close();
    }
    for (const { close } of made) close();
  });

  for (const options of variants(subject)) {
    const shown = JSON.stringify(options);

    test(named(`${shown}: wrong shapes, numbers and types at every port`), async () => {
      const one = new type(options);
      for (const [name, { inputs }] of Object.entries(operations)) {
        const signed = random(9), { args, close } = argumentsOf(subject, one, name, () => signed() / 2);
        run(subject, one, name, args);
        for (const [i, port] of inputs.entries()) {
          const { type: kind, need, shape } = port, call = (value) => run(subject, one, name, [...args.slice(0, i), value, ...args.slice(i + 1)]), isContext = /Context$/.test(port.name);
          if (args[i] === undefined) continue;
          if (need === 'required') await fails(() => call(undefined), kind === 'graph' ? 'ERR_WRONG_HANDLE' : 'ERR_INVALID_ARG', `${port.name} left out`);
          await fails(() => call('x'), kind === 'graph' ? 'ERR_WRONG_HANDLE' : 'ERR_INVALID_ARG', `${port.name}: a text`);
          if (kind === 'graph') {
            const other = new ruvector.Graph({ offsets: [0, 0], indices: [] });
            await fails(() => call(other), 'ERR_DIMENSION_MISMATCH', `${port.name}: one node`);
            other.close();
            await fails(() => call(other), 'ERR_CLOSED', `${port.name}: closed`);
            await fails(() => call(one), 'ERR_WRONG_HANDLE', `${port.name}: another handle`);
            continue;
          }
          // What neither the options nor another port say may be anything.
          const known = new Set([...Object.keys(stateOf(one).sizes), ...inputs.flatMap((other, k) => (k !== i && args[k] !== undefined ? other.shape.flatMap((side) => side.split(/\W+/)) : []))]);
          const isBound = shape.map((side) => side.replace('pairs', 'm * n').split(/\W+/).every((part) => /^\d+$/.test(part) || known.has(part) || part === 'width'));
          if (shape.length === 2 && args[i].data) {
            const { rows, dim } = args[i], data = (count) => Float32Array.from({ length: count }, signed);
            for (const [r, d] of [[rows + 1, dim], [rows, dim + 1], [rows - 1, dim]].filter(([r, d]) => (r !== rows && isBound[0]) || (d !== dim && isBound[1] && !(isContext && stateOf(one).extras.context)))) {
              // One of the first matrix fixes what others must fit: it is they that are refused.
              await fails(() => call({ data: data(r * d), rows: r, dim: d }), 'ERR_DIMENSION_MISMATCH', `${name}, ${port.name}: ${r} x ${d}`);
            }
          } else if (isBound.every(Boolean) && args[i].length > 0) {
            const longer = new args[i].constructor(args[i].length + 1);
            for (const other of [longer, args[i].slice(1)].filter(({ length }) => length > 0)) await fails(() => call(other), 'ERR_DIMENSION_MISMATCH', `${name}, ${port.name}: ${other.length} elements`);
          }
          for (const bad of kind === 'float32' ? [NaN, Infinity, -Infinity] : []) {
            const spoilt = floatsOf(args[i]).map(() => bad); // all of them: a member may leave some unread (rows of loops)
            await fails(() => call(args[i].data ? { ...args[i], data: spoilt } : spoilt), 'ERR_NON_FINITE', `${name}, ${port.name}: ${bad}`);
          }
        }
        if (takesOptions(subject, name)) await fails(() => run(subject, one, name, args, { thread: 1 }), 'ERR_INVALID_CONFIG', 'an unknown option of a call');
        if (!isMechanism) await fails(() => run(subject, one, name, args, {}, 1), 'ERR_INVALID_ARG', 'something behind the options');
        close();
      }
    });

    test(named(`${shown}: magnitudes 1e-20 to 1e20 give finite numbers or ERR_OUT_OF_RANGE`), () => {
      const one = new type(options);
      for (const scale of [1e-20, 1e-10, 1e10, 1e20]) {
        const signed = random(5);
        for (const name of Object.keys(operations)) {
          const { args, close } = argumentsOf(subject, one, name, () => signed() * scale);
          try {
            const result = run(subject, one, name, args);
            for (const part of result.data || typeof result === 'number' ? [result] : Object.values(result)) assert.ok(Array.from(numbersOf(part)).every(Number.isFinite));
          } catch (error) {
            assert.strictEqual(error.code, 'ERR_OUT_OF_RANGE', `${name}, ${scale}: ${error.message}`);
          }
          close();
        }
      }
    });
  }

  test(named('calls in flight together, of several sizes, are as one after the other; what changes the member is alone, as a whole or not at all'), async () => {
    const options = optionsOf(subject), now = new type(options), later = new type(options), stateOfOne = (one) => bits(one.getWeights());
    for (const name of Object.keys(operations).filter((each) => isAsync(subject, each))) {
      const signed = random(4), { changesMember } = operations[name];
      const lists = [5, 3, 8].map((n) => argumentsOf(subject, now, name, () => signed() / 2, n)), threads = { threads: 2 };
      const inFlight = lists.map(({ args }) => runAsync(subject, later, name, args, threads));
      if (changesMember) {
        for (const read of ['getWeights', 'toJson', 'weightsToBuffer']) await fails(() => later[read](), 'ERR_BUSY', `${read} during ${name}`);
        await fails(() => run(subject, later, name, lists[0].args), 'ERR_BUSY', `${name} during itself`);
      } else later.getWeights();
      const expected = [];
      for (const { args } of lists) expected.push(bits(run(subject, now, name, args)));
      assert.deepStrictEqual((await Promise.all(inFlight)).map(bits), expected, name);
      assert.strictEqual(stateOfOne(later), stateOfOne(now), name);
      if (changesMember) {
        const stop = new AbortController(), first = runAsync(subject, later, name, lists[0].args), second = runAsync(subject, later, name, lists[1].args, { signal: stop.signal });
        stop.abort();
        await fails(() => second, 'ERR_ABORTED', `${name}, aborted while it waits`);
        await first;
        run(subject, now, name, lists[0].args);
        assert.strictEqual(stateOfOne(later), stateOfOne(now), `${name}, aborted while it waits`);
      }
      const reading = Object.keys(operations).find((other) => isAsync(subject, other) && !operations[other].changesMember);
      if (changesMember && reading) {
        const { args, close } = argumentsOf(subject, later, reading, () => signed() / 2), read = runAsync(subject, later, reading, args), before = stateOfOne(later);
        await fails(() => run(subject, later, name, lists[0].args), 'ERR_BUSY', `${name} during ${reading}`);
        await read;
        assert.strictEqual(stateOfOne(later), before, `${name} during ${reading}`);
        close();
      }
      for (const ticks of changesMember ? [0, 1, 2, 5] : []) {
        const before = stateOfOne(later), stop = new AbortController(), call = runAsync(subject, later, name, lists[0].args, { signal: stop.signal });
        for (let i = 0; i < ticks; i++) await undefined;
        stop.abort();
        const code = await call.then(() => 'none', (error) => error.code);
        if (code === 'none') {
          run(subject, now, name, lists[0].args);
          assert.strictEqual(stateOfOne(later), stateOfOne(now), `${name}, not aborted`);
        } else assert.deepStrictEqual([code, stateOfOne(later)], ['ERR_ABORTED', before], `${name}, aborted`);
      }
      for (const { close } of lists) close();
    }
  });

  test(named('closed, also in the middle of a call; handles of others; text that is none'), async () => {
    const [main] = Object.keys(operations);
    const options = optionsOf(subject), one = new type(options), signed = random(2), { args } = argumentsOf(subject, one, main, signed, 300), calls = {};
    for (const name of Object.keys(operations)) {
      const list = listOf(subject, one, name, argumentsOf(subject, one, name, () => signed() / 2).args);
      for (const method of [methodOf(subject, name), ...isAsync(subject, name) ? [`${methodOf(subject, name)}Async`] : []]) calls[method] = list;
    }
    Object.assign(calls, { getWeights: [], setWeights: [one.getWeights()], toJson: [] });
    const expected = bits(run(subject, new type(options), main, args)), pending = runAsync(subject, one, main, args);
    const list = listOf(subject, one, main, args), method = methodOf(subject, main);
    one.close();
    one.close();
    assert.strictEqual(bits(await pending), expected, 'a call in flight ends well');
    assert.strictEqual(one.closed, true);
    for (const name of row.options.keys()) assert.notStrictEqual(one[name], undefined, `${name} of a closed one`);
    const open = new type(options), text = open.toJson(), aborted = new AbortController();
    for (const [name, given] of Object.entries(calls)) {
      await fails(() => one[name](...given), 'ERR_CLOSED', `${name}, closed`, name.endsWith('Async'));
      for (const stranger of [{}, null, undefined, new ruvector.VectorSet([[1]]), Object.create(type.prototype), Object.create(open), new Proxy(open, {})]) {
        await fails(() => type.prototype[name].apply(stranger, given), 'ERR_WRONG_HANDLE', `${name} of another object`, name.endsWith('Async'));
      }
    }
    const others = SUBJECTS.filter((other) => other.row.family === row.family && other.type !== type).map((other) => new other.type(optionsOf(other)));
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype)).filter(([, { get }]) => get)) {
      for (const other of [undefined, ...others]) await fails(() => get.call(other), 'ERR_WRONG_HANDLE', `${name} of ${other?.constructor.name}`);
    }
    for (const other of others) other.close();
    aborted.abort();
    await fails(() => open[`${method}Async`](...listOf(subject, open, main, args, { signal: aborted.signal })), 'ERR_ABORTED', 'aborted');
    const kept = open.getWeights(), queued = open[`${method}Async`](...list);
    await fails(() => open.setWeights(kept), 'ERR_BUSY', 'weights of a call that waits');
    await queued;
    open.setWeights(open.getWeights());
    await fails(() => open.setWeights(new Float32Array(open.getWeights().length + 1)), 'ERR_DIMENSION_MISMATCH', 'too many weights');
    for (const [what, bad] of Object.entries(damaged(subject, text))) await fails(() => type.fromJson(bad), 'ERR_CORRUPT', what);
    await fails(() => type.fromJson(5), 'ERR_INVALID_ARG', 'no text');
  });
}

test('every member of a family has its class, every operation of a mechanism its method', () => {
  const families = new Set(SUBJECTS.map(({ row }) => row.family));
  for (const { family, name, operations } of MEMBERS) {
    if (!families.has(family)) continue;
    assert.ok(SUBJECTS.some(({ row }) => row.family === family && row.native === name) || name === 'ruvector', `${family} ${name}`);
    if (family === 'attention') for (const operation of Object.keys(operations)) assert.ok(operation in METHODS || INSIDE.includes(operation), `${name}: ${operation}`);
  }
  for (const { row, type } of SUBJECTS) assert.strictEqual(type.name, row.class);
  assert.ok(families.size >= (families.has('attention') ? 10 : 0)); // the smaller module of WebAssembly has no attention
});
