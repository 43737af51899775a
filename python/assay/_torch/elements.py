"""Operators on each element, sums and products."""

from __future__ import annotations

from .call import Call, Constant, Rule, Table


def _same(call: Call) -> str:
    first = next(iter(call.arguments))
    return call.value(call[first])


def _plain(operator: str) -> Rule:
    return lambda call: call.node(operator, call.value(call["self"]))


def _dropout(call: Call) -> str:
    if call["train"]:
        raise call.refused(
            "drops elements in evaluation mode too, so that no two passes are alike",
            "give it `training=self.training`, as torch.nn.Dropout does",
        )
    return _same(call)


def _binary(operator: str) -> Rule:
    def rule(call: Call) -> str:
        other = call.value(call["other"])
        alpha = call["alpha"]
        if alpha is not None and alpha != 1:
            other = call.node("Mul", other, call.number(alpha))
        if call["rounding_mode"] is not None:
            raise call.refused("rounds what it divides, which has no gradient")
        return call.node(operator, call.value(call["self"]), other)

    return rule


def _rsub(call: Call) -> str:
    if call["alpha"] not in (None, 1):
        raise call.refused("is given an `alpha`", "write the difference as a - b")
    return call.node("Sub", call.value(call["other"]), call.value(call["self"]))


def _clip(call: Call) -> str:
    low, high = (call["min_val"], call["max_val"]) if "min_val" in call.arguments else (call["min"], call["max"])
    bounds = [call.value(float(bound)) if isinstance(bound, (int, float)) else call.value(bound) for bound in (low, high)]
    return call.node("Clip", call.value(call["self"]), *bounds)


def _relu6(call: Call) -> str:
    return call.node("Clip", call.value(call["self"]), call.number(0.0), call.number(6.0))


def _silu(call: Call) -> str:
    x = call.value(call["self"])
    return call.node("Mul", x, call.node("Sigmoid", x))


def _rsqrt(call: Call) -> str:
    return call.node("Reciprocal", call.node("Sqrt", call.value(call["self"])))


def _elu(call: Call) -> str:
    if call["scale"] not in (None, 1) or call["input_scale"] not in (None, 1):
        raise call.refused("is scaled")
    return call.node("Elu", call.value(call["self"]), alpha=float(call["alpha"]))


def _softplus(call: Call) -> str:
    if call["beta"] != 1:
        raise call.refused(f"has beta {call['beta']}", "use the default, 1")
    return call.node("Softplus", call.value(call["self"]))


def _power(call: Call) -> str:
    exponent = call["exponent"]
    if not isinstance(exponent, (int, float, Constant)):
        raise call.refused("takes a power that the network computes")
    return call.node("Pow", call.value(call["self"]), call.value(exponent))


def _add_product(call: Call) -> str:
    product = call.node("Mul", *call.values("tensor1", "tensor2"))
    if call["value"] not in (None, 1):
        product = call.node("Mul", product, call.number(call["value"]))
    return call.node("Add", call.value(call["self"]), product)


def _square(call: Call) -> str:
    x = call.value(call["self"])
    return call.node("Mul", x, x)


def _masked_fill(call: Call) -> str:
    if not isinstance(call["mask"], Constant):
        raise call.refused("takes a mask that the network computes", "multiply by a function of the values instead")
    return call.node("Where", call.value(call["mask"]), call.value(call["value"]), call.value(call["self"]))


def _where(call: Call) -> str:
    if not isinstance(call["condition"], Constant):
        raise call.refused("chooses by a condition that the network computes", "multiply by a function of the values instead")
    return call.node("Where", call.value(call["condition"]), call.value(call["self"]), call.value(call["other"]))


def _cast(call: Call) -> str:
    """Between floats nothing happens: networks are measured in one precision throughout."""
    import torch

    if call.result.dtype in (torch.float16, torch.bfloat16):
        raise call.refused(f"goes on in {call.result.dtype}", "read the module without autocast, in single precision")
    kinds = {torch.float32: 1, torch.float64: 1, torch.int64: 7, torch.int32: 6, torch.bool: 9}
    first = next(iter(call.arguments))
    if call.result.dtype not in kinds:
        raise call.refused(f"makes {call.result.dtype} of what the network computes")
    return call.node("Cast", call.value(call[first]), to=kinds[call.result.dtype])


def _detach(call: Call) -> str:
    raise call.refused("stops the gradient, which a graph has no operator for", "read the module without it")


ELEMENTS: Table = {
    **{name: _same for name in ("contiguous", "clone", "alias", "lift_fresh_copy", "positive")},
    **{name: _cast for name in ("to", "_to_copy", "type_as", "float")},
    **{name: _dropout for name in ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")},
    **{
        name: _plain(operator)
        for name, operator in {
            "relu": "Relu",
            "sigmoid": "Sigmoid",
            "tanh": "Tanh",
            "exp": "Exp",
            "sqrt": "Sqrt",
            "erf": "Erf",
            "neg": "Neg",
            "reciprocal": "Reciprocal",
            "hardswish": "HardSwish",
            "mish": "Mish",
            "selu": "Selu",
        }.items()
    },
    "hardsigmoid": lambda call: call.node("HardSigmoid", call.value(call["self"]), alpha=1 / 6, beta=0.5),
    "gelu": lambda call: call.node("Gelu", call.value(call["self"]), approximate=call["approximate"]),
    "leaky_relu": lambda call: call.node("LeakyRelu", call.value(call["self"]), alpha=float(call["negative_slope"])),
    "prelu": lambda call: call.node("PRelu", *call.values("self", "weight")),
    "elu": _elu,
    "softplus": _softplus,
    "silu": _silu,
    "relu6": _relu6,
    "hardtanh": _clip,
    "clamp": _clip,
    "clamp_min": _clip,
    "clamp_max": _clip,
    "rsqrt": _rsqrt,
    "square": _square,
    "addcmul": _add_product,
    "pow": _power,
    "add": _binary("Add"),
    "sub": _binary("Sub"),
    "rsub": _rsub,
    "mul": _binary("Mul"),
    "div": _binary("Div"),
    "multiply": _binary("Mul"),
    "masked_fill": _masked_fill,
    "where": _where,
    "detach": _detach,
}
