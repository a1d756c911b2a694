#!/usr/bin/env bash
# Builds the addon through binding.gyp with npm's own node-gyp, offline.
set -euo pipefail
cd "$(dirname "$0")/../.."
prefix=$(node -p "require('path').resolve(process.execPath, '../..')")
gyp=$(command -v node-gyp || true)
for npm in lib/node_modules/npm share/nodejs/npm share/npm; do
  found="$prefix/$npm/node_modules/node-gyp/bin/node-gyp.js"
  [ -f "$found" ] && gyp=$found
done
rm -f build/Release/ruvector.node
node "${gyp:?node-gyp comes with npm, and was not found}" rebuild --nodedir="$prefix" --loglevel=warn >&2
test -f build/Release/ruvector.node
