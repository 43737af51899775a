"""The kinds of experiments by their words are those of `assay.run`."""

import assay
import pytest
from conftest import CELL, without_times

pytestmark = pytest.mark.filterwarnings("ignore::assay.AssayWarning")


def test_a_study_by_its_words_is_the_one_of_its_sections(study, tmp_path):
    whole = assay.run(study[0], folder=tmp_path / "sections", progress=False)
    words = assay.correlate(
        None, ["naswot", "grad-norm"], space="nas-bench-201", sample=6, repeats=2, folder=tmp_path / "words", progress=False, name="small",
        output=str(tmp_path / "results"), proxies__naswot__batch=8, proxies__grad_norm__batch=8,
    )  # fmt: skip
    assert type(words) is assay.Study
    assert without_times(words.summary) == without_times(whole.summary)
    assert (words.folder / "scores.parquet").read_bytes() == (whole.folder / "scores.parquet").read_bytes()


def test_a_search_by_its_words_is_the_one_of_its_sections(tmp_path):
    strategy = {"name": "random", "samples": 4, "oracle": {"proxy": "naswot", "repeats": 1}}
    sections = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic"}, "strategy": strategy, "proxies": {"naswot": {"batch": 8}}}
    whole = assay.run(sections, seed=3, folder=tmp_path / "sections", progress=False)
    words = assay.search(
        "nas-bench-201", strategy, seed=3, proxies={"naswot": {"batch": 8}}, folder=tmp_path / "words", progress=False
    )
    assert without_times(words.summary) == without_times(whole.summary) and type(words) is assay.Search


def test_a_training_by_its_words_is_the_one_of_its_sections(tmp_path):
    images = {"name": "synthetic", "size": 8, "images": 32}
    how = {"recipe": "nas-bench-201", "epochs": 1, "batch": 16, "channels": 4, "cells": 1}
    sections = {"space": {"name": "nas-bench-201"}, "dataset": images, "test": images, "training": {"architecture": CELL, **how}}
    whole = assay.run(sections, folder=tmp_path / "sections", progress=False)
    words = assay.train(CELL, dataset=images, test=images, folder=tmp_path / "words", progress=False, **how)
    assert words.test_error == whole.test_error and words.experiment == whole.experiment


def test_what_does_not_fit_is_said():
    for wrong, said in [
        (lambda: assay.correlate(None, "params"), "neither a benchmark nor a space"),
        (lambda: assay.correlate("nas-bench-201", []), "`proxies` is empty"),
        (lambda: assay.search(3, "random"), "`space` is 3"),
        (lambda: assay.search("nas-bench-201", {"samples": 3}), "`strategy` is"),
        (lambda: assay.search("nas-bench-201", "randm"), "random"),
        (lambda: assay.train(CELL, epoch=3), "epoch"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()
