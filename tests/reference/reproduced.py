"""Losses of a small run as PyTorch finds them with the script that `reproduce` writes.

Makes the tiny dataset of the tests (`tests/common`), trains on it with the built program, runs the
script, and prints its losses: `python reproduced.py PROGRAM > fixtures/reproduced.json`.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
from PIL import Image

OPTIONS = """--trunk vgg16-slim --device cpu --batch-size 2 --epochs 5 --dropout 0 --train-size 24x24 --brightness 0.2
 --accumulation 2 --bias-rate 2 --decay-biases false --stage-rates stage1=0,head=2 --class-weights 1,2,0.5"""


def tiny(root, train, val):
    for folder in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (root / folder).mkdir(parents=True)
    (root / "classes.txt").write_text("ground\nred square\nblue square\n")
    names = [f"image{n}" for n in range(train + val)]
    for n, name in enumerate(names):
        label = 1 + n % 2
        left, top = 4 + n * 3 % 9, 4 + n * 5 % 9
        image = np.full((32, 32, 3), 120, np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        image[top : top + 16, left : left + 16] = (220, 40, 30) if label == 1 else (30, 60, 230)
        mask[top : top + 16, left : left + 16] = label
        mask[0] = 255
        Image.fromarray(image).save(root / f"JPEGImages/{name}.png")
        Image.fromarray(mask).save(root / f"SegmentationClass/{name}.png")
    lists = root / "ImageSets/Segmentation"
    (lists / "train.txt").write_text("\n".join(names[:train]))
    (lists / "val.txt").write_text("\n".join(names[train:]))


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    tiny(folder / "tiny", 8, 2)
    program = [sys.argv[1], "--runs-dir", str(folder / "runs")]
    data = ["--dataset", str(folder / "tiny")]
    subprocess.run([*program, "train", *data, *OPTIONS.split()], check=True, stdout=sys.stderr)
    out = folder / "repeated"
    subprocess.run([*program, "reproduce", "latest", "--out", str(out)], check=True, stdout=sys.stderr)
    script = [sys.executable, str(out / "reproduce.py")]
    lines = subprocess.run(script, check=True, capture_output=True, text=True).stdout
    print(lines, file=sys.stderr)
    losses = [float(value) for value in re.findall(r"^step \d+: ([\d.]+)", lines, re.MULTILINE)]
    json.dump({"losses": losses}, sys.stdout, indent=1)
