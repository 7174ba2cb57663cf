"""Weights and images from a seed, bit for bit the same in any language; README.md states the rule.

Not a good random generator for anything else: it exists so that a network of 134 million weights needs no
file, and so that ten lines of another language make the same weights.
"""

import math

import numpy as np
import torch

import fcn

U64 = (1 << 64) - 1
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
# Elements made at a time; bounds the memory for the 64-bit numbers.
CHUNK = 1 << 20


def key(name, seed):
    """FNV-1a, 64 bits, of the name's UTF-8 bytes, xor the seed."""
    hashed = 0xCBF29CE484222325
    for byte in name.encode():
        hashed = (hashed ^ byte) * 0x100000001B3 & U64
    return hashed ^ seed


def top_bits(name, seed, start, stop):
    """The 24-bit numbers of the elements `start..stop`."""
    z = np.arange(start + 1, stop + 1, dtype=np.uint64) * GOLDEN + np.uint64(key(name, seed))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(40)


def uniform(name, shape, seed):
    """Numbers in [-1, 1) as float32, exact: (top 24 bits - 2^23) / 2^23."""
    count = math.prod(shape)
    values = np.empty(count, dtype=np.float32)
    for start in range(0, count, CHUNK):
        stop = min(start + CHUNK, count)
        bits = top_bits(name, seed, start, stop).astype(np.float32)
        values[start:stop] = bits * np.float32(2.0**-23) - np.float32(1.0)
    return values.reshape(shape)


def image(name, shape, seed):
    """An image in the normalized range: numbers in [-2, 2)."""
    return torch.from_numpy(uniform(name, shape, seed) * np.float32(2.0))


def bilinear(size):
    """The kernel of bilinear interpolation, `upsample_filt` of surgery.py; exact for sizes 2^n and 2^n - 1."""
    factor = (size + 1) // 2
    center = factor - 1.0 if size % 2 == 1 else factor - 0.5
    row = 1.0 - np.abs(np.arange(size) - center) / factor
    return np.outer(row, row).astype(np.float32)


def gain(name):
    """What the bound of a convolution's weight is multiplied with."""
    if name.endswith(".conv3.weight"):
        # The last convolution of a residual block: the sum over the blocks would grow without end.
        return 0.125
    if name.startswith("score_pool") or name.endswith("classifier.4.weight"):
        return 0.5
    return 1.0


def values(name, shape, seed, gains=None):
    """The tensor of that name and shape. `gains` overrides the gain of single names."""
    shape = tuple(shape)
    kind = name.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    v = uniform(name, shape, seed)
    if kind == "bias" or kind == "running_mean":
        return v * np.float32(0.1)
    if kind == "running_var":
        return np.float32(1.0) + np.float32(0.3) * v
    if len(shape) == 1:
        return np.float32(1.0) + np.float32(0.2) * v
    if name.startswith("upscore"):
        v = bilinear(shape[-1]) * (np.float32(1.0) + np.float32(0.1) * v)
        return v * np.eye(shape[0], dtype=np.float32)[:, :, None, None]
    fan_in = math.prod(shape[1:])
    bound = math.sqrt(6.0 / fan_in) * (gains or {}).get(name, gain(name))
    v *= np.float32(bound)
    return v


def fill(net, seed, gains=None):
    """Sets every parameter and buffer; returns the sum of the float32 bit patterns, modulo 2^64."""
    total = 0
    for name, tensor in net.state_dict().items():
        made = values(name, tensor.shape, seed, gains)
        tensor.copy_(torch.from_numpy(made))
        if made.dtype == np.float32:
            total += int(np.ascontiguousarray(made).view(np.uint32).sum(dtype=np.uint64))
    return total & U64


def build_filled(build, seed, gains=None, **options):
    """The network `fcn.build` makes of `build`, with seeded weights, and its sum of bits."""
    # Without the meta device PyTorch would draw start values for every weight first.
    with torch.device("meta"):
        net = fcn.build(**build, **options)
    net = net.to_empty(device="cpu")
    return net, fill(net, seed, gains)
