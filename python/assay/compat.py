"""Functions with the signatures of other packages, so that scripts written for them change one import."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from ._errors import AssayWarning, BadSetting
from ._images import _array, images
from ._known import proxies
from ._network import Network
from ._score import score

#: The measures of Zero-Cost NAS, and the proxies that they are here.
MEASURES = {
    "grad_norm": "grad-norm",
    "snip": "snip",
    "grasp": "grasp",
    "fisher": "fisher",
    "jacob_cov": "jacob-cov",
    "plain": "plain",
    "synflow_bn": "synflow-bn",
    "synflow": "synflow",
    "l2_norm": "l2-norm",
}


def find_measures(
    net_orig: Any,
    dataloader: Iterable[Any],
    dataload_info: tuple[str, int, int],
    device: Any,
    loss_fn: Any = None,
    measure_names: Iterable[str] | None = None,
    measures_arr: Mapping[str, Any] | None = None,
) -> dict[str, float | None]:
    """Zero-cost measures of a network, with the signature of `find_measures` of Zero-Cost NAS (Abdelfattah et al., ICLR 2021).

    Each is Assay's proxy of the name, which is held to that code's values by tests; the network's weights are its own, and it is never
    changed. Images are kept as bytes: see `assay.images`.

    Args:
        net_orig: a PyTorch module, what `assay.read` gives, a path of an ONNX file, or a cell of NAS-Bench-201 (with weights drawn by seed 0).
        dataloader: batches, each images × channels × rows × columns (normalised) and labels.
        dataload_info: `("random", batches, classes)` takes so many batches; `("grasp", images, classes)` so many images of each class.
        device: `cpu`.
        loss_fn: the cross-entropy: None, `torch.nn.functional.cross_entropy`, or a `CrossEntropyLoss`.
        measure_names: names as Zero-Cost NAS has them (`MEASURES`), or of proxies; by default all of the former.
        measures_arr: measures that are already computed, an array a layer: they are only added up.

    Returns:
        The measures by name. One that is not defined is None, and an `assay.AssayWarning` says why.

    Raises:
        BadSetting: another device or loss, an unknown name, a loader that ends too early.
        UnsupportedNetwork: the module cannot be read: see `assay.read`.

    Example:
        >>> import numpy
        >>> from assay.compat import find_measures
        >>> rng = numpy.random.default_rng(0)
        >>> loader = [(rng.integers(0, 256, (8, 3, 16, 16), dtype=numpy.uint8), numpy.arange(8))]
        >>> cell = "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_3x3~1|+|none~0|nor_conv_1x1~1|avg_pool_3x3~2|"
        >>> measures = find_measures(cell, loader, ("random", 1, 10), "cpu", measure_names=["synflow", "grad_norm"])
        >>> sorted(measures), measures["grad_norm"] > 0
        (['grad_norm', 'synflow'], True)
    """
    if measures_arr is not None:
        return {name: float(of) if name == "jacob_cov" else float(sum(one.sum() for one in of)) for name, of in measures_arr.items()}
    if str(device).split(":")[0] != "cpu":
        raise BadSetting(f"`device` is {device}: networks are measured on the CPU; give 'cpu'")
    _check_loss(loss_fn)
    asked = list(MEASURES if measure_names is None else measure_names)
    known = proxies()
    for name in asked:
        if MEASURES.get(name, name) not in known["name"]:
            raise BadSetting(f"there is no measure `{name}`; there are {', '.join(MEASURES)}, and the proxies of assay.proxies()")
    pixels, labels, classes = _taken(dataloader, dataload_info)
    dataset = images(pixels, labels, classes=classes)
    names = list(dict.fromkeys(MEASURES.get(name, name) for name in asked))
    batches = {f"proxies.{name}.batch": len(labels) for name in names if "batch" in known.settings(name)["name"]}
    # A cell is built for images of any size, and a network that was read has its own.
    has_size = isinstance(net_orig, Network) or (isinstance(net_orig, str) and not net_orig.lower().endswith(".onnx"))
    size = None if has_size else pixels.shape[1:]
    scores = score(net_orig, names, input=size, dataset=dataset, repeats=1, seed=0, set=batches, progress=False)
    found = {one.proxy: one for one in scores}
    for one in found.values():
        if one.value is None:
            warnings.warn(f"{one.proxy} is undefined, because {one.undefined_because}", AssayWarning, stacklevel=2)
    return {name: found[MEASURES.get(name, name)].value for name in asked}


def _check_loss(loss: Any) -> None:
    """Makes sure that it is the mean cross-entropy, by which proxies are defined."""
    name = getattr(loss, "__name__", type(loss).__name__)
    plain = getattr(loss, "weight", None) is None and getattr(loss, "label_smoothing", 0) == 0 and getattr(loss, "reduction", "mean") == "mean"
    if loss is not None and not (name in ("cross_entropy", "CrossEntropyLoss") and plain):
        raise BadSetting(f"`loss_fn` is {name}: the measures are those of the mean cross-entropy; leave it out, or give that")


def _taken(loader: Iterable[Any], info: tuple[str, int, int]) -> tuple[Any, Any, int]:
    """The images that a loader gives, their labels, and how many classes there are."""
    import numpy

    try:
        how, count, classes = info
    except (TypeError, ValueError):
        raise BadSetting(f"`dataload_info` is {info!r}: give ('random', batches, classes) or ('grasp', images of a class, classes)") from None
    if how not in ("random", "grasp") or count < 1 or classes < 1:
        raise BadSetting(f"`dataload_info` is {info!r}: give ('random', batches, classes) or ('grasp', images of a class, classes)")
    batches = ((_array(pixels, "images"), _array(labels, "labels").reshape(-1)) for pixels, labels in loader)
    if how == "random":
        taken = list(itertools.islice(batches, count))
        if len(taken) < count:
            raise BadSetting(f"the loader ended after {len(taken)} of {count} batches")
        return numpy.concatenate([pixels for pixels, _ in taken]), numpy.concatenate([labels for _, labels in taken]), classes
    of_class: list[list[Any]] = [[] for _ in range(classes)]
    for pixels, labels in batches:
        for image, label in zip(pixels, labels):
            if 0 <= label < classes and len(of_class[label]) < count:
                of_class[label].append(image)
        if all(len(one) == count for one in of_class):
            kept = numpy.stack([image for one in of_class for image in one])
            return kept, numpy.repeat(numpy.arange(classes), count), classes
    missing = [label for label, one in enumerate(of_class) if len(one) < count]
    raise BadSetting(f"the loader ended before it had {count} images of each class; classes {missing} have fewer")
