'use strict';
// Writes index.mjs and attention.mjs: the same objects as the CommonJS entries under their names, so that `import` and
// `require` share classes.
const fs = require('node:fs');
const path = require('node:path');
const root = path.resolve(__dirname, '../..');
for (const [entry, name] of [['index', 'ruvector'], ['attention', 'attention']]) {
  const names = Object.keys(require(path.join(root, `${entry}.js`))).sort();
  fs.writeFileSync(
    path.join(root, `${entry}.mjs`),
    `// Written by npm/scripts/esm.js.\nimport ${name} from './${entry}.js';\n\nexport default ${name};\nexport const {\n${names
      .map((one) => `  ${one},\n`)
      .join('')}} = ${name};\n`);
}
