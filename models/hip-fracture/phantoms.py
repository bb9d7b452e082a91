"""The training images: what `node phantoms/main.ts hip --raw` wrote, and how they are varied while training."""

import json
from pathlib import Path

import numpy as np
import torch
from network import CLASSES, SIZE
from torch import Tensor
from torch.nn import functional

MOST_HIPS = 4
"""Rows of the padded truth: two hips and two partly seen ones."""


class Phantoms:
    """Images as bytes and their truth, padded: boxes [n,4,4], labels [n,4] (class, -1 none, -2 partly seen: to ignore)."""

    def __init__(self, folders: list[Path]) -> None:
        parts = [json.loads((folder / "labels.json").read_text()) for folder in folders]
        files = [np.memmap(folder / "images.u8", np.uint8, "r").reshape(-1, SIZE, SIZE) for folder in folders]
        self.images = torch.from_numpy(np.concatenate(files))
        self.records = [record for part in parts for record in part["labels"]]
        count = len(self.records)
        self.boxes = torch.zeros(count, MOST_HIPS, 4)
        self.labels = torch.full((count, MOST_HIPS), -1)
        for row, record in enumerate(self.records):
            whole = [(hip["box"], CLASSES.index(hip["class"])) for hip in record["hips"]]
            partial = [(hip["box"], -2) for hip in record["partialHips"]]
            for column, (box, label) in enumerate(whole + partial):
                self.boxes[row, column] = torch.tensor(box)
                self.labels[row, column] = label

    def __len__(self) -> int:
        return len(self.records)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.images[rows].unsqueeze(1).float() / 255, self.boxes[rows].clone(), self.labels[rows].clone()


def vary(images: Tensor, boxes: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mirrors, moves, scales, and changes the greys of a batch, truth included."""
    count = len(images)
    mirrored = torch.rand(count) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    flipped = torch.stack([SIZE - boxes[..., 2], boxes[..., 1], SIZE - boxes[..., 0], boxes[..., 3]], -1)
    boxes = torch.where(mirrored[:, None, None], flipped, boxes)
    images, boxes = move(images, boxes)
    images = greys(images)
    return cover(images), boxes, labels


def move(images: Tensor, boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Scales by 0.75 to 1.08 (each axis a little on its own) and shifts by up to 8 percent."""
    count = len(images)
    scale = torch.empty(count, 1).uniform_(0.75, 1.08) * torch.empty(count, 2).uniform_(0.95, 1.05)
    shift = torch.empty(count, 2).uniform_(-0.08, 0.08)
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = 1 / scale[:, 0], 1 / scale[:, 1]
    theta[:, :, 2] = -2 * shift / scale
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    images = functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)
    factor, offset = scale.repeat(1, 2)[:, None], shift.repeat(1, 2)[:, None] * SIZE
    return images, ((boxes - SIZE / 2) * factor + SIZE / 2 + offset).clamp(0, SIZE)


def greys(images: Tensor) -> Tensor:
    count = len(images)
    draw = lambda low, high: torch.empty(count, 1, 1, 1).uniform_(low, high)  # noqa: E731
    images = images.clamp(0, 1) ** draw(-0.6, 0.6).exp()
    images = images * draw(0.7, 1.15) + draw(-0.08, 0.1) * (images > 0.01)
    images = images + torch.randn_like(images) * draw(0, 0.04)
    soft = functional.avg_pool2d(functional.pad(images, (1, 1, 1, 1), mode="replicate"), 3, 1)
    return torch.where(draw(0, 1) < 0.25, soft, images).clamp(0, 1)


def cover(images: Tensor) -> Tensor:
    """Lays a black or white bar along one edge of some images, as lead and unexposed film do."""
    for image in images[torch.rand(len(images)) < 0.15]:
        side, width, tone = int(torch.randint(4, (1,))), int(torch.randint(4, 36, (1,))), float(torch.rand(1) < 0.5)
        strip = [(..., slice(0, width)), (..., slice(-width, None)), (..., slice(0, width), slice(None)), (..., slice(-width, None), slice(None))][side]
        image[strip] = tone
    return images
