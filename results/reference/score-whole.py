"""Every proxy on every cell of NAS-Bench-201, and two sums of four: the tables of results/reference/scores-nas-bench-201.md.

    python3 results/reference/score-whole.py FOLDER

The folder is that of a study of all 15,625 cells, read from a table of scores: docs/score.md names the command. It prints Kendall's
tau-b with the recorded accuracies over all cells, and over those in which each operator is on a path from the input of the cell to
its output, as VKDNW's authors count. An undefined score is the last. Needs polars and SciPy.
"""

import sys

import numpy as np
import polars
from scipy.stats import kendalltau, rankdata

TARGETS = ("test_cifar10", "test_cifar100", "test_imagenet16_120")
FORMS = {
    "`quartet`": (["trainable-layers", "log-synflow", "meco", "az-expressivity"], lambda rank: rank),
    "log-rank sum for NAS-Bench-201 alone": (["az-expressivity", "jacob-cov", "meco", "zen"], np.log),
}
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))


def all_reachable(arch):
    """Whether each operator of a cell is on a path from node 0 to node 3."""
    operators = [operator.split("~")[0] for node in arch.split("+") for operator in node.strip("|").split("|")]
    edges = [edge for edge, operator in zip(EDGES, operators) if operator != "none"]
    begun, ends = {0}, {3}
    for edge in edges:
        if edge[0] in begun:
            begun.add(edge[1])
    for edge in reversed(edges):
        if edge[1] in ends:
            ends.add(edge[0])
    return all(edge[0] in begun and edge[1] in ends for edge in edges)


def main(folder):
    """Prints both tables."""
    scores = polars.read_parquet(f"{folder}/scores.parquet").select("arch", "proxy", "value")
    scores = scores.pivot(on="proxy", index="arch", values="value").sort("arch")
    targets = polars.read_parquet(f"{folder}/targets.parquet")
    targets = targets.pivot(on="target", index="arch", values="value").sort("arch")
    assert scores["arch"].equals(targets["arch"])
    table = {name: scores[name].fill_null(-np.inf).fill_nan(-np.inf).to_numpy() for name in scores.columns if name != "arch"}
    complete = np.array([all_reachable(arch) for arch in scores["arch"]])
    print(f"{complete.sum():,} of {len(complete):,} cells have every operator on a path.\n")
    head = " | ".join(f"{name} of {cells}" for cells in ("all", "complete") for name in ("C10", "C100", "IN16"))
    print(f"| proxy | {head} |\n|---|{'---:|' * 6}")
    rows = {}
    for cells in (np.ones_like(complete), complete):
        judged = {name: values[cells] for name, values in table.items()}
        for name, (components, form) in FORMS.items():
            judged[name] = sum(form(rankdata(judged[component])) for component in components)
        for name, values in judged.items():
            for target in TARGETS:
                rows.setdefault(name, []).append(kendalltau(values, targets[target].to_numpy()[cells]).statistic)
    for name, taus in sorted(rows.items(), key=lambda row: -row[1][0]):
        print(f"| {name} | {' | '.join(f'{tau:.3f}' for tau in taus)} |")


main(sys.argv[1])
