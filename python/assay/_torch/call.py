"""One operator of an exported program: what it is given, and how it is told in ONNX's terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .._errors import UnsupportedOperator
from .program import Attribute, Program

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Constant:
    """A value that is known and not learned."""

    tensor: torch.Tensor
    #: What it is called in the network.
    name: str


#: A value: the name of one that is computed or learned, one that is known, or several.
Value = str | Constant | tuple[Any, ...] | None
#: How an operator is told: the name of what it computes, or the names.
Rule = Callable[["Call"], "str | tuple[str, ...]"]
#: Rules by the names of PyTorch's operators, without overloads and the underscore of those that write in place.
Table = dict[str, Rule]


@dataclass(frozen=True)
class Call:
    """An operator on its arguments."""

    program: Program
    #: The number that stands for any number of images.
    batch: int
    #: PyTorch's name of it, with its overload.
    operator: str
    #: The module that it is in.
    path: str
    #: Where in the source it is.
    source: str | None
    #: By PyTorch's names, values in place of nodes.
    arguments: dict[str, Any]
    #: The extents of values, by their names.
    shapes: dict[str, tuple[int, ...]]
    #: What torch knows of the result: a tensor without numbers, or several.
    result: Any

    def __getitem__(self, name: str) -> Any:
        """An argument as it is; None where the operator does not have it."""
        return self.arguments.get(name)

    def value(self, argument: Any) -> str:
        """The name of a value, which is made a tensor where it is known; empty where there is none."""
        if argument is None:
            return ""
        if isinstance(argument, Constant):
            return self.program.tensor(argument.name, argument.tensor, False)
        if isinstance(argument, (bool, int, float)):
            return self.number(argument)
        if not isinstance(argument, str):
            raise self.refused("is given several values where one is read")
        return argument

    def values(self, *names: str) -> list[str]:
        """The names of arguments' values."""
        return [self.value(self[name]) for name in names]

    def shape_of(self, argument: Any) -> tuple[int, ...]:
        """The extents of a value."""
        if isinstance(argument, Constant):
            return tuple(argument.tensor.shape)
        return self.shapes.get(argument, ()) if isinstance(argument, str) else ()

    @property
    def shape(self) -> tuple[int, ...]:
        """The extents of the result."""
        return tuple(self.result.shape)

    def axis(self, axis: int, rank: int) -> int:
        """An axis counted from 0."""
        return axis + rank if axis < 0 else axis

    def node(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Adds a node, and gives the name of what it computes."""
        return self.nodes(operator, *inputs, count=1, **attributes)[0]

    def nodes(self, operator: str, *inputs: str, count: int, **attributes: Attribute) -> list[str]:
        """Adds a node that computes several values."""
        given = list(inputs)
        while given and not given[-1]:
            given.pop()
        return self.program.node(operator, self.path, given, count, self.source, **attributes)

    def whole(self, numbers: Sequence[int] | int) -> str:
        """A tensor of these whole numbers."""
        import torch

        return self._made(torch.tensor(numbers, dtype=torch.int64))

    def number(self, number: float) -> str:
        """A tensor of one number, float where the result is."""
        import torch

        is_float = isinstance(number, float) or self.is_float
        return self._made(torch.tensor(float(number) if is_float else number, dtype=torch.float32 if is_float else torch.int64))

    def filled(self, count: int, number: float) -> str:
        """A tensor of this number so many times."""
        import torch

        return self._made(torch.full((count,), float(number)))

    def made(self, tensor: torch.Tensor) -> str:
        """A tensor of the exporter's own."""
        return self._made(tensor)

    @property
    def is_float(self) -> bool:
        """Whether the result, or the first of it, is of floats."""
        first = self.result[0] if isinstance(self.result, (tuple, list)) else self.result
        return bool(getattr(first, "dtype", None) is not None and first.dtype.is_floating_point)

    def refused(self, problem: str, help: str | None = None) -> UnsupportedOperator:
        """What cannot be read, with its place."""
        return refused(self.operator, self.path, self.source, problem, help)

    def _made(self, tensor: torch.Tensor) -> str:
        return self.program.tensor(f"constant/{len(self.program.tensors)}", tensor, False)


def refused(operator: str, path: str, source: str | None, problem: str, help: str | None = None) -> UnsupportedOperator:
    """What is said of an operator that cannot be read."""
    place = f"`{path}`" if path else "the module itself"
    where = f", {source}" if source else ""
    text = f"{operator} of {place}{where} {problem}"
    return UnsupportedOperator(text if help is None else f"{text}\n  help: {help}", text, help, path or None, operator, source)
