"""PyTorch modules of torchvision, timm and `export.py`, read by torch.export: a table of what is read, and of why others are not.

    python3 experiments/examples/networks/modules.py results/reference/torch-modules.md [NAME ...]

Weights are random, from a fixed seed, and moved as in `export.py`. What was read computes its logits through `to_torch`, which runs
the graph operator by operator. Needs the package `assay`, torch, torchvision and timm.
"""
import platform
import sys
import time
import warnings

import assay
import timm
import torch
import torchvision
from export import IMAGES, NETWORKS, SIDE, TOKENS, WORDS, images, moved, vision

#: Further networks, each with the side of its images.
FURTHER = {
    "vgg11_bn": (vision("vgg11_bn"), 224),
    "inception_v3": (vision("inception_v3", aux_logits=False, init_weights=False), 96),
    "resnext50_32x4d": (vision("resnext50_32x4d"), SIDE),
    "efficientnet_v2_s": (vision("efficientnet_v2_s"), SIDE),
    "swin_v2_t": (vision("swin_v2_t"), SIDE),
    "maxvit_t": (vision("maxvit_t", input_size=(224, 224)), 224),
    "hardcorenas_a": (images("hardcorenas_a"), SIDE),
    "fbnetc_100": (images("fbnetc_100"), SIDE),
    "ghostnet_100": (images("ghostnet_100"), SIDE),
    "mobilenetv4_conv_small": (images("mobilenetv4_conv_small"), SIDE),
    "poolformer_s12": (images("poolformer_s12"), SIDE),
    "convnext_atto": (images("convnext_atto"), SIDE),
    "convnextv2_atto": (images("convnextv2_atto"), SIDE),
    "resnetv2_50": (images("resnetv2_50"), SIDE),
    "nf_resnet50": (images("nf_resnet50"), SIDE),
    "efficientformer_l1": (images("efficientformer_l1"), 224),
    "levit_128s": (images("levit_128s"), 224),
    "coat_tiny": (images("coat_tiny", img_size=SIDE), SIDE),
    "xcit_nano_12_p16": (images("xcit_nano_12_p16_224"), SIDE),
    "volo_d1": (images("volo_d1_224"), 224),
}

HEAD = "| network | input | parameters | told | multiply-adds | seconds | difference | notes, or why it is not read |"


def row(name):
    make, side = (NETWORKS[name], SIDE) if name in NETWORKS else FURTHER[name]
    torch.manual_seed(0)
    with torch.no_grad():
        module = moved(make().eval())
    generator = torch.Generator().manual_seed(1)
    if name in ("gpt", "llama"):
        given = asked = torch.randint(0, WORDS, (IMAGES, TOKENS), generator=generator)
    else:
        given, asked = torch.randn(IMAGES, 3, side, side, generator=generator), (3, side, side)
    shape = "×".join(map(str, given.shape[1:]))
    told = sum(parameter.numel() for parameter in module.parameters())
    begun = time.perf_counter()
    try:
        network = assay.read(module, input=asked, name=name)
    except assay.UnsupportedNetwork as error:
        # Where a source lies differs by machine.
        reason = error.message.replace(sys.prefix, "…").replace("|", "\\|")
        return False, f"| {name} | {shape} | – | {told} | – | {time.perf_counter() - begun:.1f} | – | {reason} |"
    seconds = time.perf_counter() - begun
    with torch.no_grad():
        logits, ours = module(given), network.to_torch().eval()(given)
    difference = (logits - ours).abs().max().item()
    size = f"{network.parameters} | {told} | {network.multiply_adds}"
    return difference <= 1e-4, f"| {name} | {shape} | {size} | {seconds:.1f} | {difference:.1e} | {'; '.join(network.notes)} |"


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    names = sys.argv[2:] or [*NETWORKS, *FURTHER]
    lines, read = [], 0
    for name in names:
        is_read, line = row(name)
        read += is_read
        lines.append(line)
        print(line, flush=True)
    text = f"""# PyTorch modules by torch.export

Made by

```
python3 experiments/examples/networks/modules.py {sys.argv[1]}
```

with torch {torch.__version__.split("+")[0]}, torchvision {torchvision.__version__.split("+")[0]}, timm {timm.__version__} and Python {platform.python_version()}.
{read} of {len(names)} networks are read and compute the module's logits within 1e-4. `told` is the number of parameters that PyTorch tells; `seconds`
is what torch.export and the reading take on one core; `difference` is the largest difference of a logit in evaluation mode, in
float32 on both sides, through `to_torch`.

{HEAD}
|:---|:---|---:|---:|---:|---:|---:|:---|
"""
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write(text + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
