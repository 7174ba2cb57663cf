"""20 steps of PyTorch with the losses and optimizers beside the papers' own.

A 1x1 convolution with a bias from 2 channels to 3 classes, on two images of 2x3 pixels with one
void pixel. Writes the loss before each step, and the weights behind the last."""

import json
import sys

import torch
import torch.nn.functional as functional

IMAGES = torch.tensor([((n * 37) % 23 - 11) / 7 for n in range(24)], dtype=torch.float32).reshape(2, 2, 2, 3)
LABELS = torch.tensor([0, 1, 2, 2, 0, 255, 1, 1, 0, 0, 0, 2]).reshape(2, 2, 3)
WEIGHTS = torch.tensor([0.5, 2.0, 1.5])
STEPS = 20


def cross_entropy(logits, weights, gamma):
    labeled = LABELS != 255
    labels = torch.where(labeled, LABELS, 0)
    log = functional.log_softmax(logits, 1).gather(1, labels[:, None])[:, 0]
    factor = weights[labels] * labeled
    return (factor * (1 - log.exp()) ** gamma * -log).sum() / factor.sum()


def dice(logits):
    labeled = (LABELS != 255)[:, None]
    shares = logits.softmax(1) * labeled
    truth = functional.one_hot(torch.where(LABELS == 255, 0, LABELS), 3).permute(0, 3, 1, 2) * labeled
    both, each = (shares * truth).sum((0, 2, 3)), (shares + truth).sum((0, 2, 3))
    return 1 - ((2 * both + 1) / (each + 1))[truth.sum((0, 2, 3)) > 0].mean()


def ones():
    return torch.ones(3)


CASES = {
    "weighted": (lambda x: functional.cross_entropy(x, LABELS, WEIGHTS, ignore_index=255), "sgd"),
    "focal": (lambda x: cross_entropy(x, WEIGHTS, 2.0), "sgd"),
    "dice": (dice, "sgd"),
    "mixed": (lambda x: 0.75 * cross_entropy(x, ones(), 0.0) + 0.25 * dice(x), "sgd"),
    "adamw": (lambda x: cross_entropy(x, ones(), 0.0), "adamw"),
}

result = {}
for name, (loss_of, optimizer) in CASES.items():
    layer = torch.nn.Conv2d(2, 3, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([n * 0.3 - 0.7 for n in range(6)]).reshape(3, 2, 1, 1))
        layer.bias.copy_(torch.tensor([0.1, -0.2, 0.3]))
    if optimizer == "sgd":
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.3, momentum=0.9, weight_decay=0.01)
    else:
        optimizer = torch.optim.AdamW(layer.parameters(), lr=0.05, weight_decay=0.1)
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = loss_of(layer(IMAGES))
        loss.backward()
        optimizer.step()
        losses.append(round(loss.item(), 8))
    weights = [round(value, 8) for value in layer.weight.flatten().tolist() + layer.bias.tolist()]
    result[name] = {"losses": losses, "weights": weights}

json.dump(result, sys.stdout, indent=1)
