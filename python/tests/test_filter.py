"""Search spaces that a Python function filters: who may name them, what they keep, and what is said where a filter fails."""

import os
import signal

import assay
import pytest
from conftest import CELL, OTHER

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

BASE = {"dataset": {"name": "synthetic"}, "proxies": {"naswot": {"batch": 4}}}


def skips(architecture):
    return str(architecture).count("skip_connect")


def bring():
    @assay.filter(space="nas-bench-201", name="few-skips")
    def few_skips(architecture, most=0):
        "cells of few skip connections"
        return architecture.count("skip_connect") <= most


def study(folder, space, **more):
    how = {"sample": 12, "folder": folder, "progress": False, "proxies__naswot__batch": 4, **more}
    return assay.correlate(None, ["naswot", "params"], space=space, **how)


def test_a_filtered_space_is_searched_studied_and_scored(tmp_path):
    bring()
    assert "few-skips" in assay.spaces()["name"] and "most" in assay.spaces().settings("few-skips")["name"]
    whole = study(tmp_path / "whole", "nas-bench-201")
    none = study(tmp_path / "none", "few-skips")
    one = study(tmp_path / "one", {"name": "few-skips", "most": 1})
    counts = [[skips(cell) for cell in run.scores["arch"]] for run in (whole, none, one)]
    assert max(counts[0]) > 1 and max(counts[1]) == 0 and max(counts[2]) == 1
    for run, most in ((none, 0), (one, 1)):
        assert len(set(run.scores["arch"])) == 12
        assert f"architectures kept by filter few-skips of nas-bench-201: most {most}, (Python, source " in run.protocol
    # What is kept is measured as in the whole space.
    kept = none.scores["arch"][0]
    of_whole = assay.score(kept, "naswot", proxies__naswot__batch=4, progress=False)
    assert float(assay.score(kept, "naswot", space="few-skips", proxies__naswot__batch=4, progress=False)["naswot"]) == float(of_whole["naswot"])
    for name in ("random", "regularized-evolution", "local-search"):
        strategy = {"name": name, "oracle": {"proxy": "params", "repeats": 1}, "budget": {"evaluations": 12}}
        found = assay.search("few-skips", strategy, folder=tmp_path / name, progress=False)
        assert skips(found.best) == 0 and all(skips(text) == 0 for text in found.table("architectures")[found.table("architectures").columns[0]])
    # The network of what was found, which its space is asked for by name.
    assert found.best.network(channels=4, cells=1).parameters > 0


def test_a_filter_counts_networks_as_they_are():
    counted = {}

    @assay.filter(space="nas-bench-201")
    def counts(architecture):
        counted[str(architecture)] = architecture.counts(), architecture.counts(channels=4, cells=1), architecture.space
        return True

    told = assay.score(CELL, "params", space="counts", progress=False)
    full, small, space = counted[CELL]
    assert full.parameters == told["params"].value == 587386
    network = assay.Architecture(CELL, {"name": "nas-bench-201"}).network(channels=4, cells=1)
    assert (small.parameters, small.multiply_adds) == (network.parameters, network.multiply_adds)
    assert space == {"name": "nas-bench-201"}


def test_an_architecture_is_asked_about_once_a_run_and_on_any_number_of_threads_the_result_is_the_same(tmp_path):
    asked = []

    @assay.filter(space="nas-bench-201")
    def asks(architecture):
        asked.append(str(architecture))
        return len(architecture.replace("none", "")) % 3 > 0

    strategy = {"name": "regularized-evolution", "population": 6, "sample": 3, "oracle": {"proxy": "naswot"}, "budget": {"evaluations": 20}}
    runs = []
    for threads in (1, 2):
        asked.clear()
        runs.append(assay.search("asks", strategy, folder=tmp_path / str(threads), threads=threads, proxies=BASE["proxies"], progress=False))
        assert len(asked) == len(set(asked)) > 10
    assert runs[0].trajectory.to_dict() == runs[1].trajectory.to_dict()


def test_a_whole_space_that_is_filtered_has_the_architectures_that_are_kept(tmp_path):
    @assay.filter(space="nas-bench-201", name="all-three")
    def only_convolutions(architecture):
        return all(word in ("nor_conv_3x3", "nor_conv_1x1") for word in operators(architecture))

    def operators(text):
        return [edge.split("~")[0] for edge in text.replace("+", "").split("|") if edge]

    run = assay.correlate(None, ["params"], space="all-three", folder=tmp_path / "run", progress=False)
    assert len(set(run.scores["arch"])) == 2**6 and "all 64 architectures" in run.protocol


def test_a_left_out_architecture_is_none_of_the_space(tmp_path):
    bring()
    with pytest.raises(assay.BadSetting, match="the filter `few-skips` leaves it out"):
        assay.score(CELL, "params", space="few-skips", progress=False)
    assert assay.score(CELL, "params", space="few-skips", set={"space.most": 1}, progress=False)["params"].value > 0
    for strategy, said in [
        ({"name": "te-nas"}, "leaves out single architectures"),
        ({"name": "darts"}, "would share their weights"),
        ({"name": "enas"}, "would share their weights"),
    ]:
        sections = {"space": {"name": "few-skips"}, "dataset": {"name": "synthetic"}, "strategy": strategy, "output": str(tmp_path)}
        with pytest.raises(assay.BadSetting, match=said):
            assay.run({**sections, "test": {"name": "synthetic"}, "training": {"epochs": 1}}, progress=False)
    assert not list(tmp_path.iterdir())


def test_what_a_filter_raises_ends_the_run_with_its_cause_whatever_on_error_says(tmp_path):
    @assay.filter(space="nas-bench-201")
    def fails(architecture):
        if skips(architecture) > 1:
            raise ArithmeticError("too many")
        return True

    for on_error in ("stop", "skip"):
        with pytest.raises(assay.PluginFailed, match="filter `fails` raised ArithmeticError: too many") as raised:
            study(tmp_path / on_error, "fails", set={"on_error": on_error})
        assert isinstance(raised.value.__cause__, ArithmeticError) and raised.value.__cause__.__traceback__ is not None

    # In the midst of a search what was measured is kept, and with the filter mended it would be another search.
    asked = []

    @assay.filter(space="nas-bench-201", name="later")
    def fails_later(architecture):
        asked.append(architecture)
        if len(asked) > 15:
            raise ArithmeticError("enough")
        return True

    strategy = {"name": "regularized-evolution", "population": 4, "sample": 2, "oracle": {"proxy": "naswot"}, "budget": {"evaluations": 40}}
    with pytest.raises(assay.PluginFailed, match="enough"):
        assay.search("later", strategy, folder=tmp_path / "later", proxies=BASE["proxies"], progress=False)
    run = assay.Run(tmp_path / "later")
    assert not run.is_finished and (run.folder / "measurements.jsonl").stat().st_size > 0
    assert "ArithmeticError: enough" in (run.folder / "log.txt").read_text()

    @assay.filter(space="nas-bench-201", name="later")
    def mended(architecture):
        return True

    with pytest.raises(assay.AssayError, match="filter"):
        run.resume(progress=False)

    @assay.filter(space="nas-bench-201", name="words")
    def words(architecture):
        return "yes"

    with pytest.raises(assay.PluginFailed, match="filter `words` returned a str, 'yes': give True"):
        assay.score(CELL, "params", space="words", progress=False)


def test_a_filter_that_leaves_nothing_is_told(tmp_path):
    @assay.filter(space="nas-bench-201")
    def nothing(architecture):
        return False

    with pytest.raises(assay.AssayError, match="12 architectures were asked for, the space holds 0"):
        study(tmp_path / "study", "nothing")
    with pytest.raises(assay.AssayError, match="no architecture of the space was met"):
        assay.search("nothing", {"name": "regularized-evolution", "oracle": {"proxy": "params"}}, folder=tmp_path / "search", progress=False)


def test_a_search_of_a_filtered_space_is_interrupted_and_continued_to_the_identical_result(tmp_path):
    bring()
    strategy = {"name": "regularized-evolution", "population": 6, "sample": 3, "oracle": {"proxy": "naswot"}, "budget": {"evaluations": 25}}
    how = {"proxies": {"naswot": {"batch": 16}}, "seed": 3}
    whole = assay.search("few-skips", strategy, folder=tmp_path / "whole", progress=False, **how)

    def press(done, *_):
        if done >= 5:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        assay.search("few-skips", strategy, folder=tmp_path / "part", progress=press, **how)
    run = assay.Run(tmp_path / "part").resume(progress=False)
    assert run.trajectory.to_dict() == whole.trajectory.to_dict() and run.best == whole.best


def test_a_filter_of_a_filtered_space_keeps_what_both_keep():
    bring()

    @assay.filter(space="few-skips", name="no-pools")
    def no_pools(architecture):
        return "avg_pool" not in architecture

    two = OTHER.replace("avg_pool_3x3", "none")
    assert assay.score(two, "params", space="no-pools", set={"space.most": 2}, progress=False)["params"].value > 0
    with pytest.raises(assay.BadSetting, match="`few-skips` leaves it out"):
        assay.score(two, "params", space="no-pools", progress=False)
    with pytest.raises(assay.BadSetting, match="`no-pools` leaves it out"):
        assay.score(CELL, "params", space="no-pools", set={"space.most": 2}, progress=False)


def test_what_does_not_fit_is_said_where_the_filter_is_declared():
    for wrong, said in [
        (lambda: assay.filter(space="nas-bench-20")(skips), "did you mean `nas-bench-201`"),
        (lambda: assay.filter(space=3), "`space` is a int"),
        (lambda: assay.filter(space="nas-bench-201", name="darts")(skips), "two plugins are called search space `darts`"),
        (lambda: assay.filter(space="nas-bench-201", name="x")(lambda: True), "takes nothing"),
        (lambda: assay.filter(space="nas-bench-201", name="x")(lambda architecture, most: True), "a setting has a default"),
        (lambda: assay.filter(space="darts", name="x")(lambda architecture, inputs=3: True), "has the name of a setting"),
        (lambda: assay.filter(space="nas-bench-201", name="x")(3), "not a int"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()
    assert "x" not in assay.spaces()["name"]
