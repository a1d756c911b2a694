'use strict';
// The examples of README.md and docs/.
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');

/** Files with examples. */
const pages = ['README.md', ...fs.readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];

/** Pairs of a `js` block and the `text` block behind it. */
function examples(page) {
  const text = fs.readFileSync(path.join(root, page), 'utf8');
  return [...text.matchAll(/```js\n([\s\S]*?)```\s*```text\n([\s\S]*?)```/g)].map(([, code, output]) => ({ code, output }));
}

/** Blocks of a language. */
const blocks = (page, language) => fs.readFileSync(path.join(root, page), 'utf8').match(new RegExp(`\`\`\`${language}\\n`, 'g')) ?? [];

/** The same program as TypeScript, whose `require` has no types: each one at the beginning of a line becomes an import. */
const asTypeScript = (code) => code
  .replace(/^const (\{[^}]*\}) = require\(('[^']+')\);/gm, 'import $1 from $2;')
  .replace(/^const (\w+) = require\(('[^']+')\);/gm, 'import $1 = require($2);');

module.exports = { asTypeScript, blocks, examples, pages };
