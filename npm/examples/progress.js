'use strict';

/** A line of progress on a terminal, `{ done, epoch, epochs, loss }` at a time; elsewhere nothing. */
function bar(title) {
  if (!process.stderr.isTTY) return () => {};
  return ({ done, epoch, epochs, loss }) => {
    const filled = Math.round(30 * done);
    process.stderr.write(`\r${title} [${'#'.repeat(filled)}${'.'.repeat(30 - filled)}] epoch ${epoch} of ${epochs}${loss === undefined ? '' : `, loss ${loss.toFixed(3)}`} ${done === 1 ? '\n' : ''}`);
  };
}

module.exports = { bar };
