'use strict';

// Observations in memory, no more than so many: of a longer stream a fair sample (the reservoir: Vitter 1985, algorithm R).
const MIX = 0x9e3779b97f4a7c15n, MASK = (1n << 64n) - 1n;

/** A number below `bound` that depends on the seed and the count alone (SplitMix64). */
function chance(seed, count, bound) {
  let z = (BigInt.asUintN(64, BigInt(seed)) + BigInt(count) * MIX) & MASK;
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return Number((z ^ (z >> 31n)) % BigInt(bound));
}

/** Where the observation number `count` (from 0) goes among `most`: a slot, or undefined where it is not kept. */
function slotOf(seed, count, most) {
  if (count < most) return count;
  const slot = chance(seed, count, count + 1);
  return slot < most ? slot : undefined;
}

/** Text that is the same for the same numbers. */
const keyOf = (query) => String.fromCharCode(...new Uint16Array(query.slice().buffer));

class Log {
  #most;
  #seed;
  /** Slots: {key, shown, clicked, swapped, model}. */
  #slots = [];
  #queries = new Map();
  total = 0;

  constructor(most, seed) {
    [this.#most, this.#seed] = [most, seed];
  }

  get size() {
    return this.#slots.length;
  }

  get queries() {
    return this.#queries.size;
  }

  add({ query, shown, clicked, swapped, model }) {
    const slot = slotOf(this.#seed, this.total++, this.#most);
    if (slot === undefined) return;
    if (this.#slots[slot]) this.#drop(this.#slots[slot]);
    const key = keyOf(query), one = { key, shown, clicked, swapped, model };
    this.#slots[slot] = one;
    let entry = this.#queries.get(key);
    if (!entry) this.#queries.set(key, entry = { query, observations: new Set() });
    entry.observations.add(one);
  }

  #drop(one) {
    const entry = this.#queries.get(one.key);
    entry.observations.delete(one);
    if (entry.observations.size === 0) this.#queries.delete(one.key);
  }

  /** [{query, observations}], a distinct query each, in the order of their slots: what was saved and loaded has no other. */
  grouped() {
    const groups = new Map();
    for (const one of this.#slots) {
      const group = groups.get(one.key);
      if (group) group.observations.push(one);
      else groups.set(one.key, { query: this.#queries.get(one.key).query, observations: [one] });
    }
    return [...groups.values()];
  }

  /** What a file keeps: everything by its slot. */
  toJson() {
    const number = new Map(), queries = [];
    for (const { key } of this.#slots) {
      if (number.has(key)) continue;
      number.set(key, queries.length);
      queries.push(this.#queries.get(key).query);
    }
    return { total: this.total, queries, slots: this.#slots.map(({ key, shown, clicked, swapped, model }) => [number.get(key), shown, clicked, swapped ?? null, model]) };
  }

  static fromJson({ total, queries, slots }, most, seed) {
    const log = new Log(most, seed);
    for (const [query, shown, clicked, swapped, model] of slots) log.add({ query: queries[query], shown, clicked, swapped: swapped ?? undefined, model });
    log.total = total;
    return log;
  }
}

module.exports = { Log, slotOf };
