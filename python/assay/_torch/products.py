"""Linear layers, products of matrices and attention."""

from __future__ import annotations

import math
from typing import Any

from .call import Call, Constant, Table


def _turned(call: Call, value: str, rank: int) -> str:
    """The matrices in the last two axes, turned."""
    return call.node("Transpose", value, perm=[*range(rank - 2), rank - 1, rank - 2])


def _linear(call: Call) -> str:
    x, weight, bias = call.values("input", "weight", "bias")
    rank = len(call.shape_of(call["input"]))
    if rank == 2:
        return call.node("Gemm", x, weight, bias, transB=1)
    product = call.node("MatMul", x, _turned(call, weight, 2))
    return call.node("Add", product, bias) if bias else product


def _matmul(call: Call) -> str:
    names = list(call.arguments)[:2]
    return call.node("MatMul", *call.values(*names))


def _einsum(call: Call) -> str:
    """Of two values, as a product of matrices: axes of both, then those of one alone, with those that are summed over."""
    equation = str(call["equation"]).replace(" ", "")
    left, arrow, wanted = equation.partition("->")
    letters, values = left.split(","), call["tensors"]
    if not arrow or "." in equation or len(letters) != 2 or any(len(set(own)) != len(own) for own in (*letters, wanted)):
        raise call.refused(f"is `{equation}`", "write it as a product of two values with a result, without an ellipsis or an axis twice")
    extents = {letter: extent for own, value in zip(letters, values) for letter, extent in zip(own, call.shape_of(value))}
    first, second = letters
    both = [letter for letter in first if letter in second and letter in wanted]
    summed = [letter for letter in first if letter in second and letter not in wanted]
    rows, columns = ([letter for letter in own if letter not in other] for own, other in ((first, second), (second, first)))
    if any(letter not in wanted for letter in (*rows, *columns)):
        raise call.refused(f"is `{equation}`, which sums over an axis of one value alone", "sum it before")

    def laid_out(value: Any, own: str, order: list[str], shape: list[int]) -> str:
        turned = call.node("Transpose", call.value(value), perm=[own.index(letter) for letter in order])
        return call.node("Reshape", turned, call.whole(shape))

    def count(of: list[str]) -> int:
        return math.prod(extents[letter] for letter in of)

    places = [extents[letter] for letter in both]
    product = call.node(
        "MatMul",
        laid_out(values[0], first, [*both, *rows, *summed], [*places, count(rows), count(summed)]),
        laid_out(values[1], second, [*both, *summed, *columns], [*places, count(summed), count(columns)]),
    )
    made = [*both, *rows, *columns]
    apart = call.node("Reshape", product, call.whole([extents[letter] for letter in made]))
    return call.node("Transpose", apart, perm=[made.index(letter) for letter in wanted])


def _addmm(call: Call) -> str:
    if call["beta"] != 1 or call["alpha"] != 1:
        raise call.refused("scales its parts")
    return call.node("Add", call.node("MatMul", *call.values("mat1", "mat2")), call.value(call["self"]))


def _attention(call: Call) -> str:
    """As the products that it stands for; queries and keys are scaled by the root each, as PyTorch and its exporters do."""
    import torch

    query, key, value = call.values("query", "key", "value")
    shape, other = call.shape_of(call["query"]), call.shape_of(call["key"])
    if call["dropout_p"]:
        raise call.refused("drops attention in evaluation mode too", "give it `dropout_p=0.0` where the module is not in training")
    if shape[:-2] != other[:-2]:
        raise call.refused(f"shares the heads of its keys: {list(other)} for queries of {list(shape)}", "repeat them: repeat_interleave")
    scale = 1 / math.sqrt(shape[-1]) if call["scale"] is None else float(call["scale"])
    root = call.number(math.sqrt(scale))
    keys = call.node("Mul", _turned(call, key, len(other)), root)
    weights = call.node("MatMul", call.node("Mul", query, root), keys)
    if call["is_causal"]:
        hidden = torch.ones(shape[-2], other[-2], dtype=torch.bool).triu(1)
        weights = call.node("Add", weights, call.made(torch.zeros(hidden.shape).masked_fill(hidden, -1e30)))
    mask = call["attn_mask"]
    if isinstance(mask, Constant) and mask.tensor.dtype == torch.bool:
        weights = call.node("Add", weights, call.made(torch.zeros(mask.tensor.shape).masked_fill(~mask.tensor, -1e30)))
    elif mask is not None:
        weights = call.node("Add", weights, call.value(mask))
    return call.node("MatMul", call.node("Softmax", weights, axis=-1), value)


PRODUCTS: Table = {
    "linear": _linear,
    "matmul": _matmul,
    "mm": _matmul,
    "bmm": _matmul,
    "addmm": _addmm,
    "einsum": _einsum,
    "scaled_dot_product_attention": _attention,
}
