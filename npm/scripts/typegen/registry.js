'use strict';
// npm/lib/generated/registry.js and indexes.js: what JavaScript makes classes of.
const { WRITTEN, isGenerated, standardOf } = require('./described.js');

const quoted = (text) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

function registryOf(members) {
  const port = ({ name, type, need, shape }) => `{ name: ${quoted(name)}, type: ${quoted(type)}, need: ${quoted(need)}, shape: [${shape.map(quoted).join(', ')}] }`;
  const lines = [];
  for (const member of members) {
    const options = member.options.map((option) => `[${[quoted(option.name), quoted(option.kind), ...option.before === undefined ? [] : [standardOf({ ...option, standard: option.before })]].join(', ')}]`).join(', ');
    const operations = member.operations.map(({ name, inputs, outputs, changesMember }) =>
      `${/^\w+$/.test(name) ? name : quoted(name)}: OPERATIONS[${shared(`{ inputs: [${inputs.map(port).join(', ')}], outputs: [${outputs.map(port).join(', ')}]${changesMember ? ", changesMember: true" : ""} }`)}]`);
    lines.push(`  { family: ${quoted(member.family)}, name: ${quoted(member.name)}, type: ${quoted(member.type)}, isGenerated: ${isGenerated(member)}, options: [${options}], operations: { ${operations.join(', ')} } },`);
  }
  return `'use strict';\n// ${WRITTEN}\n\nconst OPERATIONS = [\n${[...table.keys()].map((text) => `  ${text},\n`).join('')}];\n\n/** Members; \`isGenerated\`: whether its class comes from the registry alone. */\nconst MEMBERS = [\n${lines.join('\n')}\n];\n\nmodule.exports = { MEMBERS };\n`;
}

/** Operations that several members have stand once. */
const table = new Map();
function shared(text) {
  if (!table.has(text)) table.set(text, table.size);
  return table.get(text);
}

/** The bounds of an integer, where it has any. */
const boundsOf = ({ kind, wanted }) => (kind === 'integer' ? /in (\d+)\.\.\.(\d+)$/.exec(wanted)?.slice(1) : undefined);

function indexesOf(indexes) {
  const option = (one) => `${one.name}: { kind: ${quoted(one.kind)}${boundsOf(one) ? `, least: ${boundsOf(one)[0]}, most: ${boundsOf(one)[1]}` : ''} }`;
  return `'use strict';\n// ${WRITTEN}\n\n/** Kind of index -> its options by name. */\nconst INDEXES = {\n${indexes.map(({ name, options }) => `  ${name}: {\n${options.map((one) => `    ${option(one)},\n`).join('')}  },\n`).join('')}};\n\nmodule.exports = { INDEXES };\n`;
}

module.exports = { indexesOf, registryOf };
