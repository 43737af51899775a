"""What torch.export says of a module, which is left as it was; and what is said where it cannot."""

from __future__ import annotations

import mmap
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .._errors import BadSetting, UnsupportedNetwork

if TYPE_CHECKING:
    import torch

#: Primes that stand for any number of images.
BATCHES = (10007, 10009, 10037, 10039, 10061, 10067, 10069, 10079)


@dataclass(frozen=True)
class Exported:
    """A module as torch.export wrote it down."""

    #: The program, of which every extent is a number.
    program: torch.export.ExportedProgram
    #: The number that stands for any number of images.
    batch: int
    #: The extents of one image.
    axes: tuple[int, ...]
    #: Whether the input is of whole numbers.
    is_whole: bool


def exported(module: torch.nn.Module, given: tuple[int, ...] | torch.Tensor) -> Exported:
    """Exports a module for images of these extents, or like those of an example, in evaluation mode.

    BadSetting if the input does not fit; UnsupportedNetwork if the module is not on the CPU, is in half precision, or cannot be exported.
    """
    import torch

    # What torch.compile makes of a module holds the module.
    module = getattr(module, "_orig_mod", module)
    floats = _checked(module)
    if isinstance(given, torch.Tensor):
        if given.ndim < 2:
            raise BadSetting(f"`input` is an example of shape {tuple(given.shape)}: its first axis is the batch, and an image has others")
        if given.dtype not in (torch.float32, torch.float64, torch.int64, torch.int32):
            raise BadSetting(f"`input` is an example of {given.dtype}: give float32, or int64 for tokens")
        axes, kind = tuple(given.shape[1:]), given.dtype
    else:
        axes, kind = given, floats
    dims = [extent for tensor in (*module.parameters(), *module.buffers()) for extent in tensor.shape]
    batch = next((prime for prime in BATCHES if all(extent % prime for extent in (*dims, *axes) if extent)), None)
    if batch is None:
        raise UnsupportedNetwork("the module has a parameter with an extent of each number that could stand for the batch; please report it")
    with _in_evaluation(module), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            program = torch.export.export(module, (_empty((batch, *axes), kind),), strict=False)
        except Exception as error:
            raise _refused(module, axes, error) from error
    return Exported(program, batch, axes, not kind.is_floating_point)


def _checked(module: torch.nn.Module) -> torch.dtype:
    """The precision of the module's numbers, which are all in the CPU's memory."""
    import torch

    kinds = set()
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
            raise UnsupportedNetwork(f"`{name}` has no shape yet: call the module once, so that its lazy layers know theirs")
        if tensor.device.type != "cpu":
            raise UnsupportedNetwork(
                f"`{name}` is on {tensor.device}, and Assay reads weights from the CPU's memory: give `copy.deepcopy(module).cpu()`"
            )
        if tensor.is_floating_point():
            kinds.add(tensor.dtype)
            if tensor.dtype not in (torch.float32, torch.float64):
                raise UnsupportedNetwork(
                    f"`{name}` is of {tensor.dtype}, and Assay measures in single or double precision: give `copy.deepcopy(module).float()`"
                )
    return torch.float64 if kinds == {torch.float64} else torch.float32


@contextmanager
def _in_evaluation(module: torch.nn.Module) -> Iterator[None]:
    """Dropout and stochastic depth are off meanwhile. Only the flags are set, since a module's own `eval` may do more."""
    flags = [(part, part.training) for part in module.modules()]
    try:
        for part, _ in flags:
            part.training = False
        yield
    finally:
        for part, flag in flags:
            part.training = flag


def _empty(shape: tuple[int, ...], kind: torch.dtype) -> torch.Tensor:
    """A tensor that takes no memory: nothing is ever written to its pages, since torch.export looks at shapes alone."""
    import torch

    length = kind.itemsize
    for extent in shape:
        length *= extent
    try:
        if hasattr(mmap, "MAP_PRIVATE"):
            unreserved = getattr(mmap, "MAP_NORESERVE", 0x4000)
            pages = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | unreserved)
        else:
            pages = mmap.mmap(-1, length)
    except (OSError, OverflowError, ValueError):
        raise BadSetting(f"`input` is of {' x '.join(map(str, shape[1:]))}, more than any machine holds") from None
    return torch.frombuffer(pages, dtype=kind).view(shape)


def _refused(module: torch.nn.Module, axes: tuple[int, ...], error: Exception) -> UnsupportedNetwork:
    """What torch.export raised, with what to do."""
    name = type(module).__name__
    said = str(error).strip().splitlines()
    first = said[0] if said else type(error).__name__
    place = next((line.strip() for line in reversed(said) if line.strip().startswith("File ")), None)
    where = f" ({place})" if place else ""
    if any("DataDependent" in kind.__name__ for kind in type(error).__mro__) or "data-dependent" in str(error):
        text = f"the way through `{name}` depends on the data{where}: {first}"
        help = "export one way through it: take the condition out of `forward`, or compute both sides and choose with torch.where"
    elif isinstance(error, TypeError) and ("forward" in first or "argument" in first):
        text = f"`{name}` does not take one input: {first}"
        help = "wrap it in a module whose `forward` takes the images alone"
    else:
        text = f"torch.export cannot write `{name}` down for an input of {' x '.join(map(str, axes))}: {first}{where}"
        help = "check that the module takes a batch of such inputs; where it does, write it as an ONNX file and read that"
    return UnsupportedNetwork(f"{text}\n  help: {help}", text, help)
