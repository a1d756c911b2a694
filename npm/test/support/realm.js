'use strict';
// The package in a realm of its own, as Jest's environments load it: their globals, `require` with a registry that can be reset,
// addons and modules of Node by the real `require`.
const path = require('node:path');
const fs = require('node:fs');
const vm = require('node:vm');

/** What jest-environment-jsdom's window has of what the package might use: no TextEncoder, setImmediate or structuredClone. */
const JSDOM = { console, process, performance, AbortController, AbortSignal, EventTarget, setTimeout, clearTimeout, queueMicrotask };

/** {load(file), reset()}; `globals` are those of the realm. */
function realm(globals = JSDOM) {
  const context = vm.createContext({ ...globals });
  let modules = new Map();
  function load(file) {
    if (modules.has(file)) return modules.get(file).exports;
    const module = { exports: {} }, folder = path.dirname(file);
    modules.set(file, module);
    const need = (name) => {
      if (!name.startsWith('.') || name.endsWith('.node')) return require(name.startsWith('.') ? path.resolve(folder, name) : name);
      return load(require.resolve(path.resolve(folder, name)));
    };
    vm.compileFunction(fs.readFileSync(file, 'utf8'), ['module', 'exports', 'require', '__filename', '__dirname'], { filename: file, parsingContext: context })(
      module, module.exports, need, file, folder);
    return module.exports;
  }
  return { load, reset: () => { modules = new Map(); }, evaluate: (code) => vm.runInContext(code, context) };
}

module.exports = { realm };
