"""Writes metrics.json: label maps with the scores they must get, for tests/reference/mod.rs.

Everything is computed from the definitions, on sets of pixels and in float64, and shares
nothing with the program: no confusion matrix, no distance transform. Needs only numpy:

    python tests/reference/metrics.py

Definitions: pixel accuracy, mean accuracy, mIoU and frequency weighted IU of Long,
Shelhamer and Darrell (CVPR 2015, section 5), with the rules of label_accuracy_score in
wkentaro/pytorch-fcn for what is absent: pixels labeled 255 are not counted, a class
without a true pixel has no accuracy, a class with neither a true nor a predicted pixel
has no IU, and the means are over the classes that have a value. A labeled pixel that is
predicted as 255 is wrong (our own rule, pytorch-fcn has none).
"""

import json
from pathlib import Path

import numpy as np

VOID = 255
WIDTH, HEIGHT = 12, 9


def mean(values):
    """The mean of the values that are there; None where none is."""
    values = [value for value in values if value is not None]
    return float(np.mean(np.array(values, dtype=np.float64))) if values else None


def scores(truths, predictions, num_classes):
    """The scores of all pixels together."""
    truth = np.concatenate([image.ravel() for image in truths])
    predicted = np.concatenate([image.ravel() for image in predictions])
    labeled = truth != VOID
    truth, predicted = truth[labeled], predicted[labeled]
    accuracies, ius, weighted = [], [], []
    for label in range(num_classes):
        there, answered = truth == label, predicted == label
        hits = np.float64(np.count_nonzero(there & answered))
        union = np.count_nonzero(there | answered)
        accuracies.append(hits / np.count_nonzero(there) if there.any() else None)
        ius.append(hits / union if union else None)
        if there.any():
            weighted.append(np.count_nonzero(there) / np.float64(truth.size) * ius[-1])
    return {
        "pixel_accuracy": float(np.mean(truth == predicted, dtype=np.float64)) if truth.size else None,
        "mean_accuracy": mean(accuracies),
        "mean_iu": mean(ius),
        "frequency_weighted_iu": float(np.sum(weighted)) if truth.size else None,
        "class_iu": [None if iu is None else float(iu) for iu in ius],
    }


def band(truth, width):
    """The truth with void wherever the square around a pixel has one label only."""
    result = np.full_like(truth, VOID)
    for row in range(truth.shape[0]):
        for column in range(truth.shape[1]):
            top, left = max(row - width, 0), max(column - width, 0)
            square = truth[top : row + width + 1, left : column + width + 1]
            if (square != truth[row, column]).any():
                result[row, column] = truth[row, column]
    return result


def blobs(rng, labels, count):
    """A label map of rectangles."""
    image = np.full((HEIGHT, WIDTH), labels[0], dtype=np.uint8)
    for _ in range(count):
        top, left = rng.integers(0, HEIGHT), rng.integers(0, WIDTH)
        height, width = rng.integers(2, 6, size=2)
        image[top : top + height, left : left + width] = rng.choice(labels)
    return image


def spoiled(rng, truth, answers, share):
    """A prediction: the truth without its void, with a share of its pixels drawn anew."""
    predicted = np.where(truth == VOID, rng.choice(answers), truth).astype(np.uint8)
    wrong = rng.random(truth.shape) < share
    predicted[wrong] = rng.choice(answers, size=int(wrong.sum()))
    return predicted


def case(rng, name, num_classes, labels, answers, boundary_width, share=0.3):
    """Three images; `labels` are those that are drawn, `answers` those that are predicted."""
    truths = [blobs(rng, labels, 6) for _ in range(3)]
    predictions = [spoiled(rng, truth, answers, share) for truth in truths]
    return finished(name, num_classes, boundary_width, truths, predictions)


def finished(name, num_classes, boundary_width, truths, predictions):
    images = [scores([truth], [mask], num_classes) for truth, mask in zip(truths, predictions)]
    bands = [band(truth, boundary_width) for truth in truths]
    return {
        "name": name,
        "num_classes": num_classes,
        "width": WIDTH,
        "height": HEIGHT,
        "boundary_width": boundary_width,
        "images": [
            {"truth": truth.ravel().tolist(), "predicted": mask.ravel().tolist()}
            for truth, mask in zip(truths, predictions)
        ],
        "scores": scores(truths, predictions, num_classes),
        "mean_iu_over_images": mean([image["mean_iu"] for image in images]),
        "boundary": scores(bands, predictions, num_classes),
    }


def main():
    rng = np.random.default_rng(20150607)
    flat = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    void = np.full((HEIGHT, WIDTH), VOID, dtype=np.uint8)
    cases = [
        case(rng, "all classes, no void", 4, [0, 1, 2, 3], [0, 1, 2, 3], 1),
        case(rng, "with void", 4, [0, 1, 2, 3, VOID], [0, 1, 2, 3], 2),
        case(rng, "classes that are nowhere", 7, [0, 2, 5, VOID], [0, 2, 5], 2),
        case(rng, "classes predicted but not there", 6, [0, 1, VOID], [0, 1, 3, 4], 3),
        case(rng, "classes there but not predicted", 5, [0, 1, 2, 3, VOID], [0, 4], 5, share=1.0),
        case(rng, "void predicted", 4, [0, 1, 2, VOID], [0, 1, 2, VOID], 2),
        case(rng, "the 21 classes of VOC", 21, [0, 7, 12, 15, 20, VOID], list(range(21)), 1),
        finished("an image of void, one without a boundary", 2, 5, [void, flat], [flat, flat]),
        finished("nothing labeled", 2, 5, [void], [flat]),
    ]
    path = Path(__file__).with_name("metrics.json")
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    path.write_text(f"[\n{text}\n]\n")


if __name__ == "__main__":
    main()
