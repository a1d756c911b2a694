'use strict';

// @ruvector/gnn. Which module has what stands in generated/exports.js (npm/scripts/esm.js).
require('./native.js'); // a missing or unfit binary is an error of `require`, not of the first call

module.exports = require('./generated/exports.js');
