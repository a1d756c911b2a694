'use strict';
// Folders for stores, and processes that use them.
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { root } = require('./index.js');

/** A path for a store in a folder that goes with the test. */
function place(t) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ruvector-store-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return path.join(folder, 'vectors.db');
}

/** What `code` prints in a process of its own, in which `VectorStore` is there. */
function elsewhere(code, env = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', `const { VectorStore } = require(${JSON.stringify(root)});\n${code}`], {
    encoding: 'utf8', env: { ...process.env, ...env },
  });
  if (status !== 0) throw new Error(stderr || stdout);
  return stdout.trim();
}

/** `count` entries of unit vectors with metadata {i, even, tag}. */
function entries(count, dim, { rows }, start = 0) {
  return rows(count, dim, 7 + start).map((vector, i) => {
    const n = start + i, length = Math.hypot(...vector);
    return { id: `id-${n}`, vector: vector.map((x) => x / length), metadata: { i: n, even: n % 2 === 0, tag: `t${n % 5}` } };
  });
}

module.exports = { elsewhere, entries, place };
