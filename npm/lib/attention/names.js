'use strict';

// Errors of the native side -> errors that name what the caller wrote.
const { plural } = require('./extras.js');
const { RuvectorError } = require('../errors.js');

/** What the native side asks of a column, by its name: a value it refuses tells the column. */
const ASKED = { position: 'positions', level: 'levels', kind: '0 (graph) or 1 (latent)' };

/** `queryContext[3]` as the option it came from: queryFeatures[3], or element 3 of queryLevels, say. */
function contextName({ features, context = [] }, message, side, row) {
  if (features) return message.replace(`${side}Context[`, `${side}Features[`);
  const [, element] = /, received \S+ at element (\d+)$/.exec(message) ?? [];
  const column = context[element] ?? (context.length === 1 ? context[0] : context.find((name) => message.includes(` ${ASKED[name]}`)));
  if (column === undefined) return message;
  const own = message.replace(`${side}Context[${row}]`, side + plural(column)).replace(/ at element \d+$/, '');
  return `${own} at element ${row}`;
}

/** The error in the words of a call of a mechanism with these extras; `isSingle`: its queries are one `query`. */
function inWordsOf({ extras }, { isSingle }, error) {
  if (!(error instanceof RuvectorError)) return error;
  let { message } = error;
  const [, side, row] = / for (query|key)Context\[(\d+)\],/.exec(message) ?? [];
  if (side !== undefined) message = contextName(extras, message, side, row);
  if (isSingle) message = message.replace(' for queries[0],', ' for query,');
  return message === error.message ? error : new RuvectorError(error.code, message, { cause: error });
}

module.exports = { inWordsOf };
