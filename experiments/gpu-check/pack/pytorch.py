"""κ and training steps in PyTorch, of the very networks and images that Assay's engines have: the baseline of `run.sh`.

    python3 pytorch.py kappa|training NETWORKS SECONDS OUTPUT

NETWORKS is the folder that `assay-gpu-check networks` writes. OUTPUT gets the same lines of JSON as the program writes. float32 is
strict (no TF32), bfloat16 is torch.autocast's.
"""
import importlib
import json
import os
import sys
import time

import torch

part, folder, limit, output = sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]
TURN = 2.0
begin = time.perf_counter()
on_card = torch.cuda.is_available()
device = torch.device("cuda" if on_card else "cpu")
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.backends.cudnn.benchmark = True
sys.path.insert(0, folder)
lines = open(output, "w", buffering=1)


def write(kind, **fields):
    lines.write(json.dumps({kind: fields}, ensure_ascii=False) + "\n")


def wait():
    if on_card:
        torch.cuda.synchronize()


def memory():
    """The most that PyTorch reserved on the card for this case; the process's memory is not told apart by cases."""
    return torch.cuda.max_memory_reserved() / 2**20 if on_card else None


def measure(case, items, call):
    """A first call, then further ones for a turn while there is time; the last one's result counts."""
    gone = time.perf_counter() - begin
    if gone >= limit:
        write("left_out", case=case, because=f"the {limit:.0f} s of this part were over")
        return
    if on_card:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()

    def once():
        start = time.perf_counter()
        result = call()
        wait()
        return time.perf_counter() - start, result

    try:
        first, result = once()
        shortest, calls, turn = first, 1, time.perf_counter()
        while time.perf_counter() - turn < TURN and time.perf_counter() - begin + shortest < limit:
            seconds, result = once()
            shortest, calls = (seconds if calls == 1 else min(shortest, seconds)), calls + 1
    except RuntimeError as error:
        write("left_out", case=case, because=f"it failed: {str(error).splitlines()[0]}")
        return
    write("measured", case=case, items=items, seconds=shortest, first_s=first, calls=calls, result=result, memory_mib=memory())


def network(entry):
    made = importlib.import_module(entry["module"]).Network()
    return made.load_weights(os.path.join(folder, entry["weights"])).to(device).train()


def kappa(made, images):
    """The condition number of the tangent Gram matrix, as TE-NAS's code has it: a backward pass an image, of the weights alone."""
    weights = [parameter for name, parameter in made.named_parameters() if "weight" in name]
    logits, rows = made(images), []
    for image in range(len(images)):
        found = torch.autograd.grad(logits[image].sum(), weights, retain_graph=True, allow_unused=True)
        rows.append(torch.cat([own.reshape(-1) for own in found if own is not None]))
    rows = torch.stack(rows)
    values = torch.linalg.eigvalsh((rows @ rows.t()).cpu())
    return (values[-1] / values[0]).item()


def steps(made, images, labels, rate, narrow):
    """A function that takes one step a call and gives the loss of the first."""
    optimiser = torch.optim.SGD(made.parameters(), lr=rate, momentum=0.9, nesterov=True, weight_decay=5e-4)
    losses = []

    def step():
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=narrow):
            loss = torch.nn.functional.cross_entropy(made(images), labels)
        loss.backward()
        optimiser.step()
        if not losses:
            losses.append(loss.item())
        return losses[0]

    return step


with open(os.path.join(folder, "networks.json")) as file:
    listed = json.load(file)
with open(os.path.join(folder, "images.f32"), "rb") as file:
    pixels = torch.frombuffer(bytearray(file.read()), dtype=torch.float32).reshape(-1, 3, 32, 32)
labels = torch.tensor(listed["labels"])
name = torch.cuda.get_device_name() if on_card else "the processor"
write("begun", part=part, engine="pytorch", device=f"PyTorch {torch.__version__} on {name}", threads=torch.get_num_threads(), limit_s=limit)
for entry in listed[part]:
    images, own = pixels[: entry["batch"]].to(device), labels[: entry["batch"]].to(device)
    if part == "kappa":
        made = network(entry)
        measure(entry["case"], 1.0, lambda: kappa(made, images))
    else:
        for kind, narrow in [("float32", False), ("bfloat16", True)]:
            # On a processor it is slower than float32, and nobody trains so.
            if narrow and not on_card:
                continue
            made = network(entry)
            measure(f"{entry['case']}, {kind}", float(entry["batch"]), steps(made, images, own, listed["rate"], narrow))
write("ended", seconds=time.perf_counter() - begin)
