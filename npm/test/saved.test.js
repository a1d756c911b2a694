'use strict';
// What the commit before the spine (0f5156d) saved: mechanisms, a layer, compressed vectors, a store. Each is read, and gives the same.
// (A file of an index of an earlier release: index-equal.test.js.)
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const attention = require('@ruvector/gnn/attention');
const { bits, notInWasm, relative, root, ruvector } = require('./support/index.js');

const fixtures = path.join(root, 'Tests/Fixtures');
const saved = JSON.parse(fs.readFileSync(path.join(fixtures, 'saved-before-the-spine.json'), 'utf8'));
const { queries, keys, values } = saved;

/** Options that came since, with what a text without them means. */
const LATER = { dropout: 0, normalize: false };
function withoutLater(again, text) {
  for (const [name, value] of Object.entries(LATER)) if (!(name in text.options) && again.options[name] === value) delete again.options[name];
  again.options.experts?.forEach((expert, i) => withoutLater(expert, text.options.experts[i]));
  return again;
}

for (const { name, json, output, gradient } of saved.attention) {
  test(`${name} of the commit before the spine`, () => {
    const one = attention[name].fromJson(json), out = one.computeBatch(queries, keys, values), text = JSON.parse(json);
    assert.ok(relative(out.data, output) <= 1e-5, `${relative(out.data, output)}`);
    const slopes = one.backward(queries, keys, values, { data: Float32Array.from(output), rows: 2, dim: output.length / 2 }).parameters;
    if (gradient.length > 0) assert.ok(relative(slopes, gradient) <= 1e-4, `${relative(slopes, gradient)}`);
    const again = withoutLater(JSON.parse(one.toJson()), text);
    assert.deepStrictEqual(again, text);
    // The same options and seed draw the same weights: those of the text had a sine added to what was drawn.
    const drawn = new attention[name](one.toJson === undefined ? {} : Object.fromEntries(Object.entries(text.options).map(([key, value]) => [key, key === 'seed' ? BigInt(value) : value]))).getWeights();
    const data = Float32Array.from(text.weights.flatMap((weight) => weight.data)), moved = drawn.map((x, i) => Math.fround(x + Math.sin(i) / 16));
    if (!text.options.experts) assert.deepStrictEqual(moved, data);
  });
}

test('a layer of the commit before the spine', () => {
  const layer = ruvector.RuvectorLayer.fromJson(saved.layer.json);
  assert.ok(relative(layer.forward(queries[0], keys, [1, 2, 3]), saved.layer.output) <= 1e-5);
  assert.strictEqual(layer.toJson(), saved.layer.json);
  assert.strictEqual(bits(new ruvector.RuvectorLayer(4, 4, 2, 0.1, 12).getWeights()), bits(layer.getWeights()));
});

test('compressed vectors of the commit before the spine', () => {
  const box = new ruvector.TensorCompress();
  assert.strictEqual(saved.codecs.length, 5);
  for (const { text, vector } of saved.codecs) assert.deepStrictEqual(Array.from(box.decompress(text)), vector);
});

test('a store of the commit before the spine', { skip: notInWasm('no databases') }, () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-saved-')), file = path.join(folder, 'store.db');
  fs.copyFileSync(path.join(fixtures, 'store-before-the-spine.db'), file);
  const store = ruvector.VectorStore.open(file, { dim: 4 });
  assert.deepStrictEqual([store.size, store.search([0, 1, 0, 0], { k: 1 })[0].id, store.search([0, 0, 0, 1], { k: 4, where: { tags: 'y3' } })[0].metadata], [4, 'entry 1', { n: 3, tags: ['x', 'y3'] }]);
  store.close();
  fs.rmSync(folder, { recursive: true });
});
