'use strict';

// The Poincare ball as @ruvector/attention names it: the curvature comes last and counts as |K|.
const geometry = require('../geometry.js');
const { sectional } = require('../search.js');

module.exports = {
  projectToPoincareBall: (vector, curvature) => geometry.projx(vector, sectional(curvature)),
  poincareDistance: (a, b, curvature) => geometry.dist(a, b, sectional(curvature)),
  mobiusAddition: (a, b, curvature) => geometry.mobiusAdd(a, b, sectional(curvature)),
  expMap: (base, tangent, curvature) => geometry.expMap(base, tangent, sectional(curvature)),
  logMap: (base, point, curvature) => geometry.logMap(base, point, sectional(curvature)),
};
