"""Bad input is an exception of a named class that says what to do, in the command's words."""

import assay
import pytest
from conftest import CELL


def test_the_message_is_that_of_the_command(command, study):
    _, file = study
    file.write_text(file.read_text().replace("sample = 6", "sampel = 6"))
    printed = command("correlate", file, fails=1)
    with pytest.raises(assay.BadSetting) as raised:
        assay.run(file)
    assert str(raised.value) in printed
    assert "sampel" in raised.value.message and "small.toml" in str(raised.value)


def test_what_is_asked_for_and_does_not_fit_is_a_bad_setting(study):
    experiment, _ = study
    for wrong, said in [
        (lambda: assay.score(CELL, "nazwot"), "naswot"),
        (lambda: assay.score("|a~0|", "params"), "not an architecture of nas-bench-201"),
        (lambda: assay.score([], "params"), "`architectures` is empty"),
        (lambda: assay.score(CELL, []), "`proxies` is empty"),
        (lambda: assay.score([CELL, 3], "params"), r"`architectures\[1\]` is a int"),
        (lambda: assay.score(7, "params"), "`architectures` is a int"),
        (lambda: assay.score("-", "params"), "standard input"),
        (lambda: assay.score(CELL, "params", repeats=0), "`repeats` is 0"),
        (lambda: assay.score(CELL, "params", seed=-1), "`seed` is -1"),
        (lambda: assay.score(CELL, "params", seed=0.5), "`seed` is a float"),
        (lambda: assay.score(CELL, "params", space="nas-bench-202"), "nas-bench-201"),
        (lambda: assay.score(CELL, "params", set={"proxies.naswot.batch": object()}), "`proxies.naswot.batch` is a object"),
        (lambda: assay.score(CELL, "params", progress=3), "`progress`"),
        (lambda: assay.run(3), "`experiment` is a int"),
        (lambda: assay.run({**experiment, "study": {"proxies": ["naswot"], "sampel": 3}}), "sampel"),
        (lambda: assay.run({"space": {"name": "nas-bench-201"}}), "says nothing to run"),
        (lambda: assay.run({**experiment, "strategy": {"name": "random"}}), r"has a \[strategy\] and a \[study\]"),
        (lambda: assay.run(experiment, kind="meal"), "there is no kind of run `meal`; kinds are study, shard, search, training"),
        (lambda: assay.run(experiment, threads=0), "`threads` is 0"),
        (lambda: assay.proxies().settings("nazwot"), "there is no `nazwot`"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()


def test_what_data_is_missing_is_said_by_a_class_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path))
    with pytest.raises(assay.MissingData) as raised:
        assay.score(CELL, "naswot", dataset="cifar10")
    assert "cifar10" in str(raised.value) and "assay data" in str(raised.value)


def test_a_folder_without_a_run_or_of_another_kind_is_said(study, tmp_path):
    with pytest.raises(assay.AssayError, match="holds no run"):
        assay.Run(tmp_path)
    with pytest.warns(assay.AssayWarning):
        run = assay.run(study[0], progress=False)
    with pytest.raises(assay.BadSetting, match="holds a study, not a training"):
        assay.Training(run.folder)
    with pytest.raises(assay.AssayError, match="correlations.parquet"):
        run.tau()
    (run.folder / "scores.parquet").write_bytes(b"PAR1" * 9)
    with pytest.raises(assay.AssayError, match="is damaged"):
        _ = run.scores


def test_a_run_whose_folder_went_away_is_gone(study, tmp_path):
    with pytest.warns(assay.AssayWarning):
        run = assay.run(study[0], progress=False)
    summary = run.summary
    moved = run.folder.rename(tmp_path / "moved")
    for asks in (
        lambda: run.is_finished,
        lambda: run.scores,
        lambda: run.tables,
        lambda: run.experiment,
        lambda: run.plots,
        lambda: run.resume(progress=False),
        lambda: run.targets,
    ):
        with pytest.raises(assay.Gone, match=r"does not hold the run any more\n.*open the run where it is now, by assay.Run"):
            asks()
    # What was read before is still known, and nothing was made anew in its place.
    assert run.summary == summary and "gone" in repr(run) and "gone" in run._repr_html_() and not run.folder.exists()
    assert assay.Run(moved).summary == summary


def test_a_laboratory_is_gone_when_its_search_is_over(tmp_path):
    kept = []

    @assay.strategy(name="keeps")
    class Keeps:
        proxies = ["params"]

        def search(self, laboratory):
            kept.append(laboratory)
            return laboratory.draw("one", 1)[0]

    assay.search("nas-bench-201", "keeps", folder=tmp_path / "run", progress=False)
    with pytest.raises(assay.Gone, match="the search is over"):
        kept[0].draw("more", 1)


def test_arrays_that_do_not_fit_are_refused():
    numpy = pytest.importorskip("numpy")
    pixels, labels = numpy.zeros((4, 3, 8, 8), numpy.uint8), numpy.arange(4)

    class OnDevice:
        device = "cuda:0"

    for wrong, said in [
        ((pixels.transpose(0, 2, 3, 1), labels), r"channels come last.*\.transpose\(0, 3, 1, 2\)"),
        ((pixels[0], labels), "give images × channels × rows × columns"),
        ((pixels, labels[:3]), "there are 3 labels"),
        ((pixels, labels - 1), "the least -1"),
        ((pixels, labels / 2), "`labels` are of float64"),
        ((pixels.astype(numpy.int64), labels), "`pixels` are of int64: give uint8, or floats"),
        ((pixels.astype(complex), labels), "`pixels` are of complex128"),
        ((pixels + numpy.float32("nan"), labels), "floats that are finite"),
        (([[1, 2], [3]], labels), "`pixels` are not an array"),
        ((numpy.array([[None]]), labels), "`pixels` are a ndarray of things"),
        ((OnDevice(), labels), r"`pixels` are on cuda:0: give them from the CPU, as by \.cpu\(\)"),
        ((pixels[:0], labels[:0]), "the shape \\(0, 3, 8, 8\\)"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            assay.images(*wrong)
    with pytest.raises(assay.BadSetting, match="`classes` is a str"):
        assay.images(pixels, labels, classes="ten")
    with pytest.raises(assay.BadSetting, match="label 2, but there are only 2 classes"):
        assay.images(pixels, labels, classes=2)
    # Rows that do not lie one after the other, and other orders of bytes, are only another way to keep the same pixels.
    random = numpy.random.default_rng(0).random((4, 3, 8, 8)).astype(numpy.float32)
    names = {assay.images(one, labels) for one in (random, numpy.asfortranarray(random), random.astype(">f4"), random[::-1][::-1])}
    assert len(names) == 1


def test_no_networks_at_all_are_refused():
    for empty in ([], (), {}, iter([]), (network for network in ())):
        with pytest.raises(assay.BadSetting, match="`architectures` is empty: give at least one"):
            assay.score(empty, "params")
    with pytest.raises(assay.BadSetting, match="`network` is a list"):
        assay.read([])


def test_all_exceptions_are_those_of_one_class():
    for name in ("BadSetting", "ForkedProcess", "Gone", "MissingData", "PluginFailed", "UndefinedScore", "UnsupportedNetwork"):
        assert issubclass(getattr(assay, name), assay.AssayError)
