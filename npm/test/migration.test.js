'use strict';
// docs/migration.md row by row: each difference that it names is shown by a test, here or where `shownBy` says.
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { fails, root, rows, ruvector, vector } = require('./support/index.js');
const attention = require('@ruvector/gnn/attention');

const { RuvectorLayer, TensorCompress, VectorSet, differentiableSearch, hierarchicalForward } = ruvector;
const box = new TensorCompress();
const f32 = (list) => Float32Array.from(list);
const dot = (a, b) => a.reduce((sum, x, i) => sum + x * b[i], 0);
const cosine = (a, b) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));

/** The tests of other files that show a row: [file, name or start of the name]. */
const shownBy = (...tests) => () => {
  for (const [file, name] of tests) {
    const text = fs.readFileSync(path.join(__dirname, file), 'utf8');
    assert.ok(new RegExp(`test\\(['\`]${name.replace(/[()$+]/g, '\\$&')}`).test(text), `${file} has no test ${name}`);
  }
};

/** One of the numbers of a standard normal distribution, by Box and Muller. */
function normals(count, seed) {
  const u = vector(2 * count, seed).map((x) => (x + 1) / 2);
  return Float32Array.from({ length: count }, (_, i) => Math.sqrt(-2 * Math.log(1 - u[2 * i])) * Math.cos(2 * Math.PI * u[2 * i + 1]));
}

/** The nearest number of IEEE binary16, of magnitude 2^-14...65504. */
function binary16(x) {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(x))) - 10), scaled = x / unit, low = Math.floor(scaled);
  const up = scaled - low > 0.5 || (scaled - low === 0.5 && low % 2 !== 0);
  return (low + (up ? 1 : 0)) * unit;
}

const gnn = {
  'wrong dimension, ragged rows, heads = 0, absurd sizes, inconsistent layer JSON': async () => {
    shownBy(['bad-input.test.js', 'bad input: ${name}'], ['layer-json.test.js', 'shapes that do not fit each other'])();
    await fails(() => new RuvectorLayer(4, 8, 0), 'ERR_INVALID_CONFIG', 'heads = 0');
    await fails(() => differentiableSearch([1, 0], [[1, 0, 0]], 1), 'ERR_DIMENSION_MISMATCH', 'another dimension');
    await fails(() => differentiableSearch([1, 0], [[1, 0], [1]], 1), 'ERR_DIMENSION_MISMATCH', 'ragged');
  },
  '`differentiableSearch` at low temperature': shownBy(['golden.test.js', 'differentiable_search']),
  'temperature 0, negative or NaN': async () => {
    for (const T of [0, -0, -1, NaN]) await fails(() => differentiableSearch([1, 0], [[1, 0]], 1, T), 'ERR_OUT_OF_RANGE', `T = ${T}`);
  },
  'NaN or infinity in a vector': async () => {
    const layer = new RuvectorLayer(3, 3, 1, 0, 1), good = rows(4, 3, 1);
    for (const bad of [NaN, Infinity, -Infinity]) {
      const v = f32([0.1, bad, 0.2]), list = [good[0], good[1], v, good[3]];
      for (const [what, use] of Object.entries({
        query: () => differentiableSearch(v, good, 2), candidates: () => differentiableSearch(good[0], list, 2), vectors: () => new VectorSet(list),
        nodeEmbedding: () => layer.forward(v, good), neighborEmbeddings: () => layer.forward(good[0], list), layerEmbeddings: () => hierarchicalForward(good[0], [list], [layer]),
      })) {
        const { message } = await fails(use, 'ERR_NON_FINITE', what);
        assert.match(message, /element 1\b/, what);
        if (!['query', 'nodeEmbedding'].includes(what)) assert.match(message, /\[2\]/, what);
      }
    }
  },
  'k negative, fractional or NaN': async () => {
    for (const k of [-1, 1.5, NaN, 2 ** 32]) await fails(() => differentiableSearch([1, 0], [[1, 0]], k), 'ERR_OUT_OF_RANGE', `k = ${k}`);
  },
  '`number[]`, `Float64Array`, snake_case keys, left-out arguments': shownBy(
    ['drop-in.test.js', 'RuvectorLayer.forward: ${name}'], ['drop-in.test.js', 'hierarchicalForward: ${name}'], ['drop-in.test.js', 'TensorCompress: ${name}']),
  '`half`': () => {
    const v = f32([40, -1000, 0.1, 65504, 1 / 3, -2.71828, 3e-4, 0]);
    for (const scale of [1, 0.25]) {
      const json = box.compressWithLevel(v, { levelType: 'half', scale });
      assert.deepStrictEqual(Object.keys(JSON.parse(json)), ['HalfV2']);
      assert.deepStrictEqual(box.decompress(json), v.map((x) => (x === 0 ? 0 : binary16(Math.fround(x * scale)) / scale)), `scale ${scale}`);
    }
  },
  '`pq8`, `pq4`': () => {
    for (const [levelType, tag, low, high, bytes] of [['pq8', 'PQ8V2', 0.99, 0.998, 768 / 2], ['pq4', 'PQ4V2', 0.93, 0.96, 768 / 4]]) {
      for (let seed = 0; seed < 10; seed++) {
        const v = normals(768, seed), json = box.compressWithLevel(v, { levelType }), [[name, { data }]] = Object.entries(JSON.parse(json));
        const similarity = cosine(box.decompress(json), v), size = Buffer.from(data, 'base64').length;
        assert.strictEqual(name, tag);
        assert.ok(similarity > low && similarity < high, `${levelType}: ${similarity}`);
        assert.ok(size >= bytes && size < bytes + 160, `${levelType}: ${size} bytes`);
      }
    }
  },
  '`none`, `binary`': () => {
    shownBy(['golden.test.js', 'compress: ${tag}'])();
    const v = f32([0.1, 1 / 3, 16777216, -0.30000001192092896, 1e-45]), text = box.compressWithLevel(v, { levelType: 'none' });
    assert.strictEqual(text, '{"Full":{"data":[0.1,0.33333334,16777216,-0.3,1.401298464324817e-45]}}');
    assert.deepStrictEqual(box.decompress(text), v);
    assert.deepStrictEqual(Object.keys(JSON.parse(box.compressWithLevel(v, { levelType: 'binary' }))), ['Binary']);
  },
  '`toJson`': shownBy(['golden.test.js', 'layers: toJson of fromJson has equal values']),
  '`hierarchicalForward` with layer JSON': (t) => {
    shownBy(['golden.test.js', 'hierarchical_forward'])(); // JSON and objects
    const parsed = t.mock.method(RuvectorLayer, 'fromJson').mock;
    const texts = Array.from({ length: 17 }, (_, i) => new RuvectorLayer(3, 3, 1, 0, i + 1).toJson()), level = rows(4, 3, 1);
    const use = (from, to) => { for (const text of texts.slice(from, to)) hierarchicalForward(level[0], [level], [text]); };
    use(0, 16);
    assert.strictEqual(parsed.callCount(), 16);
    use(0, 16);
    assert.strictEqual(parsed.callCount(), 16, 'the last 16 are kept');
    use(16, 17); // in the place of the first
    use(1, 17);
    assert.strictEqual(parsed.callCount(), 17);
    use(0, 1);
    assert.strictEqual(parsed.callCount(), 18);
  },
  '`compress` at a frequency of exactly .8, .4, .1 or .01': () => {
    const v = vector(16, 1);
    const order = ['none', 'half', 'pq8', 'pq4', 'binary'];
    for (const [freq, levelType] of [[0.8, 'half'], [0.4, 'pq8'], [0.1, 'pq4'], [0.01, 'binary']]) {
      assert.strictEqual(ruvector.getCompressionLevel(freq), levelType);
      const above = Math.fround(freq) > freq; // what the number is in 32 bits decides
      const written = above ? order[order.indexOf(levelType) - 1] : levelType;
      assert.strictEqual(box.compress(v, freq), box.compressWithLevel(v, { levelType: written }), `${freq}`);
    }
    assert.deepStrictEqual(Object.keys(JSON.parse(box.compress(v, 0.8))), ['Full']);
  },
  'initial weights of a layer': shownBy(['drop-in.test.js', 'weights: Xavier-normal, different each time, the same for one seed']),
};

const ofAttention = {
  'heads = 0, block size 0, `maxPosition` 0, short or ragged queries, keys and values, `dim` that wraps (−1)': async () => {
    shownBy(['migration-attention.test.js', 'what ended the process: heads 0, no positions, few values, short vectors'])();
    await fails(() => new attention.MultiHeadAttention(8, 0), 'ERR_INVALID_CONFIG', 'heads = 0');
    await fails(() => new attention.FlashAttention(8, 0), 'ERR_INVALID_CONFIG', 'block size 0');
    await fails(() => new attention.FlashAttention(-1, 8), 'ERR_INVALID_CONFIG', 'dim −1');
    const one = new attention.FlashAttention(2);
    await fails(() => one.compute([1, 2], [[1, 2], [1, 2]], [[1]]), 'ERR_DIMENSION_MISMATCH', 'short');
    await fails(() => one.compute([1, 2], [[1, 2], [1]], [[1], [2]]), 'ERR_DIMENSION_MISMATCH', 'ragged');
  },
  'NaN or infinity in a vector that is seen': async () => {
    shownBy(['attention.test.js', 'infinite keys and values are named, in tiles and alone; hidden ones are not looked at'])();
    const { message } = await fails(() => new attention.DotProductAttention(2).compute([1, NaN], [[1, 2]], [[1]]), 'ERR_NON_FINITE', 'query');
    assert.match(message, /quer.*element 1\b/);
  },
  'a mask that hides every key': shownBy(['attention.test.js', '${name}: no keys']),
  '`number[]`, `Float64Array`, packed matrices, left-out `blockSize` and `curvature`': () => {
    shownBy(['attention.test.js', '${name}: every form of arguments, batches and single queries'])();
    assert.strictEqual(new attention.FlashAttention(4).blockSize, 512);
    assert.ok(new attention.FlashAttention(2).compute([1, 2], { data: [1, 2], rows: 1, dim: 2 }, [Float64Array.of(5)]) instanceof Float32Array);
    const a = [0.1, 0.2], b = [0.3, -0.1];
    assert.strictEqual(attention.poincareDistance(a, b), attention.poincareDistance(a, b, 1));
    for (const name of ['mobiusAddition', 'expMap', 'logMap']) {
      assert.deepStrictEqual(attention[name](a, b), attention[name](a, b, 1), name);
      assert.ok(attention[name](a, b) instanceof Float32Array && attention[name](Float64Array.from(a), b) instanceof Float64Array, name);
    }
  },
  'second argument `scale` of `DotProductAttention` (its README)': shownBy(['attention.test.js', 'scale of DotProductAttention: checked, without effect, as in the published binary']),
  '`MultiHeadAttention(dim, numHeads)`': shownBy(['attention.test.js', 'golden: mechanisms'], ['attention.test.js', 'positional and object forms, defaults, getters']),
  'causal attention': shownBy(['migration-attention.test.js', 'FlashAttention: `causal` goes by the place of the query, not by 0']),
  '`LinearAttention`': shownBy(['attention.test.js', 'LinearAttention nears the exact one as its features grow; elu + 1 is its own kernel']),
  '`LocalGlobalAttention`': shownBy(['migration-attention.test.js', 'LocalGlobalAttention: one query stands at n/2, as there; in a batch each at its own place']),
  '`GraphRoPeAttention` of odd `dim`': shownBy(['migration-attention.test.js', 'GraphRoPeAttention: the last coordinate of an odd width is not turned, and counts']),
  '`HyperbolicAttention`: the mean': shownBy(['attention.test.js', 'HyperbolicAttention: the mean is the Fréchet mean, from the main entry']),
  '`HyperbolicAttention`: distances near the rim': shownBy(['migration-attention.test.js', 'HyperbolicAttention: distances are those of the formula, without a floor of 1e-7 under its denominator'], ['migration-attention.test.js', 'HyperbolicAttention: unit vectors, which all lie beyond the rim, give points inside the ball']),
  '`HyperbolicAttention.withConfig`: `adaptive`': shownBy(['migration-attention.test.js', 'HyperbolicAttention: `adaptive` has no effect, as there; curvature 0 and wrong widths are refused']),
  'curvature 0': async () => {
    shownBy(['migration-attention.test.js', 'HyperbolicAttention: `adaptive` has no effect, as there; curvature 0 and wrong widths are refused'])();
    assert.strictEqual(new attention.ManifoldAttention({ dim: 2, curvature: 0 }).curvature, 0);
    await fails(() => attention.poincareDistance([0.1, 0], [0.2, 0], 0), 'ERR_INVALID_CONFIG', 'the ball');
  },
  '`EdgeFeaturedAttention`': shownBy(['migration-attention.test.js', 'EdgeFeaturedAttention: GATv2, whose order of keys depends on the query; the form there, GAT, has one for all'], ['migration-attention.test.js', 'EdgeFeaturedAttention: self-loops count, weights are drawn from a seed, learned, set and saved']),
  'its `addSelfLoops`': shownBy(['migration-attention.test.js', 'EdgeFeaturedAttention: self-loops count, weights are drawn from a seed, learned, set and saved']),
  '`DualSpaceAttention`': shownBy(['migration-attention.test.js', 'DualSpaceAttention: maps are drawn from a seed, set and learned; the two scores are those of the formula']),
  '`MoEAttention`': shownBy(['mixture.test.js', 'MoEAttention: '], ['migration-attention.test.js', 'MoEAttention: four different experts, a capacity, a gate that learns']),
  'its outputs': shownBy(['migration-attention.test.js', 'MoEAttention: outputs are averages of the values where all its experts average, as those of `simple`, which repeats itself']),
  '`MoEAttention(dim, numExperts, topK)`, `DualSpaceAttention(dim, curvature, euclideanWeight, hyperbolicWeight)`':
    shownBy(['migration-attention.test.js', 'MoEAttention, DualSpaceAttention: arguments one by one count, those of `simple` and `withWeights`']),
  'options in snake_case (`num_experts`, `top_k`, `expert_capacity`, as its wrapper `ruvector` passes them)':
    shownBy(['migration-attention.test.js', 'options in snake_case, as the package ruvector passes them, are understood by every class']),
  'options that are not known': shownBy(['migration-attention.test.js', 'options without effect there have none here; others that are not known are refused']),
  '`expMap(base, tangent, c)`, `logMap(base, point, c)`': shownBy(['attention.test.js', 'golden: the ball; expMap has its arguments the right way round']),
  'points beyond the rim': () => {
    shownBy(['attention.test.js', 'golden: the ball; expMap has its arguments the right way round'])();
    for (const c of [1, 2, 0.25]) {
      const p = attention.projectToPoincareBall(Float64Array.of(3, -4), c), radius = Math.hypot(...p);
      assert.ok(Math.abs(radius * Math.sqrt(c) - (1 - 1e-5)) < 1e-12, `c = ${c}: ${radius}`);
    }
  },
  '`batchAttentionCompute`, `parallelAttentionCompute`': shownBy(['attention.test.js', 'the functions of @ruvector/attention'], ['attention.test.js', 'an abort rejects at once']),
  'wrong arguments of functions that give promises': shownBy(['migration-attention.test.js', 'functions that give promises reject wrong arguments, and never throw']),
  'unknown `attentionType`': () => fails(
    () => attention.parallelAttentionCompute({ attentionType: 'NoSuchMechanism', dim: 2 }, [[1, 2]], [[[1, 2]]], [[[1]]]), 'ERR_INVALID_CONFIG', 'another type', true),
  '`computeRaw`, asynchronous functions without `dim` (of older versions, and of its users)': shownBy(['migration-attention.test.js', 'names and forms of older versions: computeRaw, asynchronous functions without dim']),
  '`computeAsync`, `scaledDotAttention`, `getExpertUsage` (its README only)': shownBy(['migration-attention.test.js', 'names that only its README has']),
  '`version()`': () => assert.strictEqual(attention.version(), require('../../package.json').version),
  '`InfoNceLoss`, `LocalContrastiveLoss`: gradients': shownBy(['migration-training.test.js', 'InfoNceLoss']),
  '`LocalContrastiveLoss.computeWithGradients`': shownBy(['migration-training.test.js', 'LocalContrastiveLoss: the value; the gradient is that of the value']),
  '`SpectralRegularization`: the gradient': shownBy(['migration-training.test.js', 'SpectralRegularization: the value; a gradient that is not 0']),
  'optimizers: gradients of another length': shownBy(['migration-training.test.js', 'optimizers']),
  '`LearningRateScheduler` with a warm-up longer than all steps': shownBy(['migration-training.test.js', 'schedules, annealing, curriculum']),
  '`CurriculumScheduler`: progress': shownBy(['migration-training.test.js', 'schedules, annealing, curriculum']),
  '`HardNegativeMiner`: what is drawn': shownBy(['migration-training.test.js', 'mining']),
  '`HardNegativeMiner`: semi-hard ones': shownBy(['migration-training.test.js', 'mining']),
};

const [, before, after] = /^([\s\S]*?)\n## From `@ruvector\/attention`([\s\S]*?)(?:\n## |$(?![\s\S]))/.exec(fs.readFileSync(path.join(root, 'docs/migration.md'), 'utf8'));
// (What the README alone describes, behind these, is vocabulary.test.js'.)
const rowsOf = (text) => [...text.matchAll(/^\| (.+?) \| .+\|$/gm)].map(([, what]) => what).filter((what) => what !== 'what');

for (const [name, text, shown] of [['@ruvector/gnn', before, gnn], ['@ruvector/attention', after, ofAttention]]) {
  test(`${name}: each row has its test, each test its row`, () => assert.deepStrictEqual(rowsOf(text), Object.keys(shown)));
  for (const [what, show] of Object.entries(shown)) test(`${name}: ${what}`, async (t) => show(t));
}
