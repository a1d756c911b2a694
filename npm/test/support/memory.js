'use strict';
// Does memory grow with the number of calls? The slope of the memory in use, in bytes a cycle, and the
// cycles that are asked about. Used by `npm run leaks` (many) and npm/test/leaks.test.js (few).
const v8 = require('node:v8');
const vm = require('node:vm');
const { pack, rows, ruvector, vector } = require('./index.js');

const { Graph, RuvectorLayer, TensorCompress, VectorSet } = ruvector;
v8.setFlagsFromString('--expose-gc');
const gc = vm.runInNewContext('gc');
const turn = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Bytes in use when everything that nobody holds is gone (finalisers run between turns, and what they let go needs another
 * collection): resident memory, but of V8's heap only what is used, since V8 takes and keeps room as it likes.
 */
async function settled(collections = 3) {
  for (let i = 0; i < collections; i++) {
    gc();
    await turn();
  }
  const { rss, heapTotal, heapUsed } = process.memoryUsage();
  return rss - heapTotal + heapUsed;
}

/**
 * The growth from look to look: the median of the slopes between any two of them (Theil and Sen). The first quarter, in which pools
 * and caches fill, does not count. A look is off by some 500 kB either way, for V8 and the allocator give pages back when they
 * like: of the steps from each look to the next such noise is the greater part, of the slopes over many looks it is little.
 */
function trend(seen) {
  const looks = seen.slice(Math.floor(seen.length / 4));
  const slopes = looks.flatMap((now, i) => looks.slice(0, i).map((before, j) => (now - before) / (i - j))).sort((a, b) => a - b);
  return slopes[Math.floor(slopes.length / 2)];
}

/** Runs `cycle(i)` without an end: the memory in use after every `per` cycles. */
async function* looks(cycle, per, collections) {
  for (let i = 0, end = per; ; end += per) {
    for (; i < end; i++) {
      const result = cycle(i);
      if (result instanceof Promise) await result;
      else if (i % 500 === 0) await turn();
    }
    yield settled(collections);
  }
}

/** The growth over `count` cycles, in bytes a cycle. `progress(share done)` */
async function slope(cycle, count, times = 20, progress = () => {}) {
  const seen = [], per = count / times;
  for await (const bytes of looks(cycle, per)) {
    progress(seen.push(bytes) / times);
    if (seen.length === times) return trend(seen) / per;
  }
}

const dim = 64, list = rows(16, dim, 1), query = vector(dim, 2), data = pack(rows(64, dim, 6));
const kept = new VectorSet(data), layer = new RuvectorLayer(8, 8, 2, 0.1, 1), json = layer.toJson();
const { FlashAttention, MoEAttention } = require('@ruvector/gnn/attention'), expert = new FlashAttention(8);
const arrays = { offsets: Uint32Array.from({ length: 17 }, (_, i) => i), indices: new Uint32Array(16) }, edges = new Graph(arrays);
const level = rows(16, 8, 3), small = vector(8, 4), bad = [...list.slice(1), new Float32Array(dim).fill(NaN)];
const stores = process.env.RUVECTOR_BACKEND !== 'wasm' && ruvector.VectorStore.open(':memory:', { dim: 8 });
const numbers = level.map((_, i) => i), words = numbers.map((i) => `word ${i}`);
const graph = new ruvector.HNSWIndex({ dim: 8, keys: 'string', M: 4 });
graph.addBatch(words, level);
const changing = new ruvector.HNSWIndex({ dim: 8, M: 4 }), allowed = changing.prepareFilter(numbers.slice(4));
changing.addBatch(numbers, level);
const entries = level.map((vector, i) => ({ id: `${i}`, vector, metadata: { i } }));
const refused = (run) => {
  try {
    run();
  } catch (error) {
    if (error instanceof ruvector.RuvectorError) return;
  }
  throw new Error('a call that must fail did not');
};
const aborted = async (start) => {
  const controller = new AbortController(), promise = start(controller.signal);
  controller.abort();
  await promise.catch((error) => { if (error.code !== 'ERR_ABORTED') throw error; });
};

/** What a program does again and again: one cycle each. */
const cycles = {
  'VectorSet created, closed': () => new VectorSet(data).close(),
  'VectorSet created, forgotten': () => { new VectorSet(data); },
  'VectorSet opened by token, closed': () => VectorSet.open(kept.token).close(),
  'VectorSet opened by token, forgotten': () => { VectorSet.open(kept.token); },
  'VectorSet refused': () => refused(() => new VectorSet(bad)),
  'Graph created, copied, closed': () => {
    const graph = new Graph(arrays);
    if (graph.offsets.length + graph.indices.length !== 33) throw new Error('another graph');
    graph.close();
  },
  'Graph of pairs, forgotten': () => { Graph.fromEdges(Uint32Array.of(0, 1, 2, 1), { nodes: 3 }); },
  'Graph opened by token, forgotten': () => { Graph.open(edges.token); },
  'Graph refused': () => refused(() => new Graph({ ...arrays, columns: 1, offsets: [0, 17] })),
  'HNSWIndex filled, closed': () => {
    const index = new ruvector.HNSWIndex({ dim: 8, M: 4, storage: 'i8' });
    index.addBatch(numbers, level);
    index.close();
  },
  'HNSWIndex opened by token, searched, closed': () => {
    const index = ruvector.HNSWIndex.open(graph.token);
    index.search(small, 3);
    index.close();
  },
  'HNSWIndex opened by token, forgotten': () => { ruvector.HNSWIndex.open(graph.token); },
  'HNSWIndex searched, with a filter too': () => {
    graph.search(small, 3);
    graph.search(small, 3, { filter: words.slice(4), ef: 9 });
  },
  'HNSWIndex added to and removed from': (i) => {
    graph.add(`more ${i}`, small);
    graph.remove(`more ${i}`);
  },
  'HNSWIndex, a batch replaced, asynchronously too': async (i) => {
    if (i % 2) changing.addBatch(numbers, level, { replace: true });
    else await changing.addBatchAsync(numbers, level, { replace: true });
  },
  'HNSWIndex, a batch added and removed asynchronously': async () => {
    const keys = numbers.map((key) => key + 100);
    await changing.addBatchAsync(keys, level);
    await changing.updateAsync(keys[3], small);
    await changing.removeAsync(keys[0]);
    await changing.removeBatchAsync(keys.slice(1));
  },
  'HNSWIndex, asynchronous replacement aborted': () => aborted((signal) => changing.addBatchAsync(numbers, level, { replace: true, signal })),
  'PreparedFilter made, used, closed': (i) => {
    const filter = i % 2 ? graph.prepareFilter(words.slice(4)) : changing.prepareFilter({ deny: numbers.slice(4) });
    (i % 2 ? graph : changing).search(small, 3, { filter });
    filter.close();
  },
  'PreparedFilter made, forgotten': (i) => { (i % 2 ? changing.prepareFilter(Uint8Array.of(255, 1)) : graph.prepareFilter(words)); },
  'PreparedFilter kept while its index changes': (i) => {
    changing.add(1000 + i, small);
    changing.search(small, 3, { filter: allowed });
    changing.remove(1000 + i);
  },
  'PreparedFilter of an index closed before it': () => {
    const index = new ruvector.HNSWIndex({ dim: 8, M: 4 }), filter = index.prepareFilter([1]);
    index.add(1, small);
    index.close();
    filter.close();
  },
  'PreparedFilter of an index, both forgotten': () => { new ruvector.HNSWIndex({ dim: 8, M: 4 }).prepareFilter({ deny: [] }); },
  'PreparedFilter refused': () => refused(() => graph.prepareFilter([1])),
  'HNSWIndex refused': () => refused(() => graph.addBatch(['a', 'a'], level.slice(0, 2))),
  'HNSWIndex, asynchronous search aborted': () => aborted((signal) => graph.searchAsync(small, 3, { signal })),
  'PoincareEmbedding fitted, closed': () => {
    const one = new ruvector.PoincareEmbedding({ size: 3, epochs: 1 });
    one.fitSync([['b', 'a'], ['c', 'a'], ['d', 'b'], ['d', 'a']]);
    one.nearest('a', 2);
    one.close();
  },
  'PoincareEmbedding fitted, forgotten': () => { new ruvector.PoincareEmbedding({ size: 3, epochs: 1 }).fitSync([['b', 'a'], ['c', 'a']]); },
  'PoincareEmbedding refused': () => refused(() => new ruvector.PoincareEmbedding({ size: 3 }).fitSync([['b', 5]])),
  'TaxonomyMap made, used, closed': () => {
    const map = new ruvector.TaxonomyMap({ inDim: 8, hiddenDim: 4, size: 3, nodes: 5 });
    map.forward(small);
    map.close();
  },
  'RuvectorLayer created, closed': () => new RuvectorLayer(8, 8, 2, 0.1, 1).close(),
  'RuvectorLayer created, forgotten': () => { new RuvectorLayer(8, 8, 2, 0.1, 1); },
  'RuvectorLayer refused': () => refused(() => new RuvectorLayer(8, 8, 3)),
  'RuvectorLayer.fromJson, closed': () => RuvectorLayer.fromJson(json).close(),
  'RuvectorLayer.fromJson, forgotten': () => { RuvectorLayer.fromJson(json); },
  'RuvectorLayer.forward': () => layer.forward(small, level),
  'RuvectorLayer.backward': () => layer.backward(small, level, undefined, small),
  'MoEAttention created, closed': () => new MoEAttention({ dim: 8, experts: ['global', expert], seed: 1 }).close(),
  'MoEAttention created, forgotten': () => { new MoEAttention({ dim: 8, experts: ['global', expert], seed: 1 }); },
  'MoEAttention refused': () => refused(() => new MoEAttention({ dim: 8, experts: ['structural', expert], topK: 3 })),
  'search in rows': () => ruvector.differentiableSearch(query, list, 5),
  'search in a VectorSet': () => ruvector.differentiableSearch(query, kept, 5),
  'hyperbolic search, a curvature each': (i) => ruvector.differentiableSearchHyperbolic(query, kept, 5, -1 - i % 7),
  'search refused': (i) => refused(() => ruvector.differentiableSearch(i % 2 ? [NaN] : [1], [[1, 2]], 1)),
  'asynchronous search in rows': () => ruvector.differentiableSearchAsync(query, list, 5),
  'asynchronous search in a VectorSet': () => ruvector.differentiableSearchAsync(query, kept, 5),
  'asynchronous search in a set closed at once': () => {
    const set = new VectorSet(list), promise = ruvector.differentiableSearchAsync(query, set, 5);
    set.close();
    return promise;
  },
  'asynchronous search aborted': () => aborted((signal) => ruvector.differentiableSearchAsync(query, kept, 5, 1, { signal })),
  'asynchronous search refused': () => ruvector.differentiableSearchAsync([NaN], [[1]], 1).catch(() => {}),
  'hierarchicalForward': () => ruvector.hierarchicalForward(small, [level, level], [layer, json]),
  'hierarchicalForwardV2': () => ruvector.hierarchicalForwardV2(small, [level, level], [layer, 'identity'], { mode: 'dual_space' }),
  'compression, options that are always new': (i) => new TensorCompress().compressWithLevel(small, { levelType: 'half', scale: 1 + i / 1e4 }),
  ...(stores && {
    'VectorStore opened, closed': () => ruvector.VectorStore.open(':memory:', { dim: 8 }).close(),
    'VectorStore opened, forgotten': () => { ruvector.VectorStore.open(':memory:', { dim: 8 }); },
    'VectorStore refused': () => refused(() => ruvector.VectorStore.open('/dev/null/x', { dim: 8 })),
    'VectorStore inserted, replaced, searched, deleted': (i) => {
      stores.insertBatch(entries, { replace: true });
      stores.search(small, { k: 3, where: { i: { $gte: i % 16 } } });
      stores.deleteBatch(['0', '1', '2']);
    },
    'VectorStore insert refused': () => {
      stores.insert(entries[0], { replace: true });
      refused(() => stores.insertBatch([...entries.slice(1, 4).map(({ vector }) => ({ vector })), entries[0]]));
    },
    'VectorStore asynchronous': async () => {
      await stores.insertBatchAsync(entries, { replace: true });
      await stores.searchAsync(small, { filter: ['3', '4'] });
      await stores.insertAsync(entries[0], { replace: true });
      await stores.deleteAsync('0');
      await stores.deleteBatchAsync(['1', '2']);
    },
    'VectorStore, asynchronous replacement aborted': () => aborted((signal) => stores.insertBatchAsync(entries, { replace: true, signal })),
    'VectorStore, a filter prepared, used, closed': async () => {
      const filter = stores.prepareFilter({ filter: { deny: ['3'] }, where: { i: { $gte: 2 } } });
      stores.insert(entries[3], { replace: true });
      stores.search(small, { k: 3, filter });
      const late = stores.searchAsync(small, { filter });
      filter.close();
      await late;
    },
    'VectorStore, a filter prepared, forgotten': () => { stores.prepareFilter({ where: { i: 3 } }); },
    'VectorStore with a filter, both forgotten': () => { ruvector.VectorStore.open(':memory:', { dim: 8 }).prepareFilter({ filter: ['3'] }); },
    'VectorStore filled asynchronously, closed in the middle': async () => {
      const store = ruvector.VectorStore.open(':memory:', { dim: 8 }), inserting = store.insertBatchAsync(entries).catch(() => {}), searching = store.searchAsync(small);
      store.close();
      await Promise.all([inserting, searching]);
    },
    'VectorStore closed asynchronously': async () => {
      const store = ruvector.VectorStore.open(':memory:', { dim: 8 });
      store.insertBatchAsync(entries.slice(0, 4));
      await store.closeAsync();
    },
  }),
  'geometry': () => ruvector.frechetMean(level),
};

module.exports = { cycles, looks, settled, slope, trend };
