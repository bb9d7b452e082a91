"""The lesion network: a small 3-D residual U-Net after Myronenko 2018 (arXiv 1810.11654), without its autoencoder."""

import torch
from torch import Tensor, nn
from torch.nn import functional

SCOPES = ("flair-brain", "other-contrast", "other")
WIDTHS = (8, 16, 32, 64)
"""Channels at 2, 4, 8 and 16 mm."""
BLOCKS = (1, 2, 2, 2)
GROUP = 8
"""Channels that are normalised together."""
PART = 0.55
"""Of each axis: how much a window over a whole head spans."""


def convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv3d:
    return nn.Conv3d(inputs, outputs, 3, stride, 1, bias=False)


class Residual(nn.Module):
    """Normalise, rectify, convolve, twice; and add what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.GroupNorm(channels // GROUP, channels) for _ in range(2))
        self.convolutions = nn.ModuleList(convolution(channels, channels) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for norm, convolve in zip(self.norms, self.convolutions, strict=True):
            y = convolve(functional.relu(norm(y)))
        return x + y


def seen(image: Tensor) -> Tensor:
    """The volume [B,1,D,H,W], its mean over some 18 mm, and how mottled it is there: [B,3,D,H,W].

    The lesion is mottled in lumps of 5 to 8 mm and oedema is even: this spares the network to learn what a variance is.
    """
    smooth = functional.avg_pool3d(image, 3, 1, 1, count_include_pad=False)
    mean, square = wide_mean(smooth), wide_mean(smooth.square())
    return torch.cat([image, mean, (square - mean.square()).clamp(min=1e-4).sqrt()], 1)


def wide_mean(volume: Tensor) -> Tensor:
    for _ in range(2):
        volume = functional.avg_pool3d(volume, 5, 1, 2, count_include_pad=False)
    return volume


class LesionNet(nn.Module):
    """Volume [B,1,D,H,W] of any size, z-scored -> logits [B,2,D,H,W] (background, lesion)."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(3, WIDTHS[0])
        pairs = list(zip(WIDTHS[:-1], WIDTHS[1:], strict=True))
        self.levels = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(count))) for width, count in zip(WIDTHS, BLOCKS, strict=True)
        )
        self.downs = nn.ModuleList(convolution(fine, coarse, 2) for fine, coarse in pairs)
        self.narrows = nn.ModuleList(nn.Conv3d(coarse, fine, 1, bias=False) for fine, coarse in pairs)
        self.merges = nn.ModuleList(Residual(fine) for fine, _ in pairs)
        self.last = nn.Sequential(nn.GroupNorm(WIDTHS[0] // GROUP, WIDTHS[0]), nn.ReLU(), nn.Conv3d(WIDTHS[0], 2, 1))
        nn.init.constant_(self.last[-1].bias[:1], 2)
        nn.init.constant_(self.last[-1].bias[1:], -2)

    def forward(self, image: Tensor) -> Tensor:
        features = [self.levels[0](self.stem(seen(image)))]
        for down, level in zip(self.downs, self.levels[1:], strict=True):
            features.append(level(down(features[-1])))
        x = features[-1]
        for fine, narrow, merge in reversed(list(zip(features[:-1], self.narrows, self.merges, strict=True))):
            x = merge(fine + functional.interpolate(narrow(x), size=fine.shape[2:], mode="trilinear"))
        return self.last(x)


def scored(image: Tensor) -> Tensor:
    """Z-scores over the voxels that are not 0; those stay 0."""
    inside = (image != 0).to(image.dtype)
    count = inside.sum((1, 2, 3, 4), keepdim=True).clamp(min=1)
    mean = image.sum((1, 2, 3, 4), keepdim=True) / count
    spread = (((image - mean) * inside).square().sum((1, 2, 3, 4), keepdim=True) / count).sqrt()
    return (image - mean) / spread.clamp(min=1e-6) * inside


def by_parts(network: LesionNet, image: Tensor, axis: int = 2) -> Tensor:
    """The logits of a whole head, from windows over both ends of each axis that go over into each other.

    The network is taught on boxes and normalises by what it is shown: a whole head, mostly air, has other statistics.
    """
    if axis == image.dim():
        return network(scored(image))
    length = image.shape[axis]
    part = (length * int(100 * PART) + 99) // 100
    both = 2 * part - length
    first = by_parts(network, along(image, axis, 0, part), axis + 1)
    last = by_parts(network, along(image, axis, length - part, length), axis + 1)
    share = ((torch.arange(both) + 0.5) / both).reshape([-1 if at == axis else 1 for at in range(image.dim())])
    alone = part - both
    middle = along(first, axis, alone, part) * (1 - share) + along(last, axis, 0, both) * share
    return torch.cat([along(first, axis, 0, alone), middle, along(last, axis, both, part)], axis)


def along(volume: Tensor, axis: int, start: int, end: int) -> Tensor:
    return volume[(slice(None),) * axis + (slice(start, end),)]


class ScopeNet(nn.Module):
    """Volume as above -> logits of the scopes [B,3], from what is seen of it at 4 mm.

    A network of its own: taught together, what is no FLAIR kept the other from learning its lesions.
    """

    def __init__(self) -> None:
        super().__init__()
        widths = (1, 16, 32, 64)
        self.downs = nn.ModuleList(convolution(a, b, 2) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.blocks = nn.ModuleList(Residual(width) for width in widths[1:])
        self.last = nn.Sequential(nn.Linear(2 * widths[-1], 32), nn.ReLU(), nn.Linear(32, len(SCOPES)))

    def forward(self, image: Tensor) -> Tensor:
        return self.coarse(functional.avg_pool3d(image, 2))

    def coarse(self, x: Tensor) -> Tensor:
        """The same of a volume that is at 4 mm already."""
        x = x - x.mean((1, 2, 3, 4), keepdim=True)
        x = x / (x.square().mean((1, 2, 3, 4), keepdim=True) + 1e-4).sqrt()
        for down, block in zip(self.downs, self.blocks, strict=True):
            x = block(down(x))
        return self.last(torch.cat([x.mean((2, 3, 4)), x.amax((2, 3, 4))], 1))


class Exported(nn.Module):
    """What the ONNX file computes: logits [1,2,D,H,W], and probabilities of the scopes [1,3]."""

    def __init__(self, lesion: LesionNet, scope: ScopeNet) -> None:
        super().__init__()
        self.lesion, self.scope = lesion, scope

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return by_parts(self.lesion, image), self.scope(image).softmax(1)
