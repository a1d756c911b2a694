#!/usr/bin/env bash
# npm test: everything that has to hold. Steps can be named: npm test -- lint lint-js swift docs wasm node
set -euo pipefail
cd "$(dirname "$0")/../.."
steps=${*:-prepare build gyp lint lint-js swift typegen docs wasm node}

step() { printf '\n== %s\n' "$1" >&2; }

times=""
table() {
  local left
  left=$(jobs -pr)
  [ -z "$left" ] || kill $left 2>/dev/null || true
  printf '\n%s' "seconds a step:$times" >&2
  printf '\n' >&2
}
trap table EXIT

# Builds that keep one processor busy for most of their time begin beside the steps before those that want them.
# begin <step> <command>, where that step will come; then finish <step>
declare -A begun
begin() {
  case " $steps " in *" build "*" $1 "*) ;; *) return 0 ;; esac
  mkdir -p .build
  "${@:2}" >".build/$1.log" 2>&1 &
  begun[$1]=$!
}
finish() {
  [ -n "${begun[$1]:-}" ] || return 0
  wait "${begun[$1]}" || { cat ".build/$1.log" >&2; exit 1; }
}

for name in $steps; do
  step "$name"
  started=$SECONDS
  case $name in
    prepare) bash npm/scripts/prepare.sh ;;
    build)
      begin wasm bash npm/scripts/wasm.sh --if-missing  # one processor's work, the longest
      node npm/scripts/build.js --if-missing
      begin swift bash npm/scripts/checked.sh build --build-tests
      ;;
    # node-gyp from the root, as tools that know nothing else call it.
    gyp) bash npm/scripts/gyp.sh ;;
    lint) swift format lint --strict --recursive Package.swift Sources Tests ;;
    lint-js) node npm/scripts/lint.js ;;
    swift)
      finish swift
      bash npm/scripts/checked.sh test
      ;;
    # What is generated of the registry, against what the registry says now.
    typegen) node npm/scripts/typegen.js --check ;;
    docs) bash npm/scripts/docs.sh ;;
    # The reporter that says at the end once more what failed, where a log is cut.
    node) node --test --test-reporter=spec --test-concurrency=2 npm/test/*.test.js ;;
    wasm)
      finish wasm
      bash npm/scripts/wasm.sh --if-missing
      ;;
    *) echo "unknown step: $name" >&2; exit 2 ;;
  esac
  times+=" $name $((SECONDS - started))"
done
