"""What separates our figures 1, 3 and 9 from those of TE-NAS: Kendall's tau-b by settings and by population.

python3 results/reference/figures.reasons.py nb201.csv results/figures/{code,samples,weights,paper}-on-…

Prints, for each study that `cargo xtask reproduce fig1` made, tau-b of κ, R̂ and the sum of their ranks against CIFAR-100
accuracies over all of its cells, over those whose every operator other than `none` lies on a path from input to output, and
over those without `none`. A good score counts as positive.
"""

import csv
import json
import sys
from itertools import combinations

OPERATORS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
# Edge: from node, to node, in the order of the cell's text.
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]


def text(mask):
    names = [OPERATORS[edge.index("1")] for edge in mask.split(".")]
    written = [f"{name}~{source}" for name, (source, _) in zip(names, EDGES)]
    return f"|{written[0]}|+|{written[1]}|{written[2]}|+|{written[3]}|{written[4]}|{written[5]}|"


def is_reachable(mask):
    kept = [edge for edge, digits in zip(EDGES, mask.split(".")) if digits.index("1") != 0]

    def spread(start, edges):
        known, grew = {start}, True
        while grew:
            new = {to for source, to in edges if source in known} - known
            known, grew = known | new, bool(new)
        return known

    forward = spread(0, kept)
    backward = spread(3, [(to, source) for source, to in kept])
    return bool(kept) and all(source in forward and to in backward for source, to in kept)


def sign(value):
    return (value > 0) - (value < 0)


def tau_b(x, y):
    concordant = ties_x = ties_y = pairs = 0
    for one, other in combinations(range(len(x)), 2):
        a, b = sign(x[one] - x[other]), sign(y[one] - y[other])
        concordant += a * b
        ties_x += a == 0
        ties_y += b == 0
        pairs += 1
    return concordant / ((pairs - ties_x) * (pairs - ties_y)) ** 0.5


def ranks(values):
    order = sorted(values)
    first = {}
    last = {}
    for place, value in enumerate(order):
        first.setdefault(value, place)
        last[value] = place
    return [(first[value] + last[value]) / 2 for value in values]


def main():
    table, *studies = sys.argv[1:]
    with open(table, newline="") as rows:
        truth = {row["arch"]: float(row["test_cifar100"]) for row in csv.DictReader(rows)}
    for study in studies:
        scores = {"ntk-condition": {}, "linear-regions": {}}
        with open(f"{study}/measurements.jsonl") as lines:
            for line in lines:
                record = json.loads(line)
                if record["proxy"] in scores and "value" in record["reading"]:
                    scores[record["proxy"]][record["subspace"]] = record["reading"]["value"]
        everything = sorted(set(scores["ntk-condition"]) & set(scores["linear-regions"]))
        populations = {
            "all": everything,
            "reachable": [mask for mask in everything if is_reachable(mask)],
            "without none": [mask for mask in everything if "none" not in text(mask)],
        }
        for name, masks in populations.items():
            accuracies = [truth[text(mask)] for mask in masks]
            kappa = [-scores["ntk-condition"][mask] for mask in masks]
            regions = [scores["linear-regions"][mask] for mask in masks]
            both = [one + other for one, other in zip(ranks(kappa), ranks(regions))]
            taus = " ".join(f"{title} {tau_b(values, accuracies):.3f}" for title, values in [("κ", kappa), ("R̂", regions), ("sum", both)])
            print(f"{study.rstrip('/').split('/')[-1]}, {name} ({len(masks)}): {taus}")


if __name__ == "__main__":
    main()
