"""Strategies that are written in Python: what they find, what they may ask, and what they raise."""

import os
import signal

import assay
import pytest
from conftest import CELL

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")

BASE = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 64}, "proxies": {"naswot": {"batch": 8}}}


def climb():
    @assay.strategy(name="climb")
    class Climb:
        "hill climbing over single edges"

        def __init__(self, rounds=3, proxy="naswot"):
            self.rounds, self.proxies = rounds, [proxy]

        def search(self, laboratory):
            rng = laboratory.rng("moves")
            (best,) = laboratory.draw("start", 1)
            (score,) = laboratory.score(self.proxies[0], [best])
            laboratory.expect(4 * self.rounds)
            for number in range(self.rounds):
                moved = list(dict.fromkeys(self.moved(best, rng) for _ in range(4)))
                scored = [(value, one) for value, one in zip(laboratory.score(self.proxies[0], moved), moved) if value is not None]
                before = best
                score, best = max([*scored, (score if score is not None else float("-inf"), best)])
                laboratory.record(f"round {number + 1}", best, {self.proxies[0]: score}, before=before)
            laboratory.log(f"found {laboratory.write(best)}")
            return laboratory.write(best)

        def moved(self, mask, rng):
            edges = mask.split(".")
            edge = rng.randrange(len(edges))
            digits = ["0"] * len(edges[edge])
            digits[rng.randrange(len(digits))] = "1"
            edges[edge] = "".join(digits)
            return ".".join(edges)

    return {**BASE, "strategy": {"name": "climb", "rounds": 3}}


def test_a_strategy_in_python_searches_the_same_on_any_number_of_threads(tmp_path):
    experiment = climb()
    runs = [assay.run(experiment, folder=tmp_path / f"{threads}", threads=threads, progress=False) for threads in (1, 2)]
    first, second = runs
    assert first.best == second.best and first.best.startswith("|")
    assert first.trajectory.to_dict() == second.trajectory.to_dict() and first.trajectory["title"][-1] == "round 3"
    assert first.measurements["value"] == second.measurements["value"]
    measured = [value for value in first.measurements["value"] if value is not None]
    assert first.trajectory["value"][-1] in measured
    assert first.summary["strategy"]["name"] == "climb" if "strategy" in first.summary else True
    assert "climb: proxy" in first.protocol and "(Python, source " in first.protocol
    log = (first.folder / "log.txt").read_text()
    assert f"found {first.best}" in log
    report = assay.report(first)
    assert report.page.exists()


def test_an_interrupted_search_is_continued_to_the_identical_result(tmp_path):
    experiment = climb()
    # Long enough that it is not over before the signal is seen.
    experiment["strategy"]["rounds"] = 60
    whole = assay.run(experiment, folder=tmp_path / "whole", progress=False)

    def press(done, *_):
        if done >= 5:
            os.kill(os.getpid(), signal.SIGINT)

    folder = tmp_path / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        assay.run(experiment, folder=folder, progress=press)
    run = assay.Run(folder).resume(progress=False)
    assert run.best == whole.best and run.trajectory.to_dict() == whole.trajectory.to_dict()
    assert sum(phase["replayed"] for phase in run.summary["times"]["phases"].values()) > 0


def test_a_python_strategy_asks_a_python_proxy(tmp_path):
    @assay.proxy(better="lower")
    def size(measured):
        return float(sum(weight.size for weight in measured.weights()))

    @assay.strategy(name="smallest")
    class Smallest:
        proxies = {"small": ("size", {"batch": 2}), "params": ("params", {})}

        def search(self, laboratory):
            assert laboratory.better("small") == "lower" and laboratory.better("params") == "higher"
            drawn = laboratory.draw("drawn", 5)
            values = laboratory.measure([("small", one, "same") for one in drawn])
            assert laboratory.measure([("small", drawn[0], "same")]) == values[:1]
            assert laboratory.score("params", drawn) == values
            return min(zip(values, drawn))[1]

    pytest.importorskip("numpy")
    run = assay.run({**BASE, "strategy": {"name": "smallest"}}, output=str(tmp_path), progress=False, threads=2)
    assert run.summary["scores"]["small"]["reading"]["value"] == min(
        value for proxy, value in zip(run.measurements["proxy"], run.measurements["value"]) if proxy == "small"
    )


def test_the_laboratory_knows_the_space(tmp_path):
    seen = {}

    @assay.strategy(name="asks")
    class Asks:
        proxies = ["params"]

        def search(self, laboratory):
            seen["laboratory"] = laboratory
            seen["operators"], seen["whole"] = laboratory.operators, laboratory.whole
            mask = laboratory.mask(CELL)
            assert laboratory.write(mask) == CELL and laboratory.mask(mask) == mask
            within = laboratory.draw("within", 3, within=mask)
            assert within == [mask]
            drawn = laboratory.draw("many", 6)
            assert laboratory.draw("many", 4) == drawn[:4] and len(set(drawn)) == 6
            assert laboratory.rng("a").random() == laboratory.rng("a").random() != laboratory.rng("b").random()
            for wrong in (lambda: laboratory.mask("|a~0|"), lambda: laboratory.measure([("naswot", mask, "x")])):
                with pytest.raises(assay.AssayError):
                    wrong()
            return CELL

    # A proxy that it did not declare stops the search.
    with pytest.raises(assay.AssayError, match="naswot"):
        assay.run({**BASE, "strategy": {"name": "asks"}}, output=str(tmp_path), progress=False)
    assert seen["operators"][0] == "none" and seen["whole"].count(".") == 5
    with pytest.raises(assay.AssayError, match="the search is over"):
        seen["laboratory"].draw("later", 1)


def test_what_a_strategy_raises_ends_the_run_with_its_cause(tmp_path):
    def run(name):
        return assay.run({**BASE, "strategy": {"name": name}}, output=str(tmp_path), progress=False)

    @assay.strategy(name="fails")
    class Fails:
        proxies = ["params"]

        def search(self, laboratory):
            return [][0]

    with pytest.raises(assay.PluginFailed, match="strategy `fails` raised IndexError") as raised:
        run("fails")
    assert isinstance(raised.value.__cause__, IndexError)

    @assay.strategy(name="numbers")
    class Numbers:
        proxies = ["params"]

        def search(self, laboratory):
            return 7

    with pytest.raises(assay.AssayError, match="returned a int: give the text or the mask"):
        run("numbers")

    @assay.strategy(name="whole")
    class Whole:
        proxies = ["params"]

        def search(self, laboratory):
            return laboratory.whole

    with pytest.raises(assay.AssayError, match="leaves more than one operator on an edge"):
        run("whole")

    @assay.strategy(name="unmade")
    class Unmade:
        def __init__(self, samples=3):
            raise ValueError("never")

        def search(self, laboratory):
            return CELL

    with pytest.raises(assay.AssayError, match="ValueError: never"):
        run("unmade")


def test_what_does_not_fit_is_said_where_the_strategy_is_declared():
    def declare(name, members):
        return assay.strategy(name=name)(type("Declared", (), members))

    def search(self, laboratory):
        return CELL

    def init(self, samples):
        pass

    for wrong, said in [
        (lambda: declare("x", {}), "has no method `search`"),
        (lambda: declare("random", {"search": search}), "two plugins are called strategy `random`"),
        (lambda: declare("A B", {"search": search}), "a name is small letters"),
        (lambda: declare("x", {"search": search, "__init__": init}), "a setting has a default: samples="),
        (lambda: assay.strategy(name="x")(3), "not a int"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()
