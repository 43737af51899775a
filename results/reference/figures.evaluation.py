"""κ of TE-NAS (Chen, Gong and Wang, ICLR 2021) in evaluation mode with weights of its own for each cell: figure 4.

Assay measures κ in evaluation mode (batch_norm = "running") with one draw of weights that all cells share.

python3 results/reference/figures.evaluation.py STUDY IMAGES INITIALISER CELLS FOLDER

Needs torch and numpy. Of the cells of a study that `cargo xtask reproduce fig4` made, draws CELLS and writes to FOLDER a
measurements.jsonl as a study's: κ of 32 images, C=3, one cell a stage, weights of its own for each cell by INITIALISER (default:
PyTorch's; kaiming: Kaiming normal, fan out), batch normalisation by the running statistics of a fresh network (mean 0, variance 1).
IMAGES is a file of CIFAR-100 records.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn

# Edge: from node, to node, in the order of the cell's text. Operators: none, skip, conv1x1, conv3x3, pool.
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
BATCH, CHANNELS, CLASSES = 32, 3, 100
# Below this, λmin is zero within rounding.
SMALLEST = 1e-13


def convolution(inputs, outputs, size, stride=1):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False), nn.BatchNorm2d(outputs))


class Cell(nn.Module):
    def __init__(self, operators, channels):
        super().__init__()
        self.operators = operators
        makes = {
            2: lambda: convolution(channels, channels, 1),
            3: lambda: convolution(channels, channels, 3),
            4: lambda: nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        }
        self.layers = nn.ModuleList(makes.get(operator, nn.Identity)() for operator in operators)

    def forward(self, images):
        nodes = [images]
        for node in (1, 2, 3):
            total = torch.zeros_like(images)
            for (source, to), operator, layer in zip(EDGES, self.operators, self.layers):
                if to == node and operator:
                    total = total + layer(nodes[source])
            nodes.append(total)
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.first = convolution(inputs, outputs, 3, 2)
        self.second = convolution(outputs, outputs, 3)
        self.down = nn.Sequential(nn.AvgPool2d(2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, images):
        return self.down(images) + self.second(self.first(images))


def network(operators):
    layers = [nn.Conv2d(3, CHANNELS, 3, 1, 1, bias=False), nn.BatchNorm2d(CHANNELS)]
    for channels in (CHANNELS, 2 * CHANNELS, 4 * CHANNELS):
        if channels > CHANNELS:
            layers.append(Reduction(channels // 2, channels))
        layers.append(Cell(operators, channels))
    last = 4 * CHANNELS
    return nn.Sequential(*layers, nn.BatchNorm2d(last), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, CLASSES))


def kappa(operators, images, initialiser, seed):
    torch.manual_seed(seed)
    made = network(operators).eval()
    if initialiser == "kaiming":
        for module in made.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear)):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    weights = [weight for name, weight in made.named_parameters() if "weight" in name]
    rows = []
    for image in images.split(1):
        gradients = torch.autograd.grad(made(image).sum(), weights, allow_unused=True)
        parts = [torch.zeros_like(weight) if part is None else part for part, weight in zip(gradients, weights)]
        rows.append(torch.cat([part.flatten() for part in parts]))
    jacobian = torch.stack(rows).double()
    eigenvalues = np.linalg.eigvalsh((jacobian @ jacobian.T).numpy())
    return eigenvalues[-1] / eigenvalues[0] if eigenvalues[0] > SMALLEST * eigenvalues[-1] else None


def main():
    study, file, initialiser, cells, folder = sys.argv[1:]
    torch.set_num_threads(1)
    with open(f"{study}/measurements.jsonl") as lines:
        masks = sorted({json.loads(line)["subspace"] for line in lines})
    records = np.fromfile(file, np.uint8).reshape(-1, 3074)[:, 2:].reshape(-1, 3, 32, 32)
    chosen = records[np.random.default_rng(0).choice(len(records), BATCH, False)]
    mean, deviation = (torch.tensor(values).view(1, 3, 1, 1) / 255 for values in ([129.3, 124.1, 112.4], [68.2, 65.4, 70.4]))
    images = (torch.tensor(chosen / 255.0, dtype=torch.float32) - mean) / deviation
    order = np.random.default_rng(1).permutation(len(masks))[: int(cells)]
    seeds = np.random.default_rng(2).integers(1 << 30, size=len(order))
    pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
    with open(f"{folder}/measurements.jsonl", "w") as out:
        for place, seed in zip(order, seeds):
            value = kappa([edge.index("1") for edge in masks[place].split(".")], images, initialiser, int(seed))
            reading = {"undefined": "λmin is zero within rounding"} if value is None else {"value": value}
            out.write(json.dumps({"proxy": "ntk-condition", "subspace": masks[place], "reading": reading}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
