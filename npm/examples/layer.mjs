// An ES module: a graph layer that is saved and loaded, and an embedding stored small.   node npm/examples/layer.mjs
import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RuvectorLayer, TensorCompress, dist } from '@ruvector/gnn';

// A person and her friends: 4 features in, 8 out, 2 attention heads; the seed makes it the same each time.
const person = new Float32Array([0.9, 0.1, 0.4, 0.7]);
const friends = [[0.8, 0.2, 0.5, 0.6], [0.1, 0.9, 0.3, 0.2], [0.7, 0.0, 0.4, 0.9]];
const closeness = [3, 1, 2];

const layer = new RuvectorLayer(4, 8, 2, 0, { seed: 7 });
const embedding = layer.forward(person, friends, closeness);
console.log('embedding', Array.from(embedding, (x) => x.toFixed(2)).join(' '));

const file = join(tmpdir(), `layer-${process.pid}.json`);
await writeFile(file, layer.toJson());
const loaded = RuvectorLayer.fromJson(await readFile(file, 'utf8'));
await rm(file);
console.log('the loaded layer says the same:', loaded.forward(person, friends, closeness).every((x, i) => x === embedding[i]));

// Seldom read, so stored with half the digits.
const box = new TensorCompress();
const stored = box.compress(embedding, 0.5);
const error = Math.max(...box.decompress(stored).map((x, i) => Math.abs(x - embedding[i])));
console.log(`${JSON.stringify([...embedding]).length} characters become ${stored.length}, off by at most ${error.toExponential(0)}`);

// How far apart are two points of the Poincaré ball?
console.log('d =', dist([0.1, 0.2], [0.7, -0.3]).toFixed(3));
