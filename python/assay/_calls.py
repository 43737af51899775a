"""Kinds of experiments by their words: thin calls of `assay.run`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from ._benchmark import Benchmark
from ._errors import BadSetting
from ._progress import Progress
from ._run import Run, Search, Study, Training, run
from ._score import _texts

#: The name of a plugin, or its section as a dict: `{"name": "cifar10", "path": "images"}`.
Section = str | Mapping[str, Any]


def _section(given: Section, what: str, **more: Any) -> dict[str, Any]:
    """A section of an experiment."""
    if isinstance(given, str):
        return {"name": given, **more}
    if isinstance(given, Mapping) and isinstance(given.get("name"), str):
        return {**given, **more}
    raise BadSetting(f"`{what}` is {given!r}: give the name of one, or a dict of its section, {{'name': …}}")


def _ran(kind: type[Run], experiment: dict[str, Any], seed: int | None, how: dict[str, Any]) -> Any:
    if seed is not None:
        experiment["seed"] = seed
    name: Any = kind.__name__.lower()
    made = run(experiment, kind=name, **how)
    if not isinstance(made, kind):
        raise BadSetting(f"this is a {made.kind}, not a {name}")
    return made


def search(
    space: Section,
    strategy: Section,
    *,
    dataset: Section = "synthetic",
    benchmark: Section | None = None,
    proxies: Mapping[str, Mapping[str, Any]] | None = None,
    seed: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    resume: bool = False,
    threads: int | None = None,
    progress: bool | Progress = True,
    **sets: Any,
) -> Search:
    """Searches a space: `assay.run` of an experiment with these sections.

    Args:
        space: the search space: see `assay.spaces()`.
        strategy: who searches, by name or with settings: `{"name": "random", "samples": 50}`.
        dataset: the images; `synthetic` needs no download.
        benchmark: whose recorded accuracies are shown beside what was found, or judge.
        proxies: settings of proxies, by name: `{"naswot": {"batch": 32}}`.
        seed, folder, set, resume, threads, progress, **sets: as of `assay.run`.

    Returns:
        The finished search.

    Raises:
        As `assay.run`.

    Example:
        >>> import assay, tempfile
        >>> strategy = {"name": "random", "samples": 3, "oracle": {"proxy": "params", "repeats": 1}}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     assay.search("nas-bench-201", strategy, output=folder, progress=False).best.startswith("|")
        True
    """
    experiment: dict[str, Any] = {
        "space": _section(space, "space"),
        "dataset": _section(dataset, "dataset"),
        "strategy": _section(strategy, "strategy"),
    }
    if benchmark is not None:
        experiment["benchmark"] = _section(benchmark, "benchmark")
    if proxies is not None:
        experiment["proxies"] = dict(proxies)
    how = {"folder": folder, "set": set, "resume": resume, "threads": threads, "progress": progress, **sets}
    return _ran(Search, experiment, seed, how)


def correlate(
    benchmark: Benchmark | Section | None,
    proxies: str | Iterable[str],
    *,
    space: Section | None = None,
    dataset: Section = "synthetic",
    sample: int | None = None,
    repeats: int | None = None,
    seed: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    resume: bool = False,
    threads: int | None = None,
    progress: bool | Progress = True,
    **sets: Any,
) -> Study:
    """Correlates proxies with accuracies that a benchmark recorded: `assay.run` of a study.

    Args:
        benchmark: the benchmark, as `assay.benchmark` gives it or by name; None scores a sample of the space alone.
        proxies: names of proxies and aggregates.
        space: the search space; by default the one that has the benchmark's name.
        dataset: the images that proxies are measured by; `synthetic` needs no download.
        sample: how many architectures are drawn.
        repeats: how often each is measured, with other weights and images.
        seed, folder, set, resume, threads, progress, **sets: as of `assay.run`.

    Returns:
        The finished study: `study.tau()`, `study.scores`.

    Raises:
        As `assay.run`; MissingData if the benchmark's table is not imported.

    Example:
        >>> import assay, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     study = assay.correlate(None, ["params", "flops"], space="nas-bench-201", sample=3, output=folder, progress=False)
        ...     len(study.scores)
        9
    """
    if isinstance(benchmark, Benchmark):
        benchmark = benchmark.name
    if space is None and benchmark is None:
        raise BadSetting("`correlate` has neither a benchmark nor a space: give the name of one")
    study: dict[str, Any] = {"proxies": _texts(proxies, "proxies")}
    study |= {name: value for name, value in (("sample", sample), ("repeats", repeats)) if value is not None}
    experiment: dict[str, Any] = {"dataset": _section(dataset, "dataset"), "study": study}
    if benchmark is not None:
        experiment["benchmark"] = _section(benchmark, "benchmark")
    experiment["space"] = _section(experiment["benchmark"]["name"] if space is None else space, "space")
    how = {"folder": folder, "set": set, "resume": resume, "threads": threads, "progress": progress, **sets}
    return _ran(Study, experiment, seed, how)


def train(
    architecture: str,
    *,
    space: Section = "nas-bench-201",
    dataset: Section = "synthetic",
    test: Section | None = None,
    seed: int | None = None,
    folder: str | os.PathLike[str] | None = None,
    set: Mapping[str, Any] | None = None,
    resume: bool = False,
    threads: int | None = None,
    progress: bool | Progress = True,
    **training: Any,
) -> Training:
    """Trains an architecture from scratch: `assay.run` of a training.

    Args:
        architecture: as the space writes it.
        space: its search space.
        dataset: the images that it is trained on.
        test: those that it is tested by; by default those of the dataset's `split` "test", where it has one.
        seed, folder, set, resume, threads, progress: as of `assay.run`.
        **training: keys of `[training]`: `epochs=12, batch=64, recipe="nas-bench-201"`.

    Returns:
        The finished training.

    Raises:
        As `assay.run`.

    Example:
        >>> import assay, tempfile
        >>> cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
        >>> images = {"name": "synthetic", "size": 8, "images": 32}
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     how = {"recipe": "nas-bench-201", "epochs": 1, "batch": 16, "channels": 4, "cells": 1}
        ...     training = assay.train(cell, dataset=images, test=images, set={"output": folder}, progress=False, **how)
        ...     training.curve["epoch"]
        [1]
    """
    images = _section(dataset, "dataset")
    experiment: dict[str, Any] = {
        "space": _section(space, "space"),
        "dataset": images,
        "test": {**images, "split": "test"} if test is None else _section(test, "test"),
        "training": {"architecture": architecture, **training},
    }
    return _ran(Training, experiment, seed, {"folder": folder, "set": set, "resume": resume, "threads": threads, "progress": progress})
