"""Architectures of spaces as networks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _native, _toml
from ._errors import BadSetting
from ._network import Network, extents
from ._progress import listening
from ._score import _whole

if TYPE_CHECKING:
    import torch


class Architecture(str):
    """An architecture as its space writes it, which knows its space: a text like any other.

    Example:
        >>> import assay
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> architecture = assay.Architecture(cell, {"name": "nas-bench-201"})
        >>> architecture == cell, architecture.network(channels=4, cells=1).parameters
        (True, 11446)
    """

    #: The settings of the space, `name` among them.
    space: Mapping[str, Any]

    def __new__(cls, text: str, space: Mapping[str, Any]) -> Architecture:
        made = super().__new__(cls, text)
        made.space = space
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:
        return str(self), self.space

    def network(
        self,
        *,
        channels: int = 16,
        cells: int = 5,
        classes: int = 10,
        input: Sequence[int] = (3, 32, 32),
        weights: str | os.PathLike[str] | None = None,
        initialiser: str = "uniform-fan-in",
        seed: int = 0,
    ) -> Network:
        """Its network, as `assay export` makes it.

        Args:
            channels: of the first stage.
            cells: a stage, in spaces with stages.
            classes: of its logits.
            input: the extents of one image: channels, height and width.
            weights: a safetensors file that `assay train` or `assay export` wrote, in place of drawn weights.
            initialiser: the rule that weights are drawn by.
            seed: seeds them (from 0).

        Raises:
            BadSetting: the network cannot be built so.
            AssayError: the file of weights cannot be read, or does not fit.
        """
        sets = _toml.assignments({f"space.{key}": value for key, value in self.space.items()}, {})
        image = list(extents(input))
        if len(image) != 3:
            raise BadSetting(f"`input` is {tuple(image)}: give channels, height and width")
        with listening(False, 1) as (_, line):
            text, native = _native.Network.of_architecture(
                str(self),
                sets,
                image,
                _whole(channels, "channels", 1, 4096),
                _whole(cells, "cells", 1, 100),
                _whole(classes, "classes", 1, 1_000_000),
                weights,
                initialiser,
                _whole(seed, "seed", 0, 2**63 - 1),
                line,
            )
        return Network(native, text)

    def to_torch(self, **how: Any) -> torch.nn.Module:
        """Its network as a PyTorch module with these weights; the arguments are those of `network`. ImportError without PyTorch."""
        return self.network(**how).to_torch()
