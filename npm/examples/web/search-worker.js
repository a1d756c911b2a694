// A Web Worker that has the library: what takes long runs here, and the page stays responsive. Each message has a number `id`, which the
// answer has too; errors come back as { code, message }. What the worker makes stays here: only numbers go to and fro.
import * as gnn from '/wasm/browser.mjs';

let index;
const TASKS = {
  /** Builds an index of packed rows, in one go: whoever else has this thread waits. */
  build({ data, rows, dim }) {
    index = new gnn.HNSWIndex({ dim, metric: 'l2', M: 16, efConstruction: 200, seed: 1 });
    index.addBatch(Array.from({ length: rows }, (_, i) => i), { data, rows, dim });
    return { size: index.size, simd: gnn.simdLevel() };
  },
  search({ query, k }) {
    const { keys, distances } = index.search(query, k);
    return { keys: Array.from(keys), distances };
  },
};

onmessage = ({ data: { id, task, ...values } }) => {
  try {
    postMessage({ id, result: TASKS[task](values) });
  } catch (error) {
    postMessage({ id, error: { code: error.code, message: error.message } });
  }
};
