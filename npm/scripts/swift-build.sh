#!/usr/bin/env bash
# Builds the addon with SwiftPM and copies it, stripped, to its place.
#   swift-build.sh <node prefix or header folder> <output .node> [arguments of swift build]
set -euo pipefail
prefix=$1 output=$2
shift 2
cd "$(dirname "$0")/../.."

include=""
for folder in "$prefix/include/node" "$prefix/include" "$prefix" /usr/include/node; do
  [ -f "$folder/node_api.h" ] && include=$folder && break
done
if [ -z "$include" ]; then
  echo "Node's C headers (node_api.h) were found neither under $prefix nor in /usr/include/node." >&2
  echo "Install them with: apt-get install libnode-dev   (or use a Node that ships its headers)" >&2
  exit 1
fi

flags=()
[ "$include" = /usr/include/node ] || flags=(-Xcc "-I$include")
# Nothing of the modules is looked up by name, nor needed by what does not reach it: the linker leaves that out, and of the
# standard library as well (Package.swift). Nobody debugs a file without symbols.
flags+=(-debug-info-format none -Xswiftc -Xfrontend -Xswiftc -internalize-at-link)
if [ "$(uname)" = Linux ]; then
  flags+=(-Xswiftc -Xfrontend -Xswiftc -function-sections)
  runtime=$(swiftc -print-target-info -static-stdlib | sed -n '/"runtimeLibraryPaths"/{n;s/.*"\(.*\)".*/\1/p}')
  mkdir -p .build
  node npm/scripts/collectable.js "$runtime/libswiftCore.a" .build/libswiftCore.a
  export RUVECTOR_RUNTIME=$PWD/.build/libswiftCore.a
fi
bash npm/scripts/swift.sh build -c release --product ruvector-node -Xlinker "--version-script=$PWD/npm/scripts/exports.map" "${flags[@]}" "$@" >&2
mkdir -p "$(dirname "$output")"
# A new file each time: a running process keeps the one it has mapped.
library="$(bash npm/scripts/swift.sh build -c release "$@" --show-bin-path)/libruvector-node.so"
if command -v strip >/dev/null; then strip -o "$output.new" "$library"; else cp "$library" "$output.new"; fi
mv -f "$output.new" "$output"
