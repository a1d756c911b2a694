'use strict';
// The examples print what they promise, and the HTTP service answers, refuses and aborts as it should.
const assert = require('node:assert');
const { execFileSync, spawn } = require('node:child_process');
const fs = require('node:fs');
const http = require('node:http');
const { once } = require('node:events');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const mammals = require('../examples/mammals-data.js');
const { root, ruvector } = require('./support/index.js');
const { compileService, tsc } = require('./support/typescript.js');

const OUTPUT = {
  'similar.cjs': `Hard rock       66 %
Sea shanty      19 %
Drum and bass   12 %
ERR_DIMENSION_MISMATCH: expected 3 elements for candidates[0], received 4
`,
  'layer.mjs': `embedding -0.34 0.31 -0.26 1.87 -0.62 -1.85 0.40 0.50
the loaded layer says the same: true
159 characters become 62, off by at most 4e-4
d = 2.078
`,
  'attention.mjs': `4 outputs of 4 numbers, 80 parameters
the first word looks at 0.26 0.25 0.24 0.25 0.00
step 0: loss 3.3
step 75: loss 0.9
step 150: loss 0.5
step 225: loss 0.0
step 300: loss 0.0
the first word looks at 0.18 0.25 0.31 0.26 0.00
the loaded one agrees: true
`,
  'attention/basic.mjs': `output        0.95 0.29
  cat     0.47
  kitten  0.47
  car     0.05
without cats  0.90 0.55
packed        0.95 0.29
batch         3 outputs of 2
  cat     1.00 0.00
  kitten  1.00 0.25
  car     0.54 0.60
by hand       0.86 0.36
by function   0.86 0.36
`,
  'attention/graph-attention.mjs': `6 nodes, 14 entries, clustering 0.78
EdgeFeaturedAttention: edges have features, which only this mechanism scores with
outputs of 4; node 2, head 0:
  from 0: 0.27
  from 1: 0.25
  from 3: 0.16
step 0: loss 4.03
step 50: loss 0.11
step 100: loss 0.07
step 150: loss 0.06
step 200: loss 0.05
node 0: 1.12 -0.03 -0.07 -0.00
node 1: 0.98 -0.08 0.05 -0.04
node 2: 0.99 0.09 0.01 0.05
node 3: -0.16 0.05 1.00 -0.01
node 4: 0.07 -0.07 0.93 -0.01
node 5: -0.00 0.02 1.07 -0.01
`,
  'attention/custom-mechanism.mjs': `experts of the queries: 1 2 2 1 2 0    parameters: 95
queries: gradient agrees with differences: true
keys: gradient agrees with differences: true
values: gradient agrees with differences: true
t: gradient agrees with differences: true
step 0: t 0.30, loss 0.243
step 30: t 0.30, loss 0.101
step 60: t 0.26, loss 0.082
`,
  'attention/hnsw-integration.mjs': `1180 mammals in 4 levels; recall@10 at ef 64: 1.00
mean degree 20.3; attention for it: MultiHeadAttention
whale.n.02: 21 linked, 10 latent; steps to the cat: 2
  0.879 cetacean.n.01, a relative
  0.036 aquatic_mammal.n.01, a relative
  0.021 toothed_whale.n.01, a relative
  0.011 dolphin.n.02, a relative
  0.010 mammal.n.01, a relative
  0.010 placental.n.01, a relative
  their mean lies nearest to cetacean.n.01
terrier.n.01: 32 linked, 10 latent; steps to the cat: 2
  0.318 carnivore.n.01, a relative
  0.190 dog.n.01 (latent), a relative
  0.167 canine.n.02 (latent), a relative
  0.124 hunting_dog.n.01 (latent), a relative
  0.059 placental.n.01 (latent), a relative
  0.057 mammal.n.01 (latent), a relative
  their mean lies nearest to carnivore.n.01
`,
  'attention/parallel.mjs': `2 threads, the same bits: true
two layers at once: 1024 x 64, 1024 x 64
the same as without promises: true
gradients of 16640 parameters
called off: ERR_ABORTED
the event loop went on: true
3 outputs of 64
`,
  'graph/gat-attention-weights.mjs': `9 nodes, 24 entries, degrees 3 3 3 2 3 3 3 2 2
loss 1.15 -> 0.02
node 8 looks at node 0: 0.47
node 8 looks at node 4: 0.10
and at itself: 0.43
classes 0 0 0 0 1 1 1 1 0
`,
  'graph/gcn-on-hnsw.mjs': `600 nodes, 6450 links at the lowest level
nearest ten of the same centre: 45 %
after 1 steps: 49 %
after 2 steps: 51 %
after 3 steps: 53 %
by hand the same: true
`,
  'graph/v2-layers.mjs': `withMultiHead    248 parameters, loss 1.8, in the end below a third of it: true
withDualSpace    216 parameters, loss 1.8, in the end below a third of it: true
withHyperbolic   216 parameters, loss 1.7, in the end below a third of it: true
withEdgeFeatured 220 parameters, loss 1.7, in the end below a third of it: true
withMoE          178 parameters, loss 1.7, in the end below a third of it: true
version 1; a walk ends at radius 0.28; the same by its text: true
through a walk of V2 and V1: loss 0.5, in the end below a fifth of it: true; of 200 new queries more than 180 end right: true
`,
  'graph/search-with-gnn.mjs': `944 mammals, 790 links, 236 questions
plain search:       R10rel 0.4, NDCG@10 0.4
untrained layer:    R10rel 0.3, NDCG@10 0.3
loss 5 -> 3
trained layer:      R10rel 0.5, NDCG@10 0.5
a question about dolphin.n.02: 2 of 3 are relatives or itself
`,
  'graph/graphsage-unseen-nodes.js': `400 nodes, 3611 links; 40 labels to learn from, 100 nodes asked for
seen in training:   100.0 % right
unseen in training: 97.0 % right (88.0 % by 10 neighbours a hop)
`,
  'distributed.mjs': `3 processes, 512 vectors each
the nearest: 15 of process 0, 1077 of process 2, 850 of process 1
the same as one index over all: 20 of 20
attention, merged: within 1e-6 of one process: true; in turn: the same bits in 20 of 20
`,
  'graph/train-gat.mjs': `505 links, 287 parameters, 12 labels
loss 1.1 -> 0.0, right for 98 % of the others
f32: 1788 bytes, loses at most 0.00 % of the largest number, right for 98 %
f16: 1214 bytes, loses at most 0.03 % of the largest number, right for 98 %
int8: 1504 bytes, loses at most 0.39 % of the largest number, right for 98 %
`,
  'pool.mjs': `dog.n.01: canine.n.02, carnivore.n.01, hunting_dog.n.01
whale.n.02: cetacean.n.01, aquatic_mammal.n.01, toothed_whale.n.01
bat.n.01: carnivorous_bat.n.01, mammal.n.01, placental.n.01
horse.n.01: equine.n.01, odd-toed_ungulate.n.01, placental.n.01
`,
};
const GLOSSES = `300 glosses
something hot to drink in the morning
  0.50 hot cereal (food): a cereal that is served hot
  0.56 tea (food): a light midafternoon meal of tea and sandwiches or cakes
  0.61 sour (food): a cocktail made of a liquor (especially whiskey or gin) mixe
a bird that cannot fly
  0.38 emu (animal): large Australian flightless bird similar to the ostrich but 
  0.41 ostrich (animal): fast-running African flightless bird with two-toed feet; lar
  0.42 caprimulgiform bird (animal): long-winged nonpasserine birds
an instrument that one blows into
  0.41 clarinet (artifact): a single-reed instrument with a straight tube
  0.41 oboe (artifact): a slender double-reed instrument; a woodwind with a conical 
  0.57 lagerphone (artifact): an Australian percussion instrument used for playing bush mu
the first question, of plants and food in a few words
  0.50 hot cereal (food): a cereal that is served hot
  0.63 lemonade (food): sweetened beverage of diluted lemon juice
  0.65 relish (food): spicy or savory condiment
without the best answer
  0.56 tea (food): a light midafternoon meal of tea and sandwiches or cakes
`;
if (process.env.RUVECTOR_BACKEND !== 'wasm') OUTPUT['glosses.mjs'] = GLOSSES; // stores are files

const ARGUMENTS = { 'graph/search-with-gnn.mjs': ['300'] }; // half as many epochs
for (const [file, output] of Object.entries(OUTPUT)) {
  // The last digits of an embedding depend on the instruction set, and with them how many characters it takes.
  const plain = (text) => text.replace(/\d+ characters become (\d+)/, 'N characters become $1');
  test(file, () => {
    assert.strictEqual(plain(execFileSync(process.execPath, [path.join(root, 'npm/examples', file), ...ARGUMENTS[file] ?? []], { encoding: 'utf8' })), plain(output));
  });
}

const skip = fs.existsSync(tsc) ? false : 'npm/scripts/prepare.sh has not fetched TypeScript';
test('a loss of one\'s own: so many of new measurements lie below each quantile', async () => {
  const below = await require('../examples/train/custom-loss.js').customLoss({ epochs: '200' });
  below.forEach((share, i) => assert.ok(Math.abs(share - [0.1, 0.5, 0.9][i]) < 0.05, below.join(' ')));
});

test('my-texts: a search that has learned from clicks', { skip: process.env.RUVECTOR_BACKEND === 'wasm' }, () => {
  const lines = execFileSync(process.execPath, [path.join(root, 'npm/scripts/example.js'), 'my-texts', '--clicks', '2000'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
  assert.match(lines[0], /^a bird that cannot fly: bird\.n\.01, /);
  const [, before, after] = lines.find((line) => line.startsWith('NDCG')).match(/: ([\d.]+) -> ([\d.]+)$/);
  assert.ok(before === '0.171' && Number(after) > 0.2, `${before} -> ${after}`); // the last bits of training depend on the instruction set
  assert.ok(lines.includes('forgotten: 0.171'));
});

describe('service.ts', { skip }, () => {
  let createService, url, points;
  const started = [];

  async function listen(set, names) {
    const service = createService(set, names);
    started.push(service);
    service.listen(0, '127.0.0.1');
    await once(service, 'listening');
    return `http://127.0.0.1:${service.address().port}`;
  }
  before(async () => {
    ({ createService } = require(compileService()));
    const { names } = mammals.readHierarchy();
    points = new ruvector.VectorSet(mammals.packed(mammals.readVectors('wordnet_mammals_poincare5.f32')));
    url = await listen(points, names);
  });
  after(() => {
    for (const service of started) {
      service.closeAllConnections();
      service.close();
    }
    points?.close();
  });

  const post = async (base, body) => {
    const response = await fetch(`${base}/search`, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  const dog = () => Array.from(points.get(mammals.readHierarchy().numbers.get('dog.n.01')));

  test('answers what the library answers', async () => {
    const { status, body } = await post(url, { query: dog(), k: 4 });
    const { indices, weights } = ruvector.differentiableSearchHyperbolic(Float32Array.from(dog()), points, 4);
    const { names } = mammals.readHierarchy();
    assert.strictEqual(status, 200);
    assert.deepStrictEqual(body.results, indices.map((i, rank) => ({ name: names[i], weight: weights[rank] })));
    assert.strictEqual(body.results[0].name, 'dog.n.01');
  });

  test('many at once, each with its own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => post(url, { query: Array.from(points.get(i)), k: 3 })));
    answers.forEach(({ body }, i) => {
      const { weights } = ruvector.differentiableSearchHyperbolic(points.get(i), points, 3);
      assert.deepStrictEqual(body.results.map(({ weight }) => weight), Array.from(weights), `request ${i}`);
    });
  });

  test('says by its status whose fault it is', async () => {
    const closed = new ruvector.VectorSet([[0, 0]]), closedUrl = await listen(closed, ['origin']);
    closed.close();
    for (const [base, body, status, code] of [
      [url, { query: [0, 0] }, 400, 'ERR_DIMENSION_MISMATCH'],
      [url, { query: [0, 0, 0, 0, null] }, 400, 'ERR_INVALID_ARG'],
      [url, { query: dog(), k: -1 }, 400, 'ERR_OUT_OF_RANGE'],
      [url, { query: dog(), temperature: 0 }, 400, 'ERR_OUT_OF_RANGE'],
      [url, '{', 400, 'ERR_INVALID_ARG'],
      [url, 'null', 400, 'ERR_INVALID_ARG'],
      [closedUrl, { query: [0, 0] }, 503, 'ERR_CLOSED'],
    ]) {
      const answer = await post(base, body);
      assert.deepStrictEqual([answer.status, answer.body.code], [status, code], JSON.stringify(body));
    }
    assert.strictEqual((await fetch(`${url}/other`)).status, 404);
  });

  test('aborts the search of a client that has gone', async () => {
    const own = await listen(points, mammals.readHierarchy().names), service = started.at(-1);
    const ended = new Promise((resolve) => { // what the handler answers after the client has gone
      service.on('request', (_, response) => {
        const { writeHead } = response;
        response.writeHead = (...args) => { resolve(args[0]); return writeHead.apply(response, args); };
      });
    });
    // Jobs that keep all threads busy until they are aborted: the client's search waits behind them.
    const stop = new AbortController(), queries = { data: new Float32Array(2e5 * 5).fill(0.1), rows: 2e5, dim: 5 };
    const jobs = Array.from({ length: 16 }, () => ruvector.differentiableSearchBatchAsync(queries, queries, 1, { signal: stop.signal }));
    const settled = Promise.allSettled(jobs);

    const request = http.request(`${own}/search`, { method: 'POST' });
    request.on('error', () => {});
    request.end(JSON.stringify({ query: dog() }));
    await once(service, 'request');
    setTimeout(() => request.destroy(), 100);
    assert.strictEqual(await ended, 499);
    stop.abort();
    assert.ok((await settled).every(({ reason }) => reason?.code === 'ERR_ABORTED'), 'the threads were busy all the time');
  });

  test('runs by itself', async () => {
    const child = spawn(process.execPath, [path.join(root, 'build/examples/npm/examples/service.js'), '0'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(child.stdout, 'data');
    const { body } = await post(`http://127.0.0.1:${/listening on (\d+)/.exec(line)[1]}`, { query: dog(), k: 1 });
    child.kill();
    assert.strictEqual(body.results[0].name, 'dog.n.01');
  });
});

test('the first build says how long it takes, later ones say nothing', (t) => {
  const folder = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'ruvector-demo-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  for (const name of ['npm/scripts/build.js', 'npm/scripts/demo.js', 'Package.swift']) fs.cpSync(path.join(root, name), path.join(folder, name));
  fs.mkdirSync(path.join(folder, 'Sources'));
  fs.mkdirSync(path.join(folder, 'bin'));
  fs.writeFileSync(path.join(folder, 'bin/swift'), '#!/bin/sh\n', { mode: 0o755 }); // there is no swift-build.sh: the build fails
  const demo = () => require('node:child_process').spawnSync(process.execPath, [path.join(folder, 'npm/scripts/demo.js')],
    { encoding: 'utf8', env: { ...process.env, PATH: `${path.join(folder, 'bin')}:${process.env.PATH}` } });
  const { status, stderr } = demo();
  assert.strictEqual(status, 1);
  assert.match(stderr, /^Building the addon with SwiftPM\. The first build takes two to five minutes; .*\n/);
  fs.mkdirSync(path.join(folder, '.build'));
  assert.doesNotMatch(demo().stderr, /minutes/);
});
