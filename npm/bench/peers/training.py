"""InfoNCE by numpy by hand and by torch's autograd, Adam by torch (fused and not): microseconds as JSON. One thread.
Arguments: negatives, width, parameters, rounds."""
import json
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
m, d, size, rounds = (int(x) for x in sys.argv[1:5])
random = np.random.default_rng(1)
anchor, positive, negatives = (random.standard_normal(s).astype(np.float32) for s in [(1, d), (1, d), (m, d)])
T = 0.1


def by_hand():
    rows = np.concatenate([positive, negatives])
    la, lr = np.sqrt((anchor * anchor).sum()), np.sqrt(np.einsum('ij,ij->i', rows, rows))
    a, r = anchor[0] / la, rows / lr[:, None]
    cos = r @ a
    s = cos / T
    e = np.exp(s - s.max())
    p = e / e.sum()
    loss = -np.log(p[0])
    g = p.copy()
    g[0] -= 1
    g /= T
    to_anchor = (g @ r - (g @ cos) * a) / la
    to_rows = (g / lr)[:, None] * (a[None] - cos[:, None] * r)
    return loss, to_anchor, to_rows


def autograd():
    a, p, n = (torch.from_numpy(x).requires_grad_() for x in (anchor, positive, negatives))
    rows = F.normalize(torch.cat([p, n]), dim=1)
    scores = F.normalize(a, dim=1) @ rows.T / T
    F.cross_entropy(scores, torch.zeros(1, dtype=torch.long)).backward()


def median(run):
    for _ in range(3):
        run()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e6


result = {'infoNce numpy by hand': median(by_hand), 'infoNce torch autograd': median(autograd)}
for name, options in [('torch fused', {'fused': True}), ('torch', {'foreach': True})]:
    p = torch.nn.Parameter(torch.full((size,), 0.5))
    p.grad = torch.randn(size)
    optimizer = torch.optim.Adam([p], **options)
    result[f'adam {name}'] = median(optimizer.step)
print(json.dumps(result))
