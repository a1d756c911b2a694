'use strict';
module.exports = require('./npm/lib/attention/index.js');
