'use strict';
// Optimizers: states and options that they refuse. (Their steps: trainer.test.js, GoldenTests.)
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { bits, fails, ruvector } = require('./support/index.js');

const { Adam, AdamW, RiemannianAdam, SGD } = ruvector;

test('states of optimizers that cannot be theirs are refused where they are set', async (t) => {
  for (const make of [() => new Adam({ size: 2 }), () => new AdamW({ size: 2 }), () => new RiemannianAdam({ size: 2, dim: 2, manifold: 'poincare' })]) {
    const one = make(), good = one.getWeights();
    for (const [at, x, wanted] of [[1, -1, 'whole numbers >= 0 for steps'], [1, 1.5, 'whole numbers >= 0 for steps'], [5, -1, 'numbers >= 0 for secondMoment']]) {
      const bad = good.slice();
      bad[at] = x;
      const error = await fails(() => one.setWeights(bad), 'ERR_OUT_OF_RANGE', `${x} at ${at}`);
      assert.match(error.message, new RegExp(`^expected ${wanted}, received ${x} at element \\d$`));
      assert.strictEqual(bits(one.getWeights()), bits(good));
    }
    await fails(() => one.setWeights(good.map(() => -1)), 'ERR_OUT_OF_RANGE', 'all -1');
    one.stepInPlace(new Float32Array(2), [0.1, 0.2]);
    const text = one.toJson(), other = one.constructor.fromJson(text);
    assert.strictEqual(bits(other.getWeights()), bits(one.getWeights()));
    const spoilt = text.replace('"data":[0,1]', '"data":[0,-1]');
    assert.notStrictEqual(spoilt, text);
    await assert.rejects(async () => one.constructor.fromJson(spoilt), ({ code }) => /^ERR_(OUT_OF_RANGE|CORRUPT|INVALID)/.test(code));
    const file = Buffer.from(one.weightsToBuffer()), from = file.readUInt32LE(0) + 8, { data_offsets: [place] } = JSON.parse(file.subarray(8, from).toString()).secondMoment;
    file.writeFloatLE(-1, from + place);
    await fails(() => one.loadWeights(new Uint8Array(file)), 'ERR_OUT_OF_RANGE', 'a file');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'states-')), name = path.join(folder, 'state.safetensors');
    t.after(() => fs.rmSync(folder, { recursive: true }));
    fs.writeFileSync(name, file);
    await fails(() => one.loadWeights(name, { mmap: true }), process.env.RUVECTOR_BACKEND === 'wasm' ? 'ERR_UNSUPPORTED' : 'ERR_OUT_OF_RANGE', 'a mapped file');
  }
  await fails(() => new SGD({ size: 2, momentum: 0.9 }).setWeights([0, -1, 0, 0]), 'ERR_OUT_OF_RANGE', 'SGD');
  new SGD({ size: 2, momentum: 0.9 }).setWeights([0, 3, -1, -2]); // momentum has a sign
});

test('options that are just below 1 are said to be so', async () => {
  assert.match((await fails(() => new Adam({ size: 1, beta2: 1 }), 'ERR_INVALID_CONFIG', 'beta2')).message, /^expected a number in 0\.\.<1 for beta2, received 1$/);
  new Adam({ size: 1, beta2: 0.9999999 });
  assert.match((await fails(() => new Adam({ size: 1, beta1: 1 }), 'ERR_INVALID_CONFIG', 'beta1')).message, /^expected a number in 0\.\.\.0\.999999 for beta1, received 1$/);
});
