"""Trains the network that tells whether a volume is a FLAIR exam of a brain at all. A few minutes. See README.md."""

import argparse
from pathlib import Path

import numpy as np
import torch
from network import SCOPES, ScopeNet
from phantoms import Phantoms, between, chance, normalised, scope_of, thick
from torch import Tensor
from torch.nn import functional

COARSE = (48, 56, 48)
"""A volume of 2 mm voxels at 4 mm."""


def coarse(data: Phantoms) -> tuple[Tensor, Tensor]:
    """All volumes [N,1,48,56,48] at 4 mm and their scopes [N]."""
    volumes = torch.empty(len(data), 1, *COARSE)
    for n in range(len(data)):
        volumes[n] = functional.avg_pool3d(data.volume(n)[0].float()[None, None], 2)[0]
    return volumes, torch.tensor([scope_of(item[3]["kind"]) for item in data.items])


def abdomens(folders: list[Path]) -> Tensor:
    """CT volumes of `phantoms/main.ts abdomen-ct --raw` [N,1,48,56,48], as they would look at 4 mm and 0 to 255."""
    volumes = []
    for folder in folders:
        hu = np.memmap(folder / "hu.i16", np.int16, "r").reshape(-1, 88, 100, 120)
        for volume in hu[::4]:
            small = functional.interpolate(torch.from_numpy(volume.astype(np.float32))[None, None], size=(66, 75, 90))
            volumes.append(((small[0, :, 9:57, 9:65, 21:69] + 1024) / 8).clamp(0, 255))
    return torch.stack(volumes) if volumes else torch.empty(0, 1, *COARSE)


def varied(volume: Tensor) -> Tensor:
    """Moved, turned, scaled and grey otherwise; then z-scored as the pipeline does it."""
    if chance(0.5):
        volume = volume.flip(-1)
    if chance(0.5):
        theta = torch.eye(3, 4)
        theta[:, :3] = theta[:, :3] * torch.empty(3).uniform_(0.8, 1.25) + torch.empty(3, 3).uniform_(-0.15, 0.15)
        theta[:, 3] = torch.empty(3).uniform_(-0.25, 0.25)
        grid = functional.affine_grid(theta[None], [1, 1, *COARSE], align_corners=False)
        volume = functional.grid_sample(volume[None], grid, align_corners=False)[0]
    image = volume[0]
    if chance(0.25):
        image = thick(image, axis=int(torch.randint(3, ())), slices=between(1.2, 2))
    if chance(0.5):
        bias = torch.randn(1, 1, 3, 3, 3) * between(0, 0.3)
        image = image * functional.interpolate(bias, size=COARSE, mode="trilinear", align_corners=True)[0, 0].exp()
    if chance(0.7):
        image = (image / 255).clamp(min=0) ** between(0.7, 1.4) * 255
    if chance(0.5):
        image = image + torch.randn_like(image) * between(0, 6)
    if chance(0.3):
        image = image * (image > between(5, 30))
    return normalised(image.clamp(min=0))[None]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--data", type=Path, required=True, help="folder whose `train-*` are of `phantoms/main.ts brain --raw`")
    arguments.add_argument("--abdomens", type=Path, nargs="*", default=[], help="folders of `phantoms/main.ts abdomen-ct --raw`")
    arguments.add_argument("--state", type=Path, required=True, help="where the weights go")
    arguments.add_argument("--steps", type=int, default=400)
    arguments.add_argument("--batch", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--threads", type=int, default=1)
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    volumes, scopes = coarse(Phantoms(list(options.data.glob("train-*"))))
    further = abdomens(options.abdomens)
    volumes = torch.cat([volumes, further])
    scopes = torch.cat([scopes, torch.full((len(further),), SCOPES.index("other"))])
    members = [(scopes == scope).nonzero()[:, 0] for scope in range(len(SCOPES))]
    network = ScopeNet().to(memory_format=torch.channels_last_3d)
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, options.steps, pct_start=0.15)
    total = 0.0
    for step in range(1, options.steps + 1):
        rows = torch.cat([own[torch.randint(len(own), (options.batch // len(members),))] for own in members])
        batch = torch.stack([varied(volumes[row]) for row in rows]).contiguous(memory_format=torch.channels_last_3d)
        loss = functional.cross_entropy(network.coarse(batch), scopes[rows], label_smoothing=0.02)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        total += loss.item()
        if step % 50 == 0:
            print(f"step {step}: loss {total / 50:.3f}", flush=True)
            total = 0.0
            torch.save(network.state_dict(), options.state)


if __name__ == "__main__":
    main()
