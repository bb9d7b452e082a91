"""The hip detector: one small convolutional network that says where hips are, what each shows, and whether there are any."""

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = ("fracture", "no-fracture", "hardware")
SIZE = 256
"""Side of the square input in pixels."""
STRIDE = 16
"""Pixels from one predicting cell to the next: 16 x 16 cells, each of which may name one hip."""


class Convolution(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
        )


class Residual(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Convolution(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.second(self.first(x)))


class HipDetector(nn.Module):
    """Image [B,1,256,256] in 0..1, bone bright -> raw predictions of every cell [B,8,16,16] and of the image [B].

    The eight: objectness, the distances from the cell's centre to the box's left, top, right and lower edge as
    logarithms of cells, and a score for each class.
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        w = width
        self.fine = nn.Sequential(
            Convolution(1, w, kernel=7, stride=4), Residual(w), Convolution(w, 2 * w, stride=2), Residual(2 * w), Residual(2 * w)
        )
        self.middle = nn.Sequential(Convolution(2 * w, 4 * w, stride=2), Residual(4 * w), Residual(4 * w))
        self.coarse = nn.Sequential(Convolution(4 * w, 6 * w, stride=2), Residual(6 * w))
        self.down = nn.Conv2d(6 * w, 4 * w, 1)
        self.detail = Convolution(2 * w, 4 * w, stride=2)
        self.head = nn.Sequential(Residual(4 * w), nn.Conv2d(4 * w, 5 + len(CLASSES), 1))
        self.scope = nn.Linear(12 * w, 1)
        last = self.head[-1]
        nn.init.constant_(last.bias, 0)
        nn.init.constant_(last.bias[:1], -3)
        nn.init.constant_(last.bias[1:5], 0.6)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        fine = self.fine(image)
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        wide = functional.interpolate(self.down(coarse), scale_factor=2.0, mode="nearest")
        cells = self.head(functional.relu(middle + wide + self.detail(fine)))
        pooled = torch.cat([coarse.mean((2, 3)), coarse.amax((2, 3))], 1)
        return cells, self.scope(pooled)[:, 0]


def centres(count: int) -> Tensor:
    """Centres of the cells in pixels of the input, [count,count,2] (x, y)."""
    line = (torch.arange(count) + 0.5) * STRIDE
    y, x = torch.meshgrid(line, line, indexing="ij")
    return torch.stack([x, y], -1)


def boxes_of(cells: Tensor) -> Tensor:
    """Predictions [B,8,h,w] -> boxes [B,h,w,4] (x0, y0, x1, y1) in pixels of the input."""
    reach = cells[:, 1:5].clamp(-3, 4).exp().permute(0, 2, 3, 1) * STRIDE
    at = centres(cells.shape[-1]).to(cells.device)
    return torch.cat([at - reach[..., :2], at + reach[..., 2:]], -1)


class Exported(nn.Module):
    """What the ONNX file computes for one image: boxes [N,4], objectness [N], classes [N,C], scope [1]."""

    def __init__(self, detector: HipDetector) -> None:
        super().__init__()
        self.detector = detector
        self.register_buffer("at", centres(SIZE // STRIDE).reshape(-1, 2))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        cells, scope = self.detector(image)
        flat = cells[0].flatten(1).transpose(0, 1)
        reach = flat[:, 1:5].clamp(-3, 4).exp() * STRIDE
        boxes = torch.cat([self.at - reach[:, :2], self.at + reach[:, 2:]], 1)
        return boxes, flat[:, 0].sigmoid(), flat[:, 5:].softmax(1), scope.sigmoid()
