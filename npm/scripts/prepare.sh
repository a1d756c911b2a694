#!/usr/bin/env bash
# Fetches what the tests need and a plain machine with Swift, Node and Debian lacks: binutils; Chromium; esbuild; binaryen; make and python3 for
# node-gyp; TypeScript 4.8 with the types of Node, unpacked into .deps (their packages cannot be installed beside another
# Node); TypeScript 5.9.
set -euo pipefail
cd "$(dirname "$0")/../.."

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }
updated=""
update() { [ -n "$updated" ] || as_root apt-get update -qq >&2; updated=yes; }

for tool in readelf:binutils objdump:binutils make:make python3:python3 chromium:chromium esbuild:esbuild wasm-opt:binaryen; do
  command -v "${tool%%:*}" >/dev/null && continue
  update
  as_root apt-get install -y -qq --no-install-recommends "${tool##*:}" >&2
done

if [ ! -f .deps/usr/share/nodejs/typescript/bin/tsc ] || [ ! -d .deps/usr/share/nodejs/@types/node ]; then
  update
  mkdir -p .deps
  (
    cd .deps
    # @types/node is inside Debian's own nodejs package; any version of it that is not NodeSource's.
    version=$(apt-cache madison nodejs | awk '$3 ~ /dfsg/ {print $3; exit}')
    apt-get download node-typescript "nodejs=$version" >&2
    for package in *.deb; do dpkg -x "$package" .; done
    rm -f ./*.deb
  )
fi

# TypeScript 5.9 for its `bundler` resolution: npm/test/support/typescript5.js reads it out of this wheel.
if [ ! -f .deps/bokeh/server/static/js/compiler.js ]; then
  python3 -m pip --version >/dev/null 2>&1 || { update; as_root apt-get install -y -qq python3-pip >&2; }
  python3 -m pip download --quiet --no-deps --dest .deps bokeh==3.9.2 >&2
  python3 - .deps/bokeh-*.whl <<'END'
import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wheel.extractall('.deps', [name for name in wheel.namelist() if '/static/js/compiler.js' in name or '/static/lib/' in name])
END
  rm -f .deps/bokeh-*.whl
fi
