'use strict';
module.exports = require('./npm/lib/index.js');
