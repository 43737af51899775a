"""Tables: columns that polars, pyarrow and pandas take over without a copy."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from . import _native

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

#: Rows that a notebook shows.
SHOWN = 20


def short(value: Any) -> str:
    """A value in few digits, for people."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(value)


class Table:
    """A table that does not change: named columns of texts, counts (from 0) or numbers (float64, every bit), all of one length.
    What is missing is None.

    It has the Arrow C stream interface, so `polars.DataFrame(table)` and `pyarrow.table(table)` read its memory where it is, without a
    copy. pandas copies, but for columns of Arrow's types.

    Example:
        >>> import assay
        >>> table = assay.proxies()
        >>> table.columns
        ['name', 'summary']
        >>> "ntk-condition" in table["name"]
        True
    """

    def __init__(self, native: _native.Table) -> None:
        self._native = native

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in their order."""
        return self._native.columns

    def __len__(self) -> int:
        """How many rows it has."""
        return len(self._native)

    def __getitem__(self, column: str) -> list[Any]:
        """The values of a column, one a row. KeyError, with the names that there are, if there is none of this name."""
        return self._native.column(column)

    def to_dict(self) -> dict[str, list[Any]]:
        """All columns as lists, by name.

        Example:
            >>> import assay
            >>> "synthetic" in assay.datasets().to_dict()["name"]
            True
        """
        return {name: self._native.column(name) for name in self.columns}

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows, each a dict by column."""
        columns = self.to_dict()
        return (dict(zip(columns, row)) for row in zip(*columns.values()))

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table as an Arrow stream of one batch, in a capsule, without a copy."""
        return self._native.__arrow_c_stream__(requested_schema)

    def to_polars(self) -> polars.DataFrame:
        """As a data frame of polars, without a copy. ImportError if polars is not installed."""
        import polars

        return polars.DataFrame(self)

    def to_arrow(self) -> pyarrow.Table:
        """As a table of pyarrow, without a copy. ImportError if pyarrow is not installed."""
        import pyarrow

        return pyarrow.table(self)

    def to_pandas(self) -> pandas.DataFrame:
        """As a data frame of pandas, by pyarrow, which copies. ImportError if one of them is not installed."""
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        rows = [self.columns, *([short(value) for value in row.values()] for row in self._first())]
        widths = [max(map(len, column)) for column in zip(*rows)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        return "\n".join([*lines, *self._more()])

    def _repr_html_(self) -> str:
        """For notebooks."""

        def line(tag: str, cells: list[str]) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line("td", [short(value) for value in row.values()]) for row in self._first())
        more = "".join(f"<p>{html.escape(text)}</p>" for text in self._more())
        return f"<table><thead>{line('th', self.columns)}</thead><tbody>{body}</tbody></table>{more}"

    def _first(self) -> list[dict[str, Any]]:
        return [row for row, _ in zip(self.rows(), range(SHOWN))]

    def _more(self) -> list[str]:
        return [f"… {len(self) - SHOWN} more rows"] if len(self) > SHOWN else []
