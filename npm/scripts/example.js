'use strict';
// npm run example -- <name> [--option value ...]: one of the examples of npm/examples that take data.
const { cora } = require('../examples/graph/cora.js');
const { wordnetEdges } = require('../examples/graph/wordnet-edges.js');

const EXAMPLES = { cora, 'wordnet-edges': wordnetEdges };

const [name, ...rest] = process.argv.slice(2), options = {};
for (let i = 0; i < rest.length; i += 2) options[rest[i].replace(/^--/, '')] = rest[i + 1];
if (!Object.hasOwn(EXAMPLES, name) || options.data === undefined) {
  console.error(`npm run example -- ${Object.keys(EXAMPLES).join('|')} --data <folder>`);
  process.exit(2);
}
EXAMPLES[name](options).catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
