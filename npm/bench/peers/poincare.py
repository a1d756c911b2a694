"""Poincaré embeddings (Nickel and Kiela 2017) in numba, as one writes them first: a loop over pairs, negatives drawn evenly and
compared with the sorted ancestors, gradients of a batch added up in rows of their own, then moved. One thread.

    python poincare.py <pairs.u32> <nodes> <dim> <batch> <epochs>     -> JSON: CPU seconds of an epoch, the loss

pairs.u32: children, then parents. The first epoch, in which numba compiles, does not count."""
import json
import sys
import time

import numpy
from numba import njit

NEGATIVE, RATE, EPSILON = 50, 0.05, 1e-5


@njit(cache=False)
def epoch(x, grad, children, parents, offsets, above, order, batch, rate):
    nodes, dim = x.shape
    touched = numpy.empty(batch * (NEGATIVE + 2), numpy.int64)
    seen = numpy.zeros(nodes, numpy.uint8)
    ids = numpy.empty(NEGATIVE + 1, numpy.int64)
    e = numpy.empty(NEGATIVE + 1)
    c = numpy.empty(NEGATIVE + 1)
    loss = 0.0
    for start in range(0, len(order), batch):
        count = 0
        for at in range(start, min(start + batch, len(order))):
            u = children[order[at]]
            ids[0] = parents[order[at]]
            k = 1
            while k <= NEGATIVE:
                node = numpy.random.randint(nodes)
                if node == u:
                    continue
                related = False
                for i in range(offsets[u], offsets[u + 1]):
                    if above[i] == node:
                        related = True
                        break
                if not related:
                    ids[k] = node
                    k += 1
            uu = 0.0
            for i in range(dim):
                uu += x[u, i] * x[u, i]
            alpha = 1 - uu
            total = 0.0
            for k in range(NEGATIVE + 1):
                v, vv, dd = ids[k], 0.0, 0.0
                for i in range(dim):
                    vv += x[v, i] * x[v, i]
                    dd += (x[u, i] - x[v, i]) ** 2
                z = 1 + 2 * dd / (alpha * (1 - vv))
                d = numpy.arccosh(max(z, 1 + 1e-15))
                e[k] = numpy.exp(-d)
                c[k] = 4 / (alpha * (1 - vv) * numpy.sqrt(max(z * z - 1, 1e-15)))
                total += e[k]
            loss -= numpy.log(e[0] / total)
            if not seen[u]:
                seen[u] = 1
                touched[count] = u
                count += 1
            for k in range(NEGATIVE + 1):
                v, vv, dd, uv = ids[k], 0.0, 0.0, 0.0
                for i in range(dim):
                    vv += x[v, i] * x[v, i]
                    dd += (x[u, i] - x[v, i]) ** 2
                w = ((1.0 if k == 0 else 0.0) - e[k] / total) * c[k]
                if not seen[v]:
                    seen[v] = 1
                    touched[count] = v
                    count += 1
                for i in range(dim):
                    grad[u, i] += w * ((1 + dd / alpha) * x[u, i] - x[v, i])
                    grad[v, i] += w * ((1 + dd / (1 - vv)) * x[v, i] - x[u, i])
        for j in range(count):
            r, norm = touched[j], 0.0
            for i in range(dim):
                norm += x[r, i] * x[r, i]
            scale, norm = rate * (1 - norm) ** 2 / 4, 0.0
            for i in range(dim):
                x[r, i] -= scale * grad[r, i]
                grad[r, i] = 0.0
                norm += x[r, i] * x[r, i]
            if norm > (1 - EPSILON) ** 2:
                for i in range(dim):
                    x[r, i] *= (1 - EPSILON) / numpy.sqrt(norm)
            seen[r] = 0
    return loss / len(order)


file, nodes, dim, batch, epochs = sys.argv[1], *map(int, sys.argv[2:6])
pairs = numpy.fromfile(file, numpy.uint32).reshape(2, -1).astype(numpy.int64)
children, parents = pairs
by_child = numpy.argsort(children, kind="stable")
above, offsets = parents[by_child], numpy.concatenate([[0], numpy.cumsum(numpy.bincount(children, minlength=nodes))])
numpy.random.seed(1)
x = numpy.random.uniform(-1e-4, 1e-4, (nodes, dim))
grad, seconds, loss = numpy.zeros_like(x), [], 0.0
for number in range(epochs + 1):
    order, start = numpy.random.permutation(len(children)), time.process_time()
    loss = epoch(x, grad, children, parents, offsets, above, order, batch, RATE)
    seconds.append(time.process_time() - start)
print(json.dumps({"seconds": float(numpy.median(seconds[1:])), "loss": loss}))
