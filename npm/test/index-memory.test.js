'use strict';
// Small indexes take little: a hundred vectors of 32 floats, added one by one, 64 kB at most. A thousand tenants have one each.
const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const test = require('node:test');
const { notInWasm, root, rows, ruvector } = require('./support/index.js');
const { KEYS } = require('./support/oracle.js');

const dim = 32, n = 100, MOST = 65536, data = rows(n, dim, 3);

for (const name of ['HNSWIndex', 'BruteForceIndex']) {
  for (const kind of Object.keys(KEYS)) {
    test(`${name}, keys of kind ${kind}: what a small index says that it takes`, () => {
      const WAYS = {
        'one by one': (index) => data.forEach((v, i) => index.add(KEYS[kind](i), v)),
        'in a batch': (index) => index.addBatch(data.map((_, i) => KEYS[kind](i)), data),
        'in batches of ten': (index) => { for (let i = 0; i < n; i += 10) index.addBatch(data.slice(i, i + 10).map((_, j) => KEYS[kind](i + j)), data.slice(i, i + 10)); },
        'by updates of one': (index) => { index.add(KEYS[kind](0), data[0]); for (const v of data) index.update(KEYS[kind](0), v); },
        'with removals': (index) => data.forEach((v, i) => { index.add(KEYS[kind](i), v); if (i > 50) index.remove(KEYS[kind](i - 50)); }),
        'not at all': () => {},
      };
      for (const [way, fill] of Object.entries(WAYS)) {
        const index = new ruvector[name]({ dim, keys: kind });
        fill(index);
        const { bytes } = index.stats();
        assert.ok(bytes <= MOST, `filled ${way}: ${bytes} bytes`);
        index.close();
      }
    });
  }
}

/** Runs in a process of its own: what resident memory grows by, an index. */
const measure = (name, kind, fill) => {
  const code = `
    const { ${name} } = require(${JSON.stringify(root)}), { rows } = require(${JSON.stringify(require.resolve('./support/index.js'))}), { KEYS } = require(${JSON.stringify(require.resolve('./support/oracle.js'))});
    const data = rows(${n}, ${dim}, 3), keys = data.map((_, i) => KEYS.${kind}(i)), count = 300, kept = [];
    const one = () => {
      const index = new ${name}({ dim: ${dim}, keys: '${kind}' });
      ${fill}
      return index;
    };
    for (let i = 0; i < 20; i++) kept.push(one()); // code, pools, V8's own
    const resident = () => {
      for (let i = 0; i < 3; i++) gc();
      const { rss, heapTotal, heapUsed } = process.memoryUsage();
      return rss - heapTotal + heapUsed;
    };
    const before = resident();
    for (let i = 0; i < count; i++) kept.push(one());
    const after = resident();
    if (kept.some((index) => index.search(data[7], 1).keys[0] !== keys[7])) throw new Error('wrong');
    console.log((after - before) / count);`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--expose-gc', '-e', code], { encoding: 'utf8' });
  assert.strictEqual(status, 0, stderr);
  return Number(stdout);
};

/** What the pages of allocators and V8's objects around an index may add. */
const ALLOWANCE = 8192;
const ADD = 'data.forEach((v, i) => index.add(keys[i], v));', BATCH = 'index.addBatch(keys, data);';
for (const [name, kind, fill] of [['HNSWIndex', 'number', ADD], ['HNSWIndex', 'string', ADD], ['BruteForceIndex', 'number', ADD], ['BruteForceIndex', 'string', ADD], ['HNSWIndex', 'bigint', BATCH]]) {
  test(`300 of ${name}, keys of kind ${kind}, by ${fill === ADD ? 'add' : 'addBatch'}: resident memory`, { skip: notInWasm('memory is of the page') }, () => {
    const bytes = measure(name, kind, fill);
    assert.ok(bytes <= MOST + ALLOWANCE, `${Math.round(bytes)} bytes an index`);
  });
}
