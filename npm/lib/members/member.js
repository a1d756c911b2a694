'use strict';

const native = require('../native.js');
const { Handle } = require('../handle.js');
const inputs = require('../inputs.js');
const { create } = require('./create.js');
const { stringify } = require('./json.js');
const { isRow } = require('./rows.js');
const { inPlace, lengthOf, mismatch, unexpected } = require('../errors.js');
const { nameOf, withArticle } = require('../known.js');

let stateIn, stateOf;

/** Calls of a member that some operations change: changes wait for what was called before them, other calls for earlier changes. */
class Turns {
  /** Changes in flight or waiting. */
  changes = 0;
  #last = Promise.resolve();
  /** Other calls since the last change. */
  #others = new Set();

  async other(run) {
    const done = this.changes > 0 ? this.#last.then(run) : run(), settled = done.then(() => {}, () => {});
    this.#others.add(settled);
    try {
      return await done;
    } finally {
      this.#others.delete(settled);
    }
  }

  async change(run) {
    const isAlone = this.changes === 0 && this.#others.size === 0;
    this.changes++;
    const done = isAlone ? run() : Promise.all([this.#last, ...this.#others]).then(run);
    this.#last = done.then(() => {}, () => {});
    this.#others.clear();
    try {
      return await done;
    } finally {
      this.changes--;
    }
  }
}

/** What the members of all families share: options, weights, text. */
class Member extends Handle {
  #state;

  /** `kind`: the class whose handles these are. */
  constructor(row, args, kind = Member) {
    if (!isRow(row)) throw unexpected('ERR_INVALID_ARG', 'the class of a member', 'new', row);
    const state = create(row, args);
    super(state.handle, kind);
    const isChanged = Object.values(row.operations ?? {}).some(({ changesMember }) => changesMember);
    this.#state = { ...state, kind, pending: 0, turns: isChanged ? new Turns() : undefined };
  }

  static {
    /** The state of an object, undefined where it is no member. */
    stateIn = (value) => (#state in value ? value.#state : undefined);
    /** What `create` found out of a member (of that row), open or closed. */
    stateOf = (value, row) => {
      const isOne = typeof value === 'object' && value !== null && #state in value && (row ?? value.#state.row) === value.#state.row;
      if (!isOne) throw mismatch('ERR_WRONG_HANDLE', row ? withArticle(row.class) : 'a member of a family', 'this', nameOf(value) ?? 'another object');
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

/**
 * `run()` of a member with this state, in its turn; until what it promises is settled its weights cannot be set. `isChange`: it changes
 * the member.
 */
async function whileInFlight(state, run, isChange = false) {
  const { turns } = state;
  state.pending++; // from now on, and not from when a thread has time for it
  try {
    return await (turns === undefined ? run() : isChange ? turns.change(run) : turns.other(run));
  } finally {
    state.pending--;
  }
}

/** Of a member whose weights are about to change. */
function requireIdle(member) {
  const { pending } = stateOf(member);
  if (pending > 0) throw mismatch('ERR_BUSY', 'no call in flight', 'this', pending);
}

/** Of a member that is read: no change may be in flight. */
function requireStill({ turns }, name) {
  if (turns?.changes > 0) throw mismatch('ERR_BUSY', 'no change in flight', name, turns.changes);
}

/** The native object of a member, which must be open; for a call that waits for its turn. */
const openHandleOf = (value) => Handle.of(value, stateOf(value).kind, 'this');

/** The same for a call now. */
function handleOf(value) {
  const state = stateOf(value), handle = Handle.of(value, state.kind, 'this');
  requireStill(state, 'this');
  return handle;
}

/** The native object of an argument that must be an open member of a family, `wanted` in words. */
function handleOfFamily(value, family, wanted, name) {
  const state = Handle.looksLike(value) ? stateIn(value) : undefined;
  if (state?.row.family !== family) throw mismatch('ERR_WRONG_HANDLE', wanted, name, inPlace(value));
  const handle = Handle.of(value, state.kind, name);
  requireStill(state, name);
  return handle;
}

module.exports = { Member, handleOf, handleOfFamily, openHandleOf, requireIdle, stateOf, whileInFlight };
