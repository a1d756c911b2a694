'use strict';
// Makes the calls of one seed in this process: child.js <calls> <seed> <record file> <describe or ''> [names of rows: most calls are theirs, until each has succeeded]
// The record file holds the number and name of the call under way, for the parent to read should this process die.
// With `describe`, the last call's arguments are printed before it is made. The last line printed is the count as JSON.
const fs = require('node:fs');
const { inspect } = require('node:util');
const { bits, rows, ruvector, vector } = require('../../test/support/index.js');
const { Call } = require('./call.js');
const { Chance } = require('./chance.js');
const { kinds, receiver } = require('./kinds.js');
const { rows: memberRows } = require('./members.js');
const { entries } = require('./table.js');
const { World } = require('./world.js');
const { CODES } = require('../../lib/errors.js');
const { stopRace } = require('./race.js');

const { RuvectorError } = ruvector;

const [calls, seed, record, describe, ...only] = [Number(process.argv[2]), Number(process.argv[3]), ...process.argv.slice(4)];
const SETTLE = 20e3, AT_ONCE = 16;
/** Called equally often: the main entry, what all mechanisms of attention share, the rest of attention, members from the registry. */
const partOf = (name) => (name.startsWith('attention:Attention#') ? 1 : name.startsWith('attention:') ? 2 : Object.hasOwn(memberRows, name) ? 3 : 0);
const all = entries(), where = (test) => all.filter(({ name }) => test(name)), isRow = new Set(all.map(({ name }) => name));
const everything = [0, 0, 1, 2, 3].map((part) => where((name) => partOf(name) === part));
const classOf = (name) => name.split(/[#.]/)[0];

/** Lists of rows to pick from, one of them at a time: everything, and twice as often these and others of their classes. */
function partsWith(names) {
  const rowsOf = new Set([...names].map((name) => (isRow.has(name) ? name : name.replace(/:.*#/, ':Attention#')))), classes = new Set([...rowsOf].map(classOf));
  const some = [where((name) => rowsOf.has(name)), where((name) => classes.has(classOf(name)))];
  return [...everything, ...Array(5).fill(some).flat()];
}

/** What has yet to succeed of what was asked for. */
const missing = new Set(only);
let parts = only.length > 0 ? partsWith(missing) : everything;
const chance = new Chance(seed), world = new World(chance, nested);
const counts = { calls: 0, results: 0, errors: 0, callers: 0, async: 0, codes: {}, succeeded: {} };
const codes = new Set(CODES.slice(1));
const file = fs.openSync(record, 'w');

const show = (value) => {
  try {
    return inspect(value, { depth: 3, maxArrayLength: 12, showProxy: true, getters: false, breakLength: 160 });
  } catch (error) {
    return `what cannot be shown (${error})`;
  }
};

function fail(what, at) {
  console.error(`${what}\n  seed ${seed}, call ${at.number}: ${at.name}\n  ${at.args.map(show).join('\n  ')}`);
  process.exit(3);
}

/** A batch of an index: distances that are there are finite, those that are missing are Infinity. */
const isBatch = ({ counts, distances, k }) => distances.every((x, i) => (i % k < counts[Math.floor(i / k)] ? Number.isFinite(x) : x === Infinity));

/** Whether the numbers of a result are finite, at any depth. */
function isFinite(value) {
  if (typeof value === 'number') return Number.isFinite(value);
  if (ArrayBuffer.isView(value) || Array.isArray(value)) return value.every(isFinite);
  if (typeof value === 'string') return !(value.startsWith('{"') && /[[:,]null\b/.test(value));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return true;
  return 'counts' in value && 'k' in value ? isBatch(value) : Object.values(value).every(isFinite);
}

function succeeded(value, at) {
  counts.results++;
  for (const name of [at.name, ...at.also]) {
    counts.succeeded[name] = (counts.succeeded[name] ?? 0) + 1;
    if (missing.delete(name) && missing.size > 0) parts = partsWith(missing);
  }
  if (!at.raced && !isFinite(value)) fail(`a result that is not finite: ${show(value)}`, at);
}

/** What the caller's own objects threw: their getters (also those of a Map's prototype), or, as if each property were one, a revoked Proxy. */
const isCallers = (error) => world.bombs.has(error) || (error instanceof TypeError && /on a proxy that has been revoked$|called on incompatible receiver/.test(error.message));

function failed(error, at) {
  if (isCallers(error)) counts.callers++;
  else if (error instanceof RuvectorError && codes.has(error.code)) {
    counts.errors++;
    counts.codes[error.code] = (counts.codes[error.code] ?? 0) + 1;
  } else fail(`an error without a code: ${error?.stack ?? show(error)}`, at);
}

const pending = new Set();

function watch(promise, at) {
  counts.async++;
  const timer = setTimeout(() => fail(`a promise that did not settle in ${SETTLE / 1000} s`, at), SETTLE);
  const done = promise.then((value) => succeeded(value, at), (error) => failed(error, at)).finally(() => {
    clearTimeout(timer);
    pending.delete(done);
  });
  pending.add(done);
}

let depth = 0;

/** A call from within a caller's getter. */
function nested() {
  if (depth === 2) return;
  depth++;
  make(counts.calls);
  depth--;
}

function make(number) {
  const { name, call, kinds: wanted } = chance.pick(chance.pick(parts));
  const c = new Call(chance, world);
  const self = c.self = name.includes('#') ? receiver(c, name) : undefined;
  const args = wanted.flatMap((row) => (row.spread ? kinds[row.kind](c, row) : [kinds[row.kind](c, row)]));
  if (chance.of(0.03)) args.length = chance.below(args.length + 1);
  const at = { number, name, also: c.also(name), args: [self, ...args], raced: c.raced };
  fs.writeSync(file, `${number} ${name}`.padEnd(80), 0);
  if (describe && number === calls - 1) console.error(`${name}\n  ${at.args.map(show).join('\n  ')}`);
  const isAsync = /Async$|AttentionCompute$|:benchmarkAttention$|#(fit|train|evaluate|meanRank|map|learn)$/.test(name);
  counts.calls++;
  let result;
  try {
    result = call(self, args);
  } catch (error) {
    if (isAsync) fail(`an async function threw synchronously: ${error?.stack}`, at);
    return failed(error, at);
  }
  if (isAsync) return watch(result, at);
  world.keep(result, self);
  return succeeded(result, at);
}

const good = { rows: rows(40, 8, 1), query: vector(8, 2), layer: new ruvector.RuvectorLayer(8, 8, 2, 0.1, 3) };

/** Good calls that use all memory kept from call to call; their results must stay what they are. */
const canary = () => bits([
  ruvector.differentiableSearch(good.query, good.rows, 7), ruvector.differentiableSearchHyperbolic(good.query, good.rows, 7),
  good.layer.forward(good.query, good.rows), ruvector.hierarchicalForward(good.query, [good.rows], [good.layer]),
  new ruvector.TensorCompress().compress(good.query, 0.2), ruvector.frechetMean(good.rows),
]);
const expected = canary();

async function main() {
  process.on('unhandledRejection', (error) => fail(`an unhandled rejection: ${error?.stack ?? show(error)}`, { number: counts.calls - 1, name: '', args: [] }));
  for (let i = 0; i < calls && !(only.length > 0 && missing.size === 0); i++) {
    make(i);
    if (pending.size >= AT_ONCE || (pending.size > 0 && chance.of(0.02))) await Promise.all(pending);
    if (i % 256 === 0 && canary() !== expected) fail(`a good call has another result than at the start: ${canary()}`, { number: i, name: 'canary', args: [] });
    else if (i % 64 === 0) await new Promise(setImmediate); // aborts, finalisers
  }
  await Promise.all(pending);
  stopRace();
  console.log(JSON.stringify(counts));
}
main();
