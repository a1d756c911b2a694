#!/usr/bin/env python3
"""Writes Tests/Fixtures/graph-layers.json: what PyTorch Geometric gives for the graph layers, in double precision.

    python3 npm/golden/graph-layers.py     (needs torch, torch_geometric and geoopt)

Inputs and weights are not in the file: `numbers` below makes them, as the test does (npm/test/graph-golden.test.js).
"""
import json
import os

import geoopt
import torch
from torch_geometric.nn import GATConv, GATv2Conv, GCNConv, SAGEConv, TransformerConv
from torch_geometric.nn.aggr import LSTMAggregation
from torch_geometric.utils import scatter  # noqa: F401  (fails early where torch_geometric is broken)

torch.set_default_dtype(torch.float64)


def numbers(count, seed, scale=1.0):
    """Multiples of 1/128 in -scale..scale."""
    return [scale * (((k * 7919 + seed * 104729 + (k * k) % 31 * 13) % 257) - 128) / 128 for k in range(count)]


# Sources of each target: none, a loop, repetitions, directed edges, a node without edges of either kind (7).
GRAPHS = {
    'mixed': [[1, 2, 2], [], [2, 2], [0, 3, 6, 3], [5], [4, 4, 1], [0, 1, 2, 3, 4, 5], []],
    'undirected': [[1, 2], [0, 2, 3], [0, 1], [1, 4], [3]],
    'directed': [[], [0], [0, 1], [1, 2], [3, 0]],
    'regular': [[1, 2, 2], [0, 0, 3], [2, 1, 3], [4, 0, 1], [4, 3, 2]],
}
IN, OUT = 4, 3

CASES = []


def case(layer, graph='mixed', **options):
    CASES.append((layer, graph, options))


for graph in ('mixed', 'undirected', 'directed'):
    case('GCNLayer', graph)
    case('GATLayer', graph, heads=2)
    case('GATv2Layer', graph, heads=2)
    case('GraphSAGELayer', graph)
    case('TransformerLayer', graph, heads=2)
case('GCNLayer', outChannels=6)
case('GCNLayer', addSelfLoops=False)
case('GCNLayer', normalization='none', addSelfLoops=False, bias=False)
case('GCNLayer', weights=True)
case('GCNLayer', 'directed', weights=True)
case('GATLayer', heads=3, concat=False)
case('GATLayer', heads=2, edgeDim=3)
case('GATLayer', 'directed', heads=2, edgeDim=3, addSelfLoops=False, negativeSlope=0.5, bias=False)
case('GATLayer', heads=2, residual=True)
case('GATv2Layer', heads=3, concat=False)
case('GATv2Layer', heads=2, edgeDim=3)
case('GATv2Layer', 'directed', heads=2, edgeDim=3, addSelfLoops=False, negativeSlope=0.5, bias=False)
case('GATv2Layer', heads=2, residual=True)
case('GraphSAGELayer', aggr='max')
case('GraphSAGELayer', aggr='max', ties=True)
case('GraphSAGELayer', aggr='sum', rootWeight=False)
case('GraphSAGELayer', outChannels=6, normalize=True)
case('GraphSAGELayer', aggr='sum', outChannels=6, bias=False)
case('TransformerLayer', heads=3, concat=False)
case('TransformerLayer', heads=2, edgeDim=3)
case('TransformerLayer', heads=3, concat=False, edgeDim=2)
case('TransformerLayer', 'directed', heads=2, edgeDim=3, rootWeight=False, bias=False)
# Where all nodes have as many sources, the LSTM of PyTorch Geometric reads what is there and nothing else.
case('GraphSAGELayer', 'regular', aggr='lstm')
case('GraphSAGELayer', aggr='lstm', outChannels=6)
case('GraphSAGELayer', 'directed', aggr='lstm', normalize=True, rootWeight=False)
case('GATv2Layer', heads=2, shareWeights=True, edgeDim=3)
case('GATv2Layer', 'directed', heads=2, shareWeights=True, bias=False, residual=True)
case('TransformerLayer', heads=2, beta=True)
case('TransformerLayer', 'undirected', heads=3, concat=False, edgeDim=2, beta=True)
for graph in GRAPHS:
    case('HyperbolicGNNLayer', graph)
case('HyperbolicGNNLayer', input='ball', learnCurvature=True, curvature=-0.5)
case('HyperbolicGNNLayer', input='ball', aggregation='attention', activation='tanh', curvature=-0.25, learnCurvature=True)
case('HyperbolicGNNLayer', 'directed', activation='relu', output='tangent', bias=False)


class LastState(LSTMAggregation):
    """The state behind each node's own sources: the original one goes on over zeros, up to the longest list of the graph."""

    def forward(self, x, index=None, ptr=None, dim_size=None, dim=-2, max_num_elements=None):
        parts = [x[index == i] for i in range(dim_size)]
        return torch.stack([self.lstm(part[None])[0][0, -1] if len(part) else x.new_zeros(self.out_channels) for part in parts])


class Hyperbolic(torch.nn.Module):
    """HyperbolicGNNLayer of GCNConv or GATConv and geoopt's maps of the Poincaré ball."""

    def __init__(self, curvature=-1.0, learnCurvature=False, aggregation='symmetric', activation='none', input='tangent', output='ball', bias=True):
        super().__init__()
        self.inner = GATConv(IN, OUT, bias=bias) if aggregation == 'attention' else GCNConv(IN, OUT, bias=bias)
        self.act, self.reads, self.gives, self.c = activation, input == 'ball', output == 'ball', -curvature
        if learnCurvature:
            self.curvature = torch.nn.Parameter(torch.zeros(1))

    def named_parameters(self, *args, **kwargs):
        own = [('curvature', self.curvature)] if hasattr(self, 'curvature') else []
        return own + list(self.inner.named_parameters())

    def forward(self, x, edges):
        c = torch.nn.functional.softplus(self.curvature) if hasattr(self, 'curvature') else torch.tensor(self.c)
        k = -c.reshape(())
        v = geoopt.manifolds.stereographic.math.logmap0(x, k=k) if self.reads else x
        a = self.inner(v, edges)
        a = {'none': lambda t: t, 'relu': torch.relu, 'tanh': torch.tanh}[self.act](a)
        return geoopt.manifolds.stereographic.math.expmap0(a, k=k) if self.gives else a


def make(layer, options, graph):
    if layer == 'HyperbolicGNNLayer':
        return Hyperbolic(**options)
    o = dict(options)
    out, heads, edge = o.pop('outChannels', OUT), o.pop('heads', 1), o.pop('edgeDim', 0) or None
    o.pop('weights', None), o.pop('ties', None)
    names = {'addSelfLoops': 'add_self_loops', 'rootWeight': 'root_weight', 'negativeSlope': 'negative_slope', 'shareWeights': 'share_weights'}
    o = {names.get(k, k): v for k, v in o.items()}
    if layer == 'GCNLayer':
        return GCNConv(IN, out, normalize=o.pop('normalization', 'symmetric') != 'none', **o)
    if layer == 'GATLayer':
        return GATConv(IN, out, heads=heads, edge_dim=edge, **o)
    if layer == 'GATv2Layer':
        return GATv2Conv(IN, out, heads=heads, edge_dim=edge, **o)
    if layer == 'GraphSAGELayer':
        conv = SAGEConv(IN, out, **o)
        if o.get('aggr') == 'lstm' and graph != 'regular':
            conv.aggr_module = LastState(IN, IN)
        return conv
    return TransformerConv(IN, out, heads=heads, edge_dim=edge, **o)


def rounded(t):
    return [float(f'{x:.7g}') for x in t.detach().reshape(-1).tolist()]


results = []
for index, (layer, graph, options) in enumerate(CASES):
    lists = GRAPHS[graph]
    n = len(lists)
    pairs = [(j, i) for i, row in enumerate(lists) for j in row]
    edges = torch.tensor(pairs, dtype=torch.long).t().contiguous()
    module = make(layer, options, graph)
    # A TransformerConv without root weight still has what it does not use.
    parameters = {k: p for k, p in module.named_parameters() if options.get('rootWeight', True) or not k.startswith('lin_skip')}
    for place, name in enumerate(sorted(parameters)):
        p = parameters[name]
        p.data = torch.tensor(numbers(p.numel(), 100 * index + place, 0.8)).reshape(p.shape)
    # Points of a ball lie well inside it: what is beyond the rim is drawn back to it in ways of their own.
    x = torch.tensor(numbers(n * IN, 7 * index + 1, 0.3 if options.get('input') == 'ball' else 1.0)).reshape(n, IN)
    if options.get('ties'):
        # As ReLU leaves rows, but away from 0: there torch counts the zeros that the output began with among the ties, and loses
        # part of the gradient.
        x = torch.clamp(x, min=0) + 0.5
    x.requires_grad_()
    arguments = {}
    if options.get('edgeDim'):
        arguments['edge_attr'] = torch.tensor(numbers(len(pairs) * options['edgeDim'], 7 * index + 2)).reshape(len(pairs), -1).requires_grad_()
    if options.get('weights'):
        arguments['edge_weight'] = torch.tensor([abs(w) + 0.1 for w in numbers(len(pairs), 7 * index + 3)])
    result = {'layer': layer, 'graph': graph, 'options': options}
    if layer in ('GATLayer', 'GATv2Layer', 'TransformerLayer'):
        output, (seen, alpha) = module(x, edges, return_attention_weights=True, **arguments)
        result['attention'] = {'edges': seen.t().reshape(-1).tolist(), 'weights': rounded(alpha)}
    else:
        output = module(x, edges, **arguments)
    g = torch.tensor(numbers(output.numel(), 7 * index + 4)).reshape(output.shape)
    (output * g).sum().backward()
    result['output'] = rounded(output)
    result['x'] = rounded(x.grad)
    if 'edge_attr' in arguments:
        result['edgeAttr'] = rounded(arguments['edge_attr'].grad)
    result['parameters'] = {name: rounded(p.grad if p.grad is not None else torch.zeros_like(p)) for name, p in parameters.items()}
    results.append(result)

target = os.path.join(os.path.dirname(__file__), '../../Tests/Fixtures/graph-layers.json')
with open(target, 'w') as file:
    json.dump({'in': IN, 'out': OUT, 'graphs': GRAPHS, 'cases': results}, file, separators=(',', ':'))
    file.write('\n')
print(len(results), 'cases,', os.path.getsize(target), 'bytes')
