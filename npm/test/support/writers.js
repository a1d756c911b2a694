'use strict';
// Who else may write to the file of a store: another process, a worker, a second connection. Each runs the same code.
const { spawn } = require('node:child_process');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const support = require('./index.js');
const { entries } = require('./store.js');

const AsyncFunction = (async () => {}).constructor, open = (file) => support.ruvector.VectorStore.open(file);
const maker = (store) => (count, start) => entries(count, store.dim, support, start);

/** Source that opens `file`, runs `code` and closes; the code sees `store`, and `make(count, start)`: entries as those of store.js. */
const program = (file, code) => `
  const support = require(${JSON.stringify(path.join(__dirname, 'index.js'))}), { entries } = require(${JSON.stringify(path.join(__dirname, 'store.js'))});
  const store = support.ruvector.VectorStore.open(${JSON.stringify(file)}), make = (count, start) => entries(count, store.dim, support, start);
  (async () => {
    ${code}
    store.close();
  })();`;

/** Name -> (file, code): a promise of its end. */
const WRITERS = {
  'another process': (file, code) => new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', program(file, code)], { stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (text) => { errors += text; });
    child.on('close', (status, signal) => (status === 0 ? resolve() : reject(new Error(`${signal ?? status}: ${errors}`))));
  }),
  'a worker': (file, code) => new Promise((resolve, reject) => {
    new Worker(program(file, code), { eval: true }).on('error', reject).on('exit', resolve);
  }),
  'a second connection': async (file, code) => {
    const store = open(file);
    try {
      await new AsyncFunction('store', 'make', code)(store, maker(store));
    } finally {
      store.close();
    }
  },
};

module.exports = { WRITERS };
