'use strict';
// What the registry says of a member or an option, as the generated files put it.

const WRITTEN = 'Written by npm/scripts/typegen.js.';

/** Families whose classes come from the registry alone. */
const GENERATED = ['walk', 'graph', 'dense', 'loss', 'optimizer', 'schedule', 'miner', 'continual', 'balancing', 'head'];
const isGenerated = ({ family, type }) => GENERATED.includes(family) || type === 'RuvectorLayerV2';

/** The first sentence of a comment, its formulas (indented lines) and the rest. */
function partsOf(doc) {
  const lines = doc.split('\n'), formulas = lines.filter((line) => line.startsWith('    ')).map((line) => line.slice(4));
  const text = lines.filter((line) => !line.startsWith('    ')).join('\n').replaceAll('``', '`');
  const [first, ...rest] = text.split(/\n\n+/).map((part) => part.trim()).filter(Boolean);
  return { first: (first ?? '').replaceAll('\n', ' '), formulas, rest };
}

const standardOf = ({ kind, standard, choices }) => {
  if (standard === undefined || standard === null) return undefined;
  if (kind === 'flag') return String(standard !== 0);
  if (kind === 'choice') return `'${choices[standard]}'`;
  return String(standard);
};
const rangeOf = ({ kind, wanted, choices }) => {
  if (kind === 'flag') return 'true or false';
  if (kind === 'choice') return choices.map((one) => `'${one}'`).join(' or ');
  return wanted.replace(/^an? /, '');
};
const shown = ({ shape, type }) => (type === 'graph' ? `a graph of ${shape[0]} nodes` : `[${shape.join(', ')}]`);

module.exports = { WRITTEN, isGenerated, partsOf, rangeOf, shown, standardOf };
