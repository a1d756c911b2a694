"""Graph layers of PyTorch Geometric and, where it can be imported, DGL: milliseconds that the process computed, as JSON. One thread.
Arguments: nodes, edges, rounds."""
import json
import os
import sys
import time
import warnings

os.environ.setdefault('DGLBACKEND', 'pytorch')
warnings.filterwarnings('ignore')
import torch
import torch_geometric
from torch_geometric.nn import GATConv, GCNConv, SAGEConv

torch.set_num_threads(1)
n, e, rounds = (int(x) for x in sys.argv[1:4])
generator = torch.Generator().manual_seed(1)
target = torch.randint(n, (e,), generator=generator).sort().values
source = torch.randint(n, (e,), generator=generator)
edges = torch.stack([source, target])
x = torch.randn(n, 128, generator=generator)
result = {}


def median(run):
    run()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return sorted(times)[len(times) // 2] * 1e3


def both(name, label, module, call):
    with torch.no_grad():
        result[f'{name} {label}'] = median(lambda: call(x))
    def train():
        loss = call(x).sum()
        loss.backward()
    result[f'{name} {label} and backward'] = median(train)


version = f'PyG {torch_geometric.__version__}'
gcn = GCNConv(128, 64, cached=True)
both('gcn', version, gcn, lambda x: gcn(x, edges))
gat = GATConv(128, 8, heads=8)
both('gat', version, gat, lambda x: gat(x, edges))
one, two = SAGEConv(128, 64), SAGEConv(64, 64)
both('sage', version, one, lambda x: two(one(x, edges).relu(), edges))

try:
    import dgl
    from dgl.nn.pytorch import GATConv as DGAT, GraphConv, SAGEConv as DSAGE
    graph = dgl.graph((source, target), num_nodes=n)
    looped = dgl.add_self_loop(graph)
    for g in (graph, looped):
        g.create_formats_()
    version = f'DGL {dgl.__version__}'
    gcn = GraphConv(128, 64)
    both('gcn', version, gcn, lambda x: gcn(looped, x))
    gat = DGAT(128, 8, 8)
    both('gat', version, gat, lambda x: gat(looped, x))
    one, two = DSAGE(128, 64, 'mean'), DSAGE(64, 64, 'mean')
    both('sage', version, one, lambda x: two(graph, one(graph, x).relu()))
except Exception as error:  # not installed, or not for this torch
    result['error'] = repr(error)[:200]
print(json.dumps(result))
