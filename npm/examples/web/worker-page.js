// A page whose searches run in a Web Worker (search-worker.js): it sends messages, counts its own ticks while the worker is busy, and
// shows what comes back.
const DIM = 32, ROWS = 3000;
const worker = new Worker('/search-worker.js', { type: 'module' }), waiting = new Map();
let next = 0;

worker.onmessage = ({ data: { id, result, error } }) => {
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  if (error) reject(Object.assign(new Error(error.message), { code: error.code }));
  else resolve(result);
};
worker.onerror = ({ message }) => { for (const { reject } of waiting.values()) reject(new Error(message)); };

/** The answer of the worker to a task. `transfer`: memory that moves there instead of being copied. */
function ask(task, values, transfer = []) {
  const id = next++;
  worker.postMessage({ id, task, ...values }, transfer);
  return new Promise((resolve, reject) => { waiting.set(id, { resolve, reject }); });
}

/** Vector number i. */
function vector(i) {
  let s = (i + 1) * 2654435761 >>> 0;
  return Float32Array.from({ length: DIM }, () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0) / 2 ** 31 - 1);
}

/** `promise`, and how often this thread had a turn meanwhile. */
async function ticksDuring(promise) {
  let ticks = 0;
  const timer = setInterval(() => { ticks++; }, 10);
  try {
    return { result: await promise, ticks };
  } finally {
    clearInterval(timer);
  }
}

async function main() {
  const data = new Float32Array(ROWS * DIM);
  for (let i = 0; i < ROWS; i++) data.set(vector(i), i * DIM);
  const { result, ticks } = await ticksDuring(ask('build', { data, rows: ROWS, dim: DIM }, [data.buffer]));
  const { keys, distances } = await ask('search', { query: vector(ROWS), k: 10 });
  document.getElementById('status').textContent = `${result.size} vectors (${result.simd}); the page had ${ticks} turns while the index was built`;
  document.getElementById('results').replaceChildren(...keys.map((key, i) => {
    const line = document.createElement('li');
    line.textContent = `${key}: ${distances[i].toFixed(3)}`;
    return line;
  }));
  Object.assign(window, { example: { ask, vector, rows: ROWS, dim: DIM, ticks, isMoved: data.length === 0 } });
  document.documentElement.dataset.ready = 'yes';
}

main().catch((error) => { document.getElementById('status').textContent = `${error.code ?? 'error'}: ${error.message}`; });
