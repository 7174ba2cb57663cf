"""Makes all fixtures again in a temporary folder and compares them with the committed ones.

Weights, inputs and names must be equal; logits within 1e-5 (absolute and relative), losses and what twenty
steps left of the weights within 1e-4 of themselves, because other processors add up in another order.
Exit code 1 when something differs.
"""

import contextlib
import io
import json
import pickle
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file

import make

LOGITS_TOLERANCE = 1e-5
TRAINING_TOLERANCE = 1e-4


def tensor_difference(name, old, new):
    """None when the tensors agree, or what is wrong with them."""
    if old.shape != new.shape or old.dtype != new.dtype:
        return f"{name} was {old.dtype} {list(old.shape)}, is {new.dtype} {list(new.shape)}"
    if name.startswith(("logits.", "aux.")):
        absolute = relative = LOGITS_TOLERANCE
    elif name.startswith("losses."):
        absolute, relative = 0.0, TRAINING_TOLERANCE
    else:
        absolute = relative = 0.0
    if torch.allclose(old.double(), new.double(), rtol=relative, atol=absolute):
        return None
    return f"{name} differs by {(old.double() - new.double()).abs().max().item():.3e}"


def compare_tensors(old, new):
    if old.keys() != new.keys():
        return [f"other names: {sorted(old.keys() ^ new.keys())}"]
    return [text for name in old if (text := tensor_difference(name, old[name], new[name]))]


def compare_json(old, new, place=""):
    """All differences of two JSON values; floats are training results, everything else is exact."""
    if isinstance(old, dict) and isinstance(new, dict):
        if old.keys() != new.keys():
            return [f"other names in {place}/: {sorted(old.keys() ^ new.keys())}"]
        return [text for key in old for text in compare_json(old[key], new[key], f"{place}/{key}")]
    if isinstance(old, float) and isinstance(new, float):
        equal = abs(old - new) <= TRAINING_TOLERANCE * abs(old)
    else:
        equal = old == new
    return [] if equal else [f"{place} was {old}, is {new}"]


def read_checkpoint(path):
    """What PyTorch's safe reader makes of the file, or None where it refuses it."""
    try:
        return torch.load(path, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError):
        return None


def flatten(content, place=""):
    """Nested dictionaries and lists as one dictionary of tensors and plain values."""
    if isinstance(content, (dict, list, tuple)):
        items = content.items() if isinstance(content, dict) else enumerate(content)
        return {name: value for key, item in items for name, value in flatten(item, f"{place}/{key}").items()}
    return {place: content}


def same_value(old, new):
    if torch.is_tensor(old) and torch.is_tensor(new):
        return old.dtype == new.dtype and torch.equal(old, new)
    return type(old) is type(new) and old == new


def compare_checkpoints(old_path, new_path):
    """By content: the old format of torch.save names its tensors by their addresses."""
    old, new = read_checkpoint(old_path), read_checkpoint(new_path)
    if old is None or new is None:
        return [] if old is new else ["one of the two cannot be read"]
    old, new = flatten(old), flatten(new)
    if old.keys() != new.keys():
        return [f"other names: {sorted(old.keys() ^ new.keys())}"]
    return [f"{name} differs" for name in old if not same_value(old[name], new[name])]


def compare(old, new):
    """All differences of two files of the same kind."""
    if old.suffix == ".json":
        return compare_json(json.loads(old.read_text()), json.loads(new.read_text()))
    if old.suffix == ".pth":
        return compare_checkpoints(old, new)
    if old.name.startswith("truncated"):
        return [] if old.read_bytes() == new.read_bytes() else ["other bytes"]
    return compare_tensors(load_file(old), load_file(new))


def files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def main():
    failed = False
    with tempfile.TemporaryDirectory() as name:
        made = Path(name)
        with contextlib.redirect_stdout(io.StringIO()):
            make.make(made)
        for path in sorted(files(make.FIXTURES) | files(made)):
            if not (make.FIXTURES / path).exists():
                differences = ["is not committed"]
            elif not (made / path).exists():
                differences = ["is not made by make.py"]
            else:
                differences = compare(make.FIXTURES / path, made / path)
            print(f"{str(path):48} {'; '.join(differences[:3]) or 'equal'}")
            failed |= bool(differences)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
