'use strict';
// docs/options.md: every member and index with its formula, options, operations.
const { WRITTEN, partsOf, rangeOf, shown, standardOf } = require('./described.js');

const TITLES = { layer: 'Layers', walk: 'Walks', attention: 'Attention', codec: 'Codecs', graph: 'Layers over graphs', dense: 'Layers of single rows', loss: 'Losses', optimizer: 'Optimizers', schedule: 'Schedules', trainer: 'Trainer', miner: 'Mining', continual: 'Continual learning', balancing: 'Balancing losses', embedding: 'Embeddings', head: 'Heads', ranker: 'Ranking', index: 'Indexes' };

function docsOf(members, indexes) {
  let text = `<!-- ${WRITTEN} -->\n# Every member and index: formulas, options, operations\n\nNames are those of Swift and C (\`rv_create\`, \`rv_index_create\`); [migration.md](migration.md) says where the classes of JavaScript have others.\nOf a \`seed\` that is left out, JavaScript's classes draw a random one.\n`;
  const all = [...members, ...indexes.map((one) => ({ ...one, family: 'index', operations: [] }))];
  const unknown = all.find(({ family }) => TITLES[family] === undefined);
  if (unknown) throw new Error(`TITLES lacks the family ${unknown.family}`);
  for (const family of Object.keys(TITLES)) {
    const ours = all.filter((member) => member.family === family);
    if (ours.length > 0) text += `\n## ${TITLES[family]}\n`;
    for (const { name, type, doc, options, operations, example } of ours) {
      const { first, formulas, rest } = partsOf(doc);
      text += `\n### \`${name}\` (${type})\n\n${first}\n`;
      if (formulas.length > 0) text += `\n\`\`\`text\n${formulas.join('\n')}\n\`\`\`\n`;
      for (const part of rest) text += `\n${part}\n`;
      if (options.length > 0) {
        text += '\n| option | value | default | |\n|---|---|---|---|\n';
        for (const option of options) text += `| \`${option.name}\` | ${rangeOf(option).replaceAll('|', '\\|')} | ${standardOf(option) ?? ''} | ${option.note.replaceAll('|', '\\|')} |\n`;
      }
      if (operations.length > 0) {
        text += '\n| operation | takes | gives |\n|---|---|---|\n';
        for (const { name: operation, inputs, outputs, changesMember } of operations) {
          const list = (ports) => ports.map((port) => `${port.name} ${shown(port)}${port.need === 'optional' ? ' (may be left out)' : ''}`).join(', ');
          text += `| \`${operation}\`${changesMember ? ' (changes the member)' : ''} | ${list(inputs)} | ${list(outputs)} |\n`;
        }
      }
      if (example?.parameters.length > 0) text += `\nParameters, with ${example.options}: ${example.parameters.map((one) => `\`${one.name}\` [${one.shape.join(', ')}]`).join(', ')}.\n`;
    }
  }
  return text;
}

module.exports = { docsOf };
