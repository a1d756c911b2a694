#!/usr/bin/env bash
# npm test: everything that has to hold. Steps can be named: npm test -- lint lint-js swift docs wasm node
set -euo pipefail
cd "$(dirname "$0")/../.."
steps=${*:-prepare build gyp lint lint-js swift typegen docs wasm node}

step() { printf '\n== %s\n' "$1" >&2; }

times="" tests=""
table() {
  [ -z "$tests" ] || kill "$tests" 2>/dev/null || true
  printf '\n%s' "seconds a step:$times" >&2
  printf '\n' >&2
}
trap table EXIT

# The build of the Swift tests keeps one processor busy for most of its time: it begins beside the steps before it.
begin_tests() {
  case " $steps " in *" build "*" swift "*) ;; *) return 0 ;; esac
  mkdir -p .build
  bash npm/scripts/checked.sh build --build-tests >.build/tests.log 2>&1 &
  tests=$!
}
end_tests() {
  [ -n "$tests" ] || return 0
  wait "$tests" || { cat .build/tests.log >&2; exit 1; }
  tests=""
}

for name in $steps; do
  step "$name"
  started=$SECONDS
  case $name in
    prepare) bash npm/scripts/prepare.sh ;;
    build)
      begin_tests
      node npm/scripts/build.js --if-missing
      ;;
    # node-gyp from the root, as tools that know nothing else call it.
    gyp) bash npm/scripts/gyp.sh ;;
    lint) swift format lint --strict --recursive Package.swift Sources Tests ;;
    lint-js) node npm/scripts/lint.js ;;
    swift)
      end_tests
      bash npm/scripts/checked.sh test
      ;;
    # What is generated of the registry, against what the registry says now.
    typegen) node npm/scripts/typegen.js --check ;;
    docs) bash npm/scripts/docs.sh ;;
    # The reporter that says at the end once more what failed, where a log is cut.
    node) node --test --test-reporter=spec --test-concurrency=2 npm/test/*.test.js ;;
    wasm) bash npm/scripts/wasm.sh --if-missing ;;
    *) echo "unknown step: $name" >&2; exit 2 ;;
  esac
  times+=" $name $((SECONDS - started))"
done
