"""The data set `glosses`: for each noun of WordNet 3.0 its first word and definition ("dog: a member of the genus Canis
..."), embedded by all-MiniLM-L6-v2: unit rows of 384 numbers. 1,000 nouns drawn by a seed are the queries, the others
(81,115) the base. `glosses.tsv` has a line for each row of the base: word, kind (WordNet's lexicographer file), definition.

Arguments: the file data.noun of Debian's wordnet-base, the folder of the model."""
import os
import sys

import numpy

from common import cache_folder, write_data_set
from minilm import MiniLM

QUERIES, SEED = 1_000, 20
# wninput(5WN), lexnames(5WN): the files 03 to 28 hold nouns.
KINDS = (
    "tops act animal artifact attribute body cognition communication event feeling food group location motive object person "
    "phenomenon plant possession process quantity relation shape state substance time"
).split()


def nouns(path):
    """(word, kind, definition without its examples) of each synset, in the order of the file."""
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(" "):
                continue  # the licence
            fields, gloss = line.split(" | ", 1)
            fields = fields.split(" ")
            definition = gloss.split('; "')[0].strip().rstrip(";")
            yield fields[4].replace("_", " "), KINDS[int(fields[1]) - 3], definition.replace("\t", " ")


def progress(done, count):
    if done == count or done % 2000 < 60:
        print(f"\r{done} of {count} glosses", end="", file=sys.stderr, flush=True)


folder = os.path.join(cache_folder(), "glosses")
if not os.path.exists(os.path.join(folder, "base.f32")):
    entries = list(nouns(sys.argv[1]))
    rows = MiniLM(sys.argv[2])([f"{word}: {definition}" for word, _, definition in entries], progress=progress)
    print(file=sys.stderr)
    held_out = numpy.random.Generator(numpy.random.PCG64(SEED)).choice(len(rows), QUERIES, replace=False)
    kept = numpy.setdiff1d(numpy.arange(len(rows)), held_out)
    os.makedirs(folder, exist_ok=True)
    for name, places in (("glosses.tsv", kept), ("queries.tsv", held_out)):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.writelines("\t".join(entries[place]) + "\n" for place in places)
    write_data_set(folder, rows[kept], rows[held_out])
