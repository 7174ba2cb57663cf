"""Repeats a training of FCN Workbench in PyTorch, and compares the losses of its steps.

Beside this script lie: `run.json` (the settings, and for each step its learning rate, its images, what was
drawn for each of them, and the loss that the program found), `initial.safetensors` (the weights before the
first step), `fcn.py` (the networks), and in `images` and `masks` the decoded training images with their
labels. Needs torch and torchvision.

Ends with 0 where all losses are within the tolerance, or are as far off as rounding makes them, which more
trainings tell, in float64 and from weights that are moved by their rounding; with 1 otherwise.

usage: reproduce.py [--tolerance 1e-3]
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import fcn  # noqa: E402

VOID = 255
TRUNKS = {"vgg16-bn": "vgg16_bn", "resnet50": "fcn_resnet50", "resnet101": "fcn_resnet101"}
# Weight of the loss of the auxiliary head.
AUX_WEIGHT = 0.5
# Training makes rounding grow from step to step. Beyond the tolerance, losses may be this many times as far
# off as PyTorch's own are in float32 from those in float64 by then.
ROUNDINGS = 10
# When rounding begins to grow is chance (an update of AdamW turns with the sign of a gradient of almost 0), so
# one training in float32 may be lucky: so many more begin with each weight moved by at most one part in
# ROUNDED, its own rounding.
NUDGES = 5
ROUNDED = 2**23


def read_safetensors(path):
    """The tensors of a file: eight bytes with the length of a header, the header, the values."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)

    def tensor(entry):
        first, last = (start + offset for offset in entry["data_offsets"])
        values = np.frombuffer(data[first:last], "<f4").copy()
        return torch.from_numpy(values).reshape(entry["shape"])

    return {name: tensor(entry) for name, entry in header.items()}


def build(network):
    net = fcn.build(
        TRUNKS.get(network["trunk"], network["trunk"]),
        network["variant"],
        geometry=network["geometry"],
        n_class=network["classes"],
        dropout=network["dropout"],
        aux=network["aux_head"],
    )
    for layer in list(net.modules()):
        for name, child in layer.named_children():
            if isinstance(child, (nn.Dropout, nn.Dropout2d)):
                # Single values, as in the program and in Caffe; pytorch-fcn drops whole maps.
                setattr(layer, name, nn.Dropout(network["dropout"]))
    missing, unknown = net.load_state_dict(read_safetensors(HERE / "initial.safetensors"), strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unknown:
        sys.exit(f"initial.safetensors: missing {missing}, unknown {unknown}")
    return net


def stage_of(name):
    """The stage of a layer, as the program's --stage-rates names them."""
    for start, stage in [("fc6", "fc"), ("fc7", "fc"), ("bnfc", "fc"), ("backbone.layer", "stage"), ("inception", "stage")]:
        if name.startswith(start):
            return stage + name[len(start)] if stage == "stage" else stage
    if name.startswith("features."):  # AlexNet
        return "stage" + {"0": "1", "3": "2", "6": "3", "8": "4", "10": "5"}[name.split(".")[1]]
    if name.startswith(("conv", "bn")) and "_" in name.split(".")[0]:  # VGG16: conv1_1, bn1_1
        return "stage" + name.removeprefix("conv").removeprefix("bn")[0]
    return "stem" if name.startswith(("backbone.", "conv")) else "head"


def parameter_groups(net, network, learning):
    """Rates and decays as the program has them: biases and stages may have rates of their own."""
    rates = dict(part.split("=") for part in learning.get("stage_rates", "").split(",") if "=" in part)
    ups = [name for name, layer in net.named_modules() if isinstance(layer, nn.ConvTranspose2d)]
    last = getattr(net, "last_name", "upscore")
    fixed = {"learned": [], "fixed": [last], "all-fixed": ups}[network["final_upsampling"]]
    for layer_name, layer in net.named_modules():
        for name, weights in layer.named_parameters(recurse=False):
            is_bias = name == "bias" and not isinstance(layer, nn.BatchNorm2d)
            factor = float(rates.get(stage_of(layer_name), 1))
            if factor == 0 or layer_name in fixed:
                weights.requires_grad_(False)
                continue
            decay = 0.0 if is_bias and not learning["decay_biases"] else learning["weight_decay"]
            factor *= learning["bias_rate"] if is_bias else 1
            yield {"params": [weights], "factor": factor, "weight_decay": decay}


def loss_of(logits, labels, learning, weights):
    """What is differentiated, and the mean cross entropy of the labeled pixels, which is logged."""
    objective = learning["objective"]
    gamma, dice_share = objective["focal_gamma"], objective["dice_share"]
    labeled = labels != VOID
    truth = torch.where(labeled, labels, 0)
    shares = functional.log_softmax(logits, 1)
    picked = shares.gather(1, truth[:, None])[:, 0]
    mean = -(picked * labeled).sum() / labeled.sum().clamp(min=1)
    factor = weights[truth] * labeled
    terms = -picked * factor
    if gamma > 0:
        terms = terms * (1 - picked.exp()).clamp(min=1e-6) ** gamma
    loss = terms.sum()
    if learning["reduction"] == "mean" and factor.sum() > 0:
        loss = loss / factor.sum()
    if dice_share > 0:
        shares = shares.exp() * labeled[:, None]
        one_hot = functional.one_hot(truth, shares.shape[1]).permute(0, 3, 1, 2) * labeled[:, None]
        both, each = (shares * one_hot).sum((0, 2, 3)), (shares + one_hot).sum((0, 2, 3))
        occurring = one_hot.sum((0, 2, 3)) > 0
        dice = 1 - ((2 * both + 1) / (each + 1))[occurring].mean() if occurring.any() else 0 * shares.sum()
        loss = (1 - dice_share) * loss + dice_share * dice
    return loss, mean


def cut(pixels, change, padding):
    """The crop of an image or of its labels, with `padding` where it sticks out."""
    height, width = change["height"], change["width"]
    out = np.broadcast_to(np.array(padding, np.uint8), (height, width, *pixels.shape[2:])).copy()
    top, left = change["top"], change["left"]
    rows = slice(max(top, 0), min(top + height, pixels.shape[0]))
    columns = slice(max(left, 0), min(left + width, pixels.shape[1]))
    out[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = pixels[rows, columns]
    return out[:, ::-1] if change["mirrored"] else out


def grid_weights(side):
    """How much each of three points counts along a side: Catmull and Rom's cubic, the outer points repeated."""
    weights = np.zeros((side, 3))
    for position in range(side):
        at = position / (max(side, 2) - 1) * 2
        cell = min(int(at), 1)
        t = at - cell
        four = [
            ((2 - t) * t - 1) * t / 2,
            ((3 * t - 5) * t * t + 2) / 2,
            ((4 - 3 * t) * t + 1) * t / 2,
            (t - 1) * t * t / 2,
        ]
        for offset, weight in enumerate(four):
            weights[position, min(max(cell + offset - 1, 0), 2)] += weight
    return weights


def warped(pixels, labels, change, padding):
    """The crop, turned about its middle and bent: bilinear, and the nearest label."""
    height, width = change["height"], change["width"]
    x, y = np.meshgrid(np.arange(width) - (width - 1) / 2, np.arange(height) - (height - 1) / 2)
    angle = np.radians(np.float64(np.float32(change["warp"]["degrees"])))
    sine, cosine = np.sin(angle), np.cos(angle)
    from_x = change["left"] + (width - 1) / 2 + x * cosine - y * sine
    from_y = change["top"] + (height - 1) / 2 + x * sine + y * cosine
    if "bends" in change["warp"]:
        points = np.array(change["warp"]["bends"], np.float32).astype(np.float64).reshape(3, 3, 2)
        bends = np.einsum("ra,cb,abd->rcd", grid_weights(height), grid_weights(width), points)
        from_x, from_y = from_x + bends[..., 0], from_y + bends[..., 1]
    rows, columns = (np.floor(at + 0.5).astype(int) for at in (from_y, from_x))
    inside = (rows >= 0) & (rows < pixels.shape[0]) & (columns >= 0) & (columns < pixels.shape[1])
    left, top = np.floor(from_x), np.floor(from_y)
    right, below = (from_x - left)[..., None], (from_y - top)[..., None]

    def pixel(x, y):
        x, y = np.clip(x, 0, pixels.shape[1] - 1).astype(int), np.clip(y, 0, pixels.shape[0] - 1).astype(int)
        return pixels[y, x].astype(np.float64)

    upper = pixel(left, top) + (pixel(left + 1, top) - pixel(left, top)) * right
    lower = pixel(left, top + 1) + (pixel(left + 1, top + 1) - pixel(left, top + 1)) * right
    image = to_bytes(upper + (lower - upper) * below)
    image[~inside] = padding
    mask = np.full((height, width), VOID, np.uint8)
    mask[inside] = labels[rows[inside], columns[inside]]
    return (image[:, ::-1], mask[:, ::-1]) if change["mirrored"] else (image, mask)


def to_bytes(values):
    """Rounded, halves away from zero."""
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


def blurred(pixels, deviation):
    """A Gaussian up to three deviations each way; beyond the border are the pixels at it."""
    deviation = np.float32(deviation)
    if deviation < np.float32(0.1):
        return pixels
    reach = int(np.ceil(3 * deviation))
    weights = np.exp(np.float32(-0.5) * (np.arange(-reach, reach + 1, dtype=np.float32) / deviation) ** 2)
    weights /= weights.sum()
    values = pixels.astype(np.float32)
    for axis in (1, 0):
        side = values.shape[axis]
        places = [np.clip(np.arange(side) + offset - reach, 0, side - 1) for offset in range(len(weights))]
        values = sum(weight * values.take(place, axis) for weight, place in zip(weights, places))
    return to_bytes(values)


def tinted(pixels, tint):
    """The chroma turned and multiplied about the gray of the same luma (BT.601)."""
    angle = np.radians(np.float32(tint["hue_degrees"]))
    sine, cosine = (np.float32(tint["saturation"]) * part(angle) for part in (np.sin, np.cos))
    red, green, blue = (pixels[..., channel].astype(np.float32) for channel in range(3))
    luma = np.float32(0.299) * red + np.float32(0.587) * green + np.float32(0.114) * blue
    u, v = np.float32(0.492) * (blue - luma), np.float32(0.877) * (red - luma)
    red = luma + (u * sine + v * cosine) / np.float32(0.877)
    blue = luma + (u * cosine - v * sine) / np.float32(0.492)
    green = (luma - np.float32(0.299) * red - np.float32(0.114) * blue) / np.float32(0.587)
    return to_bytes(np.stack([red, green, blue], -1))


def noisy(pixels, noise):
    """Nearly normal noise: the sum of four numbers of 16 bits, of SplitMix64."""
    with np.errstate(over="ignore"):
        state = np.arange(1, pixels.size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(noise["seed"])
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    parts = [(state >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (0, 16, 32, 48)]
    values = (sum(parts).astype(np.float32) / np.float32(65535) - np.float32(2)) * np.sqrt(np.float32(3))
    return to_bytes(pixels.astype(np.float32) + np.float32(noise["deviation"]) * values.reshape(pixels.shape))


def scaled(pixels, labels, size):
    """Bilinear, averaging where it becomes smaller; labels take the one at the center of a pixel."""
    width, height = size
    maps = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    maps = functional.interpolate(maps, (height, width), mode="bilinear", antialias=True)
    pixels = maps[0].permute(1, 2, 0).round().clamp(0, 255).byte().numpy()
    rows = (2 * np.arange(height) + 1) * labels.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * labels.shape[1] // (2 * width)
    return pixels, labels[rows][:, columns]


def sample(entry, normalization):
    pixels, labels = (np.load(HERE / folder / f"{entry['item']:06}.npy") for folder in ("images", "masks"))
    change = entry["change"]
    if change["scaled"]:
        pixels, labels = scaled(pixels, labels, change["scaled"])
    padding = (124, 116, 104)
    if "warp" in change:
        pixels, labels = warped(pixels, labels, change, padding)
    else:
        pixels, labels = cut(pixels, change, padding), cut(labels, change, VOID)
    if "blur" in change:
        pixels = blurred(pixels, change["blur"])
    if "tint" in change:
        pixels = tinted(pixels, change["tint"])
    if change["light"]:
        light = (pixels.astype(np.float32) - 127.5) * change["light"]["contrast"] + 127.5 + change["light"]["offset"]
        pixels = to_bytes(light)
    if "noise" in change:
        pixels = noisy(pixels, change["noise"])
    if normalization["order"] == "bgr":
        pixels = pixels[..., ::-1]
    values = pixels.astype(np.float32) / (255 if normalization["range"] == "unit" else 1)
    values = (values - np.array(normalization["mean"], np.float32)) / np.array(normalization["std"], np.float32)
    image = torch.from_numpy(np.ascontiguousarray(values.transpose(2, 0, 1)))
    return image, torch.from_numpy(labels.astype(np.int64))


def nudge(net, seed):
    """Moves each weight by at most its rounding."""
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weights in net.parameters():
            weights.mul_(1 + (2 * torch.rand(weights.shape, generator=draws) - 1) / ROUNDED)


def train(run, dtype, told, seed=None):
    """The mean loss of each step; `told` gets each as it is known. With a seed, weights begin nudged."""
    network, learning = run["network"], run["learning"]
    net = build(network)
    if seed is not None:
        nudge(net, seed)
    net = net.train().to(dtype)
    groups = list(parameter_groups(net, network, learning))
    trained = [weights for group in groups for weights in group["params"]]
    if learning["optimizer"] == "adamw":
        optimizer = torch.optim.AdamW(groups, lr=learning["learning_rate"])
    else:
        optimizer = torch.optim.SGD(groups, lr=learning["learning_rate"], momentum=learning["momentum"])
    weights = torch.tensor(run["class_weights"] or [1.0] * network["classes"], dtype=dtype)
    losses = []
    for step in run["steps"]:
        optimizer.zero_grad(set_to_none=True)
        means = []
        for batch in step["batches"]:
            images, labels = (torch.stack(part) for part in zip(*(sample(one, run["normalization"]) for one in batch)))
            output = net(images.to(dtype))
            output = output if isinstance(output, dict) else {"out": output}
            loss, mean = loss_of(output["out"], labels, learning, weights)
            if "aux" in output:
                loss = loss + AUX_WEIGHT * loss_of(output["aux"], labels, learning, weights)[0]
            (loss / len(step["batches"])).backward()
            means.append(mean.item())
        if learning["clip_norm"]:
            torch.nn.utils.clip_grad_norm_(trained, learning["clip_norm"])
        for group in optimizer.param_groups:
            group["lr"] = step["learning_rate"] * group["factor"]
        optimizer.step()
        losses.append(sum(means) / len(means))
        told(step, losses[-1])
    return losses


def tell(step, own):
    found = step["loss"]
    compared = "" if found is None else f", {found:.6f} in the run, {own - found:+.1e}"
    print(f"step {step['step']}: {own:.6f}{compared}", flush=True)


def compare(run, tolerance):
    """Whether the losses are those of the run, up to `tolerance` or to what rounding makes of them."""
    losses = train(run, torch.float32, tell)
    parted = [0.0 if step["loss"] is None else abs(own - step["loss"]) for step, own in zip(run["steps"], losses)]
    print(f"largest difference: {max(parted, default=0.0):.1e}")
    first = next((place for place, difference in enumerate(parted) if not difference <= tolerance), None)
    if first is None:
        print(f"repeated: all {len(losses)} losses within {tolerance:g}")
        return True
    if run["network"]["dropout"] > 0:
        return True
    print(f"{first} steps within {tolerance:g}. Training again in float64, and {NUDGES} times in float32 from weights")
    print("that are moved by their rounding, tells how much of the rest is rounding:", flush=True)

    def silent(step, own):
        pass

    doubles = train(run, torch.float64, silent)
    nudged = [train(run, torch.float32, silent, seed) for seed in range(NUDGES)]
    rounding, is_repeated = 0.0, True
    for place, exact in enumerate(doubles):
        rounding = max(rounding, *(abs(found[place] - exact) for found in (losses, *nudged)))
        if place == first:
            print(f"at step {run['steps'][place]['step']} PyTorch in float32 is {rounding:.1e} off its own float64")
        if is_repeated and not parted[place] <= max(tolerance, ROUNDINGS * rounding):
            is_repeated = False
            print(f"not repeated: step {run['steps'][place]['step']} is {parted[place]:.1e} off, rounding {rounding:.1e}")
    if is_repeated:
        print(f"repeated up to rounding: PyTorch in float32 is up to {rounding:.1e} off its own float64")
    return is_repeated


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest difference of two losses")
    args = parser.parse_args()
    run = json.loads((HERE / "run.json").read_text())
    if run["network"]["dropout"] > 0:
        print("this run has dropout, which PyTorch draws anew: its losses are alike, but not the same")
    sys.exit(not compare(run, args.tolerance))


if __name__ == "__main__":
    main()
