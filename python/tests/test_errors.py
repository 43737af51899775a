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


def test_all_exceptions_are_those_of_one_class():
    for name in ("BadSetting", "MissingData", "UndefinedScore"):
        assert issubclass(getattr(assay, name), assay.AssayError)
