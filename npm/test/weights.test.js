'use strict';
// saveWeights and loadWeights: the format safetensors, written here and by Python (npm/golden/safetensors-fixtures.py), whole and damaged.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { fails, notInWasm, root, ruvector } = require('./support/index.js');

const { GATLayer, GCNLayer, Graph, Linear, Sequential } = ruvector;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'weights-'));
test.after(() => fs.rmSync(folder, { recursive: true }));
const fixture = (name) => path.join(root, 'Tests/Fixtures', name);
const gat = () => new GATLayer({ inChannels: 4, outChannels: 3, heads: 2, seed: 1 });
const numbers = (count) => Float32Array.from({ length: count }, (_, i) => (i - 5) / 8);
/** [header, data] of bytes. */
const parts = (bytes) => {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return [JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString()), bytes.subarray(8 + length)];
};
/** Bytes of a header (a text or an object) and data. */
const joined = (header, data = new Uint8Array(0), length = undefined) => {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header)), bytes = new Uint8Array(8 + text.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length ?? text.length), true);
  bytes.set(text, 8);
  bytes.set(data, 8 + text.length);
  return bytes;
};

test('what Python wrote', () => {
  const one = gat();
  one.loadWeights(fixture('gat.safetensors'));
  const [six, half] = [numbers(6), numbers(6).map((x) => x / 2)];
  assert.deepStrictEqual([...one.getWeights()], [...six, ...half, ...numbers(24), ...six], 'att_src [1, 2, 3] is [2, 3] here');
  one.setWeights(new Float32Array(one.getWeights().length));
  one.loadWeights(new Uint8Array(fs.readFileSync(fixture('gat.safetensors'))));
  assert.deepStrictEqual([...one.getWeights()], [...six, ...half, ...numbers(24), ...six], 'bytes');
  for (const name of ['f16', 'bf16', 'f64']) {
    const linear = new Linear({ inChannels: 5, outChannels: 3, seed: 1 });
    linear.loadWeights(fixture(`linear-${name}.safetensors`));
    assert.deepStrictEqual([...linear.getWeights()], [...numbers(15), ...numbers(3)], name);
  }
});

test('what is written is read: as it was, as halves, as bytes with scales', () => {
  const file = path.join(folder, 'one.safetensors'), layers = [
    { class: 'GCNLayer', options: { inChannels: 30, outChannels: 16, seed: 3 } }, { class: 'Linear', options: { inChannels: 16, outChannels: 7, seed: 4 } }];
  const one = new Sequential({ layers }), weights = one.getWeights();
  for (const [storage, bound] of [['f32', 0], ['f16', 2 ** -11], ['int8', 1 / 254 + 1e-6]]) {
    const report = one.saveWeights(file, { storage, metadata: { note: 'nü' } }), bytes = new Uint8Array(fs.readFileSync(file)), other = new Sequential({ layers });
    assert.strictEqual(report.bytes, bytes.length);
    assert.deepStrictEqual(report.parameters.map(({ name }) => name), one.parameters.map(({ name }) => name));
    for (const { loss } of report.parameters) assert(loss <= bound, `${storage}: ${loss}`);
    assert.deepStrictEqual(Buffer.from(one.weightsToBuffer({ storage, metadata: { note: 'nü' } })), Buffer.from(bytes));
    other.loadWeights(file);
    const most = Math.max(...weights.map(Math.abs)), worst = Math.max(...other.getWeights().map((x, i) => Math.abs(x - weights[i])));
    assert(worst <= bound * most, `${storage}: ${worst}`);
    const [header, data] = parts(bytes);
    assert.strictEqual((bytes.length - data.length) % 64, 0, 'data begins at a multiple of 64');
    assert.deepStrictEqual(header.__metadata__, { format: 'pt', class: 'Sequential', note: 'nü' });
    const sizes = { F32: 4, F16: 2, I8: 1 };
    for (const { dtype, data_offsets: [start] } of Object.values(header).filter(({ dtype }) => dtype)) assert.strictEqual(start % sizes[dtype], 0, 'aligned');
  }
  const large = new Linear({ inChannels: 1, outChannels: 1, bias: false, seed: 1 });
  large.setWeights([1e6]);
  assert.deepStrictEqual(large.saveWeights(file, { storage: 'f16' }).parameters, [{ name: 'weight', storage: 'f32', loss: 0 }], 'beyond what halves hold');
});

/** The nearest half of a number, ties to even: the plainest form, as it was before the loop over bits. */
function halfOf(x) {
  const size = Math.abs(x), sign = Object.is(x, -0) || x < 0 ? 0x8000 : 0;
  if (size === 0) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size))), steps = size / 2 ** (exponent - 10), whole = Math.floor(steps), rest = steps - whole;
  const rounded = rest > 0.5 || (rest === 0.5 && whole % 2 === 1) ? whole + 1 : whole;
  return sign | (rounded < 1024 ? rounded : ((exponent + 14) << 10) + rounded);
}

test('halves: all of them, what lies between and beside them, and what they lose', () => {
  const list = [];
  for (let bits = 0; bits < 0x7c00; bits++) {
    const exponent = bits >> 10, x = exponent === 0 ? (bits & 1023) * 2 ** -24 : (1024 + (bits & 1023)) * 2 ** (exponent - 25), step = 2 ** (Math.max(exponent, 1) - 25);
    for (const y of [x, x + step / 4, x + step / 2, x + step / 2 * (1 - 2 ** -12), x + step / 2 * (1 + 2 ** -12)]) if (Math.fround(y) < 65520) list.push(y, -y);
  }
  list.push(-0, 1e-45, 2 ** -25, 2 ** -25 * (1 + 2 ** -23), 2 ** -26, 65519.99609375, -65519.99609375);
  const make = () => new Linear({ inChannels: 2 ** 16, outChannels: Math.ceil(list.length / 2 ** 16), bias: false, seed: 1 }), one = make(), other = make(), values = new Float32Array(one.getWeights().length);
  values.set(list);
  one.setWeights(values);
  const file = path.join(folder, 'halves'), report = one.saveWeights(file, { storage: 'f16' }), bytes = fs.readFileSync(file), [, data] = parts(bytes);
  const view = new DataView(data.buffer, data.byteOffset);
  values.forEach((x, i) => assert.strictEqual(view.getUint16(2 * i, true), halfOf(x), `${x}`));
  other.loadWeights(file);
  const back = other.getWeights();
  const worst = values.reduce((most, x, i) => Math.max(most, Math.abs(x - back[i])), 0);
  assert.strictEqual(report.parameters[0].loss, worst / 65519.99609375);
  // Wherever the bytes lie.
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  other.loadWeights(shifted.subarray(1));
  assert.deepStrictEqual(other.getWeights(), back);
});

test('bytes with scales: the plain formula, row by row', () => {
  const width = 999, rows = 201, one = new Linear({ inChannels: width, outChannels: rows, bias: false, seed: 5 }), values = one.getWeights();
  values.fill(0, width, 2 * width);
  values.set([3.4e38, -3e38], 5 * width);
  values.set([1e-45, -1e-44], 6 * width);
  one.setWeights(values);
  const file = path.join(folder, 'bytes'), report = one.saveWeights(file, { storage: 'int8' }), bytes = fs.readFileSync(file), [header, data] = parts(bytes), view = new DataView(data.buffer, data.byteOffset);
  const [[at], [scaleAt]] = [header.weight.data_offsets, header['weight.scale'].data_offsets];
  let worst = 0;
  for (let r = 0; r < rows; r++) {
    const row = values.subarray(r * width, (r + 1) * width), scale = Math.fround(row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127);
    assert.strictEqual(view.getFloat32(scaleAt + 4 * r, true), scale, `scale ${r}`);
    row.forEach((x, c) => {
      const whole = scale === 0 ? 0 : Math.max(-127, Math.min(127, Math.round(x / scale)));
      if (view.getInt8(at + r * width + c) !== whole + 0) assert.fail(`${x} of ${r}, ${c}`);
      worst = Math.max(worst, Math.abs(x - Math.fround(whole * scale)));
    });
  }
  assert.strictEqual(report.parameters[0].loss, worst / Math.fround(3.4e38));
});

test('four million weights as halves, with a heap of 64 MB: no lists of numbers', () => {
  const script = `
    const { Linear } = require(${JSON.stringify(root)}), one = new Linear({ inChannels: 2048, outChannels: 2048, bias: false, seed: 1 });
    one.loadWeights(one.weightsToBuffer({ storage: 'f16' }));
    one.loadWeights(one.weightsToBuffer({ storage: 'int8' }));`;
  const { status, stderr } = spawnSync(process.execPath, ['--max-old-space-size=64', '-e', script], { encoding: 'utf8' });
  assert.strictEqual(status, 0, stderr.slice(0, 1000));
});

test('the event loop waits for no weights', async () => {
  const file = path.join(folder, 'gaps'), one = new Linear({ inChannels: 2048, outChannels: 2048, seed: 1 });
  for (const storage of ['f16', 'int8', 'f32']) {
    one.saveWeights(file, { storage });
    const bytes = new Uint8Array(fs.readFileSync(file));
    for (const [what, run] of [['save', () => one.saveWeightsAsync(file, { storage })], ['load', () => one.loadWeightsAsync(file)], ['load bytes', () => one.loadWeightsAsync(bytes)]]) {
      // (One of three: a machine at work has gaps of its own.)
      const gaps = [];
      while (gaps.length < 3 && !(Math.min(...gaps) < 60)) {
        let last = performance.now(), gap = 0, isOver = false;
        const look = () => {
          const now = performance.now();
          gap = Math.max(gap, now - last);
          last = now;
          if (!isOver) setImmediate(look);
        };
        setImmediate(look);
        await run();
        isOver = true;
        look();
        gaps.push(gap);
      }
      assert.ok(Math.min(...gaps) < 60, `${what}, ${storage}: ${gaps}`);
    }
  }
});

test('Python reads ours', { skip: !process.env.RUVECTOR_PYTHON && 'RUVECTOR_PYTHON names no Python with safetensors' }, () => {
  const one = gat(), file = path.join(folder, 'ours.safetensors');
  for (const storage of ['f32', 'f16', 'int8']) {
    one.saveWeights(file, { storage });
    const { status, stdout, stderr } = spawnSync(process.env.RUVECTOR_PYTHON.split(path.delimiter)[0], [path.join(root, 'npm/golden/safetensors-fixtures.py'), '--read', file], { encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
    const found = JSON.parse(stdout), values = one.getWeights();
    let at = 0;
    for (const { name, shape } of one.parameters) {
      const count = shape.reduce((a, b) => a * b, 1), tensor = found[name];
      assert.deepStrictEqual(tensor.shape, shape);
      if (storage !== 'int8' || shape.length < 2) tensor.values.forEach((x, i) => assert(Math.abs(x - values[at + i]) <= (storage === 'f16' ? 1e-3 : 0), name));
      else tensor.values.forEach((x, i) => assert(Math.abs(x * found[`${name}.scale`].values[Math.floor((i * shape[0]) / count)] - values[at + i]) < 1e-2, name));
      at += count;
    }
  }
});

test('names of others, and tensors that are too many', async () => {
  const inner = gat(), bytes = inner.weightsToBuffer(), whole = new Sequential({ layers: [inner] });
  await fails(() => whole.loadWeights(bytes), 'ERR_CORRUPT', 'others');
  whole.loadWeights(bytes, { names: (name) => `0.${name}` });
  assert.deepStrictEqual(whole.getWeights(), inner.getWeights());
  const [header, data] = parts(bytes), more = joined({ ...header, other: { dtype: 'U8', shape: [3], data_offsets: [data.length, data.length + 3] } }, Buffer.concat([data, Buffer.from([1, 2, 3])]));
  await fails(() => inner.loadWeights(more), 'ERR_CORRUPT', 'one more');
  inner.loadWeights(more, { strict: false });
});

test('damaged ones are ERR_CORRUPT, and change nothing', async () => {
  const one = new Linear({ inChannels: 5, outChannels: 3, seed: 1 }), before = one.getWeights(), good = one.weightsToBuffer(), [header, data] = parts(good);
  const { __metadata__: metadata, ...tensors } = header, place = tensors.bias.data_offsets;
  const changed = (name, more) => joined({ ...tensors, [name]: { ...tensors[name], ...more } }, data);
  const spoilt = data.slice();
  new DataView(spoilt.buffer).setFloat32(0, NaN, true);
  const cases = {
    nothing: new Uint8Array(0), 'seven bytes': good.subarray(0, 7), 'half a header': good.subarray(0, 40), 'without its end': good.subarray(0, good.length - 1),
    'one byte more': Buffer.concat([good, Buffer.from([0])]), 'a header of 2^63 bytes': joined(header, data, 2n ** 63n), 'a header of 2^64 - 1 bytes': joined(header, data, 2n ** 64n - 1n),
    'a header as long as the file': joined(header, data, BigInt(good.length)), 'no JSON': joined('{"a":', data), 'a list': joined('[]', data), 'a number': joined('7', data), 'no UTF-8': joined('{"\ufffd":1}', data).map((byte) => (byte === 0xef ? 0xff : byte)),
    'an unknown dtype': changed('bias', { dtype: 'F4' }), 'another dtype': changed('weight', { dtype: 'F64' }), 'integers': fs.readFileSync(fixture('linear-i32.safetensors')),
    'overlapping tensors': changed('bias', { data_offsets: [place[0] - 4, place[1] - 4] }), 'a hole': joined({ ...tensors, bias: { ...tensors.bias, data_offsets: [place[0] + 4, place[1] + 4] } }, Buffer.concat([data, Buffer.alloc(4)])),
    'offsets the wrong way round': changed('bias', { data_offsets: [place[1], place[0]] }), 'offsets beyond the file': changed('bias', { data_offsets: [2 ** 40, 2 ** 40 + 12] }), 'negative offsets': changed('bias', { data_offsets: [-12, 0] }),
    'a shape that lies': changed('bias', { shape: [4] }), 'a shape of 2^60': changed('bias', { shape: [2 ** 30, 2 ** 30] }), 'a transposed shape': changed('weight', { shape: [5, 3] }), 'half a size': changed('bias', { shape: [1.5, 2] }),
    'another name': joined({ weight: tensors.weight, other: tensors.bias }, data), 'metadata that are no texts': joined({ ...tensors, __metadata__: { a: 1 } }, data), 'NaN': joined(tensors, spoilt),
    'bytes without scales': joined({ weight: { dtype: 'I8', shape: [3, 5], data_offsets: [12, 27] }, bias: { dtype: 'F32', shape: [3], data_offsets: [0, 12] } }, new Uint8Array(27)),
  };
  void metadata;
  for (const [what, bytes] of Object.entries(cases)) {
    await fails(() => one.loadWeights(new Uint8Array(bytes)), 'ERR_CORRUPT', what);
    const file = path.join(folder, 'bad.safetensors');
    fs.writeFileSync(file, bytes);
    await fails(() => one.loadWeights(file), 'ERR_CORRUPT', `${what}, in a file`);
  }
  // Whatever bit is wrong: refused, or other numbers.
  for (let bit = 0; bit < 8 * (good.length - data.length); bit += 3) {
    const bytes = good.slice();
    bytes[bit >> 3] ^= 1 << (bit & 7);
    try {
      one.loadWeights(bytes);
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_CORRUPT', `bit ${bit}: ${error.message}`);
    }
    assert.deepStrictEqual(one.getWeights(), before, `bit ${bit}`);
  }
  assert.deepStrictEqual(one.getWeights(), before);
});

test('names that are there twice, and metadata that are no texts by name, are ERR_CORRUPT', async () => {
  const one = new Linear({ inChannels: 5, outChannels: 3, seed: 1 }), before = one.getWeights(), [header, data] = parts(one.weightsToBuffer());
  const bias = JSON.stringify(header.bias), weight = JSON.stringify(header.weight), of = (text) => joined(text, data);
  const whole = `{"weight":${weight},"bias":${bias}}`;
  one.loadWeights(of(whole));
  one.loadWeights(of(` ${whole} `.trim().replace('"bias"', '"bi\\u0061s"').replace('{', '{"__metadata__":{"a\\"}":"{\\"b\\":1,\\"b\\":2}\\\\","b":"{"},')));
  const cases = {
    'a tensor twice': `{"weight":${weight},"bias":${bias},"bias":${bias}}`, 'a tensor twice, in other letters': `{"weight":${weight},"bias":${bias},"bi\\u0061s" : ${bias}}`,
    'a field twice': whole.replace('"dtype":"F32"', '"dtype":"F64","dtype":"F32"'), 'offsets twice': whole.replace('"data_offsets"', '"data_offsets":[0,4], "data_offsets"'),
    'metadata twice': `{"__metadata__":{},"__metadata__":{},${whole.slice(1)}`, 'a text twice': `{"__metadata__":{"a":"1","a":"2"},${whole.slice(1)}`,
    'metadata as a list': `{"__metadata__":[],${whole.slice(1)}`, 'metadata as a list of texts': `{"__metadata__":["a"],${whole.slice(1)}`, 'metadata null': `{"__metadata__":null,${whole.slice(1)}`, 'metadata a text': `{"__metadata__":"a",${whole.slice(1)}`,
    'a list in the metadata': `{"__metadata__":{"a":["b"]},${whole.slice(1)}`,
  };
  for (const [what, text] of Object.entries(cases)) await fails(() => one.loadWeights(of(text)), 'ERR_CORRUPT', what);
  assert.deepStrictEqual(one.getWeights(), before);
  // Linear in the header.
  const { parseHeader } = require('../lib/members/safetensors.js'), many = Buffer.from(`{${Array.from({ length: 200_000 }, (_, i) => `"t${i}":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}`).join(',')}}`), started = performance.now();
  assert.strictEqual(parseHeader(many, many.length + 8).tensors.size, 200_000);
  assert.ok(performance.now() - started < 5000, `${performance.now() - started} ms`);
});

test('weights that stay in their file: the same numbers and results; what changes them does not change the file', { skip: notInWasm('no files') }, async () => {
  const made = {
    gat: () => gat(), linear: (seed = 1) => new Linear({ inChannels: 70, outChannels: 33, seed }),
    sequential: (seed = 1) => new Sequential({ layers: [new Linear({ inChannels: 5, outChannels: 8, seed }), new Linear({ inChannels: 8, outChannels: 3, seed })] }),
    layer: (seed = 1) => new ruvector.RuvectorLayer(8, 8, 2, 0, { seed }),
  };
  for (const [name, make] of Object.entries(made)) {
    for (const storage of ['f32', 'f16', 'int8']) {
      const file = path.join(folder, `${name}-${storage}`), from = make(7), copied = make(), mapped = make(), later = make();
      from.saveWeights(file, { storage });
      const bytes = fs.readFileSync(file);
      copied.loadWeights(file);
      mapped.loadWeights(file, { mmap: true });
      await later.loadWeightsAsync(file, { mmap: true });
      assert.deepStrictEqual(mapped.getWeights(), copied.getWeights(), `${name}, ${storage}`);
      assert.deepStrictEqual(later.getWeights(), copied.getWeights(), `${name}, ${storage}, async`);
      assert.ok(mapped.getWeights().some((x) => x !== 0));
      mapped.setWeights(mapped.getWeights().map((x) => x + 1));
      assert.deepStrictEqual(mapped.getWeights(), copied.getWeights().map((x) => x + 1));
      assert.deepStrictEqual(later.getWeights(), copied.getWeights(), 'another of the same file');
      assert.ok(fs.readFileSync(file).equals(bytes), 'the file');
      make(9).saveWeights(file);
      assert.deepStrictEqual(later.getWeights(), copied.getWeights(), 'another file of that name');
      mapped.loadWeights(file);
      assert.deepStrictEqual(mapped.getWeights(), make(9).getWeights(), 'a copy again');
      later.close();
    }
  }
  const linear = made.linear(), other = made.linear(3), x = [numbers(70), numbers(70).map((a) => a * a)], file = path.join(folder, 'used');
  other.saveWeights(file);
  linear.loadWeights(file, { mmap: true });
  const before = fs.readFileSync(file);
  for (const one of [linear, other]) {
    const trainer = new ruvector.Trainer({ model: one, loss: new ruvector.MSELoss(), optimizer: { type: 'adam', learningRate: 0.1 }, batchSize: 1, seed: 1 });
    await trainer.fit({ inputs: { x }, targets: [numbers(33), numbers(33)] }, { epochs: 3 });
  }
  assert.deepStrictEqual(linear.getWeights(), other.getWeights(), 'trained');
  assert.deepStrictEqual(linear.forward(x), other.forward(x));
  assert.ok(fs.readFileSync(file).equals(before));
  const flight = linear.forwardAsync(x);
  await fails(() => linear.loadWeights(file, { mmap: true }), 'ERR_BUSY', 'a call in flight');
  await flight;
  const python = gat(), plain = gat();
  python.loadWeights(fixture('gat.safetensors'), { mmap: true });
  plain.loadWeights(fixture('gat.safetensors'));
  assert.deepStrictEqual(python.getWeights(), plain.getWeights());
});

test('a file to map with other numbers than finite ones, or none: an error, and nothing has changed', { skip: notInWasm('no files') }, async () => {
  const linear = new Linear({ inChannels: 5, outChannels: 3, seed: 1 }), before = linear.getWeights(), file = path.join(folder, 'not-finite');
  linear.saveWeights(file);
  const bytes = fs.readFileSync(file);
  for (const at of [bytes.length - 4, bytes.length - 4 * 18]) {
    const damaged = Buffer.from(bytes);
    damaged.writeFloatLE(NaN, at);
    fs.writeFileSync(file, damaged);
    await fails(() => linear.loadWeights(file, { mmap: true }), 'ERR_CORRUPT', 'NaN');
    await fails(() => linear.loadWeightsAsync(file, { mmap: true }), 'ERR_CORRUPT', 'NaN', true);
    assert.deepStrictEqual(linear.getWeights(), before);
  }
  await fails(() => linear.loadWeights(bytes, { mmap: true }), 'ERR_INVALID_ARG', 'bytes');
  await fails(() => linear.loadWeights(file, { mmap: 1 }), 'ERR_INVALID_ARG', 'a number');
  await fails(() => linear.loadWeights(path.join(folder, 'none'), { mmap: true }), 'ERR_NOT_FOUND', 'no file');
  linear.close();
  await fails(() => linear.loadWeights(file, { mmap: true }), 'ERR_CLOSED', 'closed');
});

test('WebAssembly maps nothing', { skip: !notInWasm('x') && 'a native build does' }, async () => {
  const linear = new Linear({ inChannels: 5, outChannels: 3, seed: 1 }), file = path.join(folder, 'unmapped');
  linear.saveWeights(file);
  await fails(() => linear.loadWeights(file, { mmap: true }), 'ERR_UNSUPPORTED', 'at once');
  await fails(() => linear.loadWeightsAsync(file, { mmap: true }), 'ERR_UNSUPPORTED', 'later', true);
});

test('mapped weights are not in memory before they are used', { skip: notInWasm('no files') || (process.platform !== 'linux' && 'looks into /proc') }, () => {
  const file = path.join(folder, 'large'), script = `
    const fs = require('node:fs'), { Linear } = require(${JSON.stringify(root)}), make = () => new Linear({ inChannels: 4096, outChannels: 4096, bias: false });
    const resident = () => Number(/VmRSS:\\s*(\\d+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
    make().close();
    const before = resident(), one = make();
    if (process.argv[1] === 'save') one.saveWeights(${JSON.stringify(file)});
    else one.loadWeights(${JSON.stringify(file)}, { mmap: process.argv[1] === 'map' });
    console.log(resident() - before);`;
  const run = (how) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script, how], { encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
    return Number(stdout);
  };
  run('save');
  const size = fs.statSync(file).size / 2 ** 20, mapped = run('map'), copied = run('copy');
  assert.ok(mapped < size / 4, `${mapped} MB of a file of ${size}`);
  assert.ok(copied > 0.9 * size, `${copied} MB without: the test can fail`);
});

test('bad arguments', async () => {
  const one = gat();
  await fails(() => one.loadWeights(path.join(folder, 'none')), 'ERR_NOT_FOUND', 'no file');
  await fails(() => one.loadWeights(folder), 'ERR_IO', 'a folder');
  await fails(() => one.saveWeights(path.join(folder, 'no', 'such', 'folder')), 'ERR_NOT_FOUND', 'no folder');
  for (const bad of [undefined, null, 3, '', 'a\0b', {}]) {
    await fails(() => one.saveWeights(bad), 'ERR_INVALID_ARG', `${bad}`);
    await fails(() => one.loadWeights(bad), 'ERR_INVALID_ARG', `${bad}`);
  }
  await fails(() => one.weightsToBuffer({ storage: 'int4' }), 'ERR_INVALID_CONFIG', 'int4');
  await fails(() => one.weightsToBuffer({ metadata: { a: 1 } }), 'ERR_INVALID_ARG', 'metadata');
  await fails(() => one.loadWeights(one.weightsToBuffer(), { strict: 1 }), 'ERR_INVALID_ARG', 'strict');
  const bytes = one.weightsToBuffer();
  one.close();
  await fails(() => one.weightsToBuffer(), 'ERR_CLOSED', 'closed');
  await fails(() => one.loadWeights(bytes), 'ERR_CLOSED', 'closed');
});

/** One of each member with weights, of every family. */
function* members() {
  const { GENERATED, rowOf } = require('../lib/members/rows.js'), attention = require('@ruvector/gnn/attention');
  yield ['RuvectorLayer', () => new ruvector.RuvectorLayer(4, 6, 2, 0.1, { seed: 3 })];
  yield ['MultiHeadAttention', () => new attention.MultiHeadAttention({ dim: 4, numHeads: 2, projections: true, seed: 3 })];
  yield ['MoEAttention', () => new attention.MoEAttention({ dim: 4, numExperts: 3, seed: 3 })];
  yield ['EdgeFeaturedAttention', () => new attention.EdgeFeaturedAttention({ nodeDim: 4, edgeDim: 2, numHeads: 2, seed: 3 })];
  const sizes = { inChannels: 4, outChannels: 3, size: 5, tasks: 4, width: 3, dim: 4, aggr: 'lstm', hidden: 6, outputDim: 3, inputDim: 4, total: 4, inDim: 4, hiddenDim: 5, nodes: 6 };
  for (const member of GENERATED) {
    const row = rowOf(member), options = Object.fromEntries([...row.options].filter(([name, { kind }]) => kind === 'seed' || name in sizes).map(([name, { kind }]) => [name, kind === 'seed' ? 3 : sizes[name]]));
    if (row.class === 'Aggregation') delete options.aggr;
    try {
      const one = new ruvector[row.class](options);
      if (one.getWeights().length > 0) yield [row.class, () => new ruvector[row.class](options)];
      one.close();
    } catch (error) {
      assert.strictEqual(error.code, 'ERR_INVALID_CONFIG', row.class); // more is wanted: not for here
    }
  }
}

/** Numbers for all parameters of a member; counts of steps are whole. */
function numbersOf(one, number) {
  const weights = Float32Array.from({ length: one.getWeights().length }, (_, i) => number(i));
  let at = 0;
  for (const { name, shape } of one.parameters) {
    const end = at + shape.reduce((a, b) => a * b, 1);
    if (['steps', 'draws', 'count'].includes(name)) weights.fill(3, at, end);
    at = end;
  }
  return weights;
}

test('members of all families: into files and out of them, at once and later', async () => {
  const file = path.join(folder, 'any.safetensors'), seen = [];
  for (const [name, make] of members()) {
    const one = make(), weights = numbersOf(one, (i) => ((i * 37) % 64) / 64);
    one.setWeights(weights);
    for (const storage of ['f32', 'f16']) {
      const now = one.saveWeights(file, { storage }), bytes = fs.readFileSync(file), later = await one.saveWeightsAsync(file, { storage });
      assert.deepStrictEqual([later, fs.readFileSync(file).equals(bytes), Buffer.from(one.weightsToBuffer({ storage })).equals(bytes)], [now, true, true], name);
      for (const load of [(other) => other.loadWeights(file), (other) => other.loadWeightsAsync(file), (other) => other.loadWeightsAsync(new Uint8Array(bytes))]) {
        const other = make();
        other.setWeights(numbersOf(other, () => 0.5));
        await load(other);
        assert.deepStrictEqual(other.getWeights(), weights, `${name}, ${storage}`);
        other.close();
      }
      // A file that is cut changes nothing.
      const other = make(), before = other.getWeights();
      for (const cut of [bytes.length - 1, bytes.length >> 1, 5]) {
        fs.writeFileSync(file, bytes.subarray(0, cut));
        await fails(() => other.loadWeightsAsync(file), 'ERR_CORRUPT', name);
        await fails(() => other.loadWeightsAsync(new Uint8Array(bytes.subarray(0, cut))), 'ERR_CORRUPT', name);
        await fails(() => other.loadWeights(file), 'ERR_CORRUPT', name);
      }
      assert.deepStrictEqual(other.getWeights(), before);
      other.close();
    }
    seen.push(name);
    one.close();
  }
  for (const wanted of ['RuvectorLayer', 'MultiHeadAttention', 'MoEAttention', 'Linear', 'GraphSAGELayer', 'GATv2Layer', 'Adam', 'FixedWeights', 'TaxonomyMap']) assert.ok(seen.includes(wanted), `${wanted} of ${seen}`);
  const one = new Linear({ inChannels: 2, outChannels: 2, seed: 1 });
  for (const [call, code] of [
    [() => one.saveWeightsAsync(path.join(folder, 'no', 'x')), 'ERR_NOT_FOUND'], [() => one.saveWeightsAsync(3), 'ERR_INVALID_ARG'], [() => one.saveWeightsAsync(file, { storage: 'f8' }), 'ERR_INVALID_CONFIG'],
    [() => one.loadWeightsAsync(path.join(folder, 'none')), 'ERR_NOT_FOUND'], [() => one.loadWeightsAsync(folder), 'ERR_IO'], [() => one.loadWeightsAsync(3), 'ERR_INVALID_ARG'], [() => one.loadWeightsAsync(file, { strict: 1 }), 'ERR_INVALID_ARG'],
  ]) await fails(call, code, `${call}`);
  assert.deepStrictEqual(fs.readdirSync(folder).filter((name) => name.endsWith('.tmp')), []);
  one.close();
  for (const call of [() => one.saveWeightsAsync(file), () => one.loadWeightsAsync(file)]) await fails(call, 'ERR_CLOSED', 'closed');
});

test('the event loop turns while weights are written, and they are those of the call', async () => {
  const file = path.join(folder, 'large.safetensors'), one = new Linear({ inChannels: 1500, outChannels: 1500, seed: 1 }), before = one.getWeights();
  let turns = 0;
  const timer = setInterval(() => { turns++; }, 1), saving = one.saveWeightsAsync(file);
  one.setWeights(new Float32Array(before.length));
  await saving;
  await one.loadWeightsAsync(file);
  clearInterval(timer);
  assert.ok(turns > 1, `${turns} turns`);
  assert.deepStrictEqual(one.getWeights(), before);
});
