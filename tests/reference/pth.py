"""Small checkpoint files in every wrapping that PyTorch users have, and some that must be refused."""

import argparse
from collections import OrderedDict

import torch
from safetensors.torch import save_file

import seeded

SHAPES = {
    "conv1_1.weight": (4, 3, 3, 3),
    "conv1_1.bias": (4,),
    "bn1_1.weight": (4,),
    "bn1_1.bias": (4,),
    "bn1_1.running_mean": (4,),
    "bn1_1.running_var": (4,),
    "bn1_1.num_batches_tracked": (),
    "fc6.weight": (6, 4, 3, 3),
}


class Malicious:
    """Creates a file when a reader runs what the pickle asks for."""

    def __reduce__(self):
        return open, ("pickle-was-executed", "w")


def state():
    return OrderedDict((name, torch.from_numpy(seeded.values(name, shape, 7))) for name, shape in SHAPES.items())


def cast(tensors, dtype):
    """Floats in another type; counters stay integers, as in a module's `half()`."""
    return OrderedDict((name, t.to(dtype) if t.is_floating_point() else t) for name, t in tensors.items())


def strided(tensors):
    """The same values as views: a permuted one, a step of two, and slices of one shared storage."""
    views = OrderedDict(tensors)
    conv = tensors["conv1_1.weight"]
    views["conv1_1.weight"] = conv.permute(2, 3, 1, 0).contiguous().permute(3, 2, 0, 1)
    fc6 = tensors["fc6.weight"]
    views["fc6.weight"] = torch.stack([fc6, -fc6], dim=-1).flatten(-2)[..., ::2]
    shared = [name for name in tensors if tensors[name].shape == (4,)]
    storage = torch.cat([tensors[name] for name in shared])
    for place, name in enumerate(shared):
        views[name] = storage[4 * place : 4 * place + 4]
    return views


def optimizer_state():
    """The state of an optimizer after a step: more tensors, which are not weights."""
    weight = torch.nn.Parameter(torch.ones(2, 3))
    optimizer = torch.optim.SGD([weight], lr=0.1, momentum=0.9)
    weight.sum().backward()
    optimizer.step()
    return optimizer.state_dict()


def samples():
    """File name to content; everything but `REFUSED` holds the values of `state`."""
    tensors = state()
    optimizer = optimizer_state()
    parallel = OrderedDict((f"module.{name}", tensor) for name, tensor in tensors.items())
    trainer = {
        "epoch": 3,
        "iteration": 1200,
        "arch": "FCN8s",
        "optim_state_dict": optimizer,
        "model_state_dict": tensors,
        "best_mean_iu": 0.5,
    }
    return {
        "zip.pth": tensors,
        "legacy.pth": tensors,
        "state_dict.pth": {"epoch": 3, "state_dict": tensors, "optimizer": optimizer},
        "model_state_dict.pth": trainer,
        "model-module.pth": {"model": parallel, "epoch": 3},
        "model-args.pth": {"model": tensors, "args": argparse.Namespace(lr=0.02, aux_loss=True), "epoch": 3},
        "parameters.pth": OrderedDict(
            (name, torch.nn.Parameter(t) if t.is_floating_point() else t) for name, t in tensors.items()
        ),
        "half.pth": cast(tensors, torch.float16),
        "bfloat16.pth": cast(tensors, torch.bfloat16),
        "double.pth": cast(tensors, torch.float64),
        "strided.pth": strided(tensors),
        "whole-module.pth": torch.nn.Sequential(torch.nn.Conv2d(1, 1, 1)),
        "malicious.pth": {"state_dict": tensors, "epoch": Malicious()},
        "malicious-legacy.pth": {"state_dict": tensors, "epoch": Malicious()},
    }


# Files a reader has to refuse, and why; `model-args.pth` may be read or refused, but never run.
REFUSED = {
    "whole-module.pth": "a pickled module, not a state dictionary",
    "malicious.pth": "calls a function that is no part of a checkpoint",
    "malicious-legacy.pth": "calls a function that is no part of a checkpoint",
    "truncated.pth": "cut off in the middle",
    "truncated-legacy.pth": "cut off in the middle",
    "truncated.safetensors": "cut off in the middle",
}
# Where the values are to be compared with other than plain.safetensors.
EXPECTED = {"half.pth": "half.safetensors", "bfloat16.pth": "bfloat16.safetensors"}


def write(folder):
    """Writes all files; returns the manifest entries."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    for name, content in samples().items():
        torch.save(content, folder / name, _use_new_zipfile_serialization="legacy" not in name)
    tensors = state()
    save_file(tensors, folder / "plain.safetensors")
    save_file(cast(tensors, torch.float16), folder / "half.safetensors")
    save_file(cast(tensors, torch.bfloat16), folder / "bfloat16.safetensors")
    for whole, part in (
        ("zip.pth", "truncated.pth"),
        ("legacy.pth", "truncated-legacy.pth"),
        ("plain.safetensors", "truncated.safetensors"),
    ):
        content = (folder / whole).read_bytes()
        (folder / part).write_bytes(content[: len(content) * 2 // 3])
    entries = {}
    for name in sorted([*samples(), *REFUSED]):
        if name in REFUSED:
            entries[name] = {"refused": REFUSED[name]}
        else:
            entries[name] = {"expected": EXPECTED.get(name, "plain.safetensors")}
    return entries
