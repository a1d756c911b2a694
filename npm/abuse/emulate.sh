#!/usr/bin/env bash
# npm run emulate [-- file ...]: the Node tests on emulated CPUs without AVX (Nehalem) and with AVX2 (Haswell), by
# qemu's user mode. Shows the instruction set that was chosen, then runs the tests; `file` is a test, not all of them.
# Left out: binary (disassembles the addon), types and examples (tsc takes minutes), leaks (memory is the emulator's), package
# and readme (some minutes of processes), wasm (V8 compiles it for the CPU) and web (a browser); and,
# by RUVECTOR_EMULATED, three tests of workers that keep all threads busy.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
node=$(readlink -f "$(command -v node)")

if ! command -v qemu-x86_64-static >/dev/null; then
  as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
  as_root apt-get update -qq >&2
  as_root apt-get install -y -qq qemu-user-static >&2
fi
node npm/scripts/build.js --if-missing
bash npm/scripts/wasm.sh --if-missing >&2  # a test asks whether all files of package.json are there

if [ $# -gt 0 ]; then files=("$@"); else
  files=()
  for file in npm/test/*.test.js; do
    case $file in */binary.test.js | */examples.test.js | */leaks.test.js | \
      */package.test.js | */readme.test.js | */wasm*.test.js | */web.test.js) ;; *) files+=("$file") ;; esac
  done
fi

# The instruction set each CPU must lead to. (The features taken away are those that this emulator warns it has not.)
missing=-pcid,-x2apic,-tsc-deadline,-invpcid
for pair in Nehalem:v1 Haswell-noTSX,$missing:v3; do
  cpu=${pair%:*} wanted=${pair#*:}
  folder=$root/.build/emulate/${cpu%%,*}
  mkdir -p "$folder"
  printf '#!/bin/sh\nexec qemu-x86_64-static -cpu %s %s "$@"\n' "$cpu" "$node" >"$folder/node"
  chmod +x "$folder/node"
  export RUVECTOR_EMULATED=yes RUVECTOR_EXEC_PATH=$folder/node NODE_OPTIONS="--require $root/npm/abuse/exec-path.js"
  level=$("$folder/node" -p "require('$root').simdLevel()")
  printf '\n== %s: simdLevel() is %s\n' "${cpu%%,*}" "$level"
  [ "$level" = "$wanted" ] || { echo "expected $wanted" >&2; exit 1; }
  for file in "${files[@]}"; do
    printf '%-40s' "$(basename "$file")"
    started=$SECONDS
    if "$folder/node" --test "$file" >"$folder/log" 2>&1; then
      echo "$(sed -n 's/^# pass /passed /p;s/^# skipped /skipped /p' "$folder/log" | paste -sd' ')  $((SECONDS - started)) s"
    else
      echo failed
      cat "$folder/log"
      exit 1
    fi
  done
done
