"""Names and shapes of the tensors in the state dictionaries that people have as files."""

import torch
import torchvision

import fcn


def classes():
    """What each network is called in keys.json, and how to make it."""
    models = torchvision.models
    segmentation = models.segmentation
    no_weights = {"weights": None, "weights_backbone": None}
    found = {
        "torchvision/vgg16": models.vgg16,
        "torchvision/vgg16_bn": models.vgg16_bn,
        "torchvision/alexnet": models.alexnet,
        "torchvision/googlenet": lambda: models.googlenet(init_weights=False, aux_logits=True),
        "torchvision/resnet50": models.resnet50,
        "torchvision/resnet101": models.resnet101,
        "torchvision/fcn_resnet50": lambda: segmentation.fcn_resnet50(aux_loss=True, **no_weights),
        "torchvision/fcn_resnet50-without-aux": lambda: segmentation.fcn_resnet50(aux_loss=False, **no_weights),
        "torchvision/fcn_resnet101": lambda: segmentation.fcn_resnet101(aux_loss=True, **no_weights),
        "pytorch-fcn/FCN32s": fcn.FCN32s,
        "pytorch-fcn/FCN16s": fcn.FCN16s,
        "pytorch-fcn/FCN8s": fcn.FCN8s,
        "pytorch-fcn/FCN8sAtOnce": fcn.FCN8sAtOnce,
        "fcn/alexnet-fcn32s": lambda: fcn.build("alexnet", "fcn32s"),
    }
    for variant in ("fcn32s", "fcn16s", "fcn8s"):
        for trunk in ("vgg16_bn", "vgg16-slim", "googlenet"):
            found[f"fcn/{trunk}-{variant}"] = lambda trunk=trunk, variant=variant: fcn.build(trunk, variant)
    return found


def keys():
    """Class to tensor name to shape; 21 classes in every FCN, 1000 in every classifier."""
    found = {}
    with torch.device("meta"):
        for name, make in classes().items():
            found[name] = {key: list(tensor.shape) for key, tensor in make().state_dict().items()}
    return found
