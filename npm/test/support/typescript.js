'use strict';
// The TypeScript compilers and the types of Node that npm/scripts/prepare.sh unpacks.
const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '../../..');
const tsc = process.env.RUVECTOR_TSC || path.join(root, '.deps/usr/share/nodejs/typescript/bin/tsc');
const nodeTypes = process.env.RUVECTOR_NODE_TYPES || path.join(root, '.deps/usr/share/nodejs/@types');

/** The module of each compiler; that of 4.8 lies beside its `tsc`. */
const compilers = { 'TypeScript 4.8': path.join(tsc, '../../lib/typescript.js'), 'TypeScript 5.9': path.join(__dirname, 'typescript5.js') };

/** Declarations that were read, by compiler, file and how it is read: programs share nearly all of them. */
const declarations = new Map();

/** A host of programs in `folder`. Declarations must not change while this process runs. */
function hostOf(ts, folder, options) {
  const host = ts.createCompilerHost(options), read = host.getSourceFile, libraries = host.getDefaultLibLocation();
  host.getCurrentDirectory = () => folder;
  host.jsDocParsingMode = ts.JSDocParsingMode?.ParseForTypeErrors; // as tsc
  host.getSourceFile = (name, how, ...more) => {
    if (!/\.d\.[cm]?ts$/.test(name)) return read(name, how, ...more);
    const key = [ts.version, name, how.languageVersion, name.startsWith(libraries) ? '' : how.impliedNodeFormat].join(); // libraries import nothing
    if (!declarations.has(key)) declarations.set(key, read(name, how, ...more));
    const file = declarations.get(key);
    if (file) file.resolvedModules = file.resolvedTypeReferenceDirectiveNames = undefined; // what 4.8 has found for another program
    return file;
  };
  return host;
}

/** Runs a compiler on files in `folder` as `tsc --strict --noEmit` does, in this process; its complaints. */
function complaints(compiler, folder, ...args) {
  const ts = require(compilers[compiler]);
  const { fileNames, options, errors } = ts.parseCommandLine(['--strict', '--noEmit', '--target', 'es2022', ...args]), host = hostOf(ts, folder, options);
  const program = ts.createProgram(fileNames.map((name) => path.join(folder, name)), options, host, undefined, errors);
  return ts.formatDiagnostics(ts.getPreEmitDiagnostics(program), host);
}

/** Options of a program that uses Node. */
const withNode = ['--skipLibCheck', '--typeRoots', nodeTypes, '--types', 'node'];

/** npm/examples/service.ts as JavaScript in build/. Inside the package, '@ruvector/gnn' is the package. */
function compileService() {
  const ts = require(compilers['TypeScript 4.8']), file = path.join(root, 'build/examples/npm/examples/service.js');
  const { outputText } = ts.transpileModule(fs.readFileSync(path.join(root, 'npm/examples/service.ts'), 'utf8'), { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS } });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, outputText);
  return file;
}

module.exports = { compileService, compilers, complaints, nodeTypes, tsc, withNode };
