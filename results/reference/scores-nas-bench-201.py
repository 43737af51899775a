"""The table of results/reference/scores-nas-bench-201.md.

    python3 results/reference/scores-nas-bench-201.py WHOLE REACHABLE

WHOLE and REACHABLE are folders of two studies that read the table of scores: of all 15,625 cells, and with study.unreachable=leave-out of
9,445. Published figures come from experiments/run/src/study/published.toml. Needs Python 3.11 with polars.
"""

import pathlib
import sys
import tomllib

import polars

TARGETS = ["test_cifar10", "test_cifar100", "test_imagenet16_120"]
# The program's names of what the list of published figures calls otherwise.
NAMES = {"vkdnw-agg": "vkdnw-aggregate"}


def number(value, digits=3):
    """As the field prints a correlation: .740."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.replace("-0.", "−.").removeprefix("0") if digits == 3 else text.replace("-", "−")


def three(rows, column, digits=3):
    """One number a dataset."""
    return " / ".join(number(rows.get(target, {}).get(column), digits) for target in TARGETS)


def read(folder):
    """By proxy and target."""
    table = polars.read_csv(f"{folder}/correlations.csv", infer_schema_length=None).to_dicts()
    rows = {}
    for row in table:
        rows.setdefault(row["proxy"], {})[row["target"]] = row
    return rows


def published():
    """By proxy: the lines of the sources that print Kendall's tau over all cells, or over those without unreachable operators."""
    file = pathlib.Path(__file__).parents[2] / "experiments/run/src/study/published.toml"
    found = {}
    for source in tomllib.loads(file.read_text())["source"]:
        if source["id"] not in ("az_nas", "vkdnw"):
            continue
        for figure in source["figures"]:
            values = [figure["values"].get(target) for target in TARGETS]
            found.setdefault(figure["proxy"], {})[source["id"]] = values
    return found


def beside(ours, theirs):
    """Published values, in bold where one differs from ours by more than 0.05."""
    if theirs is None:
        return "–"
    text = " / ".join(number(value) for value in theirs)
    far = [t for t, target in zip(theirs, TARGETS) if t is not None and abs(t - ours[target]["tau_b"]) > 0.05]
    return f"**{text}**" if far else text


def main():
    """Prints the table, sorted by tau on CIFAR-10 over all cells."""
    whole, reachable = map(read, sys.argv[1:3])
    known = published()
    print("| score | τ-b, 15,625 cells | AZ-NAS's table 1 | ρ | τ-b of the best tenth | precision@10 | regret | τ-b, 9,445 cells | VKDNW's table 1 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for proxy, rows in sorted(whole.items(), key=lambda item: -(item[1]["test_cifar10"]["tau_b"] or 0)):
        theirs = known.get(NAMES.get(proxy, proxy), {})
        cells = [
            f"`{proxy}`",
            three(rows, "tau_b"),
            beside(rows, theirs.get("az_nas")),
            three(rows, "rho"),
            three(rows, "tau_b_top_10_percent"),
            three(rows, "precision_at_10", 2),
            three(rows, "regret_percent", 2),
            three(reachable[proxy], "tau_b"),
            beside(reachable[proxy], theirs.get("vkdnw")),
        ]
        print("| " + " | ".join(cells) + " |")


main()
