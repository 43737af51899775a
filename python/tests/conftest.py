"""What tests share: the command line that results are compared with, small experiments, and a folder of each test's own."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from assay import _native

ROOT = Path(__file__).resolve().parents[2]
CELL = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
OTHER = "|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|nor_conv_3x3~1|skip_connect~2|"

# Shells start what runs in the background with Ctrl-C ignored, and Python then leaves it so: tests that interrupt need it.
signal.signal(signal.SIGINT, signal.default_int_handler)


def program() -> list[str]:
    """The program: that of ASSAY_PROGRAM, else the one of a release build, else the package's own command."""
    named = os.environ.get("ASSAY_PROGRAM")
    built = ROOT / "target" / "release" / "assay"
    return [named] if named else [str(built)] if built.exists() else [sys.executable, "-m", "assay"]


@pytest.fixture(autouse=True)
def nothing_is_brought_by_the_test_before():
    yield
    _native.forget_brought()


@pytest.fixture
def command(tmp_path):
    """Calls the command line, and gives what it printed; `fails` is the exit code that it should have."""

    def call(*arguments, fails=0):
        done = subprocess.run([*program(), *map(str, arguments)], capture_output=True, text=True, cwd=tmp_path)
        assert done.returncode == fails, done.stderr
        return done.stderr if fails else done.stdout

    return call


@pytest.fixture
def study(tmp_path):
    """A small study, as a dict; and its file."""
    experiment = {
        "name": "small",
        "output": str(tmp_path / "results"),
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic"},
        "proxies": {"naswot": {"batch": 8}, "grad-norm": {"batch": 8}},
        "study": {"proxies": ["naswot", "grad-norm"], "sample": 6, "repeats": 2},
    }
    file = tmp_path / "small.toml"
    file.write_text(
        f"version = 1\nname = 'small'\noutput = '{tmp_path / 'results'}'\n[space]\nname = 'nas-bench-201'\n[dataset]\nname = 'synthetic'\n"
        "[proxies]\nnaswot.batch = 8\ngrad-norm.batch = 8\n[study]\nproxies = ['naswot', 'grad-norm']\nsample = 6\nrepeats = 2\n"
    )
    return experiment, file


def without_times(summary):
    """A summary without what differs between two runs of one experiment."""
    summary = json.loads(summary) if isinstance(summary, str) else dict(summary)
    return {key: value for key, value in summary.items() if key not in ("times", "machine", "seconds", "cpu_seconds")}
