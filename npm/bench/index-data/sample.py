"""Writes the small sample of the data set `glosses` for npm/examples/glosses.mjs: 300 nouns of four kinds, and three questions,
embedded by the same model; each number in 8 bits (the cosine needs no scale). Run once; the files are in git.

    python sample.py <folder of the model> <npm/examples/data>"""
import os
import sys

import numpy

from common import cache_folder, read_rows
from minilm import MiniLM

KINDS, EACH, SEED = ("animal", "food", "artifact", "plant"), 75, 20
QUESTIONS = ("something hot to drink in the morning", "a bird that cannot fly", "an instrument that one blows into")


def bytes_of(rows):
    return numpy.round(rows * (127 / numpy.abs(rows).max(axis=1, keepdims=True))).astype("i1")


model, output = sys.argv[1:]
folder = os.path.join(cache_folder(), "glosses")
rows = read_rows(os.path.join(folder, "base.f32"), 384)
with open(os.path.join(folder, "glosses.tsv"), encoding="utf-8") as file:
    entries = [line.rstrip("\n").split("\t") for line in file]
random, chosen, seen = numpy.random.Generator(numpy.random.PCG64(SEED)), [], set()
wanted = {"coffee", "tea", "penguin", "ostrich", "oboe", "trumpet", "emu", "kiwi", "clarinet", "cocoa"}
for kind in KINDS:
    places = [place for place, entry in enumerate(entries) if entry[1] == kind]
    first = [place for place in places if entries[place][0] in wanted]
    for place in first + list(random.permutation(places)):
        if entries[place][0] not in seen and sum(entries[p][1] == kind for p in chosen) < EACH:
            seen.add(entries[place][0])
            chosen.append(place)
chosen.sort()
with open(os.path.join(output, "glosses.tsv"), "w", encoding="utf-8") as file:
    file.writelines("\t".join(entries[place]) + "\n" for place in chosen)
    file.writelines(f"{question}\tquestion\t\n" for question in QUESTIONS)
bytes_of(numpy.concatenate([rows[chosen], MiniLM(model)(list(QUESTIONS))])).tofile(os.path.join(output, "glosses.i8"))
