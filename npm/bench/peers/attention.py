"""One query of attention over n keys of width d with numpy and, where it is there, torch; one thread.

    attention.py <n> <d>      prints {"numpy": [what, microseconds], "torch": ...}: medians of 41 rounds of some 2 ms
"""
import os

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before the libraries start their threads

import json
import statistics
import sys
import time

import numpy as np

n, d = int(sys.argv[1]), int(sys.argv[2])
random = np.random.default_rng(1)
q, k, v = (random.uniform(-1, 1, shape).astype(np.float32) for shape in (d, (n, d), (n, d)))
scale = np.float32(1 / np.sqrt(d))


def with_numpy():
    s = k @ q
    s *= scale
    s -= s.max()
    np.exp(s, out=s)
    s /= s.sum()
    return s @ v


def median(run):
    start = time.perf_counter()
    for _ in range(20):
        run()
    calls = max(1, int(2e-3 / ((time.perf_counter() - start) / 20)))
    times = []
    for _ in range(41):
        start = time.perf_counter()
        for _ in range(calls):
            run()
        times.append((time.perf_counter() - start) / calls * 1e6)
    return statistics.median(times)


def blas():
    """What multiplies matrices: it decides numpy's speed."""
    try:
        return np.show_config(mode="dicts")["Build Dependencies"]["blas"]["name"]
    except TypeError:  # before numpy 1.26
        return "the system's BLAS"


result = {"numpy": [f"{np.__version__}, {blas()}", median(with_numpy)]}
try:
    import torch
except ImportError:
    torch = None
if torch is not None:
    torch.set_num_threads(1)
    Q, K, V = (torch.from_numpy(x) for x in (q, k, v))

    def with_torch():
        with torch.inference_mode():
            return torch.softmax((K @ Q) * float(scale), 0) @ V

    assert np.allclose(with_torch().numpy(), with_numpy(), atol=1e-5)
    result["torch"] = [torch.__version__, median(with_torch)]
print(json.dumps(result))
