"""The networks of the fixtures: how each is built, and the sizes of the images it is shown."""

TINY_WIDTHS = ((4, 6, 8, 10, 12), 16)

# At the reference's scale of 0.0001 the scores of pool3 would vanish in the tolerance of a tiny network.
ATONCE_GAINS = {"score_pool3.weight": 50.0}


def network(trunk, n_class, sizes, weights=None, gains=None, **build):
    return {
        "build": {"trunk": trunk, "n_class": n_class, **build},
        "seed": 1,
        "gains": gains or {},
        "weights": weights,
        "sizes": sizes,
    }


def networks():
    """Name to network; `sizes` are heights and widths, `weights` the file they are stored in.

    The two geometries have the same layers, so they share one file.
    """
    tiny = [(40, 52), (65, 33)]
    found = {}
    for geometry in ("reference", "padded"):
        for variant in ("fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce"):
            found[f"vgg-tiny-{variant}-{geometry}"] = network(
                "vgg16",
                5,
                tiny,
                weights=f"vgg-tiny-{variant}.weights.safetensors",
                gains=ATONCE_GAINS if variant == "fcn8s-atonce" else None,
                variant=variant,
                geometry=geometry,
                widths=TINY_WIDTHS,
            )
    for variant in ("fcn32s", "fcn16s", "fcn8s"):
        found[f"vgg-slim-{variant}-padded"] = network(
            "vgg16-slim", 7, tiny, variant=variant, geometry="padded"
        )
    for variant in ("fcn32s", "fcn16s", "fcn8s", "fcn8s-atonce"):
        found[f"vgg16-{variant}-reference"] = network(
            "vgg16", 21, [(48, 64)], variant=variant, geometry="reference"
        )
    found["vgg16-fcn8s-padded"] = network("vgg16", 21, [(48, 64)], variant="fcn8s", geometry="padded")
    found["vgg16_bn-fcn8s-padded"] = network("vgg16_bn", 21, [(48, 64)], variant="fcn8s", geometry="padded")
    found["alexnet-fcn32s-reference"] = network(
        "alexnet", 21, [(48, 64)], variant="fcn32s", geometry="reference"
    )
    # 32 x 64 needs no padding to a multiple of 32, 33 x 50 does.
    for variant in ("fcn32s", "fcn16s", "fcn8s"):
        sizes = [(32, 64), (33, 50)] if variant == "fcn8s" else [(32, 64)]
        found[f"googlenet-{variant}-padded"] = network(
            "googlenet", 21, sizes, variant=variant, geometry="padded"
        )
    found["fcn_resnet50"] = network("fcn_resnet50", 21, [(64, 80)])
    # An odd size: the last interpolation is not by a whole number.
    found["fcn_resnet101"] = network("fcn_resnet101", 21, [(47, 61)])
    return found
