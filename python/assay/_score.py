"""Scores of architectures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from . import _native, _toml
from ._errors import BadSetting, UndefinedScore
from ._known import proxies as known_proxies
from ._network import Network, is_module, read
from ._progress import Progress, listening
from ._table import Table

if TYPE_CHECKING:
    import torch

    #: What is scored: an architecture as its space writes it, a network, or the path of one or of a list.
    Scored: TypeAlias = "str | os.PathLike[str] | Network | torch.nn.Module"


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
    #: Of an aggregate, how many in a hundred of the architectures that it compares with are worse; None of a proxy.
    percentile: float | None = None

    def __float__(self) -> float:
        """The value. UndefinedScore, with the reason, if there is none."""
        if self.value is None:
            raise UndefinedScore(f"{self.proxy} of {self.architecture} is undefined, because {self.undefined_because}")
        return self.value


class Scores(Table):
    """The scores of architectures, one a row: architecture, proxy, score, spread, repeats, better, undefined_because; and percentile, where
    there are aggregates.

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
        if any(score.percentile is not None for score in scores):
            counted.append(column("percentile", "number"))
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
    architectures: Scored | Iterable[Scored] | Mapping[str, Scored],
    proxies: str | Iterable[str],
    *,
    space: str | None = None,
    input: Sequence[int] | None = None,
    weights: str | None = None,
    batch_norm: Literal["batch", "running"] | None = None,
    dataset: str | None = None,
    seed: int | None = None,
    repeats: int = 3,
    reference: int = 100,
    config: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    threads: int | None = None,
    progress: bool | Progress = True,
    **sets: Any,
) -> Scores:
    """Scores architectures with proxies, without training: what `assay score` does, to the same bits.

    Args:
        architectures: one, or several, as the space writes them; or networks: names of ONNX files, which end in `.onnx`, and of folders
            of them. A path of any other file lists architectures, one a line. Networks are also what `assay.read` gives, and PyTorch
            modules, which are read for images of `input`; several are called by their classes, or by the keys of a dict.
        proxies: names of proxies and aggregates: see `assay.proxies()` and `assay.aggregates()`.
        space: the search space; by default that of `config`, else `nas-bench-201`, and `files` of ONNX files.
        input: the axes of one image, of modules and where ONNX files leave them open: `(3, 224, 224)`.
        weights: of networks, `given` (the default: their own) or the rule that draws them by the seed, as `kaiming-normal-fan-in`.
        batch_norm: what batch normalisation is by, for all of the proxies that can be asked: `batch`, the batch's own statistics, or
            `running`, those of the network. By default what each proxy's settings say.
        dataset: the images; by default those of `config`, else `synthetic`, which need no download.
        seed: seeds weights and images (from 0); by default that of `config`, else 0.
        repeats: how often each is measured, with new weights and images; all architectures see the same ones.
        reference: how many architectures an aggregate compares with: a sample of the space, drawn by the seed, measured once and kept.
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
        UnsupportedNetwork: a module cannot be read: see `assay.read`.
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
    names = _texts(proxies, "proxies")
    assignments = _toml.assignments(set, sets)
    if batch_norm is not None:
        assignments += [f"proxies.{name}.batch_norm={_toml.value(batch_norm, 'batch_norm')}" for name in names if _can_run_norms(name)]
    if isinstance(architectures, Iterator):
        architectures = list(architectures)
    networks = _networks(architectures, input)
    texts = [] if networks else _architectures(architectures)
    if networks and space is not None:
        raise BadSetting("`space` is given with networks, which are of no space: leave it out")
    if weights is not None:
        assignments.append(f"space.weights={_toml.value(weights, 'weights')}")
    with listening(progress, 1) as (shown, line):
        told = _native.score(
            architectures=texts,
            networks=[(name, network._native) for name, network in networks],
            proxies=names,
            space=space,
            input=None if input is None or networks else "x".join(str(_whole(axis, "input", 1, 2**31 - 1)) for axis in input),
            dataset=dataset,
            config=config,
            set=assignments,
            repeats=_whole(repeats, "repeats", 1, 100_000),
            reference=_whole(reference, "reference", 1, 100_000),
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
        percentile=line.get("percentile"),
    )


def _can_run_norms(name: str) -> bool:
    """Whether a proxy can be asked by which statistics batch normalisation is; an unknown one is refused elsewhere."""
    known = known_proxies()
    return name in known["name"] and "batch_norm" in known.settings(name)["name"]


def _networks(given: Any, input: Any) -> list[tuple[str, Network]]:
    """The networks, each with a name of its own; none where architectures of a space are given."""
    if isinstance(given, Mapping):
        named = list(given.items())
        if not named:
            raise BadSetting("`architectures` is empty: give at least one")
        for name, _ in named:
            if not isinstance(name, str):
                raise BadSetting(f"`architectures` has the key {name!r}, a {type(name).__name__}: name networks by texts")
        return [(name, _read_one(one, input, name)) for name, one in named]
    if isinstance(given, Network) or is_module(given):
        given = [given]
    elif not isinstance(given, (list, tuple)) or not any(isinstance(one, Network) or is_module(one) for one in given):
        return []
    names: dict[str, int] = {}
    found = []
    for one in given:
        network = _read_one(one, input, None)
        names[network.name] = names.get(network.name, 0) + 1
        count = names[network.name]
        found.append((network.name if count == 1 else f"{network.name}.{count}", network))
    return found


def _read_one(one: Any, input: Any, name: str | None) -> Network:
    if isinstance(one, (str, os.PathLike)) and not os.fspath(one).lower().endswith(".onnx"):
        raise BadSetting(f"`{os.fspath(one)}` is not a network: architectures of a space are scored apart from networks")
    return read(one, input=input, name=name)


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
