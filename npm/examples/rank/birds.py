"""Writes npm/examples/data/birds.tsv and birds.i8 for my-texts: the 872 birds of WordNet (name, parent's name, words, definition) and
some questions; of each a definition, its words alone and the questions by the sentence model all-MiniLM-L6-v2, turned onto the 96
directions in which they differ most (principal components, no centring), each number in 8 bits. Run once; the files are in git.

    bash npm/examples/wordnet/prepare.sh instruments     # WordNet, Python's packages and the model
    ~/.cache/ruvector-bench/venv/bin/python npm/examples/rank/birds.py"""
import json
import os
import subprocess
import sys

import numpy

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "../../bench/index-data"))
from minilm import MiniLM  # noqa: E402

WIDTH = 96
QUESTIONS = ("a bird that cannot fly", "a small bird that sings at night", "a bird of prey that hunts fish", "a bird that people keep for its eggs")
cache = os.environ.get("RUVECTOR_BENCH_CACHE", os.path.expanduser("~/.cache/ruvector-bench"))
code = "const { below, readNouns } = require(process.argv[1]); console.log(JSON.stringify(below(readNouns(), 'bird.n.01')));"
birds = json.loads(subprocess.run(["node", "-e", code, os.path.join(here, "../wordnet/nouns.js")], check=True, capture_output=True).stdout)
parents = dict(zip(birds["children"], birds["parents"]))
rows = list(zip(birds["names"], birds["words"], birds["lemmas"], birds["glosses"]))
model = MiniLM(os.path.join(cache, "model"))
vectors = model([f"{word}: {gloss}" for _, word, _, gloss in rows] + [lemmas for _, _, lemmas, _ in rows] + list(QUESTIONS))
_, _, directions = numpy.linalg.svd(vectors, full_matrices=False)
turned = vectors @ directions[:WIDTH].T
turned /= numpy.linalg.norm(turned, axis=1, keepdims=True)
output = os.path.join(here, "../data")
numpy.round(turned * (127 / numpy.abs(turned).max(axis=1, keepdims=True))).astype("i1").tofile(os.path.join(output, "birds.i8"))
with open(os.path.join(output, "birds.tsv"), "w", encoding="utf-8") as file:
    for i, (name, _, lemmas, gloss) in enumerate(rows):
        file.write("\t".join((name, birds["names"][parents[i]] if i in parents else "", lemmas, gloss)) + "\n")
    file.writelines(f"{question}\n" for question in QUESTIONS)
