"""The way back: a PyTorch module that computes what a graph says, with its weights.

Values have all five axes of a graph behind the batch, so that sums, products and axes need no cases; those of extent 1 at the end are
left out of what the module gives.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from .. import _native

#: The axes of an image's values in a graph.
AXES = 5


class GraphModule(torch.nn.Module):  # type: ignore[misc]
    """A network of Assay. It takes a batch of images; weights and running statistics are in `state_dict` by their paths."""

    def __init__(self, nodes: list[dict[str, Any]], shapes: list[tuple[int, ...]], output: int) -> None:
        super().__init__()
        self._nodes, self._shapes, self._output = nodes, shapes, output
        #: By node, the values that no later node reads.
        self._done: list[list[int]] = [[] for _ in nodes]
        last = {input: place for place, node in enumerate(nodes) for input in node["inputs"]}
        for input, place in last.items():
            if input != output:
                self._done[place].append(input)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """What the network computes of a batch of images."""
        values: dict[int, torch.Tensor] = {0: images.reshape(len(images), *self._shapes[0])}
        for place, node in enumerate(self._nodes[1:], 1):
            run, shape = RUN[node["operator"]["type"]], self._shapes[place]
            value = run(node["operator"], [values[input] for input in node["inputs"]], _Own(self, node["name"]), shape)
            values[place] = value.reshape(value.shape[0], *shape)
            for input in self._done[place]:
                del values[input]
        shape = self._shapes[self._output]
        return values[self._output].expand(len(images), *shape).reshape(len(images), *_counting(shape))


def module(network: _native.Network) -> GraphModule:
    """The module of a network."""
    graph = json.loads(network.graph())
    shapes = [_five(node["shape"]) for node in json.loads(network.described(""))["nodes"]]
    nodes = [{"name": "input", "operator": {"type": "input"}, "inputs": []}, *graph["nodes"]]
    made = GraphModule(nodes, shapes, graph["output"])
    for path, extents in network.parameters():
        numbers = network.parameter(path)
        assert numbers is not None
        _put(made, path, torch.nn.Parameter(torch.frombuffer(numbers, dtype=torch.float32).reshape(extents)))
    for place, mean, variance in network.statistics():
        for what, numbers in (("running_mean", mean), ("running_var", variance)):
            _put(made, f"{nodes[place]['name']}.{what}", torch.frombuffer(numbers, dtype=torch.float32))
    for node in nodes:
        if node["operator"]["type"] == "constant":
            _put(made, f"{node['name']}.constant", torch.tensor(node["operator"].pop("values"), dtype=torch.float32))
    return made


def _put(root: torch.nn.Module, path: str, tensor: torch.Tensor) -> None:
    """Puts a tensor where its path says. Names of the graph may be any, also those that a module has for itself."""
    *parents, last = path.split(".")
    for parent in parents:
        if parent not in root._modules:
            root._modules[parent] = torch.nn.Module()
        root = root._modules[parent]
    if isinstance(tensor, torch.nn.Parameter):
        root._parameters[last] = tensor
    else:
        root._buffers[last] = tensor


class _Own:
    """What a node of a graph has for itself."""

    def __init__(self, root: torch.nn.Module, name: str) -> None:
        self.training = root.training
        for part in name.split("."):
            found = root._modules.get(part)
            if found is None:
                self._holder = None
                return
            root = found
        self._holder = root

    def get(self, name: str) -> Any:
        """A parameter or a buffer; None where there is none."""
        if self._holder is None:
            return None
        found = self._holder._parameters.get(name)
        return self._holder._buffers.get(name) if found is None else found


#: What an operator computes of values, with the node's own tensors, in these extents.
Run = Callable[[dict[str, Any], list[Any], _Own, tuple[int, ...]], Any]


def _five(axes: list[int]) -> tuple[int, ...]:
    return (*axes, *[1] * (AXES - len(axes)))


def _counting(axes: tuple[int, ...]) -> tuple[int, ...]:
    last = max((place for place, extent in enumerate(axes) if extent != 1), default=0)
    return axes[: last + 1]


def _maps(value: Any) -> Any:
    """Channels × rows × columns, which a value of maps is."""
    return value.flatten(3)


def _pair(given: Any) -> list[int]:
    return [given, given] if isinstance(given, int) else list(given)


def _sides(given: Any) -> list[int]:
    """As torch pads: left, right, top, bottom."""
    top, left, bottom, right = [given] * 4 if isinstance(given, int) else given
    return [left, right, top, bottom]


def _conv2d(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    padded = F.pad(_maps(inputs[0]), _sides(operator["padding"]))
    stride, dilation = _pair(operator["stride"]), _pair(operator["dilation"])
    return F.conv2d(padded, own.get("weight"), own.get("bias"), stride, 0, dilation, operator["groups"])


def _batch_norm(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    mean, variance = own.get("running_mean"), own.get("running_var")
    by_batch = own.training or mean is None
    return F.batch_norm(_maps(inputs[0]), mean, variance, own.get("weight"), own.get("bias"), by_batch, 0.1, operator["epsilon"])


def _over_last(value: Any, axis: int) -> Any:
    """A value with an axis and all after it as one."""
    return value.flatten(axis + 1)


def _layer_norm(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    flat = _over_last(inputs[0], operator["axis"])
    weight, bias = (given if given is None else given.flatten() for given in (own.get("weight"), own.get("bias")))
    return F.layer_norm(flat, (flat.shape[-1],), weight, bias, operator["epsilon"])


def _rms_norm(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    flat, weight = _over_last(inputs[0], operator["axis"]), own.get("weight")
    normed = flat * (flat.square().mean(-1, keepdim=True) + operator["epsilon"]).rsqrt()
    return normed if weight is None else normed * weight.flatten()


def _group_norm(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    return F.group_norm(_maps(inputs[0]), operator["groups"], own.get("weight"), own.get("bias"), operator["epsilon"])


def _activation(operator: dict[str, Any], inputs: list[Any], own: _Own, shape: tuple[int, ...]) -> Any:
    x = inputs[0]
    match operator["function"]:
        case "clip":
            return x.clamp(operator["low"], operator["high"])
        case "sigmoid":
            return x.sigmoid()
        case "hard_sigmoid":
            return (operator["slope"] * x + operator["offset"]).clamp(0, 1)
        case "hard_swish":
            return F.hardswish(x)
        case "silu":
            return F.silu(x)
        case "gelu":
            return F.gelu(x)
        case "gelu_tanh":
            return F.gelu(x, approximate="tanh")
        case "tanh":
            return x.tanh()
        case "leaky_relu":
            return F.leaky_relu(x, operator["slope"])
        case "elu":
            return F.elu(x, operator["alpha"])
        case "softplus":
            return F.softplus(x)
        case function:
            return getattr(torch, function)(x)


def _avg_pool(operator: dict[str, Any], inputs: list[Any], own: _Own, shape: tuple[int, ...]) -> Any:
    """Sums of windows, divided by how many of their positions count."""
    x, sides = _maps(inputs[0]), _sides(operator["padding"])
    ones = x.new_ones(1, 1, *x.shape[2:])
    counted = F.pad(ones, sides, value=1.0 if operator.get("counts_padding") else 0.0)
    kernel, stride, ceil = _pair(operator["kernel"]), _pair(operator["stride"]), bool(operator.get("ceil"))
    sums, counts = (F.avg_pool2d(given, kernel, stride, 0, ceil, divisor_override=1) for given in (F.pad(x, sides), counted))
    return (sums / counts)[:, :, : shape[1], : shape[2]]


def _max_pool(operator: dict[str, Any], inputs: list[Any], own: _Own, shape: tuple[int, ...]) -> Any:
    x = F.pad(_maps(inputs[0]), _sides(operator["padding"]), value=float("-inf"))
    pooled = F.max_pool2d(x, _pair(operator["kernel"]), _pair(operator["stride"]), ceil_mode=bool(operator.get("ceil")))
    return pooled[:, :, : shape[1], : shape[2]]


def _linear(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    return F.linear(_over_last(inputs[0], operator.get("axis", 0)), own.get("weight"), own.get("bias"))


def _embedding(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    tokens = inputs[0].reshape(inputs[0].shape[: operator["axis"] + 1]).long()
    return F.embedding(tokens, own.get("weight"))


def _weighted_sum(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    terms = [value if weight == 1 else weight * value for weight, value in zip(operator["weights"], inputs)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _product(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    total = inputs[0]
    for factor in inputs[1:]:
        total = total * factor
    return total


def _mat_mul(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    last = operator["axis"] + 3
    left, right = (value.reshape(value.shape[:last]) for value in inputs)
    return left @ right


def _slice(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    kept = [slice(None)] * (operator["axis"] + 1)
    return inputs[0][(*kept, slice(operator["start"], operator["end"], operator["step"]))]


def _gather(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    indices = torch.tensor(operator["indices"], device=inputs[0].device)
    return inputs[0].index_select(operator["axis"] + 1, indices)


def _pad(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    amounts = [*operator["amounts"], *[[0, 0]] * (AXES - len(operator["amounts"]))]
    return F.pad(inputs[0], [amount for pair in reversed(amounts) for amount in pair])


def _transpose(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    order = [*operator["order"], *range(len(operator["order"]), AXES)]
    return inputs[0].permute(0, *[axis + 1 for axis in order])


def _shift(operator: dict[str, Any], inputs: list[Any], own: _Own, _: tuple[int, ...]) -> Any:
    offset = operator["offset"]
    return F.pad(_maps(inputs[0])[:, :, offset:, offset:], (0, offset, 0, offset))


RUN: dict[str, Run] = {
    "conv2d": _conv2d,
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "relu": lambda operator, inputs, own, shape: inputs[0].relu(),
    "activation": _activation,
    "avg_pool": _avg_pool,
    "max_pool": _max_pool,
    "global_avg_pool": lambda operator, inputs, own, shape: inputs[0].flatten(2).mean(2),
    "mean": lambda operator, inputs, own, shape: inputs[0].mean([axis + 1 for axis in operator["axes"]], keepdim=True),
    "linear": _linear,
    "embedding": _embedding,
    "weighted_sum": _weighted_sum,
    "product": _product,
    "mat_mul": _mat_mul,
    "softmax": lambda operator, inputs, own, shape: inputs[0].softmax(operator["axis"] + 1),
    "concat": lambda operator, inputs, own, shape: _concat(inputs, operator.get("axis", 0) + 1),
    "slice": _slice,
    "gather": _gather,
    "pad": _pad,
    "transpose": _transpose,
    "reshape": lambda operator, inputs, own, shape: inputs[0],
    "parameter": lambda operator, inputs, own, shape: own.get("value")[None],
    "constant": lambda operator, inputs, own, shape: own.get("constant")[None],
    "shift": _shift,
    "truncate": lambda operator, inputs, own, shape: inputs[0][:, : operator["channels"]],
    "zero": lambda operator, inputs, own, shape: inputs[0].new_zeros(len(inputs[0]), *shape),
}


def _concat(inputs: list[Any], axis: int) -> Any:
    """What is the same for each image is repeated."""
    count = max(len(value) for value in inputs)
    return torch.cat([value if len(value) == count else value.expand(count, *value.shape[1:]) for value in inputs], axis)
