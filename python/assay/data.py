"""Datasets on this machine: what the command `assay data` lists and fetches.

>>> import assay
>>> "cifar10" in assay.data.list()["name"]
True
"""

from __future__ import annotations

import os
from pathlib import Path

from . import _native
from ._errors import BadSetting
from ._progress import Progress, listening
from ._table import Table

__all__ = ["fetch", "list", "path"]


def list() -> Table:
    """All datasets, one a row: name, summary, and folder, where its files are. The folder is None where there is none in the data directory:
    the dataset was not fetched, or needs no files.

    Example:
        >>> import assay
        >>> assay.data.list().columns
        ['name', 'summary', 'folder']
    """
    known = _native.datasets_here()
    folders = [str(folder) if os.path.exists(folder) else None for _, _, folder in known]
    texts = [("name", "text", [name for name, _, _ in known]), ("summary", "text", [summary for _, summary, _ in known])]
    return Table(_native.Table([*texts, ("folder", "text", folders)]))


def path(name: str) -> Path:
    """The folder where the files of a dataset are looked for, where an experiment gives no `path`. It need not exist.

    Args:
        name: the dataset: see `assay.datasets()`.

    Raises:
        BadSetting: there is no such dataset.

    Example:
        >>> import assay
        >>> assay.data.path("cifar10").parts[-2:]
        ('datasets', 'cifar10')
    """
    return Path(_native.dataset_folder(_name(name)))


def fetch(name: str, *, into: str | os.PathLike[str] | None = None, progress: bool | Progress = True) -> Path:
    """Downloads a dataset, checks it, and puts it where the dataset of that name looks for it. What is there and whole is not fetched again,
    and what an interrupted fetch left is continued.

    Args:
        name: `cifar10` or `cifar100`; no other may be downloaded.
        into: another folder.
        progress: True for a bar, where tqdm is installed; or a function of the bytes that are here, the bytes in all, the phase and `bytes`.

    Returns:
        The folder that holds the files.

    Raises:
        BadSetting: this dataset cannot be downloaded; the message says how to come by it.
        AssayError: no source can serve, or a file cannot be written.
        KeyboardInterrupt: at once, after Ctrl-C. What was downloaded is kept.

    Example:
        >>> import assay
        >>> try:
        ...     assay.data.fetch("synthetic")
        ... except assay.BadSetting as error:
        ...     print(error)
        `synthetic` cannot be fetched: it is computed and needs no files
    """
    with listening(progress, 1) as (shown, line):
        folder, _, _ = _native.fetch_dataset(_name(name), into, shown, line)
    return Path(folder)


def _name(given: object) -> str:
    if not isinstance(given, str):
        raise BadSetting(f"`name` is a {type(given).__name__}: give the name of a dataset")
    return given
