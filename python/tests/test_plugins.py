"""Plugins in shared libraries work as with the command: in this process, and in processes of their own."""

import shutil
import subprocess

import assay
import pytest
from conftest import ROOT


@pytest.fixture
def plugin(tmp_path):
    """The example of a plugin in C."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    library = tmp_path / "libpattern_kernel.so"
    source = ROOT / "plugins" / "examples" / "runtime-c" / "pattern_kernel.c"
    include = ROOT / "plugins" / "sdk" / "include"
    subprocess.run([compiler, "-std=c11", "-shared", "-fPIC", "-O2", "-I", include, source, "-o", library, "-lm"], check=True)
    return library


@pytest.mark.filterwarnings("ignore::assay.AssayWarning")
def test_a_plugin_gives_the_same_in_a_process_of_its_own_and_with_the_command(plugin, command, tmp_path):
    experiment = {
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic"},
        "plugins": {"path": [plugin]},
        "proxies": {"pattern-kernel": {"cells": 1, "batch": 8}},
        "study": {"proxies": ["pattern-kernel"], "sample": 4},
    }
    here = assay.run(experiment, folder=tmp_path / "here", progress=False)
    apart = assay.run(experiment, folder=tmp_path / "apart", plugins__isolate=True, threads=1, progress=False)
    command("correlate", here.folder / "experiment.toml", "--quiet", "--run-dir", tmp_path / "theirs")
    theirs = (tmp_path / "theirs" / "scores.parquet").read_bytes()
    for run in (here, apart):
        assert (run.folder / "scores.parquet").read_bytes() == theirs
    assert sum(value is not None for value in apart.scores["value"]) >= 4
    config = apart.folder / "experiment.toml"
    assert "pattern-kernel" in assay.proxies(config)["name"] and "pattern-kernel" not in assay.proxies()["name"]
