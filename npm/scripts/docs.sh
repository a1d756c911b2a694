#!/usr/bin/env bash
# npm run docs: the Swift documentation as a static site in .build/docs/site, by the toolchain's own docc.
# A broken link or an undocumented parameter is an error. Look at it: python3 -m http.server -d .build/docs/site 8000
set -euo pipefail
cd "$(dirname "$0")/../.."
modules="RuvectorCore RuvectorGeometry RuvectorAttention RuvectorCompression RuvectorSearch RuvectorGraph RuvectorHierarchy RuvectorTraining RuvectorIndex RuvectorStore Ruvector"
rm -rf .build/docs
mkdir -p .build/docs
bash npm/scripts/checked.sh build --product Ruvector >.build/docs/log 2>&1 && bash npm/scripts/checked.sh build --target RuvectorStore >>.build/docs/log 2>&1 ||
  { cat .build/docs/log >&2; exit 1; }
built=.build/testing/release/Modules
target=$(swiftc -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p')
maps=$(for map in Sources/C*/include/module.modulemap "${built%/Modules}"/C*.build/module.modulemap; do printf -- '-Xcc -fmodule-map-file=%s ' "$map"; done)
convert() {
  mkdir -p ".build/docs/graphs/$1"
  swift-symbolgraph-extract -module-name "$1" -I "$built" -target "$target" -minimum-access-level public \
    -skip-synthesized-members -output-dir ".build/docs/graphs/$1" $maps
  rm -f ".build/docs/graphs/$1/"*@*
  docc convert --additional-symbol-graph-dir ".build/docs/graphs/$1" \
    --fallback-display-name "$1" --fallback-bundle-identifier "ruvector.$1" \
    --transform-for-static-hosting --warnings-as-errors \
    --output-dir ".build/docs/$1.doccarchive" >&2
}
# Side by side: each waits for most of its time.
declare -A converting
for module in $modules; do convert "$module" & converting[$module]=$!; done
failed=""
for module in $modules; do wait "${converting[$module]}" || failed="$failed $module"; done
[ -z "$failed" ] || { echo "not documented well enough:$failed" >&2; exit 1; }
docc merge .build/docs/*.doccarchive --synthesized-landing-page-name Ruvector --output-path .build/docs/site
echo "$(find .build/docs/site -name '*.json' -path '*documentation*' | wc -l) pages in .build/docs/site (http://localhost:8000/documentation)"
