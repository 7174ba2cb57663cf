"""Makes files of full size to try the whole path on: python fullsize.py FOLDER (about 700 MB).

- photo.png: 500 x 375 pixels, 8-bit RGB
- fcn8s.pth: FCN8s of pytorch-fcn, reference geometry, 21 classes, seeded weights
- fcn_resnet50.pth: fcn_resnet50 of torchvision with auxiliary classifier, 21 classes, seeded weights
- NAME.input.npy: the photo as that network takes it, [1, 3, 375, 500]
- NAME.scores.npy: its logits, [1, 21, 375, 500]; fcn_resnet50.aux.npy those of the auxiliary classifier
- NAME.mask.png: the class of the highest logit, 8-bit gray

The photo goes into FCN8s as BGR in 0..255 minus the mean of Caffe's models, and into fcn_resnet50 as RGB in
0..1 minus mean, divided by the standard deviation of ImageNet.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import fcn
import seeded

WIDTH, HEIGHT = 500, 375
CAFFE_MEAN_BGR = np.array([104.00699, 116.66877, 122.67892], dtype=np.float32)
IMAGENET_MEAN = np.array([0.485, 0.456, 0.406], dtype=np.float32)
IMAGENET_STD = np.array([0.229, 0.224, 0.225], dtype=np.float32)

# Images in 0..255 are about 64 times as large as normalized ones.
CAFFE_GAINS = {"conv1_1.weight": 1.0 / 64.0}


def photo():
    """Sky, hills, a lake and a few round things, with grain; 8-bit RGB."""
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    sky = np.stack([90 + 0.30 * y, 140 + 0.22 * y, 230 - 0.10 * y], axis=-1)
    hills = np.stack([60 + 0.05 * x, 110 + 0.10 * y, 50 + 0.02 * x], axis=-1)
    lake = np.stack([30 + 0.05 * y, 70 + 0.10 * y, 120 + 20 * np.sin(y / 3)], axis=-1)
    picture = sky
    picture = np.where((y > 170 + 40 * np.sin(x / 60))[..., None], hills, picture)
    picture = np.where((y > 280 + 12 * np.sin(x / 35))[..., None], lake, picture)
    for place in range(9):
        center_x, center_y = 30 + 53 * place, 210 + (place * 37) % 90
        near = (x - center_x) ** 2 + (y - center_y) ** 2 < (14 + 3 * (place % 4)) ** 2
        color = np.array([40 * place % 256, 255 - 25 * place, 80 * place % 256], dtype=np.float32)
        picture = np.where(near[..., None], color, picture)
    grain = seeded.uniform("grain", picture.shape, 1) * 12
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def caffe_input(pixels):
    return pixels[:, :, ::-1].astype(np.float32) - CAFFE_MEAN_BGR


def imagenet_input(pixels):
    return (pixels.astype(np.float32) / np.float32(255) - IMAGENET_MEAN) / IMAGENET_STD


def write(folder, name, build, values, gains=None):
    net, _ = seeded.build_filled(build, 1, gains)
    torch.save(net.state_dict(), folder / f"{name}.pth")
    images = np.ascontiguousarray(values.transpose(2, 0, 1))[None]
    np.save(folder / f"{name}.input.npy", images)
    for kind, scores in fcn.logits(net, torch.from_numpy(images)).items():
        np.save(folder / f"{name}.{'scores' if kind == 'logits' else kind}.npy", scores.numpy())
        print(f"{name} {kind}: {scores.min():.3f} .. {scores.max():.3f}")
        if kind == "logits":
            mask = scores[0].argmax(0).to(torch.uint8).numpy()
            Image.fromarray(mask).save(folder / f"{name}.mask.png")
            print(f"{name} pixels of each class: {np.bincount(mask.ravel(), minlength=21).tolist()}")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: fullsize.py FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    pixels = photo()
    Image.fromarray(pixels).save(folder / "photo.png")
    write(folder, "fcn8s", {"trunk": "vgg16", "variant": "fcn8s"}, caffe_input(pixels), CAFFE_GAINS)
    write(folder, "fcn_resnet50", {"trunk": "fcn_resnet50"}, imagenet_input(pixels))


if __name__ == "__main__":
    main()
