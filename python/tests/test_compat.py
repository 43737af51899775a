"""Images that are given as arrays, and the functions of other packages by their signatures."""

import warnings

import assay
import pytest
from assay.compat import MEASURES, find_measures
from conftest import CELL

numpy = pytest.importorskip("numpy")


def batch(images=8, size=16, seed=0):
    rng = numpy.random.default_rng(seed)
    return rng.integers(0, 256, (images, 3, size, size), dtype=numpy.uint8), numpy.arange(images) % 10


def normalised(pixels):
    mean, deviation = numpy.array([0.4914, 0.4822, 0.4465]), numpy.array([0.2023, 0.1994, 0.2010])
    return ((pixels / 255 - mean[None, :, None, None]) / deviation[None, :, None, None]).astype(numpy.float32)


def test_networks_see_the_images_that_were_given():
    seen = {}

    @assay.proxy()
    def looks(measured):
        seen["images"], seen["labels"] = measured.images.copy(), measured.labels.copy()
        return 1.0

    pixels, labels = batch()
    for given, exact in ((pixels, pixels / 255), (normalised(pixels), normalised(pixels))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            name = assay.images(given, labels, classes=10)
        scores = assay.score(CELL, "looks", dataset=name, repeats=1, proxies__looks__batch=8, progress=False)
        assert "8 images of 3×16×16 that were given as arrays" in scores.protocol
        # A minibatch of all images has each of them once, in an order that is drawn.
        order = numpy.argsort(seen["labels"])
        assert seen["labels"][order].tolist() == labels.tolist()
        assert numpy.abs(seen["images"][order] - exact).max() < 1e-5


def test_what_is_lost_by_bytes_is_told():
    values = numpy.random.default_rng(0).normal(size=(8, 3, 16, 16))
    with pytest.warns(assay.AssayWarning, match="differ by up to 0.00"):
        assay.images(values, numpy.arange(8))


def test_measures_are_the_scores_of_the_proxies(monkeypatch):
    pixels, labels = batch()
    loader = [(normalised(pixels), labels), batch(seed=1)]
    measures = find_measures(CELL, loader, ("random", 1, 10), "cpu")
    assert list(measures) == list(MEASURES) and all(value is not None for value in measures.values()), measures
    name = assay.images(normalised(pixels), labels, classes=10)
    proxies = {f"proxies.{proxy}.batch": 8 for proxy in MEASURES.values() if "batch" in assay.proxies().settings(proxy)["name"]}
    scores = assay.score(CELL, list(MEASURES.values()), dataset=name, repeats=1, set=proxies, progress=False)
    assert [measures[ours] for ours in MEASURES] == [scores[theirs].value for theirs in MEASURES.values()]
    # By classes, and two batches.
    grasp = find_measures(CELL, [loader[0], loader[0]], ("grasp", 1, 8), "cpu", measure_names=["snip", "naswot"])
    assert list(grasp) == ["snip", "naswot"] and None not in grasp.values()
    both = find_measures(CELL, [(pixels, labels), batch(seed=1)], ("random", 2, 10), "cpu", measure_names=["snip"])
    assert both["snip"] > 0


def test_measures_that_are_computed_already_are_added_up():
    arrays = {"snip": [numpy.ones((2, 2)), numpy.ones(3)], "jacob_cov": -3.5}
    assert find_measures(None, [], ("random", 1, 10), "cpu", measures_arr=arrays) == {"snip": 7.0, "jacob_cov": -3.5}


def test_measures_of_a_module_are_those_of_pytorch():
    torch = pytest.importorskip("torch")
    if not hasattr(torch, "export"):
        pytest.skip("torch is older than torch.export")
    torch.manual_seed(0)
    layers = [torch.nn.Conv2d(3, 8, 3, padding=1, bias=False), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.Conv2d(8, 8, 3, stride=2)]
    net = torch.nn.Sequential(*layers, torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(8, 10))
    pixels, labels = batch()
    inputs, targets = torch.from_numpy(normalised(pixels)), torch.from_numpy(labels)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    loss = torch.nn.functional.cross_entropy
    measures = find_measures(net, [(inputs, targets)], ("random", 1, 10), torch.device("cpu"), loss, ["grad_norm", "snip", "l2_norm"])
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items()) and net.training
    loss(net(inputs), targets).backward()
    weighted = [layer for layer in net if isinstance(layer, (torch.nn.Conv2d, torch.nn.Linear))]
    assert measures["grad_norm"] == pytest.approx(sum(float(layer.weight.grad.norm()) for layer in weighted), rel=1e-4)
    assert measures["snip"] == pytest.approx(sum(float((layer.weight.grad * layer.weight).abs().sum()) for layer in weighted), rel=1e-4)
    assert measures["l2_norm"] == pytest.approx(sum(float(layer.weight.norm()) for layer in weighted), rel=1e-4)


def test_what_does_not_fit_is_said():
    pixels, labels = batch()
    loader = [(pixels, labels)]
    info = ("random", 1, 10)

    def mse_loss(output, target):
        return 0

    for wrong, said in [
        (lambda: find_measures(CELL, loader, info, "cuda:0"), "`device` is cuda:0"),
        (lambda: find_measures(CELL, loader, info, "cpu", mse_loss), "`loss_fn` is mse_loss"),
        (lambda: find_measures(CELL, loader, info, "cpu", None, ["snap"]), "there is no measure `snap`"),
        (lambda: find_measures(CELL, loader, ("random", 2, 10), "cpu"), "the loader ended after 1 of 2 batches"),
        (lambda: find_measures(CELL, loader, ("grasp", 1, 10), "cpu"), r"classes \[8, 9\] have fewer"),
        (lambda: find_measures(CELL, loader, ("all", 1, 10), "cpu"), "give .'random', batches, classes"),
        (lambda: find_measures(CELL, loader, "random", "cpu"), "give .'random', batches, classes"),
        (lambda: assay.images(pixels[0], labels), "images × channels × rows × columns"),
        (lambda: assay.images(pixels, labels[:3]), "there are 3 labels"),
        (lambda: assay.images(pixels.astype(int), labels), "give uint8, or floats"),
        (lambda: assay.images(pixels * numpy.nan, labels), "give uint8, or floats"),
        (lambda: assay.images(pixels, labels - 1), "whole numbers from 0"),
        (lambda: assay.images(pixels, labels, classes=3), "there are only 3 classes"),
        (lambda: assay.images(pixels, labels, name="cifar10"), "two plugins are called dataset `cifar10`"),
    ]:
        with pytest.raises(assay.BadSetting, match=said):
            wrong()
