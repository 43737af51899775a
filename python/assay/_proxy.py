"""Proxies that are written in Python."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

from . import _native
from ._ask import Ask, written
from ._declared import about, settings_of
from ._errors import BadSetting, PluginFailed, UndefinedScore
from ._measured import Measured
from ._process import end_if_forked

Function = TypeVar("Function", bound=Callable[..., Any])


def proxy(
    *,
    ask: Ask | Iterable[Ask] = (),
    better: Literal["higher", "lower"] = "higher",
    name: str | None = None,
    unit: str | None = None,
) -> Callable[[Function], Function]:
    """Makes a proxy of a function of what was measured, which every experiment of this process may name from then on.

    The function takes a `Measured`, and after it settings, each with a default: a flag, a number, a text, or a list of them. It returns a
    number; None, or an `assay.UndefinedScore` that it raises, is a score that does not exist, with its reason. What else it raises stops
    the run as `assay.PluginFailed`, or becomes an undefined score where the experiment says `on_error = "skip"`; the log has the traceback.
    It shares its pass over a network with all proxies whose pass has equal settings (`batch`, `channels`, `cells`, …), which are its
    settings too. It is called from several threads, one at a time, and has to depend on nothing but what it is given. The hash of its
    source, of what it asks for, and its settings stand in protocols; functions that it calls and global variables do not.

    Args:
        ask: what a pass is to compute beside the output: `Gradients`, `Products`, `Values`, `Moments`, `Patterns`, `Gram`.
        better: which end of the scale promises the better architecture.
        name: its name in experiments; by default the function's, with `-` for `_`.
        unit: what a score is counted in, for charts.

    Returns:
        A decorator, which gives the function back as it is.

    Raises:
        BadSetting: a name, a default or what is asked for does not fit, or a proxy of Assay has the name.

    Example:
        >>> import assay
        >>> @assay.proxy(ask=assay.Patterns(), better="higher", unit="patterns")
        ... def documented_patterns(measured, part=1.0):
        ...     "different activation patterns of the minibatch"
        ...     return part * len({row.tobytes() for row in measured.patterns})
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> scores = assay.score(cell, "documented-patterns", proxies__documented_patterns__batch=8, progress=False)
        >>> float(scores["documented-patterns"])
        8.0
    """
    asked = written(ask)

    def bring(function: Function) -> Function:
        if not callable(function) or not hasattr(function, "__name__"):
            raise BadSetting(f"a proxy is a function of what was measured, not a {type(function).__name__}")
        parameters = list(inspect.signature(function).parameters.values())
        if not parameters:
            raise BadSetting(f"proxy `{function.__name__}` takes nothing: its first argument is what was measured")
        settings = settings_of(parameters[1:], "proxy", function.__name__)
        told = about(function, name, "proxy", settings, f"{asked} {better}")
        called = told["name"]

        def call(native: _native.Measurement, given: str) -> tuple[float | None, str | None]:
            process = os.getpid()
            try:
                return _value(function(Measured(native), **json.loads(given)), called)
            except UndefinedScore as undefined:
                return None, undefined.message
            finally:
                end_if_forked(process, f"proxy `{called}`")

        _native.bring_proxy(about=told, better=better, unit=unit, ask=asked, function=call)
        return function

    return bring


def _value(given: Any, name: str) -> tuple[float | None, str | None]:
    """A score as the compiled part takes it."""
    if given is None:
        return None, f"`{name}` returned None"
    # Numbers of NumPy among it, and arrays of one; texts and flags are none, though Python could read some.
    if isinstance(given, (str, bytes, bytearray, bool)) or not hasattr(given, "__float__"):
        raise PluginFailed(f"proxy `{name}` returned a {type(given).__name__}, {given!r:.60}: a score is a number, or None where there is none")
    return float(given), None
