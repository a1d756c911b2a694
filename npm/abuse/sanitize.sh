#!/usr/bin/env bash
# npm run sanitize [-- address|thread]: the Swift tests under AddressSanitizer (with leaks) and ThreadSanitizer.
# Takes some 3 and 5 minutes, in folders of their own (.build/address, .build/thread). Kernels are instrumented too.
set -euo pipefail
cd "$(dirname "$0")/../.."

# XCTest's runner, which starts Swift Testing, leaks some of its own lists at exit.
mkdir -p .build
echo 'leak:XCTest' >.build/lsan-suppressions
export LSAN_OPTIONS="suppressions=$PWD/.build/lsan-suppressions:print_suppressions=0"
export TSAN_OPTIONS=halt_on_error=1

for sanitizer in ${*:-address thread}; do
  printf '\n== %s\n' "$sanitizer" >&2
  bash npm/scripts/swift.sh test --sanitize="$sanitizer" --scratch-path ".build/$sanitizer" >".build/$sanitizer.log" 2>&1 || {
    grep -A25 -E 'Sanitizer|✘|error:' ".build/$sanitizer.log" | head -120 >&2
    echo "failed; everything is in .build/$sanitizer.log" >&2
    exit 1
  }
  grep -E 'Test run with' ".build/$sanitizer.log"
done
