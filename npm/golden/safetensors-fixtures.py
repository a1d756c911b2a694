#!/usr/bin/env python3
"""Writes Tests/Fixtures/*.safetensors with Python's safetensors: weights of a GATConv and of a linear map, in several dtypes.

    python3 npm/golden/safetensors-fixtures.py     (needs torch and safetensors)
    python3 npm/golden/safetensors-fixtures.py --read <file>     prints what it reads from a file as JSON
"""
import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file

if len(sys.argv) > 2 and sys.argv[1] == '--read':
    print(json.dumps({k: {'dtype': str(t.dtype), 'shape': list(t.shape), 'values': t.float().reshape(-1).tolist()} for k, t in load_file(sys.argv[2]).items()}))
    sys.exit()
target = os.path.join(os.path.dirname(__file__), '../../Tests/Fixtures')
numbers = lambda *shape: (torch.arange(torch.Size(shape).numel(), dtype=torch.float32) - 5).reshape(shape) / 8
gat = {'att_src': numbers(1, 2, 3), 'att_dst': numbers(1, 2, 3) / 2, 'lin.weight': numbers(6, 4), 'bias': numbers(6)}
save_file(gat, os.path.join(target, 'gat.safetensors'), metadata={'made': 'by Python'})
for name, dtype in (('f16', torch.float16), ('bf16', torch.bfloat16), ('f64', torch.float64), ('i32', torch.int32)):
    save_file({'weight': numbers(3, 5).to(dtype), 'bias': numbers(3).to(dtype)}, os.path.join(target, f'linear-{name}.safetensors'))
