"""The training volumes: what `node phantoms/main.ts brain --raw` wrote, and how they are varied while training."""

import json
import math
from pathlib import Path

import numpy as np
import torch
from network import SCOPES
from torch import Tensor
from torch.nn import functional

SHAPE = (96, 112, 96)
"""Slices, rows, columns of a volume of 2 mm voxels."""


def scope_of(kind: str) -> int:
    return SCOPES.index("flair-brain" if kind == "FLAIR" else "other-contrast" if kind in ("T1", "T1c", "T2") else "other")


class Phantoms:
    """Volumes as bytes, their truth (1 lesion, 2 as bright and none), and a record each (kind, lesionMl, head)."""

    def __init__(self, folders: list[Path]) -> None:
        self.items: list[tuple[np.memmap, np.memmap, int, dict]] = []
        for folder in sorted(folders):
            if not (folder / "labels.json").exists():
                continue
            records = json.loads((folder / "labels.json").read_text())["labels"]
            images, truths = (np.memmap(folder / f"{name}.u8", np.uint8, "r").reshape(-1, *SHAPE) for name in ("images", "truth"))
            self.items += [(images, truths, row, record) for row, record in enumerate(records)]
        self.flair = [n for n, item in enumerate(self.items) if item[3]["kind"] == "FLAIR"]
        self.others = [n for n, item in enumerate(self.items) if item[3]["kind"] != "FLAIR"]

    def __len__(self) -> int:
        return len(self.items)

    def volume(self, n: int) -> tuple[Tensor, Tensor, dict]:
        """Image [D,H,W] as bytes, truth, record."""
        images, truths, row, record = self.items[n]
        return torch.from_numpy(images[row].copy()), torch.from_numpy(truths[row].copy()), record


def between(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))


def chance(probability: float) -> bool:
    return float(torch.rand(())) < probability


def normalised(image: Tensor) -> Tensor:
    """Z-scores over the voxels that are not 0; those stay 0. As the card says."""
    inside = image != 0
    values = image[inside]
    if len(values) < 2:
        return image
    return torch.where(inside, (image - values.mean()) / values.std(unbiased=False).clamp(min=1e-6), 0.0)


def sample(image: Tensor, truth: Tensor, wanted: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """Cuts a box of the wanted size out, varied: image [1,1,D,H,W] z-scored, truth [1,D,H,W] as it was."""
    start = start_of(truth, wanted)
    if chance(0.5):
        values, layers = turned(image, truth, start, wanted)
    else:
        cut = tuple(slice(first, first + length) for first, length in zip(start, wanted, strict=True))
        values, layers = image[cut].float(), truth[cut].long()
    if chance(0.5):
        values, layers = values.flip(2), layers.flip(2)
    return normalised(greys(values))[None, None], layers[None]


def start_of(truth: Tensor, wanted: tuple[int, int, int]) -> list[int]:
    """A box around a voxel of the lesion or of what is as bright, or anywhere: fat outside the brain has to be seen too."""
    voxels = (truth == (1 if chance(0.7) else 2)).nonzero()
    around = voxels[int(torch.randint(len(voxels), ()))].tolist() if len(voxels) and chance(0.75) else None
    start = []
    for axis, (whole, part) in enumerate(zip(truth.shape, wanted, strict=True)):
        first = around[axis] - int(between(0, part)) if around else int(between(0, whole - part + 1))
        start.append(min(max(first, 0), whole - part))
    return start


def turned(image: Tensor, truth: Tensor, start: list[int], wanted: tuple[int, int, int]) -> tuple[Tensor, Tensor]:
    """The box turned by up to 14 degrees about each axis and scaled by 0.85 to 1.15."""
    turn = torch.eye(3)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        angle = between(-1, 1) * math.radians(14)
        step = torch.eye(3)
        step[a, a] = step[b, b] = math.cos(angle)
        step[a, b], step[b, a] = -math.sin(angle), math.sin(angle)
        turn = turn @ step
    turn = turn * torch.empty(3).uniform_(0.87, 1.18)
    middle = torch.tensor([first + (length - 1) / 2 for first, length in zip(start, wanted, strict=True)])
    lines = [torch.arange(length) - (length - 1) / 2 for length in wanted]
    places = torch.stack(torch.meshgrid(*lines, indexing="ij"), -1) @ turn.T + middle
    # grid_sample wants -1 to 1, the fastest axis first.
    grid = (places / (torch.tensor(image.shape) - 1) * 2 - 1).flip(-1)[None]
    values = functional.grid_sample(image.float()[None, None], grid, align_corners=True)[0, 0]
    layers = functional.grid_sample(truth.float()[None, None], grid, mode="nearest", align_corners=True)[0, 0]
    return values, layers.long()


def greys(image: Tensor) -> Tensor:
    """Thick slices, blur, bias, gamma and noise."""
    if chance(0.3):
        image = thick(image, axis=int(torch.randint(3, ())), slices=between(1.2, 2))
    if chance(0.2):
        soft = functional.avg_pool3d(functional.pad(image[None, None], (1,) * 6, mode="replicate"), 3, 1)[0, 0]
        image = image.lerp(soft, between(0.1, 0.6))
    if chance(0.5):
        coarse = torch.randn(1, 1, 3, 3, 3) * between(0, 0.25)
        image = image * functional.interpolate(coarse, size=image.shape, mode="trilinear", align_corners=True)[0, 0].exp()
    if chance(0.5):
        image = (image / 255).clamp(min=0) ** between(0.75, 1.3) * 255
    if chance(0.4):
        image = image + torch.randn_like(image) * between(0, 6) * (image > 0)
    if chance(0.15):
        image = image * (image > between(5, 25))
    return image.clamp(min=0)


def thick(image: Tensor, axis: int, slices: float) -> Tensor:
    """As if one axis had been imaged in slices of `slices` voxels, and resampled."""
    shape = list(image.shape)
    few = shape.copy()
    few[axis] = max(2, round(shape[axis] / slices))
    down = functional.interpolate(image[None, None], size=few, mode="area")
    return functional.interpolate(down, size=shape, mode="trilinear")[0, 0]
