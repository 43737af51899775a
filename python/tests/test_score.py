"""Scores are those of the command, to the last bit."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import assay
import pytest
from conftest import CELL, OTHER


def test_scores_are_those_of_the_command_to_the_last_bit(command):
    proxies = ["params", "naswot", "grad-norm", "ntk-condition"]
    set = {"proxies.ntk-condition.batch": 4, "proxies.naswot.batch": 8}
    arguments = [argument for name in proxies for argument in ("--proxy", name)]
    arguments += [argument for key, value in set.items() for argument in ("--set", f"{key}={value}")]
    printed = json.loads(command("score", CELL, OTHER, *arguments, "--seed", 3, "--repeats", 2, "--json"))
    scores = assay.score([CELL, OTHER], proxies, set=set, seed=3, repeats=2, progress=False)
    assert scores.protocol == printed["protocol"]
    assert len(scores) == len(printed["scores"]) == 8
    for score, line in zip(scores, printed["scores"]):
        assert (score.architecture, score.proxy, score.spread) == (line["architecture"], line["proxy"], line["spread"])
        assert score.value.hex() == line["reading"]["value"].hex()
        assert [value.hex() for value in score.readings] == [reading["value"].hex() for reading in line["readings"]]


def test_an_aggregate_has_the_percentile_that_the_command_prints(command, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    arguments = ["--proxy", "freerea", "--proxy", "params", "--reference", 6, "--repeats", 1, "--seed", 2]
    printed = json.loads(command("score", CELL, *arguments, "--json"))
    scores = assay.score(CELL, ["freerea", "params"], reference=6, repeats=1, seed=2, progress=False)
    assert scores.protocol == printed["protocol"] and "among 6 random architectures" in scores.protocol
    assert [score.percentile for score in scores] == [line.get("percentile") for line in printed["scores"]]
    assert scores["freerea"].percentile is not None and scores["params"].percentile is None
    assert scores["percentile"][0] == scores["freerea"].percentile


def test_one_architecture_has_scores_by_proxy_and_several_by_both():
    one = assay.score(CELL, ["params", "ntk-condition"], repeats=1, proxies__ntk_condition__batch=4, progress=False)
    assert float(one["params"]) == one["params"].value == 587386.0
    assert (one["params"].better, one["ntk-condition"].better) == ("higher", "lower")
    several = assay.score([CELL, OTHER], "params", progress=False)
    assert several[OTHER, "params"].value == several["score"][1]
    with pytest.raises(KeyError, match="name one"):
        several["params"]


def test_an_undefined_score_has_a_reason_and_no_value():
    nothing = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    score = assay.score(nothing, "ntk-condition", repeats=1, proxies__ntk_condition__batch=4, progress=False)["ntk-condition"]
    assert score.value is None and score.readings == (None,)
    with pytest.raises(assay.UndefinedScore, match="ntk-condition of .* is undefined, because") as raised:
        float(score)
    assert score.undefined_because in str(raised.value)


def test_a_list_in_a_file_is_read_and_what_is_there_twice_is_a_warning(tmp_path):
    file = tmp_path / "best.txt"
    file.write_text(f"{CELL}  # the first\n{OTHER}\n{CELL}\n")
    with pytest.warns(assay.AssayWarning, match="row 3 has the same architecture as row 1") as warned:
        scores = assay.score(file, "params", progress=False)
    assert {warning.filename for warning in warned} == {__file__}
    assert [score.architecture for score in scores] == [CELL, OTHER, CELL]


def test_a_network_of_an_onnx_file_is_scored_as_by_the_command(command, tmp_path):
    file = tmp_path / "cell.onnx"
    command("export", CELL, "--to", "onnx", "--output", file, "--channels", 4, "--cells", 1)
    proxies = ["params", "synflow", "naswot"]
    arguments = [argument for name in proxies for argument in ("--proxy", name)]
    printed = json.loads(command("score", file, *arguments, "--json"))
    scores = [assay.score(network, proxies, progress=False) for network in (str(file), file, [file])]
    for of_file in scores:
        assert of_file.protocol == printed["protocol"]
        assert [score.value for score in of_file] == [line["reading"].get("value") for line in printed["scores"]]
    assert all(score.value is not None for score in scores[0])
    with pytest.raises(assay.BadSetting, match="`input` is -3"):
        assay.score(file, "params", input=(-3, 32, 32), progress=False)


def test_other_threads_of_python_go_on_while_scores_are_measured():
    ticks, over = [], threading.Event()

    def tick():
        while not over.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.005)

    thread = threading.Thread(target=tick)
    thread.start()
    begun = time.monotonic()
    assay.score(CELL, "ntk-condition", repeats=4, proxies__ntk_condition__batch=16, progress=False)
    ended = time.monotonic()
    over.set()
    thread.join()
    inside = [moment for moment in ticks if begun <= moment <= ended]
    # A thread that were held would tick once or twice.
    assert len(inside) > 20 * (ended - begun), f"{len(inside)} ticks in {ended - begun:.2f} s"


def test_scores_on_several_threads_at_once_are_those_of_one():
    with ThreadPoolExecutor(3) as pool:
        several = list(pool.map(lambda seed: assay.score(CELL, "naswot", seed=seed, progress=False)["score"], [0, 1, 0]))
    assert several[0] == several[2] != several[1] == assay.score(CELL, "naswot", seed=1, progress=False)["score"]


def test_a_process_that_is_forked_after_a_score_scores_the_same():
    code = (
        "import os, sys, assay\n"
        "def score():\n"
        # One write a line: print writes the line's end apart, and the two processes share the pipe.
        "    score = assay.score(sys.argv[1], 'naswot', repeats=1, progress=False)['score']\n"
        "    os.write(1, f'{score}\\n'.encode())\n"
        "score()\n"
        "child = os.fork()\n"
        "score()\n"
        "if child:\n"
        "    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, CELL], capture_output=True, text=True, timeout=60)
    printed = done.stdout.splitlines()
    assert done.returncode == 0 and len(printed) == 3 and len(set(printed)) == 1, done


def test_progress_is_told_to_a_function_on_the_same_thread():
    told = []
    assay.score([CELL, OTHER], "naswot", repeats=2, progress=lambda *now: told.append((*now, threading.current_thread())))
    assert told[-1][:3] == (4, 4, "scoring") and {now[-1] for now in told} == {threading.current_thread()}


def test_what_a_function_of_progress_raises_comes_out():
    def fails(*_):
        raise LookupError("enough")

    with pytest.raises(LookupError, match="enough"):
        assay.score(CELL, "naswot", progress=fails)
