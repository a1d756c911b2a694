#!/usr/bin/env bash
# Builds the addon through binding.gyp with npm's own node-gyp, offline.
set -euo pipefail
cd "$(dirname "$0")/../.."
prefix=$(node -p "require('path').resolve(process.execPath, '../..')")
gyp=$(ls "$prefix"/{lib/node_modules/npm,share/nodejs/npm,share/npm}/node_modules/node-gyp/bin/node-gyp.js 2>/dev/null | head -n 1)
node "${gyp:-$(command -v node-gyp)}" rebuild --nodedir="$prefix" --loglevel=warn >&2
test -f build/Release/ruvector.node
