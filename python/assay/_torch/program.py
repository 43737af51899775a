"""Nodes in ONNX's terms, as they are handed to the compiled part."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

#: A setting of a node.
Attribute = int | float | str | list[int] | list[float]
#: A node: operator, name, inputs (empty where one is left out), outputs, settings.
Node = tuple[str, str, list[str], list[str], dict[str, Attribute]]
#: A tensor: name, extents, type in NumPy, memory, whether it is learned.
Tensor = tuple[str, list[int], str, Any, bool]


@dataclass
class Program:
    """What a module computes: nodes and tensors, each value by its name."""

    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    #: By the name of a node, where in the module's source it is.
    sources: dict[str, str] = field(default_factory=dict)
    _names: dict[str, int] = field(default_factory=dict)
    _known: set[str] = field(default_factory=set)

    def node(
        self, operator: str, path: str, inputs: list[str], count: int = 1, source: str | None = None, **attributes: Attribute
    ) -> list[str]:
        """Adds a node of the module at this path, and gives the names of what it computes."""
        name = self._own(f"{path}.{operator}" if path else operator)
        outputs = [f"%{name}" if count == 1 else f"%{name}:{place}" for place in range(count)]
        self.nodes.append((operator, name, inputs, outputs, attributes))
        if source is not None:
            self.sources[name] = source
        return outputs

    def tensor(self, name: str, tensor: torch.Tensor, is_learned: bool) -> str:
        """Adds a tensor, once, and gives its name. Its memory is lent where it is in one piece and of a type that is read."""
        import torch

        if name not in self._known:
            self._known.add(name)
            given = tensor.detach()
            if given.dtype in (torch.float16, torch.bfloat16):
                given = given.float()
            elif not (given.is_floating_point() or given.dtype in (torch.bool, torch.int64, torch.int32)):
                given = given.long()
            array = given.contiguous().numpy()
            if not is_learned:
                # Operators on what is known may write into it later.
                array = array.copy()
            self.tensors.append((name, list(given.shape), array.dtype.name, array.reshape(-1).view("uint8"), is_learned))
        return name

    def _own(self, wanted: str) -> str:
        """A name that no other node has."""
        count = self._names.get(wanted, 0)
        self._names[wanted] = count + 1
        return f"{wanted}_{count}" if count else wanted
