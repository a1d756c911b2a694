"""What hnswlib finds: python recall.py <folder with base.f32, queries.f32, gt.i32> <dim> <l2|ip|cosine> <ef> ...

One JSON line: the recall@10 for each ef, of a graph of M 16, efConstruction 200."""
import json
import os
import sys

import hnswlib
import numpy

from common import NEIGHBOURS, read_rows


def main():
    folder, dim, space = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    base, queries = read_rows(os.path.join(folder, "base.f32"), dim), read_rows(os.path.join(folder, "queries.f32"), dim)
    truth = numpy.fromfile(os.path.join(folder, "gt.i32"), dtype="<i4").reshape(-1, NEIGHBOURS)
    index = hnswlib.Index(space=space, dim=dim)
    index.init_index(max_elements=len(base), M=16, ef_construction=200, random_seed=1)
    index.add_items(base)
    found = {}
    for ef in map(int, sys.argv[4:]):
        index.set_ef(ef)
        labels, _ = index.knn_query(queries, NEIGHBOURS)
        found[ef] = numpy.mean([len(set(a) & set(b)) / NEIGHBOURS for a, b in zip(labels.tolist(), truth.tolist())])
    print(json.dumps(found))


if __name__ == "__main__":
    main()
