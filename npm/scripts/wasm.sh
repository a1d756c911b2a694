#!/usr/bin/env bash
# Builds wasm/: the library and its C boundary as Embedded Swift for wasm32 with SIMD, and the facade bundled with it; once
# without the mechanisms of attention (wasm/ruvector.wasm), once with everything (wasm/attention/ruvector.wasm).
#   --if-missing   only when no build is newer than the sources
set -euo pipefail
cd "$(dirname "$0")/../.."
if [ "${1:-}" = --if-missing ] && [ -f wasm/index.js ] &&
  [ -z "$(find Sources npm/lib npm/scripts Package.swift -newer wasm/index.js -type f | head -n 1)" ]; then
  exit 0
fi
export RUVECTOR_TARGET=wasm32

# Nothing may stay undefined: what is missing is missing in Sources/CWasmShim. The stack lies below the data, so that
# one that overflows leaves the memory and traps. Pointers stay positive below 2 GiB.
exports=(malloc aligned_alloc free rv_exports rv_handle_kinds rv_handle_release rv_wasm_call rv_wasm_seed rv_wasm_in_use
  rv_wasm_refused rv_wasm_simd)
functions=(exp log sinh cosh tanh asinh acosh atanh round expf logf sinhf coshf tanhf asinhf acoshf atanhf)

# The library is one module here (Package.swift): what its files import has nothing in it, but may be imported.
modules=$PWD/.build/wasm/module.modulemap
mkdir -p .build/wasm
for folder in Sources/Ruvector*; do
  case $folder in *Kernels* | *ABI | *Store) ;; *) echo "module $(basename "$folder") {}" ;; esac
done >"$modules"

bash npm/scripts/swift.sh build --triple wasm32-unknown-none-wasm --scratch-path .build/wasm/all -c release -debug-info-format none \
  --product ruvector-wasm -Xswiftc -enable-experimental-feature -Xswiftc Embedded -Xswiftc -wmo -Xswiftc -Osize \
  -Xswiftc -Xfrontend -Xswiftc -disable-stack-protector \
  -Xcc "-fmodule-map-file=$modules" -Xswiftc -Xfrontend -Xswiftc -import-module -Xswiftc -Xfrontend -Xswiftc CRuvectorSupport -Xcc -msimd128 -Xcc -mbulk-memory >&2

# link <file> <what rv_wasm_attention does, in C>: what the registry does not reach is not in the module
link() {
  mkdir -p "$(dirname "$1")"
  echo "void rv_wasm_mechanisms(void *); void rv_wasm_attention(void *list) { $2 }" |
    clang --target=wasm32-unknown-none-wasm -O2 -c -x c - -o "$1.o"
  wasm-ld --no-entry --gc-sections --strip-all --error-limit=0 --stack-first -z stack-size=262144 \
    --max-memory=2147483648 -O2 "${exports[@]/#/--export=}" "${functions[@]/#/--export=}" \
    .build/wasm/all/wasm32-unknown-none-wasm/release/libruvector-wasm.a "$1.o" -o "$1.new"
  rm "$1.o"
  # Debian's binaryen, where it is there: a sixth smaller, and searches in 2/3 of the time.
  if command -v wasm-opt >/dev/null; then
    wasm-opt -O3 --enable-simd --enable-bulk-memory --enable-nontrapping-float-to-int --enable-sign-ext \
      --enable-mutable-globals "$1.new" -o "$1.new"
  fi
  mv -f "$1.new" "$1"
}
# Side by side: each is the work of one processor.
link wasm/attention/ruvector.wasm 'rv_wasm_mechanisms(list);' &
all=$!
link wasm/ruvector.wasm ''
wait "$all"
node npm/scripts/bundle.js
