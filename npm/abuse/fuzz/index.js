'use strict';
// Calls everything the library exports with random arguments, good and bad, in processes of their own.
//   npm run fuzz [-- --calls N --seed S]      10^6 calls, a random seed
//   npm run fuzz -- --calls N --seed S --one [names]  one process, as a failure names it (until what is named has succeeded); shows the last call's arguments
// What must hold: no process dies; everything thrown is a RuvectorError with a code of the list, or what the caller's own
// getter threw; no call hangs; no result contains NaN or Infinity; …Async never throws; each export has its row in
// table.js, and some of its calls succeed.
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { parseArgs } = require('node:util');
const { entries } = require('./table.js');
const { MECHANISMS } = require('../../lib/overlay/attention.js');

const BATCH = 10000; // calls a process
const COVERING = 10000; // so many calls have to reach every row
const QUIET = 60e3; // ms without a new call: it hangs

/** One process; its counts. Rejects with everything a reader needs to repeat it. `only`: names of rows that most calls are of, until each has succeeded. */
function run(calls, seed, { describe = false, only = [] } = {}) {
  const record = path.join(os.tmpdir(), `ruvector-fuzz-${process.pid}-${seed}`);
  const folder = fs.mkdtempSync(`${record}-`); // a text that nobody meant as a path becomes a file there
  const child = spawn(process.execPath, [path.join(__dirname, 'child.js'), calls, seed, record, describe ? 'describe' : '', ...only], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const last = () => (fs.existsSync(record) ? fs.readFileSync(record, 'utf8').trim() : '0 (nothing yet)');
  let out = '', err = '', before = '', hangs = false;
  child.stdout.on('data', (x) => { out += x; });
  child.stderr.on('data', (x) => { err += x; });
  const watchdog = setInterval(() => {
    const now = last();
    if (now === before) {
      hangs = true;
      child.kill('SIGKILL');
    }
    before = now;
  }, QUIET);
  return new Promise((resolve, reject) => {
    child.on('close', (status, signal) => {
      clearInterval(watchdog);
      const at = last();
      fs.rmSync(record, { force: true });
      fs.rmSync(folder, { recursive: true });
      if (describe) process.stderr.write(err);
      if (status === 0) return resolve(JSON.parse(out));
      const how = hangs ? `hung for ${QUIET / 1000} s` : status === 3 ? 'broke a rule' : `died (${signal ?? `exit code ${status}`})`;
      return reject(new Error(`A process ${how} in call ${at}\n${err}\nAgain: npm run fuzz -- --one --seed ${seed} --calls ${parseInt(at, 10) + 1} ${only.join(' ')}`));
    });
  });
}

function add(sum, counts) {
  for (const [key, value] of Object.entries(counts)) {
    if (typeof value === 'number') sum[key] = (sum[key] ?? 0) + value;
    else add((sum[key] ??= {}), value);
  }
}

/** `calls` calls from `seed` on, so many a process (each its own seed); progress(calls done). Returns the counts. */
async function fuzz(calls, seed, progress = () => {}, batch = BATCH) {
  const sum = {};
  let s = seed;
  for (let done = 0; done < calls; s++) {
    const n = Math.min(batch, calls - done);
    add(sum, await run(n, s));
    progress((done += n));
  }
  if (calls < COVERING) return sum;
  const classes = Object.keys(MECHANISMS).flatMap((name) => ['compute', 'computeBatch', 'backward'].map((method) => `attention:${name}#${method}`));
  const missing = () => [...entries().map(({ name }) => name), ...classes].filter((name) => !sum.succeeded[name]);
  // Chance leaves out a rare call now and then: those by name; what so many tries do not reach is out of reach.
  for (let more = 0; more < 4 && missing().length > 0; more++) {
    add(sum, await run(BATCH, s++, { only: missing() }));
  }
  const never = missing();
  if (never.length > 0) throw new Error(`No call of ${never} ever succeeded: its row in table.js reaches nothing.`);
  return sum;
}

async function main() {
  const { values, positionals: only } = parseArgs({ allowPositionals: true, options: { calls: { type: 'string', default: '1000000' }, seed: { type: 'string' }, one: { type: 'boolean' } } });
  const calls = Number(values.calls), seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${calls} calls, seed ${seed}`);
  const started = Date.now();
  const progress = (done) => process.stderr.isTTY && process.stderr.write(`\r${done} of ${calls}, ${((Date.now() - started) / 1000).toFixed()} s`);
  const sum = values.one ? await run(calls, seed, { describe: true, only }) : await fuzz(calls, seed, progress);
  if (process.stderr.isTTY) process.stderr.write('\n');
  const { succeeded, ...counts } = sum;
  console.log(counts, `${((Date.now() - started) / 1000).toFixed()} s`);
}

module.exports = { fuzz };
if (require.main === module) main().catch((error) => { console.error(error.message); process.exitCode = 1; });
