"""The shortest step of training, in seconds, of the network that `network.py` in this folder has: PyTorch's half of
`cargo xtask bench train`.

    python3 steps.py BATCH THREADS SECONDS
"""
import sys
import time

import torch

sys.path.insert(0, ".")
from network import Network  # noqa: E402

batch, threads, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
torch.set_num_threads(threads)
torch.manual_seed(0)
network = Network().train()
optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
images, labels = torch.randn(batch, 3, 32, 32), torch.arange(batch) % 10


def step():
    start = time.perf_counter()
    optimiser.zero_grad(set_to_none=True)
    torch.nn.functional.cross_entropy(network(images), labels).backward()
    optimiser.step()
    return time.perf_counter() - start


step()
begin, shortest = time.perf_counter(), step()
while time.perf_counter() - begin < seconds:
    shortest = min(shortest, step())
print(shortest)
