#!/usr/bin/env bash
# npm run docs: the Swift documentation as a static site in .build/docs/site, by the toolchain's own docc.
# A broken link or an undocumented parameter is an error. Look at it: python3 -m http.server -d .build/docs/site 8000
set -euo pipefail
cd "$(dirname "$0")/../.."
modules="RuvectorCore RuvectorGeometry RuvectorAttention RuvectorCompression RuvectorSearch RuvectorGraph RuvectorHierarchy RuvectorTraining RuvectorIndex RuvectorStore Ruvector"
rm -rf .build/docs
mkdir -p .build/docs
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members >.build/docs/log 2>&1 ||
  { cat .build/docs/log >&2; exit 1; }
graphs=$(dirname "$(find .build -name Ruvector.symbols.json -path '*symbolgraph*' | head -1)")
failed=""
for module in $modules; do
  mkdir -p ".build/docs/graphs/$module"
  cp "$graphs/$module.symbols.json" ".build/docs/graphs/$module/"
  docc convert --additional-symbol-graph-dir ".build/docs/graphs/$module" \
    --fallback-display-name "$module" --fallback-bundle-identifier "ruvector.$module" \
    --transform-for-static-hosting --warnings-as-errors \
    --output-dir ".build/docs/$module.doccarchive" >&2 || failed="$failed $module"
done
[ -z "$failed" ] || { echo "not documented well enough:$failed" >&2; exit 1; }
docc merge .build/docs/*.doccarchive --synthesized-landing-page-name Ruvector --output-path .build/docs/site
echo "$(find .build/docs/site -name '*.json' -path '*documentation*' | wc -l) pages in .build/docs/site (http://localhost:8000/documentation)"
