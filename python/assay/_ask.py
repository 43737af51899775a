"""What a proxy that is written in Python asks of a pass over a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from ._errors import BadSetting

#: A scalar that is differentiated: the mean over images of the cross-entropy between the output's softmax and the labels, or the sum of
#: the output over images and classes.
Objective = Literal["cross-entropy", "output-sum"]

Nodes = str | tuple[str, ...]


def _nodes(of: Nodes) -> list[str]:
    return [of] if isinstance(of, str) else list(of)


@dataclass(frozen=True)
class Gradients:
    """Gradients of an objective: with respect to every parameter, or to the values of nodes.

    Args:
        objective: `cross-entropy` (the mean over images, with the labels) or `output-sum` (over images and classes).
        of: `parameters`; or nodes: `blocks`, `output`, or a kind of operator, as `relu`; or several of those.

    Example:
        >>> import assay
        >>> assay.Gradients("output-sum", of="relu")
        Gradients(objective='output-sum', of='relu')
    """

    objective: Objective = "cross-entropy"
    of: Nodes = "parameters"

    def _written(self) -> list[tuple[str, str, list[str]]]:
        nodes = [node for node in _nodes(self.of) if node != "parameters"]
        written: list[tuple[str, str, list[str]]] = []
        if "parameters" in _nodes(self.of):
            written.append(("parameter gradients", self.objective, []))
        if nodes:
            written.append(("node gradients", self.objective, nodes))
        return written


@dataclass(frozen=True)
class Products:
    """Σ value · gradient over each map of nodes, for each image: the gradient with respect to a factor of the map.

    Args:
        objective: as of `Gradients`.
        of: nodes, as of `Gradients`.

    Example:
        >>> import assay
        >>> assay.Products("cross-entropy", of="conv2d").of
        'conv2d'
    """

    objective: Objective = "cross-entropy"
    of: Nodes = "relu"

    def _written(self) -> list[tuple[str, str, list[str]]]:
        return [("products", self.objective, _nodes(self.of))]


@dataclass(frozen=True)
class Values:
    """The values of nodes, for each image: `blocks`, `output`, or a kind of operator; or several of those.

    Example:
        >>> import assay
        >>> assay.Values(("relu", "blocks")).of
        ('relu', 'blocks')
    """

    of: Nodes = "relu"

    def _written(self) -> list[tuple[str, str, list[str]]]:
        return [("values", "", _nodes(self.of))]


@dataclass(frozen=True)
class Moments:
    """Mean and variance of each channel of nodes, over images and positions; nodes as of `Values`.

    Example:
        >>> import assay
        >>> assay.Moments("batch_norm")
        Moments(of='batch_norm')
    """

    of: Nodes = "batch_norm"

    def _written(self) -> list[tuple[str, str, list[str]]]:
        return [("moments", "", _nodes(self.of))]


@dataclass(frozen=True)
class Patterns:
    """Which ReLU units are on, for each image.

    Example:
        >>> import assay
        >>> assay.Patterns()
        Patterns()
    """

    def _written(self) -> list[tuple[str, str, list[str]]]:
        return [("patterns", "", [])]


@dataclass(frozen=True)
class Gram:
    """The tangent Gram matrix of the minibatch, as TE-NAS has it: inner products of gradients of the summed output, image by image.

    Example:
        >>> import assay
        >>> assay.Gram()
        Gram()
    """

    def _written(self) -> list[tuple[str, str, list[str]]]:
        return [("gram", "", [])]


#: One thing, or several.
Ask = Gradients | Products | Values | Moments | Patterns | Gram


def written(ask: Ask | Iterable[Ask]) -> list[tuple[str, str, list[str]]]:
    """As the compiled part takes it. BadSetting if something else is among it."""
    known = (Gradients, Products, Values, Moments, Patterns, Gram)
    asks = [ask] if isinstance(ask, known) else list(ask)
    for one in asks:
        if not isinstance(one, known):
            names = ", ".join(f"assay.{each.__name__}" for each in known)
            raise BadSetting(f"`ask` has {one!r}: a proxy asks for {names}")
    return [each for one in asks for each in one._written()]
