'use strict';

const native = require('./native.js');
const { Handle } = require('./handle.js');
const inputs = require('./inputs.js');
const { matrix } = require('./matrices.js');
const { mismatch } = require('./errors.js');
const { numberOf } = require('./tokens.js');

const OPEN = Symbol('open');

/** Candidates that stay in native memory, with their norms: the fast path for repeated queries. */
class VectorSet extends Handle {
  #size;
  #dim;
  #token;

  constructor(vectors, secret) {
    if (secret === OPEN) super(vectors, VectorSet);
    else {
      const { data, rows, dim } = matrix(vectors, 'vectors');
      super(native.vectorsCreate(data, rows, dim), VectorSet);
    }
    const info = new Float64Array(3);
    native.vectorsInfo(Handle.of(this, VectorSet, 'this'), info);
    [this.#size, this.#dim, this.#token] = info;
  }

  /** The set behind a `token` made in this or another thread of the process; the rows are shared, not copied. */
  static open(token) {
    return new VectorSet(native.vectorsOpen(numberOf(token, 'vectorSet', 'a VectorSet')), OPEN);
  }

  /** Vectors in the set. */
  get size() {
    Handle.of(this, VectorSet, 'this');
    return this.#size;
  }

  /** Elements a vector. */
  get dim() {
    Handle.of(this, VectorSet, 'this');
    return this.#dim;
  }

  /** A plain object to post to a worker, which gives it to `VectorSet.open`. Valid while any thread has the set open. */
  get token() {
    Handle.of(this, VectorSet, 'this');
    return { vectorSet: this.#token };
  }

  /** A copy of one vector. */
  get(index) {
    const handle = Handle.of(this, VectorSet, 'this');
    const row = inputs.count(index, 'index');
    if (row >= this.#size) throw mismatch('ERR_OUT_OF_RANGE', `an index below ${this.#size}`, 'index', row);
    const out = new Float32Array(this.#dim);
    native.vectorsRow(handle, row, out);
    return out;
  }
}

module.exports = { VectorSet };
