'use strict';
// Writes index.mjs: the same objects as index.js under their names, so that `import` and `require` share classes.
const fs = require('node:fs');
const path = require('node:path');
const root = path.resolve(__dirname, '../..');
const names = Object.keys(require(root)).sort();
fs.writeFileSync(
  path.join(root, 'index.mjs'),
  `// Written by npm/scripts/esm.js.\nimport ruvector from './index.js';\n\nexport default ruvector;\nexport const {\n${names
    .map((name) => `  ${name},\n`)
    .join('')}} = ruvector;\n`);
