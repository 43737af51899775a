"""Reports: a page, pictures and tables of finished runs."""

from __future__ import annotations

import html
import os
import warnings
from pathlib import Path

from . import _native
from ._errors import AssayWarning
from ._progress import listening
from ._run import Run


class Report:
    """A report in its folder: `index.html`, which needs no network, and beside it `figures` (SVG and PNG) and `tables` (CSV, Markdown
    and LaTeX).

    Example:
        >>> import assay
        >>> assay.Report("report/index.html").figures.as_posix()
        'report/figures'
    """

    #: The page.
    page: Path

    def __init__(self, page: str | os.PathLike[str]) -> None:
        self.page = Path(page)

    @property
    def figures(self) -> Path:
        """The folder of its charts."""
        return self.page.parent / "figures"

    @property
    def tables(self) -> Path:
        """The folder of its tables."""
        return self.page.parent / "tables"

    def show(self) -> None:
        """Opens the page in a browser."""
        import webbrowser

        webbrowser.open(self.page.resolve().as_uri())

    def _repr_html_(self) -> str:
        """For notebooks: the page in a frame."""
        page = html.escape(self.page.read_text(encoding="utf-8"))
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 40em; border: 0"></iframe>'

    def __repr__(self) -> str:
        return f"Report({str(self.page)!r})"


def report(
    *runs: Run | str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    colour: str | None = None,
    caption: str | None = None,
) -> Report:
    """Writes a report of finished runs, which it compares where they are several: what `assay report` does.

    Args:
        *runs: runs, or their folders. No benchmark and no plugin has to be there.
        output: the folder of the report; of one run by default the folder `report` in its own.
        colour: the operator by whose count scatter plots are coloured; by default the one that goes best with the accuracy.
        caption: a sentence below every chart and table.

    Raises:
        BadSetting: of several runs it was not said where the report goes.
        AssayError: a run is not finished or cannot be read, or a file cannot be written.

    Example:
        >>> import assay, tempfile
        >>> study = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "study": {"proxies": ["params"], "sample": 9}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     made = assay.report(assay.run(study, output=folder, progress=False))
        ...     made.page.name, "<svg" in made.page.read_text(encoding="utf-8")
        ('index.html', True)
    """
    with listening(False, 1) as (_, line):
        folders = [run.folder if isinstance(run, Run) else run for run in runs]
        page, left_out = _native.report(runs=folders, output=output, colour=colour, caption=caption, line=line)
    for problem in left_out:
        warnings.warn(problem, AssayWarning, stacklevel=2)
    return Report(page)
