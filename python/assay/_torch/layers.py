"""Layers with weights, normalisations and pools."""

from __future__ import annotations

from typing import Any

from .call import Call, Rule, Table


def _each(given: Any, count: int) -> list[int]:
    """A number for each axis of a window."""
    numbers = [given] if isinstance(given, int) else list(given)
    return numbers * count if len(numbers) == 1 else numbers


def _convolution(along: int) -> Rule:
    def rule(call: Call) -> str:
        kernel = list(call.shape_of(call["weight"]))[2:]
        dilations = _each(call["dilation"], along)
        padding = call["padding"]
        if padding == "same":
            reach = [dilation * (extent - 1) for dilation, extent in zip(dilations, kernel)]
            pads = [extent // 2 for extent in reach] + [extent - extent // 2 for extent in reach]
        else:
            pads = _each(0 if padding == "valid" else padding, along) * 2
        return call.node(
            "Conv",
            *call.values("input", "weight", "bias"),
            strides=_each(call["stride"], along),
            pads=pads,
            dilations=dilations,
            group=int(call["groups"]),
        )

    return rule


def _scale_and_offset(call: Call, count: int) -> list[str]:
    scale, offset = call.values("weight", "bias")
    return [scale or call.filled(count, 1.0), offset or call.filled(count, 0.0)]


def _batch_norm(call: Call) -> str:
    """Without running statistics it is by the batch's own in evaluation too; what is left out says so."""
    inputs = [call.value(call["input"]), *_scale_and_offset(call, call.shape_of(call["input"])[1])]
    if call["running_mean"] is not None:
        if call["training"]:
            raise call.refused("normalises by the batch in evaluation mode too, though it has running statistics")
        inputs += call.values("running_mean", "running_var")
    return call.node("BatchNormalization", *inputs, epsilon=float(call["eps"]))


def _instance_norm(call: Call) -> str:
    if not call["use_input_stats"]:
        raise call.refused("normalises by running statistics", "use track_running_stats=False, or a batch normalisation")
    inputs = [call.value(call["input"]), *_scale_and_offset(call, call.shape_of(call["input"])[1])]
    return call.node("InstanceNormalization", *inputs, epsilon=float(call["eps"]))


def _group_norm(call: Call) -> str:
    inputs = [call.value(call["input"]), *_scale_and_offset(call, call.shape_of(call["input"])[1])]
    return call.node("GroupNormalization", *inputs, num_groups=int(call["num_groups"]), epsilon=float(call["eps"]))


def _layer_norm(call: Call) -> str:
    inputs = call.values("input", "weight", "bias")
    return call.node("LayerNormalization", *inputs, axis=-len(call["normalized_shape"]), epsilon=float(call["eps"]))


def _rms_norm(call: Call) -> str:
    import torch

    epsilon = torch.finfo(call.result.dtype).eps if call["eps"] is None else float(call["eps"])
    return call.node("RMSNormalization", *call.values("input", "weight"), axis=-len(call["normalized_shape"]), epsilon=epsilon)


def _embedding(call: Call) -> str:
    return call.node("Gather", *call.values("weight", "indices"), axis=0)


def _window(call: Call, along: int) -> dict[str, Any]:
    """The window of a pool; without a stride, windows stand side by side."""
    kernel = _each(call["kernel_size"], along)
    return {
        "kernel_shape": kernel,
        "strides": _each(call["stride"], along) if call["stride"] else kernel,
        "pads": _each(call["padding"], along) * 2,
        "ceil_mode": int(call["ceil_mode"]),
    }


def _max_pool(along: int) -> Rule:
    def rule(call: Call) -> str:
        dilations = _each(call["dilation"], along)
        return call.node("MaxPool", call.value(call["self"]), dilations=dilations, **_window(call, along))

    return rule


def _average_pool(along: int) -> Rule:
    def rule(call: Call) -> str:
        if call["divisor_override"] is not None:
            raise call.refused("divides by another number than that of the window's elements")
        counted = int(call["count_include_pad"])
        return call.node("AveragePool", call.value(call["self"]), count_include_pad=counted, **_window(call, along))

    return rule


def _adaptive(along: int, operator: str, of_all: str) -> Rule:
    def rule(call: Call) -> str:
        x, extents = call.value(call["self"]), list(call.shape_of(call["self"]))[-along:]
        wanted = [own if asked is None else asked for asked, own in zip(_each(call["output_size"], along), extents)]
        if all(extent == 1 for extent in wanted):
            return call.node(of_all, x)
        if wanted == extents:
            return x
        if any(extent % asked for extent, asked in zip(extents, wanted)):
            raise call.refused(
                f"makes {wanted} of {extents}, whose windows are not alike",
                f"give an `input` of which {extents} becomes a multiple of {wanted}, as the size that the network was made for",
            )
        kernel = [extent // asked for extent, asked in zip(extents, wanted)]
        return call.node(operator, x, kernel_shape=kernel, strides=kernel)

    return rule


def _first(rule: Rule) -> Rule:
    """Of what torch computes several values of: the first; where it was found, or its moments, are not read."""
    return lambda call: (str(rule(call)), "", "")


LAYERS: Table = {
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _first(_batch_norm),
    "instance_norm": _instance_norm,
    "group_norm": _group_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "embedding": _embedding,
    "max_pool1d": _max_pool(1),
    "max_pool2d": _max_pool(2),
    "avg_pool1d": _average_pool(1),
    "avg_pool2d": _average_pool(2),
    "adaptive_avg_pool1d": _adaptive(1, "AveragePool", "GlobalAveragePool"),
    "adaptive_avg_pool2d": _adaptive(2, "AveragePool", "GlobalAveragePool"),
    "adaptive_max_pool2d": _first(_adaptive(2, "MaxPool", "GlobalMaxPool")),
}
