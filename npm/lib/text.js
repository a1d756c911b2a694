'use strict';

// TextEncoder and TextDecoder, which the globals of jsdom lack.
module.exports = typeof TextEncoder === 'function' && typeof TextDecoder === 'function' ? { TextDecoder, TextEncoder } : require('node:util');
