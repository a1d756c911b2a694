"""The libraries that HNSWIndex is compared with, on one data set: one JSON line each.

    python peers.py <folder with base.f32, queries.f32, gt.i32> <dim> [hnswlib] [faiss] [usearch] [--runs N]

Each builds once with one thread (M 16, efConstruction 200), then answers the queries one a call on one thread for a
ladder of ef; the best of N rounds counts (5). QPS at a recall is interpolated (logarithm of QPS over recall) between the
two steps around it. Rows have length one, so cosine is the inner product; faiss is measured with its inner product and
with its L2 (the order is the same), and the faster of the two at recall .95 is reported."""
import json
import math
import os
import resource
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy  # noqa: E402  (after OMP_NUM_THREADS)

from common import NEIGHBOURS, read_rows  # noqa: E402

M, EF_CONSTRUCTION = 16, 200
LADDER = [10, 12, 16, 20, 24, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 320, 384, 512, 768, 1024]
ENOUGH = 0.995


def clock():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class Hnswlib:
    def __init__(self, base):
        import hnswlib
        self.version = getattr(hnswlib, "__version__", "0.8")
        self.index = hnswlib.Index(space="ip", dim=base.shape[1])
        self.index.init_index(max_elements=len(base), M=M, ef_construction=EF_CONSTRUCTION, random_seed=1)
        self.index.set_num_threads(1)
        self.build = lambda: self.index.add_items(base, num_threads=1)

    def searcher(self, ef):
        self.index.set_ef(ef)
        search = self.index.knn_query
        return lambda query: search(query, NEIGHBOURS, num_threads=1)[0][0]


class Faiss:
    metric = "METRIC_INNER_PRODUCT"

    def __init__(self, base):
        import faiss
        faiss.omp_set_num_threads(1)
        self.version = faiss.__version__
        self.index = faiss.IndexHNSWFlat(base.shape[1], M, getattr(faiss, self.metric))
        self.index.hnsw.efConstruction = EF_CONSTRUCTION
        self.build = lambda: self.index.add(base)
        # The class around `search` costs Python as much as a search; the function below it takes bare pointers.
        self.pointer = faiss.swig_ptr
        self.distances = numpy.empty(NEIGHBOURS, dtype="f4")
        self.labels = numpy.empty(NEIGHBOURS, dtype="i8")

    def searcher(self, ef):
        self.index.hnsw.efSearch = ef
        search, pointer, labels = self.index.search_c, self.pointer, self.labels
        to_labels, to_distances = pointer(labels), pointer(self.distances)

        def one(query):
            search(1, pointer(query), NEIGHBOURS, to_distances, to_labels)
            return labels
        return one


class FaissL2(Faiss):
    metric = "METRIC_L2"


class Usearch:
    def __init__(self, base):
        import usearch
        from usearch.index import Index
        self.version = usearch.__version__
        self.index = Index(ndim=base.shape[1], metric="ip", dtype="f32", connectivity=M, expansion_add=EF_CONSTRUCTION)
        keys = numpy.arange(len(base), dtype=numpy.uint64)
        self.build = lambda: self.index.add(keys, base, threads=1, copy=True)

    def searcher(self, ef):
        self.index.expansion_search = ef
        search = self.index.search
        return lambda query: search(query, NEIGHBOURS, threads=1).keys


def at_recall(steps, wanted):
    """QPS where the line between two steps of the ladder passes this recall; null when it is never reached."""
    before = None
    for step in steps:
        if step["recall"] >= wanted:
            if before is None:
                return round(step["qps"])
            share = (wanted - before["recall"]) / (step["recall"] - before["recall"])
            return round(math.exp((1 - share) * math.log(before["qps"]) + share * math.log(step["qps"])))
        before = step
    return None


def measure(library, base, queries, truth, runs):
    peer = library(base)
    wall, cpu = time.perf_counter(), clock()
    peer.build()
    result = {"buildCpu": round(clock() - cpu, 2), "buildWall": round(time.perf_counter() - wall, 2)}
    steps = []
    for ef in LADDER:
        search = peer.searcher(ef)
        found = [set(numpy.array(search(query), dtype=numpy.int64).tolist()) for query in queries]
        recall = sum(len(f & set(t)) for f, t in zip(found, truth)) / (NEIGHBOURS * len(truth))
        steps.append({"ef": ef, "recall": round(recall, 4), "seconds": math.inf})
        if recall >= ENOUGH:
            break
    # Rounds through the whole ladder: what disturbs the machine for a while does not hit one step in all its runs.
    for _ in range(runs):
        for step in steps:
            search = peer.searcher(step["ef"])
            start = time.perf_counter()
            for query in queries:
                search(query)
            step["seconds"] = min(step["seconds"], time.perf_counter() - start)
    for step in steps:
        step["qps"] = round(len(queries) / step.pop("seconds"))
    qps = {f"qps{name}": at_recall(steps, wanted) for name, wanted in (("95", 0.95), ("99", 0.99))}
    return {"version": peer.version, **result, **qps, "steps": steps}


def main():
    arguments = sys.argv[1:]
    runs = 5
    if "--runs" in arguments:
        place = arguments.index("--runs")
        runs = int(arguments[place + 1])
        del arguments[place:place + 2]
    folder, dim = arguments[0], int(arguments[1])
    base, queries = read_rows(os.path.join(folder, "base.f32"), dim), read_rows(os.path.join(folder, "queries.f32"), dim)
    truth = numpy.fromfile(os.path.join(folder, "gt.i32"), dtype="<i4").reshape(-1, NEIGHBOURS).tolist()
    rows = [numpy.ascontiguousarray(query) for query in queries]
    variants = {"hnswlib": [Hnswlib], "faiss": [Faiss, FaissL2], "usearch": [Usearch]}
    for name in arguments[2:] or list(variants):
        results = [
            {"library": name, "variant": library.__name__, "data": os.path.basename(folder.rstrip("/")), "M": M,
             "efConstruction": EF_CONSTRUCTION, **measure(library, base, rows, truth, runs)}
            for library in variants[name]
        ]
        print(json.dumps(max(results, key=lambda result: result["qps95"] or 0)), flush=True)


if __name__ == "__main__":
    main()
