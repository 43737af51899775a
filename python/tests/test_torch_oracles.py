"""The networks of the oracles `onnx_*` as PyTorch modules. Skipped where PyTorch is not installed."""

import json

import assay
import pytest

torch = pytest.importorskip("torch", minversion="2.5")
pytest.importorskip("torchvision")
pytest.importorskip("safetensors")

from torch.nn import functional as F  # noqa: E402
from torch_networks import IMAGES, ORACLES, SHARED, oracle, read, structure  # noqa: E402


@pytest.mark.parametrize("name", ORACLES)
def test_a_module_has_the_parameters_of_its_file_and_the_names_of_its_state(name):
    module, tensors, told = oracle(name)
    network, file = read(module), assay.read(SHARED / f"onnx_{name}.onnx")
    assert network.parameters == told["scores"]["parameters"] and network.notes == []
    assert (network.multiply_adds, network.batch_norms) == (file.multiply_adds, file.batch_norms)
    ours, theirs = network._native.parameters(), file._native.parameters()
    assert dict(ours) == dict(theirs)
    for path, _ in ours:
        assert network._native.parameter(path) == file._native.parameter(path), path
        state = path.removesuffix(".value").replace(".in_proj.weight", ".in_proj_weight").replace(".in_proj.bias", ".in_proj_bias")
        assert network._native.parameter(path) == tensors[f"param.{state}"].numpy().tobytes(), path
    assert [moments[1:] for moments in network._native.statistics()] == [moments[1:] for moments in file._native.statistics()]


@pytest.mark.parametrize("name", [name for name in ORACLES if name != "vit_a"])
def test_oracle_onnx_a_module_has_the_very_graph_of_its_file(name):
    """So that what holds of the files' networks, which are compared with the oracles' values, holds of the modules'. That of the
    transformer has its axes in another order."""
    network, file = read(oracle(name)[0]), assay.read(SHARED / f"onnx_{name}.onnx")
    assert structure(network) == structure(file)
    blocks = [json.loads(one._native.graph()).get("blocks") for one in (network, file)]
    assert blocks[0] == blocks[1]


@pytest.mark.parametrize("name", ORACLES)
def test_a_module_and_its_file_have_the_same_scores(name):
    """By all proxies, and to the last bit; those that neither has have no value for the same reason."""
    module, _, _ = oracle(name)
    file = assay.read(SHARED / f"onnx_{name}.onnx", name="one")
    # Those two ask what a search left, and what was recorded.
    proxies = [proxy for proxy in assay.proxies()["name"] if proxy not in ("one-shot", "recorded")]
    settings = {f"proxies.{proxy}.batch": 4 for proxy in ("ntk-condition", "naswot")}
    both = [assay.score(network, proxies, repeats=1, set=settings, progress=False) for network in (read(module, name="one"), file)]
    defined = 0
    for ours, theirs in zip(*both):
        assert (ours.proxy, ours.value is None) == (theirs.proxy, theirs.value is None), (ours, theirs)
        if ours.value is not None:
            assert ours.value.hex() == theirs.value.hex(), ours.proxy
            defined += 1
    assert defined > 12


def gram(module, images):
    """The tangent kernel of the sum of logits, for the parameters that are weights."""
    weights = [parameter for name, parameter in module.named_parameters() if name.endswith(".weight")]
    rows = []
    for logits in module(images):
        gradients = torch.autograd.grad(logits.sum(), weights, retain_graph=True)
        rows.append(torch.cat([gradient.flatten() for gradient in gradients]))
    rows = torch.stack(rows)
    return rows @ rows.T


@pytest.mark.parametrize("name", ORACLES)
def test_oracle_onnx_what_was_read_computes_pytorchs_values_in_double_precision(name):
    """Through the graph and back: within the bounds of the oracles' README."""
    module, tensors, told = oracle(name)
    network = read(module).to_torch().double()
    modes = ["eval", "train"] if told["has_batch_norm"] else ["eval"]
    for mode in modes:
        network.train(mode == "train")
        state = {key: value.clone() for key, value in network.state_dict().items()}
        images = tensors["input0"].double()
        logits, expected = network(images), tensors[f"logits_{mode}"]
        assert (logits - expected).abs().max() <= 1e-6 * expected.abs().max()
        kernel, expected = gram(network, images), tensors[f"gram_{mode}"]
        assert (kernel - expected).abs().max() <= 1e-6 * expected.abs().max()
        eigenvalues = torch.linalg.eigvalsh(kernel)
        assert (eigenvalues[-1] / eigenvalues[0]).item() == pytest.approx(told["scores"][f"kappa_{mode}"], rel=1e-6)
        network.load_state_dict(state)
    network.train()
    loss = F.cross_entropy(network(tensors["input0"].double()), torch.tensor(told["targets0"]))
    weights = [parameter for name, parameter in network.named_parameters() if name.endswith(".weight") and parameter.ndim > 1]
    gradients = torch.autograd.grad(loss, weights)
    snip = sum((gradient * weight).abs().sum() for gradient, weight in zip(gradients, weights))
    assert snip.item() == pytest.approx(told["scores"]["snip"], rel=1e-6)


def test_blocks_are_found_in_the_graph_or_told_by_the_paths_of_modules():
    module, _, _ = oracle("resnet18_a")
    paths = [f"layer{stage}.{block}" for stage in range(1, 5) for block in range(2)]

    def blocks(network):
        return json.loads(network._native.graph())["blocks"]

    found = read(module)
    assert blocks(found) == blocks(assay.read(SHARED / "onnx_resnet18_a.onnx"))
    assert blocks(read(module, blocks=["maxpool", *paths])) == blocks(found)
    assert blocks(read(module, blocks=paths[::2])) == blocks(found)[1::2]
    with pytest.raises(assay.BadSetting, match="`layer9.0`, and no module of this path computes anything; near are `layer"):
        read(module, blocks=["layer9.0"])
    with pytest.raises(assay.BadSetting, match="paths of a module's parts"):
        assay.read(SHARED / "onnx_resnet18_a.onnx", blocks=["layer1.0"])
