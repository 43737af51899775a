"""The candidates of docs/score.md, by what the development halves say of them.

    python3 results/reference/score-choice.py FOLDER FOLDER FOLDER

The folders are those of three studies with study.half=development and every proxy, of NAS-Bench-201, DARTS and NAS-Bench-101. It prints
Kendall's tau-b of each candidate with CIFAR-10 accuracy in each space, and their mean, by which they are sorted. Needs polars and NumPy.
"""

import itertools
import sys

import numpy as np
import polars

TARGETS = ("test_cifar10", "valid_cifar10", "test_acc_mean108")
PROXIES = ["params", "flops", "trainable-layers", "live-params", "l2-norm", "log-synflow", "meco", "naswot", "swap"]
PROXIES += ["az-expressivity", "az-progressivity", "zen"]


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + 1 + ends) / 2)[inverse]


def tau_b(one, other):
    """Over all pairs."""
    upper = np.triu_indices(len(one), 1)
    a = np.sign(one[:, None] - one[None, :])[upper]
    b = np.sign(other[:, None] - other[None, :])[upper]
    return float((a * b).sum() / np.sqrt((a != 0).sum() * (b != 0).sum()))


def read(folder):
    """Ranks by each proxy, undefined scores last, and the accuracies, in one order."""
    scores = polars.read_parquet(f"{folder}/scores.parquet")
    targets = polars.read_parquet(f"{folder}/targets.parquet").filter(polars.col("target").is_in(TARGETS))
    archs = targets["arch"].to_list()
    place = {arch: at for at, arch in enumerate(archs)}
    columns = {}
    for proxy in PROXIES:
        values = np.full(len(archs), -np.inf)
        for arch, value in scores.filter(polars.col("proxy") == proxy).select("arch", "value").iter_rows():
            if value is not None:
                values[place[arch]] = value
        columns[proxy] = ranks(values)
    return columns, targets["value"].to_numpy()


def candidates():
    """Each is a rule and the weights of its components."""
    for proxy in PROXIES:
        yield "alone", {proxy: 1}
    for count in (2, 3, 4):
        for chosen in itertools.combinations(PROXIES, count):
            for rule in ("log-rank-sum", "rank-sum"):
                yield rule, dict.fromkeys(chosen, 1)


def judged(spaces, rule, weights):
    """tau-b in each space."""
    taus = []
    for columns, accuracy in spaces:
        term = np.log if rule == "log-rank-sum" else (lambda column: column)
        taus.append(tau_b(sum(weight * term(columns[proxy]) for proxy, weight in weights.items()), accuracy))
    return taus


def row(rule, weights, taus):
    names = ", ".join(name if weight == 1 else f"{weight} {name}" for name, weight in weights.items())
    print(f"{np.mean(taus):.4f}  " + "  ".join(f"{tau:.3f}" for tau in taus) + f"  {rule}: {names}")


def main():
    spaces = [read(folder) for folder in sys.argv[1:]]
    print("architectures:", ", ".join(str(len(accuracy)) for _, accuracy in spaces))
    found = [(rule, weights, judged(spaces, rule, weights)) for rule, weights in candidates()]
    found.sort(key=lambda candidate: -np.mean(candidate[2]))
    best = np.mean(found[0][2])
    print(f"{len(found)} candidates, mean and each space; the best of each number of components:")
    for count in (1, 2, 3, 4):
        of_count = [candidate for candidate in found if len(candidate[1]) == count]
        for candidate in of_count[:12 if count == 1 else 8]:
            row(*candidate)
    near = [candidate for candidate in found if np.mean(candidate[2]) > best - 0.01]
    fewest = min(len(weights) for _, weights, _ in near)
    chosen = next(candidate for candidate in near if len(candidate[1]) == fewest)
    print(f"{len(near)} are within 0.01 of the best; the one of the fewest components, and it with one weight changed:")
    row(*chosen)
    rule, weights, _ = chosen
    for name in weights:
        for factor in (0.5, 2):
            changed = {**weights, name: factor}
            row(rule, changed, judged(spaces, rule, changed))


main()
