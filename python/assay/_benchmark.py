"""What benchmarks' tables know of architectures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from . import _native
from ._errors import UndefinedScore
from ._progress import listening
from ._score import _texts
from ._table import Table


@dataclass(frozen=True)
class Record:
    """All that a benchmark's table knows of one architecture: `record["test_cifar10"]` is a figure, by the name of its column.

    Example:
        >>> import assay
        >>> record = assay.Record("|a~0|", 7, {"test_cifar10": {"value": 93.5, "unit": "%", "title": "CIFAR-10 test"}})
        >>> record["test_cifar10"], record.index
        (93.5, 7)
    """

    #: As the space writes it.
    architecture: str
    #: Its number in the benchmark, if that numbers them.
    index: int | None
    #: By column: title, source and unit, with the value, the reason why it is undefined, or the values of single runs.
    figures: dict[str, dict[str, Any]]

    def __getitem__(self, column: str) -> float:
        """A figure, in the unit of its column: accuracies in per cent. Of a column of single runs their mean.

        KeyError, with the columns that there are, if there is none of this name; UndefinedScore if the figure is not defined.
        """
        if column not in self.figures:
            raise KeyError(f"there is no column `{column}`; columns are {', '.join(self.figures)}")
        figure = self.figures[column]
        if "runs" in figure:
            return sum(figure["runs"]) / len(figure["runs"])
        if figure["value"] is None:
            raise UndefinedScore(f"`{column}` of {self.architecture} is undefined: {figure['undefined']}")
        return float(figure["value"])

    def runs(self, column: str) -> list[float]:
        """The values of single trainings in a column; of a column of one value that one."""
        return list(self.figures[column].get("runs", [])) or [self[column]]


class Benchmark:
    """A benchmark's table: `benchmark[architecture]` is all that it knows of one, as a `Record`.

    Args:
        name: the benchmark: see `assay.benchmarks()`.
        table: a table to read in place of the imported one.

    Raises:
        BadSetting: there is no such benchmark; or, where it is asked, the table does not hold what it is asked for.
        MissingData: where it is asked, the table is not imported; the message says how to import it.

    Example:
        >>> import assay
        >>> nb = assay.benchmark("nas-bench-201")
        >>> nb
        Benchmark('nas-bench-201')
    """

    #: Its name.
    name: str

    def __init__(self, name: str, table: str | os.PathLike[str] | None = None) -> None:
        self.name = name
        self._native = _native.Benchmark(name, table)

    def __getitem__(self, wanted: str | int) -> Record:
        """What is known of an architecture, in any notation of the space, or of the one that has this number in the benchmark."""
        return self._read([str(wanted)])[0]

    def query(self, wanted: Iterable[str | int]) -> Table:
        """What is known of several, a row a figure: architecture, index, column, value, unit, title, source. Of single runs the mean."""
        texts = [str(one) if isinstance(one, int) else one for one in ([wanted] if isinstance(wanted, str) else wanted)]
        rows = [(record, column, figure) for record in self._read(_texts(texts, "wanted")) for column, figure in record.figures.items()]

        def value(record: Record, column: str, figure: dict[str, Any]) -> float | None:
            return None if "runs" not in figure and figure["value"] is None else record[column]

        return Table(
            _native.Table(
                [
                    ("architecture", "text", [record.architecture for record, _, _ in rows]),
                    ("index", "count", [record.index for record, _, _ in rows]),
                    ("column", "text", [column for _, column, _ in rows]),
                    ("value", "number", [value(*row) for row in rows]),
                    *((key, "text", [figure[key] for _, _, figure in rows]) for key in ("unit", "title", "source")),
                ]
            )
        )

    def _read(self, texts: list[str]) -> list[Record]:
        with listening(False, 2) as (_, line):
            told = json.loads(self._native.query(texts, line))
        return [Record(one["architecture"], one["index"], {figure["column"]: figure for figure in one["figures"]}) for one in told]

    def __repr__(self) -> str:
        return f"Benchmark({self.name!r})"


def benchmark(name: str, table: str | os.PathLike[str] | None = None) -> Benchmark:
    """A benchmark's table, by name: see `Benchmark`.

    Example:
        >>> import assay
        >>> try:
        ...     assay.benchmark("nas-bench-202")
        ... except assay.BadSetting as error:
        ...     print("nas-bench-201" in error.message)
        True
    """
    return Benchmark(name, table)
