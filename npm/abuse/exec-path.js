'use strict';
// Preloaded by emulate.sh: what a test spawns as `process.execPath` runs on the emulated CPU too.
process.execPath = process.env.RUVECTOR_EXEC_PATH;
