"""What the scripts of this folder share: files of float32 rows, and the exact answers to queries among them."""
import os
import sys

import numpy

NEIGHBOURS = 10


def cache_folder():
    """Where data sets lie, outside git: $RUVECTOR_BENCH_CACHE, or ~/.cache/ruvector-bench."""
    return os.environ.get("RUVECTOR_BENCH_CACHE") or os.path.expanduser("~/.cache/ruvector-bench")


def unit_rows(rows):
    """Each row divided by its length, in float32."""
    lengths = numpy.linalg.norm(rows.astype(numpy.float64), axis=1, keepdims=True)
    return (rows / lengths).astype("<f4")


def write(path, array):
    """Writes beside, then renames: a file that exists is complete."""
    array.tofile(path + ".part")
    os.replace(path + ".part", path)


def read_rows(path, dim):
    return numpy.fromfile(path, dtype="<f4").reshape(-1, dim)


def nearest(base, queries, count, squared_lengths=None):
    """The `count` best rows for each query, best first, ties by lower index: by inner product, or, with the rows' squared
    lengths, by Euclidean distance. The candidates come from single precision (BLAS), their order from double."""
    wanted = min(len(base), count + 30)
    answers = numpy.empty((len(queries), count), dtype="<i4")
    for start in range(0, len(queries), 100):
        block = queries[start:start + 100]
        scores = block @ base.T
        if squared_lengths is not None:
            scores = 2 * scores - squared_lengths
        candidates = numpy.argpartition(-scores, wanted - 1, axis=1)[:, :wanted]
        for row, places in enumerate(candidates):
            query, rows = block[row].astype(numpy.float64), base[places].astype(numpy.float64)
            exact = -(rows @ query) if squared_lengths is None else ((rows - query) ** 2).sum(axis=1)
            answers[start + row] = places[numpy.lexsort((places, exact))[:count]]
    return answers


def write_data_set(folder, base, queries):
    """base.f32, queries.f32, and the ten nearest rows by cosine or inner product (gt.i32) and by distance (gt-l2.i32).
    The rows have length one, so the two orders differ only where rounding decides."""
    os.makedirs(folder, exist_ok=True)
    write(os.path.join(folder, "gt.i32"), nearest(base, queries, NEIGHBOURS))
    lengths = (base.astype(numpy.float64) ** 2).sum(axis=1).astype(numpy.float32)
    write(os.path.join(folder, "gt-l2.i32"), nearest(base, queries, NEIGHBOURS, lengths))
    write(os.path.join(folder, "queries.f32"), queries)
    # Last: who finds it finds the others.
    write(os.path.join(folder, "base.f32"), base)
    print(f"{folder}: {len(base)} x {base.shape[1]}, {len(queries)} queries", file=sys.stderr)
