"""The shortest forward and backward pass of ResNet-18 or MobileNetV2 on 3×32×32 images, in seconds, on one thread, and PyTorch's
version: its half of the task `networks` of this bench. The networks are torchvision's, written out.

    python3 networks.py resnet18|mobilenet_v2 BATCH SECONDS
"""
import json
import sys
import time

import torch
from torch import nn

name, batch, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
torch.set_num_threads(1)
torch.manual_seed(0)


def conv(i, o, k, s=1, g=1):
    return [nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o)]


class Basic(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        self.body = nn.Sequential(*conv(i, o, 3, s), nn.ReLU(), *conv(o, o, 3))
        self.skip = nn.Sequential(*conv(i, o, 1, s)) if s != 1 or i != o else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.skip(x))


class Inverted(nn.Module):
    def __init__(self, i, o, s, t):
        super().__init__()
        wide = i * t
        expand = [*conv(i, wide, 1), nn.ReLU6()] if t != 1 else []
        self.body = nn.Sequential(*expand, *conv(wide, wide, 3, s, wide), nn.ReLU6(), *conv(wide, o, 1))
        self.residual = s == 1 and i == o

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def resnet18():
    layers = [*conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    i = 64
    for o, s in [(64, 1), (128, 2), (256, 2), (512, 2)]:
        layers += [Basic(i, o, s), Basic(o, o, 1)]
        i = o
    return layers, i


def mobilenet_v2():
    layers, i = [*conv(3, 32, 3, 2), nn.ReLU6()], 32
    for t, o, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for block in range(n):
            layers.append(Inverted(i, o, s if block == 0 else 1, t))
            i = o
    return [*layers, *conv(i, 1280, 1), nn.ReLU6()], 1280


layers, features = {"resnet18": resnet18, "mobilenet_v2": mobilenet_v2}[name]()
network = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(features, 1000)).train()
images, labels = torch.randn(batch, 3, 32, 32), torch.arange(batch) % 1000


def step():
    start = time.perf_counter()
    network.zero_grad(set_to_none=True)
    nn.functional.cross_entropy(network(images), labels).backward()
    return time.perf_counter() - start


step()
begin, shortest = time.perf_counter(), step()
while time.perf_counter() - begin < seconds:
    shortest = min(shortest, step())
print(json.dumps({"seconds": shortest, "version": torch.__version__}))
