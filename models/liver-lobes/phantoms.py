"""The training volumes: what `node phantoms/main.ts abdomen-ct --raw` wrote, and how they are varied while training."""

import json
from pathlib import Path

import numpy as np
import torch
from network import LABELS, SCOPES, WINDOW
from torch import Tensor
from torch.nn import functional

LOBES = {"liver-left": 1, "cyst-left": 1, "liver-right": 2, "cyst-right": 2, "hepatic-vein": 3, "portal-vein": 3}
IGNORED = 255


class Phantoms:
    """Volumes [n,D,H,W] of HU and of tissue numbers, kept on disk; `truth` turns tissues into labels."""

    def __init__(self, folders: list[Path]) -> None:
        self.hu: list[np.ndarray] = []
        self.tissue: list[np.ndarray] = []
        self.records: list[dict] = []
        for folder in folders:
            about = json.loads((folder / "phantoms.json").read_text())
            shape = (-1, *reversed(about["size"]))
            self.hu += list(np.memmap(folder / "hu.i16", "<i2", "r").reshape(shape))
            self.tissue += list(np.memmap(folder / "tissue.u8", np.uint8, "r").reshape(shape))
            self.records += about["phantoms"]
            self.spacing, self.tissues = about["spacing"], about["tissues"]
        self.truth = torch.tensor([LOBES.get(name, 0) for name in self.tissues], dtype=torch.uint8)

    def __len__(self) -> int:
        return len(self.records)

    def volume(self, row: int) -> tuple[Tensor, Tensor, int]:
        """HU [D,H,W] as floats, tissues [D,H,W], number of the scope class."""
        record = self.records[row]
        hu = torch.from_numpy(np.array(self.hu[row], np.float32))
        return hu, torch.from_numpy(np.array(self.tissue[row])).long(), scope_of(record)


def scope_of(record: dict) -> int:
    if record["region"] != "abdomen":
        return SCOPES.index("other")
    return SCOPES.index("portal-venous-abdomen" if record["phase"] == "portal-venous" else "other-phase")


def windowed(hu: Tensor) -> Tensor:
    low, high = WINDOW
    return ((hu - low) / (high - low)).clamp(0, 1)


def example(data: Phantoms, row: int) -> tuple[Tensor, Tensor, int]:
    """One varied crop: CT [D,H,W] in 0..1, labels [D,H,W] (255: to ignore), scope class (-1: do not ask)."""
    hu, tissue, scope = data.volume(row)
    labels = data.truth[tissue]
    chance = float(torch.rand(()))
    if chance < 0.04:
        return nothing_like_ct(data, hu, tissue)
    if scope != SCOPES.index("portal-venous-abdomen"):
        labels = torch.where(labels == LABELS.index("vessels"), IGNORED, labels)
    hu = recoloured(data, hu, tissue, scope)
    hu, labels = moved(hu, labels)
    hu, labels = framed(*cropped(hu, labels))
    if scope != SCOPES.index("other"):
        part = float((labels.gt(0) & labels.lt(IGNORED)).float().sum()) * 0.027
        scope = -1 if 20 < part < 250 else scope if part >= 250 else SCOPES.index("other")
    return windowed(scanned(hu)), labels, scope


def nothing_like_ct(data: Phantoms, hu: Tensor, tissue: Tensor) -> tuple[Tensor, Tensor, int]:
    """Noise, or a body whose tissues have the arbitrary values of another modality."""
    if float(torch.rand(())) < 0.4:
        hu = torch.randn_like(hu) * between(20, 800) + between(-600, 600)
    else:
        values = torch.empty(len(data.tissues)).uniform_(0, between(100, 1500))
        values[data.tissues.index("air")] = 0
        hu = values[tissue] + torch.randn_like(hu) * between(2, 30)
    labels = torch.full(hu.shape, IGNORED, dtype=torch.uint8)
    hu, labels = cropped(hu, labels)
    return windowed(hu), labels, SCOPES.index("other")


def between(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))


def recoloured(data: Phantoms, hu: Tensor, tissue: Tensor, scope: int) -> Tensor:
    """Every tissue a little (sometimes much) brighter or darker; liver lobes together, vessels in the liver together."""
    shift = torch.randn(len(data.tissues)) * (18 if torch.rand(()) < 0.5 else 6)
    place = data.tissues.index
    shift[place("liver-left")] = shift[place("liver-right")] = shift[place("liver-left")] * 0.8
    shift[place("hepatic-vein")] = shift[place("liver-left")] + float(torch.randn(())) * 8
    shift[place("portal-vein")] = shift[place("liver-left")] + float(torch.randn(())) * 8
    for name in ("air", "gas"):
        shift[place(name)] = 0
    return hu + shift[tissue]


def moved(hu: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Turns, scales and shears; never mirrors, for left and right are what is asked for."""
    if float(torch.rand(())) < 0.3:
        return hu, labels
    turn = torch.randn(3, 3) * 0.06
    turn[0, 1] += between(-0.15, 0.15)
    turn[1, 0] = -turn[0, 1] + torch.randn(()) * 0.03
    size = torch.tensor(hu.shape[::-1], dtype=torch.float32)
    matrix = (torch.eye(3) + turn) * between(0.82, 1.15)
    theta = torch.cat([matrix * size[None] / size[:, None], torch.zeros(3, 1)], 1)[None]
    grid = functional.affine_grid(theta, [1, 1, *hu.shape], align_corners=False)
    hu = functional.grid_sample(hu[None, None] + 1024, grid, align_corners=False)[0, 0] - 1024
    moved = functional.grid_sample(labels[None, None].float(), grid, mode="nearest", align_corners=False)[0, 0]
    return hu, moved.to(torch.uint8)


def cropped(hu: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Cuts a box, large in the plane and of any height: scans begin and end anywhere."""
    height = int(between(14, 48)) if torch.rand(()) < 0.35 else int(between(48, 72))
    wanted = (height, int(between(72, 92)), int(between(88, 112)))
    cut = []
    for whole, part in zip(hu.shape, wanted, strict=True):
        part = min(whole, part)
        start = int(torch.randint(whole - part + 1, (1,)))
        cut.append(slice(start, start + part))
    return hu[tuple(cut)], labels[tuple(cut)]


def framed(hu: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Sometimes more air around the patient, as a wide field of view has it."""
    if float(torch.rand(())) > 0.2:
        return hu, labels
    sides = [int(between(0, 20)) for _ in range(4)] + [0, 0]
    return functional.pad(hu, sides, value=-1000), functional.pad(labels, sides)


def scanned(hu: Tensor) -> Tensor:
    """Noise, blur and a change of the scale of HU, as scanners and reconstructions differ."""
    chance = float(torch.rand(()))
    if chance < 0.25:
        hu = functional.avg_pool3d(hu[None, None], 3, 1, 1, count_include_pad=False)[0, 0] * 0.6 + hu * 0.4
    elif chance < 0.4:
        hu = functional.avg_pool3d(hu[None, None], (3, 1, 1), 1, (1, 0, 0), count_include_pad=False)[0, 0]
    hu = hu * between(0.93, 1.07) + float(torch.randn(())) * 6
    return hu + torch.randn_like(hu) * between(0, 14)
