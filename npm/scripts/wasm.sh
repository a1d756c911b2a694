#!/usr/bin/env bash
# Compiles the library sources as Embedded Swift for wasm32 with SIMD.
set -euo pipefail
cd "$(dirname "$0")/../.."
export RUVECTOR_TARGET=wasm32
swift build --triple wasm32-unknown-none-wasm --scratch-path .build/wasm -c release --target Ruvector \
  -Xswiftc -enable-experimental-feature -Xswiftc Embedded -Xswiftc -wmo -Xcc -msimd128 -Xcc -mbulk-memory
