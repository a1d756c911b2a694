// Modules that are made, for npm/scripts/lint.js.
declare module '*.node' { const addon: any; export = addon; }
declare module 'ruvector:wasm' { export const module: any, instance: any; }
