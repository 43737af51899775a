"""How far a work is: a bar of tqdm, or a function of the caller's."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ._errors import AssayWarning, BadSetting

#: Called on the caller's thread with what is done, what is expected in all, the phase (`scoring`) and what is counted (`measurements`).
Progress = Callable[[int, int, str, str], object]


class _Bar:
    """A bar of `tqdm.auto`, which is one of a notebook in a notebook."""

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def show(self, done: int, expected: int, phase: str, unit: str) -> None:
        if self._bar is None:
            if expected == 0:
                return
            self._bar = self._tqdm(total=expected, unit=f" {unit or 'measurements'}")
        self._bar.total = expected
        self._bar.set_description(phase, refresh=False)
        self._bar.update(done - self._bar.n)

    def write(self, line: str) -> None:
        self._tqdm.write(line)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.refresh()
            self._bar.close()


@contextmanager
def listening(progress: bool | Progress, callers: int) -> Iterator[tuple[Progress | None, Callable[[str, bool], None]]]:
    """Who is told how far a work is, and who hears its lines. What users should know is a warning, whatever is shown: at the place of
    whoever called this many functions of the package."""
    bar = None
    if progress is True:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            pass
        else:
            bar = _Bar(tqdm)
    elif progress is not False and not callable(progress):
        raise BadSetting("`progress` is True, False, or a function of what is done, what is expected, the phase and the unit")

    def line(text: str, is_warning: bool) -> None:
        if is_warning:
            warnings.warn(text, AssayWarning, stacklevel=callers + 2)
        elif bar is not None:
            bar.write(text)

    try:
        yield (bar.show if bar is not None else progress if callable(progress) else None), line
    finally:
        if bar is not None:
            bar.close()
