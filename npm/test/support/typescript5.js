'use strict';
// TypeScript 5.9. There is no npm registry where the tests run: this is the copy of TypeScript (Apache 2.0) inside PyPI's
// bokeh, unpacked into .deps/bokeh by npm/scripts/prepare.sh and never committed.
const fs = require('node:fs');
const path = require('node:path');

const folder = path.resolve(__dirname, '../../../.deps/bokeh/server/static');
const bundle = fs.readFileSync(path.join(folder, 'js/compiler.js'), 'utf8');
// The module's text in the bundle: a function of (exports, module) that ends by setting module.exports.
const last = /typeof (\w+)<"u"&&\1\.exports&&\(\1\.exports=\w+\)\}\}\)/.exec(bundle);
if (!last) throw new Error('no TypeScript in this bokeh');
const end = last.index + last[0].length;
const head = bundle.slice(0, end).lastIndexOf(`,${last[1]})=>{`);
const text = bundle.slice(head + `,${last[1]})=>{`.length, end);
// Its own libraries are looked for beside its file.
new Function(last[1], 'require', 'module', 'exports', '__filename', '__dirname', text)(
  module, require, module, module.exports, path.join(folder, 'lib/tsc.js'), path.join(folder, 'lib'));
