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


class LesionNet(nn.Module):
    """Volume [B,1,D,H,W] of any size, z-scored -> logits [B,2,D,H,W] (background, lesion) and of the scopes [B,3]."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = convolution(1, WIDTHS[0])
        pairs = list(zip(WIDTHS[:-1], WIDTHS[1:], strict=True))
        self.levels = nn.ModuleList(
            nn.Sequential(*(Residual(width) for _ in range(count))) for width, count in zip(WIDTHS, BLOCKS, strict=True)
        )
        self.downs = nn.ModuleList(convolution(fine, coarse, 2) for fine, coarse in pairs)
        self.narrows = nn.ModuleList(nn.Conv3d(coarse, fine, 1, bias=False) for fine, coarse in pairs)
        self.merges = nn.ModuleList(Residual(fine) for fine, _ in pairs)
        self.last = nn.Sequential(nn.GroupNorm(WIDTHS[0] // GROUP, WIDTHS[0]), nn.ReLU(), nn.Conv3d(WIDTHS[0], 2, 1))
        self.scope = nn.Sequential(nn.Linear(2 * WIDTHS[-1], 32), nn.ReLU(), nn.Linear(32, len(SCOPES)))

    def encode(self, image: Tensor) -> tuple[list[Tensor], Tensor]:
        """Features of each level, finest first, and the logits of the scopes."""
        features = [self.levels[0](self.stem(image))]
        for down, level in zip(self.downs, self.levels[1:], strict=True):
            features.append(level(down(features[-1])))
        deepest = features[-1]
        pooled = torch.cat([deepest.mean((2, 3, 4)), deepest.amax((2, 3, 4))], 1)
        return features, self.scope(pooled)

    def decode(self, features: list[Tensor]) -> Tensor:
        x = features[-1]
        for fine, narrow, merge in reversed(list(zip(features[:-1], self.narrows, self.merges, strict=True))):
            x = merge(fine + functional.interpolate(narrow(x), size=fine.shape[2:], mode="trilinear"))
        return self.last(x)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features, scope = self.encode(image)
        return self.decode(features), scope


class Exported(nn.Module):
    """What the ONNX file computes: logits [1,2,D,H,W], and probabilities of the scopes [1,3]."""

    def __init__(self, network: LesionNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        logits, scope = self.network(image)
        return logits, scope.softmax(1)
