"""Operators along axes: other axes, parts, joining, averages."""

from __future__ import annotations

from typing import Any

from .call import Call, Constant, Rule, Table

#: Beyond the end of any axis.
END = 2**62

#: Operators that make a tensor of one number, some of them like another one, of which nothing but the shape counts.
FILLED = ("zeros", "ones", "full", "new_zeros", "new_ones", "new_full", "zeros_like", "ones_like", "full_like", "zero", "fill")


def _laid_out(call: Call) -> str:
    """The same elements in the axes of the result."""
    first = next(iter(call.arguments))
    return call.node("Reshape", call.value(call[first]), call.whole(list(call.shape)))


def _order(call: Call, order: list[int]) -> str:
    if order == list(range(len(order))):
        return call.value(call["self"])
    return call.node("Transpose", call.value(call["self"]), perm=order)


def _permute(call: Call) -> str:
    rank = len(call.shape)
    return _order(call, [call.axis(axis, rank) for axis in call["dims"]])


def _transpose(call: Call) -> str:
    order = list(range(len(call.shape)))
    names = ("dim0", "dim1") if "dim0" in call.arguments else ("axis0", "axis1")
    first, second = (call.axis(call[name], len(order)) for name in names)
    order[first], order[second] = order[second], order[first]
    return _order(call, order)


def _turn(call: Call) -> str:
    return _order(call, list(range(len(call.shape)))[::-1])


def _unsqueeze(call: Call) -> str:
    return call.node("Unsqueeze", call.value(call["self"]), call.whole([call.axis(call["dim"], len(call.shape))]))


def _squeeze(call: Call) -> str:
    shape = call.shape_of(call["self"])
    asked = call["dim"]
    axes = range(len(shape)) if asked is None else [asked] if isinstance(asked, int) else asked
    own = [axis for axis in (call.axis(axis, len(shape)) for axis in axes) if shape[axis] == 1]
    return call.node("Squeeze", call.value(call["self"]), call.whole(own)) if own else call.value(call["self"])


def _joined(call: Call) -> str:
    values = [value for value in call["tensors"] if call.shape_of(value) != (0,)]
    return call.node("Concat", *[call.value(value) for value in values], axis=call.axis(call["dim"], len(call.shape)))


def _stacked(call: Call) -> str:
    axis = call.axis(call["dim"], len(call.shape))
    values = [call.node("Unsqueeze", call.value(value), call.whole([axis])) for value in call["tensors"]]
    return call.node("Concat", *values, axis=axis)


def _split(call: Call) -> tuple[str, ...]:
    axis = call.axis(call["dim"], len(call.result[0].shape))
    sizes = [int(part.shape[axis]) for part in call.result]
    first = next(iter(call.arguments))
    return tuple(call.nodes("Split", call.value(call[first]), call.whole(sizes), count=len(sizes), axis=axis))


def _unbound(call: Call) -> tuple[str, ...]:
    x, axis = call.value(call["self"]), call.axis(call["dim"], len(call.shape_of(call["self"])))
    return tuple(call.node("Gather", x, call.whole(place), axis=axis) for place in range(len(call.result)))


def _selected(call: Call) -> str:
    axis = call.axis(call["dim"], len(call.shape_of(call["self"])))
    return call.node("Gather", call.value(call["self"]), call.whole(int(call["index"])), axis=axis)


def _sliced(call: Call) -> str:
    axis = call.axis(call["dim"] or 0, len(call.shape))
    start, end, step = call["start"] or 0, END if call["end"] is None else call["end"], call["step"] or 1
    if start == 0 and end >= call.shape_of(call["self"])[axis] and step == 1:
        return call.value(call["self"])
    bounds = [call.whole([number]) for number in (start, min(end, END), axis, step)]
    return call.node("Slice", call.value(call["self"]), *bounds)


def _by_indices(call: Call) -> str:
    """Elements of one axis by known places."""
    given = [(axis, index) for axis, index in enumerate(call["indices"]) if index is not None]
    if len(given) != 1 or not isinstance(given[0][1], Constant) or not _is_whole(given[0][1]):
        raise call.refused("takes elements by several indices, by a mask, or by what the network computes", "use index_select, or a slice")
    axis, index = given[0]
    return call.node("Gather", call.value(call["self"]), call.value(index), axis=axis)


def _is_whole(index: Constant) -> bool:
    import torch

    return bool(index.tensor.dtype in (torch.int64, torch.int32))


def _index_select(call: Call) -> str:
    return call.node("Gather", call.value(call["self"]), call.value(call["index"]), axis=call.axis(call["dim"], len(call.shape)))


def _repeated(call: Call, given: Any) -> str:
    """A value in the extents of the result, along which those of 1 are repeated."""
    if call.shape_of(given) == call.shape:
        return call.value(given)
    return call.node("Expand", call.value(given), call.whole(list(call.shape)))


def _expanded(call: Call) -> str:
    return _repeated(call, call["self"])


def _filled(call: Call) -> str:
    """The same number everywhere, for each image of the batch."""
    names = [name for name in ("fill_value", "value") if name in call.arguments]
    number = call[names[0]] if names else 1 if "ones" in call.operator else 0
    return call.node("Expand", call.value(number), call.whole(list(call.shape)))


def _copied(call: Call) -> str:
    """Values in the extents of those that they replace."""
    return _repeated(call, call["src"])


def _replaced(call: Call) -> str:
    """A value with a part of it replaced: what comes before, the new part, and what comes after."""
    x, part, shape = call.value(call["self"]), call.value(call["src"]), call.shape
    axis = call.axis(call["dim"] or 0, len(shape))
    extent = shape[axis]
    if "index" in call.arguments:
        start = call.axis(int(call["index"]), extent)
        end, part = start + 1, call.node("Unsqueeze", part, call.whole([axis]))
    else:
        start, end, _ = slice(call["start"], call["end"]).indices(extent)
    if (call["step"] or 1) != 1:
        raise call.refused(f"writes into every {call['step']}th element of an axis", "build the value with torch.cat, or torch.stack")
    around = [(0, start), (end, END)]
    before, after = (
        [call.node("Slice", x, *[call.whole([number]) for number in (first, last, axis, 1)])] if first < min(last, extent) else []
        for first, last in around
    )
    parts = [*before, part, *after]
    return call.node("Concat", *parts, axis=axis) if len(parts) > 1 else part


def _tiled(call: Call) -> str:
    repeats = list(call["repeats"] if "repeats" in call.arguments else call["dims"])
    rank = len(call.shape_of(call["self"]))
    repeats = [1] * (rank - len(repeats)) + repeats
    x = call.value(call["self"])
    if len(repeats) > rank:
        x = call.node("Unsqueeze", x, call.whole(list(range(len(repeats) - rank))))
    if all(extent == 1 or own == 1 for extent, own in zip(repeats, (1,) * (len(repeats) - rank) + call.shape_of(call["self"]))):
        return call.node("Expand", x, call.whole(list(call.shape)))
    return call.node("Tile", x, call.whole(repeats))


def _rolled(call: Call) -> str:
    x, shape = call.value(call["self"]), call.shape
    if not call["dims"]:
        raise call.refused("rolls over all axes together", "say along which, with `dims`")
    for shift, axis in zip(call["shifts"], call["dims"]):
        axis = call.axis(axis, len(shape))
        cut = (-shift) % shape[axis]
        if cut:
            parts = [call.node("Slice", x, *[call.whole([number]) for number in (start, end, axis, 1)]) for start, end in ((cut, END), (0, cut))]
            x = call.node("Concat", *parts, axis=axis)
    return x


def _flipped(call: Call) -> str:
    x, shape = call.value(call["self"]), call.shape
    for axis in (call.axis(axis, len(shape)) for axis in call["dims"]):
        x = call.node("Gather", x, call.whole(list(range(shape[axis]))[::-1]), axis=axis)
    return x


def _padded(call: Call) -> str:
    pads, rank = list(call["pad"]), len(call.shape)
    mode, value = call["mode"] or "constant", call["value"] or 0.0
    if not any(pads):
        return call.value(call["self"])
    if mode != "constant" or value != 0:
        raise call.refused(f"adds by mode `{mode}` with value {value}", "only zeros are added here")
    before, after = [0] * rank, [0] * rank
    for place in range(len(pads) // 2):
        before[rank - 1 - place], after[rank - 1 - place] = pads[2 * place], pads[2 * place + 1]
    x = call.value(call["self"])
    # What is negative cuts off.
    for axis, (start, end) in enumerate(zip(before, after)):
        if start < 0 or end < 0:
            x = call.node("Slice", x, *[call.whole([number]) for number in (max(-start, 0), end if end < 0 else END, axis, 1)])
    kept = [max(amount, 0) for amount in before + after]
    return call.node("Pad", x, call.whole(kept)) if any(kept) else x


def _axes_of(call: Call, asked: Any) -> list[int]:
    rank = len(call.shape_of(call["self"]))
    axes = list(range(rank)) if asked is None or asked == [] else [asked] if isinstance(asked, int) else list(asked)
    return [call.axis(axis, rank) for axis in axes]


def _reduced(operator: str) -> Rule:
    def rule(call: Call) -> str:
        axes = _axes_of(call, call["dim"])
        return call.node(operator, call.value(call["self"]), call.whole(axes), keepdims=int(bool(call["keepdim"])))

    return rule


def _norm(call: Call) -> str:
    order = call["ord"] if "ord" in call.arguments else call["p"]
    if order not in (None, 2):
        raise call.refused(f"is a norm of order {order}", "the root of the sum of squares (2) is read")
    return _first(_reduced("ReduceL2"), call)


def _first(rule: Rule, call: Call) -> str:
    return str(rule(call))


def _softmax(call: Call) -> str:
    return call.node("Softmax", call.value(call["self"]), axis=call.axis(call["dim"], len(call.shape)))


def _shuffled(call: Call) -> str:
    """Channels of groups, in turns."""
    groups, (_, channels, *extents) = call["groups"], call.shape
    batch = call.shape[0]
    apart = call.node("Reshape", call.value(call["self"]), call.whole([batch, groups, channels // groups, *extents]))
    turned = call.node("Transpose", apart, perm=[0, 2, 1, *range(3, 3 + len(extents))])
    return call.node("Reshape", turned, call.whole(list(call.shape)))


def _unshuffled_pixels(call: Call) -> str:
    side, (batch, channels, rows, columns) = call["downscale_factor"], call.shape_of(call["self"])
    apart = [batch, channels, rows // side, side, columns // side, side]
    x = call.node("Reshape", call.value(call["self"]), call.whole(apart))
    return call.node("Reshape", call.node("Transpose", x, perm=[0, 1, 3, 5, 2, 4]), call.whole(list(call.shape)))


AXES: Table = {
    **{name: _laid_out for name in ("view", "reshape", "flatten", "unflatten", "_unsafe_view", "view_as", "reshape_as")},
    **{name: _transpose for name in ("transpose", "swapaxes", "swapdims")},
    "permute": _permute,
    "t": _turn,
    "numpy_T": _turn,
    "unsqueeze": _unsqueeze,
    "squeeze": _squeeze,
    "cat": _joined,
    "concat": _joined,
    "stack": _stacked,
    **{name: _split for name in ("chunk", "split", "split_with_sizes", "tensor_split")},
    "unbind": _unbound,
    "select": _selected,
    "slice": _sliced,
    "narrow": lambda call: call.node(
        "Slice", call.value(call["self"]), *[call.whole([number]) for number in (call["start"], call["start"] + call["length"], call["dim"], 1)]
    ),
    "index": _by_indices,
    "index_select": _index_select,
    **{name: _filled for name in FILLED},
    **{name: _expanded for name in ("expand", "expand_as", "broadcast_to")},
    "copy": _copied,
    **{name: _replaced for name in ("slice_scatter", "select_scatter")},
    **{name: _tiled for name in ("repeat", "tile")},
    "roll": _rolled,
    "flip": _flipped,
    **{name: _padded for name in ("pad", "constant_pad_nd")},
    "mean": _reduced("ReduceMean"),
    "sum": _reduced("ReduceSum"),
    "linalg_vector_norm": _norm,
    "norm": _norm,
    "softmax": _softmax,
    "_softmax": _softmax,
    "channel_shuffle": _shuffled,
    "pixel_shuffle": lambda call: call.node("DepthToSpace", call.value(call["self"]), blocksize=int(call["upscale_factor"]), mode="CRD"),
    "pixel_unshuffle": _unshuffled_pixels,
}
