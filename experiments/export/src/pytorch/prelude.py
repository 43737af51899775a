import json
import struct

import torch
import torch.nn.functional as F
from torch import nn


def add(module, path, layer):
    """Puts `layer` below `module` where its parameters are named `path` + ".weight"."""
    *parents, name = path.split(".")
    for parent in parents:
        if parent not in module._modules:
            module.add_module(parent, nn.Module())
        module = module._modules[parent]
    module.add_module(name, layer)


def batch_norm(running_statistics):
    def norm(channels, eps=1e-5, affine=True):
        return nn.BatchNorm2d(channels, eps=eps, affine=affine, track_running_stats=running_statistics)

    return norm
