'use strict';
// Writes the facade bound to WebAssembly, in wasm/ all of npm/lib/index.js on a module without mechanisms of attention, in
// wasm/attention/ the same and npm/lib/attention as `attention` on one with everything. Each form is one file beside its module:
//   index.js     for require in Node      index.mjs  the same objects for import in Node
//   browser.mjs  for browsers (and any import by URL): loads the module with the page, needs no bundler
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../..'), lib = path.join(root, 'npm/lib'), output = path.join(root, 'wasm');

/** Files that a file of npm/lib needs, by their path in npm/lib, with such paths in their `require`s. */
function collect(file, files = new Map()) {
  const name = file === 'native.js' ? 'wasm/bundled.js' : file;
  if (files.has(file)) return files;
  files.set(file, '');
  const text = fs.readFileSync(path.join(lib, name), 'utf8').replace(/require\('(\.[^']+)'\)/g, (_, relative) => {
    const needed = path.posix.join(path.posix.dirname(name), relative);
    collect(needed, files);
    return `require('${needed}')`;
  });
  return files.set(file, text);
}

/** The facade; `given`: an expression for what comes from outside, by name. */
const body = (files, hasAttention, given) => `const files = {
${files}};
const loaded = new Map(Object.entries(${given}));
function load(name) {
  if (!loaded.has(name)) {
    const module = { exports: {} };
    files[name](module, module.exports, load);
    loaded.set(name, module.exports);
  }
  return loaded.get(name);
}
const everything = { ...load('index.js')${hasAttention ? ", attention: load('attention/index.js')" : ''} };
`;

const head = '// Written by npm/scripts/bundle.js.\n';

/** One folder with its module: the bundles and their types. */
function write(output, up, hasAttention) {
  const files = [...(hasAttention ? collect('attention/index.js', collect('index.js')) : collect('index.js'))]
    .map(([name, text]) => `  '${name}': (module, exports, require) => {\n${text}},\n`)
    .join('');
  const names = [...Object.keys(require(path.join(root, 'index.js'))), ...(hasAttention ? ['attention'] : [])].sort().map((name) => `  ${name},\n`).join('');

  fs.mkdirSync(output, { recursive: true });
  fs.writeFileSync(path.join(output, 'index.js'), `${head}'use strict';
const compiled = new WebAssembly.Module(require('node:fs').readFileSync(require('node:path').join(__dirname, 'ruvector.wasm')));
${body(files, hasAttention, `{
  'ruvector:wasm': { module: compiled },
  'node:crypto': require('node:crypto'),
  'node:util': require('node:util'),
}`)}module.exports = everything;
`);
  fs.writeFileSync(path.join(output, 'index.mjs'), `${head}import ruvector from './index.js';

export default ruvector;
export const {
${names}} = ruvector;
`);
  fs.writeFileSync(path.join(output, 'browser.mjs'), `${head}const url = new URL('./ruvector.wasm', import.meta.url);
const inNode = (name) => import(/* @vite-ignore */ /* webpackIgnore: true */ \`node:\${name}\`);

async function compile() {
  if (url.protocol === 'file:') return WebAssembly.compile(await (await inNode('fs/promises')).readFile(url));
  const response = await fetch(url);
  if (!response.ok) throw new Error(\`\${url}: \${response.status} \${response.statusText}\`);
  const again = response.clone(); // for servers that do not know the type application/wasm
  return WebAssembly.compileStreaming(response).catch(async () => WebAssembly.compile(await again.arrayBuffer()));
}

const compiled = await compile();
${body(files, hasAttention, `{
  'ruvector:wasm': { module: compiled, instance: await WebAssembly.instantiate(compiled) },
  'node:crypto': globalThis.crypto ? {} : await inNode('crypto'),
  'node:util': globalThis.TextEncoder ? {} : await inNode('util'),
}`)}const ruvector = everything;

export default ruvector;
export const {
${names}} = ruvector;
`);
  for (const extension of ['ts', 'mts']) {
    fs.writeFileSync(path.join(output, `index.d.${extension}`), `${head}export * from '${up}/index.js';
${hasAttention ? `export * as attention from '${up}/npm/entries/attention.js';\n` : ''}${extension === 'mts' ? "import * as ruvector from './index.js';\nexport default ruvector;\n" : ''}`);
  }
}

write(output, '..', false);
write(path.join(output, 'attention'), '../..', true);
