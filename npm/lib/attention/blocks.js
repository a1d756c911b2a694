'use strict';

// One query over long lists of vectors. Packed as a whole they would go through memory three times; block by block they stay
// in the cache between packing and attending. The numbers are those of the whole, bit for bit.
const native = require('../native.js');
const { packBlock } = require('../matrices.js');
const { ROWS, blocksOf } = require('../row-places.js');
const { withStaging } = require('../staging.js');
const { isList, lengthOf, tagOf } = require('../errors.js');

/** Floats of keys and values that stay in the cache anyhow. */
const FEWEST = 2 ** 18;

const widthOf = (row) => (tagOf(row) === 'Float32Array' ? lengthOf(row) : 0);

/** The output, or undefined where the call is to be made as a whole: short lists, other forms, whatever is wrong or large. */
function computeInBlocks({ row, config, sizes: { dim }, handle }, query, keys, values) {
  if (!row.inBlocks?.(config) || !isList(keys) || !isList(values)) return undefined;
  const count = keys.length, { numHeads = 1 } = config, width = widthOf(values[0]);
  if (values.length !== count || widthOf(keys[0]) !== dim || width === 0 || !(count * (dim + width) >= FEWEST)) return undefined;
  const state = new Float64Array(2 * numHeads + width + 1), out = new Float32Array(width);
  try {
    withStaging((staging) => {
      const k = staging.take(ROWS * dim, 'keys'), v = keys === values ? k : staging.take(ROWS * width, 'values');
      const [keyBlocks, valueBlocks] = [keys, values].map((list) => blocksOf(list, count));
      for (let start = 0; start < count; start += ROWS) {
        const rows = Math.min(ROWS, count - start);
        packBlock(keyBlocks, keys, start, rows, dim, k, 'keys');
        if (v !== k) packBlock(valueBlocks, values, start, rows, width, v, 'values');
        native.run(handle, 'feed', [query, k.subarray(0, rows * dim), v.subarray(0, rows * width), state], Float64Array.of(1, dim, rows, dim, rows, width, -1, -1), 1, undefined);
      }
    });
    return native.run(handle, 'finish', [state, out], Float64Array.of(-1, -1, -1, -1), 1, undefined) > 0 ? out : undefined;
  } catch {
    return undefined; // the whole call says it by its place
  }
}

module.exports = { computeInBlocks };
