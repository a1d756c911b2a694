#!/usr/bin/env bash
# npm test: everything that has to hold. Steps can be named: npm test -- lint lint-js swift docs wasm node
set -euo pipefail
cd "$(dirname "$0")/../.."
steps=${*:-prepare build gyp lint lint-js swift typegen docs wasm node}

step() { printf '\n== %s\n' "$1" >&2; }

times=""
table() { printf '\n%s' "seconds a step:$times" >&2; printf '\n' >&2; }
trap table EXIT

for name in $steps; do
  step "$name"
  started=$SECONDS
  case $name in
    prepare) bash npm/scripts/prepare.sh ;;
    build) node npm/scripts/build.js --if-missing ;;
    # node-gyp from the root, as tools that know nothing else call it.
    gyp) bash npm/scripts/gyp.sh ;;
    lint) swift format lint --strict --recursive Package.swift Sources Tests ;;
    lint-js) node npm/scripts/lint.js ;;
    swift) bash npm/scripts/checked.sh test ;;
    # What is generated of the registry, against what the registry says now.
    typegen) node npm/scripts/typegen.js --check ;;
    docs) bash npm/scripts/docs.sh ;;
    node) node --test --test-concurrency=2 npm/test/*.test.js ;;
    wasm) bash npm/scripts/wasm.sh --if-missing ;;
    *) echo "unknown step: $name" >&2; exit 2 ;;
  esac
  times+=" $name $((SECONDS - started))"
done
