'use strict';

// The gate for speed: npm run bench -- <sections> --against <folder of a built checkout> [--turns 12] [--rows <part of a name>]
//
// A turn is two processes, one with the old library and one with the new, both driven by the benchmark code of this checkout
// (gate-turn.js). Row by row they take rounds of some milliseconds, one after the other in alternating order, so that the two
// rounds of a pair see the same machine. Of each row a turn gives the median of the pairs' ratios; the interval is Student's,
// 95 %, of the mean of its logarithm over the turns, so that it takes in what differs between processes: where memory lies, how
// code was compiled. A row is slower where all of its interval lies above 1.03, and again in as many turns of its own, which are
// those that count: of fifty rows on a noisy machine one may be out by chance, hardly twice. Then, and where a row fails on the
// new side alone, the gate ends with status 1. A row that the old library cannot run is new.
const { fork } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { median, table } = require('./measure.js');
const { SECTIONS } = require('./rows.js');

const LIMIT = 1.03, SLOWER = 'SLOWER';
/** Microseconds of a round and, about, of a row; rounds of a row. */
const ROUND = 4000, ROW = 200000, ROUNDS = 25, FEWEST = 5;
/** Student's t, two-sided 95 %, for 1, 2, ... degrees of freedom; beyond, an approximation that is right to .002. */
const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086];
const student = (freedom) => T[freedom - 1] ?? 1.96 + 2.5 / freedom;

/** {ratio, low, high} of the ratios of turns. */
function interval(ratios) {
  const logs = ratios.map(Math.log), n = logs.length;
  const mean = logs.reduce((sum, x) => sum + x, 0) / n;
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const half = student(n - 1) * Math.sqrt(variance / n);
  return { ratio: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) };
}

/** A process that measures one library; it answers one question at a time. */
class Side {
  #child;
  #end;

  constructor(library, section) {
    const env = { ...process.env, RUVECTOR_BENCH_LIBRARY: library };
    delete env.RUVECTOR_BINARY; // it would be loaded by both sides
    this.#child = fork(path.join(__dirname, 'gate-turn.js'), [section], { env, execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#end = new Promise((_, reject) => {
      this.#child.once('exit', (code, signal) => reject(new Error(`${section} of ${library} ended with ${signal ?? code}`)));
      this.#child.once('error', reject);
    });
    this.#end.catch(() => {}); // asked of at the next question
  }

  ask(question) {
    const answer = new Promise((resolve) => { this.#child.once('message', resolve); });
    this.#child.send(question);
    return Promise.race([answer, this.#end]);
  }

  close() {
    this.#child.removeAllListeners('exit');
    this.#child.disconnect();
  }
}

/** How often a row is run, from what the sides said of it. */
function plan(ready) {
  if (ready.some(({ repeat }) => repeat !== undefined)) return { calls: 1, rounds: ready[0].repeat };
  const once = Math.min(...ready.map((one) => one.once)), calls = Math.max(1, Math.round(ROUND / once));
  return { calls, rounds: Math.min(ROUNDS, Math.max(FEWEST, Math.round(ROW / (once * calls)))) };
}

/** One row in both processes: {old, now, ratio} as medians of its rounds, {unit}, or the errors of the sides. */
async function row(sides, name, isOdd) {
  const order = isOdd ? ['new', 'old'] : ['old', 'new'], ready = {}, values = { old: [], new: [] };
  for (const side of order) ready[side] = await sides[side].ask({ do: 'prepare', name });
  const { calls, rounds } = plan(order.map((side) => ready[side]).filter(({ error }) => error === undefined));
  for (let i = 0; i < rounds; i++) {
    for (const side of i % 2 ? [...order].reverse() : order) {
      if (ready[side].error !== undefined) continue;
      const { value, error } = await sides[side].ask({ do: 'round', name, calls });
      if (error === undefined) values[side].push(value);
      else ready[side] = { error };
    }
  }
  for (const side of order) await sides[side].ask({ do: 'forget', name });
  const errors = Object.fromEntries(order.map((side) => [side, ready[side].error])), { unit } = ready.new;
  if (errors.old !== undefined || errors.new !== undefined) return { errors, unit, now: errors.new === undefined ? median(values.new) : undefined };
  return { errors, unit, before: median(values.old), now: median(values.new), ratio: median(values.new.map((value, i) => value / values.old[i])) };
}

/** Runs `count` turns of those rows of a section whose names are `wanted`: name -> what `row` gave in each. */
async function turns(section, libraries, count, wanted) {
  const results = new Map();
  process.stderr.write(`${section} `);
  for (let i = 0; i < count; i++) {
    const sides = { old: new Side(libraries.old, section), new: new Side(libraries.new, section) };
    try {
      const { names, error } = await sides.new.ask({ do: 'names' });
      if (error !== undefined) throw new Error(`${section}: ${error}`);
      for (const name of names.filter(wanted)) {
        results.set(name, [...results.get(name) ?? [], await row(sides, name, i % 2 === 1)]);
      }
    } finally {
      sides.old.close();
      sides.new.close();
    }
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  return results;
}

/** What became of one row in all turns. */
function judge(name, list) {
  const failure = (side) => list.find(({ errors }) => errors[side] !== undefined)?.errors[side], { unit } = list[0];
  const [oldError, newError] = [failure('old'), failure('new')];
  if (newError !== undefined) {
    return { name, verdict: oldError === undefined ? 'FAILS' : 'neither can', note: newError, isBad: oldError === undefined };
  }
  const now = median(list.map((one) => one.now));
  if (oldError !== undefined) return { name, unit, now, verdict: 'new', note: oldError };
  const { ratio, low, high } = interval(list.map((one) => one.ratio)), isBad = low > LIMIT;
  const verdict = isBad ? SLOWER : high < 1 / LIMIT ? 'faster' : '';
  return { name, unit, before: median(list.map((one) => one.before)), now, ratio, low, high, isBad, verdict };
}

const figure = (x) => (x === undefined ? '–' : x >= 100 ? x.toFixed(0) : x.toPrecision(3));

function print(section, count, judged) {
  const cells = judged.map(({ name, before, now, unit, ratio, low, high, verdict }) => [
    name, figure(before), figure(now), unit ?? '', ratio?.toFixed(3) ?? '–', ratio ? `${low.toFixed(3)} – ${high.toFixed(3)}` : '–', verdict]);
  console.log(`\n${section}, ${count} turns: new against old\n${table([['row', 'old', 'new', '', 'ratio', '95 % interval', ''], ...cells])}`);
  for (const { name, verdict, note } of judged) if (note) console.log(`${verdict}: ${name}: ${note}`);
}

/** Compares one section: its judged rows. */
async function compare(section, libraries, count, part) {
  const results = await turns(section, libraries, count, (name) => name.includes(part));
  if (results.size === 0) throw new Error(`--rows: no row of ${section} has "${part}" in its name`);
  const isSuspect = (name) => judge(name, results.get(name)).verdict === SLOWER, suspects = [...results.keys()].filter(isSuspect);
  if (suspects.length > 0) {
    process.stderr.write('again: ');
    for (const [name, list] of await turns(section, libraries, count, (one) => suspects.includes(one))) results.set(name, list);
  }
  const judged = [...results].map(([name, list]) => judge(name, list));
  print(section, count, judged);
  return judged;
}

/** Compares the sections; the rows of all of them. */
async function gate(sections, { against, turns: given = '12', rows = '' }) {
  const folder = path.resolve(against), count = Number(given), judged = [];
  for (const file of ['index.js', 'build/Release/ruvector.node']) {
    if (!fs.existsSync(path.join(folder, file))) throw new Error(`--against: ${folder} is no built checkout: it has no ${file}`);
  }
  if (!(Number.isInteger(count) && count >= 3)) throw new Error('--turns: an interval that says anything takes at least 3 turns');
  const libraries = { old: folder, new: path.resolve(__dirname, '../..') };
  for (const section of sections) if (!Object.hasOwn(SECTIONS, section)) throw new Error(`${section} is no section: ${Object.keys(SECTIONS).join(', ')}`);
  for (const section of sections) judged.push(...await compare(section, libraries, count, rows));
  const bad = judged.filter(({ isBad }) => isBad);
  console.log(bad.length === 0 ? `\nNo row is slower (all intervals reach below ${LIMIT}).` : `\nSlower, or failing: ${bad.map(({ name }) => name).join('; ')}`);
  if (bad.length > 0) process.exitCode = 1;
  return judged;
}

module.exports = { gate };
