'use strict';
// npm run example -- <name> [--option value ...]: one of the examples of npm/examples that take options or data.
const EXAMPLES = {
  cora: () => require('../examples/graph/cora.js').cora,
  'cora-links': () => require('../examples/graph/cora-links.js').coraLinks,
  'graphsage-unseen-nodes': () => require('../examples/graph/graphsage-unseen-nodes.js').graphsageUnseenNodes,
  'search-glosses': () => require('../examples/graph/search-glosses.js').searchGlosses,
  'wordnet-edges': () => require('../examples/graph/wordnet-edges.js').wordnetEdges,
  'custom-loss': () => require('../examples/train/custom-loss.js').customLoss,
  'train-mammals': () => require('../examples/embedding/train-mammals.js').trainMammals,
  'train-wordnet': () => require('../examples/embedding/train-wordnet.js').trainWordnet,
  navigator: () => require('../examples/rank/navigator.js').navigator,
  'learn-to-rank': () => require('../examples/rank/learn-to-rank.js').learnToRank,
  'my-texts': () => require('../examples/rank/my-texts.js').myTexts,
  taxonomy: () => require('../examples/embedding/taxonomy.js').taxonomy,
};

const [name, ...rest] = process.argv.slice(2), options = {};
for (let i = 0; i < rest.length; i += 2) options[rest[i].replace(/^--/, '')] = rest[i + 1];
if (!Object.hasOwn(EXAMPLES, name)) {
  console.error(`npm run example -- ${Object.keys(EXAMPLES).join('|')} [--option value ...]`);
  process.exit(2);
}
EXAMPLES[name]()(options).catch((error) => {
  console.error(error.code ? error : error.message);
  process.exitCode = 1;
});
