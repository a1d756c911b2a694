// A Web Worker that has the library: what takes long runs here, and the page stays responsive. Each message has a number `id`, which the
// answer has too; errors come back as { code, message }. What the worker makes stays here: only numbers go to and fro.
// (The library is loaded by `import()`: a module that is still waiting for WebAssembly would miss the messages that come meanwhile.)
const loaded = import('/wasm/browser.mjs');

let index;
const TASKS = {
  /** Builds an index of packed rows, in one go: whoever else has this thread waits. */
  build(gnn, { data, rows, dim }) {
    index = new gnn.HNSWIndex({ dim, metric: 'l2', M: 16, efConstruction: 64, seed: 1 });
    index.addBatch(Array.from({ length: rows }, (_, i) => i), { data, rows, dim });
    return { size: index.size, simd: gnn.simdLevel() };
  },
  search(gnn, { query, k }) {
    const { keys, distances } = index.search(query, k);
    return { keys: Array.from(keys), distances };
  },
};

onmessage = async ({ data: { id, task, ...values } }) => {
  try {
    postMessage({ id, result: TASKS[task](await loaded, values) });
  } catch (error) {
    postMessage({ id, error: { code: error.code, message: error.message } });
  }
};
