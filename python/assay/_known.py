"""What this build knows: spaces, proxies, strategies and the other plugins, with their settings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from . import _native, _toml
from ._errors import BadSetting
from ._table import Table

Path = str | os.PathLike[str]


class Plugins(Table):
    """The plugins of one sort: name and summary, a row each.

    Example:
        >>> import assay
        >>> assay.proxies().settings("ntk-condition")["name"][:2]
        ['channels', 'cells']
    """

    def __init__(self, known: list[dict[str, Any]]) -> None:
        super().__init__(_native.Table([(name, "text", [one[name] for one in known]) for name in ("name", "summary")]))
        self._settings = {one["name"]: one["settings"] for one in known}

    def settings(self, name: str) -> Table:
        """The settings of one of them: name, takes, default, help. BadSetting if there is none of this name."""
        if name not in self._settings:
            raise BadSetting(f"there is no `{name}` among them: {', '.join(self._settings)}")
        settings = self._settings[name]
        return Table(_native.Table([(key, "text", [one[key] for one in settings]) for key in ("name", "takes", "default", "help")]))


def _listed(what: str, config: Path | None) -> Plugins:
    return Plugins(json.loads(_native.listed(what, config)))


def spaces(config: Path | None = None) -> Plugins:
    """The search spaces, with those that the plugins of an experiment file bring.

    Example:
        >>> import assay
        >>> "nas-bench-201" in assay.spaces()["name"]
        True
    """
    return _listed("spaces", config)


def proxies(config: Path | None = None) -> Plugins:
    """The proxies, with those that the plugins of an experiment file bring.

    Example:
        >>> import assay
        >>> "naswot" in assay.proxies()["name"]
        True
    """
    return _listed("proxies", config)


def aggregates(config: Path | None = None) -> Plugins:
    """The aggregates of proxies, which studies take beside proxies.

    Example:
        >>> import assay
        >>> "az-nas" in assay.aggregates()["name"]
        True
    """
    return _listed("aggregates", config)


def strategies(config: Path | None = None) -> Plugins:
    """The strategies of search, with those that the plugins of an experiment file bring.

    Example:
        >>> import assay
        >>> "te-nas" in assay.strategies()["name"]
        True
    """
    return _listed("strategies", config)


def benchmarks(config: Path | None = None) -> Plugins:
    """The benchmarks, whose tables are imported by `assay benchmark import`.

    Example:
        >>> import assay
        >>> "nas-bench-201" in assay.benchmarks()["name"]
        True
    """
    return _listed("benchmarks", config)


def datasets(config: Path | None = None) -> Plugins:
    """The datasets; `synthetic` needs no download.

    Example:
        >>> import assay
        >>> "cifar10" in assay.datasets()["name"]
        True
    """
    return _listed("datasets", config)


def engines(config: Path | None = None) -> Plugins:
    """The engines, which measure networks.

    Example:
        >>> import assay
        >>> "cpu" in assay.engines()["name"]
        True
    """
    return _listed("engines", config)


def operators(space: str | Mapping[str, Any] | None = None) -> Table:
    """The operators that networks are made of, one a row: name, as `Measured.select` and `ask` take it; what it computes; how many inputs it
    has; its numbers; what it learns, with the extents; and the shape of what it computes of one image.

    Args:
        space: a search space, by name or as a dict of its section. Then the operators that its architectures choose from, in the order of the
            digits of a mask: name, and the kinds of cell that offer it.

    Raises:
        BadSetting: there is no such space, or its settings are wrong.

    Example:
        >>> import assay
        >>> "conv2d" in assay.operators()["name"], assay.operators("nas-bench-201")["name"][:2]
        (True, ['none', 'skip_connect'])
    """
    if space is None:
        known = _native.operators()
        names = ("name", "computes", "inputs", "settings", "parameters", "shape")
        rows = [(name, computes, inputs, ", ".join(settings), learns, shape) for name, computes, inputs, settings, learns, shape in known]
        return Table(_native.Table([(name, "text", [row[place] for row in rows]) for place, name in enumerate(names)]))
    section = {"name": space} if isinstance(space, str) else space
    if not isinstance(section, Mapping) or not isinstance(section.get("name"), str):
        raise BadSetting(f"`space` is {space!r}: give the name of one, or a dict of its section, {{'name': …}}")
    offered = _native.operators_of(_toml.assignments({f"space.{key}": value for key, value in section.items()}, {}))
    cells = [", ".join(kinds) for _, kinds in offered]
    return Table(_native.Table([("name", "text", [name for name, _ in offered]), ("cells", "text", cells)]))
