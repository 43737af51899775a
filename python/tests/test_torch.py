"""PyTorch modules are read, and left as they were. Skipped where PyTorch is not installed."""

import assay
import pytest

torch = pytest.importorskip("torch", minversion="2.5")
pytest.importorskip("torchvision")
pytest.importorskip("safetensors")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch_networks import IMAGES, SHARED, read, small, structure  # noqa: E402


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
    """Writes into parts of values that are read again."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.bias = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Parameter(torch.randn(4))

    def forward(self, x):
        x = x + 0
        part = x[:, :1]
        part.mul_(2.0)
        y = self.norm(self.conv(x))
        y[:, 1:3] += 1
        y[:, 3] = 2.0
        y[:, 0] = y[:, 1]
        bias = self.bias.clone()
        bias[1:2].zero_()
        return (y + bias[:, None, None]).mean((2, 3))


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


def test_what_is_written_in_place_is_read_as_new_values():
    module = Writing().eval()
    images = torch.randn(3, *IMAGES)
    with pytest.warns(assay.AssayWarning, match="`bias` reaches the network through `Concat`"):
        network = read(module)
    assert torch.allclose(network.to_torch().eval()(images), module(images), atol=1e-5)
    assert network.batch_norms == 1 and len(network._native.statistics()) == 1


def test_a_network_of_tokens_is_read_by_an_example():
    module = nn.Sequential(nn.Embedding(50, 16), nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), nn.Flatten(), nn.Linear(96, 50))
    tokens = torch.randint(0, 50, (4, 6))
    network = read(module, input=tokens)
    assert network.input == (6,) and network.parameters == sum(parameter.numel() for parameter in module.parameters())
    assert torch.allclose(network.to_torch().eval()(tokens), module.eval()(tokens), atol=1e-5)
