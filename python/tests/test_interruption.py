"""Ctrl-C raises KeyboardInterrupt at once, keeps what was measured, and the run is continued to the identical tables."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import assay
import pytest

#: How many moments are tried; ASSAY_INTERRUPTIONS sets another number.
MOMENTS = int(os.environ.get("ASSAY_INTERRUPTIONS", "5"))
#: Seconds from the signal to the exception, on a machine that others work on too.
AT_ONCE = 0.1

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")


def longer(folder):
    return {
        "name": "interrupted",
        "output": str(folder),
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic"},
        "proxies": {"ntk-condition": {"batch": 8}},
        "study": {"proxies": ["ntk-condition", "params"], "sample": 24},
    }


class CtrlC:
    """Sends this process SIGINT after some seconds, and knows when."""

    def __init__(self, seconds):
        self.sent = None
        self.timer = threading.Timer(seconds, self.send)

    def send(self):
        self.sent = time.monotonic()
        os.kill(os.getpid(), signal.SIGINT)

    def __enter__(self):
        self.timer.start()
        return self

    def __exit__(self, *_):
        self.timer.cancel()


def test_a_study_interrupted_at_any_moment_is_continued_to_the_identical_tables(tmp_path):
    begun = time.monotonic()
    whole = assay.run(longer(tmp_path / "whole"), progress=False)
    seconds = time.monotonic() - begun
    moments = random.Random(18)
    delays, unfinished = [], 0
    # A run may be over before its moment comes.
    for number in range(3 * MOMENTS):
        if len(delays) == MOMENTS:
            break
        folder = tmp_path / str(number)
        try:
            with CtrlC(moments.uniform(0.02, seconds)) as pressed:
                run = assay.run(longer(tmp_path / "other"), folder=folder, progress=False)
        except KeyboardInterrupt:
            delays.append(time.monotonic() - pressed.sent)
            if (folder / "experiment.toml").exists():
                unfinished += 1
                run = assay.Run(folder).resume(progress=False)
            else:
                # Before the run had its folder: there was nothing to keep. What was asked to end makes one when it gets there.
                continue
        for name in ("scores", "architectures"):
            assert (run.folder / f"{name}.parquet").read_bytes() == (whole.folder / f"{name}.parquet").read_bytes(), (number, name)
    assert len(delays) == MOMENTS and unfinished > 0 and max(delays) < AT_ONCE, delays
    print(f"{len(delays)} interruptions, the latest after {1000 * max(delays):.0f} ms; {unfinished} continued")


def test_what_was_measured_before_is_not_measured_again(tmp_path):
    seen = []

    def press(done, expected, phase, unit):
        seen.append(done)
        if done >= 6 and phase == "scoring":
            os.kill(os.getpid(), signal.SIGINT)

    folder = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt) as raised:
        assay.run(longer(tmp_path), folder=folder, progress=press)
    assert any(str(folder) in note for note in raised.value.__notes__)
    run = assay.Run(folder)
    assert not run.is_finished and "not finished" in repr(run)
    with pytest.raises(assay.AssayError, match="not finished"):
        _ = run.summary
    done = run.resume(progress=False)
    replayed = sum(phase["replayed"] for phase in done.summary["times"]["phases"].values())
    assert replayed >= 6, replayed


def test_the_command_of_the_package_is_interrupted_as_the_program_is(study, tmp_path):
    file = study[1]
    file.write_text(file.read_text().replace("sample = 6", "sample = 600"))
    arguments = ["correlate", file, "--run-dir", tmp_path / "run", "--quiet"]
    process = subprocess.Popen([sys.executable, "-m", "assay", *arguments], stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "run" / "measurements.jsonl"
    while not journal.exists() or not journal.stat().st_size:
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "assay correlate --resume" in said, said
    assert not assay.Run(tmp_path / "run").is_finished


def test_a_score_is_interrupted_at_once_and_the_next_one_is_right():
    cell = "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|"
    with pytest.raises(KeyboardInterrupt), CtrlC(0.3) as pressed:
        assay.score(cell, "ntk-condition", repeats=200, progress=False)
    assert time.monotonic() - pressed.sent < AT_ONCE
    assert float(assay.score(cell, "params", progress=False)["params"]) > 0
