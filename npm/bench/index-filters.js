'use strict';

// npm run bench -- index: what searches cost after removals and with filters, as ratios to the plain search of the same run (CPU
// time, rounds in turns), and what they find beside an exact search.
const { dataOf, exactOf, indexOf, K, recall, truthOf } = require('./index-data.js');
const { generator, measure } = require('./measure.js');

const SETTINGS = { rounds: 11, milliseconds: 1, clock: 'cpu' }; // a call is a search for each of the queries

const asking = (name, queries, search) => ({ name, run: () => queries.forEach(search) });

/** `share` of all keys, no two of them twice, in no order. */
function someKeys(keys, share, seed) {
  const random = generator(seed);
  return keys.filter(() => (random() + 1) / 2 < share);
}

function removals(section, { quick }) {
  const rows = (quick ? [10000] : [10000, 100000, 400000]).flatMap((n) => {
    const data = dataOf(n), { keys, queries } = data, exact = exactOf(data), before = indexOf(n), after = indexOf(n);
    const found = (index, truth) => recall((query) => index.search(query, K).keys, queries, truth).toFixed(4);
    const whole = found(before, truthOf(exact, queries)), victims = someKeys(keys, 0.1, 5);
    const made = [victims.slice(0, 1), victims.slice(1)].map((gone, i) => {
      for (const key of gone) after.remove(key);
      exact.removeBatch(gone);
      const times = measure([before, after].map((index, side) => asking(side, queries, (query) => index.search(query, K))), SETTINGS);
      return [`${n.toLocaleString('en')}, ${i === 0 ? '1 removed' : '10 % removed'}`, times.get(0) / queries.length, times.get(1) / queries.length,
        (times.get(1) / times.get(0)).toFixed(3), whole, found(after, truthOf(exact, queries))];
    });
    for (const one of [before, after, exact]) one.close();
    return made;
  });
  section('Index: searches after removals', ['vectors', 'before, µs', 'after, µs', 'ratio', 'recall before', 'after'], rows);
}

/** A bitmap of keys. */
function bitmap(keys, count) {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (const key of keys) bits[key >> 3] |= 1 << (key & 7);
  return bits;
}

const SHARES = [0.5, 0.05, 0.005, 0.0005];

/** Rows of n vectors, of which as many are kept as shares of 100,000 (or of n, where that is less) are. */
function filtered(n, of) {
  const data = dataOf(n), { keys, queries } = data, exact = exactOf(data), index = indexOf(n);
  const filters = SHARES.map((share) => bitmap(someKeys(keys, share * of / n, 7), n));
  const prepared = filters.map((bits) => index.prepareFilter?.(bits));
  const cases = [asking('all', queries, (query) => index.search(query, K))];
  filters.forEach((bits, i) => {
    cases.push(asking(`bitmap ${i}`, queries, (query) => index.search(query, K, { filter: bits })));
    if (prepared[i]) cases.push(asking(`prepared ${i}`, queries, (query) => index.search(query, K, { filter: prepared[i] })));
  });
  const times = measure(cases, SETTINGS);
  const found = (filter, truth) => recall((query) => index.search(query, K, { filter }).keys, queries, truth).toFixed(4);
  const result = SHARES.map((share, i) => {
    const truth = truthOf(exact, queries, { filter: filters[i] }), ours = prepared[i] && times.get(`prepared ${i}`);
    return { share, all: times.get('all') / queries.length, fresh: times.get(`bitmap ${i}`) / queries.length, prepared: ours && ours / queries.length,
      freshRecall: found(filters[i], truth), preparedRecall: prepared[i] ? found(prepared[i], truth) : 'no such call' };
  });
  for (const one of [...prepared, index, exact]) one?.close();
  return result;
}

function filters(section, { quick, large }) {
  const n = quick ? 10000 : 100000, small = filtered(n, n), big = large ? filtered(1000000, n) : [];
  const ratio = (a, b) => (a === undefined || b === undefined ? '–' : (a / b).toFixed(3));
  const cells = (one, other, count) => [`${count.toLocaleString('en')}, ${(one.share * n).toLocaleString('en')} kept`, one.all, one.prepared ?? '–', ratio(one.prepared, one.all), one.fresh,
    ratio(one.fresh, one.all), one.preparedRecall, one.freshRecall, ...(large ? [ratio(one.prepared, other?.prepared), ratio(one.fresh, other?.fresh)] : [])];
  section('Index: searches with filters', ['vectors', 'no filter, µs', 'prepared, µs', 'ratio', 'bitmap, µs', 'ratio', 'recall prepared', 'bitmap',
    ...(large ? ['prepared, to the smaller', 'bitmap'] : [])],
  [...small.map((one) => cells(one, undefined, n)), ...big.map((one, i) => cells(one, small[i], 1000000))]);
}

module.exports = { filters, removals };
