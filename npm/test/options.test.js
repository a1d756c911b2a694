'use strict';
// An option that is undefined counts as left out: what the types say under exactOptionalPropertyTypes.
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { notInWasm, root, rows, ruvector, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

/** The names of the optional fields of an interface and of those that it extends, or omits some of. */
function optional(page, name) {
  const [, parents = '', line, lines] = new RegExp(`^export interface ${name}(?:<.*?>)?(?: extends ([^{]*?))? {(?:(.*)}$|\\n([^]*?)^})`, 'm').exec(page), body = line ?? lines;
  const own = Array.from(body.matchAll(/(?:^|[ ;{])(?:readonly )?(\w+)\?:/gm), ([, field]) => field);
  return [...own, ...parents.split(/, (?![^<]*>)/).filter(Boolean).flatMap((parent) => {
    const [, base, omitted] = /^Omit<(\w+), (.*)>$/.exec(parent.trim()) ?? [];
    return base ? optional(page, base).filter((field) => !omitted.includes(`'${field}'`)) : optional(page, parent.trim().replace(/<.*/, ''));
  })];
}
const generated = fs.readFileSync(path.join(root, 'npm/types/generated.d.ts'), 'utf8'), page = (file) => `${fs.readFileSync(path.join(root, file), 'utf8')}\n${generated}`;
const pages = { index: page('index.d.ts'), attention: page('npm/entries/attention.d.ts') };
const all = (name, page = 'index') => Object.fromEntries(optional(pages[page], name).map((field) => [field, undefined]));

test('indexes and searches', async () => {
  for (const [Index, options] of [[ruvector.HNSWIndex, all('HNSWOptions')], [ruvector.BruteForceIndex, all('IndexOptions')]]) {
    assert.ok(Object.keys(options).length >= 6);
    const index = new Index({ ...options, dim: 4 }), list = rows(5, 4, 1);
    index.addBatch([1, 2, 3], list.slice(0, 3), all('IndexBatchOptions'));
    await index.addBatchAsync([4, 5], list.slice(3), { ...all('IndexBatchOptions'), signal: undefined, onProgress: undefined });
    assert.strictEqual(index.search(list[0], 1, all('IndexSearchOptions')).keys[0], 1);
    assert.strictEqual((await index.searchAsync(list[0], 1, { ...all('IndexSearchOptions'), signal: undefined })).keys[0], 1);
    assert.strictEqual(index.searchBatch(list, 1, { ...all('IndexSearchOptions'), threads: undefined }).keys[4], 5);
    await index.updateAsync(1, list[0], { signal: undefined });
    await index.removeAsync(1, { signal: undefined });
    await index.removeBatchAsync([2], all('IndexRemoveOptions'));
    if (notInWasm('no files')) continue;
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-options-')), file = path.join(folder, 'x');
    index.save(file, { stamp: undefined });
    await index.saveAsync(file, { stamp: undefined, signal: undefined });
    assert.strictEqual((await Index.loadAsync(file, { signal: undefined })).size + Index.view(file, all('ViewOptions')).size, 6);
    fs.rmSync(folder, { recursive: true });
  }
  const q = vector(4, 1, 0.3), list = rows(5, 4, 2, 0.3), options = { ...all('HyperbolicOptions'), threads: undefined, signal: undefined };
  assert.deepStrictEqual(ruvector.differentiableSearchHyperbolic(q, list, 2, undefined, all('HyperbolicOptions')), ruvector.differentiableSearchHyperbolic(q, list, 2));
  assert.deepStrictEqual(await ruvector.differentiableSearchHyperbolicBatchAsync([q], list, 2, undefined, options), ruvector.differentiableSearchHyperbolicBatch([q], list, 2));
  assert.deepStrictEqual(await ruvector.differentiableSearchAsync(q, list, 2, undefined, { threads: undefined, signal: undefined }), ruvector.differentiableSearch(q, list, 2));
});

test('layers, hierarchies, compression', async () => {
  const list = rows(5, 4, 2, 0.3), q = vector(4, 1, 0.3), box = new ruvector.TensorCompress();
  assert.strictEqual(typeof new ruvector.RuvectorLayer(4, 4, 1, 0, { seed: undefined }).seed, 'number');
  for (const mode of ['standard', 'hyperbolic', 'dual_space', 'edge_featured', 'moe']) {
    assert.deepStrictEqual(ruvector.hierarchicalForwardV2(q, [list], undefined, { ...all('AttentionConfig'), mode }), ruvector.hierarchicalForwardV2(q, [list], undefined, { mode }), mode);
  }
  for (const levelType of ['none', 'half', 'pq8', 'pq4', 'binary']) {
    assert.strictEqual(box.compressWithLevel(vector(16, 1), { ...all('CompressionLevelConfig'), levelType }), box.compressWithLevel(vector(16, 1), { levelType }));
  }
});

test('stores', { skip: notInWasm('no databases') }, async () => {
  const given = { dim: 4, metric: 'l2', curvature: -1, storage: 'f16', rerank: false, M: 5, efConstruction: 30, ef: 20, seed: 3, create: true, readOnly: false, synchronous: 'full', patience: 5, saveEvery: 9, maxObservations: 9 };
  assert.deepStrictEqual(Object.keys(given).sort(), optional(pages.index, 'StoreOptions').sort(), 'every option of the types');
  ruvector.VectorStore.open(':memory:', given).close();
  const store = ruvector.VectorStore.open(':memory:', { ...all('StoreOptions'), dim: 4 }), v = vector(4, 1);
  const id = store.insert({ id: undefined, metadata: undefined, vector: v }, all('StoreInsertOptions'));
  await store.insertAsync({ ...all('StoreEntry'), vector: v }, { ...all('StoreInsertOptions'), threads: undefined, signal: undefined });
  await store.insertBatchAsync({ ...all('StoreColumns'), vectors: [v] }, { signal: undefined });
  assert.strictEqual(store.search(v, all('StoreSearchOptions')).length, 3);
  assert.strictEqual((await store.searchAsync(v, { ...all('StoreSearchOptions'), signal: undefined })).length, 3);
  assert.strictEqual(store.prepareFilter({ filter: [id], where: undefined }).size, 1);
  assert.strictEqual(await store.deleteAsync(id, { signal: undefined }), true);
  store.close();
});

test('mechanisms of attention', async () => {
  const classes = {
    ScaledDotProductAttention: 'ScaledDotProductOptions', MultiHeadAttention: 'MultiHeadOptions', FlashAttention: 'FlashOptions', LinearAttention: 'LinearAttentionOptions',
    LocalGlobalAttention: 'LocalGlobalOptions', HyperbolicAttention: 'HyperbolicOptions', ManifoldAttention: 'ManifoldOptions', LorentzCascadeAttention: 'LorentzCascadeOptions',
    GraphRoPEAttention: 'GraphRoPEOptions', DualSpaceAttention: 'DualSpaceOptions', GraphLatentAttention: 'GraphLatentOptions', HNSWAwareAttention: 'HNSWAwareOptions',
    StructuralAttention: 'StructuralOptions', GraphAttentionPipeline: 'GraphPipelineOptions', MoEAttention: 'MoEOptions', LearnedRoutingAttention: 'LearnedRoutingOptions', DynamicHeadsAttention: 'DynamicHeadsOptions',
  };
  const q = rows(2, 4, 1, 0.3);
  for (const [name, options] of Object.entries(classes)) {
    const given = all(options, 'attention'), one = new attention[name]({ ...given, ...name === 'LocalGlobalAttention' && { localWindow: 2, globalTokens: 1 }, ...name === 'GraphAttentionPipeline' && { edgeDim: 2 }, dim: 4 });
    for (const field of Object.keys(given)) if (!['expertDim', 'noiseStd'].includes(field)) assert.notStrictEqual(one[field], undefined, `${name}.${field}`);
    const { rows: count } = await one.computeBatchAsync(q, q, q, { mask: undefined, threads: undefined, signal: undefined, offsets: undefined, pattern: undefined });
    assert.strictEqual(count, 2, name);
  }
  new attention.MixedCurvatureAttention({ euclideanDim: 2, hyperbolicDim: undefined, sphericalDim: undefined, temperature: undefined });
  new attention.EdgeFeaturedAttention({ ...all('EdgeFeaturedOptions', 'attention'), nodeDim: 4, edgeDim: 2 });
  assert.strictEqual(new attention.HNSWEdgeFeatureExtractor().extract({ distances: [1], levels: undefined, degrees: undefined }).rows, 1);
  const { outputs } = await attention.parallelAttentionCompute({ ...all('ParallelAttentionConfig', 'attention'), attentionType: 'Flash', dim: 4 }, q, [q, q], [q, q], { threads: undefined });
  assert.strictEqual(outputs.length, 2);
});
