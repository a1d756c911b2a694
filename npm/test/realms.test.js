'use strict';
// The package where globals of Node are missing (jsdom), evaluated again and again (jest.resetModules), and closed by `using`.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { notInWasm, root, rows, ruvector, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');
const { realm } = require('./support/realm.js');

test('loads and works without TextEncoder, TextDecoder, setImmediate and MessageChannel', async () => {
  const { load, evaluate } = realm();
  for (const name of ['TextEncoder', 'TextDecoder', 'setImmediate', 'MessageChannel', 'structuredClone']) assert.strictEqual(evaluate(`typeof ${name}`), 'undefined');
  const gnn = load(path.join(root, 'index.js')), mechanisms = load(path.join(root, 'npm/entries/attention.js'));
  const index = new gnn.HNSWIndex({ dim: 2, keys: 'string', metric: 'l2' });
  index.addBatch(['x', 'größe', '\u{1f600}'], [[0, 0], [1, 0], [2, 0]]);
  assert.deepStrictEqual([...index.search([1, 0], 2).keys], ['größe', 'x']);
  assert.deepStrictEqual([...(await index.searchAsync([2, 0], 1)).keys], ['\u{1f600}']);
  assert.strictEqual(gnn.differentiableSearch([1, 0], [[0, 1], [1, 0]], 1).indices[0], 1);
  assert.strictEqual((await gnn.differentiableSearchAsync([1, 0], [[0, 1], [1, 0]], 1)).indices[0], 1);
  const layer = new gnn.RuvectorLayer(2, 2, 1), flash = new mechanisms.FlashAttention({ dim: 2 });
  assert.strictEqual(gnn.RuvectorLayer.fromJson(layer.toJson()).inputDim, 2);
  assert.strictEqual(flash.compute([1, 2], [[1, 1]], [[7, 8]])[0], 7);
  assert.strictEqual(mechanisms.recommendMechanism(undefined, { queries: 3, keys: 3, dim: 4 }).class, 'MultiHeadAttention');
  assert.throws(() => new gnn.HNSWIndex({ dim: 0 }), (error) => error instanceof gnn.RuvectorError && error.code === 'ERR_INVALID_CONFIG');
  if (notInWasm('no databases')) return;
  const store = gnn.VectorStore.open(':memory:', { dim: 2 });
  store.insert({ id: 'ä', vector: [1, 0], metadata: { größe: 'ß' } });
  assert.strictEqual(store.search([1, 0], { where: { größe: 'ß' } })[0].id, 'ä');
  store.close();
});

test('WebAssembly loads and works without them, too', { skip: !fs.existsSync(path.join(root, 'wasm/ruvector.wasm')) && 'not built' }, async () => {
  const gnn = realm().load(path.join(root, 'wasm/index.js'));
  assert.strictEqual((await gnn.differentiableSearchAsync([1, 0], [[0, 1], [1, 0]], 1)).indices[0], 1);
  assert.strictEqual(new gnn.HNSWIndex({ dim: 2, keys: 'string' }).size, 0);
});

test('evaluated again and again, errors are of the evaluation that called', async () => {
  const one = realm(), seen = [];
  for (let i = 0; i < 3; i++) {
    seen.push(one.load(path.join(root, 'index.js')));
    one.reset();
  }
  assert.strictEqual(new Set(seen.map(({ RuvectorError }) => RuvectorError)).size, 3);
  for (const gnn of [...seen, ...seen.reverse(), ruvector]) {
    assert.throws(() => gnn.differentiableSearch([NaN, 1], [[1, 1]], 1), (error) => error instanceof gnn.RuvectorError && error.code === 'ERR_NON_FINITE');
    await gnn.differentiableSearchAsync([NaN, 1], [[1, 1]], 1).then(assert.fail, (error) => assert.ok(error instanceof gnn.RuvectorError));
  }
});

/** One of everything that can be closed. */
function closables() {
  const list = rows(3, 4, 1), set = new ruvector.VectorSet(list), index = new ruvector.HNSWIndex({ dim: 4 }), exact = new ruvector.BruteForceIndex({ dim: 4 });
  const store = notInWasm('no databases') ? undefined : ruvector.VectorStore.open(':memory:', { dim: 4 });
  return { set, graph: ruvector.Graph.fromEdges([0, 1], { nodes: 2 }), index, exact, filter: index.prepareFilter([1]), layer: new ruvector.RuvectorLayer(4, 4, 1), mechanism: new attention.FlashAttention(4), mixture: new attention.MoEAttention(4), ...store && { store } };
}

test('everything that can be closed has Symbol.dispose, which closes as `close` does', async () => {
  const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
  for (const [name, one] of Object.entries(closables())) {
    assert.strictEqual(one[dispose](), undefined, name);
    assert.strictEqual(one.closed, true, name);
    one[dispose]();
  }
  class Own extends ruvector.VectorSet {
    close() {
      this.seen = true;
      super.close();
    }
  }
  const own = new Own([vector(4, 1)]);
  own[dispose]();
  assert.deepStrictEqual([own.seen, own.closed], [true, true], "a subclass's own close");
  if (notInWasm('no databases')) return;
  const store = ruvector.VectorStore.open(':memory:', { dim: 4 }), writing = store.insertAsync({ id: 'a', vector: vector(4, 1) });
  await store[Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]();
  assert.deepStrictEqual([store.closed, await writing], [true, 'a'], 'waits for what is in flight');
});

test('where there is no Symbol.dispose, the names that compilers fall back to', () => {
  const { load, evaluate } = realm(), gnn = load(path.join(root, 'index.js'));
  assert.strictEqual(evaluate('typeof Symbol.dispose'), 'undefined');
  const set = new gnn.VectorSet([[1, 2]]);
  set[Symbol.for('Symbol.dispose')]();
  assert.strictEqual(set.closed, true);
});
