"""The liver networks: a small 3-D residual U-Net (after Myronenko 2018) names lobes and vessels, a smaller one what the scan is."""

import torch
from torch import Tensor, nn
from torch.nn import functional

LABELS = ("background", "left-lobe", "right-lobe", "vessels")
SCOPES = ("portal-venous-abdomen", "other-phase", "other")
WINDOW = (-150.0, 250.0)
"""HU that become 0 and 1."""


def norm(channels: int) -> nn.Module:
    """By the volume's own statistics: batches are of one, and scans differ more than a running mean can follow."""
    return nn.InstanceNorm3d(channels, affine=True)


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv3d(channels, channels, 3, padding=1, bias=False),
            norm(channels),
            nn.ReLU(inplace=True),
            nn.Conv3d(channels, channels, 3, padding=1, bias=False),
            norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


class Down(nn.Sequential):
    """Halves the grid: voxel n of the coarser lies on voxel 2n of the finer."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv3d(inputs, outputs, 3, stride=2, padding=1, bias=False), norm(outputs), nn.ReLU(inplace=True)
        )


class Up(nn.Module):
    """Doubles the grid and adds the finer features; what an odd size has too much is cut off."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.grow = nn.ConvTranspose3d(inputs, outputs, 2, stride=2)

    def forward(self, coarse: Tensor, fine: Tensor) -> Tensor:
        grown = self.grow(coarse)
        return fine + grown[:, :, : fine.shape[2], : fine.shape[3], : fine.shape[4]]


def contrast(ct: Tensor) -> Tensor:
    """How much brighter a voxel (smoothed a little) is than the soft tissue of 30 mm around it, 20 for all of the window.

    Vessels stand out from the liver by a tenth of the window, and livers differ by more: this spares the network to
    learn what a local mean is.
    """
    soft = (ct > 0.4).to(ct.dtype)
    mean = wide_mean(ct * soft) / (wide_mean(soft) + 1e-3)
    near = mean.repeat_interleave(2, 2).repeat_interleave(2, 3).repeat_interleave(2, 4)
    smooth = functional.avg_pool3d(ct, 3, 1, 1)
    return (20 * (smooth - near[:, :, : ct.shape[2], : ct.shape[3], : ct.shape[4]])).clamp(-4, 4)


def wide_mean(volume: Tensor) -> Tensor:
    return functional.avg_pool3d(functional.avg_pool3d(volume, 3, 2, 1), 5, 1, 2)


class LiverNetwork(nn.Module):
    """CT [B,1,D,H,W] at 3 mm, 0..1 -> logits [B,4,D,H,W]; any size.

    The body of the network works at 6 mm, for two cores; only its last layers see the 3 mm of the CT again.
    """

    def __init__(self, widths: tuple[int, ...] = (32, 48, 96, 128)) -> None:
        super().__init__()
        a, b, c, d = widths
        self.stem = nn.Sequential(
            nn.Conv3d(2, a, 5, stride=2, padding=2, bias=False), norm(a), nn.ReLU(inplace=True), Residual(a)
        )
        self.down1 = nn.Sequential(Down(a, b), Residual(b))
        self.down2 = nn.Sequential(Down(b, c), Residual(c), Residual(c))
        self.down3 = nn.Sequential(Down(c, d), Residual(d), Residual(d))
        self.up2, self.up1, self.up0 = Up(d, c), Up(c, b), Up(b, a)
        self.mix2, self.mix1, self.mix0 = Residual(c), Residual(b), Residual(a)
        self.grow = nn.Sequential(nn.ConvTranspose3d(a, 8, 2, stride=2), nn.ReLU(inplace=True))
        self.local = nn.Sequential(nn.Conv3d(2, 8, 3, padding=1), nn.ReLU(inplace=True))
        self.labels = nn.Conv3d(17, len(LABELS), 3, padding=1)

    def forward(self, ct: Tensor) -> Tensor:
        seen = torch.cat([ct, contrast(ct)], 1)
        x0 = self.stem(seen)
        x1 = self.down1(x0)
        x2 = self.down2(x1)
        x3 = self.down3(x2)
        y = self.mix2(self.up2(x3, x2))
        y = self.mix1(self.up1(y, x1))
        y = self.mix0(self.up0(y, x0))
        fine = self.grow(y)[:, :, : ct.shape[2], : ct.shape[3], : ct.shape[4]]
        return self.labels(torch.cat([ct, fine, self.local(seen)], 1))

class ScopeNetwork(nn.Module):
    """CT [B,1,D,H,W] at 3 mm, 0..1 -> scores of what the scan is [B,3]; any size.

    It judges by how bright the soft parts of the body are, voxel by voxel at 6 mm and again in lumps of 24 mm, where only
    large organs keep their brightness: blood, kidneys and liver tell the phase.
    """

    LEVELS = [0.3 + 0.7 * n / 23 for n in range(24)]

    def __init__(self) -> None:
        super().__init__()
        count = 2 * len(self.LEVELS) + 2
        self.pool = nn.AvgPool3d(3, 2, 1)
        self.register_buffer("middle", torch.zeros(count))
        self.register_buffer("spread", torch.ones(count))
        self.judge = nn.Sequential(nn.Linear(count, 32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, len(SCOPES)))

    def forward(self, ct: Tensor) -> Tensor:
        return self.scores(self.features(self.pool(ct)))

    def features(self, pooled: Tensor) -> Tensor:
        """Of a CT at 6 mm: which part of the body is above each level, [B,50]."""
        lumps = functional.avg_pool3d(pooled, 5, 2, 2)
        parts = []
        for volume in (pooled, lumps):
            body = share(volume, self.LEVELS[0])
            parts += [body] + [share(volume, level) / (body + 1e-4) for level in self.LEVELS]
        return torch.stack(parts, 1)

    def scores(self, features: Tensor) -> Tensor:
        return self.judge((features - self.middle) / self.spread)


def share(volume: Tensor, level: float) -> Tensor:
    return (volume > level).to(volume.dtype).mean((1, 2, 3, 4))


class Exported(nn.Module):
    """What the ONNX file computes for one volume: logits [1,4,D,H,W] and scope [1,3] as probabilities."""

    def __init__(self, network: LiverNetwork, scope: ScopeNetwork) -> None:
        super().__init__()
        self.network, self.scope = network, scope

    def forward(self, ct: Tensor) -> tuple[Tensor, Tensor]:
        return self.network(ct), self.scope(ct).softmax(1)
