"""Runs of experiments, in progress and in their folders."""

from __future__ import annotations

import html
import json
import os
import tempfile
import tomllib
import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import _native, _toml
from ._architecture import Architecture
from ._errors import AssayError, AssayWarning, BadSetting, Gone
from ._network import Network
from ._plot import Plot
from ._progress import Progress, listening
from ._score import _whole
from ._table import Table

if TYPE_CHECKING:
    import torch

Kind = Literal["search", "study", "shard", "training"]


class Run:
    """A run in its folder, finished or not. `Run(folder)` is a `Search`, a `Study` or a `Training`, by what the folder holds.

    Args:
        folder: a run folder, such as one under `results/`; that of a command is as good.

    Raises:
        AssayError: there is no run in the folder; or, where a result is asked for, the run is not finished, or its files are damaged.
        Gone: where something is asked later, the folder is not there any more.

    Example:
        >>> import assay, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "study": {"proxies": ["params"], "sample": 4}}
        ...     run = assay.run(study, output=folder, progress=False)
        ...     assay.Run(run.folder).kind, run.is_finished, len(run.scores)
        ('study', True, 8)
    """

    #: The run folder.
    folder: Path
    #: `search`, `study`, `shard` (of a study) or `training`.
    kind: Kind

    def __new__(cls, folder: str | os.PathLike[str]) -> Run:
        known = _native.kind(folder)
        if known is None:
            raise AssayError(
                f"`{os.fspath(folder)}` holds no run\n  help: name a run folder, such as one under results/",
                f"`{os.fspath(folder)}` holds no run",
                "name a run folder, such as one under results/",
            )
        kind, _ = known
        made = {"search": Search, "study": Study, "shard": Study, "training": Training}[kind]
        if not issubclass(made, cls):
            raise BadSetting(f"`{os.fspath(folder)}` holds a {kind}, not a {cls.__name__.lower()}")
        run = object.__new__(made)
        run.kind = kind
        return run

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def _there(self) -> tuple[Kind, bool]:
        """What the folder holds, and whether it has its result. Gone if it holds no run any more."""
        known = _native.kind(self.folder)
        if known is None:
            text, help = f"`{self.folder}` does not hold the run any more", "open the run where it is now, by assay.Run(folder)"
            raise Gone(f"{text}\n  help: {help}", text, help)
        return known

    @property
    def is_finished(self) -> bool:
        """Whether it has its result."""
        return self._there()[1]

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The result, as `summary.json` has it: every bit of every number. AssayError if the run is not finished."""
        self._there()
        return json.loads(_native.summary(self.folder))

    @cached_property
    def experiment(self) -> dict[str, Any]:
        """The experiment with all its settings, as `assay.run` takes it."""
        self._there()
        return tomllib.loads((self.folder / "experiment.toml").read_text(encoding="utf-8"))

    @property
    def protocol(self) -> str:
        """Under which conditions its figures hold, in one line."""
        return self.summary["protocol"]

    def table(self, name: str) -> Table:
        """A table of the folder, by the name of its file without `.parquet`. AssayError if there is none, or it is damaged."""
        self._there()
        return Table(_native.read_table(self.folder, f"{name}.parquet"))

    @property
    def tables(self) -> list[str]:
        """The names of the tables that the folder has."""
        self._there()
        return sorted(path.stem for path in self.folder.glob("*.parquet"))

    @cached_property
    def plots(self) -> dict[str, Plot]:
        """The charts of the run's report, by name. AssayError if the run is not finished."""
        from ._report import report

        self._there()
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore", AssayWarning)
            figures = sorted(report(self, output=Path(folder, "report")).figures.glob("**/*.svg"))
            return {path.stem: Plot(path.stem, path.read_text(encoding="utf-8")) for path in figures}

    def plot(self, name: str) -> Plot:
        """A chart of the run's report. BadSetting, with the names that there are, if there is none of this name."""
        if name not in self.plots:
            raise BadSetting(f"there is no chart `{name}`; charts of this run are {', '.join(self.plots) or 'none'}")
        return self.plots[name]

    def resume(self, *, threads: int | None = None, progress: bool | Progress = True) -> Run:
        """Continues the run from what was measured, to the result of an undisturbed one; a finished run is only read.

        Raises:
            AssayError: it cannot be continued, as where another process is writing it, or data has changed.
            KeyboardInterrupt: at once, after Ctrl-C. What was measured is kept.
        """
        self._there()
        return _work(self.folder, None, [], None, True, threads, None, progress)

    def __repr__(self) -> str:
        known = _native.kind(self.folder)
        state = ", gone" if known is None else "" if known[1] else ", not finished"
        return f"{type(self).__name__}({str(self.folder)!r}{state})"

    def _repr_html_(self) -> str:
        """For notebooks: what was found, and under which conditions."""
        known = _native.kind(self.folder)
        if known is None or not known[1]:
            return f"<p>{html.escape(repr(self))}</p>"
        return f"{self._result()._repr_html_()}<p>protocol: {html.escape(self.protocol)}</p><p>{html.escape(str(self.folder))}</p>"

    def _result(self) -> Table:
        raise NotImplementedError


class Search(Run):
    """A search: what was found, how, and all that was measured.

    Example:
        >>> import assay, tempfile
        >>> base = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 32}}
        >>> strategy = {"name": "random", "samples": 3, "oracle": {"proxy": "params", "repeats": 1}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     search = assay.run({**base, "strategy": strategy}, output=folder, progress=False)
        ...     search.best == search.summary["architecture"]["text"], set(search.measurements["proxy"])
        (True, {'params'})
    """

    @property
    def best(self) -> Architecture:
        """The architecture that was found, as the space writes it. `best.to_torch()` is its network as a PyTorch module."""
        return Architecture(self.summary["architecture"]["text"], self.experiment["space"])

    @property
    def trajectory(self) -> Table:
        """The readings of each step, one a row: step, title, before, after, proxy, value, undefined_because."""
        return self.table("trajectory")

    @property
    def measurements(self) -> Table:
        """Every measurement, one a row: proxy, subspace, parameters, images, value, undefined_because, seconds (of its thread); and
        engine, where another one than the experiment's measured some."""
        return self.table("measurements")

    def _result(self) -> Table:
        scores = self.summary["scores"]
        readings = [score["reading"] for score in scores.values()]
        return Table(
            _native.Table(
                [
                    ("found", "text", [self.best] * len(scores)),
                    ("proxy", "text", list(scores)),
                    ("score", "number", [reading.get("value") for reading in readings]),
                    ("undefined_because", "text", [reading.get("undefined", {}).get("because") for reading in readings]),
                ]
            )
        )


class Study(Run):
    """A correlation study: scores, accuracies, and how far they agree.

    Example:
        >>> import assay, tempfile
        >>> base = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 32}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = assay.run({**base, "study": {"proxies": ["params"], "sample": 3}}, output=folder, progress=False)
        ...     study.scores.columns
        ['arch', 'index', 'proxy', 'repeat', 'value', 'undefined_because']
    """

    @property
    def scores(self) -> Table:
        """Every score, one a row: arch, index (of the benchmark), proxy, repeat (from 0), value, undefined_because; and engine, where
        another one than the experiment's measured some."""
        return self.table("scores")

    @property
    def targets(self) -> Table:
        """What scores are compared with, one a row: arch, index, target (the benchmark's column), value as recorded."""
        return self.table("targets")

    @property
    def times(self) -> Table:
        """How long each measurement took, one a row: arch, index, proxy, repeat, seconds of its thread."""
        return self.table("times")

    @property
    def correlations(self) -> Table:
        """All statistics, a row a proxy and target. AssayError if the study has no [benchmark] to correlate with."""
        return self.table("correlations")

    def tau(self) -> Table:
        """Kendall's tau-b: proxy, target, tau_b, tau_b_low and tau_b_high (its 95 % interval), architectures, undefined."""
        all_columns = self.correlations
        sorts = {"proxy": "text", "target": "text", "architectures": "count", "undefined": "count"}
        names = ["proxy", "target", "tau_b", "tau_b_low", "tau_b_high", "architectures", "undefined"]
        return Table(_native.Table([(name, sorts.get(name, "number"), all_columns[name]) for name in names]))

    def _result(self) -> Table:
        if "correlations" in self.tables:
            return self.tau()
        return self.scores if self.kind == "study" else Table(_native.Table([("shard", "text", [self.summary["part"]["shard"]])]))


class Training(Run):
    """A training: the learning curve and the test after it.

    Example:
        >>> import assay, tempfile
        >>> base = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 32}}
        >>> cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
        >>> how = {"architecture": cell, "recipe": "nas-bench-201", "epochs": 2, "batch": 16, "channels": 4, "cells": 1}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     training = assay.run({**base, "test": base["dataset"], "training": how}, output=folder, progress=False)
        ...     training.curve["epoch"], 0 <= training.test_error <= 100
        ([1, 2], True)
    """

    @property
    def test_error(self) -> float:
        """Share of the test images that the network classifies wrongly after the last epoch, in per cent."""
        return self.summary["test_error_percent"]

    @property
    def architecture(self) -> Architecture:
        """The architecture that was trained, as the space writes it."""
        return Architecture(self.summary["architecture"], self.experiment["space"])

    def network(self, *, classes: int = 10, input: Sequence[int] = (3, 32, 32)) -> Network:
        """The network with its trained weights and running statistics. BadSetting, or AssayError, if it was of other classes."""
        recipe = self.summary["recipe"]
        size = {"channels": recipe["channels"], "cells": recipe["cells"]}
        return self.architecture.network(**size, classes=classes, input=input, weights=self.folder / "weights.safetensors")

    def to_torch(self, *, classes: int = 10, input: Sequence[int] = (3, 32, 32)) -> torch.nn.Module:
        """The trained network as a PyTorch module. ImportError without PyTorch."""
        return self.network(classes=classes, input=input).to_torch()

    @property
    def curve(self) -> Table:
        """The learning curve, an epoch a row: losses are means over images, accuracies shares from 0 to 1, seconds of wall time."""
        records = self.summary["curve"]
        names = ["learning_rate", "drop_path", "train_loss", "train_accuracy"]
        tests = [record["test"] for record in records]
        accuracies = [test["correct"] / max(test.get("answers") or test["images"], 1) for test in tests]
        return Table(
            _native.Table(
                [
                    ("epoch", "count", [record["epoch"] for record in records]),
                    *((name, "number", [record[name] for record in records]) for name in names),
                    ("test_loss", "number", [test["loss"] for test in tests]),
                    ("test_accuracy", "number", accuracies),
                    ("test_images", "count", [test["images"] for test in tests]),
                    ("seconds", "number", [record["seconds"] for record in records]),
                ]
            )
        )

    def _result(self) -> Table:
        return self.curve


def run(
    experiment: str | os.PathLike[str] | Mapping[str, Any],
    *,
    kind: Literal["search", "study", "training"] | None = None,
    set: Mapping[str, Any] | None = None,
    resume: bool = False,
    folder: str | os.PathLike[str] | None = None,
    threads: int | None = None,
    progress: bool | Progress = True,
    **sets: Any,
) -> Run:
    """Runs an experiment: a search, a study or a training, to the same bits as the commands `run`, `correlate` and `train`.

    Args:
        experiment: an experiment file, or what would stand in it, as a dict of sections.
        kind: which of them, where the experiment has a section for a search and one for a study.
        set: keys of the experiment that are set anew: `{"strategy.pairing": "independent"}`.
        resume: continue the newest unfinished run of this experiment, if there is one.
        folder: the run folder; by default a new one under the experiment's `output`, which is `results` by default.
        threads: worker threads; the result does not depend on them. By default one a core.
        progress: True for a bar, where tqdm is installed; or a function.
        **sets: as `set`, where `__` stands for the dot: `seed=1, strategy__pairing="independent"`.

    Returns:
        The finished run, which reads its folder.

    Raises:
        BadSetting: the experiment is wrong; the message has all problems, each with its place.
        MissingData: images, or a benchmark's table, are not here.
        AssayError: a measurement failed, or a file cannot be written. What was measured is kept.
        KeyboardInterrupt: at once, after Ctrl-C. What was measured is kept, and a note says how to continue.

    Example:
        >>> import assay, tempfile
        >>> study = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "study": {"proxies": ["params"]}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     run = assay.run(study, study__sample=3, output=folder, progress=False)
        ...     run.scores["proxy"]
        ['params', 'live-params', 'params', 'live-params', 'params', 'live-params']
    """
    assignments = _toml.assignments(set, sets)
    if isinstance(experiment, Mapping):
        return _work("experiment", _toml.document(experiment), assignments, kind, resume, threads, folder, progress)
    if not isinstance(experiment, (str, os.PathLike)):
        raise BadSetting(f"`experiment` is a {type(experiment).__name__}: give the path of an experiment file, or a dict of its sections")
    return _work(experiment, None, assignments, kind, resume, threads, folder, progress)


def _work(
    path: str | os.PathLike[str],
    text: str | None,
    assignments: list[str],
    kind: str | None,
    resume: bool,
    threads: int | None,
    folder: str | os.PathLike[str] | None,
    progress: bool | Progress,
) -> Run:
    with listening(progress, 2) as (shown, line):
        ran = _native.run(
            path=path,
            text=text,
            set=assignments,
            kind=kind,
            resume=resume,
            threads=None if threads is None else _whole(threads, "threads", 1, 4096),
            folder=folder,
            progress=shown,
            line=line,
        )
    return Run(ran)
