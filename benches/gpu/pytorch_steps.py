#!/usr/bin/env python3
"""Times a training step of FCN-8s or of a network of torchvision in PyTorch, in fp32, TF32 and bf16 autocast, each in
the faster of two memory formats. One JSON line for each, as soon as it is there; each has a time limit."""

import argparse
import contextlib
import json
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests/reference"))
import fcn  # noqa: E402


def step_ms(args, device, tf32, bf16, channels_last, deadline):
    """The median of the steps that are done before the deadline, of which the first three warm up; None without any."""
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    width, height = map(int, args.size.split("x"))
    form = torch.channels_last if channels_last else torch.contiguous_format
    net = fcn.build(args.trunk, "fcn8s", "padded", aux=False).to(device).to(memory_format=form).train()
    images = torch.randn(args.batch_size, 3, height, width, device=device).to(memory_format=form)
    labels = torch.randint(0, 21, (args.batch_size, height, width), device=device)
    sgd = torch.optim.SGD(net.parameters(), lr=1e-9, momentum=0.9, weight_decay=5e-4)
    autocast = torch.autocast(device.type, dtype=torch.bfloat16) if bf16 else contextlib.nullcontext()
    times = []
    for _ in range(args.rounds + 3):
        if time.perf_counter() > deadline:
            break
        start = time.perf_counter()
        sgd.zero_grad(set_to_none=True)
        with autocast:
            output = net(images)
            logits = output["out"] if isinstance(output, dict) else output
            loss = torch.nn.functional.cross_entropy(logits.float(), labels)
        loss.backward()
        sgd.step()
        if device.type == "cuda":
            torch.cuda.synchronize()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[3:]) if len(times) > 3 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trunk", default="vgg16")
    parser.add_argument("--size", default="224x224")
    parser.add_argument("--batch-size", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10, help="of each row")
    args = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    for name, tf32, bf16 in [("fp32", False, False), ("tf32", True, False), ("bf16 autocast", True, True)]:
        # Half of the time for each memory format.
        ends = [time.perf_counter() + args.seconds * share for share in (0.5, 1)]
        times = [step_ms(args, device, tf32, bf16, last, end) for last, end in zip((False, True), ends)]
        ms = min((found for found in times if found is not None), default=None)
        row = {"row": f"train/{args.trunk}/{args.size}/b{args.batch_size}", "precision": name, "ms": ms}
        row |= {"device": torch.cuda.get_device_name() if device.type == "cuda" else "cpu", "torch": torch.__version__}
        print(json.dumps(row), flush=True)


main()
