"""Images of the caller's as a dataset."""

from __future__ import annotations

import hashlib
import warnings
from typing import Any

from . import _native
from ._errors import AssayWarning, BadSetting
from ._score import _whole

#: By how much of the range of a channel a pixel may differ from what was given, where it is kept as a byte, without being told.
_TOLD = 1e-4
#: Images with more channels whose last axis has no more than these are taken to have their channels there.
_MOST_CHANNELS = 4


def images(pixels: Any, labels: Any, *, classes: int | None = None, name: str | None = None) -> str:
    """Makes a dataset of arrays, which every experiment of this process may name from then on.

    Pixels are kept as bytes, as datasets have them. An array of uint8 is kept as it is, and networks see it scaled to 0–1. One of floats is
    what networks see, as after the usual normalisation: the least value of a channel becomes the byte 0 and the greatest 255, which gives
    images of 8 bits back; where a pixel differs from what was given by more than a ten-thousandth of its channel's range, a warning says
    by how much.

    Args:
        pixels: images × channels × rows × columns; an array of NumPy, or a tensor of PyTorch on the CPU.
        labels: the class of each image, from 0.
        classes: how many classes there are; by default one more than the greatest label.
        name: the dataset's name; by default made of the content.

    Returns:
        The name, for `dataset=`.

    Raises:
        BadSetting: the arrays do not fit each other, are on another device, have their channels last, or hold what is no image.

    Example:
        >>> import assay, numpy
        >>> rng = numpy.random.default_rng(0)
        >>> name = assay.images(rng.integers(0, 256, (8, 3, 16, 16), dtype=numpy.uint8), rng.integers(0, 10, 8), classes=10)
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> assay.score(cell, "naswot", dataset=name, proxies__naswot__batch=8, progress=False)["naswot"].value > 0
        True
    """
    import numpy

    given, targets = _array(pixels, "pixels"), _array(labels, "labels").reshape(-1)
    if given.ndim != 4 or given.shape[0] == 0 or given.shape[0] != targets.shape[0]:
        raise BadSetting(f"`pixels` have the shape {given.shape}, and there are {targets.shape[0]} labels: give images × channels × rows × columns")
    if given.shape[1] > _MOST_CHANNELS >= given.shape[3]:
        raise BadSetting(
            f"`pixels` have the shape {given.shape}, whose channels come last: give images × channels × rows × columns, as by "
            ".transpose(0, 3, 1, 2) of an array, or .permute(0, 3, 1, 2) of a tensor"
        )
    if not numpy.issubdtype(targets.dtype, numpy.integer) or targets.min() < 0:
        raise BadSetting(f"`labels` are of {targets.dtype}, the least {targets.min()}: give whole numbers from 0")
    if given.dtype == numpy.uint8:
        bytes_, mean, deviation = given, [0.0] * given.shape[1], [1.0] * given.shape[1]
    elif numpy.issubdtype(given.dtype, numpy.floating) and numpy.isfinite(given).all():
        bytes_, mean, deviation = _as_bytes(given)
    else:
        raise BadSetting(f"`pixels` are of {given.dtype}: give uint8, or floats that are finite")
    kept = numpy.ascontiguousarray(bytes_).tobytes()
    digest = hashlib.sha256(kept + repr((mean, deviation, targets.tolist())).encode()).hexdigest()[:12]
    count = int(targets.max()) + 1 if classes is None else _whole(classes, "classes", 1, 2**31 - 1)
    called = f"images-{digest}" if name is None else name
    shape = (given.shape[1], given.shape[2], given.shape[3])
    axes = "×".join(map(str, shape))
    _native.bring_images(
        name=called,
        description=f"{given.shape[0]} images of {axes} that were given as arrays, {digest}",
        pixels=kept,
        labels=[int(label) for label in targets],
        shape=shape,
        classes=count,
        mean=mean,
        deviation=deviation,
    )
    return called


def _array(given: Any, what: str) -> Any:
    import numpy

    device = getattr(given, "device", "cpu")
    if str(device).split(":")[0] != "cpu":
        raise BadSetting(f"`{what}` are on {device}: give them from the CPU, as by .cpu()")
    try:
        array = numpy.asarray(given.detach().numpy() if hasattr(given, "detach") else given)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadSetting(f"`{what}` are not an array: {error}; give one of NumPy, or a dense tensor as by .float()") from error
    if array.dtype == object:
        raise BadSetting(f"`{what}` are a {type(given).__name__} of things of several kinds or lengths: give an array of numbers")
    return array


def _as_bytes(given: Any) -> tuple[Any, list[float], list[float]]:
    """Floats as bytes, with the normalisation that gives them back."""
    import numpy

    given = given.astype(numpy.float64)
    least = given.min(axis=(0, 2, 3), keepdims=True)
    extent = given.max(axis=(0, 2, 3), keepdims=True) - least
    extent[extent == 0] = 1.0
    bytes_ = numpy.rint((given - least) / extent * 255)
    differs = float((abs(bytes_ / 255 - (given - least) / extent)).max())
    if differs > _TOLD:
        warnings.warn(f"pixels are kept as bytes: they differ by up to {differs:.2g} of a channel's range from what was given", AssayWarning, stacklevel=3)
    return bytes_.astype(numpy.uint8), (-least / extent).reshape(-1).tolist(), (1 / extent).reshape(-1).tolist()
