"""Twenty steps of stochastic gradient descent with fixed batches."""

import numpy as np
import torch
from torch.nn import functional

import seeded

VOID = 255
IMAGES = 4
HEIGHT, WIDTH = 40, 52

# "groups": "one" puts every parameter into one group, at the rate `lr` and with decay; "caffe" trains
# biases at twice the rate without decay and keeps transposed convolutions as they are (voc-fcn*/net.py).
#
# The papers' decay of 5e-4 changes twenty losses by less than the tolerance of 1e-3. The decays here are
# so large that leaving them out, or decaying a bias, changes a loss by more than that. The rates are so small
# that weights changed by 1e-6 of themselves change no loss by that much: at higher ones a rectifier or a
# pooling that goes the other way is seen. Batch normalization over so few values needs few steps as well.
CASES = {
    "sgd-mean": {
        "network": "vgg-tiny-fcn8s-padded",
        "steps": 20,
        "batch_size": 2,
        "reduction": "mean",
        "groups": "one",
        "lr": 0.005,
        "momentum": 0.9,
        "weight_decay": 0.1,
    },
    "sgd-sum": {
        "network": "vgg-tiny-fcn8s-padded",
        "steps": 20,
        "batch_size": 1,
        "reduction": "sum",
        "groups": "caffe",
        "lr": 1e-6,
        "momentum": 0.99,
        "weight_decay": 100.0,
    },
    "sgd-sum-reference": {
        "network": "vgg-tiny-fcn8s-reference",
        "steps": 20,
        "batch_size": 1,
        "reduction": "sum",
        "groups": "caffe",
        "lr": 1e-7,
        "momentum": 0.99,
        "weight_decay": 300.0,
    },
    "sgd-batch-norm": {
        "network": "vgg-slim-fcn8s-padded",
        "steps": 5,
        "batch_size": 4,
        "reduction": "mean",
        "groups": "one",
        "lr": 0.0002,
        "momentum": 0.9,
        "weight_decay": 0.2,
    },
}


def samples():
    """Images with a rectangle of another class on a background, and their labels with a border of void.

    Each class has a color of its own under noise, so there is something to learn.
    """
    labels = np.zeros((IMAGES, HEIGHT, WIDTH), dtype=np.uint8)
    for index, label in enumerate(labels):
        top, left = 4 + 3 * index, 20 - 4 * index
        label[top - 1 : top + 21, left - 1 : left + 25] = VOID
        label[top : top + 20, left : left + 24] = 1 + index
        label[-2:, : 10 * index] = VOID
    colors = seeded.uniform("colors", (IMAGES + 1, 3), 1)
    # Void pixels show the background.
    shown = colors[np.where(labels == VOID, 0, labels)].transpose(0, 3, 1, 2)
    noise = seeded.uniform("noise", shown.shape, 1)
    images = shown * np.float32(1.5) + noise * np.float32(0.5)
    return torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels)


def batches(case):
    """The images of each step: all of them in order, again and again."""
    size = case["batch_size"]
    return [[(step * size + i) % IMAGES for i in range(size)] for step in range(case["steps"])]


def parameter_groups(net, case):
    lr, decay = case["lr"], case["weight_decay"]
    if case["groups"] == "one":
        return [{"params": net.parameters(), "lr": lr, "weight_decay": decay}]
    weights, biases = [], []
    for name, parameter in net.named_parameters():
        if name.startswith("upscore"):
            parameter.requires_grad_(False)
        elif name.endswith(".bias"):
            biases.append(parameter)
        else:
            weights.append(parameter)
    return [
        {"params": weights, "lr": lr, "weight_decay": decay},
        {"params": biases, "lr": 2 * lr, "weight_decay": 0.0},
    ]


def train(net, case, images, labels):
    """Mean and sum of the cross entropy over labeled pixels, before the update of each step."""
    net.train()
    optimizer = torch.optim.SGD(parameter_groups(net, case), lr=case["lr"], momentum=case["momentum"])
    means, sums = [], []
    for indices in batches(case):
        target = labels[indices].long()
        loss_sum = functional.cross_entropy(net(images[indices]), target, ignore_index=VOID, reduction="sum")
        loss_mean = loss_sum / (target != VOID).sum()
        optimizer.zero_grad()
        (loss_mean if case["reduction"] == "mean" else loss_sum).backward()
        optimizer.step()
        means.append(loss_mean.item())
        sums.append(loss_sum.item())
    return means, sums


def run(case, network, images, labels):
    """The tensors and the manifest entry of one case; `network` is the manifest entry of its network."""
    net, _ = seeded.build_filled(network["build"], network["seed"], network["gains"], dropout=0.0)
    means, sums = train(net, case, images, labels)
    tensors = {
        "losses.mean": torch.tensor(means, dtype=torch.float64),
        "losses.sum": torch.tensor(sums, dtype=torch.float64),
    }
    abs_sums = {
        name: tensor.double().abs().sum().item()
        for name, tensor in net.state_dict().items()
        if tensor.is_floating_point()
    }
    entry = dict(case, batches=batches(case), final_abs_sums=abs_sums)
    return tensors, entry
