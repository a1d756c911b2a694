'use strict';

const native = require('../native.js');
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { create } = require('./create.js');
const { stringify } = require('./json.js');
const { inPlace, lengthOf, mismatch } = require('../errors.js');
const { nameOf } = require('../known.js');

let stateIn, stateOf;

/** What the members of all families share: options, weights, text. */
class Member extends Handle {
  #state;

  /** `kind`: the class whose handles these are. */
  constructor(row, args, kind = Member) {
    const state = create(row, args);
    super(state.handle, kind);
    this.#state = { ...state, kind, pending: 0 };
  }

  static {
    /** The state of an object, undefined where it is no member. */
    stateIn = (value) => (#state in value ? value.#state : undefined);
    /** What `create` found out of a member (of that row), open or closed. */
    stateOf = (value, row) => {
      const isOne = typeof value === 'object' && value !== null && #state in value && (row ?? value.#state.row) === value.#state.row;
      if (!isOne) throw mismatch('ERR_WRONG_HANDLE', `a ${row?.class ?? 'member of a family'}`, 'this', nameOf(value) ?? 'another object');
      return value.#state;
    };
  }

  /** Names and shapes of the parameters, in the order of `getWeights`. */
  get parameters() {
    return stateOf(this).parameters;
  }

  getWeights() {
    const { floats } = stateOf(this), handle = handleOf(this), out = new Float32Array(floats);
    if (floats > 0) native.weightsGet(handle, '', out);
    return out;
  }

  setWeights(weights) {
    const { floats } = stateOf(this), handle = handleOf(this), w = inputs.vector(weights, 'weights');
    requireIdle(this);
    if (lengthOf(w) !== floats) throw mismatch('ERR_DIMENSION_MISMATCH', `${floats} elements`, 'weights', lengthOf(w));
    if (floats > 0) native.weightsSet(handle, '', w);
  }

  // (The module is loaded when it is asked for: most programs have no files of weights.)

  saveWeights(path, options) {
    return require('./weights.js').saveWeights(this, path, options);
  }

  async saveWeightsAsync(path, options) {
    return require('./weights.js').saveWeightsAsync(this, path, options);
  }

  weightsToBuffer(options) {
    return require('./weights.js').weightsToBuffer(this, options);
  }

  loadWeights(source, options) {
    require('./weights.js').loadWeights(this, source, options);
  }

  async loadWeightsAsync(source, options) {
    return require('./weights.js').loadWeightsAsync(this, source, options);
  }

  toJson() {
    const weights = Member.prototype.getWeights.call(this);
    return stringify(stateOf(this), weights);
  }
}

/** `run()` of a member with this state; until what it promises is settled its weights cannot be set. */
async function whileInFlight(state, run) {
  state.pending++; // from now on, and not from when a thread has time for it
  try {
    return await run();
  } finally {
    state.pending--;
  }
}

/** Of a member whose weights are about to change. */
function requireIdle(member) {
  const { pending } = stateOf(member);
  if (pending > 0) throw mismatch('ERR_BUSY', 'no call in flight', 'this', pending);
}

/** The native object of a member, which must be open. */
const handleOf = (value) => Handle.of(value, stateOf(value).kind, 'this');

/** The native object of an argument that must be an open member of a family, `wanted` in words. */
function handleOfFamily(value, family, wanted, name) {
  const state = Handle.looksLike(value) ? stateIn(value) : undefined;
  if (state?.row.family !== family) throw mismatch('ERR_WRONG_HANDLE', wanted, name, inPlace(value));
  return Handle.of(value, state.kind, name);
}

module.exports = { Member, handleOf, handleOfFamily, requireIdle, stateOf, whileInFlight };
