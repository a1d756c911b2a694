'use strict';

// Errors of the native side -> errors that name what the caller wrote.
const { plural } = require('./extras.js');
const { renamed } = require('../errors.js');

/** `queryContext[3]` as the option it came from: queryFeatures[3], or element 3 of queryLevels. */
function inContext({ features, context = [] }, { subject, received }) {
  const [, side, row, place] = /^(query|key)Context\[(\d+)\](?:\[(\d+)\])?$/.exec(subject) ?? [];
  if (side === undefined) return undefined;
  if (features) return { subject: `${side}Features[${row}]` };
  const [, value, element] = /^(.*) at element (\d+)$/.exec(received) ?? [undefined, received, place];
  const column = context[element] ?? context[0];
  return column && { subject: side + plural(column), received: `${value} at element ${row}` };
}

/** The error in the words of a call of a mechanism with these extras; `isSingle`: its queries are one `query`. */
const inWordsOf = ({ extras }, { isSingle }, error) =>
  renamed(error, (parts) => inContext(extras, parts) ?? (isSingle && parts.subject === 'queries[0]' ? { subject: 'query' } : undefined));

module.exports = { inWordsOf };
