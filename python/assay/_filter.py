"""Filters of search spaces that are written in Python."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from . import _native
from ._architecture import Architecture
from ._declared import about, settings_of
from ._errors import BadSetting, PluginFailed
from ._network import extents
from ._process import end_if_forked
from ._score import _whole

Function = TypeVar("Function", bound=Callable[..., Any])


class Counts(NamedTuple):
    """What the network of an architecture has, and what one image costs.

    Example:
        >>> import assay
        >>> assay.Counts(587386, 84_000_000).parameters
        587386
    """

    #: How many numbers are learned.
    parameters: int
    #: Multiply-adds of one image.
    multiply_adds: int


class Candidate(Architecture):
    """What a filter is asked about: an architecture as its space writes it, a text like any other, which can be counted.

    Example:
        >>> import assay
        >>> issubclass(assay.Candidate, str)
        True
    """

    _asked: _native.Candidate

    @classmethod
    def _of(cls, native: _native.Candidate, space: Mapping[str, Any]) -> Candidate:
        made = cls(native.text(), space)
        made._asked = native
        return made

    def counts(self, *, channels: int = 16, cells: int = 5, classes: int = 10, input: Sequence[int] = (3, 32, 32)) -> Counts:
        """Parameters and multiply-adds of its network, of which no weights are made; the arguments are those of `network`.

        Raises:
            BadSetting: the network cannot be built so.
        """
        image = extents(input)
        if len(image) != 3:
            raise BadSetting(f"`input` is {image}: give channels, height and width")
        size = _whole(channels, "channels", 1, 4096), _whole(cells, "cells", 1, 100), _whole(classes, "classes", 1, 1_000_000)
        return Counts(*self._asked.counts(*size, image))


def filter(*, space: str, name: str | None = None) -> Callable[[Function], Function]:
    """Makes a search space of another one and a function that says of each architecture whether it is kept. Every experiment of this process
    may name the new space from then on, as in `search`, `correlate`, `score` and files.

    The function takes a `Candidate`, and after it settings, each with a default: a flag, a number, a text, or a list of them; they stand in
    `[space]`, beside those of the space that is filtered. It returns True or False. It is asked about an architecture once a run, from several
    threads, one at a time, and has to depend on nothing but what it is given. What it raises ends the run as `assay.PluginFailed`, whatever
    `on_error` says: without an answer nobody knows what the space is. The hash of its source and its settings stand in protocols; functions
    that it calls and global variables do not.

    Strategies that take operators out of the whole space (te-nas), or train one network of all architectures, refuse such a space: they do not
    ask about single architectures. A space of which one in millions is kept is a search for it: after a million in a row that are left out, the
    run ends and says so.

    Args:
        space: the space that is filtered: see `assay.spaces()`.
        name: the new space's name in experiments; by default the function's, with `-` for `_`.

    Returns:
        A decorator, which gives the function back as it is.

    Raises:
        BadSetting: a name, a default or the space does not fit, or a space of Assay has the name.

    Example:
        >>> import assay, tempfile
        >>> @assay.filter(space="nas-bench-201")
        ... def documented_small(architecture, most=400_000):
        ...     "cells whose network has few parameters"
        ...     return architecture.counts().parameters <= most
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = assay.correlate(None, ["params"], space={"name": "documented-small", "most": 200_000}, sample=3, output=folder, progress=False)
        ...     max(value for value, proxy in zip(study.scores["value"], study.scores["proxy"]) if proxy == "params") <= 200_000
        True
    """
    if not isinstance(space, str):
        raise BadSetting(f"`space` is a {type(space).__name__}: give the name of the space that is filtered")

    def bring(function: Function) -> Function:
        if not callable(function) or not hasattr(function, "__name__"):
            raise BadSetting(f"a filter is a function of an architecture, not a {type(function).__name__}")
        parameters = [*inspect.signature(function).parameters.values()]
        if not parameters:
            raise BadSetting(f"filter `{function.__name__}` takes nothing: its first argument is an architecture")
        told = about(function, name, "filter", settings_of(parameters[1:], "filter", function.__name__))
        called = told["name"]

        def call(native: _native.Candidate, settings: str, own: str) -> bool:
            process = os.getpid()
            try:
                return _verdict(function(Candidate._of(native, json.loads(settings)), **json.loads(own)), called)
            finally:
                end_if_forked(process, f"filter `{called}`")

        _native.bring_filter(about=told, of=space, function=call)
        return function

    return bring


def _verdict(given: Any, name: str) -> bool:
    """What a filter returned, a truth value of NumPy among it."""
    if hasattr(given, "item") and getattr(given, "shape", None) == ():
        given = given.item()
    if not isinstance(given, bool):
        raise PluginFailed(f"filter `{name}` returned a {type(given).__name__}, {given!r:.60}: give True to keep the architecture, or False")
    return given
