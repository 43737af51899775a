"""What separates our figures 1, 3, 4 and 9 from those of TE-NAS: Kendall's tau-b and shares of operators, by settings and population.

python3 results/reference/figures.reasons.py nb201.csv results/figures/*-on-…

The studies are those that `cargo xtask reproduce fig1` makes. own-default and own-kaiming are made by
figures.evaluation.py from the study `code`: 700 cells with PyTorch's weights, 400 with Kaiming's, each with weights of its own.

Prints, for each study and draw of weights, over populations of its cells: tau-b of κ, R̂ and the sum of their ranks against
CIFAR-100 accuracies and of κ against R̂, a good score counting as positive; and the operators of the best tenth by κ and by R̂.
"""

import csv
import json
import random
import sys
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from itertools import combinations
from math import asin, ceil, pi, sin, sqrt
from pathlib import Path

OPERATORS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
# Edge: from node, to node, in the order of the cell's text.
EDGES = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)]
PRINTED = {"κ": 0.42, "R̂": 0.50, "sum": 0.64}
RESAMPLES = 1000


def operators(mask):
    return [edge.index("1") for edge in mask.split(".")]


def text(mask):
    written = [f"{OPERATORS[operator]}~{source}" for operator, (source, _) in zip(operators(mask), EDGES)]
    return f"|{written[0]}|+|{written[1]}|{written[2]}|+|{written[3]}|{written[4]}|{written[5]}|"


def is_reachable(mask):
    kept = [edge for edge, operator in zip(EDGES, operators(mask)) if operator != 0]

    def spread(start, edges):
        known, grew = {start}, True
        while grew:
            new = {to for source, to in edges if source in known} - known
            known, grew = known | new, bool(new)
        return known

    forward = spread(0, kept)
    backward = spread(3, [(to, source) for source, to in kept])
    return bool(kept) and all(source in forward and to in backward for source, to in kept)


POPULATIONS = {
    "all": lambda mask: True,
    "reachable": is_reachable,
    "one none": lambda mask: operators(mask).count(0) <= 1,
    "without none": lambda mask: 0 not in operators(mask),
}


def tied(values):
    return sum(count * (count - 1) // 2 for count in Counter(values).values())


def tau_b(x, y):
    """Knight's way: pairs whose order in y is that in x, less the others."""
    pairs, seen, waiting, balance, last = len(x) * (len(x) - 1) // 2, [], [], 0, None
    for a, b in sorted(zip(x, y)):
        if a != last:
            for value in waiting:
                insort(seen, value)
            waiting, last = [], a
        waiting.append(b)
        balance += bisect_left(seen, b) - (len(seen) - bisect_right(seen, b))
    return balance / sqrt((pairs - tied(x)) * (pairs - tied(y)))


def ranks(values):
    order = sorted(values)
    return [bisect_left(order, value) + bisect_right(order, value) for value in values]


def sums(kappa, regions):
    return [one + other for one, other in zip(ranks([-value for value in kappa]), ranks(regions))]


def taus(kappa, regions, accuracies):
    minus = [-value for value in kappa]
    rows = {"κ": (minus, accuracies), "R̂": (regions, accuracies), "sum": (sums(kappa, regions), accuracies), "κ with R̂": (minus, regions)}
    return " ".join(f"{title} {tau_b(*pair):.3f}" for title, pair in rows.items())


def interval(kappa, regions, accuracies):
    generator, drawn = random.Random(0), []
    for _ in range(RESAMPLES):
        cells = generator.choices(range(len(accuracies)), k=len(accuracies))
        pick = [[values[cell] for cell in cells] for values in (kappa, regions, accuracies)]
        drawn.append(tau_b(sums(pick[0], pick[1]), pick[2]))
    drawn.sort()
    return f"{drawn[RESAMPLES // 40]:.3f} to {drawn[-RESAMPLES // 40 - 1]:.3f}"


def shares(masks):
    counts = Counter(operator for mask in masks for operator in operators(mask))
    return " ".join(f"{counts[operator] / (6 * len(masks)):.3f}" for operator in range(5))


def best(masks, scores):
    """The tenth of least scores."""
    return [mask for _, mask in sorted(zip(scores, masks))[: ceil(len(masks) / 10)]]


def containing(masks):
    return " ".join(f"{sum(operator in operators(mask) for mask in masks) / len(masks):.3f}" for operator in range(5))


def skip_interval(masks, scores):
    generator, drawn = random.Random(0), []
    pairs = list(zip(scores, masks))
    for _ in range(RESAMPLES):
        cells = sorted(generator.choices(pairs, k=len(pairs)))[: ceil(len(pairs) / 10)]
        drawn.append(sum(operators(mask).count(1) for _, mask in cells) / (6 * len(cells)))
    drawn.sort()
    return f"{drawn[RESAMPLES // 40]:.3f} to {drawn[-RESAMPLES // 40 - 1]:.3f}"


def read(study):
    """Of each proxy and cell, the readings: one a draw; None where undefined."""
    scores = {"ntk-condition": {}, "linear-regions": {}}
    draws = {}
    with open(study / "measurements.jsonl") as lines:
        for line in lines:
            record = json.loads(line)
            if record["proxy"] in scores:
                draw = int(record.get("parameters", "study/0").split("/")[1])
                draws.setdefault((record["proxy"], record["subspace"]), {})[draw] = record["reading"].get("value")
    for (proxy, mask), readings in draws.items():
        scores[proxy][mask] = [readings[draw] for draw in sorted(readings)]
    return scores["ntk-condition"], scores["linear-regions"]


def own_intervals(name, study):
    """Those that the study has printed itself."""
    if (study / "summary.json").exists():
        for row in json.loads((study / "summary.json").read_text())["correlations"]:
            if row["tau_b_interval"]:
                low, high = row["tau_b_interval"]["low"], row["tau_b_interval"]["high"]
                print(f"{name}, {row['proxy']} ({row['architectures']}): {row['tau_b']:.3f}, 95 % interval {low:.3f} to {high:.3f}")


def mean(values):
    return sum(values) / len(values)


def report(title, kappas, regions, truth, long):
    """Taus and shares of a set of scores; with `long` intervals too."""
    for name, within in POPULATIONS.items():
        masks = [mask for mask in sorted(kappas) if kappas[mask] is not None and within(mask)]
        kappa, counts = [kappas[mask] for mask in masks], [regions[mask] for mask in masks]
        accuracies = [truth[text(mask)] for mask in masks]
        high = [-value for value in kappa]
        print(f"{title}, {name} ({len(masks)}): {taus(kappa, counts, accuracies)}")
        if long:
            print(f"    95 % interval of the sum {interval(kappa, counts, accuracies)}, of skip by κ {skip_interval(masks, kappa)}")
        print(f"    operators by κ {shares(best(masks, kappa))}, by its other end {shares(best(masks, high))}")
        print(f"    cells that contain them, by κ: {containing(best(masks, kappa))}")
    masks = sorted(mask for mask in kappas)
    for name, within in POPULATIONS.items():
        some = [mask for mask in masks if within(mask)]
        print(f"{title}, {name} ({len(some)}): operators by R̂ {shares(best(some, [-regions[mask] for mask in some]))}")
    # Where κ is undefined, the released code has 100,000.
    accuracies, counts = [truth[text(mask)] for mask in masks], [regions[mask] for mask in masks]
    for name, value in [("100,000", 100_000.0), ("the best", 0.0)]:
        kappa = [value if kappas[mask] is None else kappas[mask] for mask in masks]
        print(f"{title}, undefined κ {name} ({len(masks)}): {taus(kappa, counts, accuracies)}")
        if long:
            print(f"    95 % interval of the sum {interval(kappa, counts, accuracies)}")
        print(f"    operators by κ {shares(best(masks, kappa))}")


def normal(tau):
    """The correlation of normal variables whose tau this is."""
    return sin(tau * pi / 2)


def agreement(studies, truth):
    """What τ of κ with R̂ the printed figures ask for, and what τ of the sum ours give, were all scores normal."""
    kappa, regions, total = (normal(tau) for tau in PRINTED.values())
    needed = ((kappa + regions) / total) ** 2 / 2 - 1
    print(f"printed τ of κ, R̂ and the sum: κ with R̂ {2 / pi * asin(needed):.3f}, were the scores normal")
    for study in ("code", "paper"):
        masks = [mask for mask, (value, *_) in studies[study][0].items() if value is not None]
        minus, counts = ([sign * part[mask][0] for mask in masks] for sign, part in zip((-1, 1), studies[study]))
        accuracies = [truth[text(mask)] for mask in masks]
        kappa, regions, both = (normal(tau_b(*pair)) for pair in [(minus, accuracies), (counts, accuracies), (minus, counts)])
        print(f"{study}, all ({len(masks)}): sum {2 / pi * asin((kappa + regions) / sqrt(2 + 2 * both)):.3f}, were the scores normal")


def main():
    table, *studies = sys.argv[1:]
    with open(table, newline="") as rows:
        truth = {row["arch"]: float(row["test_cifar100"]) for row in csv.DictReader(rows)}
    scores = {Path(study).name.split("-on-")[0]: read(Path(study)) for study in studies}
    agreement(scores, truth)
    for study in studies:
        own_intervals(Path(study).name.split("-on-")[0], Path(study))
    for name, (kappas, regions) in scores.items():
        # Those with weights of their own for each cell have κ alone; R̂ is the paper's.
        regions = regions or scores["paper"][1]
        draws = len(next(iter(kappas.values())))
        for draw in range(draws):
            title = name if draws == 1 else f"{name}, draw {draw + 1}"
            one, other = ({mask: part[mask][draw] for mask in kappas} for part in (kappas, regions))
            report(title, one, other, truth, draws == 1)
        if draws > 1:
            means = {mask: None if None in values else mean(values) for mask, values in kappas.items()}
            report(f"{name}, mean of {draws}", means, {mask: mean(regions[mask]) for mask in kappas}, truth, True)
    if "deep" in scores:
        same = {mask: values[0] for mask, values in scores["paper"][0].items() if mask in scores["deep"][0]}
        report("paper, cells of deep", same, {mask: scores["paper"][1][mask][0] for mask in same}, truth, False)
    if "draws" in scores:
        for title, part in zip(("κ", "R̂"), scores["draws"]):
            draws = list(zip(*(values for values in part.values() if None not in values)))
            between = [tau_b(one, other) for one, other in combinations(draws, 2)]
            print(f"{title}, τ between two draws: {min(between):.3f} to {max(between):.3f}")


if __name__ == "__main__":
    main()
