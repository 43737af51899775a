"""Proxies that are written in Python: their numbers, their arrays, what they raise, and where they can be named."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import assay
import pytest
from conftest import CELL, OTHER

numpy = pytest.importorskip("numpy")

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

NOTHING = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"


def grad_norm():
    @assay.proxy(ask=assay.Gradients("cross-entropy"), better="higher")
    def python_grad_norm(measured):
        "the sum over layers of the norms of weights' gradients, as `grad-norm` has it"
        return sum(float(numpy.linalg.norm(gradient)) for gradient in measured.gradients(role="weight"))


def test_a_proxy_in_python_has_the_numbers_of_the_same_proxy_in_rust():
    grad_norm()

    @assay.proxy(ask=assay.Patterns())
    def python_naswot(measured):
        bits = numpy.unpackbits(measured.patterns.view(numpy.uint8), axis=1, bitorder="little")[:, : measured.units].astype(float)
        kernel = bits @ bits.T + (1 - bits) @ (1 - bits).T
        return numpy.linalg.slogdet(kernel)[1]

    @assay.proxy(ask=assay.Gram(), better="lower")
    def python_kappa(measured):
        values = numpy.linalg.eigvalsh(measured.gram)
        return values[-1] / values[0]

    sets = {f"proxies.{name}.batch": 8 for name in ("naswot", "python-naswot", "grad-norm", "python-grad-norm", "ntk-condition", "python-kappa")}
    sets |= {"proxies.ntk-condition.channels": 16, "proxies.ntk-condition.cells": 5, "proxies.ntk-condition.augmentation": "none"}
    pairs = {"python-naswot": "naswot", "python-grad-norm": "grad-norm", "python-kappa": "ntk-condition"}
    scores = assay.score([CELL, OTHER], [*pairs, *pairs.values()], repeats=2, set=sets, progress=False)
    for ours, theirs in pairs.items():
        for cell in (CELL, OTHER):
            assert scores[cell, ours].value == pytest.approx(scores[cell, theirs].value, rel=1e-6), ours
        assert scores[CELL, ours].better == scores[CELL, theirs].better


def test_arrays_are_the_memory_that_was_measured_and_outlive_the_measurement():
    kept = {}

    @assay.proxy(ask=[assay.Gradients("cross-entropy"), assay.Values("relu"), assay.Moments("batch_norm"), assay.Products(of="relu")])
    def looks(measured):
        first = measured.gradients()
        again = measured.gradients()
        kept["addresses"] = [(one.ctypes.data, other.ctypes.data) for one, other in zip(first, again)]
        kept["shapes"] = [(one.shape, parameter.shape) for one, parameter in zip(first, measured.parameters)]
        relu = measured.select("relu")[0]
        kept["value"], kept["copy"] = measured.value(relu), measured.value(relu).copy()
        assert measured.products(relu).shape == kept["value"].shape[:2]
        norm = measured.select("batch_norm")[0]
        (mean, variance), (before,) = measured.moments(norm), norm.inputs
        assert mean.shape == variance.shape == (norm.shape[0],) and before < norm.number
        assert measured.images.shape == (4, 3, 32, 32) and measured.labels.dtype == numpy.uint32
        assert [weight.shape for weight in measured.weights()] == [parameter.shape for parameter in measured.parameters]
        kept["output"] = measured.output
        kept["random"] = (measured.rng("a").random(), measured.rng("a").random(), measured.rng("b").random())
        return 1.0

    assay.score(CELL, "looks", repeats=1, proxies__looks__batch=4, progress=False)
    assert all(one == other for one, other in kept["addresses"]) and len(kept["addresses"]) > 20
    assert all(shape == declared for shape, declared in kept["shapes"])
    assert kept["output"].shape == (4, 10) and kept["output"].dtype == numpy.float64
    assert kept["random"][0] == kept["random"][1] != kept["random"][2]
    # Other work goes through the same heap; what is held is as it was.
    for seed in range(3):
        assay.score(OTHER, "naswot", seed=seed, progress=False)
    assert numpy.array_equal(kept["value"], kept["copy"]) and (kept["value"] >= 0).all()
    with pytest.raises(ValueError, match="read-only"):
        kept["value"][0, 0, 0, 0] = 1
    assert not kept["value"].flags.owndata


def test_settings_are_arguments_with_defaults_and_stand_in_the_protocol_with_the_source():
    def declared(factor):
        @assay.proxy(name="scaled", unit="things")
        def scaled(measured, base=2.0, power=1, label="x", on=True):
            assert isinstance(power, int) and label in ("x", "y") and on is True
            return factor * base**power

    declared(1)
    assert set(assay.proxies().settings("scaled")["name"]) >= {"base", "power", "label", "on", "batch", "channels"}
    scores = assay.score(CELL, "scaled", repeats=1, set={"proxies.scaled.power": 3, "proxies.scaled.label": "y"}, progress=False)
    assert float(scores["scaled"]) == 8.0
    assert "scaled: base 2.0, label \"y\", on true, power 3, C=16, 5 cell(s)" in scores.protocol and "(Python, source " in scores.protocol
    for wrong, said in [({"power": 1.5}, "must be a whole number"), ({"powr": 1}, "did you mean `power`"), ({"label": 3}, "must be a text")]:
        with pytest.raises(assay.BadSetting, match=said):
            assay.score(CELL, "scaled", set={f"proxies.scaled.{key}": value for key, value in wrong.items()}, progress=False)


def test_a_source_that_changes_is_another_protocol():
    def protocol(code):
        exec(compile(code, "<a cell>", "exec"), {"assay": assay})
        return assay.score(CELL, "changes", repeats=1, progress=False).protocol

    code = "@assay.proxy()\ndef changes(measured):\n    return {}\n"
    assert protocol(code.format("1.0")) == protocol(code.format("1.0")) != protocol(code.format("2.0"))


def test_what_is_not_a_score_has_a_reason():
    @assay.proxy()
    def nothing(measured):
        return None

    @assay.proxy()
    def reasons(measured):
        raise assay.UndefinedScore("the weather is bad")

    @assay.proxy()
    def infinite(measured):
        return numpy.float32("inf")

    scores = assay.score(CELL, ["nothing", "reasons", "infinite"], repeats=1, progress=False)
    assert scores["nothing"].undefined_because == "`nothing` returned None"
    assert scores["reasons"].undefined_because == "the weather is bad"
    assert scores["infinite"].undefined_because == "the computation gave inf"


def test_what_a_proxy_raises_stops_the_work_with_its_cause():
    @assay.proxy()
    def fails(measured):
        return {}["key"]

    with pytest.raises(assay.PluginFailed, match="proxy `fails` raised KeyError: 'key'") as raised:
        assay.score(CELL, "fails", progress=False)
    assert isinstance(raised.value.__cause__, KeyError) and raised.value.__cause__.__traceback__ is not None

    @assay.proxy()
    def words(measured):
        return "high"

    with pytest.raises(assay.PluginFailed, match="proxy `words` returned a str, 'high': a score is a number"):
        assay.score(CELL, "words", progress=False)

    @assay.proxy()
    def unasked(measured):
        return measured.patterns.sum()

    with pytest.raises(assay.PluginFailed, match="say it in `ask`"):
        assay.score(CELL, "unasked", progress=False)

    @assay.proxy()
    def misspelt(measured):
        assert measured.select("softmax") == []
        return len(measured.select("rellu"))

    with pytest.raises(assay.PluginFailed, match="no network has nodes `rellu`; known: blocks, output, input, conv2d") as raised:
        assay.score(CELL, "misspelt", progress=False)
    assert isinstance(raised.value.__cause__, assay.BadSetting)


def study_with(names, folder, **more):
    study = {"proxies": names, "sample": 6, "repeats": 2}
    return {"output": str(folder), "space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "study": study, **more}


def test_a_failure_is_skipped_where_the_experiment_says_so_and_the_log_has_the_traceback(tmp_path):
    @assay.proxy()
    def picky(measured):
        if measured.output.sum() > 0:
            raise ArithmeticError("positive")
        return 1.0

    run = assay.run(study_with(["picky", "params"], tmp_path, on_error="skip"), progress=False)
    reasons = {reason for proxy, reason in zip(run.scores["proxy"], run.scores["undefined_because"]) if proxy == "picky" and reason}
    assert reasons and all("ArithmeticError: positive" in reason for reason in reasons), reasons
    log = (run.folder / "log.txt").read_text()
    assert "Traceback (most recent call last)" in log and "raise ArithmeticError" in log
    with pytest.raises(assay.PluginFailed) as raised:
        assay.run(study_with(["picky", "params"], tmp_path), progress=False)
    assert isinstance(raised.value.__cause__, ArithmeticError)


def test_a_proxy_is_named_in_a_file_in_a_study_and_in_a_search_on_any_number_of_threads(tmp_path):
    grad_norm()
    file = tmp_path / "study.toml"
    file.write_text(
        "version = 1\nname = 'python'\n[space]\nname = 'nas-bench-201'\n[dataset]\nname = 'synthetic'\n"
        "[proxies]\npython-grad-norm.batch = 8\n[study]\nproxies = ['python-grad-norm', 'naswot']\nsample = 5\n"
    )
    runs = [assay.run(file, folder=tmp_path / f"{threads}", threads=threads, progress=False) for threads in (1, 2)]
    assert len({(run.folder / "scores.parquet").read_bytes() for run in runs}) == 1
    assert runs[0].scores["proxy"].count("python-grad-norm") == 5
    search = {
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic"},
        "proxies": {"python-grad-norm": {"batch": 8}},
        "strategy": {"name": "random", "samples": 4, "oracle": {"proxy": "python-grad-norm", "repeats": 1}},
    }
    found = assay.run(search, folder=tmp_path / "search", progress=False)
    assert found.trajectory["proxy"].count("python-grad-norm") == 4 and None not in found.trajectory["value"]


def test_an_interrupted_study_of_a_python_proxy_is_continued_to_the_identical_table(tmp_path):
    @assay.proxy(ask=assay.Gradients())
    def slow(measured):
        time.sleep(0.02)
        return sum(float(numpy.abs(gradient).sum()) for gradient in measured.gradients())

    experiment = study_with(["slow", "params"], tmp_path, proxies={"slow": {"batch": 4}})
    whole = assay.run(experiment, folder=tmp_path / "whole", progress=False)
    folder = tmp_path / "interrupted"

    def press(done, *_):
        if done >= 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        assay.run(experiment, folder=folder, progress=press)
    run = assay.Run(folder).resume(progress=False)
    assert (run.folder / "scores.parquet").read_bytes() == (whole.folder / "scores.parquet").read_bytes()

    # With another source it is another proxy, whose scores are not mixed with those.
    with pytest.raises(KeyboardInterrupt):
        assay.run(experiment, folder=tmp_path / "other", progress=press)

    @assay.proxy(ask=assay.Gradients(), name="slow")
    def changed(measured):
        return 0.0

    with pytest.raises(assay.AssayError, match="slow"):
        assay.Run(tmp_path / "other").resume(progress=False)


def test_a_process_that_is_interrupted_while_it_asks_a_proxy_ends_without_a_crash(tmp_path):
    code = (
        "import assay, sys, time\n"
        "@assay.proxy(name='naps')\n"
        "def naps(measured):\n"
        "    print('begun', flush=True)\n"
        "    time.sleep(0.2)\n"
        "    return 1.0\n"
        "assay.score(sys.argv[1], 'naps', repeats=500, proxies__naps__batch=2, progress=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code, CELL], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "begun" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT) and "KeyboardInterrupt" in said and "panicked" not in said, said


def test_other_threads_of_python_use_proxies_at_the_same_time():
    grad_norm()
    scores = {}

    def work(seed):
        settings = {"proxies__python_grad_norm__batch": 4, "progress": False, "repeats": 1}
        scores.setdefault(seed, []).append(assay.score(CELL, "python-grad-norm", seed=seed, **settings)["score"])

    threads = [threading.Thread(target=work, args=(seed % 2,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert scores[0][0] == scores[0][1] != scores[1][0] == scores[1][1]


def test_what_does_not_fit_is_said_where_the_proxy_is_declared():
    for wrong, said in [
        (lambda: assay.proxy(ask="gradients"), "a proxy asks for assay.Gradients"),
        (lambda: assay.proxy(ask=assay.Gradients("mse"))(lambda measured: 1), "lambda"),
        (lambda: assay.proxy(name="x", ask=assay.Gradients("mse"))(lambda measured: 1), "there is no objective `mse`"),
        (lambda: assay.proxy(name="x", ask=assay.Values("rellu"))(lambda measured: 1), "no network has nodes `rellu`; did you mean `relu`"),
        (lambda: assay.proxy(name="x", ask=assay.Values(("relu", "convolution")))(lambda measured: 1), "no network has nodes `convolution`"),
        (lambda: assay.proxy(name="x", ask=assay.Moments("batchnorm"))(lambda measured: 1), "did you mean `batch_norm`"),
        (lambda: assay.proxy(name="x", ask=assay.Products(of="nothing"))(lambda measured: 1), "no network has nodes `nothing`"),
        (lambda: assay.proxy(name="x", ask=assay.Gradients(of=("parameters", "block")))(lambda measured: 1), "did you mean `blocks`"),
        (lambda: assay.proxy(name="x", ask=assay.Values(()))(lambda measured: 1), "`of` names no nodes"),
        (lambda: assay.proxy(name="x", better="more")(lambda measured: 1), "`better` is `more`"),
        (lambda: assay.proxy(name="naswot")(lambda measured: 1), "two plugins are called proxy `naswot`"),
        (lambda: assay.proxy(name="x")(lambda: 1), "takes nothing"),
        (lambda: assay.proxy(name="x")(lambda measured, base: 1), "a setting has a default: base="),
        (lambda: assay.proxy(name="x")(lambda measured, *more: 1), "is not a setting"),
        (lambda: assay.proxy(name="x")(lambda measured, base={}: 1), "a setting is a flag, a number, a text"),
        (lambda: assay.proxy(name="x")(lambda measured, base=object(): 1), "a setting is a flag, a number, a text"),
        (lambda: assay.proxy(name="x")(lambda measured, batch=3: 1), "has the name of a setting"),
        (lambda: assay.proxy(name="x")(3), "not a int"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()
    assert "x" not in assay.proxies()["name"]


def test_of_a_network_without_any_path_a_python_proxy_reads_what_there_is():
    grad_norm()
    scores = assay.score(NOTHING, ["python-grad-norm", "grad-norm"], repeats=1, progress=False)
    assert json.dumps(scores["python-grad-norm"].value) == json.dumps(scores["grad-norm"].value)
