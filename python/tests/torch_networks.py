"""Modules of PyTorch that tests read: the networks of the oracles `onnx_*`, made again, and a small one."""

import json
import os
from functools import partial
from pathlib import Path

import assay
import torch
import torchvision
from torch import nn
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.densenet import DenseNet
from torchvision.models.mobilenetv3 import InvertedResidualConfig, MobileNetV3
from torchvision.models.vision_transformer import VisionTransformer

IMAGES = (3, 32, 32)
SHARED = Path(os.environ.get("ASSAY_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "oracles"


class Block(nn.Module):
    """A residual block as torchvision's, with a ReLU of its own in both places."""

    def __init__(self, channels, out, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(channels, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
        self.conv2, self.bn2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
        self.relu1, self.relu2 = nn.ReLU(), nn.ReLU()
        self.downsample = None
        if stride != 1 or channels != out:
            self.downsample = nn.Sequential(nn.Conv2d(channels, out, 1, stride, bias=False), nn.BatchNorm2d(out))

    def forward(self, x):
        y = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        return self.relu2(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """ResNet-18 with torchvision's stem and fewer channels."""

    def __init__(self, channels=12, classes=10):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, channels, 7, 2, 3, bias=False), nn.BatchNorm2d(channels)
        self.relu, self.maxpool = nn.ReLU(), nn.MaxPool2d(3, 2, 1)
        for stage in range(4):
            out = channels << stage
            first = Block(out if stage == 0 else out // 2, out, 1 if stage == 0 else 2)
            self.add_module(f"layer{stage + 1}", nn.Sequential(first, Block(out, out, 1)))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8 * channels, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


def senet():
    block = partial(InvertedResidualConfig, dilation=1, width_mult=1.0)
    settings = [
        block(8, 3, 8, 8, True, "RE", 2),
        block(8, 3, 24, 16, False, "RE", 2),
        block(16, 5, 32, 16, True, "HS", 1),
        block(16, 5, 48, 24, True, "HS", 2),
    ]
    return MobileNetV3(settings, last_channel=64, num_classes=10)


def convnext():
    return ConvNeXt([CNBlockConfig(16, 32, 1), CNBlockConfig(32, 48, 2), CNBlockConfig(48, None, 1)], layer_scale=0.1, num_classes=10)


ORACLES = {
    "resnet18_a": ResNet18,
    "mobilenetv2_a": lambda: torchvision.models.MobileNetV2(num_classes=10, width_mult=0.35),
    "densenet_a": lambda: DenseNet(growth_rate=8, block_config=(2, 3, 2), num_init_features=16, bn_size=2, num_classes=10),
    "senet_a": senet,
    "convnext_a": convnext,
    "vit_a": lambda: VisionTransformer(
        image_size=32, patch_size=8, num_layers=3, num_heads=4, hidden_dim=48, mlp_dim=96, num_classes=10
    ),
}


def oracle(name):
    """The module of an oracle with its weights and running statistics, all of its tensors, and what is told beside them."""
    from safetensors.torch import load_file

    tensors = load_file(SHARED / f"onnx_{name}.safetensors")
    module = ORACLES[name]()
    own = {key.split(".", 1)[1]: value for key, value in tensors.items() if key.split(".")[0] in ("param", "buffer")}
    missing, unexpected = module.load_state_dict(own, strict=False)
    assert not unexpected and all(key.endswith("num_batches_tracked") for key in missing), (missing, unexpected)
    return module, tensors, json.loads((SHARED / f"onnx_{name}.json").read_text())


def read(module, input=IMAGES, **more):
    return assay.read(module, input=input, **more)


def structure(network):
    """The graph without the names of nodes."""
    graph = json.loads(network._native.graph())
    return graph["input"], [(node["operator"], node["inputs"]) for node in graph["nodes"]], graph["output"]


def small():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 10))
