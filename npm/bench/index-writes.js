'use strict';

// npm run bench -- index: how long single writes and replacements stop their caller, and what searches are like afterwards.
const fs = require('node:fs');
const path = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { gnn: { VectorStore } } = require('./library.js');
const { clusters, part } = require('./clusters.js');
const { build, dataOf, DIM, exactOf, folder, indexOf, K, named, recall, truthOf } = require('./index-data.js');
const { CLOCKS, measure } = require('./measure.js');

/** Milliseconds of calls, by the wall and by the time that the process computed: another process that has the processor is in the first only. */
class Calls {
  #wall = [];
  #cpu = [];

  time(call) {
    const wall = CLOCKS.wall(), cpu = CLOCKS.cpu();
    call();
    this.#cpu.push((CLOCKS.cpu() - cpu) / 1e3);
    this.#wall.push((CLOCKS.wall() - wall) / 1e3);
  }

  get cells() {
    const sorted = Float64Array.from(this.#wall).sort(), largest = (list) => list.reduce((a, b) => Math.max(a, b), 0).toFixed(2);
    return [String(sorted.length), sorted[Math.floor(0.99 * sorted.length)].toFixed(3), largest(this.#wall), largest(this.#cpu)];
  }
}

/**
 * Adds, removes and updates one vector after the other. A tenth is removed at once before, so that the calls go past the share
 * of removed vectors (11 %) at which the graph is repaired.
 */
function churn(index, { base }, key, count) {
  const n = base.rows, calls = { add: new Calls(), remove: new Calls(), update: new Calls() }, row = (i) => base.data.subarray((i % n) * DIM, (i % n + 1) * DIM);
  index.removeBatch(Array.from({ length: n / 10 }, (_, i) => key(10 * i)));
  for (let i = 0; i < count; i++) {
    calls.remove.time(() => index.remove(key(10 * i + 1)));
    calls.update.time(() => index.update(key(10 * i + 2), row(i * 7 + 3)));
    calls.add.time(() => index.add(key(n + i), row(i * 13 + 5)));
  }
  return calls;
}

function singleWrites(section, { quick }) {
  const n = quick ? 10000 : 400000, rows = [];
  for (const [keys, key] of [['number', (i) => i], ['string', named]]) {
    const index = indexOf(n, { keys });
    process.stderr.write('. ');
    for (const [name, calls] of Object.entries(churn(index, dataOf(n), key, n / 50))) rows.push([`${name}, ${keys} keys`, ...calls.cells]);
    index.close();
  }
  section(`Index of ${n.toLocaleString('en')}: single synchronous writes`, ['call', 'calls', 'p99, ms', 'longest, ms', 'longest, CPU ms'], rows);
}

/** The longest delay of the event loop, in milliseconds, from when `start()` has returned until its promise is kept. */
async function longestDelay(start) {
  const delay = monitorEventLoopDelay({ resolution: 1 }), promise = start();
  delay.enable();
  await promise;
  delay.disable();
  return delay.max / 1e6;
}

/** What is searched after a replacement beside the same thing built anew: cells of a row. */
function beside(replaced, anew, queries, truth) {
  const times = measure([replaced, anew].map((search, name) => ({ name, run: () => queries.forEach(search) })), { rounds: 11, milliseconds: 1, clock: 'cpu' });
  return [times.get(0) / queries.length, (times.get(0) / times.get(1)).toFixed(3), recall(replaced, queries, truth).toFixed(4), recall(anew, queries, truth).toFixed(4)];
}

/** Rows of which the first half have other vectors. */
function halfReplaced({ base, keys, queries }) {
  const half = base.rows / 2, other = part(clusters(base.rows, 1, 21).base, 0, half), all = { ...base, data: base.data.slice() };
  all.data.set(other.data);
  return { other, some: keys.subarray(0, half), base: all, keys, queries };
}

async function indexReplacement(data) {
  const index = indexOf(data.base.rows);
  const longest = await longestDelay(() => index.addBatchAsync(data.some, data.other, { replace: true }));
  const anew = build(data.base, data.keys), search = (one) => (query) => one.search(query, K).keys;
  return ['HNSWIndex', longest.toFixed(1), ...beside(search(index), search(anew), data.queries, truthOf(exactOf(data), data.queries))];
}

async function storeReplacement(original, data) {
  const open = (name, base) => {
    const store = VectorStore.open(path.join(folder, name), { dim: DIM, synchronous: 'normal' });
    store.insertBatch({ ids: Array.from(original.keys, named), vectors: base }, { threads: 2 });
    return store;
  };
  const store = open('replaced.db', original.base);
  const longest = await longestDelay(() => store.insertBatchAsync({ ids: Array.from(data.some, named), vectors: data.other }, { replace: true }));
  const anew = open('anew.db', data.base), search = (one) => (query) => one.search(query, { k: K }).map(({ id }) => Number(id.slice(4)));
  const cells = beside(search(store), search(anew), data.queries, truthOf(exactOf(data), data.queries));
  for (const one of [store, anew]) one.close();
  return ['VectorStore', longest.toFixed(1), ...cells];
}

/** Half of an index is replaced by asynchronous calls, one thread. */
async function replacements(section, { quick }) {
  const n = quick ? 10000 : 100000, original = dataOf(n), data = halfReplaced(original), rows = [];
  for (const [name, run] of [['HNSWIndex', () => indexReplacement(data)], ['VectorStore', () => storeReplacement(original, data)]]) {
    try {
      rows.push(await run());
    } catch (error) {
      rows.push([name, `${error.code}: left out`, '–', '–', '–', '–']);
    }
    process.stderr.write('. ');
  }
  section(`Index: an asynchronous replacement of ${(n / 2).toLocaleString('en')} of ${n.toLocaleString('en')}`,
    ['in', 'longest delay of the event loop, ms', 'search afterwards, µs', 'to one built anew', 'recall', 'built anew'], rows);
}

/** A store whose file another connection changes: milliseconds of the first search and of the next. */
function idleReader(section, { quick }) {
  const n = quick ? 2000 : 15000, { base, keys, queries } = dataOf(quick ? 10000 : 100000), file = path.join(folder, 'idle.db');
  const writer = VectorStore.open(file, { dim: DIM });
  writer.insertBatch({ ids: Array.from(keys.subarray(0, n), named), vectors: part(base, 0, n) }, { threads: 2 });
  writer.save();
  const reader = VectorStore.open(file), first = new Calls(), next = new Calls();
  reader.search(queries[0]);
  for (let i = 0; i < 4; i++) {
    writer.delete(named(i));
    writer.save();
  }
  first.time(() => reader.search(queries[0]));
  next.time(() => reader.search(queries[0]));
  for (const one of [reader, writer]) one.close();
  fs.rmSync(file);
  section(`Store of ${n.toLocaleString('en')}: the first search after another connection has deleted 4 and saved`,
    ['search', 'ms', 'CPU ms'], [['first', ...first.cells.slice(2)], ['next', ...next.cells.slice(2)]]);
}

module.exports = { idleReader, replacements, singleWrites };
