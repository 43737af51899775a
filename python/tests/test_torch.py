"""PyTorch modules are read as their ONNX files are, and left as they were. Skipped where PyTorch is not installed."""

import json

import assay
import pytest

torch = pytest.importorskip("torch", minversion="2.5")
pytest.importorskip("torchvision")
pytest.importorskip("safetensors")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch_networks import ORACLES, SHARED, oracle  # noqa: E402

IMAGES = (3, 32, 32)


def read(module, input=IMAGES, **more):
    return assay.read(module, input=input, **more)


def structure(network):
    """The graph without the names of nodes."""
    graph = json.loads(network._native.graph())
    return graph["input"], [(node["operator"], node["inputs"]) for node in graph["nodes"]], graph["output"]


def small():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))


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


def test_reading_a_module_changes_nothing_of_it():
    module = nn.Sequential(small(), nn.Dropout(0.5)).train()
    module[0][1].eval()
    module[0][0].weight.requires_grad_(False)
    module[0][5].weight.grad = torch.ones_like(module[0][5].weight)
    state = {key: value.clone() for key, value in module.state_dict().items()}
    flags = [part.training for part in module.modules()]
    read(module)
    assay.score(module, ["snip", "params"], input=IMAGES, repeats=1, progress=False)
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    assert [part.training for part in module.modules()] == flags
    assert not module[0][0].weight.requires_grad and torch.equal(module[0][5].weight.grad, torch.ones(10, 4))
    with pytest.raises(assay.UnsupportedNetwork):
        read(nn.Sequential(module, Branching()))
    assert [part.training for part in module.modules()] == flags


def test_a_network_keeps_the_weights_that_it_was_read_with():
    module = small()
    network = read(module)
    before = network._native.parameter("0.weight")
    with torch.no_grad():
        module[0].weight.add_(1.0)
    assert network._native.parameter("0.weight") == before != module[0].weight.detach().numpy().tobytes()


def test_a_module_in_double_precision_is_read_in_single():
    module = small()
    single, double = read(module), read(module.double())
    assert single._native.parameter("0.weight") == double._native.parameter("0.weight")
    assert structure(single) == structure(double)


def test_weights_are_lent_without_a_copy():
    from assay._torch.exporting import exported
    from assay._torch.walking import told

    module = small()
    program, _, _ = told(exported(module, IMAGES))
    lent = {name: memory.ctypes.data for name, _, _, memory, is_learned in program.tensors if is_learned}
    assert lent == {name: parameter.data_ptr() for name, parameter in module.named_parameters()}


class Branching(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class Sorting(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Conv2d(3, 4, 1)

    def forward(self, x):
        return self.body(x).sort(1).values.mean((2, 3))


class Writing(nn.Module):
    def forward(self, x):
        part = x[:, :1]
        part.mul_(2.0)
        return x.mean((2, 3))


class Dropping(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=True).mean((2, 3))


class Two(nn.Module):
    def forward(self, x, y):
        return x + y


def test_what_cannot_be_read_is_an_exception_that_says_where_and_what_to_do():
    halves = small().half()
    for module, kind, said in [
        (halves, assay.UnsupportedNetwork, r"`0.weight` is of torch.float16.*\.float\(\)"),
        (small().to("meta"), assay.UnsupportedNetwork, r"`0.weight` is on meta.*\.cpu\(\)"),
        (Branching(), assay.UnsupportedNetwork, r"`Branching` depends on the data.*test_torch.py.*\n  help: .*torch.where"),
        (nn.Sequential(Sorting()), assay.UnsupportedOperator, r"aten.sort.* of `0`, File \".*test_torch.py\", line \d+, in forward has no"),
        (Writing(), assay.UnsupportedOperator, r"aten.mul_.Tensor of the module itself.*writes into a value that is read again later"),
        (Dropping(), assay.UnsupportedOperator, r"drops elements in evaluation mode too.*\n  help: give it `training=self.training`"),
        (Two(), assay.UnsupportedNetwork, "does not take one input"),
        (nn.LazyLinear(3), assay.UnsupportedNetwork, "call the module once"),
        (nn.Linear(7, 3), assay.UnsupportedNetwork, "for an input of 3 x 32 x 32"),
        (nn.Sequential(nn.Conv2d(3, 3, 1), nn.AdaptiveAvgPool2d(7)), assay.UnsupportedOperator, "whose windows are not alike"),
    ]:
        with pytest.raises(kind, match=f"(?s){said}"):
            read(module)
        report = assay.supports(module, input=IMAGES)
        assert not report and report.network is None and report.reason
    with pytest.raises(assay.UnsupportedOperator) as raised:
        read(nn.Sequential(Sorting()))
    assert (raised.value.node, raised.value.operator) == ("0", "aten.sort.default")
    assert "test_torch.py" in raised.value.source


def test_what_is_wrong_with_the_arguments_is_said():
    for wrong, said in [
        (lambda: assay.read(small()), "`input` is missing"),
        (lambda: assay.read(small(), input=3), "`input` is a int"),
        (lambda: assay.read(small(), input=(3, 0, 32)), r"`input` is \(3, 0, 32\)"),
        (lambda: assay.read(small(), input=torch.zeros(3)), "its first axis is the batch"),
        (lambda: assay.read(small(), input=torch.zeros(1, 3, 8, 8, dtype=torch.float16)), "torch.float16"),
        (lambda: assay.read(3), "`network` is a int"),
        (lambda: assay.read("net.pt"), r"ends in \.onnx"),
        (lambda: assay.score(small(), "params", input=IMAGES, space="darts"), "`space` is given with networks"),
        (lambda: assay.score([small(), "|a~0|"], "params", input=IMAGES), "scored apart from networks"),
        (lambda: assay.score([read(small(), name=name) for name in ("a", "a.2", "a")], "params"), "two networks are called `a.2`"),
        (lambda: assay.score({}, "params"), "`architectures` is empty"),
        (lambda: assay.score({3: small()}, "params", input=IMAGES), "has the key 3"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()


def test_several_networks_are_called_by_their_classes_or_by_the_keys_of_a_dict(tmp_path):
    scores = assay.score([small(), small(), read(small(), name="third")], "params", input=IMAGES, progress=False)
    assert scores["architecture"] == ["Sequential", "Sequential.2", "third"]
    assert assay.score((small() for _ in range(2)), "params", input=IMAGES, progress=False)["architecture"] == ["Sequential", "Sequential.2"]
    named = assay.score({"a": small(), "b": SHARED / "onnx_senet_a.onnx"}, "params", input=IMAGES, progress=False)
    assert named["architecture"] == ["a", "b"] and "2 given networks" in named.protocol
    assert named["b", "params"].value == 22634


def test_given_weights_are_measured_or_drawn_by_the_seed():
    network = read(small())
    given = [assay.score(network, "l2-norm", seed=seed, repeats=1, progress=False)["l2-norm"].value for seed in (0, 1)]
    drawn = [
        assay.score(network, "l2-norm", seed=seed, repeats=1, weights="kaiming-normal-fan-in", progress=False)["l2-norm"].value
        for seed in (0, 1)
    ]
    assert given[0] == given[1] and len({*given, *drawn}) == 3


def test_batch_normalisation_is_by_the_batch_or_by_running_statistics():
    module = small()
    module[1].running_var.fill_(9.0)
    scores = [
        assay.score(module, ["params", "grad-norm"], input=IMAGES, repeats=1, batch_norm=mode, progress=False)["grad-norm"].value
        for mode in ("batch", "running")
    ]
    assert scores[0] != scores[1]
    untracked = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, affine=False, track_running_stats=False), nn.Flatten(), nn.Linear(3600, 10))
    network = read(untracked)
    assert network.batch_norms == 1 and network._native.statistics() == []
    images = torch.randn(5, *IMAGES)
    assert torch.allclose(network.to_torch().eval()(images), untracked.eval()(images), atol=1e-5)


def test_dropout_and_stochastic_depth_are_off():
    from torchvision.ops import StochasticDepth

    quiet = nn.Sequential(small(), nn.Dropout(0.9)).train()
    deep = nn.Sequential(StochasticDepth(0.9, "row"), small(), nn.Dropout(0.9)).train()
    assert structure(read(quiet)) == structure(read(deep)) == structure(read(small()))


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


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second, self.register = nn.Linear(8, 8), nn.Linear(8, 8), None
        self.second.weight = self.first.weight
        self.register_buffer("scale", torch.linspace(0.5, 1.5, 8))
        self.mask = nn.Parameter(torch.linspace(-1.0, 1.0, 8))

    def forward(self, x):
        return self.second(self.first(x) * self.scale + self.mask)


def test_parameters_are_those_of_the_module_whatever_they_are_called():
    with pytest.warns(assay.AssayWarning, match="`first.weight`: used by more than one layer"):
        network = read(Tied(), input=(8,))
    operators = dict(zip(network.summary()["node"], network.summary()["operator"]))
    assert (operators["mask"], operators["scale"]) == ("parameter", "constant")


class Everything(nn.Module):
    """Operators that no other network here has."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding="same", dilation=2)
        self.register_buffer("order", torch.tensor([3, 1, 0, 2]))
        self.norm, self.gate = nn.GroupNorm(2, 8), nn.Parameter(torch.tensor(0.3))
        self.heads = nn.Linear(16, 48)

    def forward(self, x):
        x = F.avg_pool2d(F.pad(self.norm(self.conv(x)), (1, 2, 0, 1)), 3, 2, ceil_mode=True, count_include_pad=False)
        x = F.max_pool2d(F.leaky_relu(x, 0.2), 3, 2, 1)[:, :, :4, :4]
        x = torch.cat([x.roll(1, 2), x.flip(3)], 1) + torch.arange(4.0)
        x = F.pixel_shuffle(F.channel_shuffle(x, 2), 2).flatten(2).transpose(1, 2)[:, :, self.order]
        x = x.reshape(-1, 16, 16) * self.gate.exp() + torch.zeros(x.shape[0], 1, 16)
        first, second, third = self.heads(x).chunk(3, -1)
        x = x + torch.einsum("bij,kj->bki", x, torch.eye(16)).transpose(1, 2) + torch.einsum("btc,bsc->bts", first, second)
        x = F.scaled_dot_product_attention(first, second, third, is_causal=True)
        x = torch.where(torch.ones(16, 16).tril().bool(), F.elu(x), x.clamp(-1, 1).square())
        x = torch.stack([F.softplus(x), x.tanh()], 1).sum(1)
        return x.mean(1) - x.select(1, 0)


def test_operators_that_are_rare_are_read_too():
    torch.manual_seed(0)
    module = Everything().eval()
    images = torch.randn(3, 3, 30, 30)
    with pytest.warns(assay.AssayWarning, match="`gate` reaches the network through"):
        network = read(module, input=(3, 30, 30))
    assert torch.allclose(network.to_torch().eval()(images), module(images), atol=1e-5)


def test_a_network_of_tokens_is_read_by_an_example():
    module = nn.Sequential(nn.Embedding(50, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), nn.Flatten(), nn.Linear(96, 50))
    tokens = torch.randint(0, 50, (4, 6))
    network = read(module, input=tokens)
    assert network.input == (6,) and network.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert torch.allclose(network.to_torch().eval()(tokens), module.eval()(tokens), atol=1e-5)


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
    assert set(network.state_dict()) == {key for key in small().state_dict() if not key.endswith("num_batches_tracked")}
