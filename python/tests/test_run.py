"""Runs leave the same folders as the command, and are read from them."""

import json
import os
from pathlib import Path

import assay
import pytest
from conftest import CELL, without_times


def only(folder: Path) -> Path:
    (run,) = folder.iterdir()
    return run


def test_a_study_has_the_tables_of_the_command_to_the_last_byte(command, study, tmp_path):
    experiment, file = study
    command("correlate", file, "--quiet", "--run-dir", tmp_path / "theirs")
    with pytest.warns(assay.AssayWarning, match=r"no \[benchmark\]") as warned:
        of_file = assay.run(file, folder=tmp_path / "file", progress=False)
        of_dict = assay.run(experiment, folder=tmp_path / "dict", threads=1, progress=False)
    assert {warning.filename for warning in warned} == {__file__}
    assert type(of_file) is assay.Study and of_file.kind == "study"
    for run in (of_file, of_dict):
        for name in ("scores", "architectures"):
            assert (run.folder / f"{name}.parquet").read_bytes() == (tmp_path / "theirs" / f"{name}.parquet").read_bytes(), name
        assert without_times(run.summary) == without_times((tmp_path / "theirs" / "summary.json").read_text())
    # Those of the command are read as well.
    theirs = assay.Study(tmp_path / "theirs")
    assert theirs.scores.to_dict() == of_dict.scores.to_dict() and len(theirs.scores) == 6 * (2 * 2 + 1)


def test_a_search_is_that_of_the_command(command, tmp_path):
    search = {
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic"},
        "strategy": {"name": "random", "samples": 5, "oracle": {"proxy": "naswot", "repeats": 2}},
        "proxies": {"naswot": {"batch": 8}},
    }
    run = assay.run(search, folder=tmp_path / "ours", seed=7, progress=False)
    command("run", run.folder / "experiment.toml", "--quiet", "--run-dir", tmp_path / "theirs")
    assert type(run) is assay.Search
    theirs = json.loads((tmp_path / "theirs" / "summary.json").read_text())
    assert without_times(run.summary) == without_times(theirs) and run.best == theirs["architecture"]["text"]
    assert run.summary["seed"] == 7 == run.experiment["seed"]
    assert run.trajectory.to_dict() == assay.Run(tmp_path / "theirs").trajectory.to_dict()
    assert "naswot" in run.measurements["proxy"]
    assert run.best in run._repr_html_()


def test_a_training_is_that_of_the_command(command, tmp_path):
    images = {"name": "synthetic", "size": 8, "images": 32}
    training = {
        "space": {"name": "nas-bench-201"},
        "dataset": images,
        "test": images,
        "training": {"architecture": CELL, "recipe": "nas-bench-201", "epochs": 2, "batch": 16, "channels": 4, "cells": 1},
    }
    run = assay.run(training, folder=tmp_path / "ours", progress=False)
    command("train", run.folder / "experiment.toml", "--quiet", "--run-dir", tmp_path / "theirs")
    assert type(run) is assay.Training and run.curve["epoch"] == [1, 2]
    weights = [(folder / "weights.safetensors").read_bytes() for folder in (run.folder, tmp_path / "theirs")]
    assert weights[0] == weights[1]
    assert run.test_error == assay.Run(tmp_path / "theirs").test_error


def test_a_finished_run_that_is_continued_is_read(study):
    experiment, _ = study
    with pytest.warns(assay.AssayWarning):
        run = assay.run(experiment, progress=False)
    with pytest.warns(assay.AssayWarning, match="finished"):
        again = run.resume(progress=False)
    assert again.folder == run.folder and again.is_finished
    assert only(Path(experiment["output"])) == run.folder


def test_a_report_is_that_of_the_command(command, study, tmp_path):
    with pytest.warns(assay.AssayWarning):
        run = assay.run(study[0], progress=False)
    with pytest.warns(assay.AssayWarning, match="Left out"):
        report = assay.report(run, output=tmp_path / "ours", caption="A sentence.")
    command("report", run.folder, "--output", tmp_path / "theirs", "--caption", "A sentence.")
    ours, theirs = ({file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.*")} for folder in (tmp_path / "ours", tmp_path / "theirs"))
    assert ours == theirs and len(ours) > 5
    assert report.page == tmp_path / "ours" / "index.html" and report._repr_html_().startswith("<iframe srcdoc=")
    with pytest.raises(assay.BadSetting, match="where the report of 2 runs goes"):
        assay.report(run, run)
    with pytest.raises(assay.AssayError, match="holds no run"):
        assay.report(tmp_path / "nothing")


def test_a_benchmark_knows_what_the_command_prints(command, tmp_path, monkeypatch):
    shared = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[3] / "shared"))
    table = shared / "data" / "nas-bench-macro" / "nas-bench-macro_cifar10.json"
    if not table.exists():
        pytest.skip(f"{table} is not there")
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    benchmark = assay.benchmark("nas-bench-macro")
    with pytest.raises(assay.MissingData, match="assay benchmark import nas-bench-macro"):
        benchmark["02012100"]
    command("benchmark", "import", "nas-bench-macro", table)
    benchmark = assay.benchmark("nas-bench-macro")
    (told,) = json.loads(command("benchmark", "query", "nas-bench-macro", "02012100", "--json"))
    record = benchmark["02012100"]
    assert (record.architecture, record.index, list(record.figures.values())) == (told["architecture"], told["index"], told["figures"])
    assert benchmark[record.index] == record
    first, second = told["figures"][:2]
    assert record[first["column"]] == first["value"] and record.runs(second["column"]) == second["runs"] and len(second["runs"]) == 3
    rows = benchmark.query(["02012100", record.index])
    assert len(rows) == 2 * len(told["figures"]) and rows["value"][0] == first["value"]
    with pytest.raises(assay.BadSetting, match="nas-bench-macro"):
        benchmark["seven"]
    with pytest.raises(KeyError, match="columns are"):
        record["nothing"]


def test_what_the_command_lists_is_listed(command):
    for what in ("spaces", "proxies", "aggregates", "strategies", "benchmarks", "datasets", "engines"):
        told = json.loads(command("list", what, "--json"))
        known = getattr(assay, what)()
        assert list(known.rows()) == [{key: one[key] for key in ("name", "summary")} for one in told]
        for one in told:
            assert known.settings(one["name"])["name"] == [setting["name"] for setting in one["settings"]]


def test_the_shipped_experiments_say_which_kind_of_run_they_are():
    import tomllib

    for file in sorted((Path(__file__).parents[2] / "configs").glob("*.toml")):
        experiment = tomllib.loads(file.read_text())
        assert not {"strategy", "study"} <= experiment.keys(), file.name


def test_charts_are_those_of_the_report(study, tmp_path):
    with pytest.warns(assay.AssayWarning):
        run = assay.run(study[0], progress=False)
    with pytest.warns(assay.AssayWarning, match="Left out"):
        report = assay.report(run, output=tmp_path / "report")
    files = {file.stem: file.read_text() for file in report.figures.rglob("*.svg")}
    assert {name: plot.svg for name, plot in run.plots.items()} == files and files
    name, text = next(iter(files.items()))
    assert run.plot(name)._repr_svg_() == text and "<svg" in text
    assert run.plot(name).save(tmp_path / "one.svg").read_text() == text
    with pytest.raises(assay.BadSetting, match=r"does not end in .svg"):
        run.plot(name).save(tmp_path / "one.pdf")
    with pytest.raises(assay.BadSetting, match="there is no chart `clowds`; charts of this run are"):
        run.plot("clowds")
