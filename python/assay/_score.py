"""Scores of architectures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import _native, _toml
from ._errors import BadSetting, UndefinedScore
from ._progress import Progress, listening
from ._table import Table


@dataclass(frozen=True)
class Score:
    """What a proxy says of an architecture: the mean over repeats, or why there is none.

    Example:
        >>> import assay
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> score = assay.score(cell, "params")["params"]
        >>> float(score), score.better
        (587386.0, 'higher')
    """

    #: As it was given.
    architecture: str
    #: The proxy's name.
    proxy: str
    #: The mean over the repeats; None if one of them is undefined.
    value: float | None
    #: Which end of the scale promises the better architecture.
    better: Literal["higher", "lower"]
    #: The standard deviation over the repeats (n - 1); None of one repeat.
    spread: float | None
    #: How often it was measured, each time with other weights and images.
    repeats: int
    #: Why there is no value; None if there is one.
    undefined_because: str | None
    #: What each repeat gave; None of one that is undefined.
    readings: tuple[float | None, ...]

    def __float__(self) -> float:
        """The value. UndefinedScore, with the reason, if there is none."""
        if self.value is None:
            raise UndefinedScore(f"{self.proxy} of {self.architecture} is undefined, because {self.undefined_because}")
        return self.value


class Scores(Table):
    """The scores of architectures, one a row: architecture, proxy, score, spread, repeats, better, undefined_because.

    `scores[architecture, proxy]` is one `Score`; of a single architecture `scores[proxy]` is enough. A column is `scores["score"]`,
    where no proxy has that name.

    Example:
        >>> import assay
        >>> cells = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|", "|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"]
        >>> scores = assay.score(cells, "params", progress=False)
        >>> scores[cells[0], "params"].value > scores[cells[1], "params"].value, len(scores)
        (True, 2)
    """

    #: Under which conditions they hold, in one line: images, settings of proxies, seed, engine.
    protocol: str

    def __init__(self, scores: list[Score], protocol: str) -> None:
        def column(name: str, sort: str) -> tuple[str, str, list[Any]]:
            return name, sort, [getattr(score, name) for score in scores]

        values = ("score", "number", [score.value for score in scores])
        counted = [column("spread", "number"), column("repeats", "count"), column("better", "text"), column("undefined_because", "text")]
        super().__init__(_native.Table([column("architecture", "text"), column("proxy", "text"), values, *counted]))
        self.protocol = protocol
        self._scores = scores
        self._by_name = {(score.architecture, score.proxy): score for score in scores}

    def __iter__(self) -> Iterator[Score]:
        """The scores, in the order of the rows."""
        return iter(self._scores)

    def __getitem__(self, which: Any) -> Any:
        """One score, by architecture and proxy or by the proxy of a single architecture; or a column. KeyError of anything else."""
        if isinstance(which, tuple):
            return self._by_name[which]
        of_proxy = [score for score in self._scores if score.proxy == which]
        if not of_proxy:
            return super().__getitem__(which)
        if len({score.architecture for score in of_proxy}) > 1:
            raise KeyError(f"several architectures have a score of {which}: name one, as in scores[architecture, {which!r}]")
        return of_proxy[0]

    def _more(self) -> list[str]:
        return [*super()._more(), f"protocol: {self.protocol}"]


def score(
    architectures: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    proxies: str | Iterable[str],
    *,
    space: str | None = None,
    input: Sequence[int] | None = None,
    dataset: str | None = None,
    seed: int | None = None,
    repeats: int = 3,
    config: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: bool | Progress = True,
    **sets: Any,
) -> Scores:
    """Scores architectures with proxies, without training: what `assay score` does, to the same bits.

    Args:
        architectures: one, or several, as the space writes them; or networks: names of ONNX files, which end in `.onnx`, and of folders
            of them. A path of any other file lists architectures, one a line.
        proxies: names of proxies: see `assay.proxies()`.
        space: the search space; by default that of `config`, else `nas-bench-201`, and `files` of ONNX files.
        input: the axes of one image, where ONNX files leave them open: `(3, 224, 224)`.
        dataset: the images; by default those of `config`, else `synthetic`, which need no download.
        seed: seeds weights and images (from 0); by default that of `config`, else 0.
        repeats: how often each is measured, with new weights and images; all architectures see the same ones.
        config: an experiment file that space, dataset, engine and settings of proxies are taken from.
        set: other keys of the experiment: `{"proxies.ntk-condition.batch": 16}`.
        threads: worker threads; the scores do not depend on them. By default one a core.
        progress: True for a bar, where tqdm is installed; or a function.
        **sets: as `set`, where `__` stands for the dot: `proxies__ntk_condition__batch=16`.

    Returns:
        A row an architecture and proxy.

    Raises:
        BadSetting: something that was asked for is not known or does not fit.
        MissingData: the images are not here.
        KeyboardInterrupt: at once, after Ctrl-C; nothing is kept of scores.

    Example:
        >>> import assay
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> scores = assay.score(cell, ["params", "trainable-layers"], progress=False)
        >>> scores["score"]
        [587386.0, 53.0]
    """
    if threads is not None:
        sets = {"threads": threads, **sets}
    assignments = _toml.assignments(set, sets)
    texts, names = _architectures(architectures), _texts(proxies, "proxies")
    with listening(progress, 1) as (shown, line):
        told = _native.score(
            architectures=texts,
            proxies=names,
            space=space,
            input=None if input is None else "x".join(str(_whole(axis, "input", 1, 2**31 - 1)) for axis in input),
            dataset=dataset,
            config=config,
            set=assignments,
            repeats=_whole(repeats, "repeats", 1, 100_000),
            seed=None if seed is None else _whole(seed, "seed", 0, 2**63 - 1),
            progress=shown,
            line=line,
        )
    told = json.loads(told)
    return Scores([_read(line) for line in told["scores"]], told["protocol"])


def _read(line: dict[str, Any]) -> Score:
    """A line of what `assay score --json` prints."""

    def value(reading: dict[str, Any]) -> float | None:
        return reading.get("value")

    undefined = line["reading"].get("undefined")
    return Score(
        architecture=line["architecture"],
        proxy=line["proxy"],
        value=value(line["reading"]),
        better="higher" if line["direction"] == "higher_is_better" else "lower",
        spread=line["spread"],
        repeats=line["repeats"],
        undefined_because=undefined and undefined["because"],
        readings=tuple(value(reading) for reading in line["readings"]),
    )


def _architectures(given: Any) -> list[str]:
    def text(one: Any) -> Any:
        """A path as the command line writes it: of a network, or of a list."""
        if not isinstance(one, os.PathLike):
            return one
        path = os.fspath(one)
        return path if path.endswith(".onnx") or os.path.isdir(path) else f"@{path}"

    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, bytearray, os.PathLike)):
        given = [text(one) for one in given]
    texts = _texts(text(given), "architectures")
    if "-" in texts:
        raise BadSetting("`-` is not an architecture: standard input is for the command line")
    return texts


def _texts(given: Any, what: str) -> list[str]:
    """A text, or several."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, (bytes, bytearray)):
        raise BadSetting(f"`{what}` is a {type(given).__name__}: give a text, or several")
    texts = list(given)
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise BadSetting(f"`{what}[{position}]` is a {type(text).__name__}: give texts")
    if not texts:
        raise BadSetting(f"`{what}` is empty: give at least one")
    return texts


def _whole(given: Any, what: str, least: int, most: int) -> int:
    """A whole number within these bounds."""
    try:
        number = given.__index__()
    except (AttributeError, TypeError):
        raise BadSetting(f"`{what}` is a {type(given).__name__}: give a whole number") from None
    if not least <= number <= most:
        raise BadSetting(f"`{what}` is {number}: give a whole number from {least} to {most}")
    return number
