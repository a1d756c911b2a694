'use strict';

// The Poincare ball and the hyperboloid, geoopt's names. Points first, curvature (default -1) last; all arithmetic
// in double. Float64Array in, Float64Array out; otherwise Float32Array.
const native = require('./native.js');
const inputs = require('./inputs.js');
const { matrix } = require('./matrices.js');
const { mismatch, tagOf } = require('./errors.js');

/** Signed sectional curvature: the native side accepts K < 0 only. */
const curvatureOf = (value) => inputs.number(value, 'curvature', -1);

function evaluate(name, curvature, dim, args, room) {
  const out = inputs.allocate(room, 'result', Float64Array);
  const written = native.geometry(name, curvatureOf(curvature), dim, args, undefined, out);
  return out.subarray(0, written);
}

/** The result in the precision of the first point. */
const like = (first, out) => (tagOf(first) === 'Float64Array' ? out.slice() : narrow(out));

function narrow(out) {
  const floats = new Float32Array(out), bad = floats.findIndex((x) => !Number.isFinite(x));
  if (bad < 0) return floats;
  throw mismatch('ERR_OUT_OF_RANGE', 'a result that fits in 32-bit floats (pass a Float64Array)', 'result', out[bad]);
}

/** A function of points (and leading scalars) named in `names`; `extra` elements more than its first point. */
function define(native, names, { scalar = false, extra = 0 } = {}) {
  return (...args) => {
    const values = names.map((name, i) =>
      name === 'r' || name === 't' ? Float64Array.of(inputs.number(args[i], name)) : inputs.doubles(args[i], name));
    const first = names.findIndex((name) => name !== 'r' && name !== 't');
    const out = evaluate(native, args[names.length], 0, values, scalar ? 1 : values[first].length + extra);
    return scalar ? out[0] : like(args[first], out);
  };
}

const names = {
  mobiusAdd: ['x', 'y'], mobiusSub: ['x', 'y'], mobiusScalarMul: ['r', 'x'], gyration: ['a', 'b', 'v'],
  expMap: ['x', 'u'], expMap0: ['u'], logMap: ['x', 'y'], logMap0: ['y'], geodesic: ['t', 'x', 'y'],
  transp: ['x', 'y', 'v'], projx: ['x'], egrad2rgrad: ['x', 'gradient'],
};
const functions = {};
for (const [name, args] of Object.entries(names)) functions[name] = define(name, args);
for (const [name, args] of Object.entries({ dist: ['x', 'y'], dist0: ['x'], lambdaX: ['x'] })) {
  functions[name] = define(name, args, { scalar: true });
}
functions.toLorentz = define('toLorentz', ['x'], { extra: 1 });
functions.toPoincare = define('toPoincare', ['x']);
functions.poincareDistance = functions.dist;

/** matrix: {data, rows, dim} or an array of rows. */
functions.mobiusMatvec = (rows, x, curvature) => {
  const m = matrix(rows, 'matrix');
  const out = evaluate('mobiusMatvec', curvature, 0, [inputs.doubles(m.data, 'matrix'), inputs.doubles(x, 'x')], m.rows);
  return like(x, out);
};

/** Weights of `n` points: finite numbers >= 0, not all 0; 1 each where they are left out. */
function weightsOf(value, n) {
  if (value === undefined) return new Float64Array(n).fill(1);
  const w = inputs.doubles(value, 'weights');
  const bad = w.findIndex((x) => !(x >= 0 && x < Infinity));
  if (bad >= 0) {
    const code = Number.isFinite(w[bad]) ? 'ERR_OUT_OF_RANGE' : 'ERR_NON_FINITE';
    throw mismatch(code, 'finite numbers >= 0', 'weights', `${w[bad]} at index ${bad}`);
  }
  if (w.length === n && w.every((x) => x === 0)) throw mismatch('ERR_OUT_OF_RANGE', 'a sum > 0', 'weights', 0);
  return w;
}

for (const name of ['weightedMidpoint', 'frechetMean']) {
  /** points: a matrix; weights default to 1. */
  functions[name] = (points, weights, curvature) => {
    const p = matrix(points, 'points');
    if (p.rows === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 point', 'points', 0);
    if (p.dim === 0) throw mismatch('ERR_EMPTY_INPUT', 'at least 1 element', 'points[0]', 0);
    const args = [inputs.doubles(p.data, 'points'), weightsOf(weights, p.rows)];
    return narrow(evaluate(name, curvature, p.dim, args, p.dim));
  };
}

module.exports = functions;
