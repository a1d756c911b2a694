'use strict';

// Lists of Float32Arrays that come again and again. Copying rows next to each other takes three quarters of a search;
// native code can as well read them where they are, or copy them in half the time. To ask Node-API for a row's place takes
// longer than copying it, so places are kept, block by block, for lists that come again with the same arrays in them. Only
// places are kept, never numbers: each call reads what the arrays hold then.
//
// A place stays right while the array is the same object and has its length: memory that is detached, shrunk or taken
// away leaves a length of 0, and nothing else moves it once Node-API has told its place (V8 keeps short arrays in its
// own heap until then).
const native = require('./native.js');
const { lengthOf, tagOf } = require('./errors.js');

/** Not for WebAssembly, which has memory of its own, and not where the engine is another (Bun's may move an array). */
const isPossible = !native.copies && process.versions.bun === undefined;

/** Shorter lists are copied faster than looked at. */
const FEWEST = 64;

/** Rows of a block: the search engine's own block, so that every way of searching adds up in the same order. */
const ROWS = 512;

/** What was seen of one block of a list. Where there are places, they belong to `rows`. */
class Block {
  rows = [];
  places = undefined;

  /** Whether list[start, start + count) is what it was last time; remembers it. Getters of the list may run, and search. */
  #isSame(list, start, count) {
    let same = this.rows.length === count;
    for (let i = 0; i < count; i++) {
      const row = list[start + i];
      if (row === this.rows[i]) continue;
      this.places = undefined;
      this.rows[i] = row;
      same = false;
    }
    if (this.rows.length !== count) {
      this.places = undefined;
      this.rows.length = count;
      same = false;
    }
    return same;
  }

  /** Places of the rows, good until anything else runs; undefined where they are to be copied. */
  of(list, start, count, dim) {
    if (!this.#isSame(list, start, count)) return undefined;
    const { rows } = this;
    if (this.places === undefined) {
      for (let i = 0; i < count; i++) if (tagOf(rows[i]) !== 'Float32Array') return undefined;
      const places = new BigUint64Array(count);
      native.rowPlaces(rows, undefined, places);
      this.places = places;
    }
    for (let i = 0; i < count; i++) if (lengthOf(rows[i]) !== dim) return undefined;
    return this.places;
  }
}

/** list -> its blocks; held no longer than the list. */
const lists = new WeakMap();

/** The blocks of a list of `length` that has come before, by number; undefined for others. */
function blocksOf(list, length) {
  if (!isPossible || length < FEWEST) return undefined;
  const known = lists.get(list);
  if (known === undefined) lists.set(list, []);
  else known.length = Math.ceil(length / ROWS); // rows of a list that has become shorter are let go
  return known;
}

/** Places of list[start, start + count), block `number`, if they are known. */
function placesOf(blocks, number, list, start, count, dim) {
  return (blocks[number] ??= new Block()).of(list, start, count, dim);
}

module.exports = { ROWS, blocksOf, placesOf };
