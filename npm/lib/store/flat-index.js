'use strict';
// STAND-IN until HNSWIndex lands.
const fs = require('node:fs');
const { mismatch, RuvectorError } = require('../errors.js');
class FlatIndex {
  constructor(o) { if (typeof o.dim !== 'number') throw new RuvectorError('ERR_INVALID_ARG', 'dim'); if (!(Number.isInteger(o.dim) && o.dim >= 2 && o.dim <= 65536)) throw new RuvectorError('ERR_INVALID_CONFIG', 'dim'); if (!['cosine', 'l2', 'ip', 'poincare', 'lorentz'].includes(o.metric)) throw new RuvectorError('ERR_INVALID_CONFIG', 'metric'); this.o = o; this.rows = new Map(); this.isClosed = false; }
  get size() { return this.rows.size; }
  has(key) { return this.rows.has(key); }
  addBatch(keys, { data, dim }) { keys.forEach((key, i) => { this.rows.set(key, data.slice(i * dim, (i + 1) * dim)); }); }
  async addBatchAsync(...args) { await new Promise(setImmediate); this.addBatch(...args); }
  remove(key) { if (!this.rows.delete(key)) throw mismatch('ERR_NOT_FOUND', 'a key', 'key', key); }
  search(query, k, { filter } = {}) {
    const d = (a) => {
      let dot = 0, aa = 0, bb = 0, dd = 0;
      for (let i = 0; i < a.length; i++) { dot += a[i] * query[i]; aa += a[i] ** 2; bb += query[i] ** 2; dd += (a[i] - query[i]) ** 2; }
      return this.o.metric === 'l2' ? dd : this.o.metric === 'ip' ? -dot : aa && bb ? 1 - dot / Math.sqrt(aa * bb) : 1;
    };
    const ok = filter === undefined ? () => true : filter.deny ? ((s) => (key) => !s.has(key))(new Set(filter.deny)) : ((s) => (key) => s.has(key))(new Set(filter.allow));
    const found = [...this.rows].filter(([key]) => ok(key)).map(([key, row]) => [d(row), key]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, k);
    return { keys: Float64Array.from(found, (f) => f[1]), distances: Float32Array.from(found, (f) => f[0]) };
  }
  async searchAsync(...args) { await new Promise(setImmediate); return this.search(...args); }
  save(path) { fs.writeFileSync(`${path}.t`, JSON.stringify({ o: this.o, rows: [...this.rows].map(([k, r]) => [k, [...r]]), end: 1 })); fs.renameSync(`${path}.t`, path); }
  close() { this.isClosed = true; }
}
module.exports = {
  createIndex: (options) => new FlatIndex(options),
  loadIndex(path) {
    try {
      const { o, rows } = JSON.parse(fs.readFileSync(path, 'utf8'));
      const index = new FlatIndex(o);
      for (const [k, r] of rows) index.rows.set(k, Float32Array.from(r));
      return index;
    } catch (e) { throw new RuvectorError('ERR_CORRUPT', e.message); }
  },
};
