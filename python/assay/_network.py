"""Networks that others made: PyTorch modules and ONNX files, read once and measured as often as is asked."""

from __future__ import annotations

import difflib
import json
import os
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import _native
from ._errors import AssayWarning, BadSetting, UnsupportedNetwork, UnsupportedOperator
from ._progress import listening
from ._table import Table

if TYPE_CHECKING:
    import torch


class Network:
    """A network with its weights, as they were when it was read. `assay.read` makes it, and `assay.score` takes it.

    Example:
        >>> import assay, os, tempfile
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = os.path.join(folder, "cell.onnx")
        ...     code = assay._native.main(["assay", "export", cell, "--to", "onnx", "--channels", "4", "--cells", "1", "--output", file])
        ...     network = assay.read(file)
        >>> network.input, network.output, network.parameters
        ((3, 32, 32), (10,), 11446)
        >>> network.summary()["operator"][:3]
        ['input', 'conv2d', 'batch_norm']
    """

    #: What it is called in scores.
    name: str

    def __init__(self, native: _native.Network, name: str) -> None:
        self._native = native
        self.name = name

    @cached_property
    def _described(self) -> dict[str, Any]:
        return json.loads(self._native.described(self.name))

    @property
    def input(self) -> tuple[int, ...]:
        """The extents of one image."""
        return tuple(self._described["input"])

    @property
    def output(self) -> tuple[int, ...]:
        """The extents of what it computes of one image."""
        return tuple(self._described["output"])

    @property
    def parameters(self) -> int:
        """How many numbers are learned."""
        return int(self._described["parameters"])

    @property
    def multiply_adds(self) -> int:
        """Multiply-adds of one image: convolutions, linear layers, products of matrices."""
        return int(self._described["multiply_adds"])

    @property
    def batch_norms(self) -> int:
        """Its batch normalisations."""
        return int(self._described["batch_norms"])

    @property
    def has_folded_norms(self) -> bool:
        """Whether batch normalisations were folded into convolutions when it was written: proxies that need them are then undefined."""
        return bool(self._described["folded_norms"])

    @property
    def notes(self) -> list[str]:
        """What whoever measures it should know: weights that two layers share, outputs that are left out."""
        return list(self._described["notes"])

    def summary(self) -> Table:
        """Its nodes, one a row: node, operator, shape (of one image), parameters, multiply_adds."""
        nodes = self._described["nodes"]
        shapes = ["×".join(map(str, node["shape"])) for node in nodes]
        texts = [(name, "text", [node[name] for node in nodes]) for name in ("node", "operator")]
        counts = [(name, "count", [node[name] for node in nodes]) for name in ("parameters", "multiply_adds")]
        return Table(_native.Table([*texts, ("shape", "text", shapes), *counts]))

    def to_torch(self) -> torch.nn.Module:
        """A PyTorch module that computes what the network does, with a copy of its weights, in training mode as new modules are. Its
        `state_dict` has parameters and running statistics by their paths. ImportError if PyTorch is not installed."""
        from ._torch.interpreting import module

        return module(self._native)

    def to_onnx(self, file: str | os.PathLike[str]) -> None:
        """Writes it as an ONNX file of operator set 17, for any number of images. Read again it has the same logits and scores.
        `AssayError` if the file cannot be written.

        Example:
            >>> import assay, os, tempfile
            >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
            >>> network = assay.Architecture(cell, {"name": "nas-bench-201"}).network(channels=4, cells=1)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     network.to_onnx(os.path.join(folder, "cell.onnx"))
            ...     assay.read(os.path.join(folder, "cell.onnx")).parameters == network.parameters
            True
        """
        self._native.write_onnx(self.name, file)

    def __repr__(self) -> str:
        made = "×".join(map(str, self.input)), "×".join(map(str, self.output))
        return f"Network({self.name!r}, {made[0]} to {made[1]}, {self.parameters} parameters, {self.multiply_adds} multiply-adds)"

    def _repr_html_(self) -> str:
        """For notebooks."""
        return f"<p>{self!r}</p>{self.summary()._repr_html_()}"


def read(
    network: Network | torch.nn.Module | str | os.PathLike[str],
    *,
    input: Sequence[int] | torch.Tensor | None = None,
    name: str | None = None,
    blocks: Sequence[str] | None = None,
) -> Network:
    """Reads a network: a PyTorch module, or an ONNX file.

    A module is read by torch.export in evaluation mode, so that dropout and stochastic depth are off. It is not changed, but for its
    training flags while it is read. Batch normalisations keep their running statistics, and parameters the names of `state_dict`.

    Args:
        network: a module on the CPU in single or double precision, or the path of an ONNX file. A `Network` is given back.
        input: the extents of one image, without the batch: `(3, 32, 32)`; of a module also an example with a batch, as of whole numbers
            for a network of tokens. A file that fixes its own needs none.
        name: what it is called in scores; by default the module's class, or the file.
        blocks: the paths of the modules whose outputs end the network's blocks, in order, which AZ-NAS follows; by default
            they are found in the graph, as those of a file: where branches are joined and one value alone goes on.

    Returns:
        The network with a copy of its weights.

    Raises:
        UnsupportedOperator: it has an operator that Assay does not read; the message names the place in the module, and what to do.
        UnsupportedNetwork: it cannot be read for another reason.
        BadSetting: it is neither, or `input` does not fit.

    Example:
        >>> import assay, os, tempfile
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = os.path.join(folder, "cell.onnx")
        ...     code = assay._native.main(["assay", "export", cell, "--to", "onnx", "--channels", "4", "--cells", "1", "--output", file])
        ...     network = assay.read(file, name="cell")
        >>> assay.score(network, "params", progress=False)["params"].value
        11446.0
    """
    if isinstance(network, Network):
        return network if name is None else Network(network._native, name)
    if is_module(network):
        return _of_module(network, input, name, blocks)
    if blocks is not None:
        raise BadSetting("`blocks` are paths of a module's parts: those of a file are found in its graph")
    if not isinstance(network, (str, os.PathLike)):
        raise BadSetting(f"`network` is a {type(network).__name__}: give a torch.nn.Module, or the path of an ONNX file")
    path = os.fspath(network)
    if not path.lower().endswith(".onnx"):
        raise BadSetting(f"`{path}` is not the name of an ONNX file, which ends in .onnx")
    with listening(False, 1) as (_, line):
        native = _native.Network.of_file(path, None if input is None else list(extents(input)), line)
    return Network(native, path if name is None else name)


def is_module(given: Any) -> bool:
    """Whether something is a PyTorch module. Where it is, torch was imported."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(given, torch.nn.Module)


def extents(given: Any) -> tuple[int, ...]:
    """The extents of one image."""
    try:
        found = tuple(extent.__index__() for extent in given)
    except (AttributeError, TypeError):
        raise BadSetting(
            f"`input` is a {type(given).__name__}: give the extents of one image, as (3, 32, 32); of a module also an example with a batch"
        ) from None
    if not found or min(found) < 1:
        raise BadSetting(f"`input` is {found}: give the extents of one image, as (3, 32, 32)")
    return found


def _of_module(module: torch.nn.Module, input: Any, name: str | None, blocks: Sequence[str] | None) -> Network:
    import torch

    from ._torch.exporting import exported
    from ._torch.walking import told

    name = type(getattr(module, "_orig_mod", module)).__name__ if name is None else name
    if input is None:
        raise BadSetting(f"`input` is missing: say for which images `{name}` is read, as input=(3, 32, 32)")
    exporting = exported(module, input if isinstance(input, torch.Tensor) else extents(input))
    program, outputs, ends = told(exporting)
    wanted = [] if blocks is None else [_end(path, ends) for path in blocks]
    try:
        with listening(False, 1) as (_, line):
            native = _native.Network.of_nodes(
                name,
                ("torch.export", torch.__version__),
                ("input", list(exporting.axes), exporting.is_whole),
                exporting.batch,
                program.nodes,
                program.tensors,
                outputs,
                wanted,
                line,
            )
    except UnsupportedOperator as error:
        source = program.sources.get(error.node or "")
        text = error.message if source is None else f"{error.message} ({source})"
        raise UnsupportedOperator(text, text, error.help, error.node, None, source) from None
    network = Network(native, name)
    for note in network.notes:
        warnings.warn(f"{name}: {note}", AssayWarning, stacklevel=3)
    return network


def _end(path: str, ends: dict[str, str]) -> str:
    """The value that the module at a path gives."""
    if path not in ends:
        near = difflib.get_close_matches(str(path), ends, 3)
        advice = f"; near are {', '.join(f'`{one}`' for one in near)}" if near else ""
        raise BadSetting(f"`blocks` names `{path}`, and no module of this path computes anything{advice}")
    return ends[path]


@dataclass(frozen=True)
class Support:
    """Whether a network can be read. As a truth value it is `ok`.

    Example:
        >>> import assay
        >>> report = assay.supports("no/such/file.onnx")
        >>> bool(report), report.network is None
        (False, True)
    """

    #: Whether it can.
    ok: bool
    #: The network; None where it cannot.
    network: Network | None
    #: Why it cannot, and what to do; None where it can.
    reason: str | None

    def __bool__(self) -> bool:
        return self.ok


def supports(
    network: Network | torch.nn.Module | str | os.PathLike[str], *, input: Sequence[int] | torch.Tensor | None = None
) -> Support:
    """Says whether a network can be read, before anything is measured: the arguments are those of `assay.read`.

    Raises:
        BadSetting: `network` is neither a module nor the path of a file, or a module's `input` is missing.

    Example:
        >>> import assay
        >>> assay.supports("no/such/file.onnx").reason is not None
        True
    """
    if not isinstance(network, (Network, str, os.PathLike)) and (not is_module(network) or input is None):
        read(network, input=input)
    try:
        return Support(True, read(network, input=input), None)
    except (UnsupportedNetwork, BadSetting) as error:
        return Support(False, None, str(error))
