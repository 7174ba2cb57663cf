"""Loads a weight file into the PyTorch class it was written for, with strict=True, and compares scores.

    python read_back.py FILE TRUNK [--variant fcn8s] [--geometry reference] [--classes 21]
                        [--widths 4,6,8,10,12,16] [--no-aux]
                        [--image-npy X.npy --scores Y.npy [--aux-scores A.npy] [--tolerance 1e-4]]

FILE is a .safetensors or .pth file. X.npy is the normalized image as the network takes it, [3, H, W] or
[N, 3, H, W]; Y.npy the logits of the other program, [classes, H, W] or [N, classes, H, W]. Exit code 1 when
a name or a shape does not fit, or when a score differs by more than the tolerance.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file

import fcn


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("trunk", choices=fcn.TRUNKS)
    parser.add_argument("--variant", choices=fcn.STRIDES, default="fcn8s")
    parser.add_argument("--geometry", choices=("reference", "padded"), default="reference")
    parser.add_argument("--classes", type=int, default=21)
    parser.add_argument("--widths", help="five stages and fc, separated by commas")
    parser.add_argument("--no-aux", action="store_true")
    parser.add_argument("--image-npy", type=Path)
    parser.add_argument("--scores", type=Path)
    parser.add_argument("--aux-scores", type=Path)
    parser.add_argument("--tolerance", type=float, default=1e-4)
    args = parser.parse_args()
    if (args.scores or args.aux_scores) and not args.image_npy:
        parser.error("--scores and --aux-scores need --image-npy")
    return args


def load(args):
    widths = None
    if args.widths:
        *stages, fc = (int(width) for width in args.widths.split(","))
        widths = (stages, fc)
    net = fcn.build(args.trunk, args.variant, args.geometry, args.classes, widths, aux=not args.no_aux)
    if args.file.suffix == ".safetensors":
        state = load_file(args.file)
    else:
        state = torch.load(args.file, map_location="cpu", weights_only=True)
    net.load_state_dict(state, strict=True)
    print(f"{args.file.name}: {len(state)} tensors fit {args.trunk}, strict")
    return net


def batch(path):
    """An array of three or four dimensions as a batch."""
    tensor = torch.from_numpy(np.load(path)).float()
    return tensor if tensor.dim() == 4 else tensor[None]


def agree(name, expected, path, tolerance):
    scores = batch(path)
    if scores.shape != expected.shape:
        print(f"{name}: shape {list(scores.shape)}, PyTorch has {list(expected.shape)}")
        return False
    difference = (scores - expected).abs().max().item()
    same_class = (scores.argmax(1) == expected.argmax(1)).float().mean().item()
    print(f"{name}: max abs difference {difference:.3e}, same class in {same_class:.6f} of the pixels")
    # Written so that a NaN does not agree.
    return difference <= tolerance


def main():
    args = arguments()
    torch.set_num_threads(1)
    try:
        net = load(args)
    except (RuntimeError, ValueError) as err:
        print(f"{args.file}: {err}", file=sys.stderr)
        return 1
    if not args.image_npy:
        return 0
    outputs = fcn.logits(net, batch(args.image_npy))
    agreed = True
    for name, path in (("logits", args.scores), ("aux", args.aux_scores)):
        if path:
            agreed &= agree(name, outputs[name], path, args.tolerance)
    return 0 if agreed else 1


if __name__ == "__main__":
    sys.exit(main())
