"""Charts of a run, as reports have them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ._errors import BadSetting


@dataclass(frozen=True)
class Plot:
    """A chart, which a notebook shows.

    Example:
        >>> import assay
        >>> assay.Plot("circle", "<svg><circle r='1'/></svg>")._repr_svg_()
        "<svg><circle r='1'/></svg>"
    """

    #: Its name, which is that of its file in a report.
    name: str
    #: The chart as a document of SVG.
    svg: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes it to a file, whose name ends in `.svg`, and gives the path. BadSetting for another ending."""
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise BadSetting(f"`{path}` does not end in .svg; a report has charts as PNG too: assay.report(run).figures")
        path.write_text(self.svg, encoding="utf-8")
        return path

    def _repr_svg_(self) -> str:
        """For notebooks."""
        return self.svg

    def __repr__(self) -> str:
        return f"Plot({self.name!r})"
