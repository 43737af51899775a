"""Twenty networks of torchvision, timm and this file as ONNX files, each with an input and what PyTorch makes of it.

    python3 experiments/examples/networks/export.py FOLDER [NAME ...]

For each network FOLDER gets NAME.onnx (TorchScript's exporter, which keeps batch normalisation and parameter names), NAME.input (32-bit
floats, little-endian) and NAME.json: the shape of the input, the number of parameters, and the logits in evaluation mode. Weights are
random, from a fixed seed; those that begin as one number everywhere are moved away from it. Needs torch, torchvision, timm and onnx.
"""
import json
import math
import pathlib
import sys
import warnings

import timm
import torch
import torchvision
from torch import nn
from torch.nn import functional as F

IMAGES, SIDE, TOKENS, WORDS = 2, 64, 16, 96


class Attention(nn.Module):
    """Causal attention, with rotated queries and keys if `angles` are given."""

    def __init__(self, width, heads, bias):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width, bias=bias), nn.Linear(width, width, bias=bias)

    def forward(self, x, angles=None):
        batch, tokens, width = x.shape
        split = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        if angles is not None:
            query, key = rotated(query, angles), rotated(key, angles)
        products = query @ key.transpose(-2, -1) / math.sqrt(width // self.heads)
        hidden = torch.ones(tokens, tokens, dtype=torch.bool).triu(1)
        mixed = products.masked_fill(hidden, -1e4).softmax(-1) @ value
        return self.out(mixed.transpose(1, 2).reshape(batch, tokens, width))


def rotated(x, angles):
    half = x.shape[-1] // 2
    turned = torch.cat([-x[..., half:], x[..., :half]], -1)
    return x * angles.cos() + turned * angles.sin()


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads, bias=True)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.down(F.gelu(self.up(self.norm2(x)), approximate="tanh"))


class Gpt(nn.Module):
    """Pre-norm, learned positions, GELU by tanh; the logits of the last token."""

    def __init__(self, width=64, heads=4, layers=3):
        super().__init__()
        self.words, self.positions = nn.Embedding(WORDS, width), nn.Parameter(0.02 * torch.randn(TOKENS, width))
        self.blocks = nn.ModuleList(GptBlock(width, heads) for _ in range(layers))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, WORDS, bias=False)

    def forward(self, tokens):
        x = self.words(tokens) + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x)[:, -1])


class RmsNorm(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.weight


class LlamaBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = RmsNorm(width), RmsNorm(width)
        self.attention = Attention(width, heads, bias=False)
        self.gate, self.up = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, 3 * width, bias=False)
        self.down = nn.Linear(3 * width, width, bias=False)

    def forward(self, x, angles):
        x = x + self.attention(self.norm1(x), angles)
        y = self.norm2(x)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Llama(nn.Module):
    """RMS norms, rotary positions, SwiGLU; the logits of the last token."""

    def __init__(self, width=64, heads=4, layers=3):
        super().__init__()
        self.words = nn.Embedding(WORDS, width)
        self.blocks = nn.ModuleList(LlamaBlock(width, heads) for _ in range(layers))
        self.norm, self.head = RmsNorm(width), nn.Linear(width, WORDS, bias=False)
        half = width // heads // 2
        rates = 10000.0 ** (-torch.arange(half) / half)
        angles = torch.arange(TOKENS)[:, None] * rates
        self.register_buffer("angles", torch.cat([angles, angles], -1), persistent=False)

    def forward(self, tokens):
        x = self.words(tokens)
        for block in self.blocks:
            x = block(x, self.angles)
        return self.head(self.norm(x)[:, -1])


def vision(name, **settings):
    return lambda: torchvision.models.get_model(name, weights=None, num_classes=10, **settings)


def images(name, **settings):
    return lambda: timm.create_model(name, pretrained=False, num_classes=10, **settings)


NETWORKS = {
    "resnet18": vision("resnet18"),
    "resnet50": vision("resnet50"),
    "densenet121": vision("densenet121"),
    "googlenet": vision("googlenet", aux_logits=False, init_weights=False),
    "squeezenet1_1": vision("squeezenet1_1"),
    "mobilenet_v2": vision("mobilenet_v2"),
    "mobilenet_v3_large": vision("mobilenet_v3_large"),
    "mnasnet1_0": vision("mnasnet1_0"),
    "efficientnet_b0": vision("efficientnet_b0"),
    "regnet_y_400mf": vision("regnet_y_400mf"),
    "shufflenet_v2_x1_0": vision("shufflenet_v2_x1_0"),
    "convnext_tiny": vision("convnext_tiny"),
    "resnet50_gn": images("resnet50_gn"),
    "mixer_s32": images("mixer_s32_224", img_size=SIDE),
    "vit_tiny_patch16": images("vit_tiny_patch16_224", img_size=SIDE),
    "vit_b_16": vision("vit_b_16", image_size=SIDE),
    "deit_tiny_distilled": images("deit_tiny_distilled_patch16_224", img_size=SIDE),
    "swin_t": vision("swin_t"),
    "gpt": Gpt,
    "llama": Llama,
}


def moved(network):
    """Moves what begins as one number everywhere: heads and last norms of 0, scales of 1 or 1e-6, running statistics. Otherwise
    whole branches add nothing, and nothing could be seen of them in the logits."""
    for parameter in network.parameters():
        if parameter.numel() > 1 and parameter.min() == parameter.max():
            parameter.add_(0.1 * torch.randn_like(parameter))
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0.0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return network


def export(name, folder):
    torch.manual_seed(0)
    with torch.no_grad():
        network = moved(NETWORKS[name]().eval())
    generator = torch.Generator().manual_seed(1)
    if name in ("gpt", "llama"):
        given = torch.randint(0, WORDS, (IMAGES, TOKENS), generator=generator)
    else:
        given = torch.randn(IMAGES, 3, SIDE, SIDE, generator=generator)
    with torch.no_grad():
        logits = network(given)
    torch.onnx.export(
        network, (given,), folder / f"{name}.onnx", opset_version=17, input_names=["input"], output_names=["logits"],
        dynamic_axes={"input": {0: "batch"}, "logits": {0: "batch"}}, training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False, dynamo=False,
    )
    (folder / f"{name}.input").write_bytes(given.float().numpy().astype("<f4").tobytes())
    told = {
        "name": name,
        "input": list(given.shape[1:]),
        "images": IMAGES,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "logits": logits.double().tolist(),
    }
    (folder / f"{name}.json").write_text(json.dumps(told))
    print(name, told["parameters"], "parameters", flush=True)


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[2:] or NETWORKS:
        export(name, folder)


if __name__ == "__main__":
    main()
