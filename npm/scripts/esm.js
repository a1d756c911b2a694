'use strict';
// Writes npm/lib/generated/exports.js, which loads the modules of the main entry when they are asked for, and index.mjs and
// attention.mjs: the same objects as the CommonJS entries under their names, so that `import` and `require` share classes.
const fs = require('node:fs');
const path = require('node:path');
const root = path.resolve(__dirname, '../..'), lib = path.join(root, 'npm/lib');

/** The modules of the main entry; all that they export is public, or those of their names that are given. */
const MODULES = {
  'library.js': undefined,
  'overlay/compress.js': undefined,
  'errors.js': ['RuvectorError'],
  'geometry.js': undefined,
  'gnn/embedder.js': undefined,
  'gnn/message-passing.js': undefined,
  'graph.js': undefined,
  'overlay/hierarchical.js': undefined,
  'overlay/hierarchical-v2.js': undefined,
  'indexes/brute-force.js': ['BruteForceIndex'],
  'indexes/filter.js': ['PreparedFilter'],
  'indexes/hnsw.js': ['HNSWIndex'],
  'indexes/merge.js': ['mergeTopK'],
  'members/classes.js': undefined,
  'overlay/layer.js': undefined,
  'train/annealing.js': undefined,
  'train/functions.js': undefined,
  'train/trainer.js': undefined,
  'search.js': ['differentiableSearch', 'differentiableSearchHyperbolic'],
  'search-batch.js': undefined,
  'store/vector-store.js': ['VectorStore'],
  'vector-set.js': undefined,
};

/** File -> its text. The entries load exports.js, which must be written before their names are asked for. */
function exportsText() {
  const lines = Object.entries(MODULES).map(([file, names]) => {
    const all = names ?? Object.keys(require(path.join(lib, file))).sort();
    return `  [() => require('../${file}'), [${all.map((name) => `'${name}'`).join(', ')}]],\n`;
  });
  return `'use strict';
// Written by npm/scripts/esm.js.
const { lazily } = require('../lazily.js');

module.exports = lazily([
${lines.join('')}]);
`;
}

function entryText(entry, name) {
  const names = Object.keys(require(path.join(root, `${entry}.js`))).sort();
  return `// Written by npm/scripts/esm.js.\nimport ${name} from './${entry}.js';\n\nexport default ${name};\nexport const {\n${names
    .map((one) => `  ${one},\n`)
    .join('')}} = ${name};\n`;
}

/** Calls `write(file, text)` for each. */
function writeAll(write) {
  write('npm/lib/generated/exports.js', exportsText());
  for (const [entry, name] of [['index', 'ruvector'], ['attention', 'attention']]) write(`${entry}.mjs`, entryText(entry, name));
}

module.exports = { writeAll };
if (require.main === module) writeAll((file, text) => fs.writeFileSync(path.join(root, file), text));
