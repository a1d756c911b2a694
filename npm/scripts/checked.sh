#!/usr/bin/env bash
# Swift on the build that `npm test` tests: optimised as whole modules as a release is, with overlapping accesses looked for,
# internals open to tests, and the registry's prose.
#   checked.sh test|build|run [arguments of swift]
set -euo pipefail
cd "$(dirname "$0")/../.."
export RUVECTOR_CHECKS=1
# `swift test` says -enable-testing a second time unless it is told not to, and all that differs is compiled anew.
more=()
[ "$1" != test ] || more=(--disable-testable-imports)
exec bash npm/scripts/swift.sh "$1" -c release -debug-info-format none -Xswiftc -enable-testing -Xswiftc -DDEBUG --scratch-path .build/testing "${more[@]}" "${@:2}"
