"""Steps of NAS-Bench-201's supernet as the published searches write it: PyTorch's half of `cargo xtask bench supernet`.

    python3 supernet.py CHANNELS CELLS path|gdas|mixture BATCH THREADS SECONDS ARCHITECTURE…

Prints the mean over the architectures of the shortest step of each, in seconds, and the most memory that steps held beyond what
was there before the first, in MiB.
"""
import sys
import time

import torch
from torch import nn

NAMES = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]

channels, cells, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
batch, threads, seconds = int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6])
paths = [[NAMES.index(part.split("~")[0]) for part in text.replace("+", "").split("|") if part] for text in sys.argv[7:]]
torch.set_num_threads(threads)
torch.manual_seed(0)


class Zero(nn.Module):
    def forward(self, x):
        return x.mul(0.0)


def relu_conv_bn(inputs, outputs, kernel, stride=1, affine=False):
    conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(nn.ReLU(), conv, nn.BatchNorm2d(outputs, affine=affine))


def operators(width):
    pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    return nn.ModuleList([Zero(), nn.Identity(), relu_conv_bn(width, width, 1), relu_conv_bn(width, width, 3), pool])


class Cell(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.edges = nn.ModuleList(operators(width) for _ in range(6))

    def forward(self, x, edge_output):
        nodes, edge = [x], 0
        for target in range(1, 4):
            terms = []
            for source in range(target):
                terms.append(edge_output(edge, self.edges[edge], nodes[source]))
                edge += 1
            nodes.append(sum(terms))
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.a = relu_conv_bn(width, 2 * width, 3, 2, affine=True)
        self.b = relu_conv_bn(2 * width, 2 * width, 3, affine=True)
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(width, 2 * width, 1, bias=False))

    def forward(self, x, _):
        return self.b(self.a(x)) + self.shortcut(x)


class Supernet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))
        width, blocks = channels, []
        for stage in range(3):
            if stage:
                blocks.append(Reduction(width))
                width *= 2
            blocks += [Cell(width) for _ in range(cells)]
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Sequential(nn.BatchNorm2d(width, affine=False), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.classifier = nn.Linear(width, 10)

    def forward(self, x, edge_output):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x, edge_output)
        return self.classifier(self.last(x))


network = Supernet().train()
alphas = nn.Parameter(1e-3 * torch.randn(6, 5))
optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
images, labels = torch.randn(batch, 3, 32, 32), torch.arange(batch) % 10


def single(path):
    return lambda edge, own, x: own[path[edge]](x)


def gdas(path):
    soft = torch.softmax(alphas, 1)
    hard = torch.zeros_like(soft).scatter_(1, torch.tensor(path).view(-1, 1), 1.0)
    weights = hard - soft.detach() + soft

    def output(edge, own, x):
        return sum(weights[edge, i] * own[i](x) if i == path[edge] else weights[edge, i] for i in range(5))

    return output


def mixture(_):
    weights = torch.softmax(alphas, 1)
    return lambda edge, own, x: sum(weight * operator(x) for weight, operator in zip(weights[edge], own))


EDGES = {"path": single, "gdas": gdas, "mixture": mixture}


def step(path):
    start = time.perf_counter()
    # As the published codes ran: gradients stay, as zeros.
    optimiser.zero_grad(set_to_none=False)
    alphas.grad = None
    nn.functional.cross_entropy(network(images, EDGES[kind](path)), labels).backward()
    if kind == "path":
        optimiser.step()
    return time.perf_counter() - start


def mebibytes(key):
    # Not what the system counts of the process, which has what its parent held when it began.
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(key)) / 1024
    except OSError:
        return float("nan")


before = mebibytes("VmRSS:")
turns = paths[:1] if kind == "mixture" else paths
for path in turns:
    step(path)
begin, shortest = time.perf_counter(), [step(path) for path in turns]
while time.perf_counter() - begin < seconds:
    shortest = [min(own, step(path)) for own, path in zip(shortest, turns)]
print(sum(shortest) / len(shortest), mebibytes("VmHWM:") - before)
