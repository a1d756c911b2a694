// A pool of workers that search one VectorSet: its memory exists once, each worker opens it by its token.
//   node npm/examples/pool.mjs [name ...]
import { once } from 'node:events';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { VectorSet, differentiableSearchHyperbolic } from '@ruvector/gnn';
import mammals from './mammals-data.js';

const WORKERS = 2;

if (isMainThread) {
  const { names, numbers } = mammals.readHierarchy();
  const points = new VectorSet(mammals.packed(mammals.readVectors('wordnet_mammals_poincare5.f32')));
  const pool = Array.from({ length: WORKERS }, () => new Worker(new URL(import.meta.url), { workerData: points.token }));

  const words = process.argv.length > 2 ? process.argv.slice(2) : ['dog.n.01', 'whale.n.02', 'bat.n.01', 'horse.n.01'];
  await Promise.all(pool.map(async (worker, w) => {
    for (let i = w; i < words.length; i += WORKERS) { // every second word is this worker's
      worker.postMessage(points.get(numbers.get(words[i])));
      const [nearest] = await once(worker, 'message');
      words[i] += `: ${nearest.map((n) => names[n]).join(', ')}`;
    }
    await worker.terminate();
  }));
  console.log(words.join('\n'));
  points.close();
} else {
  const points = VectorSet.open(workerData);
  parentPort.on('message', (query) => parentPort.postMessage(differentiableSearchHyperbolic(query, points, 4, -1).indices.slice(1)));
}
