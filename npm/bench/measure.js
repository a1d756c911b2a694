'use strict';

// Medians of interleaved rounds: noise that lasts longer than a call hits every case alike, so ratios stay right.

/** Microseconds of a clock: that of the wall, or the time that all threads of this process have computed. */
const CLOCKS = {
  wall: () => Number(process.hrtime.bigint()) / 1e3,
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

/**
 * Runs every case once a round, each long enough to be timed; returns the median microseconds a call. A case is {name, run}, or
 * {name, make} where `make()` prepares something and returns `run`.
 */
function measure(cases, { rounds = 31, milliseconds = 4, clock = 'wall' } = {}) {
  const now = CLOCKS[clock];
  const runs = cases.map(({ name, make, run = make() }) => {
    const ready = performance.now() + 5 * milliseconds; // compiled, and known where a case remembers what it has seen
    do run(); while (performance.now() < ready);
    const start = process.hrtime.bigint();
    run();
    const once = Number(process.hrtime.bigint() - start) / 1e6;
    return { name, run, calls: Math.max(1, Math.round(milliseconds / once)), times: [] };
  });
  for (let round = 0; round < rounds; round++) {
    for (const r of runs) {
      const start = now();
      for (let i = 0; i < r.calls; i++) r.run();
      r.times.push((now() - start) / r.calls);
    }
  }
  return new Map(runs.map(({ name, times }) => [name, median(times)]));
}

/** `make`, run at its first call only. */
function once(make) {
  let made;
  return () => (made ??= { value: make() }).value;
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** Rows of text cells, aligned: numbers to the right. */
function table(rows) {
  const widths = rows[0].map((_, c) => Math.max(...rows.map((row) => String(row[c]).length)));
  return rows
    .map((row) => row.map((cell, c) => (c === 0 ? String(cell).padEnd(widths[c]) : String(cell).padStart(widths[c]))).join('  '))
    .join('\n');
}

/** A seeded generator of numbers in [-1, 1): the same data on every machine. */
function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    let x = state ^ (state >>> 16);
    x = Math.imul(x, 0x45d9f3b) >>> 0;
    return ((x ^ (x >>> 15)) >>> 0) / 2147483648 - 1;
  };
}

module.exports = { CLOCKS, generator, measure, median, once, table };
