"""The rows of `fcn-workbench bench`, computed by PyTorch: python benches/pytorch.py --rows forward --threads 2

Prints one JSON object a row, with the fields of `fcn-workbench --json bench`. The networks are those of
tests/reference/fcn.py: float32, eager, `inference_mode` where nothing is trained. Every network is measured with
contiguous and with channels_last tensors, and the better one counts. Each measurement is made in a process of its own.

--write-weights FILE writes seeded weights that both programs can read, and measures nothing.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

BENCHES = Path(__file__).resolve().parent
REFERENCE = BENCHES.parent / "tests" / "reference"

NUM_CLASSES = 21
VOID = 255
SIZES = ((500, 375), (1024, 512))
GEMM_SIDE = 2048
SEED = 1
# So small that however many steps there are, the weights stay as they are.
RATE = 1e-9
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# Calls are repeated until a round takes this long.
ROUND_SECS = 0.05
MOST_REPEATS = 1000

# The presets of the program: variant, training size (width, height), batch size, momentum, decay, dropout.
PRESETS = {
    "vgg16": ("fcn8s", (224, 224), 1, 0.99, 5e-4, 0.5),
    "vgg16-slim": ("fcn8s", (160, 128), 4, 0.9, 5e-4, 0.5),
    "vgg16-bn": ("fcn8s", (480, 480), 4, 0.9, 1e-4, 0.1),
    "googlenet": ("fcn8s", (480, 480), 4, 0.9, 1e-4, 0.1),
    "resnet50": ("fcn_resnet50", (480, 480), 4, 0.9, 1e-4, 0.1),
    "resnet101": ("fcn_resnet101", (480, 480), 4, 0.9, 1e-4, 0.1),
}
# The data path is that of vgg16-slim.
DATA_TRUNK = "vgg16-slim"
# The stages of the data path, over so many pairs of the sample.
STAGES = ("decode", "cached", "resize", "augment", "batch")
STAGE_PAIRS = 32


def all_rows(trunks):
    """(name, kind, trunk or None, (width, height) or None), in the program's order."""
    rows = [(f"gemm/{GEMM_SIDE}", "gemm", None, None)]
    for trunk in trunks:
        _, step, batch_size, *_ = PRESETS[trunk]
        rows.append((f"forward/{trunk}/{SIZES[0][0]}x{SIZES[0][1]}", "forward", trunk, SIZES[0]))
        rows.append((f"train/{trunk}/{step[0]}x{step[1]}/b{batch_size}", "train", trunk, step))
        rows += [(f"predict/{trunk}/{width}x{height}", "predict", trunk, (width, height)) for width, height in SIZES]
    rows.append(("data", "data", None, None))
    rows += [(f"images/{stage}", "images", None, None) for stage in STAGES]
    rows.append((f"confusion/{SIZES[0][0]}x{SIZES[0][1]}", "confusion", None, SIZES[0]))
    return rows


def is_named(name, wanted):
    return name == wanted or name.startswith(wanted + "/")


def peak_memory_mib(reset=False):
    """Peak resident memory of this process; `reset` resets the peak where Linux allows it."""
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5")
        except OSError:
            pass
        return None
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def time_rounds(call, rounds):
    """Milliseconds of a call in each round, and the calls in a round; two calls warm up."""
    call()
    start = time.perf_counter()
    call()
    once = max(time.perf_counter() - start, 1e-9)
    repeats = min(max(int(-(-ROUND_SECS // once)), 1), MOST_REPEATS)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeats):
            call()
        times.append((time.perf_counter() - start) * 1000 / repeats)
    return times, repeats


# The same synthetic images and masks as in the program.


def photo(size):
    import numpy as np

    width, height = size
    grain = np.arange(width * height * 3, dtype=np.uint64) * np.uint64(2654435761)
    return ((grain & np.uint64(0xFFFFFFFF)) >> np.uint64(24)).astype(np.uint8).reshape(height, width, 3)


def label_map(size, left):
    import numpy as np

    y, x = np.mgrid[: size[1], : size[0]]
    patch = ((x + left) // 25 + y // 25 * 7) % (NUM_CLASSES + 1)
    return np.where(patch == NUM_CLASSES, VOID, patch).astype(np.uint8)


def normalized(pixels, layout):
    """[1, 3, height, width] of bytes [height, width, 3]."""
    import torch

    mean, std = (torch.tensor(values)[None, :, None, None] for values in (IMAGENET_MEAN, IMAGENET_STD))
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].to(torch.float32).div(255)
    return images.sub(mean).div(std).contiguous(memory_format=layout)


def build(trunk, variant, dropout):
    sys.path.insert(0, str(REFERENCE))
    import fcn

    names = {"vgg16-bn": "vgg16_bn", "resnet50": "fcn_resnet50", "resnet101": "fcn_resnet101"}
    trunk = names.get(trunk, trunk)
    return fcn.build(trunk, variant, geometry="padded", n_class=NUM_CLASSES, dropout=dropout, aux=False)


def network(job, layout):
    import torch

    variant, _, _, _, _, dropout = PRESETS[job["trunk"]]
    net = build(job["trunk"], job["variant"] or variant, dropout)
    if job["weights"]:
        net.load_state_dict(torch.load(job["weights"], weights_only=True))
    else:
        import seeded

        seeded.fill(net, SEED)
    return net.to(memory_format=layout)


def logits_of(net, images):
    output = net(images)
    return output["out"] if isinstance(output, dict) else output


# One function a kind: gives the call, the items it works on and their number, and a function for the check.


def gemm(job, layout):
    import torch

    torch.manual_seed(SEED)
    left, right = (torch.rand(GEMM_SIDE, GEMM_SIDE) * 2 - 1 for _ in range(2))
    return lambda: left @ right, ("products", 1), lambda: None


def forward(job, layout):
    import torch

    net = network(job, layout).eval()
    images = normalized(photo(job["size"]), layout)
    last = [None]

    def call():
        last[0] = None
        with torch.inference_mode():
            last[0] = logits_of(net, images)

    return call, ("images", 1), lambda: last[0].abs().mean(dtype=torch.float64).item()


def predict(job, layout):
    import numpy as np
    import torch

    net = network(job, layout).eval()
    pixels = photo(job["size"])
    last = [None]

    def call():
        with torch.inference_mode():
            logits = logits_of(net, normalized(pixels, layout))
            last[0] = logits.argmax(1)[0].to(torch.uint8).numpy()

    return call, ("images", 1), lambda: float(last[0].mean(dtype=np.float64))


def train(job, layout):
    import torch

    _, _, batch_size, momentum, decay, _ = PRESETS[job["trunk"]]
    net = network(job, layout).train()
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=momentum, weight_decay=decay)
    images = normalized(photo(job["size"]), layout).repeat(batch_size, 1, 1, 1).contiguous(memory_format=layout)
    labels = torch.from_numpy(label_map(job["size"], 0)).long()[None].repeat(batch_size, 1, 1)

    def call():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(logits_of(net, images), labels, ignore_index=VOID)
        loss.item()
        loss.backward()
        optimizer.step()

    return call, ("images", batch_size), lambda: None


class Sample:
    """The generated sample: random crops, flips, normalization."""

    def __init__(self, root):
        self.root = root
        self.names = (root / "ImageSets/Segmentation/train.txt").read_text().split()
        self.crop = PRESETS[DATA_TRUNK][1]

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        import numpy as np
        import torch
        from PIL import Image

        name = self.names[index]
        pixels = np.asarray(Image.open(self.root / f"JPEGImages/{name}.jpg").convert("RGB"))
        labels = np.asarray(Image.open(self.root / f"SegmentationClass/{name}.png"))
        width, height = self.crop
        top, left = (int(torch.randint(most + 1, ())) for most in (labels.shape[0] - height, labels.shape[1] - width))
        rows, columns = slice(top, top + height), slice(left, left + width)
        pixels, labels = pixels[rows, columns], labels[rows, columns]
        if torch.rand(()) < 0.5:
            pixels, labels = pixels[:, ::-1], labels[:, ::-1]
        image = normalized(np.ascontiguousarray(pixels), torch.contiguous_format)[0]
        return image, torch.from_numpy(np.ascontiguousarray(labels))


def sample_root(job):
    root = Path(job["data_dir"]) / "sample"
    if not (root / "sample.json").is_file():
        sys.exit(f"{root}: no sample here. `fcn-workbench --data-dir ... bench --rows data` makes one")
    return root


def decoded(root, name):
    import numpy as np
    from PIL import Image

    pixels = np.asarray(Image.open(root / f"JPEGImages/{name}.jpg").convert("RGB"))
    return pixels, np.asarray(Image.open(root / f"SegmentationClass/{name}.png"))


def augmented(image, mask, crop):
    """A random scale of 0.5 to 2, crop, flip, contrast and brightness, with torchvision's functions on PIL images."""
    import torch
    from torchvision.transforms import InterpolationMode
    from torchvision.transforms import functional as transforms

    width, height = crop
    scale = 0.5 + 1.5 * torch.rand(()).item()
    size = [max(round(side * scale), 1) for side in (image.height, image.width)]
    image = transforms.resize(image, size, InterpolationMode.BILINEAR)
    mask = transforms.resize(mask, size, InterpolationMode.NEAREST)
    right, below = max(width - size[1], 0), max(height - size[0], 0)
    if right or below:
        image = transforms.pad(image, [0, 0, right, below], fill=(124, 116, 104))
        mask = transforms.pad(mask, [0, 0, right, below], fill=VOID)
    top, left = (int(torch.randint(most + 1, ())) for most in (image.height - height, image.width - width))
    image, mask = (transforms.crop(one, top, left, height, width) for one in (image, mask))
    if torch.rand(()) < 0.5:
        image, mask = transforms.hflip(image), transforms.hflip(mask)
    image = transforms.adjust_contrast(image, 0.8 + 0.4 * torch.rand(()).item())
    return transforms.adjust_brightness(image, 0.8 + 0.4 * torch.rand(()).item()), mask


def images(job, layout):
    """A stage of the data path by itself, over the first pairs of the sample, in one process."""
    import numpy as np
    import torch
    from PIL import Image
    from torch.utils.data import default_collate

    root, stage = sample_root(job), job["row"].partition("/")[2]
    _, crop, batch_size, *_ = PRESETS[DATA_TRUNK]
    names = (root / "ImageSets/Segmentation/train.txt").read_text().split()[:STAGE_PAIRS]
    pairs = [decoded(root, name) for name in names]
    pictures = [tuple(Image.fromarray(part) for part in pair) for pair in pairs]
    if stage == "decode":

        def call():
            for name in names:
                decoded(root, name)

    elif stage == "cached":
        import tempfile

        folder = tempfile.TemporaryDirectory()
        for name, pair in zip(names, pairs):
            np.savez(f"{folder.name}/{name}.npz", *pair)

        def call(keep=folder):
            for name in names:
                with np.load(f"{folder.name}/{name}.npz") as pair:
                    pair["arr_0"], pair["arr_1"]

    elif stage == "resize":

        def call():
            for image, mask in pictures:
                size = (image.width * 3 // 2, image.height * 3 // 2)
                image.resize(size, Image.Resampling.BILINEAR), mask.resize(size, Image.Resampling.NEAREST)

    elif stage == "augment":

        def call():
            for image, mask in pictures:
                augmented(image, mask, crop)

    else:
        crops = [tuple(np.asarray(part) for part in augmented(*pair, crop)) for pair in pictures]

        def call():
            for start in range(0, len(crops), batch_size):
                batch = crops[start : start + batch_size]
                default_collate(
                    [(normalized(pixels.copy(), torch.contiguous_format)[0], torch.from_numpy(labels.copy())) for pixels, labels in batch]
                )

    return call, ("images", len(names)), lambda: None


def data(job, layout):
    from torch.utils.data import DataLoader

    root = sample_root(job)
    batch_size = PRESETS[DATA_TRUNK][2]
    # One worker that stays from epoch to epoch, as the program's loader has one thread.
    loader = DataLoader(Sample(root), batch_size, shuffle=True, num_workers=1, persistent_workers=True)

    def call():
        for _ in loader:
            pass

    return call, ("batches", len(loader)), lambda: None


def confusion(job, layout):
    import numpy as np
    import torch

    truth = torch.from_numpy(label_map(job["size"], 0)).flatten()
    mask = label_map(job["size"], 5)
    mask = torch.from_numpy(np.where(mask == VOID, 0, mask).astype(np.uint8)).flatten()
    counts = torch.zeros(NUM_CLASSES * NUM_CLASSES, dtype=torch.int64)

    def call():
        labeled = truth != VOID
        cells = truth[labeled].long() * NUM_CLASSES + mask[labeled]
        counts.add_(torch.bincount(cells, minlength=NUM_CLASSES * NUM_CLASSES))

    def check():
        matrix = counts.reshape(NUM_CLASSES, NUM_CLASSES)
        return (matrix.diagonal().sum() / matrix.sum()).item()

    return call, ("pixels", truth.numel()), check


KINDS = {function.__name__: function for function in (gemm, forward, train, predict, data, images, confusion)}
NETWORKS = ("forward", "train", "predict")


def measure(job):
    """Measures one row in one layout; runs in the child process."""
    import torch

    torch.set_num_threads(job["threads"])
    layout = torch.channels_last if job["channels_last"] else torch.contiguous_format
    call, (items, count), check = KINDS[job["kind"]](job, layout)
    peak_memory_mib(reset=True)
    times, repeats = time_rounds(call, job["rounds"])
    memory = peak_memory_mib()
    low, middle, high = statistics.quantiles(times, n=4, method="inclusive") if len(times) > 1 else times * 3
    return {
        "row": job["row"],
        "trunk": job["trunk"],
        "variant": job["trunk"] and (job["variant"] or PRESETS[job["trunk"]][0]),
        "device": "cpu",
        "threads": torch.get_num_threads(),
        "rounds": job["rounds"],
        "repeats": repeats,
        "median_ms": middle,
        "lower_quartile_ms": low,
        "upper_quartile_ms": high,
        "min_ms": min(times),
        "max_ms": max(times),
        "items": items,
        "items_per_sec": count * 1000 / middle,
        "peak_memory_mib": memory,
        "check": check(),
        "channels_last": job["channels_last"],
    }


def in_child(job):
    command = [sys.executable, str(Path(__file__).resolve()), "--measure", json.dumps(job)]
    child = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if child.returncode != 0:
        sys.exit(f"{job['row']}: its process ended with {child.returncode}")
    return json.loads(child.stdout)


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    parser.add_argument("--trunk", action="append", choices=list(PRESETS), help="default: vgg16-slim and vgg16")
    parser.add_argument("--variant", help="default: as each trunk's preset has it")
    parser.add_argument("--threads", type=int, default=cores)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--rows", help="first parts of their names, separated by commas")
    parser.add_argument("--weights", help="default: seeded")
    parser.add_argument("--data-dir", default="data", help="folder with the program's sample")
    parser.add_argument("--write-weights", metavar="FILE", help="write seeded weights of the trunk")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    args = parse()
    if args.measure:
        print(json.dumps(measure(json.loads(args.measure))))
        return
    trunks = args.trunk or ["vgg16-slim", "vgg16"]
    if args.write_weights:
        import torch

        job = {"trunk": trunks[0], "variant": args.variant, "weights": None}
        torch.save(network(job, torch.contiguous_format).state_dict(), args.write_weights)
        return
    rows = all_rows(trunks)
    wanted = args.rows.split(",") if args.rows else [row[0] for row in rows]
    for name in wanted:
        if not any(is_named(row[0], name) for row in rows):
            sys.exit(f"{name}: no such row. There are {', '.join(row[0] for row in rows)}")
    for name, kind, trunk, size in rows:
        if not any(is_named(name, prefix) for prefix in wanted):
            continue
        job = {"row": name, "kind": kind, "trunk": trunk, "size": size, "variant": args.variant}
        job |= {"threads": args.threads, "rounds": args.rounds, "weights": args.weights, "data_dir": args.data_dir}
        layouts = (False, True) if kind in NETWORKS else (False,)
        results = [in_child(job | {"channels_last": channels_last}) for channels_last in layouts]
        best = min(results, key=lambda result: result["median_ms"])
        medians = {"channels_last" if row["channels_last"] else "contiguous": row["median_ms"] for row in results}
        print(json.dumps(best | {"medians_ms": medians}), flush=True)


if __name__ == "__main__":
    main()
