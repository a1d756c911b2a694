'use strict';

// Tokens: plain objects that name a native object to the other threads of the process.
const { isRevoked, unexpected } = require('./errors.js');

/** The number in `token`, which must be one of `owner`'s: { [field]: number }. */
function numberOf(token, field, owner) {
  const id = isRevoked(token) ? undefined : token?.[field];
  if (!Number.isSafeInteger(id) || id < 0) throw unexpected('ERR_INVALID_ARG', `the token of ${owner}`, 'token', token);
  return id;
}

module.exports = { numberOf };
