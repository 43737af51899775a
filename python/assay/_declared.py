"""What proxies and strategies that are written in Python say of themselves: name, summary, settings, and the hash of their source."""

from __future__ import annotations

import atexit
import functools
import hashlib
import inspect
import json
import platform
import re
import types
from collections.abc import Callable
from typing import Any

from . import _native
from ._errors import BadSetting

#: Name, summary, file, source, and settings: each with its name, its default as JSON, and what it does.
About = dict[str, Any]


@functools.cache
def _ends_before_python() -> None:
    """From now on an interrupted work, which still finishes what it has begun and may ask a plugin for that, ends before Python does."""
    atexit.register(_native.all_ended)


def about(of: Callable[..., Any], name: str | None, kind: str, settings: list[inspect.Parameter], asked: str = "") -> About:
    """What registries and protocols have of a plugin. `asked` is what else a result depends on."""
    name = of.__name__.replace("_", "-") if name is None else name
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise BadSetting(f"{kind} `{name}`: a name is small letters, digits and `-`, as `my-{kind}`; give one by name=")
    _ends_before_python()
    summary = (inspect.getdoc(of) or f"a {kind} that is written in Python").strip().splitlines()[0]
    try:
        file = inspect.getsourcefile(of) or "<python>"
    except TypeError:
        file = "<python>"
    told = [(parameter.name, _default(parameter, name), f"see {name}'s own documentation") for parameter in settings]
    return {"name": name, "summary": summary, "file": file, "source": _source(of, asked), "settings": told}


def settings_of(parameters: list[inspect.Parameter], kind: str, name: str) -> list[inspect.Parameter]:
    """The parameters that are settings: each with a default."""
    for parameter in parameters:
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise BadSetting(f"{kind} `{name}`: `{parameter}` is not a setting; a setting has a name and a default")
        if parameter.default is parameter.empty:
            raise BadSetting(f"{kind} `{name}`: `{parameter.name}` is a setting, and a setting has a default: {parameter.name}=…")
    return parameters


def _default(parameter: inspect.Parameter, name: str) -> str:
    default = list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    try:
        return json.dumps(default, allow_nan=False)
    except (TypeError, ValueError):
        raise BadSetting(
            f"`{name}`: the default of `{parameter.name}` is {default!r}: a setting is a flag, a number, a text, or a list of them"
        ) from None


def _source(of: Callable[..., Any], asked: str) -> str:
    """For protocols. The text where there is one, with what is asked for; else the compiled code, which Python's versions differ in."""
    try:
        text, by = inspect.getsource(of), "Python"
    except (OSError, TypeError):
        codes = [code for code in (getattr(value, "__code__", None) for value in (of, *vars(of).values())) if code is not None]
        text, by = repr([_code(code) for code in codes]), f"Python {platform.python_version()}"
    digest = hashlib.sha256(f"{text}\n{asked}".encode()).hexdigest()
    return f"{by}, source {digest[:12]}"


def _code(code: types.CodeType) -> tuple[Any, ...]:
    constants = [_code(constant) if isinstance(constant, types.CodeType) else repr(constant) for constant in code.co_consts]
    return code.co_code, constants, code.co_names, code.co_varnames
