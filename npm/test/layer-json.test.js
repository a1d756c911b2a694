'use strict';
// Layer JSON that is not one: malformed, incomplete, with shapes that do not fit; compressed vectors likewise.
const assert = require('node:assert');
const test = require('node:test');
const { bits, fails, ruvector, vector } = require('./support/index.js');

const { RuvectorLayer, TensorCompress, hierarchicalForward } = ruvector;
const layer = new RuvectorLayer(4, 4, 2, 0.1, 1);
const json = layer.toJson(), node = vector(4, 1);
const expected = bits(layer.forward(node, [node]));

/** The JSON with one thing changed. */
function changed(change) {
  const object = JSON.parse(json);
  change(object);
  return JSON.stringify(object);
}

async function corrupt(text, what) {
  await fails(() => RuvectorLayer.fromJson(text), 'ERR_CORRUPT', what);
  await fails(() => hierarchicalForward(node, [[node]], [text]), 'ERR_CORRUPT', `${what}, hierarchy`);
  assert.strictEqual(bits(RuvectorLayer.fromJson(json).forward(node, [node])), expected, what);
}

test('malformed JSON', async () => {
  for (const text of ['', ' ', '{', 'null', '5', '"x"', '[]', '{}', 'true', json.slice(0, -1), json.slice(1), `${json}x`, '\u0000', '{"w_msg":null}',
    '['.repeat(1e5), '{"a":'.repeat(1e4), `{"__proto__":${json}}`, json.replace('"w_agg"', '"w_AGG"')]) {
    await corrupt(text, text.slice(0, 30));
  }
});

test('each field missing or of another type', async () => {
  const paths = [];
  (function walk(value, path) {
    for (const key of Object.keys(value)) {
      paths.push([...path, key]);
      if (typeof value[key] === 'object' && !Array.isArray(value[key])) walk(value[key], [...path, key]);
    }
  })(JSON.parse(json), []);
  assert.ok(paths.length > 80);
  for (const path of paths) {
    const key = path.at(-1);
    const parentOf = (object) => path.slice(0, -1).reduce((value, k) => value[k], object);
    if (key === 'v') continue; // the version of the array format: not looked at by either library
    for (const value of [undefined, null, 'x', true, {}, [], -1]) {
      if (key === 'dropout' && value === undefined) continue;
      await corrupt(changed((object) => { parentOf(object)[key] = value; }), `${path.join('.')} = ${JSON.stringify(value)}`);
    }
  }
  await corrupt(changed((object) => { delete object.dropout; }), 'no dropout');
});

test('shapes that do not fit each other', async () => {
  const shapes = {
    'w_msg taller': (o) => { o.w_msg.weights.dim = [5, 4]; },
    'w_msg of another input': (o) => { o.w_msg.weights = { v: 1, dim: [4, 3], data: o.w_msg.weights.data }; },
    'rank 1': (o) => { o.w_msg.weights.dim = [16]; },
    'rank 3': (o) => { o.w_msg.weights.dim = [4, 4, 1]; },
    'data short': (o) => { o.w_msg.weights.data.pop(); },
    'data long': (o) => { o.attention.k_linear.weights.data.push(0); },
    'bias long': (o) => { o.w_update.w_z.bias = { v: 1, dim: [5], data: [0, 0, 0, 0, 0] }; },
    'one matrix of another width': (o) => { o.w_update.u_h.weights = { v: 1, dim: [2, 2], data: [1, 2, 3, 4] }; },
    'dim 2**32': (o) => { o.w_msg.weights.dim = [2 ** 32, 2 ** 32]; },
    'dim 1e300': (o) => { o.w_msg.weights.dim = [1e300, 1e300]; },
    'dim 0': (o) => { o.w_msg.weights = { v: 1, dim: [0, 4], data: [] }; },
    'dim negative': (o) => { o.w_msg.weights.dim = [-4, -4]; },
    'dim fractional': (o) => { o.w_msg.weights.dim = [32, 0.5]; },
    'dim string': (o) => { o.w_msg.weights.dim = ['4', '4']; },
    'a nested row': (o) => { o.w_msg.weights.data[3] = [1]; },
    'a null': (o) => { o.w_agg.bias.data[3] = null; },
    'a string': (o) => { o.norm.gamma.data[0] = '1'; },
    'heads 3': (o) => { o.attention.num_heads = 3; },
    'heads 0': (o) => { o.attention.num_heads = 0; },
    'heads -2': (o) => { o.attention.num_heads = -2; o.attention.head_dim = -2; },
    'heads fractional': (o) => { o.attention.num_heads = 0.5; o.attention.head_dim = 8; },
    'head_dim 1e300': (o) => { o.attention.head_dim = 1e300; },
    'eps 0': (o) => { o.norm.eps = 0; },
    'eps negative': (o) => { o.norm.eps = -1e-5; },
    'dropout 2': (o) => { o.dropout = 2; },
    'dropout -1': (o) => { o.dropout = -1; },
  };
  for (const [what, change] of Object.entries(shapes)) await corrupt(changed(change), what);
});

test('numbers beyond the range of floats', async () => {
  await corrupt(json.replace(/"data":\[[^,]+/, '"data":[1e400'), 'infinite');
  await corrupt(json.replace(/"data":\[[^,]+/, '"data":[1e39'), 'infinite as a float');
  await corrupt(json.replace('"dropout":0.1', '"dropout":1e400'), 'dropout infinite');
});

test('unknown fields, order and white space do not matter', () => {
  const object = JSON.parse(json);
  const reversed = Object.fromEntries(Object.entries({ ...object, extra: 1 }).reverse());
  const text = `\n${JSON.stringify(reversed, null, 2)} `;
  assert.strictEqual(bits(RuvectorLayer.fromJson(text).forward(node, [node])), expected);
});

test('compressed vectors that are none', async () => {
  const tensor = new TensorCompress();
  const texts = ['', '{', 'null', '5', '"x"', '[]', '{}', '{"Other":{}}', '{"Full":null}', '{"Full":5}', '{"Full":{}}', '{"Full":{"data":5}}',
    '{"Full":{"data":[1,null]}}', '{"Full":{"data":["1"]}}', '{"toString":{}}', '{"__proto__":{"data":[1]}}',
    '{"Half":{"data":[1,2],"scale":1,"dim":3}}', '{"Half":{"data":[1,2],"scale":0,"dim":2}}', '{"Half":{"data":[1,2],"dim":2}}',
    '{"Half":{"data":[1,2],"scale":1,"dim":1e300}}', '{"Half":{"data":[1],"scale":1,"dim":4294967297}}',
    '{"PQ8":{"codes":[0],"codebooks":[[1]],"subvector_dim":0,"dim":1}}', '{"PQ8":{"codes":[0],"codebooks":[],"subvector_dim":1,"dim":1}}',
    '{"PQ8":{"codes":[9],"codebooks":[[1]],"subvector_dim":1,"dim":1}}', '{"PQ8":{"codes":[-1],"codebooks":[[1]],"subvector_dim":1,"dim":1}}',
    '{"PQ8":{"codes":[0.5],"codebooks":[[1,2]],"subvector_dim":1,"dim":1}}', '{"PQ8":{"codes":[0],"codebooks":[[1]],"subvector_dim":4294967296,"dim":4294967296}}',
    '{"PQ4":{"codes":[0],"codebooks":[[1]],"outliers":[[5,1]],"subvector_dim":1,"dim":1}}',
    '{"PQ4":{"codes":[0],"codebooks":[[1]],"outliers":[[-1,1]],"subvector_dim":1,"dim":1}}',
    '{"PQ4":{"codes":[0],"codebooks":[[1]],"outliers":[5],"subvector_dim":1,"dim":1}}', '{"PQ4":{"codes":[0],"codebooks":[[1]],"subvector_dim":1,"dim":1}}',
    '{"Binary":{"bits":[],"threshold":0,"dim":1}}', '{"Binary":{"bits":[1],"threshold":0,"dim":-1}}', '{"Binary":{"bits":[1],"threshold":0,"dim":4294967296}}',
    '{"Binary":{"bits":"x","threshold":0,"dim":8}}', '{"HalfV2":{}}', '{"HalfV2":{"dim":4,"data":5}}'];
  for (const text of texts) {
    await fails(() => tensor.decompress(text), 'ERR_CORRUPT', text);
    assert.deepStrictEqual(Array.from(tensor.decompress('{"Full":{"data":[1,2]}}')), [1, 2]);
  }
  await fails(() => tensor.decompress('{"Full":{"data":[1e400]}}'), 'ERR_CORRUPT', 'an infinite element');
});

test('compressed by our own codecs, then damaged', async () => {
  const tensor = new TensorCompress(), v = vector(16, 1);
  for (const levelType of ['half', 'pq8', 'pq4']) {
    const text = tensor.compressWithLevel(v, { levelType });
    const [[tag, body]] = Object.entries(JSON.parse(text));
    assert.strictEqual(tensor.decompress(text).length, 16);
    const with_ = (change) => JSON.stringify({ [tag]: { ...body, ...change } });
    const bytes = Buffer.from(body.data, 'base64');
    await fails(() => tensor.decompress(with_({ data: '' })), 'ERR_CORRUPT', `${levelType}: no bytes`);
    for (let cut = 0; cut < bytes.length; cut++) {
      await fails(() => tensor.decompress(with_({ data: bytes.subarray(0, cut).toString('base64') })), 'ERR_CORRUPT', `${levelType}: ${cut} bytes`);
    }
    for (const dim of [15, 17, 0, -1, 2 ** 32, '16', null]) await fails(() => tensor.decompress(with_({ dim })), 'ERR_CORRUPT', `${levelType}: dim ${dim}`);
    for (let i = 0; i < bytes.length; i++) {
      for (const value of [0, 1, 127, 128, 255]) { // damage may go unseen, but gives 16 numbers or the code
        const damaged = Buffer.from(bytes);
        damaged[i] = value;
        try {
          assert.strictEqual(tensor.decompress(with_({ data: damaged.toString('base64') })).length, 16);
        } catch (error) {
          assert.strictEqual(error.code, 'ERR_CORRUPT', `${levelType}: byte ${i} = ${value}: ${error.stack}`);
        }
      }
    }
  }
});
