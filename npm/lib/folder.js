'use strict';

// The folder of this file; of a bundle, that of the bundle. (Bundles that are ES modules have no __dirname.)
module.exports = { folder: typeof __dirname === 'string' ? __dirname : process.cwd() };
