'use strict';

// One side of one turn of the gate (gate.js), which forks it: node gate-turn.js <section>. It answers what it is asked, one thing
// at a time:
//   {do: 'names'}                  the names of the section's rows
//   {do: 'prepare', name}          makes a row and runs it until it is compiled: {once: microseconds a call}; of a figure {repeat}
//   {do: 'round', name, calls}     microseconds a call
// or {error} in the place of these. Rows are timed by the CPU time of the process: they only compute, and what else runs on the
// machine takes the wall's time, not theirs. Rows that wait (for the disk, for other threads) give figures, which say themselves
// what they count.
const { CLOCKS } = require('./measure.js');
const { SECTIONS } = require('./rows.js');

const WARM = 20000, NOTHING = () => {};
const rows = new Map(SECTIONS[process.argv[2]]().map((row) => [row.name, row])), runs = new Map();
const now = CLOCKS.cpu;

const answers = {
  names: () => ({ names: [...rows.keys()] }),

  async prepare({ name }) {
    const { figure, make, run = make?.(), unit, repeat = 1 } = rows.get(name);
    if (figure) {
      runs.set(name, { figure });
      return { repeat, unit };
    }
    const until = CLOCKS.wall() + WARM;
    do run(); while (CLOCKS.wall() < until);
    const start = CLOCKS.wall();
    run();
    const once = CLOCKS.wall() - start;
    runs.set(name, { run, first: once < 1000 ? run : NOTHING }); // a call that is not timed brings short ones back into the cache
    return { once, unit: 'µs' };
  },

  async round({ name, calls }) {
    const { figure, first, run } = runs.get(name);
    if (figure) return { value: await figure() };
    first();
    const start = now();
    for (let i = 0; i < calls; i++) run();
    return { value: (now() - start) / calls };
  },

  forget({ name }) {
    runs.delete(name);
    globalThis.gc?.();
    return {};
  },
};

process.on('message', async (message) => {
  let answer;
  try {
    answer = await answers[message.do](message);
  } catch (error) {
    answer = { error: `${error.code ?? error.name}: ${error.message}` };
  }
  process.send(answer);
});
