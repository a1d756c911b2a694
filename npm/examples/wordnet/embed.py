"""Texts, a line each, from the first file -> unit rows of 384 floats in the second, by all-MiniLM-L6-v2 in the folder of the third
argument (npm/bench/index-data/minilm.py)."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../bench/index-data"))
from minilm import MiniLM  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    texts = file.read().splitlines()
rows = MiniLM(sys.argv[3])(texts, progress=lambda done, count: print(f"\r{done} of {count} texts", end="", file=sys.stderr))
print(file=sys.stderr)
rows.astype("<f4").tofile(sys.argv[2])
