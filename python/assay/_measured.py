"""What a proxy that is written in Python reads: a network, its images, and what was measured, as arrays of NumPy without a copy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import _native
from ._errors import BadSetting

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Node:
    """A node of a network.

    Example:
        >>> import assay
        >>> assay.Node(1, "stem.conv", "conv2d", (0,), (16, 32, 32)).operator
        'conv2d'
    """

    #: Its number, by which others read it.
    number: int
    #: Its path, unique in the network.
    name: str
    #: The kind of its operator, as `conv2d` or `relu`.
    operator: str
    #: The numbers of the nodes that it reads.
    inputs: tuple[int, ...]
    #: The axes of its value for one image: channels, rows, columns.
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a network.

    Example:
        >>> import assay
        >>> assay.Parameter(0, "stem.conv.weight", 1, "weight", (16, 3, 3, 3), 27, 144).role
        'weight'
    """

    #: Its number.
    number: int
    #: Its path, unique in the network, as in a `state_dict`.
    name: str
    #: The number of the node that it belongs to.
    node: int
    #: `weight`, `bias`, `scale` and `offset` (of normalisations), or `other`.
    role: str
    #: Its shape, outermost first.
    shape: tuple[int, ...]
    #: Inputs that reach one output unit, and output units that one input reaches.
    fan_in: int
    fan_out: int


class Measured:
    """What a proxy's function is given: the network, the images, and what it asked for.

    Arrays are NumPy's, lent without a copy and read only; they stay right for as long as they are held. What was not asked for is a
    `LookupError`, which says so.

    Example:
        >>> import assay
        >>> @assay.proxy(ask=assay.Gradients("cross-entropy"), better="higher")
        ... def documented_norm(measured):
        ...     "the norm of all gradients of weights"
        ...     return sum(float((gradient**2).sum()) for gradient in measured.gradients(role="weight")) ** 0.5
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> assay.score(cell, "documented-norm", repeats=1, progress=False)["documented-norm"].value > 0
        True
    """

    def __init__(self, native: _native.Measurement) -> None:
        self._native = native

    @cached_property
    def _structure(self) -> dict[str, Any]:
        return json.loads(self._native.structure())

    @cached_property
    def nodes(self) -> list[Node]:
        """The nodes of the network, each after those that it reads."""
        return [
            Node(number, node["name"], node["operator"], tuple(node["inputs"]), tuple(node["shape"]))
            for number, node in enumerate(self._structure["nodes"])
        ]

    @cached_property
    def parameters(self) -> list[Parameter]:
        """The parameters of the network, in the order of `gradients()`."""
        return [
            Parameter(number, one["name"], one["node"], one["role"], tuple(one["shape"]), one["fan_in"], one["fan_out"])
            for number, one in enumerate(self._structure["parameters"])
        ]

    def select(self, of: str) -> list[Node]:
        """The nodes of a kind of operator; those that are the network's `blocks`, or its `output`. BadSetting, with the kinds that there are,
        if there is no such kind."""
        if of == "blocks":
            return [self.nodes[block] for block in self._structure["blocks"]]
        if of == "output":
            return [self.nodes[self._structure["output"]]]
        found = [node for node in self.nodes if node.operator == of]
        known = [] if found else [kind for kind, *_ in _native.operators()]
        if not found and of not in known:
            raise BadSetting(f"no network has nodes `{of}`; known: blocks, output, {', '.join(known)}")
        return found

    @property
    def images(self) -> NDArray[numpy.float32]:
        """What entered the network: normalised pixels, images × channels × rows × columns, float32."""
        return _array(self._native.pixels())

    @property
    def labels(self) -> NDArray[numpy.uint32]:
        """The class of each image, from 0, uint32."""
        return _array(self._native.labels())

    @property
    def output(self) -> NDArray[numpy.float64]:
        """What came out: images × classes, float64. It need not be asked for."""
        return _array(self._native.output())

    def weights(self, role: str | None = None) -> list[NDArray[numpy.float32]]:
        """The values of all parameters, or of those of a role, float32. They need not be asked for."""
        return [_array(self._native.parameter(one.number)) for one in self.parameters if role in (None, one.role)]

    def gradients(self, objective: str = "cross-entropy", role: str | None = None) -> list[NDArray[numpy.float64]]:
        """The gradients of an objective with respect to all parameters, or those of a role, each of its parameter's shape, float64."""
        wanted = [one.number for one in self.parameters if role in (None, one.role)]
        return [_array(self._native.parameter_gradient(objective, number)) for number in wanted]

    def value(self, node: Node) -> NDArray[numpy.float64]:
        """A node's value: images × channels × rows × columns, float64."""
        return _array(self._native.value(node.number))

    def gradient(self, node: Node, objective: str = "cross-entropy") -> NDArray[numpy.float64]:
        """The gradient of an objective with respect to a node's value, of the value's shape, float64."""
        return _array(self._native.node_gradient(objective, node.number))

    def products(self, node: Node, objective: str = "cross-entropy") -> NDArray[numpy.float64]:
        """Σ value · gradient over each map of a node: images × channels, float64."""
        return _array(self._native.node_products(objective, node.number))

    def moments(self, node: Node) -> tuple[NDArray[numpy.float64], NDArray[numpy.float64]]:
        """Mean and biased variance of each channel of a node, float64."""
        mean, variance = self._native.moments(node.number)
        return _array(mean), _array(variance)

    @property
    def patterns(self) -> NDArray[numpy.uint64]:
        """Which ReLU units are on, 64 to a word, the lowest bit first: images × words, uint64. Bits beyond `units` are 0."""
        return _array(self._native.patterns()[0])

    @property
    def units(self) -> int:
        """How many ReLU units the network has."""
        return self._native.patterns()[1]

    @property
    def gram(self) -> NDArray[numpy.float64]:
        """The tangent Gram matrix: images × images, float64."""
        return _array(self._native.gram())

    def rng(self, purpose: str) -> numpy.random.Generator:
        """Random numbers that depend on the run's seed, the measurement and the purpose alone. Others make a score depend on the order of
        work."""
        import numpy

        return numpy.random.Generator(numpy.random.PCG64(self._native.words(purpose)))


def _array(lent: _native.Lent) -> NDArray[Any]:
    import numpy

    return numpy.asarray(lent)
