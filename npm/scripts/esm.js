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
  'embedding/poincare.js': undefined,
  'embedding/taxonomy.js': undefined,
  'errors.js': ['RuvectorError'],
  'geometry.js': undefined,
  'overlay/embedder.js': ['GNNEmbedder'],
  'overlay/graph-sage.js': undefined,
  'overlay/message-passing.js': undefined,
  'gnn/navigator.js': undefined,
  'gnn/sampler.js': ['NeighborSampler'],
  'graph.js': ['CSRGraph', 'Graph'],
  'overlay/hierarchical.js': undefined,
  'overlay/hierarchical-v2.js': undefined,
  'indexes/brute-force.js': ['BruteForceIndex'],
  'indexes/filter.js': ['PreparedFilter'],
  'indexes/hnsw.js': ['HNSWIndex'],
  'indexes/merge.js': ['mergeTopK'],
  'members/classes.js': undefined,
  'overlay/layer.js': ['RuvectorLayer'],
  'ranking/reranker.js': undefined,
  'train/annealing.js': undefined,
  'train/functions.js': undefined,
  'train/mining.js': undefined,
  'train/trainer.js': undefined,
  'search.js': ['differentiableSearch', 'differentiableSearchHyperbolic'],
  'search-batch.js': undefined,
  'search-spaces.js': undefined,
  'gnn/search.js': ['searchWithGnn'],
  'store/vector-store.js': ['VectorStore', 'VectorDB'],
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

/** The entries that have a part of the main one: the families whose classes they have, and the modules. */
const PARTS = {
  graph: { families: ['graph', 'dense'], modules: ['graph.js', 'gnn/', 'overlay/embedder.js', 'overlay/graph-sage.js', 'overlay/message-passing.js'] },
  train: { families: ['loss', 'optimizer', 'schedule', 'miner', 'continual', 'balancing', 'head'], modules: ['train/', 'embedding/', 'ranking/'], types: ['train.d.ts', 'embedding.d.ts', 'ranking.d.ts'] },
};

/** What such an entry exports. */
function namesOf({ families, modules }) {
  const { MEMBERS } = require(path.join(lib, 'generated/registry.js'));
  const found = MEMBERS.filter(({ family, isGenerated }) => isGenerated && families.includes(family)).map(({ type }) => type);
  for (const [file, names] of Object.entries(MODULES)) if (modules.some((one) => file.startsWith(one))) found.push(...names ?? Object.keys(require(path.join(lib, file))));
  return found.sort();
}

/** The types that belong to it: of options, and what its file of types has. */
function typesOf({ families, types = [] }) {
  const { MEMBERS } = require(path.join(lib, 'generated/registry.js')), found = MEMBERS.filter(({ family, isGenerated }) => isGenerated && families.includes(family)).map(({ type }) => `${type}Options`);
  for (const file of types) {
    const text = fs.readFileSync(path.join(root, 'npm/types', file), 'utf8'), values = [...text.matchAll(/^export (?:const|class) (\w+)/gm)].map(([, name]) => name);
    found.push(...[...text.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name).filter((name) => !values.includes(name)));
  }
  return [...found, 'AsyncOptions', 'IndexRows', 'Matrix', 'Rows', 'ThreadOptions', 'Vector'].sort();
}

function partText(name) {
  return `'use strict';\n// Written by npm/scripts/esm.js: a part of the main entry.\nconst { part } = require('../lib/lazily.js');\n\nmodule.exports = part(require('../lib/index.js'), [\n${namesOf(PARTS[name]).map((one) => `  '${one}',\n`).join('')}]);\n`;
}

function entryText(entry, name) {
  const names = Object.keys(require(path.join(root, `${entry}.js`))).sort();
  return `// Written by npm/scripts/esm.js.\nimport ${name} from './${path.basename(entry)}.js';\n\nexport default ${name};\nexport const {\n${names
    .map((one) => `  ${one},\n`)
    .join('')}} = ${name};\n`;
}

/** Calls `write(file, text)` for each. */
function writeAll(write) {
  write('npm/lib/generated/exports.js', exportsText());
  for (const name of Object.keys(PARTS)) {
    write(`npm/entries/${name}.js`, partText(name));
    write(`npm/entries/${name}.d.ts`, `// Written by npm/scripts/esm.js: a part of the main entry.\nexport {\n${namesOf(PARTS[name]).map((one) => `  ${one},\n`).join('')}} from '../../index.js';\nexport type {\n${typesOf(PARTS[name]).map((one) => `  ${one},\n`).join('')}} from '../../index.js';\n`);
    write(`npm/entries/${name}.d.mts`, `export * from './${name}.js';\nimport * as ${name} from './${name}.js';\nexport default ${name};\n`);
  }
  for (const [entry, name] of [['index', 'ruvector'], ...['attention', 'graph', 'train'].map((one) => [`npm/entries/${one}`, one])]) write(`${entry}.mjs`, entryText(entry, name));
}

module.exports = { writeAll };
if (require.main === module) writeAll((file, text) => fs.writeFileSync(path.join(root, file), text));
