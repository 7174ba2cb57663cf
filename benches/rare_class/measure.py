#!/usr/bin/env python3
"""IoU of a class with 0.5 % of the pixels, with and without class weights.

Draws a dataset (a noisy ground, a large region, and a small square whose color differs little from
the ground), trains the same network on it with each setting and seed, and prints the IoU of the
square on the validation images. Needs the built program and Python alone.

usage: measure.py PROGRAM [--epochs N] [--seeds N] [--keep FOLDER]
"""

import argparse
import json
import pathlib
import random
import struct
import subprocess
import tempfile
import zlib

WIDTH, HEIGHT = 112, 80
# 7 x 6 of 112 x 80 pixels are 0.47 %; with the dots that are cut off by no border, 0.5 %.
SQUARE = (7, 6)
TRAIN, VAL = 48, 24
SETTINGS = {
    "equal": [],
    "median": ["--class-weights", "median"],
    "inverse": ["--class-weights", "inverse"],
}


def png(path, color, channels, rows, palette=None):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, color, 0, 0, 0)
    raw = b"".join(b"\0" + bytes(row) for row in rows)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    if palette:
        data += chunk(b"PLTE", bytes(palette))
    path.write_bytes(data + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


def draw(root, split, count, rng):
    (root / split / "images").mkdir(parents=True)
    (root / split / "masks").mkdir(parents=True)
    pixels = [0, 0, 0]
    for index in range(count):
        edge = rng.randrange(HEIGHT // 3, 2 * HEIGHT // 3)
        left = rng.randrange(WIDTH - SQUARE[0])
        top = rng.randrange(HEIGHT - SQUARE[1])
        image, mask = [], []
        for y in range(HEIGHT):
            colors, labels = [], []
            for x in range(WIDTH):
                inside = left <= x < left + SQUARE[0] and top <= y < top + SQUARE[1]
                label = 2 if inside else int(y >= edge)
                base = [(110, 110, 110), (90, 130, 90), (128, 104, 104)][label]
                colors += [min(255, max(0, round(rng.gauss(value, 18)))) for value in base]
                labels.append(label)
                pixels[label] += 1
            image.append(colors)
            mask.append(labels)
        name = f"{index:03}.png"
        png(root / split / "images" / name, 2, 3, image)
        png(root / split / "masks" / name, 3, 1, mask, [0, 0, 0, 0, 160, 0, 220, 40, 40])
    return pixels


def train(program, root, data, options, seed, epochs):
    runs = root / "runs"
    command = [program, "--json", "--runs-dir", str(runs), "train", "--dataset", str(data)]
    command += ["--trunk", "vgg16-slim", "--device", "cpu", "--epochs", str(epochs), "--seed", str(seed)]
    command += ["--train-size", "112x80", "--batch-size", "4", *options]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    ended = [json.loads(line) for line in lines][-1]
    return [entry.get("iu") for entry in ended["classes"]], ended["scores"]["mean_iu"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--keep", type=pathlib.Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        root = args.keep or pathlib.Path(temporary)
        data = root / "rare"
        rng = random.Random(1)
        pixels = draw(data, "train", TRAIN, rng)
        draw(data, "val", VAL, rng)
        (data / "classes.txt").write_text("ground\nregion\nsquare\n")
        print(f"square: {100 * pixels[2] / sum(pixels):.2f} % of the training pixels")
        print("| loss | IoU of the square, by seed | mean | mIoU |")
        print("|---|---|---|---|")
        for name, options in SETTINGS.items():
            found = [train(args.program, root, data, options, seed, args.epochs) for seed in range(args.seeds)]
            rare = [100 * (classes[2] or 0) for classes, _ in found]
            mean = sum(100 * score for _, score in found) / len(found)
            each = ", ".join(f"{value:.1f}" for value in rare)
            print(f"| {name} | {each} | {sum(rare) / len(rare):.1f} | {mean:.1f} |", flush=True)


if __name__ == "__main__":
    main()
