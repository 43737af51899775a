"""Values as TOML, which experiments and their settings are written in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ._errors import BadSetting


def value(given: Any, key: str) -> str:
    """A value as TOML writes it. `key` is what messages call it."""
    if hasattr(given, "item") and getattr(given, "shape", None) == ():
        given = given.item()  # A scalar of NumPy.
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, int):
        return str(given)
    if isinstance(given, float):
        return repr(given)
    if isinstance(given, (str, os.PathLike)):
        # A text of JSON is one of TOML too, but for one character.
        return json.dumps(os.fspath(given), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(given, Mapping):
        return "{" + ", ".join(f"{name(inner, key)} = {value(of, f'{key}.{inner}')}" for inner, of in given.items()) + "}"
    if isinstance(given, (Sequence, range)) and not isinstance(given, (bytes, bytearray)):
        return "[" + ", ".join(value(of, key) for of in given) + "]"
    raise BadSetting(
        f"`{key}` is a {type(given).__name__}: a setting is a text, a number, True or False, or a list or dict of those"
    )


def name(given: Any, within: str) -> str:
    """A key as TOML writes it."""
    if not isinstance(given, str):
        raise BadSetting(f"`{given!r}` in `{within}` is a {type(given).__name__}: the name of a setting is a text")
    return value(given, within)


def document(experiment: Mapping[str, Any]) -> str:
    """An experiment as the text of its file; the version of its form need not be said, since the package knows one."""
    experiment = {"version": 1, **experiment}
    return "".join(f"{name(key, 'the experiment')} = {value(of, key)}\n" for key, of in experiment.items())


def assignments(given: Mapping[str, Any] | None, keywords: Mapping[str, Any]) -> list[str]:
    """Settings as `key=value`. In keywords `__` stands for the dot, and `_` in the name of a proxy for `-`, as in the environment."""
    found = [f"{key}={value(of, key)}" for key, of in (given or {}).items()]
    for keyword, of in keywords.items():
        parts = keyword.split("__")
        if parts[0] == "proxies" and len(parts) > 1:
            parts[1] = parts[1].replace("_", "-")
        key = ".".join(parts)
        found.append(f"{key}={value(of, key)}")
    return found
