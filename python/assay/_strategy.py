"""Strategies that are written in Python, and the laboratory that they ask."""

from __future__ import annotations

import inspect
import json
import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal, TypeVar

from . import _native
from ._declared import about, settings_of
from ._errors import BadSetting
from ._process import end_if_forked

Class = TypeVar("Class", bound=type)


class Laboratory:
    """Where a strategy gets its answers. An architecture is a text, as the space writes it, or a mask: for each cell and edge the digits of
    the operators that are kept, as `01000.00010`. A mask may keep several: then it is a part of the space.

    What is asked twice is measured once. A search that is continued is searched again, and answered from what was measured: so a strategy
    depends on nothing but the answers, without a clock and without random numbers of its own.

    Example:
        >>> import assay, tempfile
        >>> @assay.strategy(name="documented-best")
        ... class Best:
        ...     "the best of a few random architectures"
        ...     def __init__(self, samples=4, proxy="params"):
        ...         self.samples, self.proxies = samples, [proxy]
        ...     def search(self, laboratory):
        ...         drawn = laboratory.draw("samples", self.samples)
        ...         return max(zip(laboratory.score(self.proxies[0], drawn), drawn))[1]
        >>> base = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 32}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = assay.run({**base, "strategy": {"name": "documented-best", "samples": 3}}, output=folder, progress=False)
        ...     set(run.measurements["proxy"]), run.best.startswith("|")
        ({'params'}, True)
    """

    def __init__(self, native: _native.Laboratory) -> None:
        self._native = native

    def _ask(self, what: str, **arguments: Any) -> Any:
        return json.loads(self._native.ask(json.dumps({"ask": what, **arguments}, allow_nan=False)))

    @cached_property
    def _space(self) -> dict[str, Any]:
        return self._ask("layout")

    @property
    def operators(self) -> list[str]:
        """The names of the space's operators: the digits of a mask, from the left."""
        return list(self._space["layout"]["operators"])

    @property
    def layout(self) -> dict[str, Any]:
        """Cells, edges and operators of the space, as plugins read them."""
        return dict(self._space["layout"])

    @property
    def whole(self) -> str:
        """The mask of the whole space."""
        return str(self._space["whole"])

    def mask(self, architecture: str) -> str:
        """The mask of an architecture. AssayError if it is not one of the space."""
        return str(self._ask("mask", of=architecture))

    def write(self, architecture: str) -> str:
        """The text of an architecture, as the space writes it. AssayError if it is not one of the space."""
        return str(self._ask("write", of=architecture))

    def draw(self, purpose: str, count: int, within: str | None = None) -> list[str]:
        """Different architectures, drawn uniformly, as masks; fewer than `count` where there are fewer. A longer draw of the same
        purpose begins with a shorter one."""
        return list(self._ask("draw", within=within, purpose=purpose, count=count))

    def rng(self, purpose: str) -> random.Random:
        """Random numbers that depend on the run's seed and the purpose alone."""
        words = self._ask("words", purpose=purpose)
        return random.Random(sum(word << (64 * place) for place, word in enumerate(words)))

    def better(self, proxy: str) -> Literal["higher", "lower"]:
        """Which end of a proxy's scale promises the better architecture."""
        return "higher" if self._ask("direction", label=proxy) == "higher" else "lower"

    def measure(self, requests: Iterable[tuple[str, str, str]]) -> list[float | None]:
        """Measures all requests, side by side where there are several cores; None of a score that does not exist.

        A request is the label of a proxy, an architecture or a part of the space, and which weights and images are drawn: requests with
        equal ones, as `repeat/0`, see the same.
        """
        readings = self._ask("measure", requests=[list(request) for request in requests])
        return [reading.get("value") for reading in readings]

    def score(self, proxy: str, architectures: Sequence[str], repeats: int = 1) -> list[float | None]:
        """Means over repeats, each with other weights and images, which all architectures share; None where one of them does not exist."""
        readings = self.measure((proxy, one, f"strategy/{repeat}") for one in architectures for repeat in range(repeats))
        of_each = [readings[first : first + repeats] for first in range(0, len(readings), repeats)]
        values = [[value for value in one if value is not None] for one in of_each]
        return [sum(known) / repeats if len(known) == repeats else None for known in values]

    def expect(self, measurements: int) -> None:
        """Says how many different measurements are still to come, for the bar."""
        self._ask("expect", measurements=measurements)

    def record(self, title: str, architecture: str, readings: Mapping[str, float | None], before: str | None = None) -> None:
        """Adds a step to the run's trajectory: what it is, as `sample 17`; the architecture that it came to; what proxies said of it."""
        before = architecture if before is None else before
        self._ask("record", title=title, before=before, after=architecture, readings=[list(reading) for reading in readings.items()])

    def log(self, line: str) -> None:
        """Writes a line to the run's log."""
        self._ask("log", line=line)


def strategy(*, name: str | None = None) -> Callable[[Class], Class]:
    """Makes a strategy of a class, which every experiment of this process may name from then on.

    The class is made with the settings of `[strategy]`, which are the arguments of its `__init__`, each with a default: a flag, a number, a
    text, or a list of them. It has `proxies`, the names of the proxies that it asks for, or a dict by label of `(proxy, settings)`; and
    `search(laboratory)`, which takes a `Laboratory` and returns the architecture that it found. What it raises ends the run as
    `assay.PluginFailed`; what was measured is kept. The hash of its source and its settings stand in the protocol.

    Args:
        name: its name in experiments; by default that of the class, in small letters.

    Returns:
        A decorator, which gives the class back as it is.

    Raises:
        BadSetting: a name or a default does not fit, there is no `search`, or a strategy of Assay has the name.

    Example:
        >>> import assay
        >>> @assay.strategy(name="documented-first")
        ... class First:
        ...     "the first architecture that is drawn"
        ...     proxies = ["params"]
        ...     def search(self, laboratory):
        ...         return laboratory.draw("first", 1)[0]
        >>> "documented-first" in assay.strategies()["name"]
        True
    """

    def bring(declared: Class) -> Class:
        if not isinstance(declared, type):
            raise BadSetting(f"a strategy is a class with a method `search`, not a {type(declared).__name__}")
        called = name or declared.__name__.lower().replace("_", "-")
        if not callable(getattr(declared, "search", None)):
            raise BadSetting(f"strategy `{called}` has no method `search`, which takes a laboratory and returns what it found")
        has_own = declared.__init__ is not object.__init__  # type: ignore[misc]
        parameters = list(inspect.signature(declared).parameters.values()) if has_own else []
        told = about(declared, called, "strategy", settings_of(parameters, "strategy", called))

        def make(given: str) -> tuple[Callable[[_native.Laboratory], str], list[tuple[str, str, str]]]:
            made = declared(**json.loads(given))

            def search(native: _native.Laboratory) -> str:
                process = os.getpid()
                try:
                    found = made.search(Laboratory(native))
                finally:
                    end_if_forked(process, f"strategy `{called}`")
                if not isinstance(found, str):
                    raise BadSetting(f"strategy `{called}` returned a {type(found).__name__}: give the text or the mask of an architecture")
                return found

            return search, _used(getattr(made, "proxies", None), called)

        _native.bring_strategy(about=told, make=make)
        return declared

    return bring


def _used(proxies: Any, name: str) -> list[tuple[str, str, str]]:
    """The proxies of a strategy: label, proxy, and settings as JSON."""
    if isinstance(proxies, Mapping):
        return [(label, proxy, json.dumps(settings)) for label, (proxy, settings) in proxies.items()]
    if isinstance(proxies, (list, tuple)) and all(isinstance(proxy, str) for proxy in proxies):
        return [(proxy, proxy, "{}") for proxy in proxies]
    raise BadSetting(f"strategy `{name}` has no list `proxies` of the names of those that it asks for, nor a dict of them by label")
