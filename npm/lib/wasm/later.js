'use strict';

// Promise forms of calls in an instance that has one thread, JavaScript's own: they run on a later turn of the event
// loop, long searches in slices with turns in between.

/** Calls `resume` on a later turn, after what waits already. Timers would come 4 ms late in a browser; jsdom has nothing else. */
function onNextTurn(resume) {
  if (typeof setImmediate === 'function') return setImmediate(resume);
  if (typeof MessageChannel !== 'function') return setTimeout(resume, 0);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { port1.close(); resume(); };
  return port2.postMessage(null);
}
const turn = () => new Promise(onNextTurn);

/** Runs `run` on a later turn; what its handles stand for lives until it is done. */
async function later({ boxes, run, flag, aborted, closed }) {
  if (boxes.some((box) => box.closed || box.machine.ended)) throw closed();
  for (const box of boxes) box.hold();
  const check = () => {
    if (flag?.[0]) throw aborted();
  };
  try {
    await turn();
    check();
    return await run(async () => { await turn(); check(); });
  } finally {
    for (const box of boxes) box.letGo();
  }
}

/** Multiply-adds between two turns: some 10 ms. */
const SLICE = 2e7;

/** A search with few enough queries at a time; `pause` gives the turn and throws once the search is cancelled. */
async function searchInSlices(run, values, pause) {
  const [queries, rows, dim, set, data, n, width, k, curvature, projection, temperature, indices, weights, distances, ...control] = values;
  const most = Math.max(1, Math.floor(SLICE / Math.max(1, n * width)));
  const step = most > 16 ? most - most % 16 : most; // the library reads the candidates once for 16 queries
  if (rows <= step) return run(values);
  let found = 0;
  for (let start = 0; start < rows; start += step) {
    if (start > 0) await pause();
    const end = Math.min(start + step, rows), part = (array, size) => array.subarray(start * size, end * size);
    try {
      found = run([part(queries, dim), end - start, dim, set, data, n, width, k, curvature, projection, temperature,
        part(indices, k), part(weights, k), part(distances, k), ...control]);
    } catch (error) {
      if (error.code === 'ERR_TRAP' || error.code === 'ERR_OUT_OF_MEMORY') throw error;
      return run(values); // the whole call says it with the right index of the query
    }
  }
  return found;
}

module.exports = { later, searchInSlices };
