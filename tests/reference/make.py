"""Makes the fixtures: python make.py [FOLDER]. The default folder is `fixtures` beside this file.

One thread and 32-bit floats, so that the same versions on the same machine make the same bytes.
"""

import json
import re
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

import cases
import fcn
import keys
import pth
import seeded
import sgd

FIXTURES = Path(__file__).parent / "fixtures"


def make_network(folder, network, inputs):
    """Writes the logits, and the weights where they are stored; returns the manifest entry."""
    name, weights = network["name"], network["weights"]
    net, bits_sum = seeded.build_filled(network["build"], network["seed"], network["gains"])
    outputs, examples = {}, []
    for size in network["sizes"]:
        label = f"{size[0]}x{size[1]}"
        images = inputs.setdefault(label, seeded.image(f"image.{label}", (1, 3, *size), network["seed"]))
        found = fcn.logits(net, images)
        outputs |= {f"{kind}.{label}": value for kind, value in found.items()}
        examples.append({"input": label, **{kind: f"{kind}.{label}" for kind in found}})
    save_file(outputs, folder / f"{name}.safetensors")
    if weights:
        save_file(net.state_dict(), folder / weights)
    for label, value in outputs.items():
        print(f"{name:32} {label:14} {value.min():8.3f} .. {value.max():7.3f}")
    return {
        "build": network["build"],
        "seed": network["seed"],
        "gains": network["gains"],
        "weights": weights,
        "weight_bits_sum": f"{bits_sum:016x}",
        "outputs": f"{name}.safetensors",
        "examples": examples,
    }


def make_sgd(folder, name, case, network, images, labels):
    tensors, entry = sgd.run(case, network, images, labels)
    save_file(tensors, folder / f"{name}.safetensors")
    means = tensors["losses.mean"].tolist()
    print(f"{name:32} {len(means):2} steps, loss per pixel {means[0]:.4f} .. {means[-1]:.4f}")
    return {"file": f"{name}.safetensors", **entry}


def generator_check():
    """A few numbers of the generator, for whoever writes it again."""
    name, seed = "conv1_1.weight", 1
    bits = seeded.top_bits(name, seed, 0, 4)
    return {"name": name, "seed": seed, "key": f"{seeded.key(name, seed):016x}", "top_bits": bits.tolist()}


def write_json(path, content):
    """One entry a line, lists of numbers in one line."""
    text = json.dumps(content, indent=1)
    text = re.sub(r"\[([-+.\de,\s]+)\]", lambda found: f"[{' '.join(found[1].split())}]", text)
    path.write_text(text + "\n")


def make(folder):
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    folder.mkdir(parents=True, exist_ok=True)
    inputs = {}
    networks = {
        name: make_network(folder, {"name": name, **network}, inputs) for name, network in cases.networks().items()
    }
    save_file(inputs, folder / "inputs.safetensors")
    images, labels = sgd.samples()
    save_file({"images": images, "labels": labels}, folder / "sgd-samples.safetensors")
    runs = {
        name: make_sgd(folder, name, case, networks[case["network"]], images, labels)
        for name, case in sgd.CASES.items()
    }
    manifest = {
        "versions": {"torch": torch.__version__.partition("+")[0]},
        "generator_check": generator_check(),
        "inputs": "inputs.safetensors",
        "networks": networks,
        "sgd": {"samples": "sgd-samples.safetensors", "void": sgd.VOID, "runs": runs},
        "pth": pth.write(folder / "pth"),
    }
    write_json(folder / "manifest.json", manifest)
    write_json(folder / "keys.json", keys.keys())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES)
