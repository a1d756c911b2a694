'use strict';

// Native indexes that there are already: of a file or its bytes (files.js), or another thread's by its token.
const native = require('../native.js');
const { mismatch } = require('../errors.js');
const { numberOf } = require('../tokens.js');

/** What a constructor takes instead of options; `name` is the argument that said which index. */
class Made {
  constructor(handle, name) {
    this.handle = handle;
    this.name = name;
  }
}

/** Closes an index of the other class. */
function wrongClass(index, { name }, wanted, other) {
  index.close();
  const what = name === 'path' ? 'file' : name;
  return mismatch('ERR_WRONG_HANDLE', `the ${what} of ${wanted}`, name, `${name === 'bytes' ? 'those' : 'that'} of ${other}`);
}

/** The index with this token as a `Class`. */
const openToken = (Class, token) => new Class(new Made(native.indexOpenToken(numberOf(token, 'index', 'an index')), 'token'));

module.exports = { Made, openToken, wrongClass };
