'use strict';
module.exports = require('../lib/attention/index.js');
