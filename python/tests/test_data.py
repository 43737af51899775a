"""Datasets as `assay data` has them, and the operators that there are."""

import json
import os
from pathlib import Path

import assay
import pytest


def test_datasets_are_listed_as_the_command_does(command, tmp_path, monkeypatch):
    monkeypatch.setenv("ASSAY_DATA", str(tmp_path / "data"))
    assert set(assay.data.list()["folder"]) == {None}
    folder = assay.data.path("cifar10")
    assert folder == tmp_path / "data" / "datasets" / "cifar10" and not folder.exists()
    folder.mkdir(parents=True)
    known = assay.data.list()
    assert known["name"] == assay.datasets()["name"] and known["summary"] == assay.datasets()["summary"]
    assert dict(zip(known["name"], known["folder"]))["cifar10"] == str(folder)
    printed = command("data", "list")
    assert all(name in printed for name in known["name"]) and "datasets/cifar10" in printed.replace("\n", "")
    with pytest.raises(assay.BadSetting, match="did you mean `cifar10`"):
        assay.data.path("cifar-10")


def test_what_is_there_and_whole_is_not_fetched_again(tmp_path):
    shared = Path(os.environ.get("ASSAY_SHARED", Path(__file__).parents[3] / "shared"))
    there = next(iter(sorted(shared.glob("**/cifar-10-batches-bin/data_batch_1.bin"))), None)
    if there is None:
        pytest.skip("no folder of CIFAR-10 is there")
    (tmp_path / "cifar10").mkdir()
    (tmp_path / "cifar10" / "cifar-10-batches-bin").symlink_to(there.parent)
    assert assay.data.fetch("cifar10", into=tmp_path / "cifar10", progress=False) == tmp_path / "cifar10" / "cifar-10-batches-bin"


def test_what_cannot_be_fetched_is_said_in_the_words_of_the_command(command, tmp_path):
    for name in ("synthetic", "imagenet16-120", "mnist"):
        printed = command("data", "fetch", name, fails=1)
        with pytest.raises(assay.BadSetting) as raised:
            assay.data.fetch(name, progress=False)
        assert " ".join(str(raised.value).split())[:60] in " ".join(printed.split())
    with pytest.raises(assay.BadSetting, match="`name` is a int"):
        assay.data.fetch(3)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(assay.AssayError, match="cannot be"):
        assay.data.fetch("cifar10", into=tmp_path / "file" / "folder", progress=False)


def test_operators_are_those_of_networks_and_of_spaces():
    known = {row["name"]: row for row in assay.operators().rows()}
    assert known["conv2d"]["settings"] == "out_channels, kernel, stride, padding, dilation, groups, bias"
    assert known["batch_norm"]["parameters"].startswith("weight [channels]") and known["product"]["inputs"] == "1 or more"
    seen = set()

    @assay.proxy()
    def looks(measured):
        seen.update(node.operator for node in measured.nodes)
        return 1.0

    from conftest import CELL

    assay.score(CELL, "looks", repeats=1, proxies__looks__batch=2, progress=False)
    assert seen and seen <= known.keys()
    darts = {row["name"]: row["cells"] for row in assay.operators("darts").rows()}
    assert darts["sep_conv_3x3"] == "normal, reduce"
    assert assay.operators({"name": "nas-bench-201"})["name"] == ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
    for wrong, said in [("nas-bench-202", "nas-bench-201"), (3, "`space` is 3"), ({"name": "darts", "x": 1}, "no such setting"), ({}, "`space` is")]:
        with pytest.raises(assay.BadSetting, match=said):
            assay.operators(wrong)
    assert json.dumps(assay.operators().to_dict())
