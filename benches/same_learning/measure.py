#!/usr/bin/env python3
"""Whether the program learns what PyTorch learns: paired trainings on one dataset.

For each seed PyTorch draws the weights of a slim FCN-8s. From these the program trains (the recipe
`slim-fast` without dropout) and so does PyTorch, with an order, crops and flips of its own. Printed is
the difference of their mIoU on the whole validation images after the last epoch: its mean over the
seeds, its standard error, and its 95 % interval.

Results are appended to OUT, so that a measurement which was broken off continues.

usage: measure.py PROGRAM --dataset FOLDER --out results.jsonl [--seeds N] [--epochs N]
"""

import argparse
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch.nn import functional

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/reference"))
import fcn  # noqa: E402

BATCH = 4
RATE, POWER, MOMENTUM, DECAY = 0.05, 0.9, 0.9, 5e-4
VOID = 255
MEAN, STD = (np.array(values, np.float32) for values in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
# Two-sided 95 % quantiles of Student's t by degrees of freedom; 1.96 beyond.
STUDENT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131]


def pairs(root, split):
    for line in (root / f"{split}.txt").read_text().splitlines():
        names = [name.removeprefix("/SegNet/CamVid/") for name in line.split()]
        pixels, labels = (np.asarray(Image.open(root / name)) for name in names)
        yield pixels[..., :3], np.where(labels >= 11, VOID, labels).astype(np.uint8)


def tensor(pixels):
    return torch.from_numpy(((pixels / np.float32(255) - MEAN) / STD).transpose(2, 0, 1).astype(np.float32))


def initial(classes, seed):
    """Convolutions as He et al. 2015 have it, scores of zero, bilinear upsampling."""
    torch.manual_seed(seed)
    net = fcn.build("vgg16-slim", "fcn8s", geometry="padded", n_class=classes, dropout=0.0)
    with torch.no_grad():
        for name, layer in net.named_modules():
            if isinstance(layer, torch.nn.ConvTranspose2d):
                size, stride = layer.kernel_size[0], layer.stride[0]
                line = 1 - (torch.arange(size) - (stride - 0.5)).abs() / stride
                layer.weight.zero_()
                for place in range(classes):
                    layer.weight[place, place] = line[:, None] * line[None]
            elif name.startswith("score"):
                layer.weight.zero_()
                layer.bias.zero_()
            elif isinstance(layer, torch.nn.Conv2d):
                torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return net


def cut(pixels, labels, size, rng):
    width, height = size
    top, left = (int(rng.integers(most + 1)) for most in (labels.shape[0] - height, labels.shape[1] - width))
    pixels, labels = (values[top : top + height, left : left + width] for values in (pixels, labels))
    if rng.random() < 0.5:
        pixels, labels = pixels[:, ::-1], labels[:, ::-1]
    return tensor(pixels), torch.from_numpy(labels.astype(np.int64))


def miou(net, images, classes):
    """As the program: the mean over the classes that are in the truth or in a prediction."""
    counts = np.zeros((classes, classes), np.int64)
    net.eval()
    with torch.inference_mode():
        for pixels, labels in images:
            found = net(tensor(pixels)[None]).argmax(1)[0].numpy()
            labeled = labels != VOID
            cells = labels[labeled].astype(np.int64) * classes + found[labeled]
            counts += np.bincount(cells, minlength=classes**2).reshape(classes, classes)
    net.train()
    union = counts.sum(0) + counts.sum(1) - counts.diagonal()
    return float((counts.diagonal()[union > 0] / union[union > 0]).mean())


def train_pytorch(net, images, size, epochs, seed):
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.SGD(net.parameters(), RATE, MOMENTUM, weight_decay=DECAY)
    per_epoch = -(-len(images) // BATCH)
    step, total, losses = 0, epochs * per_epoch, []
    net.train()
    for _ in range(epochs):
        order = rng.permutation(len(images))
        losses = []
        for batch in range(per_epoch):
            # The last batch is filled from the start of the order.
            chosen = [images[order[(batch * BATCH + place) % len(images)]] for place in range(BATCH)]
            inputs, labels = (torch.stack(part) for part in zip(*(cut(*pair, size, rng) for pair in chosen)))
            for group in optimizer.param_groups:
                group["lr"] = RATE * (1 - step / total) ** POWER
            optimizer.zero_grad(set_to_none=True)
            loss = functional.cross_entropy(net(inputs), labels, ignore_index=VOID)
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            step += 1
    return sum(losses) / len(losses)


def train_program(program, root, args, start, seed):
    options = ["--dataset", str(args.dataset), "--trunk", "vgg16-slim", "--variant", "fcn8s", "--geometry", "padded"]
    options += ["--init", str(start), "--input", "imagenet", "--recipe", "slim-fast", "--dropout", "0"]
    options += ["--epochs", str(args.epochs), "--seed", str(seed), "--train-size", args.train_size, "--device", "cpu"]
    runs = ["--runs-dir", str(root / "runs")]
    command = [program, "--json", *runs, "train", *options]
    environment = os.environ | {"RAYON_NUM_THREADS": str(args.threads)}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    last = [event for event in events if event["event"] == "epoch"][-1]
    weights = root / f"last-{seed}.safetensors"
    export = [program, *runs, "export", "--run", last["run"], "--last", "--out", str(weights)]
    subprocess.run(export, check=True, capture_output=True, text=True)
    return last["train_loss"], last["scores"]["mean_iu"], weights


def pair_of(args, root, train, val, classes, seed):
    size = [int(side) for side in args.train_size.split("x")]
    net = initial(classes, seed)
    start = root / f"start-{seed}.pth"
    torch.save(net.state_dict(), start)
    begun = time.monotonic()
    program_loss, program_miou, weights = train_program(args.program, root, args, start, seed)
    between = time.monotonic()
    pytorch_loss = train_pytorch(net, train, size, args.epochs, seed)
    ended = time.monotonic()
    scored = initial(classes, seed)
    scored.load_state_dict(load_file(weights))
    return {
        "seed": seed,
        "epochs": args.epochs,
        "train_size": args.train_size,
        "program": {"miou": program_miou, "loss": program_loss, "secs": between - begun},
        "pytorch": {"miou": miou(net, val, classes), "loss": pytorch_loss, "secs": ended - between},
        # The program's weights, scored by PyTorch.
        "program_scored_by_pytorch": miou(scored, val, classes),
    }


def interval(values):
    """Mean, standard error, and the limits of the 95 % interval."""
    count = len(values)
    mean = sum(values) / count
    if count < 2:
        return mean, math.nan, math.nan, math.nan
    error = math.sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)
    factor = STUDENT[count - 2] if count - 2 < len(STUDENT) else 1.96
    return mean, error, mean - factor * error, mean + factor * error


def summary(rows):
    def line(name, unit, values):
        mean, error, low, high = interval(values)
        print(f"| {name} | {mean:+.3f}{unit} | {error:.3f} | {low:+.3f} to {high:+.3f} |")

    print(f"{len(rows)} pairs, {rows[0]['epochs']} epochs of crops of {rows[0]['train_size']}")
    print("| program minus PyTorch | mean | standard error | 95 % interval |")
    print("|---|---|---|---|")
    line("validation mIoU, points", "", [100 * (row["program"]["miou"] - row["pytorch"]["miou"]) for row in rows])
    line("training loss of the last epoch", "", [row["program"]["loss"] - row["pytorch"]["loss"] for row in rows])
    scored = [100 * (row["program"]["miou"] - row["program_scored_by_pytorch"]) for row in rows]
    line("same weights scored by both, points", "", scored)
    for side in ("program", "pytorch"):
        mean, error, _, _ = interval([100 * row[side]["miou"] for row in rows])
        print(f"mIoU of {side}: {mean:.2f} (standard error {error:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--dataset", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--train-size", default="160x128")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    train, val = (list(pairs(args.dataset, split)) for split in ("train", "val"))
    classes = 11
    rows = [json.loads(line) for line in args.out.read_text().splitlines()] if args.out.exists() else []
    for seed in range(args.seeds):
        if any(row["seed"] == seed for row in rows):
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows.append(pair_of(args, pathlib.Path(folder), train, val, classes, seed))
        with args.out.open("a") as out:
            out.write(json.dumps(rows[-1]) + "\n")
    summary(rows)


if __name__ == "__main__":
    main()
