"""Networks of Assay as PyTorch modules. Skipped where PyTorch is not installed."""

import pickle

import assay
import pytest

torch = pytest.importorskip("torch", minversion="2.5")
pytest.importorskip("torchvision")
pytest.importorskip("safetensors")

from torch.nn import functional as F  # noqa: E402
from torch_networks import IMAGES, read, small  # noqa: E402


def test_a_module_is_written_as_an_onnx_file_and_read_again_to_the_same_network(tmp_path):
    module = small()
    network, file = read(module), tmp_path / "small.onnx"
    network.to_onnx(file)
    again = assay.read(file)
    images = torch.randn(3, *IMAGES)
    ours, theirs = again.to_torch().eval(), module.eval()
    assert torch.allclose(ours(images), theirs(images), atol=1e-5)
    assert set(ours.state_dict()) == set(network.to_torch().state_dict())
    proxies = ["synflow", "az-progressivity", "params"]
    scores = [assay.score(net, proxies, repeats=1, progress=False)["score"] for net in (network, again)]
    assert list(scores[0]) == list(scores[1])
    with pytest.raises(assay.AssayError, match="cannot be written"):
        network.to_onnx(tmp_path / "none" / "small.onnx")


def test_what_a_search_found_is_a_module_with_the_weights_of_an_export(command, tmp_path):
    experiment = {
        "space": {"name": "nas-bench-201"},
        "dataset": {"name": "synthetic", "size": 8, "images": 32},
        "strategy": {"name": "random", "samples": 2, "oracle": {"proxy": "params", "repeats": 1}},
    }
    best = assay.run(experiment, output=str(tmp_path / "results"), progress=False).best
    file = tmp_path / "best.onnx"
    command("export", best, "--to", "onnx", "--channels", 4, "--cells", 1, "--seed", 3, "--output", file)
    module = best.to_torch(channels=4, cells=1, seed=3)
    exported = assay.read(file).to_torch()
    images = torch.randn(3, *IMAGES)
    assert torch.allclose(module(images), exported(images), atol=1e-5)
    assert set(module.state_dict()) == set(exported.state_dict())
    assert assay.score(best.network(channels=4, cells=1, seed=3), "l2-norm", progress=False)["score"] == [
        assay.score(file, "l2-norm", progress=False)["score"][0]
    ]
    for wrong, said in [
        (lambda: best.network(channels=0), "`channels` is 0"),
        (lambda: best.network(input=(3, 32)), "channels, height and width"),
        (lambda: best.network(initialiser="zeros"), "no initialiser `zeros`"),
        (lambda: assay.Architecture("|a~0|", {"name": "nas-bench-201"}).network(), "not an architecture of nas-bench-201"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()


def test_a_training_is_a_module_with_the_trained_weights(command, tmp_path):
    base = {"space": {"name": "nas-bench-201"}, "dataset": {"name": "synthetic", "size": 8, "images": 32}}
    cell = "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"
    how = {"architecture": cell, "recipe": "nas-bench-201", "epochs": 1, "batch": 16, "channels": 4, "cells": 1}
    experiment = {**base, "test": base["dataset"], "training": how}
    training = assay.run(experiment, output=str(tmp_path / "results"), progress=False)
    file, weights = tmp_path / "trained.onnx", training.folder / "weights.safetensors"
    command("export", cell, "--to", "onnx", "--channels", 4, "--cells", 1, "--weights", weights, "--output", file)
    images = torch.randn(3, *IMAGES)
    ours, theirs = training.to_torch().eval()(images), assay.read(file).to_torch().eval()(images)
    assert torch.allclose(ours, theirs, atol=1e-5) and training.architecture == cell
    with pytest.raises(assay.AssayError, match="do not fit this network"):
        training.to_torch(classes=7)


def test_a_network_as_a_module_learns():
    network = read(small()).to_torch().train()
    optimiser = torch.optim.SGD(network.parameters(), 0.5)
    images, labels = torch.randn(8, *IMAGES), torch.arange(8)
    losses = []
    for _ in range(5):
        loss = F.cross_entropy(network(images), labels)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    again = pickle.loads(pickle.dumps(network.eval()))
    assert torch.equal(again(images), network(images))
    assert set(network.state_dict()) == {key for key in small().state_dict() if not key.endswith("num_batches_tracked")}
