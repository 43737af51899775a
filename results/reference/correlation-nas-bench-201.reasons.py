"""The figures in correlation-nas-bench-201.reasons.toml that `assay correlate` does not print by itself.

    python3 results/reference/correlation-nas-bench-201.reasons.py population TABLE RUN...
        τ-b and ρ of every proxy of finished studies: over all their architectures, and over those without an operator off
        every path from input to output
    python3 results/reference/correlation-nas-bench-201.reasons.py cells TABLE RUN IMAGES COUNT
        fisher, grad-norm and grasp of the first COUNT architectures of a study: as the study has them, and computed in PyTorch in
        the cells of Abdelfattah et al., whose convolutions have biases and whose batch normalisation has no parameters; on one
        batch of a file of flat CIFAR-10 records
    python3 results/reference/correlation-nas-bench-201.reasons.py regions RUN COUNT
        into how many linear regions 64 images of noise fall in the whole network, of the first COUNT architectures of a study

TABLE is NAS-Bench-201 as a CSV file with the columns arch, test_* and v11_valid_cifar10, the validation accuracy on CIFAR-10 of
networks that were trained on one half of its training images; correlations are printed for these four. RUN is a study's folder.
Needs SciPy, and PyTorch.
"""
import csv
import json
import sys
from collections import defaultdict
from pathlib import Path

from scipy.stats import kendalltau, spearmanr

OPERATORS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
TARGETS = ["test_cifar10", "test_cifar100", "test_imagenet16_120", "v11_valid_cifar10"]


def operators(mask):
    return [OPERATORS[edge.index("1")] for edge in mask.split(".")]


def text(mask):
    return "|%s~0|+|%s~0|%s~1|+|%s~0|%s~1|%s~2|" % tuple(operators(mask))


def is_fully_reachable(mask):
    edges = [edge for edge, name in zip(EDGES, operators(mask)) if name != "none"]
    forward, backward = {0}, {3}
    for node in (1, 2, 3):
        if any(source in forward and target == node for source, target in edges):
            forward.add(node)
    for node in (2, 1, 0):
        if any(target in backward and source == node for source, target in edges):
            backward.add(node)
    return 3 in forward and all(source in forward and target in backward for source, target in edges)


def accuracies(table):
    with open(table) as file:
        return {row["arch"]: [float(row[target]) for target in TARGETS] for row in csv.DictReader(file)}


def scores(run):
    found = defaultdict(dict)
    for line in (Path(run) / "measurements.jsonl").read_text().splitlines():
        record = json.loads(line)
        found[record["proxy"]][record["subspace"]] = record["reading"].get("value")
    return found


def correlations(pairs):
    for name, statistic in (("τ-b", kendalltau), ("ρ", spearmanr)):
        found = [statistic([score for score, _ in pairs], [truth[target] for _, truth in pairs]).statistic for target in range(len(TARGETS))]
        yield name + " " + " / ".join(f"{value:.3f}" for value in found)


def population(table, runs):
    truth = accuracies(table)
    for run in runs:
        for proxy, by_mask in scores(run).items():
            for what, keep in (("all", lambda _: True), ("fully reachable", is_fully_reachable)):
                pairs = [(score, truth[text(mask)]) for mask, score in by_mask.items() if score is not None and keep(mask)]
                print(run, proxy, what, len(pairs), *correlations(pairs))


def networks():
    sys.path.insert(0, str(Path(__file__).parents[2] / "experiments/examples/rates"))
    import pytorch

    return pytorch


def cells(table, run, images, count):
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    # One label byte and 3,072 pixels an image.
    records = torch.frombuffer(bytearray(Path(images).read_bytes()), dtype=torch.uint8).reshape(-1, 3073)
    records = records[torch.randperm(len(records), generator=torch.Generator().manual_seed(0))[:64]]
    mean, deviation = torch.tensor([0.491, 0.482, 0.447]), torch.tensor([0.247, 0.243, 0.262])
    pixels = (records[:, 1:].reshape(64, 3, 32, 32) / 255 - mean.reshape(3, 1, 1)) / deviation.reshape(3, 1, 1)
    labels = records[:, 0].long()

    def network(names):
        model = networks().network(names)
        found = [cell.edges for cell in model if isinstance(cell, networks().Cell)]
        for edge in (edge for edges in found for edge in edges if isinstance(edge, nn.Sequential)):
            conv = edge[1]
            edge[1] = nn.Conv2d(conv.in_channels, conv.out_channels, conv.kernel_size, conv.stride, conv.padding, bias=True)
            edge[2] = nn.BatchNorm2d(conv.out_channels, affine=False)
        return model.train()

    def layers(model):
        return [module for module in model.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]

    def norm_and_grasp(model):
        weights = [layer.weight for layer in layers(model)]
        gradients = torch.autograd.grad(cross_entropy(model(pixels), labels), weights, create_graph=True, allow_unused=True)
        used = [(weight, gradient) for weight, gradient in zip(weights, gradients) if gradient is not None]
        product = sum((gradient.detach() * gradient).sum() for _, gradient in used)
        curvatures = torch.autograd.grad(product, [weight for weight, _ in used], allow_unused=True)
        grasp = -sum((weight * curvature).sum() for (weight, _), curvature in zip(used, curvatures) if curvature is not None)
        return sum(gradient.norm() for _, gradient in used).item(), grasp.item()

    def fisher(model):
        seen = []

        def keep(module, _inputs, output):
            output.retain_grad()
            seen.append((module, output))

        for layer in layers(model):
            layer.register_forward_hook(keep)
        cross_entropy(model(pixels), labels).backward()
        total = 0.0
        for module, output in seen:
            if output.grad is not None:
                product = (output * output.grad).flatten(2).sum(2) if output.dim() == 4 else output * output.grad
                total += (0.5 * product.pow(2).mean(0)).abs().sum().item() * module.weight[0].numel()
        return total

    truth, study = accuracies(table), scores(run)
    found = defaultdict(list)
    for number, mask in enumerate(list(study["params"])[:count]):
        torch.manual_seed(number)
        names, of = operators(mask), truth[text(mask)]
        norm, grasp = norm_and_grasp(network(names))
        for proxy, score in (("grad-norm", norm), ("grasp", grasp), ("fisher", fisher(network(names)))):
            if study[proxy].get(mask) is not None:
                found[proxy, "of the study"].append((study[proxy][mask], of))
                found[proxy, "in the other cells"].append((score, of))
    for what, pairs in found.items():
        print(*what, len(pairs), *correlations(pairs))


def regions(run, count):
    import torch
    from torch import nn

    found = []
    for number, mask in enumerate(list(scores(run)["params"])[:count]):
        torch.manual_seed(number)
        model, patterns = networks().network(operators(mask)).train(), []
        for module in model.modules():
            if isinstance(module, nn.ReLU):
                module.register_forward_hook(lambda _module, _inputs, output: patterns.append((output > 0).flatten(1)))
        with torch.no_grad():
            model(torch.randn(64, 3, 32, 32))
        found.append(len({row.numpy().tobytes() for row in torch.cat(patterns, 1)}))
    print({regions: found.count(regions) for regions in sorted(set(found))})


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["population", table, *runs]:
            population(table, runs)
        case ["cells", table, run, images, count]:
            cells(table, run, images, int(count))
        case ["regions", run, count]:
            regions(run, int(count))
        case _:
            sys.exit(__doc__)
