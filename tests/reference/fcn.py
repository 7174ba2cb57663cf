"""The networks of the fixtures, as plain PyTorch modules.

Layer names and geometry of the VGG16 classes are those of wkentaro/pytorch-fcn (torchfcn/models),
which follow shelhamer/fcn.berkeleyvision.org (voc-fcn*/net.py). The text is our own.

Two geometries:

- "reference": the first convolution is padded by 100, fc6 is not padded, transposed convolutions are
  not padded, and every fusion crops at a fixed offset.
- "padded": every convolution keeps height and width, transposed convolutions multiply them exactly,
  and every fusion crops to the first rows and columns.
"""

import torch
from torch import nn
from torch.nn import functional

VGG16 = ((64, 128, 256, 512, 512), 4096)
VGG16_SLIM = ((8, 16, 32, 64, 96), 192)
ALEXNET = ((64, 192, 384, 256, 256), 4096)

# 3x3 convolutions in the five stages of VGG16 (configuration D).
VGG16_CONVOLUTIONS = (2, 2, 3, 3, 3)

# Offsets of the reference geometry: the final crop by stride, and the crops of the two skips.
FINAL_CROP = {32: 19, 16: 27, 8: 31}
POOL4_CROP = 5
POOL3_CROP = 9


def crop(maps, offset, like):
    """Rows and columns `offset..` of `maps`, as many as `like` has."""
    height, width = like.shape[-2:]
    return maps[:, :, offset : offset + height, offset : offset + width]


def upsampling(n_class, factor, geometry):
    """A transposed convolution over the scores: kernel 2 * factor, stride factor, no bias."""
    padding = factor // 2 if geometry == "padded" else 0
    return nn.ConvTranspose2d(n_class, n_class, 2 * factor, stride=factor, padding=padding, bias=False)


class FcnHead(nn.Module):
    """Score layers, upsampling and fusion over the features of a trunk.

    A subclass calls `add_head` after it made its own layers, and `fuse` at the end of `forward`.
    The last transposed convolution is named as in pytorch-fcn: upscore, upscore16 or upscore8.
    """

    def add_head(self, stride, n_class, channels, geometry, scales=(1.0, 1.0)):
        """`channels`: of the features at stride 32, 16 and 8; `scales`: of those at 16 and 8."""
        self.stride, self.geometry, self.scales = stride, geometry, scales
        coarse, pool4, pool3 = channels
        self.score_fr = nn.Conv2d(coarse, n_class, 1)
        if stride == 8:
            self.score_pool3 = nn.Conv2d(pool3, n_class, 1)
        if stride <= 16:
            self.score_pool4 = nn.Conv2d(pool4, n_class, 1)
            self.upscore2 = upsampling(n_class, 2, geometry)
        self.last_name = "upscore" if stride == 32 else f"upscore{stride}"
        self.add_module(self.last_name, upsampling(n_class, stride, geometry))
        if stride == 8:
            self.upscore_pool4 = upsampling(n_class, 2, geometry)

    def skip(self, upsampled, scores, offset):
        if self.geometry == "reference":
            return upsampled + crop(scores, offset, upsampled)
        return crop(upsampled, 0, scores) + scores

    def fuse(self, images, coarse, pool4, pool3):
        pool4_scale, pool3_scale = self.scales
        scores = self.score_fr(coarse)
        if self.stride <= 16:
            scores = self.skip(self.upscore2(scores), self.score_pool4(pool4 * pool4_scale), POOL4_CROP)
        if self.stride == 8:
            scores = self.skip(self.upscore_pool4(scores), self.score_pool3(pool3 * pool3_scale), POOL3_CROP)
        offset = FINAL_CROP[self.stride] if self.geometry == "reference" else 0
        return crop(self.get_submodule(self.last_name)(scores), offset, images).contiguous()


class VggFcn(FcnHead):
    """FCN over VGG16.

    `norm` says where batch normalization is: None (nowhere), "features" (vgg16_bn of torchvision: after
    each 3x3 convolution, which keeps its bias) or "all" (after fc6 and fc7 as well, no biases).
    """

    def __init__(
        self, stride, n_class=21, widths=VGG16, geometry="reference", norm=None, dropout=0.5, scales=(1.0, 1.0)
    ):
        super().__init__()
        stages, fc = widths
        self.norm = norm
        channels = 3
        for stage, (width, convolutions) in enumerate(zip(stages, VGG16_CONVOLUTIONS), start=1):
            for index in range(1, convolutions + 1):
                name = f"{stage}_{index}"
                padding = 100 if geometry == "reference" and name == "1_1" else 1
                self.add_module(f"conv{name}", nn.Conv2d(channels, width, 3, padding=padding, bias=norm != "all"))
                if norm is not None:
                    self.add_module(f"bn{name}", nn.BatchNorm2d(width))
                channels = width
        padding = 3 if geometry == "padded" else 0
        self.fc6 = nn.Conv2d(channels, fc, 7, padding=padding, bias=norm != "all")
        self.fc7 = nn.Conv2d(fc, fc, 1, bias=norm != "all")
        if norm == "all":
            self.bnfc6 = nn.BatchNorm2d(fc)
            self.bnfc7 = nn.BatchNorm2d(fc)
        self.pool = nn.MaxPool2d(2, stride=2, ceil_mode=True)
        self.drop = nn.Dropout2d(dropout)
        self.add_head(stride, n_class, (fc, stages[3], stages[2]), geometry, scales)

    def unit(self, maps, conv, norm):
        """Convolution, batch normalization where there is one, rectifier."""
        maps = self.get_submodule(conv)(maps)
        if norm in self._modules:
            maps = self.get_submodule(norm)(maps)
        return functional.relu(maps)

    def forward(self, images):
        maps = images
        pooled = []
        for stage, convolutions in enumerate(VGG16_CONVOLUTIONS, start=1):
            for index in range(1, convolutions + 1):
                maps = self.unit(maps, f"conv{stage}_{index}", f"bn{stage}_{index}")
            maps = self.pool(maps)
            pooled.append(maps)
        maps = self.drop(self.unit(maps, "fc6", "bnfc6"))
        maps = self.drop(self.unit(maps, "fc7", "bnfc7"))
        return self.fuse(images, maps, pooled[3], pooled[2])


class FCN32s(VggFcn):
    def __init__(self, n_class=21, **options):
        super().__init__(32, n_class, **options)


class FCN16s(VggFcn):
    def __init__(self, n_class=21, **options):
        super().__init__(16, n_class, **options)


class FCN8s(VggFcn):
    def __init__(self, n_class=21, **options):
        super().__init__(8, n_class, **options)


class FCN8sAtOnce(VggFcn):
    """FCN8s with pool4 and pool3 scaled down, so that all strides train at once (voc-fcn8s-atonce/net.py)."""

    def __init__(self, n_class=21, **options):
        super().__init__(8, n_class, scales=(0.01, 0.0001), **options)


class AlexNetFcn32s(nn.Module):
    """FCN-32s over torchvision's AlexNet, with the geometry of voc-fcn-alexnet/net.py.

    Torchvision's AlexNet rounds pooled sizes down, Caffe rounds them up. Here they are rounded up: with
    the other rounding the upsampled scores of an image of 500 pixels are too short for the crop.
    """

    FINAL_CROP = 18

    def __init__(self, n_class=21, widths=ALEXNET, dropout=0.5):
        super().__init__()
        (a, b, c, d, e), fc = widths

        def pool():
            return nn.MaxPool2d(3, stride=2, ceil_mode=True)

        # Places in the list give the names of torchvision: features.0, .3, .6, .8 and .10.
        self.features = nn.Sequential(
            nn.Conv2d(3, a, 11, stride=4, padding=100),
            nn.ReLU(),
            pool(),
            nn.Conv2d(a, b, 5, padding=2),
            nn.ReLU(),
            pool(),
            nn.Conv2d(b, c, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1),
            nn.ReLU(),
            pool(),
        )
        self.fc6 = nn.Conv2d(e, fc, 6)
        self.fc7 = nn.Conv2d(fc, fc, 1)
        self.drop = nn.Dropout2d(dropout)
        self.score_fr = nn.Conv2d(fc, n_class, 1)
        self.upscore = nn.ConvTranspose2d(n_class, n_class, 63, stride=32, bias=False)

    def forward(self, images):
        maps = self.features(images)
        maps = self.drop(functional.relu(self.fc6(maps)))
        maps = self.drop(functional.relu(self.fc7(maps)))
        return crop(self.upscore(self.score_fr(maps)), self.FINAL_CROP, images).contiguous()


class GoogLeNetFcn(FcnHead):
    """FCN over torchvision's GoogLeNet up to inception5b, padded geometry; skips: inception4e and 3b.

    The 3x3 pooling of stride 2 turns n rows into floor(n / 2), so odd maps would lose their last row and
    the upsampled scores would be shorter than the image. The images are therefore padded with zeros at the
    bottom and at the right to a multiple of 32: all maps are even and the trunk stays torchvision's.
    """

    def __init__(self, stride, n_class=21):
        super().__init__()
        from torchvision.models import googlenet

        trunk = googlenet(weights=None, init_weights=False, aux_logits=False, transform_input=False)
        # The layers keep torchvision's names and order; what follows inception5b is left out.
        self.trunk_names = [name for name, _ in trunk.named_children() if name[:4] in ("conv", "maxp", "ince")]
        for name in self.trunk_names:
            self.add_module(name, trunk.get_submodule(name))
        self.add_head(stride, n_class, (1024, 832, 480), "padded")

    def forward(self, images):
        height, width = images.shape[-2:]
        maps = functional.pad(images, (0, -width % 32, 0, -height % 32))
        kept = {}
        for name in self.trunk_names:
            maps = kept[name] = self.get_submodule(name)(maps)
        return self.fuse(images, maps, kept["inception4e"], kept["inception3b"])


STRIDES = {"fcn32s": 32, "fcn16s": 16, "fcn8s": 8, "fcn8s-atonce": 8}
VGG_TRUNKS = {"vgg16": (VGG16, None), "vgg16_bn": (VGG16, "features"), "vgg16-slim": (VGG16_SLIM, "all")}
RESNETS = ("fcn_resnet50", "fcn_resnet101")
TRUNKS = (*VGG_TRUNKS, "alexnet", "googlenet", *RESNETS)


def build(trunk, variant="fcn8s", geometry="reference", n_class=21, widths=None, dropout=0.5, aux=True):
    """The network of one case of the manifest; the same words as on the command line of read_back.py."""
    if trunk in VGG_TRUNKS:
        own_widths, norm = VGG_TRUNKS[trunk]
        classes = {"fcn32s": FCN32s, "fcn16s": FCN16s, "fcn8s": FCN8s, "fcn8s-atonce": FCN8sAtOnce}
        options = {"widths": widths or own_widths, "geometry": geometry, "norm": norm, "dropout": dropout}
        return classes[variant](n_class, **options)
    if trunk == "alexnet" and variant == "fcn32s":
        return AlexNetFcn32s(n_class, widths or ALEXNET, dropout)
    if trunk == "googlenet" and variant != "fcn8s-atonce":
        return GoogLeNetFcn(STRIDES[variant], n_class)
    if trunk in RESNETS:
        from torchvision.models import segmentation

        maker = getattr(segmentation, trunk)
        return maker(weights=None, weights_backbone=None, num_classes=n_class, aux_loss=aux)
    raise ValueError(f"there is no {variant} over {trunk}")


def logits(net, images):
    """The logits of a network in evaluation mode, by name: "logits", and "aux" where there is one."""
    net.eval()
    with torch.no_grad():
        output = net(images)
    if isinstance(output, dict):
        return {"logits" if name == "out" else name: value for name, value in output.items()}
    return {"logits": output}
